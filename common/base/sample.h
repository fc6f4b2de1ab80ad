/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Values of which percentiles are wanted: all of them while they are few, from then on a uniform
 * random choice (Vitter's algorithm R, 1985), so that memory has a bound.
 */
#ifndef GRAIN_SAMPLE_H
#define GRAIN_SAMPLE_H

#include <stdbool.h>
#include <stdint.h>

#define SAMPLE_MAX 1000 /* values kept: a percentile is then off by some 1.5 % of ranks */

/* Starts as all zeros. */
struct sample {
	uint64_t n;    /* values seen */
	uint32_t kept; /* of them in `value` */
	uint32_t room;
	double *value;
	bool sorted;
};

void sample_add(struct sample *s, double value);

/* The smallest value kept that `percent` (above 0, up to 100) of them don't exceed: the nearest
 * rank. There must be one. */
double sample_percentile(struct sample *s, double percent);

/* Frees what it has, and starts anew. */
void sample_reset(struct sample *s);

#endif
