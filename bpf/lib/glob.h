/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shell patterns as an automaton that runs in the kernel, without branches to verify: one bit for
 * each position in the patterns, all positions stepped at once (Baeza-Yates and Gonnet, 1992).
 * common/base/glob.c compiles; both sides run it.
 */
#ifndef GRAIN_GLOB_H
#define GRAIN_GLOB_H

#ifndef __bpf__
#include <linux/types.h>
#endif

#define GLOB_WORDS                                                                                 \
	4 /* 256 positions: a pattern takes one for each character but `*`, and one more */

struct glob {
	__u32 used; /* positions; 0: no pattern at all */
	__u32 pad;
	__u64 start[GLOB_WORDS]; /* before the first character */
	__u64 stay[GLOB_WORDS];	 /* positions behind a `*`: any character keeps them */
	__u64 end[GLOB_WORDS];	 /* a pattern matches up to here */
	__u64 enter[256]
		   [GLOB_WORDS]; /* positions that this character leads to from the one before */
};

struct glob_state {
	__u64 at[GLOB_WORDS];
};

static inline __attribute__((always_inline)) void glob_step(const volatile struct glob *g,
							    struct glob_state *s, __u8 c)
{
	__u64 carry = 0;

	for (int i = 0; i < GLOB_WORDS; i++) {
		__u64 at = s->at[i];

		s->at[i] = (((at << 1) | carry) & g->enter[c][i]) | (at & g->stay[i]);
		carry = at >> 63;
	}
}

/* Whether one of the patterns matches `s`, up to its first NUL or its `size` bytes. */
static inline __attribute__((always_inline)) _Bool glob_match(const volatile struct glob *g,
							      const char *s, int size)
{
	struct glob_state state;
	__u64 hit = 0;

	for (int i = 0; i < GLOB_WORDS; i++)
		state.at[i] = g->start[i];
	for (int i = 0; i < size && s[i]; i++)
		glob_step(g, &state, s[i]);
	for (int i = 0; i < GLOB_WORDS; i++)
		hit |= state.at[i] & g->end[i];
	return hit != 0;
}

#endif
