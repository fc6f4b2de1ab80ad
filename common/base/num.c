/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/num.h"

#include <float.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Reads digits, at least one. Returns what follows them; NULL if there is none, or too many. */
static const char *read_digits(const char *s, uint64_t *v)
{
	const char *p = s;

	for (*v = 0; *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(*v, 10, v) || __builtin_add_overflow(*v, *p - '0', v))
			return NULL;
	return p > s ? p : NULL;
}

bool parse_u64(const char *s, uint64_t min, uint64_t max, uint64_t *value)
{
	uint64_t v;
	const char *end = read_digits(s, &v);

	if (!end || *end || v < min || v > max)
		return false;
	*value = v;
	return true;
}

bool parse_duration(const char *s, uint64_t *ns)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = {
		{ "", 1000000000 },
		{ "s", 1000000000 },
		{ "ms", 1000000 },
		{ "us", 1000 },
		{ "ns", 1 },
		{ "m", 60000000000 },
		{ "h", 3600000000000 },
		{ "d", 86400000000000 },
	};
	uint64_t whole, part = 0, one = 1; /* the fraction is part/one */
	const char *p = read_digits(s, &whole);
	unsigned __int128 sum;

	if (!p)
		return false;
	if (*p == '.') {
		const char *dot = p++;

		/* What 18 digits can't say is under a nanosecond, even of a day. */
		for (; *p >= '0' && *p <= '9'; p++) {
			if (p - dot <= 18) {
				part = part * 10 + (*p - '0');
				one *= 10;
			}
		}
		if (p == dot + 1)
			return false;
	}
	for (unsigned i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (strcmp(p, units[i].name))
			continue;
		sum = (unsigned __int128)whole * units[i].ns +
		      (unsigned __int128)part * units[i].ns / one;
		if (sum > INT64_MAX)
			return false;
		*ns = sum;
		return true;
	}
	return false;
}

bool parse_size(const char *s, uint64_t *bytes)
{
	static const char units[] = "KMGT";
	uint64_t v;
	const char *p = read_digits(s, &v), *unit;
	int shift = 0;

	if (!p)
		return false;
	if (*p) {
		unit = strchr(units, *p);
		if (!unit || p[1])
			return false;
		shift = 10 * (unit - units + 1);
	}
	if (v > UINT64_MAX >> shift)
		return false;
	*bytes = v << shift;
	return true;
}

static const char pairs[] = "00010203040506070809101112131415161718192021222324"
			    "25262728293031323334353637383940414243444546474849"
			    "50515253545556575859606162636465666768697071727374"
			    "75767778798081828384858687888990919293949596979899";

char *put_digits(char *to, uint64_t v, int digits)
{
	char *p = to + digits;

	/* Four at a time, as each division waits for the one before. */
	for (; p - to >= 4; v /= 10000) {
		unsigned part = v % 10000;

		p -= 4;
		memcpy(p, pairs + part / 100 * 2, 2);
		memcpy(p + 2, pairs + part % 100 * 2, 2);
	}
	for (; p > to; v /= 10)
		*--p = '0' + v % 10;
	return to + digits;
}

char *put_u64(char *to, uint64_t v)
{
	/* The least number of n + 1 digits; 0 has one too. */
	static const uint64_t least[] = {
		0,    1e1,  1e2,  1e3,	1e4,  1e5,  1e6,  1e7,	1e8,  1e9,
		1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19
	};
	/* 1233 / 4096 is log 2 by log 10: the digits, or one less. */
	int digits = (64 - __builtin_clzll(v | 1)) * 1233 >> 12;

	return put_digits(to, v, digits + (v >= least[digits]));
}

char *put_i64(char *to, int64_t v)
{
	if (v >= 0)
		return put_u64(to, v);
	*to++ = '-';
	return put_u64(to, -(uint64_t)v);
}

