/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Open addressing over an array of entries in the order of their first appearance. Keys and records
 * lie in blocks that never move.
 */
#include "base/groups.h"

#define XXH_INLINE_ALL
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <xxhash.h>

#define BLOCK_SIZE (64 << 10)
#define ALIGNED(n) (((n) + 15) & ~(size_t)15)

struct entry {
	uint64_t hash;
	uint32_t len;
	char *record; /* the key's bytes behind it */
};

struct block {
	struct block *next;
	size_t size;
	_Alignas(16) char bytes[];
};

struct groups {
	size_t size;
	uint32_t max, n;
	uint64_t seed; /* who chooses the keys can't choose the slots */
	struct entry *entry;
	uint32_t entries; /* there is room for */
	uint32_t *slot;	  /* of entry, and 1; 0: free */
	uint32_t mask;
	struct block *blocks, *block; /* all, and the one in use */
	size_t used;		      /* of that */
	size_t bytes, bytes_max;      /* of all */
};

struct groups *groups_new(size_t size, uint32_t max)
{
	struct groups *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	g->size = ALIGNED(size);
	g->max = max;
	g->bytes_max = GROUPS_BYTES_MAX;
	g->mask = 63;
	g->slot = calloc(g->mask + 1, sizeof(*g->slot));
	if (getrandom(&g->seed, sizeof(g->seed), 0) != sizeof(g->seed) || !g->slot) {
		groups_free(g);
		return NULL;
	}
	return g;
}

void groups_free(struct groups *g)
{
	if (!g)
		return;
	for (struct block *next; g->blocks; g->blocks = next) {
		next = g->blocks->next;
		free(g->blocks);
	}
	free(g->entry);
	free(g->slot);
	free(g);
}

void groups_limit(struct groups *g, size_t bytes)
{
	g->bytes_max = bytes;
}

/* Twice the slots. */
static bool grow(struct groups *g)
{
	uint32_t mask = g->mask * 2 + 1;
	uint32_t *slot = calloc(mask + 1ull, sizeof(*slot));

	if (!slot)
		return false;
	for (uint32_t i = 0; i < g->n; i++) {
		uint32_t at = g->entry[i].hash & mask;

		while (slot[at])
			at = (at + 1) & mask;
		slot[at] = i + 1;
	}
	free(g->slot);
	g->slot = slot;
	g->mask = mask;
	return true;
}

/* The next block of before groups_clear(), or a new one. Those that are too small make way, as they
 * count too. */
static struct block *next_block(struct groups *g, size_t size)
{
	struct block **link = g->block ? &g->block->next : &g->blocks, *b;

	while ((b = *link) && b->size < size) {
		*link = b->next;
		g->bytes -= b->size;
		free(b);
	}
	if (b)
		return b;
	if (size < BLOCK_SIZE)
		size = BLOCK_SIZE;
	if (g->bytes + size > g->bytes_max)
		return NULL;
	b = malloc(sizeof(*b) + size);
	if (!b)
		return NULL;
	b->size = size;
	b->next = NULL;
	g->bytes += size;
	*link = b;
	return b;
}

static char *reserve(struct groups *g, size_t size)
{
	if (!g->block || g->used + size > g->block->size) {
		struct block *b = next_block(g, size);

		if (!b)
			return NULL;
		g->block = b;
		g->used = 0;
	}
	g->used += size;
	return g->block->bytes + g->used - size;
}

static bool add(struct groups *g, const void *key, size_t len, uint64_t hash)
{
	char *record;

	if (g->n == g->entries) {
		uint32_t more = g->entries ? g->entries * 2 : 64;
		struct entry *entry = reallocarray(g->entry, more, sizeof(*entry));

		if (!entry)
			return false;
		g->entry = entry;
		g->entries = more;
	}
	record = reserve(g, ALIGNED(g->size + len));
	if (!record)
		return false;
	memset(record, 0, g->size);
	memcpy(record + g->size, key, len);
	g->entry[g->n++] = (struct entry){ hash, len, record };
	return true;
}

void *groups_get(struct groups *g, const void *key, size_t len)
{
	uint64_t hash = XXH3_64bits_withSeed(key, len, g->seed);
	uint32_t at;

	/* If it can't grow it gets slower, but one slot stays free. */
	if (g->n >= g->mask / 4 * 3 && !grow(g) && g->n >= g->mask)
		return NULL;
	at = hash & g->mask;
	for (; g->slot[at]; at = (at + 1) & g->mask) {
		const struct entry *e = &g->entry[g->slot[at] - 1];

		if (e->hash == hash && e->len == len && !memcmp(e->record + g->size, key, len))
			return e->record;
	}
	if (g->n >= g->max || len > UINT32_MAX || !add(g, key, len, hash))
		return NULL;
	g->slot[at] = g->n;
	return g->entry[g->n - 1].record;
}

uint32_t groups_count(const struct groups *g)
{
	return g->n;
}

void *groups_at(const struct groups *g, uint32_t i, const void **key, size_t *len)
{
	const struct entry *e = &g->entry[i];

	*key = e->record + g->size;
	*len = e->len;
	return e->record;
}

void groups_clear(struct groups *g)
{
	memset(g->slot, 0, (g->mask + 1ull) * sizeof(*g->slot));
	g->n = 0;
	g->block = NULL;
	g->used = 0;
}
