/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The automaton for shell patterns, against fnmatch(3), which says what such a pattern means. */
#include <fnmatch.h>
#include <stdlib.h>

#include "base/glob.h"
#include "tests/tap.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

#define POSITIONS (GLOB_WORDS * 64)

static bool matches(const char *pattern, const char *s)
{
	struct glob g = {};

	return !glob_add(&g, pattern) && glob_match(&g, s, strlen(s));
}

static void test_table(void)
{
	static const struct {
		const char *pattern, *match[4], *differ[5];
	} cases[] = {
		{ "a", { "a" }, { "", "b", "aa", "A" } },
		{ "nginx", { "nginx" }, { "ngin", "nginxx", "xnginx", "NGINX" } },
		{ "?", { "a", "*", "\x01", "\xff" }, { "", "aa" } },
		{ "*", { "", "a", "a/b c", "\xff\n" }, {} },
		{ "**", { "", "a" }, {} },
		{ "a*", { "a", "ab", "a*", "aaaa" }, { "", "ba" } },
		{ "*a", { "a", "ba", "aaa", "aba" }, { "", "ab" } },
		{ "*?", { "a", "ab" }, { "" } },
		{ "?*?", { "ab", "abc" }, { "", "a" } },
		{ "a*b*c", { "abc", "aXbYc", "abbc", "abcbc" }, { "ab", "acb", "abcX" } },
		{ "*ab*", { "ab", "aab", "abab", "xxabxx" }, { "", "a", "ba", "aXb" } },
		{ "a**b", { "ab", "aXb" }, { "a", "b" } },
		{ "ab?c*", { "abxc", "abxcc" }, { "abc", "abxxc" } },
		{ "[ab]", { "a", "b" }, { "", "c", "ab", "[ab]" } },
		{ "[a-c]x", { "ax", "bx", "cx" }, { "dx", "-x", "x" } },
		{ "[!a-c]", { "d", "-", "\x01", "\xff" }, { "a", "b", "c", "" } },
		{ "[^a]", { "b", "^" }, { "a", "" } },
		{ "[a^]", { "a", "^" }, { "b" } },
		{ "[a!]", { "a", "!" }, { "b" } },
		{ "[]]", { "]" }, { "a", "[", "[]" } },
		{ "[]a]", { "]", "a" }, { "b", "]a]" } },
		{ "[!]a]", { "b", "!" }, { "]", "a" } },
		{ "[-a]", { "-", "a" }, { "b" } },
		{ "[a-]", { "-", "a" }, { "b", "]" } },
		{ "[!-a]", { "b", "!" }, { "-", "a" } },
		{ "[+--]", { "+", ",", "-" }, { "*", "." } },
		{ "[a-c-e]", { "b", "-", "e" }, { "d" } },
		{ "[a\\]b]", { "a", "]", "b" }, { "\\", "c" } },
		{ "[\\a-c]", { "a", "b", "c" }, { "\\", "d" } },
		{ "[[-\\]]", { "[", "\\", "]" }, { "Z", "^" } },
		{ "[*?]", { "*", "?" }, { "a", "" } },
		{ "[/]", { "/" }, { "a" } },
		{ "\\*", { "*" }, { "a", "\\*", "" } },
		{ "\\?\\[\\]\\\\", { "?[]\\" }, { "a[]\\" } },
		{ "\\a", { "a" }, { "\\a", "\\" } },
		{ "a]", { "a]" }, { "a" } },
		{ "a!b-c", { "a!b-c" }, { "a" } },
		{ "*/*", { "/", "a/b", "//" }, { "", "ab" } },
		{ "*.c", { ".c", "a.c" }, { "c", "a.cc" } },
		{ "[\x80-\xff]*",
		  { "\x80", "\xff"
			    "a" },
		  { "a", "\x7f", "" } },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *pattern = cases[i].pattern;

		for (size_t n = 0; n < COUNT(cases->match) && cases[i].match[n]; n++) {
			ok(matches(pattern, cases[i].match[n]), "%s matches '%s'", pattern,
			   cases[i].match[n]);
			ok(!fnmatch(pattern, cases[i].match[n], 0), "fnmatch agrees");
		}
		for (size_t n = 0; n < COUNT(cases->differ) && cases[i].differ[n]; n++) {
			ok(!matches(pattern, cases[i].differ[n]), "%s does not match '%s'", pattern,
			   cases[i].differ[n]);
			ok(fnmatch(pattern, cases[i].differ[n], 0), "fnmatch agrees");
		}
	}
}