char *put_hex(char *to, const void *bytes, uint32_t n)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *b = bytes;

	while (n--) {
		*to++ = digits[*b >> 4];
		*to++ = digits[*b++ & 15];
	}
	return to;
}

/* v thousandths of a unit: three significant digits, cut ("999us" never rounds to "1000us"). */
static char *put_thousandths(char *to, uint64_t v)
{
	to = put_u64(to, v / 1000);
	if (v >= 100000)
		return to;
	*to++ = '.';
	return v >= 10000 ? put_digits(to, v / 100, 1) : put_digits(to, v / 10, 2);
}

static char *put_parts(char *to, uint64_t a, char between, uint64_t b, int digits, char after)
{
	to = put_u64(to, a);
	*to++ = between;
	to = put_digits(to, b, digits);
	*to++ = after;
	return to;
}

char *put_duration(char *to, uint64_t ns)
{
	uint64_t s = ns / 1000000000;

	if (ns < 1000) {
		to = put_u64(to, ns);
		return ns ? mempcpy(to, "ns", 2) : to;
	}
	if (ns < 1000000)
		return mempcpy(put_thousandths(to, ns), "us", 2);
	if (s == 0)
		return mempcpy(put_thousandths(to, ns / 1000), "ms", 2);
	if (s < 60)
		return put_parts(to, s, '.', ns / 1000000 % 1000, 3, 's');
	if (s < 3600)
		return put_parts(to, s / 60, 'm', s % 60, 2, 's');
	return put_parts(to, s / 3600, 'h', s / 60 % 60, 2, 'm');
}

static char *put_ipv4(char *to, const uint8_t *b)
{
	for (int i = 0; i < 4; i++) {
		to = put_u64(to, b[i]);
		*to++ = '.';
	}
	return to - 1;
}

char *put_addr(char *to, const void *addr, uint32_t size)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	const uint8_t *b = addr;
	int gap = -1, longest = 1; /* the zero groups that :: stands for: at least two */

	if (size == 4)
		return put_ipv4(to, b);
	if (!memcmp(b, mapped, sizeof(mapped)))
		return put_ipv4(to, b + sizeof(mapped));
	for (int i = 0, run = 0; i < 8; i++) {
		run = b[2 * i] || b[2 * i + 1] ? 0 : run + 1;
		if (run > longest) {
			longest = run;
			gap = i + 1 - run;
		}
	}
	for (int i = 0; i < 8; i++) {
		char group[4];
		int zeros = 0;

		if (i == gap) {
			to = mempcpy(to, "::", 2);
			i += longest - 1;
			continue;
		}
		if (i && to[-1] != ':')
			*to++ = ':';
		put_hex(group, b + 2 * i, 2);
		while (zeros < 3 && group[zeros] == '0')
			zeros++;
		to = mempcpy(to, group + zeros, 4 - zeros);
	}
	return to;
}

char *put_rfc3339(char *to, uint64_t ns)
{
	static time_t known = -1; /* the second that `date` is of: most follow in the same */
	static char date[20];
	time_t second = ns / 1000000000;
	struct tm tm;

	if (second != known) {
		gmtime_r(&second, &tm);
		strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
		known = second;
	}
	to = mempcpy(to, date, sizeof(date) - 1);
	*to++ = '.';
	to = put_digits(to, ns % 1000000000, 9);
	*to++ = 'Z';
	return to;
}

char *put_double(char *to, double v)
{
	/* 15, less zeros at the end, are the fewest where they will do; but not below DBL_MIN. */
	int digits = v > -DBL_MIN && v < DBL_MIN ? 1 : 15, n;
	char text[32];

	if (v >= -9007199254740992.0 && v <= 9007199254740992.0 && v == (double)(int64_t)v)
		return put_i64(to, v);
	do
		n = snprintf(text, sizeof(text), "%.*g", digits, v);
	while (digits++ < 17 && strtod(text, NULL) != v);
	return mempcpy(to, text, n);
}
