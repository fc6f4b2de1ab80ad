/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <sys/mman.h>

#include "base/groups.h"
#include "tests/tap.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

#define BLOCK (64 << 10) /* that keys and records lie in */
#define MANY  100000

/* A literal and its length, NULs included. */
#define LITERAL(s) s, sizeof(s) - 1

/* A record. An odd size, so that the next one must be aligned. */
struct sum {
	uint64_t value;
	char odd[3];
};

static struct sum *get(struct groups *g, const char *key)
{
	return groups_get(g, key, strlen(key));
}

static bool is_zero(const void *bytes, size_t n)
{
	const char *b = bytes;

	while (n && !b[n - 1])
		n--;
	return !n;
}

static void test_records(void)
{
	struct groups *g = groups_new(sizeof(struct sum), 10);
	char key[] = "key";
	struct sum *first, *second;
	const void *copy;
	size_t len;

	is_u64(groups_count(g), 0, "at first there are no keys");
	first = get(g, key);
	ok(first && is_zero(first, sizeof(*first)), "the record of a new key is all zeros");
	memset(first, 0xff, sizeof(*first));
	second = get(g, "kez");
	ok(second && second != first && is_zero(second, sizeof(*second)),
	   "another key has another record");
	ok(get(g, key) == first, "a known key has the one it had");
	is_u64(groups_count(g), 2, "each key counts once");

	key[0] = 'x';
	ok(get(g, "key") == first, "the key's bytes were copied");
	ok(groups_at(g, 0, &copy, &len) == first, "number 0 is the first record");
	is_mem(copy, len, "key", 3, "and the first key");
	ok(groups_at(g, 1, &copy, &len) == second, "number 1 is the second record");
	is_mem(copy, len, "kez", 3, "and the second key");
	groups_free(g);
	groups_free(NULL);
}

static void test_max(void)
{
	struct groups *g = groups_new(sizeof(struct sum), 3);
	struct sum *b;

	for (int round = 0; round < 3; round++) {
		ok(get(g, "a"), "round %d: there is room for a first key", round);
		b = get(g, "b");
		b->value = 7;
		ok(get(g, "c"), "for a third one");
		ok(!get(g, "d"), "for no other one");
		ok(!groups_get(g, NULL, 0), "be it empty");
		ok(get(g, "b") == b && b->value == 7, "those that are there are found");
		is_u64(groups_count(g), 3, "and are all that there are");
		groups_clear(g);
		is_u64(groups_count(g), 0, "until they are forgotten");
	}
	groups_free(g);

	g = groups_new(0, 0);
	ok(!get(g, "a") && !groups_count(g), "room for none");
	groups_free(g);
}

static void test_keys(void)
{
	static const struct {
		const char *s;
		size_t n;
	} keys[] = {
		{ LITERAL("") },	 { LITERAL("\0") },  { LITERAL("\0\0") },
		{ LITERAL("a") },	 { LITERAL("a\0") }, { LITERAL("a\0b") },
		{ LITERAL("a\0c") },	 { LITERAL("\0a") }, { LITERAL("\xff\xfe\x80") },
		{ LITERAL("\xff\xfe") },
	};

	for (size_t size = 0; size <= sizeof(struct sum); size += sizeof(struct sum)) {
		struct groups *g = groups_new(size, COUNT(keys));
		const void *key, *record[COUNT(keys)];
		size_t len;

		for (unsigned i = 0; i < COUNT(keys); i++) {
			record[i] = groups_get(g, keys[i].s, keys[i].n);
			is_u64(groups_count(g), i + 1, "records of %zu bytes: key %u is new", size,
			       i);
		}
		for (unsigned i = 0; i < COUNT(keys); i++) {
			ok(record[i] && groups_get(g, keys[i].s, keys[i].n) == record[i],
			   "records of %zu bytes: key %u is known", size, i);
			ok(groups_at(g, i, &key, &len) == record[i], "it is number %u", i);
			is_mem(key, len, keys[i].s, keys[i].n, "of the bytes that it had");
		}
		is_u64(groups_count(g), COUNT(keys), "to look is not to add");
		groups_free(g);
	}
}

/* Around the size of a block; each pair of keys differs in its last byte only. */
static void test_large_keys(void)
{
	static const size_t sizes[] = { BLOCK - 32, BLOCK - 16, BLOCK - 1,	BLOCK,
					BLOCK + 1,  2 * BLOCK,	16 * BLOCK + 5, 100 };
	struct groups *g = groups_new(sizeof(struct sum), 100);
	char *key = calloc(1, 17 * BLOCK);
	struct sum *sum[2 * COUNT(sizes)];
	unsigned wrong = 0;

	/* The second time into blocks that came in another order. */
	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 0; i < COUNT(sum); i++) {
			size_t n = sizes[(round ? COUNT(sum) - 1 - i : i) / 2];

			memset(key, 'x', n);
			key[n - 1] = 'a' + i % 2;
			sum[i] = groups_get(g, key, n);
			wrong += !is_zero(sum[i], sizeof(*sum[i]));
			memset(sum[i], 0xff, sizeof(*sum[i]));
			sum[i]->value = i;
		}
		is_u64(groups_count(g), COUNT(sum), "round %u: large keys are different", round);
		for (unsigned i = 0; i < COUNT(sum); i++) {
			const void *found;
			size_t len;
			const struct sum *s = groups_at(g, i, &found, &len);
			size_t n = sizes[(round ? COUNT(sum) - 1 - i : i) / 2];

			memset(key, 'x', n);
			key[n - 1] = 'a' + i % 2;
			wrong += s != sum[i] || s->value != i || len != n || memcmp(found, key, n);
			wrong += groups_get(g, key, n) != s;
		}
		is_u64(wrong, 0, "and all of their bytes, and their records, stay");
		groups_clear(g);
	}
	free(key);
	groups_free(g);
}

