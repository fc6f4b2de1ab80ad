/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "net/recent.h"

#define XXH_INLINE_ALL
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <xxhash.h>

bool recent_init(struct recent *r, uint32_t max)
{
	uint32_t slots = 16;

	while (slots < max && slots < 1u << 24)
		slots *= 2;
	*r = (struct recent){ .mask = slots - 1 };
	r->slot = calloc(slots, sizeof(*r->slot));
	return r->slot && getrandom(&r->seed, sizeof(r->seed), 0) == sizeof(r->seed);
}

void recent_free(struct recent *r)
{
	free(r->slot);
}

static struct recent_entry **slot_of(const struct recent *r, const uint8_t *key)
{
	return &r->slot[XXH3_64bits_withSeed(key, RECENT_KEY, r->seed) & r->mask];
}

struct recent_entry *recent_find(const struct recent *r, const uint8_t key[RECENT_KEY])
{
	struct recent_entry *e = *slot_of(r, key);

	while (e && memcmp(e->key, key, RECENT_KEY))
		e = e->next;
	return e;
}

static void append(struct recent *r, struct recent_entry *e, int64_t ts)
{
	e->ts = ts;
	e->newer = NULL;
	e->older = r->newest;
	*(r->newest ? &r->newest->newer : &r->oldest) = e;
	r->newest = e;
}

static void unlink_entry(struct recent *r, struct recent_entry *e)
{
	*(e->older ? &e->older->newer : &r->oldest) = e->newer;
	*(e->newer ? &e->newer->older : &r->newest) = e->older;
}

void recent_add(struct recent *r, struct recent_entry *e, int64_t ts)
{
	struct recent_entry **slot = slot_of(r, e->key);

	e->next = *slot;
	*slot = e;
	append(r, e, ts);
	r->n++;
}

void recent_touch(struct recent *r, struct recent_entry *e, int64_t ts)
{
	unlink_entry(r, e);
	append(r, e, ts);
}

void recent_remove(struct recent *r, struct recent_entry *e)
{
	struct recent_entry **at = slot_of(r, e->key);

	while (*at != e)
		at = &(*at)->next;
	*at = e->next;
	unlink_entry(r, e);
	r->n--;
}
