/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <unistd.h>

#include "base/escape.h"
#include "tests/tap.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* A literal and its length, NULs included. */
#define LITERAL(s) s, sizeof(s) - 1

/*
 * Well-formed UTF-8 by the Unicode Standard's table 3-7, which knows no code points, only ranges of
 * bytes. Returns the length of the character at s, 0 where there is none.
 */
static size_t well_formed(const uint8_t *s, size_t n)
{
	static const struct {
		uint8_t first, last, second_first, second_last;
		size_t len;
	} rows[] = {
		{ 0x00, 0x7f, 0, 0, 1 },       { 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};

	for (unsigned i = 0; i < COUNT(rows); i++) {
		if (s[0] < rows[i].first || s[0] > rows[i].last)
			continue;
		if (n < rows[i].len)
			return 0;
		for (size_t k = 1; k < rows[i].len; k++) {
			uint8_t least = k == 1 ? rows[i].second_first : 0x80;
			uint8_t most = k == 1 ? rows[i].second_last : 0xbf;

			if (s[k] < least || s[k] > most)
				return 0;
		}
		return rows[i].len;
	}
	return 0;
}

/* What is left of s when U+FFFD stands for each byte that isn't part of a character. */
static size_t replace_invalid(char *to, const char *s, size_t n)
{
	char *start = to;

	for (size_t i = 0, len; i < n; i += len) {
		len = well_formed((const uint8_t *)s + i, n - i);
		to = len ? mempcpy(to, s + i, len) : mempcpy(to, "\xef\xbf\xbd", 3);
		len = len ?: 1;
	}
	return to - start;
}

/* Undoes the escapes of a JSON string. Returns the length, or -1 if it is none. */
static ssize_t decode_json(char *to, const char *s, size_t n)
{
	static const char from[] = "\"\\/bfnrt", into[] = "\"\\/\b\f\n\r\t";
	const char *end = s + n, *which;
	char *start = to, hex[5] = "";

	while (s < end) {
		uint8_t c = *s++;
		unsigned code;

		if (c < 0x20 || c == 0x7f || c == '"')
			return -1;
		if (c != '\\') {
			*to++ = c;
			continue;
		}
		if (s == end)
			return -1;
		if (*s != 'u') {
			which = strchr(from, *s++);
			if (!which || !*which)
				return -1;
			*to++ = into[which - from];
			continue;
		}
		if (end - s < 5)
			return -1;
		memcpy(hex, s + 1, 4);
		if (strspn(hex, "0123456789abcdef") != 4)
			return -1;
		code = strtoul(hex, NULL, 16);
		s += 5;
		if (code >= 0x80)
			*to++ = 0xc0 | code >> 6;
		*to++ = code < 0x80 ? code : 0x80 | (code & 0x3f);
		if (code > 0x9f)
			return -1;
	}
	return to - start;
}

/*
 * Whether put_json() does right by s. Its copy and the output have no byte to spare, for the
 * address sanitizer to see any access outside.
 */
static bool json_agrees(const char *s, size_t n)
{
	char *in = memcpy(malloc(n ?: 1), s, n), *out = malloc(6 * n ?: 1);
	char *expected = malloc(3 * n + 1), *decoded = malloc(6 * n + 1);
	bool valid = true, same;
	size_t len = put_json(out, in, n, &valid) - out;
	size_t expected_len = replace_invalid(expected, in, n);
	ssize_t decoded_len = len <= 6 * n ? decode_json(decoded, out, len) : -1;

	same = decoded_len == (ssize_t)expected_len && !memcmp(decoded, expected, expected_len);
	/* No C1 control gets through either. */
	for (size_t i = 0; same && i + 1 < len; i++)
		same = (uint8_t)out[i] != 0xc2 || (uint8_t)out[i + 1] > 0x9f;
	same = same && valid == (expected_len == n && !memcmp(expected, in, n));
	same = same && valid == valid_utf8(in, n);
	free(in);
	free(out);
	free(expected);
	free(decoded);
	return same;
}

static void test_put_json(void)
{
	static const struct {
		const char *s;
		size_t n;
		const char *json;
		bool invalid;
	} cases[] = {
		{ LITERAL(""), "" },
		{ LITERAL("a"), "a" },
		{ LITERAL("/usr/bin/python3 -m http.server"), "/usr/bin/python3 -m http.server" },
		{ LITERAL("say \"hi\""), "say \\\"hi\\\"" },
		{ LITERAL("C:\\dir"), "C:\\\\dir" },
		{ LITERAL("\b\t\n\f\r"), "\\b\\t\\n\\f\\r" },
		{ LITERAL("\0\x01\x1b[31m\x1f\x7f"), "\\u0000\\u0001\\u001b[31m\\u001f\\u007f" },
		{ LITERAL("\xc2\x80\xc2\x9b\xc2\x9f\xc2\xa0"), "\\u0080\\u009b\\u009f\xc2\xa0" },
		{ LITERAL("häßlich €uro 🐧"), "häßlich €uro 🐧" },
		{ LITERAL("\xff"), "\xef\xbf\xbd", true },
		{ LITERAL("a\x80z"), "a\xef\xbf\xbdz", true },
		{ LITERAL("cut \xe2\x82"), "cut \xef\xbf\xbd\xef\xbf\xbd", true },
		{ LITERAL("\xe2\x82/"), "\xef\xbf\xbd\xef\xbf\xbd/", true },
		{ LITERAL("\xc0\xaf"), "\xef\xbf\xbd\xef\xbf\xbd", true },
		{ LITERAL("\xed\xa0\x80"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", true },
		{ LITERAL("\xf4\x8f\xbf\xbf"), "\xf4\x8f\xbf\xbf" },
		{ LITERAL("\xf4\x90\x80\x80"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd",
		  true },
		{ LITERAL("\xef\xbf\xbd"), "\xef\xbf\xbd" },
	};
	/* Bytes at which something begins or ends. */
	static const uint8_t edges[] = { 0x00, 0x1f, ' ',  '!',	 '"',  '#',  '[',  '\\',
					 ']',  '~',  0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0,
					 0xbf, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed,
					 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff };
	unsigned wrong = 0;
	char buf[200];

	for (unsigned i = 0; i < COUNT(cases); i++) {
		bool valid = true;
		size_t n = put_json(buf, cases[i].s, cases[i].n, &valid) - buf;

		is_mem(buf, n, cases[i].json, strlen(cases[i].json), "put_json, case %u", i);
		is_u64(valid, !cases[i].invalid, "put_json, case %u: valid", i);
	}
	buf[0] = false;
	put_json(buf + 1, "fine", 4, (bool *)buf);
	ok(!buf[0], "put_json leaves valid alone where all is well");

	for (unsigned c = 0; c < 0x10000; c++)
		wrong += !json_agrees((char[]){ c, c >> 8 }, 2);
	is_u64(wrong, 0, "put_json: all strings of two bytes");
	wrong = 0;
	for (unsigned c = 0; c < 256 * COUNT(edges) * COUNT(edges); c++)
		wrong += !json_agrees(
			(char[]){ c, edges[c / 256 % COUNT(edges)], edges[c / 256 / COUNT(edges)] },
			3);
	is_u64(wrong, 0, "put_json: strings of three bytes");
	wrong = 0;
	for (unsigned c = 0; c < COUNT(edges) * COUNT(edges) * COUNT(edges) * COUNT(edges); c++)
		wrong += !json_agrees(
			(char[]){ edges[c % COUNT(edges)], edges[c / COUNT(edges) % COUNT(edges)],
				  edges[c / COUNT(edges) / COUNT(edges) % COUNT(edges)],
				  edges[c / COUNT(edges) / COUNT(edges) / COUNT(edges)] },
			4);
	is_u64(wrong, 0, "put_json: strings of four bytes");

	/* Any byte at any place of strings of any length around the eight bytes taken at a time. */
	wrong = 0;
	for (unsigned n = 1; n <= 24; n++) {
		for (unsigned at = 0; at < n; at++) {
			for (unsigned c = 0; c < 256; c++) {
				memset(buf, 'x', n);
				buf[at] = c;
				wrong += !json_agrees(buf, n);
			}
		}
	}
	is_u64(wrong, 0, "put_json: one byte among ASCII");

	wrong = 0;
	for (int i = 0; i < 100000; i++) {
		unsigned n = random() % 40;

		for (unsigned k = 0; k < n; k++)
			buf[k] = random() % 4	? 'a' + k % 26
				 : random() % 2 ? edges[random() % COUNT(edges)]
						: random();
		wrong += !json_agrees(buf, n);
	}
	is_u64(wrong, 0, "put_json: random strings");
}

/* The characters of valid UTF-8, which is what columns are counted in. */
static size_t characters(const char *s, size_t n)
{
	size_t count = 0;

	while (n--)
		count += (*s++ & 0xc0) != 0x80;
	return count;
}

/* Whether a terminal shows s as it stands: none of the bytes and characters that put_text()
 * escapes. */
static bool is_tame(const char *s, size_t n)
{
	static const char *const wild[] = {
		"\u061c", "\u200e", "\u200f", "\u2028", "\u2029", "\u202a", "\u202b",
		"\u202c", "\u202d", "\u202e", "\u2066", "\u2067", "\u2068", "\u2069",
	};

	for (size_t i = 0; i < n; i++)
		if ((uint8_t)s[i] < 0x20 || s[i] == 0x7f ||
		    ((uint8_t)s[i] == 0xc2 && i + 1 < n && (uint8_t)s[i + 1] < 0xa0))
			return false;
	for (unsigned i = 0; i < COUNT(wild); i++)
		if (memmem(s, n, wild[i], strlen(wild[i])))
			return false;
	return valid_utf8(s, n);
}

static size_t decode_text(char *to, const char *s, size_t n)
{
	char *start = to, hex[3] = "";

	for (size_t i = 0; i < n;) {
		if (s[i] != '\\') {
			*to++ = s[i++];
		} else if (s[i + 1] == '\\') {
			*to++ = '\\';
			i += 2;
		} else {
			memcpy(hex, s + i + 2, 2);
			*to++ = strtoul(hex, NULL, 16);
			i += 4;
		}
	}
	return to - start;
}

/* A string that has a bit of everything, no NUL. */
static size_t random_string(char *to, size_t max)
{
	static const char *const pieces[] = {
		"\u00e9", "\u20ac", "\U0001f427", "\u2028", "\u202e",	"\u2069", "\xc2\x85",
		"\u061c", "\\x41",  "\\",	  "'",	    "'\\''",	"$HOME",  "`id`",
		"\"",	  "$(id)",  "\n",	  "\t",	    "\x1b[31m", "\x7f",	  " ",
		"*",	  "~",	    "!",	  "=",	    "#",	"{a,b}",  "&"
	};
	char *start = to;

	for (size_t n = random() % (max / 8); n; n--) {
		if (random() % 2)
			*to++ = "abcdefABCDEF0123456789/-."[random() % 25];
		else if (random() % 3)
			to = stpcpy(to, pieces[random() % COUNT(pieces)]);
		else
			*to++ = 1 + random() % 255;
	}
	return to - start;
}

static void test_put_text(void)
{
	static const struct {
		const char *s;
		size_t n;
		const char *text;
		size_t columns;
	} cases[] = {
		{ LITERAL(""), "", 0 },
		{ LITERAL("plain text"), "plain text", 10 },
		{ LITERAL("a\\b"), "a\\\\b", 4 },
		{ LITERAL("\x1b[31m\a\n"), "\\x1b[31m\\x07\\x0a", 16 },
		{ LITERAL("\0\x7f"), "\\x00\\x7f", 8 },
		{ LITERAL("\xc2\x9b\xc2\xa0"), "\\xc2\\x9b\xc2\xa0", 9 },
		{ LITERAL("\xff\xc3"), "\\xff\\xc3", 8 },
		{ LITERAL("\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\xa7"),
		  "\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\xa7", 3 },
		{ LITERAL("\u2028\u2029"), "\\xe2\\x80\\xa8\\xe2\\x80\\xa9", 24 },
		{ LITERAL("\u2027\u202f"), "\u2027\u202f", 2 },
		{ LITERAL("\u202a"), "\\xe2\\x80\\xaa", 12 },
		{ LITERAL("\u202e"), "\\xe2\\x80\\xae", 12 },
		{ LITERAL("\u2066"), "\\xe2\\x81\\xa6", 12 },
		{ LITERAL("\u2069"), "\\xe2\\x81\\xa9", 12 },
		{ LITERAL("\u2065\u206a"), "\u2065\u206a", 2 },
		{ LITERAL("\u200e\u061c"), "\\xe2\\x80\\x8e\\xd8\\x9c", 20 },
		{ LITERAL("\u200d"), "\u200d", 1 },
	};
	char buf[400];
	unsigned wrong = 0;

	for (unsigned i = 0; i < COUNT(cases); i++) {
		size_t columns = 100;
		size_t n = put_text(buf, cases[i].s, cases[i].n, &columns) - buf;

		is_mem(buf, n, cases[i].text, strlen(cases[i].text), "put_text, case %u", i);
		is_u64(columns, 100 + cases[i].columns, "put_text, case %u: columns", i);
	}
	is_mem(buf, put_text(buf, "x", 1, NULL) - buf, "x", 1, "put_text without columns");

	for (int i = 0; i < 100000; i++) {
		char s[200], back[800], *in, *out;
		size_t n = random_string(s, sizeof(s)), columns = 0, len;

		in = memcpy(malloc(n ?: 1), s, n);
		out = malloc(4 * n ?: 1);
		len = put_text(out, in, n, &columns) - out;
		wrong += len > 4 * n || !is_tame(out, len) || columns != characters(out, len) ||
			 decode_text(back, out, len) != n || memcmp(back, s, n);
		free(in);
		free(out);
	}
	is_u64(wrong, 0, "put_text: random strings are tame, counted and lose nothing");
}

static void test_put_shell(void)
{
	static const struct {
		const char *s, *word;
	} cases[] = {
		{ "", "''" },
		{ "ls", "ls" },
		{ "--color=auto", "--color=auto" },
		{ "/usr/bin/g++-12", "/usr/bin/g++-12" },
		{ "user@host:%1,2", "user@host:%1,2" },
		{ "=ls", "'=ls'" },
		{ "~", "'~'" },
		{ "a b", "'a b'" },
		{ "*", "'*'" },
		{ "$HOME", "'$HOME'" },
		{ "#", "'#'" },
		{ "{}", "'{}'" },
		{ "a\\b", "'a\\b'" },
		{ "it's", "'it'\\''s'" },
		{ "'", "''\\'''" },
		{ "\xc3\xa9", "'\xc3\xa9'" },
		{ "a\nb", "$'a\\x0a'$'b'" },
		{ "\x1b[31m", "$'\\x1b[31m'" },
		{ "it's\\\a", "$'it\\'s\\\\\\x07'" },
		{ "\xff"
		  "f"
		  "\xe9",
		  "$'\\xff'$'f\\xe9'" },
		{ "\u202e", "$'\\xe2\\x80\\xae'" },
	};
	char buf[400];

	for (unsigned i = 0; i < COUNT(cases); i++) {
		size_t columns = 7;
		size_t n = put_shell(buf, cases[i].s, strlen(cases[i].s), &columns) - buf;

		is_mem(buf, n, cases[i].word, strlen(cases[i].word), "put_shell, case %u", i);
		is_u64(columns, 7 + characters(buf, n), "put_shell, case %u: columns", i);
	}
	is_mem(buf, put_shell(buf, "x y", 3, NULL) - buf, "'x y'", 5, "put_shell without columns");
	is_mem(buf, put_shell(buf, "a\0b", 3, NULL) - buf, "$'a\\x00'$'b'", 12,
	       "put_shell of a NUL");
}

/* What a real shell makes of the words. One without $'…' gets only those that don't need it. */
static void test_shell(const char *shell, bool all)
{
	enum {
		WORDS = 500
	};
	char path[] = "/tmp/escape-XXXXXX", command[100], said[1000];
	static char words[WORDS][200];
	static size_t length[WORDS];
	FILE *script = fdopen(mkstemp(path), "w"), *f;
	unsigned wrong = 0, seen = 0;

	if (!script) {
		ok(false, "a temporary file can be written");
		return;
	}
	fprintf(script, "printf '%%s\\0'");
	for (int i = 0; i < WORDS; i++) {
		char word[803], *in, *out;
		size_t n, len, columns = 0;

		do
			n = random_string(words[i], sizeof(words[i]));
		while (!all && !is_tame(words[i], n));
		length[i] = n;
		in = memcpy(malloc(n ?: 1), words[i], n);
		out = malloc(4 * n + 3);
		len = put_shell(out, in, n, &columns) - out;
		wrong += len > 4 * n + 3 || !is_tame(out, len) || columns != characters(out, len);
		memcpy(word, out, len);
		fprintf(script, " %.*s", (int)len, word);
		free(in);
		free(out);
	}
	fclose(script);
	is_u64(wrong, 0, "put_shell: random words are tame and counted (%s)", shell);

	snprintf(command, sizeof(command), "%s %s", shell, path);
	f = popen(command, "r");
	wrong = 0;
	for (size_t n = 0; f && seen < WORDS;) {
		int c = getc(f);

		if (c == EOF)
			break;
		if (c) {
			said[n < sizeof(said) - 1 ? n++ : n] = c;
			continue;
		}
		if (n != length[seen] || memcmp(said, words[seen], n)) {
			tap_show("wrong   ", words[seen], length[seen]);
			tap_show("became  ", said, n);
			wrong++;
		}
		seen++;
		n = 0;
	}
	is_u64(seen, WORDS, "put_shell: each is one word (%s)", shell);
	is_u64(wrong, 0, "put_shell: each comes back as it was (%s)", shell);
	if (f)
		pclose(f);
	unlink(path);
}

int main(void)
{
	srandom(1);
	test_put_json();
	test_put_text();
	test_put_shell();
	test_shell("bash", true);
	test_shell("sh", false);
	return done();
}
