/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sums of numbers out of JSON: integers exactly, whatever their sum. */
#ifndef GRAIN_TOTAL_H
#define GRAIN_TOTAL_H

#include <stdbool.h>

#include "sink/json.h"

/* Starts as all zeros. */
struct total {
	__int128 whole; /* of integers of up to 64 bits */
	double real;	/* of all other numbers */
};

static inline void total_add_integer(struct total *t, int64_t n)
{
	t->whole += n;
}

/* False: it is no number. */
bool total_add(struct total *t, const struct json_value *v);

double total_double(const struct total *t);

/* -1, 0 or 1, as `a` is less than `b`, equal or greater: exactly, unless one is the sum of integers
 * and others. */
int total_compare(const struct total *a, const struct total *b);

/* Writes it as JSON has numbers, without NUL; returns the end. At most 40 bytes. */
char *put_total(char *to, const struct total *t);

#endif
