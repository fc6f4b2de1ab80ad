/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sink/statsd.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_MAX 100 /* bytes of a number */

/* A line, or what is left of it. */
struct cursor {
	const char *at, *end;
	const char *wrong;
	const char *wrong_at;
};

static bool fail(struct cursor *c, const char *at, const char *sentence)
{
	c->wrong = sentence;
	c->wrong_at = at;
	return false;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The digits from `at` on; counted, and added to *mantissa while there are few. */
static const char *digits(const char *at, const char *end, uint64_t *mantissa, unsigned *n)
{
	for (; at < end && is_digit(*at); at++, ++*n)
		if (*n < 18)
			*mantissa = *mantissa * 10 + (*at - '0');
	return at;
}

/* As strtod(3) has it, which needs a NUL. */
static double slow_number(const char *at, size_t len)
{
	char text[NUMBER_MAX + 1];

	*(char *)mempcpy(text, at, len) = '\0';
	return strtod(text, NULL);
}

/*
 * A decimal number, maybe with sign, fraction and exponent. Of at most 15 digits and a small power
 * of ten the nearest double is one exact multiplication or division away.
 */
static bool number(struct cursor *c, const char *at, const char *end, double *v)
{
	static const double powers[] = { 1e0,  1e1,  1e2,  1e3,	 1e4,  1e5,  1e6,  1e7,
					 1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
					 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };
	const char *start = at, *exponent;
	uint64_t mantissa = 0;
	unsigned n = 0, whole, unused = 0;
	uint64_t e = 0;
	int power;
	bool minus;

	if (at == end)
		return fail(c, at, "has no number where one is needed");
	minus = *at == '-';
	at = digits(at + (*at == '-' || *at == '+'), end, &mantissa, &n);
	whole = n;
	if (at < end && *at == '.')
		at = digits(at + 1, end, &mantissa, &n);
	power = -(int)(n - whole);
	if (!n)
		return fail(c, start, "has a value that is not a number");
	if (at < end && (*at == 'e' || *at == 'E')) {
		bool down = ++at < end && *at == '-';

		exponent = at += at < end && (*at == '-' || *at == '+');
		at = digits(at, end, &e, &unused);
		if (at == exponent)
			return fail(c, at, "has an exponent without digits");
		power += (down ? -1 : 1) * (int)(e < 10000 ? e : 10000);
	}
	if (at < end)
		return fail(c, start, "has a value that is not a number");
	if (end - start > NUMBER_MAX)
		return fail(c, start, "has a number of more than 100 bytes");
	if (n <= 15 && power >= -22 && power <= 22) {
		*v = power < 0 ? mantissa / powers[-power] : mantissa * powers[power];
		*v = minus ? -*v : *v;
		return true;
	}
	*v = slow_number(start, end - start);
	return isfinite(*v) ? true : fail(c, start, "has a number that is too large");
}

/* A whole number from 0 on, all of it. */
static bool whole_number(struct cursor *c, const char *at, const char *end, int64_t *v)
{
	uint64_t sum = 0;
	unsigned n = 0;
	const char *stop = digits(at, end, &sum, &n);

	if (stop != end || !n)
		return fail(c, stop, "has no whole number where one is needed");
	if (n > 18)
		return fail(c, at, "has a number that is too large");
	*v = sum;
	return true;
}

/* The bytes up to a separator or the end of the line; the separator is passed over. */
static struct statsd_bytes take(struct cursor *c, char separator)
{
	const char *stop = memchr(c->at, separator, c->end - c->at);
	struct statsd_bytes b = { c->at, (stop ? stop : c->end) - c->at };

	c->at = stop ? stop + 1 : c->end;
	return b;
}

static bool starts(const struct statsd_bytes *b, const char *prefix, size_t len)
{
	return b->len >= len && !memcmp(b->at, prefix, len);
}

static bool put_once(struct cursor *c, struct statsd_bytes *to, const struct statsd_bytes *field,
		     size_t prefix)
{
	if (to->at)
		return fail(c, field->at, "has a field twice");
	*to = (struct statsd_bytes){ field->at + prefix, field->len - prefix };
	return true;
}

static bool put_time(struct cursor *c, struct statsd_line *l, const struct statsd_bytes *field,
		     size_t prefix)
{
	if (l->has_timestamp)
		return fail(c, field->at, "has a field twice");
	l->has_timestamp = true;
	return whole_number(c, field->at + prefix, field->at + field->len, &l->timestamp);
}

/* What is allowed on every line. False, and nothing is wrong: it is none of these. */
static bool common_field(struct cursor *c, struct statsd_line *l, const struct statsd_bytes *f)
{
	if (starts(f, "#", 1))
		return put_once(c, &l->tags, f, 1);
	if (starts(f, "c:", 2))
		return put_once(c, &l->container, f, 2);
	if (starts(f, "e:", 2))
		return put_once(c, &l->external, f, 2);
	if (starts(f, "card:", 5))
		return put_once(c, &l->cardinality, f, 5);
	return false;
}

static bool unknown(struct cursor *c, const struct statsd_bytes *field)
{
	return c->wrong ? false : fail(c, field->at, "has a field of no known kind");
}

static bool put_rate(struct cursor *c, struct statsd_line *l, const struct statsd_bytes *f)
{
	if (l->rate)
		return fail(c, f->at, "has a field twice");
	if (!number(c, f->at + 1, f->at + f->len, &l->rate))
		return false;
	if (!(l->rate > 0 && l->rate <= 1))
		return fail(c, f->at + 1, "has a sample rate that is not above 0 and up to 1");
	return true;
}

static bool metric_field(struct cursor *c, struct statsd_line *l, const struct statsd_bytes *f)
{
	if (starts(f, "@", 1))
		return put_rate(c, l, f);
	if (starts(f, "T", 1))
		return put_time(c, l, f, 1);
	return common_field(c, l, f) || unknown(c, f);
}

static bool find_type(struct cursor *c, struct statsd_line *l, const struct statsd_bytes *f)
{
	static const struct {
		const char *letters;
		enum statsd_type type;
	} types[] = {
		{ "c", STATSD_COUNTER }, { "ms", STATSD_TIMER },    { "g", STATSD_GAUGE },
		{ "s", STATSD_SET },	 { "h", STATSD_HISTOGRAM }, { "d", STATSD_DISTRIBUTION },
		{ "m", STATSD_COUNTER },
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		size_t len = types[i].letters[1] ? 2 : 1;

		if (f->len == len && !memcmp(f->at, types[i].letters, len)) {
			l->type = types[i].type;
			return true;
		}
	}
	return fail(c, f->at, "has a type that is none of c, ms, g, s, h, d and m");
}

/* Tags in a name: only where all of what follows the first separator is KEY=VALUE. */
static void split_name(struct statsd_line *l)
{
	const char *end = l->name.at + l->name.len, *at = l->name.at, *part;

	while (at < end && *at != ';' && *at != ',' && *at != '#')
		at++;
	if (at == end || at == l->name.at)
		return;
	l->name_separator = *at == ';' ? ';' : ',';
	for (part = at + 1; part <= end;) {
		const char *stop = memchr(part, l->name_separator, end - part);
		const char *equals = memchr(part, '=', (stop ? stop : end) - part);

		if (!equals || equals == part)
			return;
		part = (stop ? stop : end) + 1;
	}
	l->name_tags = (struct statsd_bytes){ at + 1, end - at - 1 };
	l->name.len = at - l->name.at;
}

static bool check_values(struct cursor *c, const struct statsd_line *l)
{
	struct cursor values = { l->values.at, l->values.at + l->values.len };
	double v;

	if (!l->values.len)
		return fail(c, l->values.at, "has no value");
	if (l->type == STATSD_SET)
		return true;
	do {
		struct statsd_bytes value = take(&values, ':');

		if (!number(c, value.at, value.at + value.len, &v))
			return false;
	} while (values.at < values.end || values.end[-1] == ':');
	return true;
}

static bool read_metric(struct cursor *c, struct statsd_line *l)
{
	const char *colon = memchr(c->at, ':', c->end - c->at);
	const char *bar = memchr(c->at, '|', c->end - c->at);
	struct statsd_bytes field;

	if (!bar)
		return fail(c, c->end, "is not NAME:VALUE|TYPE: there is no |");
	if (!colon || colon > bar)
		return fail(c, bar, "is not NAME:VALUE|TYPE: there is no : before |");
	if (colon == c->at)
		return fail(c, c->at, "has no name");
	l->kind = STATSD_METRIC;
	l->name = take(c, ':');
	l->values = take(c, '|');
	field = take(c, '|');
	if (!find_type(c, l, &field) || !check_values(c, l))
		return false;
	while (field.at + field.len < c->end) {
		field = take(c, '|');
		if (!metric_field(c, l, &field))
			return false;
	}
	if (!l->rate)
		l->rate = 1;
	split_name(l);
	return true;
}

static bool event_field(struct cursor *c, struct statsd_line *l, const struct statsd_bytes *f)
{
	if (starts(f, "d:", 2))
		return put_time(c, l, f, 2);
	if (starts(f, "h:", 2))
		return put_once(c, &l->host, f, 2);
	if (starts(f, "k:", 2))
		return put_once(c, &l->key, f, 2);
	if (starts(f, "p:", 2))
		return put_once(c, &l->priority, f, 2);
	if (starts(f, "s:", 2))
		return put_once(c, &l->source, f, 2);
	if (starts(f, "t:", 2))
		return put_once(c, &l->alert, f, 2);
	return common_field(c, l, f) || unknown(c, f);
}

/* Behind so many UTF-16 units: what some senders in JavaScript count, in place of bytes. */
static const char *behind_units(const char *at, const char *end, int64_t units)
{
	while (at < end && (units > 0 || ((uint8_t)*at & 0xc0) == 0x80)) {
		if (((uint8_t)*at & 0xc0) != 0x80)
			units -= (uint8_t)*at >= 0xf0 ? 2 : 1;
		at++;
	}
	return units ? NULL : at;
}

static const char *behind_bytes(const char *at, const char *end, int64_t bytes)
{
	return bytes > end - at ? NULL : at + bytes;
}

/* Title and text as their lengths say, from c->at on. False: these lengths don't fit. */
static bool split_event(struct cursor *c, struct statsd_line *l, const int64_t len[2],
			const char *(*behind)(const char *, const char *, int64_t))
{
	const char *title = behind(c->at, c->end, len[0]), *text;

	if (!title || title == c->end || *title != '|')
		return false;
	text = behind(title + 1, c->end, len[1]);
	if (!text)
		return false;
	if (text < c->end && *text != '|' && *text != '\n' &&
	    !(*text == '\r' && (text + 1 == c->end || text[1] == '\n')))
		return false;
	l->name = (struct statsd_bytes){ c->at, title - c->at };
	l->text = (struct statsd_bytes){ title + 1, text - title - 1 };
	c->at = text;
	return true;
}

/* Ends the line at c->at or behind it, before its newline and carriage return. */
static void cut_line(struct cursor *c)
{
	const char *newline = memchr(c->at, '\n', c->end - c->at);

	if (newline)
		c->end = newline;
	if (c->end > c->at && c->end[-1] == '\r')
		c->end--;
}

/* Here c->end is that of the datagram, as title and text may have newlines in them. */
static bool read_event(struct cursor *c, struct statsd_line *l)
{
	const char *start = c->at;
	struct statsd_bytes field, number[2];
	int64_t len[2];
	struct cursor head = *c;

	cut_line(&head);
	head.at += 3;
	number[0] = take(&head, ',');
	number[1] = take(&head, '}');
	if (!whole_number(c, number[0].at, number[0].at + number[0].len, &len[0]) ||
	    !whole_number(c, number[1].at, number[1].at + number[1].len, &len[1]))
		return false;
	if (head.at == head.end || *head.at != ':')
		return fail(c, head.at, "is not _e{LENGTH,LENGTH}:TITLE|TEXT: there is no :");
	c->at = head.at + 1;
	l->kind = STATSD_EVENT;
	if (!split_event(c, l, len, behind_bytes) && !split_event(c, l, len, behind_units))
		return fail(c, start + 2, "has lengths that don't fit its title and text");
	cut_line(c);
	if (!l->name.len)
		return fail(c, l->name.at, "has no title");
	if (c->at == c->end)
		return true;
	c->at++;
	do {
		field = take(c, '|');
		if (!event_field(c, l, &field))
			return false;
	} while (field.at + field.len < c->end);
	return true;
}

static bool check_field(struct cursor *c, struct statsd_line *l, const struct statsd_bytes *f)
{
	if (starts(f, "d:", 2))
		return put_time(c, l, f, 2);
	if (starts(f, "h:", 2))
		return put_once(c, &l->host, f, 2);
	if (starts(f, "m:", 2))
		return put_once(c, &l->message, f, 2);
	return common_field(c, l, f) || unknown(c, f);
}

static bool read_check(struct cursor *c, struct statsd_line *l)
{
	struct statsd_bytes field;

	c->at += 4;
	l->kind = STATSD_CHECK;
	l->name = take(c, '|');
	if (!l->name.len)
		return fail(c, l->name.at, "has no name");
	field = take(c, '|');
	if (field.len != 1 || *field.at < '0' || *field.at > '3')
		return fail(c, field.at, "has a status that is none of 0, 1, 2 and 3");
	l->status = *field.at - '0';
	while (field.at + field.len < c->end) {
		field = take(c, '|');
		if (!check_field(c, l, &field))
			return false;
	}
	return true;
}

/* Reads the line at c->at; leaves its end in c->end. */
static bool read_line(struct cursor *c, struct statsd_line *l)
{
	struct statsd_bytes all = { c->at, c->end - c->at };
	const char *start = c->at, *nul;
	bool good;

	*l = (struct statsd_line){};
	if (starts(&all, "_e{", 3)) {
		good = read_event(c, l);
		if (!l->text.at) { /* the lengths say nothing of where it ends */
			c->at = start;
			cut_line(c);
		}
	} else {
		cut_line(c);
		good = starts(&all, "_sc|", 4) ? read_check(c, l) : read_metric(c, l);
	}
	/* No text has one, and in JSON hardly anybody takes it. */
	nul = memchr(start, '\0', c->end - start);
	return nul ? fail(c, nul, "has a NUL byte in it") : good;
}

enum statsd_found statsd_next(struct statsd_reader *r, struct statsd_line *line)
{
	while (r->left) {
		struct cursor c = { r->at, r->at + r->left };
		const char *start = r->at, *end = c.end;
		bool empty =
			*start == '\n' || (*start == '\r' && (r->left == 1 || start[1] == '\n'));
		bool good = empty || read_line(&c, line);

		r->line = (struct statsd_bytes){ start, empty ? 0 : c.end - start };
		r->wrong = c.wrong;
		r->wrong_at = good ? 0 : r->done + (c.wrong_at - start);
		r->at += r->line.len;
		if (r->at < end && *r->at == '\r' && (r->at + 1 == end || r->at[1] == '\n'))
			r->at++;
		if (r->at < end)
			r->at++;
		r->left = end - r->at;
		r->done += r->at - start;
		if (!empty)
			return good ? STATSD_LINE : STATSD_WRONG;
	}
	return STATSD_END;
}

bool statsd_value(const struct statsd_line *line, size_t *at, struct statsd_value *value)
{
	struct cursor c = { line->values.at + *at, line->values.at + line->values.len };

	if (*at > line->values.len)
		return false;
	*value = (struct statsd_value){ .text = { c.at, c.end - c.at } };
	if (line->type == STATSD_SET) {
		*at = line->values.len + 1;
		return true;
	}
	value->text = take(&c, ':');
	value->has_sign = *value->text.at == '-' || *value->text.at == '+';
	number(&c, value->text.at, value->text.at + value->text.len, &value->number);
	*at += value->text.len + 1;
	return true;
}

/* The part at `at` of a list, as key and value. */
static void split_tag(const struct statsd_bytes *list, size_t at, char separator, char between,
		      struct statsd_tag *tag)
{
	struct cursor c = { list->at + at, list->at + list->len };
	const char *stop;

	tag->key = take(&c, separator);
	stop = memchr(tag->key.at, between, tag->key.len);
	tag->value = (struct statsd_bytes){ tag->key.at + tag->key.len, 0 };
	if (stop) {
		tag->value.len = tag->key.at + tag->key.len - stop - 1;
		tag->value.at = stop + 1;
		tag->key.len = stop - tag->key.at;
	}
}

/* `*at` counts on from the tags of the name to the others. */
bool statsd_tag(const struct statsd_line *line, size_t *at, struct statsd_tag *tag)
{
	size_t first = line->name_tags.at ? line->name_tags.len + 1 : 0;

	if (*at < first) {
		split_tag(&line->name_tags, *at, line->name_separator, '=', tag);
		*at += (tag->value.at + tag->value.len) - tag->key.at + 1;
		return true;
	}
	while (line->tags.at && *at <= first + line->tags.len) {
		split_tag(&line->tags, *at - first, ',', ':', tag);
		*at += (tag->value.at + tag->value.len) - tag->key.at + 1;
		if (tag->key.len || tag->value.len)
			return true;
	}
	return false;
}
