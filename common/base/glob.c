/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/glob.h"

static void set_bit(__u64 words[GLOB_WORDS], int bit)
{
	words[bit / 64] |= 1ull << bit % 64;
}

/* Reads one byte of a bracket expression, maybe escaped. */
static int bracket_byte(const char **p)
{
	if (**p == '\\' && (*p)[1])
		(*p)++;
	return (unsigned char)*(*p)++;
}

/* Enters `[…]` at p (behind the bracket) for position `at`. Returns what follows; NULL if unclosed.
 */
static const char *add_bracket(struct glob *g, int at, const char *p)
{
	bool member[256] = {}, negated = *p == '!' || *p == '^';
	const char *first = p + negated;

	p = first;
	while (*p != ']' || p == first) {
		int from, to;

		if (!*p)
			return NULL;
		from = to = bracket_byte(&p);
		if (*p == '-' && p[1] && p[1] != ']') {
			p++;
			to = bracket_byte(&p);
		}
		for (int c = from; c <= to; c++)
			member[c] = true;
	}
	for (int c = 1; c < 256; c++)
		if (member[c] != negated)
			set_bit(g->enter[c], at);
	return p + 1;
}

const char *glob_add(struct glob *g, const char *pattern)
{
	static const char too_long[] = "makes the patterns longer than 255 characters together";
	int at = g->used;

	if (!*pattern)
		return "is empty";
	if (at >= GLOB_WORDS * 64)
		return too_long;
	set_bit(g->start, at);
	for (const char *p = pattern; *p;) {
		if (*p == '*') {
			set_bit(g->stay, at);
			p++;
			continue;
		}
		if (++at >= GLOB_WORDS * 64)
			return too_long;
		if (*p == '?') {
			for (int c = 1; c < 256; c++)
				set_bit(g->enter[c], at);
			p++;
		} else if (*p == '[') {
			p = add_bracket(g, at, p + 1);
			if (!p)
				return "has a [ without its ]";
		} else {
			if (*p == '\\' && !*++p)
				return "ends with a \\";
			set_bit(g->enter[(unsigned char)*p], at);
			p++;
		}
	}
	set_bit(g->end, at);
	g->used = at + 1;
	return NULL;
}
