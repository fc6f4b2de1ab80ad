/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The last byte of what is scanned is a bracket that closes, which json_scan() sees to first. It is
 * no digit, no space and no letter: runs of those, and all that is compared byte by byte, end there
 * without asking for the end. Only strings, and what follows a closing bracket, have to.
 */
#include "sink/json.h"

#include <endian.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"

struct scan {
	const char *end;
	const char *wrong, *wrong_at;
};

#define EACH(byte)    (0x0101010101010101u * (byte))
#define ALWAYS_INLINE inline __attribute__((always_inline))
#define likely(x)     __builtin_expect(!!(x), 1)
#define unlikely(x)   __builtin_expect(!!(x), 0)

__attribute__((cold, noinline)) static const char *wrong(struct scan *s, const char *at,
							 const char *what)
{
	s->wrong = what;
	s->wrong_at = at;
	return NULL;
}

static inline bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* RFC 8259, section 2, has four kinds of space. */
static inline const char *skip_space(const char *p)
{
	while (unlikely((uint8_t)*p <= ' ') &&
	       (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
		p++;
	return p;
}

/* The same where most often there is none, but what is expected. */
static inline const char *skip_to(const char *p, char expected)
{
	return likely(*p == expected) ? p : skip_space(p);
}

/* Eight bytes, the first one lowest; behind the end there are zeros. */
static inline uint64_t load(const char *p, const char *end)
{
	uint64_t x = 0;

	if (likely(end - p >= 8))
		memcpy(&x, p, 8);
	else
		memcpy(&x, p, end - p);
	return le64toh(x);
}

/*
 * The upper bit of each byte at which a string needs a closer look: not ASCII, a control character,
 * a quote or a backslash. The lowest bit is right; those above can also come from a borrow. What
 * isn't ASCII has that bit already, and keeps it in at least two of the three terms.
 */
static inline uint64_t special(uint64_t x)
{
	uint64_t quote = x ^ EACH('"'), backslash = x ^ EACH('\\');

	return ((x - EACH(0x20)) | (quote - EACH(1)) | (backslash - EACH(1))) & EACH(0x80);
}

/* With 0x76 added, 0 to 9 stay below 0x80, and what is more gets there. */
static inline const char *skip_digits(const char *p, const char *end)
{
	for (;;) {
		uint64_t x = load(p, end) ^ EACH('0');
		uint64_t found = (x | (x + EACH(0x76))) & EACH(0x80);

		if (found)
			return p + __builtin_ctzll(found) / 8;
		p += 8;
	}
}

/* Four hexadecimal digits, or -1. */
static int read_hex(const char *p)
{
	int value = 0;

	for (int i = 0; i < 4; i++) {
		char letter = p[i] | 0x20;

		if (is_digit(p[i]))
			value = value << 4 | (p[i] - '0');
		else if (letter >= 'a' && letter <= 'f')
			value = value << 4 | (letter - 'a' + 10);
		else
			return -1;
	}
	return value;
}

/*
 * The character that the escape at *at stands for, or 0 where there is none, or none that is
 * accepted (U+0000, half of a pair: RFC 8259, sections 7 and 8.2). Then *at is behind it.
 */
static uint32_t read_escape(const char **at)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *p = *at + 1, *which;
	int c, low;

	if (*p != 'u') {
		which = *p ? strchr(from, *p) : NULL;
		*at = p + 1;
		return which ? to[which - from] : 0;
	}
	c = read_hex(p + 1);
	if (c <= 0)
		return 0;
	p += 5;
	if (c >= 0xd800 && c <= 0xdfff) {
		if (c > 0xdbff || p[0] != '\\' || p[1] != 'u')
			return 0;
		low = read_hex(p + 2);
		if (low < 0xdc00 || low > 0xdfff)
			return 0;
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
		p += 6;
	}
	*at = p;
	return c;
}

static char *put_utf8(char *to, uint32_t c)
{
	if (c < 0x80) {
		*to++ = c;
		return to;
	}
	if (c < 0x800) {
		*to++ = 0xc0 | c >> 6;
	} else {
		if (c < 0x10000) {
			*to++ = 0xe0 | c >> 12;
		} else {
			*to++ = 0xf0 | c >> 18;
			*to++ = 0x80 | (c >> 12 & 0x3f);
		}
		*to++ = 0x80 | (c >> 6 & 0x3f);
	}
	*to++ = 0x80 | (c & 0x3f);
	return to;
}

/* Goes over what special() found in a string, other than the quote. */
__attribute__((noinline)) static const char *scan_special(struct scan *s, const char *p,
							  struct json_value *v)
{
	const char *start = p;

	if (p == s->end)
		return wrong(s, v->at - 1, "has a string that doesn't end");
	if (*p == '\\') {
		v->escaped = true;
		return read_escape(&p) ? p : wrong(s, start, "has an escape that isn't allowed");
	}
	if ((uint8_t)*p < 0x20)
		return wrong(s, p, "has a control character in a string");
	/* Characters that aren't ASCII have no ASCII byte in them. */
	while ((uint8_t)*p >= 0x80)
		p++;
	return valid_utf8(start, p - start) ? p : wrong(s, start, "has invalid UTF-8");
}

static ALWAYS_INLINE const char *scan_string(struct scan *s, const char *p, struct json_value *v)
{
	v->at = ++p;
	v->type = JSON_STRING;
	v->escaped = false;
	for (;;) {
		uint64_t x = load(p, s->end), found = special(x);
		int bit;

		if (!found) {
			p += 8;
			continue;
		}
		bit = __builtin_ctzll(found) & 56;
		p += bit / 8;
		if (likely((uint8_t)(x >> bit) == '"'))
			break;
		p = scan_special(s, p, v);
		if (!p)
			return NULL;
	}
	v->len = p - v->at;
	return p + 1;
}

/*
 * No two doubles, nor a double and the middle between two, differ in the first 800 significant
 * digits (767 are enough) and not before; of those that follow it only counts whether all are 0.
 */
#define DIGITS 800

static double long_to_double(const struct json_value *v)
{
	const char *p = v->at, *end = p + v->len;
	char number[DIGITS + 32], *to = number;
	int64_t exponent = 0, written = 0;
	bool fraction = false, rest = false;

	if (*p == '-')
		*to++ = *p++;
	for (; p < end && (*p | 0x20) != 'e'; p++) {
		if (*p == '.') {
			fraction = true;
			continue;
		}
		exponent -= fraction;
		if (!written && *p == '0')
			continue;
		if (written < DIGITS) {
			*to++ = *p;
			written++;
		} else {
			exponent++;
			rest |= *p != '0';
		}
	}
	if (!written)
		*to++ = '0';
	if (rest) {
		*to++ = '1';
		exponent--;
	}
	/* What is more than the digits of any line can make up for is as good as all of it. */
	if (p < end) {
		bool negative = *++p == '-';
		int64_t said = 0;

		for (p += negative || *p == '+'; p < end; p++)
			if (said < INT64_C(1) << 40)
				said = said * 10 + (*p - '0');
		exponent += negative ? -said : said;
	}
	snprintf(to, number + sizeof(number) - to, "e%jd", (intmax_t)exponent);
	return strtod(number, NULL);
}

/* Up to 2^53 times or by a power of ten that is exact too: one rounding, so the nearest double. */
static bool short_to_double(const struct json_value *v, double *to)
{
	static const double powers[] = { 1e0,  1e1,  1e2,  1e3,	 1e4,  1e5,  1e6,  1e7,
					 1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
					 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };
	const char *p = v->at, *end = p + v->len;
	bool negative = *p == '-', fraction = false;
	uint64_t digits = 0;
	int exponent = 0;
	double value;

	if (v->len > 40)
		return false;
	for (p += negative; p < end && (*p | 0x20) != 'e'; p++) {
		if (*p == '.') {
			fraction = true;
			continue;
		}
		digits = digits * 10 + (*p - '0');
		exponent -= fraction;
		if (digits > UINT64_C(1) << 53)
			return false;
	}
	if (p < end) {
		bool minus = *++p == '-';
		int said = 0;

		for (p += minus || *p == '+'; p < end; p++) {
			said = said * 10 + (*p - '0');
			if (said > 1000)
				return false;
		}
		exponent += minus ? -said : said;
	}
	if (exponent < -22 || exponent > 22)
		return false;
	value = exponent < 0 ? digits / powers[-exponent] : digits * powers[exponent];
	*to = negative ? -value : value;
	return true;
}

static double to_double(const struct json_value *v)
{
	char number[DIGITS];
	double value;

	if (short_to_double(v, &value))
		return value;
	if (v->len >= sizeof(number))
		return long_to_double(v);
	memcpy(number, v->at, v->len);
	number[v->len] = 0;
	return strtod(number, NULL);
}

static const char *scan_fraction(struct scan *s, const char *p)
{
	if (!is_digit(*++p))
		return wrong(s, p, "has a number without a digit behind the point");
	while (is_digit(*p))
		p++;
	return p;
}

/* *most becomes what it says, or a figure above. */
static const char *scan_exponent(struct scan *s, const char *p, long *most)
{
	const char *start;
	bool negative = *++p == '-';

	p += negative || *p == '+';
	if (!is_digit(*p))
		return wrong(s, p, "has a number without a digit in its exponent");
	for (start = p; is_digit(*p); p++)
		;
	*most = negative ? 0 : p - start > 2 ? 1000 : 99;
	return p;
}

static ALWAYS_INLINE const char *scan_number(struct scan *s, const char *p, struct json_value *v)
{
	long digits, exponent = 0;

	v->at = p;
	v->type = JSON_INTEGER;
	v->escaped = false;
	p += *p == '-';
	if (!is_digit(*p))
		return wrong(s, p, "has a number without digits");
	/* RFC 8259, section 6: no zeros in front. */
	if (*p == '0' && is_digit(p[1]))
		return wrong(s, p, "has a number with a zero in front");
	p = skip_digits(p, s->end);
	digits = p - v->at;
	if (*p == '.') {
		v->type = JSON_REAL;
		p = scan_fraction(s, p);
	}
	if (p && (*p | 0x20) == 'e') {
		v->type = JSON_REAL;
		p = scan_exponent(s, p, &exponent);
	}
	if (!p)
		return NULL;
	v->len = p - v->at;
	/* All below ten to the power of 308 is a double. */
	if (unlikely(digits + exponent > 308) && isinf(to_double(v)))
		return wrong(s, v->at, "has a number that is too large");
	return p;
}

static inline const char *scan_name(struct scan *s, const char *p, struct json_value *v,
				    const char *name, size_t len, enum json_type type)
{
	if ((size_t)(s->end - p) < len || memcmp(p, name, len))
		return wrong(s, p, "has something that isn't a value");
	v->at = p;
	v->len = len;
	v->type = type;
	v->escaped = false;
	return p + len;
}

/* Any value but an object or array. */
static ALWAYS_INLINE const char *scan_scalar(struct scan *s, const char *p, struct json_value *v)
{
	if (*p == '"')
		return scan_string(s, p, v);
	if (is_digit(*p) || *p == '-')
		return scan_number(s, p, v);
	if (*p == 't')
		return scan_name(s, p, v, "true", 4, JSON_TRUE);
	if (*p == 'f')
		return scan_name(s, p, v, "false", 5, JSON_FALSE);
	return scan_name(s, p, v, "null", 4, JSON_NULL);
}

/* Returns where the value begins. */
static ALWAYS_INLINE const char *scan_key(struct scan *s, const char *p, struct json_value *key)
{
	if (unlikely(*p != '"'))
		return wrong(s, p, "has no string where a name should be");
	p = scan_string(s, p, key);
	if (unlikely(!p))
		return NULL;
	p = skip_to(p, ':');
	if (unlikely(*p != ':'))
		return wrong(s, p, "has no colon behind a name");
	return skip_space(p + 1);
}

/* An object or array within the line's object. Whether each level is an object is one bit. */
static const char *scan_nested(struct scan *s, const char *p)
{
	uint64_t objects[JSON_DEPTH_MAX / 64];
	unsigned depth = 1;
	bool object = true;
	struct json_value v;

	for (;;) {
		if (depth == JSON_DEPTH_MAX)
			return wrong(s, p, "is nested too deeply");
		if (*p == '{' || *p == '[') {
			uint64_t *word = objects + depth / 64, bit = UINT64_C(1) << depth % 64;

			object = *p == '{';
			*word = object ? *word | bit : *word & ~bit;
			depth++;
			p = skip_space(p + 1);
			if (*p != (object ? '}' : ']')) {
				p = object ? scan_key(s, p, &v) : p;
				if (!p)
					return NULL;
				continue;
			}
		} else {
			p = scan_scalar(s, p, &v);
			if (!p)
				return NULL;
			p = skip_space(p);
		}
		while (*p == (object ? '}' : ']')) {
			p++;
			if (--depth == 1)
				return p;
			if (p == s->end)
				return wrong(s, p, "ends before its object does");
			object = objects[(depth - 1) / 64] >> (depth - 1) % 64 & 1;
			p = skip_space(p);
		}
		if (*p != ',')
			return wrong(s, p, "has no comma behind a value");
		p = skip_space(p + 1);
		p = object ? scan_key(s, p, &v) : p;
		if (!p)
			return NULL;
	}
}

/* Behind it there is at least a byte. */
static ALWAYS_INLINE const char *scan_value(struct scan *s, const char *p, struct json_value *v)
{
	if (*p == '{' || *p == '[') {
		v->at = p;
		v->type = *p == '{' ? JSON_OBJECT : JSON_ARRAY;
		v->escaped = false;
		p = scan_nested(s, p);
		if (unlikely(!p))
			return NULL;
		if (unlikely(p == s->end))
			return wrong(s, p, "ends before its object does");
		v->len = p - v->at;
	} else {
		p = scan_scalar(s, p, v);
		if (unlikely(!p))
			return NULL;
	}
	return p;
}

static bool grow(struct json_object *o)
{
	size_t room = o->room ? 2 * o->room : 32;
	struct json_member *member = reallocarray(o->member, room, sizeof(*member));

	if (!member)
		return false;
	o->member = member;
	o->room = room;
	return true;
}

/* From behind the bracket that opens the object. */
static const char *scan_members(struct json_object *o, struct scan *s, const char *p)
{
	p = skip_space(p);
	if (*p == '}')
		return p;
	for (;;) {
		struct json_member *m;

		if (unlikely(o->n == o->room) && !grow(o))
			return wrong(s, p, "has more members than memory can hold");
		m = o->member + o->n;
		p = scan_key(s, p, &m->key);
		if (unlikely(!p))
			return NULL;
		p = scan_value(s, p, &m->value);
		if (unlikely(!p))
			return NULL;
		o->n++;
		p = skip_space(p);
		if (*p != ',')
			break;
		p = skip_space(p + 1);
	}
	return *p == '}' ? p : wrong(s, p, "has no comma behind a value");
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static const char *scan_object(struct json_object *o, struct scan *s, const char *p, size_t len)
{
	s->end = p + len;
	if (len > UINT32_MAX)
		return wrong(s, p, "is too long");
	while (p < s->end && is_space(*p))
		p++;
	if (p == s->end || *p != '{')
		return wrong(s, p, "doesn't begin with {");
	while (is_space(s->end[-1]))
		s->end--;
	if (s->end[-1] != '}')
		return wrong(s, s->end, "doesn't end with }");
	p = scan_members(o, s, p + 1);
	if (p && p + 1 < s->end)
		return wrong(s, p + 1, "has something behind its object");
	return p;
}

bool json_scan(struct json_object *o, const char *text, size_t len)
{
	struct scan s = { 0 };

	o->n = 0;
	o->wrong = NULL;
	o->wrong_at = 0;
	if (scan_object(o, &s, text, len))
		return true;
	o->n = 0;
	o->wrong = s.wrong;
	o->wrong_at = s.wrong_at - text;
	return false;
}

void json_free(struct json_object *o)
{
	free(o->member);
	*o = (struct json_object){ 0 };
}

static bool is_called_escaped(const struct json_value *key, const char *name, size_t len)
{
	const char *p = key->at, *end = p + key->len;

	while (p < end) {
		char c[4] = { *p };
		size_t n = *p == '\\' ? put_utf8(c, read_escape(&p)) - c : (p++, 1);

		if (n > len || memcmp(c, name, n))
			return false;
		name += n;
		len -= n;
	}
	return !len;
}

static inline bool is_called(const struct json_value *key, const char *name, size_t len)
{
	if (key->len == len && !key->escaped)
		return !memcmp(key->at, name, len);
	return unlikely(key->escaped) && is_called_escaped(key, name, len);
}

const struct json_value *json_find(const struct json_object *o, const char *key, size_t key_len)
{
	for (size_t i = o->n; i--;)
		if (is_called(&o->member[i].key, key, key_len))
			return &o->member[i].value;
	return NULL;
}

static bool read_index(const char *s, size_t len, uint32_t *index)
{
	*index = 0;
	if (!len || (*s == '0' && len > 1))
		return false;
	for (; len; s++, len--)
		if (!is_digit(*s) || __builtin_mul_overflow(*index, 10, index) ||
		    __builtin_add_overflow(*index, *s - '0', index))
			return false;
	return true;
}

/* Goes from an object or array, which json_scan() has seen, to what is called so in it. */
static bool find_inside(struct json_value *v, const char *name, size_t len)
{
	struct scan s = { .end = v->at + v->len };
	bool object = v->type == JSON_OBJECT, found = false;
	uint32_t index = 0;
	struct json_value key, value;
	const char *p;

	if (!object && (v->type != JSON_ARRAY || !read_index(name, len, &index)))
		return false;
	p = skip_space(v->at + 1);
	for (uint32_t i = 0; p && *p != '}' && *p != ']' && (object || i <= index); i++) {
		p = object ? scan_key(&s, p, &key) : p;
		p = p ? scan_value(&s, p, &value) : NULL;
		p = p ? skip_space(p) : NULL;
		if (p && (object ? is_called(&key, name, len) : i == index)) {
			found = true;
			*v = value;
		}
		if (p && *p == ',')
			p = skip_space(p + 1);
	}
	return found;
}

bool json_find_path(const struct json_object *o, const char *path, size_t len,
		    struct json_value *value)
{
	const char *end = path + len, *p = end;
	const struct json_value *v = json_find(o, path, len);
	struct json_value inner;

	if (!v) {
		p = memchr(path, '.', len);
		v = p ? json_find(o, path, p - path) : NULL;
	}
	if (!v)
		return false;
	inner = *v;
	while (p < end) {
		const char *name = p + 1;

		p = memchr(name, '.', end - name) ?: end;
		if (!find_inside(&inner, name, p - name))
			return false;
	}
	*value = inner;
	return true;
}

/* Without its sign. */
static bool read_integer(const struct json_value *v, bool *negative, uint64_t *to)
{
	const char *p = v->at, *end = p + v->len;

	if (v->type != JSON_INTEGER)
		return false;
	*negative = *p == '-';
	*to = 0;
	for (p += *negative; p < end; p++)
		if (__builtin_mul_overflow(*to, 10, to) ||
		    __builtin_add_overflow(*to, (uint64_t)(*p - '0'), to))
			return false;
	return true;
}

bool json_i64(const struct json_value *v, int64_t *to)
{
	uint64_t value;
	bool negative;

	if (!read_integer(v, &negative, &value) || value > (uint64_t)INT64_MAX + negative)
		return false;
	*to = negative ? -value : value;
	return true;
}

bool json_u64(const struct json_value *v, uint64_t *to)
{
	uint64_t value;
	bool negative;

	if (!read_integer(v, &negative, &value) || (negative && value))
		return false;
	*to = value;
	return true;
}

bool json_double(const struct json_value *v, double *to)
{
	if (v->type != JSON_INTEGER && v->type != JSON_REAL)
		return false;
	*to = to_double(v);
	return true;
}

size_t json_text(const struct json_value *v, char *to)
{
	const char *p = v->at, *end = p + v->len, *start = to;

	while (p < end) {
		const char *next = v->escaped ? memchr(p, '\\', end - p) ?: end : end;

		to = mempcpy(to, p, next - p);
		p = next;
		if (p < end)
			to = put_utf8(to, read_escape(&p));
	}
	return to - start;
}