/* Memory has a bound, whatever the keys are. */
static void test_bytes_max(void)
{
	const size_t quarter = GROUPS_BYTES_MAX / 4;
	struct groups *g = groups_new(sizeof(struct sum), 100);
	/* pages that are only read take no memory */
	char *key = mmap(NULL, GROUPS_BYTES_MAX, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	for (unsigned round = 0; round < 2; round++) {
		ok(!groups_get(g, key, GROUPS_BYTES_MAX), "a key that is too long");
		ok(groups_get(g, key, quarter), "a long key");
		ok(!groups_get(g, key, 3 * quarter), "beside it there is no room for a longer one");
		ok(groups_get(g, key, quarter) && groups_get(g, key, 5),
		   "for a short one there is");
		is_u64(groups_count(g), 2, "those that were refused don't count");
		groups_clear(g);
	}
	munmap(key, GROUPS_BYTES_MAX);
	groups_free(g);
}

static void test_limit(void)
{
	struct groups *g = groups_new(0, 1000);
	static const char key[100000];

	groups_limit(g, 1 << 20);
	for (unsigned i = 0; i < 20; i++)
		groups_get(g, key, sizeof(key) - i);
	ok(groups_count(g) > 8 && groups_count(g) < 11, "a limit of a megabyte");
	groups_free(g);
}

/* From few keys to many: records stay where they are; and again after they were forgotten. */
static void test_growth(void)
{
	static struct sum *sum[MANY];
	struct groups *g = groups_new(sizeof(struct sum), MANY);
	unsigned moved = 0, dirty = 0, lost = 0, odd = 0;

	for (unsigned round = 0; round < 2; round++) {
		for (uint32_t i = 0; i < MANY; i++) {
			struct sum *s = groups_get(g, &i, sizeof(i));

			/* The same memory once more. */
			moved += round && s != sum[i];
			dirty += !is_zero(s, sizeof(*s));
			odd += (uintptr_t)s % _Alignof(max_align_t) != 0;
			sum[i] = s;
			memset(s, 0xff, sizeof(*s));
			s->value = i;
		}
		is_u64(groups_count(g), MANY, "round %u: there are many keys", round);
		for (uint32_t i = 0; i < MANY; i++) {
			const void *key;
			size_t len;

			lost += groups_get(g, &i, sizeof(i)) != sum[i] || sum[i]->value != i;
			lost += groups_at(g, i, &key, &len) != sum[i] || len != sizeof(i) ||
				memcmp(key, &i, sizeof(i));
		}
		ok(!groups_get(g, "more", 5), "and room for no other one");
		groups_clear(g);
		ok(!groups_count(g), "they are forgotten");
	}
	is_u64(lost, 0, "each is found, by key and by number");
	is_u64(dirty, 0, "each record was all zeros, also in memory that was used before");
	is_u64(moved, 0, "memory is kept for those to come");
	is_u64(odd, 0, "records are aligned for anything");
	groups_free(g);
}

/* Adds keys of `n` bytes, each another one, until there is no room. How many there were. */
static unsigned fill(struct groups *g, char *key, size_t n, unsigned most)
{
	for (unsigned i = 0; i < most; i++) {
		memcpy(key, &i, sizeof(i));
		if (!groups_get(g, key, n))
			return i;
	}
	return most;
}

/* Memory ends before `max` does; what was there goes on as before, and later there is room again.
 */
static void test_bytes(void)
{
	static const size_t sizes[] = { 16 * BLOCK, BLOCK / 2, 16 * BLOCK - 100, 1000, 16 * BLOCK };
	struct groups *g = groups_new(sizeof(struct sum), 1000000);
	char *key = calloc(1, 17 * BLOCK);

	for (unsigned i = 0; i < COUNT(sizes); i++) {
		unsigned room = GROUPS_BYTES_MAX / (sizes[i] + sizeof(struct sum));
		unsigned n = fill(g, key, sizes[i], 1000000);
		unsigned first = 0;

		/* Of a block a part is left over. */
		ok(n > room / 2 && n <= room, "keys of %zu bytes: %u, of %u", sizes[i], n, room);
		is_u64(groups_count(g), n, "which is how many there are");
		memcpy(key, &first, sizeof(first));
		ok(groups_get(g, key, sizes[i]), "the first is found");
		key[5] = 1;
		ok(!groups_get(g, key, sizes[i]), "a new one is not added");
		key[5] = 0;
		groups_clear(g);
	}
	free(key);
	groups_free(g);
}

int main(void)
{
	test_records();
	test_max();
	test_keys();
	test_large_keys();
	test_bytes_max();
	test_limit();
	test_growth();
	test_bytes();
	return done();
}
