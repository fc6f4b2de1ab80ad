/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sink/osquery.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "base/message.h"
#include "base/num.h"

static const char *skip_space(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
		p++;
	return p;
}

/* Behind the object that begins at p, as brackets and quotes say; NULL: it doesn't end. What is in
 * it is looked at later. */
static const char *skip_object(const char *p, const char *end)
{
	size_t depth = 0;
	bool quoted = false;

	for (; p < end; p++) {
		if (quoted) {
			if (*p == '\\')
				p++;
			else if (*p == '"')
				quoted = false;
		} else if (*p == '"') {
			quoted = true;
		} else if (*p == '{' || *p == '[') {
			depth++;
		} else if ((*p == '}' || *p == ']') && !--depth) {
			return p + 1;
		}
	}
	return NULL;
}

static const char *add_row(struct osquery_result *r, const char *at, size_t len)
{
	if (r->n == OSQUERY_ROWS_MAX)
		return "has more than 4194304 rows";
	if (len > UINT32_MAX)
		return "has a row of more than 4 GiB";
	if (!(r->n & (r->n - 1))) { /* it is full: its room is a power of 2 */
		struct osquery_row *more =
			reallocarray(r->row, r->n ? 2 * r->n : 1, sizeof(*r->row));

		if (!more)
			return "finds no memory";
		r->row = more;
	}
	r->row[r->n++] = (struct osquery_row){ at, len };
	return NULL;
}

const char *osquery_split(struct osquery_result *r, size_t *at)
{
	const char *p = r->text, *end = p + r->len, *wrong = NULL, *behind;

	r->n = 0;
	p = skip_space(p, end);
	*at = p - r->text;
	if (p == end || *p != '[')
		return "is no JSON array";
	p = skip_space(p + 1, end);
	for (bool first = true; !wrong && p < end && (*p != ']' || !first); first = false) {
		*at = p - r->text;
		if (*p != '{')
			return "has a row that is no object";
		behind = skip_object(p, end);
		if (!behind)
			return "ends within a row";
		wrong = add_row(r, p, behind - p);
		p = skip_space(behind, end);
		if (p == end || *p != ',')
			break;
		p = skip_space(p + 1, end);
	}
	if (wrong)
		return wrong;
	*at = p - r->text;
	if (p == end)
		return "ends within the array";
	if (*p != ']')
		return "has something else than a comma behind a row";
	p = skip_space(p + 1, end);
	*at = p - r->text;
	return p < end ? "goes on behind the array" : NULL;
}

void osquery_free(struct osquery_result *r)
{
	free(r->text);
	free(r->row);
	*r = (struct osquery_result){};
}

/*
 * Invalid UTF-8 is no JSON. The row is scanned with another character in the place of each byte
 * that is not ASCII, and what was found is then looked for in the row itself.
 */
static bool scan_bytes(struct json_object *o, const struct osquery_row *row)
{
	static char ascii[OSQUERY_ROW_MAX];
	ptrdiff_t off = row->at - ascii;

	for (size_t i = 0; i < row->len; i++)
		ascii[i] = row->at[i] & 0x80 ? '?' : row->at[i];
	if (!json_scan(o, ascii, row->len))
		return false;
	for (size_t i = 0; i < o->n; i++) {
		o->member[i].key.at += off;
		o->member[i].value.at += off;
	}
	return true;
}

bool osquery_scan_row(struct json_object *o, const struct osquery_row *row)
{
	o->wrong_at = 0;
	o->wrong = "has more than 1048576 bytes";
	if (row->len > OSQUERY_ROW_MAX)
		return false;
	if (!json_scan(o, row->at, row->len) &&
	    (valid_utf8(row->at, row->len) || !scan_bytes(o, row)))
		return false;
	for (size_t i = 0; i < o->n; i++) {
		enum json_type type = o->member[i].value.type;

		if (type != JSON_OBJECT && type != JSON_ARRAY)
			continue;
		o->wrong_at = o->member[i].value.at - row->at;
		o->wrong = "has an object or an array in a column";
		return false;
	}
	return true;
}

/*
 * What is new and what is gone.
 */

static int by_bytes(const void *a, const void *b)
{
	const struct osquery_row *x = *(struct osquery_row *const *)a;
	const struct osquery_row *y = *(struct osquery_row *const *)b;
	int order = memcmp(x->at, y->at, x->len < y->len ? x->len : y->len);

	return order ? order : (x->len > y->len) - (x->len < y->len);
}

