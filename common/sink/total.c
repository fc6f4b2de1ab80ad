/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sink/total.h"

#include <float.h>
#include <math.h>

#include "base/num.h"

bool total_add(struct total *t, const struct json_value *v)
{
	int64_t i;
	uint64_t u;
	double d;

	if (json_i64(v, &i))
		t->whole += i;
	else if (json_u64(v, &u))
		t->whole += u;
	else if (json_double(v, &d))
		t->real += d;
	else
		return false;
	return true;
}

double total_double(const struct total *t)
{
	return (double)t->whole + t->real;
}

/* A double would have to round the integer. */
static int compare_with_real(__int128 whole, double real)
{
	__int128 cut;

	if (fabs(real) >= 0x1p126)
		return real < 0 ? 1 : -1;
	cut = (__int128)real;
	if (whole != cut)
		return whole < cut ? -1 : 1;
	return (real < (double)cut) - (real > (double)cut);
}

int total_compare(const struct total *a, const struct total *b)
{
	double x = total_double(a), y = total_double(b);

	if (!a->real && !b->real)
		return (a->whole > b->whole) - (a->whole < b->whole);
	if (!a->real && !b->whole)
		return compare_with_real(a->whole, b->real);
	if (!a->whole && !b->real)
		return -compare_with_real(b->whole, a->real);
	return (x > y) - (x < y);
}

char *put_total(char *to, const struct total *t)
{
	const uint64_t part = 1000000000000000000; /* 18 digits: 2^127 has 39 */
	unsigned __int128 v =
		t->whole < 0 ? -(unsigned __int128)t->whole : (unsigned __int128)t->whole;
	double real = total_double(t);

	if (t->real)
		return put_double(to, real > DBL_MAX ? DBL_MAX : real < -DBL_MAX ? -DBL_MAX : real);
	if (t->whole < 0)
		*to++ = '-';
	if (v < part)
		return put_u64(to, v);
	to = put_total(to, &(struct total){ .whole = v / part });
	return put_digits(to, v % part, 18);
}
