/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * top: in place of events, how many there were in a while by a key, which is some of their fields,
 * with sums of those that add up: the busiest first.
 */
#ifndef GRAIN_TOP_H
#define GRAIN_TOP_H

#include "out/out.h"

/* Keys told apart at a time, and the bytes that they may take. What is beyond is summed up as one.
 */
#define TOP_KEYS_MAX  10000
#define TOP_BYTES_MAX (32ul << 20)

struct top;

/* What is summed up by without --by: the first field of the selected events that is marked so,
 * else comm. */
const char *top_default(const struct out_config *config);

/*
 * `out` was made with `config`, whose .by is set, and is used by it. NULL, with one sentence in
 * `error`: a tag has the name of what it prints itself.
 */
struct top *top_new(struct out *out, const struct out_config *config, char *error, size_t size);
void top_free(struct top *t);

/* Adds an event of those described. False: out_line() would not print it. Allocates only where the
 * key is new. */
bool top_add(struct top *t, const struct event *e, size_t size);

/* How many were added since the last view, and how many ever for whose key there was no room. */
uint64_t top_events(const struct top *t);
uint64_t top_without_room(const struct top *t);

struct top_view {
	uint64_t rows;		/* at most; 0: all */
	unsigned height, width; /* of the terminal, which it must fit; 0: there is none */
	bool redraw;		/* over the last view on that terminal */
	uint64_t ts;		/* of its end, CLOCK_BOOTTIME; 0: not said */
	uint64_t took;		/* ns that it is about; 0: not said */
	uint64_t lost;		/* events */
};

/* Begins a view of what was added since the last one. What is not among the rows is in one, the
 * last, as others. */
void top_begin(struct top *t, const struct top_view *view);

/* The next line of the view, to room for OUT_LINE_MAX bytes. Returns its end; `to` itself behind
 * the last one, and then all sums begin anew. */
char *top_line(struct top *t, char *to);

#endif