/* The good rows in the order of their bytes, ended by NULL. To be freed; NULL: out of memory. */
static struct osquery_row **sort_rows(struct osquery_result *r)
{
	struct osquery_row **sorted = calloc(r->n + 1, sizeof(struct osquery_row *));
	size_t n = 0;

	for (size_t i = 0; sorted && i < r->n; i++) {
		r->row[i].known = false;
		if (!r->row[i].bad)
			sorted[n++] = &r->row[i];
	}
	if (n)
		qsort(sorted, n, sizeof(*sorted), by_bytes);
	return sorted;
}

bool osquery_compare(struct osquery_result *before, struct osquery_result *after)
{
	struct osquery_row **olds = sort_rows(before), **news = sort_rows(after);
	struct osquery_row **o = olds, **n = news;

	while (o && n && *o && *n) {
		int order = by_bytes(o, n);

		if (!order)
			(*o)->known = (*n)->known = true;
		o += order <= 0;
		n += order >= 0;
	}
	free(olds);
	free(news);
	return olds && news;
}

/*
 * Numbers.
 */

static size_t count_digits(const char *s, const char *end)
{
	size_t n = 0;

	while (s + n < end && s[n] >= '0' && s[n] <= '9')
		n++;
	return n;
}

/* What stands behind the digits before the point: SQLite's "%!.15g"; a double has 17 at most. */
static bool is_fraction(const char *s, const char *end, size_t whole)
{
	size_t n = *s == '.' ? count_digits(s + 1, end) : 0, power, zeros;

	if (!n || (n > 1 && s[n] == '0'))
		return false;
	zeros = s[-1] == '0' && whole == 1 ? 1 + strspn(s + 1, "0") : 0;
	if (whole + n > zeros + 17)
		return false;
	s += 1 + n;
	if (s == end)
		return true;
	power = end - s >= 4 ? count_digits(s + 2, end) : 0;
	return *s == 'e' && (s[1] == '+' || s[1] == '-') && power >= 2 && s + 2 + power == end;
}

bool osquery_is_number(const char *s, size_t n)
{
	char text[32];
	const char *end, *digits = text;
	size_t whole;
	double d;

	if (!n || n >= sizeof(text))
		return false;
	memcpy(text, s, n);
	text[n] = '\0';
	end = text + n;
	digits += *text == '-';
	whole = count_digits(digits, end);
	if (!whole || (*digits == '0' && whole > 1))
		return false;
	d = strtod(text, NULL);
	if (!d && *text == '-')
		return false;
	if (digits + whole == end)
		return whole <= 16 && llabs(strtoll(text, NULL, 10)) <= OSQUERY_INTEGER_MAX;
	/* Too large or small for a double is what it would not be read back as. */
	if (d > DBL_MAX || d < -DBL_MAX || (!d && strpbrk(text, "123456789")))
		return false;
	return is_fraction(digits + whole, end, whole);
}

/*
 * Packs.
 */

/*
 * Joins lines and leaves out comments, as osquery does: what stands in `to` has no more bytes, of
 * which there are `limit` and one at most. *line is the line of `text` where that ends, from 1.
 * Returns how many bytes there are.
 */
static size_t strip(char *to, const char *text, size_t len, size_t limit, size_t *line)
{
	bool begins = true, comment = false; /* a line; and it is one */
	size_t n = 0;

	*line = 1;
	for (const char *p = text, *end = text + len; p < end && n <= limit; p++) {
		if (end - p > 1 && !memcmp(p, "\\\n", 2)) {
			p++;
			++*line;
			continue;
		}
		if (*p == '\n')
			comment = false;
		else if (begins && (*p == '#' || (end - p > 1 && !memcmp(p, "//", 2))))
			comment = true;
		begins = *p == '\n' || (begins && (*p == ' ' || *p == '\t'));
		*line += *p == '\n' && n < limit;
		if (!comment)
			to[n++] = *p;
	}
	return n;
}

/* As a C string, to be freed. */
static char *copy_text(const struct json_value *v)
{
	char *text = malloc(v->len + 1);

	if (!text)
		die(STATUS_FAILED, "out of memory");
	text[json_text(v, text)] = '\0';
	return text;
}

/* Whether a text is one that is among those given, separated by commas. */
static bool is_in(const char *list, const char *text)
{
	size_t len = strlen(text);

	for (const char *p = list; (p = strstr(p, text)); p++)
		if ((p == list || p[-1] == ',') && (p[len] == ',' || !p[len]))
			return true;
	return false;
}

