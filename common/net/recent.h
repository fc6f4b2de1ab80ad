/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A table of things with a key that remembers in which order they were touched, so that the one
 * that was quiet for longest can make way.
 */
#ifndef GRAIN_RECENT_H
#define GRAIN_RECENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RECENT_KEY 48

/* Put first into whatever is kept. */
struct recent_entry {
	struct recent_entry *next; /* of the same slot */
	struct recent_entry *older, *newer;
	int64_t ts; /* of the last touch */
	uint8_t key[RECENT_KEY];
};

struct recent {
	struct recent_entry **slot;
	uint32_t mask, n;
	uint64_t seed; /* who chooses the keys can't choose the slots */
	struct recent_entry *oldest, *newest;
};

/* Made for up to `max` entries. */
bool recent_init(struct recent *r, uint32_t max);
void recent_free(struct recent *r);

struct recent_entry *recent_find(const struct recent *r, const uint8_t key[RECENT_KEY]);

/* A new entry with its key filled in: there must be none of that key. It is the newest. */
void recent_add(struct recent *r, struct recent_entry *e, int64_t ts);
void recent_touch(struct recent *r, struct recent_entry *e, int64_t ts);
void recent_remove(struct recent *r, struct recent_entry *e);

/* Whether more than `ns` lie between two times, in either direction: times of captures can be
 * anything, and one far in the future must not keep something for ever. */
static inline bool far_apart(int64_t a, int64_t b, uint64_t ns)
{
	uint64_t between = a > b ? (uint64_t)a - (uint64_t)b : (uint64_t)b - (uint64_t)a;

	return between > ns;
}

#endif
