/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/escape.h"

#include <string.h>

#include "base/num.h"

/*
 * The character at s, of n > 0 bytes. Returns its length, or 0 where its first byte is not part of
 * valid UTF-8: no overlong forms, no surrogates, nothing over U+10FFFF.
 */
static inline unsigned utf8(const char *s, size_t n, uint32_t *c)
{
	static const uint32_t least[] = { [2] = 0x80, [3] = 0x800, [4] = 0x10000 };
	const uint8_t *b = (const uint8_t *)s;
	unsigned len;

	*c = b[0];
	if (b[0] < 0x80)
		return 1;
	if (b[0] < 0xc0 || b[0] > 0xf7)
		return 0;
	len = b[0] >= 0xf0 ? 4 : b[0] >= 0xe0 ? 3 : 2;
	if (n < len)
		return 0;
	*c &= 0x7f >> len;
	for (unsigned i = 1; i < len; i++) {
		if ((b[i] & 0xc0) != 0x80)
			return 0;
		*c = *c << 6 | (b[i] & 0x3f);
	}
	if (*c < least[len] || *c > 0x10ffff || (*c >= 0xd800 && *c <= 0xdfff))
		return 0;
	return len;
}

bool valid_utf8(const char *s, size_t n)
{
	uint32_t c;

	for (unsigned len; n; s += len, n -= len) {
		len = utf8(s, n, &c);
		if (!len)
			return false;
	}
	return true;
}

#define EACH(byte) (0x0101010101010101u * (byte))

/*
 * Whether one of eight bytes needs a closer look in JSON: not ASCII, a control character, a quote
 * or a backslash. Each term sets the upper bit of such a byte; a borrow or carry can set or hide
 * it only above another such byte.
 */
static inline bool special(uint64_t x)
{
	uint64_t quote = x ^ EACH('"'), backslash = x ^ EACH('\\');

	return ((x - EACH(0x20)) | (x + EACH(1)) | (quote - EACH(1)) | (backslash - EACH(1))) &
	       EACH(0x80);
}

/* Copies n < 8 bytes if none is special. */
static inline bool copy_tail(char *to, const char *s, size_t n)
{
	uint64_t x;

	if (n >= 4) {
		uint32_t first, last;

		memcpy(&first, s, 4);
		memcpy(&last, s + n - 4, 4);
		if (special((uint64_t)last << 32 | first))
			return false;
		memcpy(to, &first, 4);
		memcpy(to + n - 4, &last, 4);
	} else if (n) {
		x = (uint8_t)s[0] | (uint8_t)s[n / 2] << 8 | (uint8_t)s[n - 1] << 16;
		if (special(x | EACH(' ') << 24))
			return false;
		to[0] = x;
		to[n / 2] = x >> 8;
		to[n - 1] = x >> 16;
	}
	return true;
}

static char *put_json_char(char *to, const char *s, unsigned len, uint32_t c)
{
	/* Short forms of the control characters that have one. */
	static const char brief[32] = {
		['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r',
	};

	if (c >= 0x20 && (c < 0x7f || c > 0x9f)) {
		if (c == '"' || c == '\\')
			*to++ = '\\';
		return mempcpy(to, s, len);
	}
	*to++ = '\\';
	if (c < 0x20 && brief[c]) {
		*to++ = brief[c];
		return to;
	}
	to = mempcpy(to, "u00", 3);
	return put_hex(to, &(uint8_t){ c }, 1);
}

char *put_json(char *to, const char *s, size_t n, bool *valid)
{
	const char *end = s + n;

	for (;;) {
		uint64_t x;
		uint32_t c;
		unsigned len;

		for (; end - s >= 8; s += 8, to += 8) {
			memcpy(&x, s, 8);
			if (special(x))
				break;
			memcpy(to, &x, 8);
		}
		if (end - s < 8 && copy_tail(to, s, end - s))
			return to + (end - s);
		/* A special byte is within the next eight; to get past it is enough. */
		do {
			len = utf8(s, end - s, &c);
			if (len) {
				to = put_json_char(to, s, len, c);
				s += len;
			} else {
				to = mempcpy(to, "\xef\xbf\xbd", 3);
				s++;
				*valid = false;
			}
		} while (s < end && c >= 0x20 && c < 0x7f && c != '"' && c != '\\');
	}
}

/* Whether a terminal would do something else with c than show it where it stands. */
static bool unsafe(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x61c || c == 0x200e || c == 0x200f ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

/* \xNN for each of n bytes. */
static char *put_bytes(char *to, const char *s, unsigned n)
{
	while (n--) {
		to = mempcpy(to, "\\x", 2);
		to = put_hex(to, s++, 1);
	}
	return to;
}

char *put_text(char *to, const char *s, size_t n, size_t *columns)
{
	size_t used = 0;
	unsigned len;
	uint32_t c;

	for (const char *end = s + n; s < end; s += len ?: 1) {
		char *start = to;

		if (*s >= ' ' && *s < 0x7f && *s != '\\') {
			*to++ = *s;
			used++;
			len = 1;
			continue;
		}
		len = utf8(s, end - s, &c);
		if (!len || unsafe(c)) {
			to = put_bytes(to, s, len ?: 1);
			used += to - start;
			continue;
		}
		if (c == '\\')
			*to++ = '\\';
		used += to - start + 1;
		to = mempcpy(to, s, len);
	}
	if (columns)
		*columns += used;
	return to;
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Whether no shell gives c a meaning of its own within a word. */
static bool is_plain(uint32_t c)
{
	return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') ||
	       (c && c < 0x80 && strchr("_@%+=:,./-", c));
}

char *put_shell(char *to, const char *s, size_t n, size_t *columns)
{
	/* zsh expands a word that starts with =. */
	bool plain = n && s[0] != '=', escape = false, after_escape = false;
	size_t used = 0;
	unsigned len;
	uint32_t c;

	for (size_t i = 0; i < n; i += len ?: 1) {
		len = utf8(s + i, n - i, &c);
		plain = plain && is_plain(c);
		escape = escape || !len || unsafe(c);
	}
	if (escape)
		to = mempcpy(to, "$'", 2);
	else if (!plain)
		*to++ = '\'';
	for (const char *end = s + n; s < end; s += len ?: 1) {
		char *start = to;

		len = utf8(s, end - s, &c);
		if (!len || unsafe(c)) {
			to = put_bytes(to, s, len ?: 1);
			used += to - start;
			after_escape = true;
			continue;
		}
		if (escape) {
			/* Some shells take more than two digits after \x. */
			if (after_escape && is_hex(c))
				to = mempcpy(to, "'$'", 3);
			if (c == '\'' || c == '\\')
				*to++ = '\\';
		} else if (c == '\'') {
			to = mempcpy(to, "'\\'", 3);
		}
		used += to - start + 1;
		to = mempcpy(to, s, len);
		after_escape = false;
	}
	if (!plain)
		*to++ = '\'';
	if (columns)
		*columns += used + (escape ? 3 : plain ? 0 : 2);
	return to;
}