/* A string ends at its NUL or at its size: a name in the kernel fills its array, or does not. */
static void test_size(void)
{
	struct glob g = {};

	ok(!glob_add(&g, "abc"), "abc compiles");
	ok(glob_match(&g, "abcd", 3), "only as many bytes are looked at as are given");
	ok(!glob_match(&g, "abcd", 4), "and all of those");
	ok(glob_match(&g, "abc\0d", 16), "a NUL ends the string earlier");
	ok(!glob_match(&g, "abc", 0), "of no byte");
}

static void test_several(void)
{
	static const char *const patterns[] = { "ab", "c*d", "*", "[x-z]?", "e" };
	struct glob g = {};

	/* Without the third, which matches all. */
	for (size_t i = 0; i < COUNT(patterns); i++)
		if (i != 2)
			ok(!glob_add(&g, patterns[i]), "%s is added", patterns[i]);
	for (const char *const *s =
		     (const char *const[]){ "ab", "cd", "cXd", "xy", "zz", "e", "", "a", "b", "abe",
					    "c", "abcd", "bd", "x", "wx", "xyz", "ee", NULL };
	     *s; s++) {
		bool expected = false;

		for (size_t i = 0; i < COUNT(patterns); i++)
			expected |= i != 2 && !fnmatch(patterns[i], *s, 0);
		ok(glob_match(&g, *s, strlen(*s)) == expected, "'%s' %s one of several", *s,
		   expected ? "matches" : "does not match");
	}
	ok(!glob_match(&g, "anything", 8), "no pattern matches 'anything'");
	ok(!glob_add(&g, patterns[2]), "* is added");
	ok(glob_match(&g, "anything", 8), "then it does");
}

static bool is_refused(const char *what, const char *pattern)
{
	struct glob g = {};
	const char *wrong = glob_add(&g, pattern);

	return ok(wrong && *wrong, "%s is refused: it %s", what, wrong ? wrong : "is not");
}

static void test_errors(void)
{
	static const char *const unclosed[] = { "[",   "a[",	"[a",	"[]",	"[!]",
						"[^]", "[a-",	"[!",	"[\\]", "[a\\]",
						"[[a", "a]b[c", "[a]][" };

	is_refused("nothing", "");
	is_refused("a backslash before nothing", "a\\");
	for (size_t i = 0; i < COUNT(unclosed); i++)
		is_refused(unclosed[i], unclosed[i]);
}

/* Fills `pattern` with `n` characters, of which no two are next to each other the same. */
static const char *long_pattern(char *pattern, int n)
{
	for (int i = 0; i < n; i++)
		pattern[i] = "abcdefghijklmnopqrstuvwxy"[i % 25];
	pattern[n] = '\0';
	return pattern;
}

/* A pattern takes a position for each character and one more, of 256. */
static void test_room(void)
{
	char pattern[POSITIONS + 2], s[POSITIONS + 2];
	struct glob g = {}, before;

	long_pattern(pattern, POSITIONS);
	is_refused("a pattern of 256 characters", pattern);

	long_pattern(pattern, POSITIONS - 1);
	ok(!glob_add(&g, pattern), "one of 255 is not");
	ok(glob_match(&g, pattern, sizeof(pattern)), "it matches itself");
	/* Each position is looked at, also those where one word of the automaton meets the next. */
	for (int i = 0; i < POSITIONS - 1; i++) {
		strcpy(s, pattern);
		s[i] = 'z';
		if (glob_match(&g, s, sizeof(s)))
			ok(false, "z at %d does not match", i);
	}
	s[POSITIONS - 2] = '\0';
	ok(!glob_match(&g, s, sizeof(s)), "it does not match what is shorter");

	/* Now all positions are taken. */
	before = g;
	for (const char *const *p = (const char *const[]){ "a", "*", "?", "[a]", NULL }; *p; p++) {
		const char *wrong;

		g = before;
		wrong = glob_add(&g, *p);
		ok(wrong, "with no room left %s is refused", *p);
		ok(glob_match(&g, pattern, sizeof(pattern)) && !glob_match(&g, "zz", 2),
		   "and what was there matches as before");
	}

	g = (struct glob){};
	for (int i = 0; i < 32; i++)
		if (glob_add(&g, (char[]){ 'a' + i / 26, '-', '*', 'a' + i % 26, 'x', 'y', 'z', '?',
					   '\0' }))
			ok(false, "pattern %d of 32 fits", i);
	is_u64(g.used, POSITIONS, "32 patterns of 7 characters and * take all positions");
	ok(glob_match(&g, "a-..bxyz!", 10), "one of the first matches");
	ok(glob_match(&g, "b-fxyz!", 8), "the last matches");
	ok(!glob_match(&g, "b-gxyz!", 8), "what is none of them does not");

	/* What errs in the middle of a long line of patterns is not silently half there. */
	g = (struct glob){ .used = POSITIONS - 3 };
	ok(!glob_add(&g, "ab"), "the last three positions take two characters");
	ok(glob_match(&g, "ab", 2) && !glob_match(&g, "a", 1), "which match");
	g = (struct glob){ .used = POSITIONS - 2 };
	ok(glob_add(&g, "ab"), "the last two don't");
}