/* "linux,darwin", "posix", "all": as osquery has it. */
static bool is_ours(const struct json_object *o)
{
	static const char *const ours[] = { "null", "all", "any", "posix", "linux" };
	const struct json_value *v = json_find(o, "platform", 8);
	bool found = !v || v->type != JSON_STRING || !v->len;
	char *platform = found ? NULL : copy_text(v), *to = platform;

	for (const char *p = platform; p && *p; p++)
		if (*p != ' ')
			*to++ = *p;
	if (platform)
		*to = '\0';
	for (size_t i = 0; !found && i < sizeof(ours) / sizeof(*ours); i++)
		found = is_in(platform, ours[i]);
	free(platform);
	return found;
}

/* true, 1, "true" and the like; without it what is given. False: it is something else. */
static bool read_bool(const struct json_object *o, const char *name, bool *to)
{
	const struct json_value *v = json_find(o, name, strlen(name));

	if (!v)
		return true;
	*to = v->type == JSON_TRUE || (v->len == 1 && *v->at == '1') ||
	      (v->len == 4 && !memcmp(v->at, "true", 4));
	return *to || v->type == JSON_FALSE || (v->len == 1 && *v->at == '0') ||
	       (v->len == 5 && !memcmp(v->at, "false", 5));
}

static bool read_interval(const struct json_object *o, uint64_t *to)
{
	const struct json_value *v = json_find(o, "interval", 8);
	char text[20] = "";

	*to = OSQUERY_INTERVAL;
	if (v && v->len < sizeof(text))
		memcpy(text, v->at, v->len);
	return !v || parse_u64(text, 1, OSQUERY_INTERVAL_MAX, to);
}

static void note_what_we_lack(struct osquery_pack *p, const struct json_object *o)
{
	p->discovery |= !!json_find(o, "discovery", 9);
	p->shard |= !!json_find(o, "shard", 5);
	p->version |= !!json_find(o, "version", 7);
}

static const char *read_query(struct osquery_pack *p, const struct json_member *m)
{
	struct osquery_query q = { .removed = true };
	const struct json_value *sql;
	struct json_object o = {};
	const char *wrong = NULL;

	if (m->value.type != JSON_OBJECT || !json_scan(&o, m->value.at, m->value.len))
		return "is no object";
	sql = json_find(&o, "query", 5);
	if (!sql || sql->type != JSON_STRING || !sql->len)
		wrong = "has no text as query";
	else if (!read_interval(&o, &q.interval))
		wrong = "has an interval that is no number of seconds from 1 to 604800";
	else if (!read_bool(&o, "snapshot", &q.snapshot))
		wrong = "has a snapshot that is neither true nor false";
	else if (!read_bool(&o, "removed", &q.removed))
		wrong = "has a removed that is neither true nor false";
	if (!wrong && is_ours(&o)) {
		note_what_we_lack(p, &o);
		q.name = copy_text(&m->key);
		q.sql = copy_text(sql);
		p->query(p->ctx, &q);
	}
	json_free(&o);
	return wrong;
}

static void read_queries(struct osquery_pack *p, const struct json_object *pack)
{
	const struct json_value *v = json_find(pack, "queries", 7);
	struct json_object queries = {};

	if (!v || v->type != JSON_OBJECT || !json_scan(&queries, v->at, v->len)) {
		p->wrong = "has no object called queries";
		return;
	}
	note_what_we_lack(p, pack);
	for (size_t i = 0; i < queries.n && !p->wrong; i++) {
		const struct json_value *key = &queries.member[i].key;

		p->wrong = read_query(p, &queries.member[i]);
		if (p->wrong)
			*put_text(p->where, key->at, key->len < 20 ? key->len : 20, NULL) = '\0';
	}
	json_free(&queries);
}

bool osquery_read_pack(struct osquery_pack *p, const char *text, size_t len)
{
	struct json_object pack = {};
	char *stripped = malloc(len + 1);
	size_t line;

	if (!stripped)
		die(STATUS_FAILED, "out of memory");
	p->wrong = NULL;
	*p->where = '\0';
	p->line = 0;
	if (!json_scan(&pack, stripped, strip(stripped, text, len, SIZE_MAX, &line))) {
		p->wrong = pack.wrong;
		strip(stripped, text, len, pack.wrong_at, &p->line);
	} else if (is_ours(&pack)) {
		read_queries(p, &pack);
	}
	json_free(&pack);
	free(stripped);
	return !p->wrong;
}
