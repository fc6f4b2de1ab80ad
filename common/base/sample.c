/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/sample.h"

#include <stdlib.h>
#include <string.h>

#include "base/message.h"

/* xorshift64*: nobody gains by guessing it. */
static uint64_t random_below(uint64_t n)
{
	static uint64_t state = 0x9e3779b97f4a7c15;

	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (unsigned __int128)(state * 0x2545f4914f6cdd1d) * n >> 64;
}

void sample_add(struct sample *s, double value)
{
	uint64_t at = s->n++;

	if (s->kept == SAMPLE_MAX) {
		at = random_below(s->n);
		if (at >= SAMPLE_MAX)
			return;
	} else if (s->kept++ == s->room) {
		s->room = s->room ? s->room * 2 : 4;
		s->value = reallocarray(s->value, s->room, sizeof(*s->value));
		if (!s->value)
			die(STATUS_FAILED, "out of memory");
	}
	s->value[at] = value;
	s->sorted = false;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double sample_percentile(struct sample *s, double percent)
{
	/* Up, but for what only comes of rounding: 99.9 % of 1000 is 999. */
	uint32_t rank = percent * s->kept / 100 + 1 - 1e-9;

	if (!s->sorted)
		qsort(s->value, s->kept, sizeof(*s->value), compare);
	s->sorted = true;
	return s->value[rank < 1 ? 0 : rank > s->kept ? s->kept - 1 : rank - 1];
}

void sample_reset(struct sample *s)
{
	free(s->value);
	memset(s, 0, sizeof(*s));
}