static void random_string(char *to, int max, const char *alphabet)
{
	int n = random() % (max + 1);

	for (int i = 0; i < n; i++)
		*to++ = alphabet[random() % strlen(alphabet)];
	*to = '\0';
}

/*
 * Whether fnmatch(3) and POSIX say what the pattern means, and glob_add() reads it the same way.
 * Left out are:
 * - an unclosed [, which glob_add() refuses, and fnmatch() takes for itself;
 * - a range that is reversed, undefined in POSIX; glibc lets [b-a] match nothing, as we do, but
 *   not all C libraries;
 * - a backslash at the end, which glob_add() refuses, and glibc lets match nothing;
 * - [:alpha:], [.x.] and [=x=]: not known to glob_add(), and their characters not in the alphabets.
 */
static bool is_defined(const char *p)
{
	for (; *p; p++) {
		const char *first;

		if (*p == '\\') {
			if (!*++p)
				return false;
			continue;
		}
		if (*p != '[')
			continue;
		first = p + 1 + (p[1] == '!' || p[1] == '^');
		for (p = first; *p != ']' || p == first; p++) {
			int from;

			if (*p == '\\')
				p++;
			if (!*p)
				return false;
			from = (uint8_t)*p;
			if (p[1] != '-' || !p[2] || p[2] == ']')
				continue;
			p += 2;
			if (*p == '\\')
				p++;
			if (!*p || (uint8_t)*p < from)
				return false;
		}
	}
	return true;
}

/* The same pairs each time: what fails once can be looked at. */
static void test_random(const char *what, const char *in_pattern, const char *in_string, int max,
			int rounds)
{
	int compared = 0, matched = 0, wrong = 0;

	srandom(1);
	while (compared < rounds) {
		char pattern[2][16], s[16];
		bool expected = false, got;
		struct glob g = {};

		/* Two patterns in one automaton, so that one could disturb the other. */
		for (int i = 0; i < 2; i++) {
			const char *error;

			do
				random_string(pattern[i], max, in_pattern);
			while (!*pattern[i] || !is_defined(pattern[i]));
			error = glob_add(&g, pattern[i]);
			if (error && !wrong++)
				ok(false, "'%s' is a pattern: it %s", pattern[i], error);
		}
		for (int i = 0; i < 4; i++, compared++) {
			random_string(s, max, in_string);
			expected = !fnmatch(pattern[0], s, 0) || !fnmatch(pattern[1], s, 0);
			got = glob_match(&g, s, sizeof(s));
			matched += expected;
			if (got != expected && wrong++ < 10)
				ok(false, "'%s' or '%s' %s '%s'", pattern[0], pattern[1],
				   expected ? "matches" : "does not match", s);
		}
	}
	ok(!wrong, "%d random pairs%s, as fnmatch has it", compared, what);
	ok(matched > compared / 1000 && matched < compared / 2, "of which %d match", matched);
}

int main(void)
{
	char all[256];

	for (int i = 0; i < 255; i++)
		all[i] = i + 1;
	all[255] = '\0';

	test_table();
	test_size();
	test_several();
	test_errors();
	test_room();
	test_random("", "ab*?[]!-\\", "aaabbb*?[]!-\\", 7, 400000);
	test_random(" of long ones", "aabb*?[]!-\\", "ab", 12, 200000);
	test_random(" with brackets", "[[[ab]]]!-^\\*", "aabb]!-^\\[", 12, 200000);
	test_random(" of any bytes", all, all, 3, 200000);
	return done();
}
