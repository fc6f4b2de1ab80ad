/* SPDX-License-Identifier: GPL-2.0-or-later */
/* event-agg: equal events become one, with how many there were. */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/clock.h"
#include "base/escape.h"
#include "base/groups.h"
#include "base/num.h"
#include "base/sample.h"
#include "base/stop.h"
#include "sink/helper.h"
#include "sink/input.h"
#include "sink/total.h"

#define FLUSH_SIZE   (64 << 10)
#define DISTINCT_MAX 1000000		  /* values known at a time, of all groups */
#define KEY_MAX	     (6 * INPUT_LINE_MAX) /* what put_json() may make of a line */
#define COLUMNS_MAX  (1 << 20)		  /* bytes that the columns of one group may take */

static struct {
	struct list by, sums, mins, maxs, of, distinct;
	const char *percentiles;
	uint64_t interval, max_groups;
} config = { .interval = 30 * SECOND, .max_groups = 10000 };

/* clang-format off */
#define AT(member) .offset = offsetof(__typeof__(config), member)
/* clang-format on */

static const struct option_row options[] = {
	{ "interval", 'I', OPTION_DURATION, "TIME", AT(interval), .min = 1,
	  .help = "print what came each TIME, and at the end of the input (default 30s)" },
	{ "by", 0, OPTION_LIST, "KEYS", AT(by),
	  .help = "events are equal when these fields, separated by commas, are (default: all "
		  "but ts, and what other options name)" },
	{ "sum", 0, OPTION_LIST, "KEYS", AT(sums), .help = "add up a number: KEY_sum" },
	{ "min", 0, OPTION_LIST, "KEYS", AT(mins), .help = "the smallest: KEY_min" },
	{ "max", 0, OPTION_LIST, "KEYS", AT(maxs), .help = "the largest: KEY_max" },
	{ "percentiles", 0, OPTION_STRING, "LIST", AT(percentiles),
	  .help = "such as 50,99.9, of the numbers that --of names: KEY_p50, KEY_p99.9" },
	{ "of", 0, OPTION_LIST, "KEYS", AT(of), .help = "what --percentiles is of" },
	{ "distinct", 0, OPTION_LIST, "KEYS", AT(distinct),
	  .help = "how many different values there are: KEY_distinct" },
	{ "max-groups", 0, OPTION_NUMBER, "N", AT(max_groups), .min = 1, .max = 1000000,
	  .help = "tell N different events apart, at most, in an interval; what is beyond becomes "
		  "one with other: true (default 10000)" },
	{},
};

/* What a column has in a group. */
struct number {
	struct total total;
	bool any;
};

struct values {
	uint64_t n;
	bool more; /* there is no room to know */
};

/* A field, in the words of the command line and as JSON. */
struct path {
	const char *at;
	size_t len;
	struct json_value name;
};

struct column {
	enum {
		SUM,
		MIN,
		MAX,
		PERCENTILES,
		DISTINCT
	} kind;
	struct path path;
	size_t at; /* in the group's record */
};

static struct column *columns;
static size_t n_columns;

static struct path *by;
static size_t n_by;

static double *percentiles;
static size_t n_percentiles;

/* A timestamp as it came, with its quotes. */
struct moment {
	char text[46];
	uint8_t len, type;
};

struct group {
	struct total count;
	struct moment first, last;
	/* columns follow */
};

static size_t group_size = (sizeof(struct group) + 15) & ~(size_t)15;
static struct groups *groups, *distinct;
static struct group *other; /* for what there is no group */
static bool other_used;
static uint64_t events, printed, without_group;

static struct writer out = { .fd = STDOUT_FILENO, .what = "events" };
static char text[FLUSH_SIZE + KEY_MAX + COLUMNS_MAX + 256], *text_end = text;
static char key[KEY_MAX];

/*
 * The command line.
 */

/* An option whose argument is a list of fields. */
struct naming {
	const char *option, *arg;
	int kind; /* of column */
	size_t size;
};

static struct path make_path(const struct naming *n, const char *at, size_t len)
{
	char *name = malloc(6 * len + 1);
	bool valid = true;
	size_t name_len;

	if (!name)
		die(STATUS_FAILED, "out of memory");
	name_len = put_json(name, at, len, &valid) - name;
	if (!len || !valid)
		die(STATUS_USAGE,
		    "--%s: '%s' is not a list of fields, in UTF-8, such as event,comm", n->option,
		    n->arg);
	return (struct path){ at, len, { .at = name, .len = name_len } };
}

static bool is_named(const struct json_value *name, const struct json_value *other_name)
{
	return name->len == other_name->len && !memcmp(name->at, other_name->at, name->len);
}

/* Whether it is told of equal events in any case. */
static bool is_told(const struct json_value *name)
{
	static const struct json_value told[] = {
		{ .at = "ts", .len = 2 },
		{ .at = "ts_last", .len = 7 },
		{ .at = "count", .len = 5 },
	};

	for (size_t i = 0; i < sizeof(told) / sizeof(*told); i++)
		if (is_named(name, &told[i]))
			return true;
	return false;
}

static void add_by(void *ctx, const char *path, size_t len)
{
	struct path p = make_path(ctx, path, len);

	if (is_told(&p.name))
		die(STATUS_USAGE,
		    "--by: '%.*s' is summed up (ts, ts_last and count are), not compared", (int)len,
		    path);
	for (size_t i = 0; i < n_by; i++)
		if (is_named(&by[i].name, &p.name))
			return free((char *)p.name.at);
	by = reallocarray(by, n_by + 1, sizeof(*by));
	if (!by)
		die(STATUS_FAILED, "out of memory");
	by[n_by++] = p;
}

static void add_column(void *ctx, const char *path, size_t len)
{
	const struct naming *n = ctx;
	struct path p = make_path(n, path, len);

	for (size_t i = 0; i < n_columns; i++)
		if ((int)columns[i].kind == n->kind && is_named(&columns[i].path.name, &p.name))
			return free((char *)p.name.at);
	columns = reallocarray(columns, n_columns + 1, sizeof(*columns));
	if (!columns)
		die(STATUS_FAILED, "out of memory");
	columns[n_columns++] = (struct column){ n->kind, p, group_size };
	group_size += (n->size + 15) & ~(size_t)15;
}

static void add_names(const struct list *lists, struct naming n,
		      void (*add)(void *ctx, const char *name, size_t len))
{
	for (size_t i = 0; i < lists->n; i++) {
		n.arg = lists->item[i];
		list_split(n.arg, add, &n);
	}
}

static void add_percentile(void *ctx, const char *item, size_t len)
{
	char *end;
	double percent = strtod(item, &end);

	(void)ctx;
	if (end != item + len || !len || !(percent > 0 && percent <= 100) ||
	    strspn(item, "0123456789.") < len)
		die(STATUS_USAGE,
		    "--percentiles: '%.*s' is not a number above 0 and up to 100, such as 99.9",
		    (int)len, item);
	for (size_t i = 0; i < n_percentiles; i++)
		if (percentiles[i] == percent)
			return;
	percentiles = reallocarray(percentiles, n_percentiles + 1, sizeof(*percentiles));
	if (!percentiles)
		die(STATUS_FAILED, "out of memory");
	percentiles[n_percentiles++] = percent;
}

/*
 * Lines come in.
 */

/* What is between the quotes, so that strings that are the same look the same. */
static char *put_string(char *to, const struct json_value *v)
{
	static char plain[INPUT_LINE_MAX];
	bool valid;

	if (!v->escaped)
		return put_json(to, v->at, v->len, &valid);
	return put_json(to, plain, json_text(v, plain), &valid);
}

/* Behind a name: a value as it will be printed, and a comma. */
static char *put_value(char *to, const struct json_value *value)
{
	to = mempcpy(to, "\":", 2);
	if (value->type != JSON_STRING) {
		to = mempcpy(to, value->at, value->len);
	} else {
		*to++ = '"';
		to = put_string(to, value);
		*to++ = '"';
	}
	*to++ = ',';
	return to;
}

static bool is_left_out(const struct json_value *name)
{
	if (is_told(name))
		return true;
	for (size_t i = 0; i < n_columns; i++)
		if (is_named(name, &columns[i].path.name))
			return true;
	return false;
}

/* The members of a line that make it equal to others, each with a comma behind it: what is summed
 * up in their place isn't among them. Returns the end. */
static char *put_whole_key(const struct json_object *o)
{
	char *end = key;

	for (size_t i = 0; i < o->n; i++) {
		struct json_value name = { .at = end + 1 };
		char *behind;

		*end = '"';
		behind = put_string(end + 1, &o->member[i].key);
		name.len = behind - name.at;
		if (!is_left_out(&name))
			end = put_value(behind, &o->member[i].value);
	}
	return end;
}

/* The same of the fields of --by. NULL: the same long one is among them again and again. */
static char *put_key_by(const struct json_object *o)
{
	char *end = key;

	for (size_t i = 0; i < n_by; i++) {
		struct json_value value;

		if (!json_find_path(o, by[i].at, by[i].len, &value))
			continue;
		if (by[i].name.len + 6ul * value.len + 8 > (size_t)(key + KEY_MAX - end))
			return NULL;
		*end = '"';
		end = put_value(mempcpy(end + 1, by[i].name.at, by[i].name.len), &value);
	}
	return end;
}

/*
 * Whether a time is before another one (below 0), whose line came earlier. Texts compare as such
 * where they are of the same length; if they aren't, the order of the lines is all that there is.
 */
static int compare_times(const struct json_value *v, const struct moment *m)
{
	struct json_value before = { .at = m->text, .len = m->len, .type = m->type };
	struct total a = {}, b = {};

	if (total_add(&a, v) && total_add(&b, &before))
		return total_compare(&a, &b);
	return v->type == JSON_STRING && v->len + 2u == m->len ? memcmp(v->at - 1, m->text, m->len)
							       : 1;
}

static void set_moment(struct moment *m, const struct json_value *v)
{
	bool quote = v->type == JSON_STRING;

	m->len = v->len + 2 * quote;
	m->type = v->type;
	memcpy(m->text, v->at - quote, m->len);
}

static bool is_time(const struct json_value *v)
{
	return v && v->type <= JSON_REAL && v->len + 2 <= sizeof(((struct moment *)0)->text);
}

/* Lines of several processors are not quite in order. */
static void note_time(struct group *g, const struct json_value *ts, const struct json_value *last)
{
	if (is_time(ts) && (!g->first.len || compare_times(ts, &g->first) < 0))
		set_moment(&g->first, ts);
	if (is_time(last) && (!g->last.len || compare_times(last, &g->last) > 0))
		set_moment(&g->last, last);
}

static void add_number(struct number *n, int kind, const struct json_value *v)
{
	struct total t = {};

	if (kind == SUM) {
		n->any |= total_add(&n->total, v);
	} else if (total_add(&t, v)) {
		int order = total_compare(&t, &n->total);

		if (!n->any || (kind == MIN ? order < 0 : order > 0))
			n->total = t;
		n->any = true;
	}
}

/* A value is known by its hash: it may be long, and need not be printed. */
static void add_distinct(struct values *values, uint64_t group, const struct column *c,
			 const struct json_value *v)
{
	static uint64_t seed; /* who chooses the values can't choose the hashes */
	static char plain[INPUT_LINE_MAX];
	struct {
		uint64_t group, column;
		XXH128_hash_t hash;
	} value = { .group = group, .column = c - columns };
	uint32_t before = groups_count(distinct);

	while (!seed && getrandom(&seed, sizeof(seed), 0) < 0)
		;
	value.hash = v->escaped ? XXH3_128bits_withSeed(plain, json_text(v, plain), seed)
				: XXH3_128bits_withSeed(v->at, v->len, seed);
	value.hash.high64 ^= v->type;
	if (!groups_get(distinct, &value, sizeof(value)))
		values->more = true;
	values->n += groups_count(distinct) - before;
}

static void add_columns_of(struct group *g, const struct json_object *o)
{
	for (size_t i = 0; i < n_columns; i++) {
		const struct column *c = &columns[i];
		void *record = (char *)g + c->at;
		struct json_value v;
		double d;

		if (!json_find_path(o, c->path.at, c->path.len, &v))
			continue;
		if (c->kind == DISTINCT)
			add_distinct(record, (uintptr_t)g, c, &v);
		else if (c->kind != PERCENTILES)
			add_number(record, c->kind, &v);
		else if (json_double(&v, &d))
			sample_add(record, d);
	}
}

static void on_line(void *ctx, const struct json_object *o)
{
	const struct json_value *ts = json_find(o, "ts", 2), *last = json_find(o, "ts_last", 7);
	const struct json_value *count = json_find(o, "count", 5);
	const char *end = n_by ? put_key_by(o) : put_whole_key(o);
	struct group *g = end ? groups_get(groups, key, end - key) : NULL;

	(void)ctx;
	events++;
	if (!g) {
		without_group++;
		other_used = true;
		g = other;
	}
	/* An event that stands for several counts as many. */
	if (!count || !total_add(&g->count, count))
		total_add_integer(&g->count, 1);
	note_time(g, ts, last ? last : ts);
	if (n_columns)
		add_columns_of(g, o);
}

/*
 * Groups go out.
 */

static void flush(void)
{
	writer_put(&out, text, text_end - text);
	text_end = text;
}

static char *put_moment(char *to, const char *name, const struct moment *m)
{
	if (!m->len)
		return to;
	to = mempcpy(stpcpy(to, name), m->text, m->len);
	*to++ = ',';
	return to;
}

static char *put_name(char *to, const struct column *c, const char *suffix)
{
	to = stpcpy(to, ",\"");
	to = mempcpy(to, c->path.name.at, c->path.name.len);
	return stpcpy(stpcpy(to, suffix), "\":");
}

static char *put_percentiles(char *to, const struct column *c, struct sample *s)
{
	for (size_t i = 0; i < n_percentiles && s->n; i++) {
		char suffix[32] = "_p";

		*put_double(suffix + 2, percentiles[i]) = '\0';
		to = put_name(to, c, suffix);
		to = put_double(to, sample_percentile(s, percentiles[i]));
	}
	return to;
}

static char *put_column(char *to, const struct column *c, void *record)
{
	static const char *const suffix[] = { [SUM] = "_sum", [MIN] = "_min", [MAX] = "_max" };
	const struct number *number = record;
	const struct values *values = record;

	switch (c->kind) {
	case SUM:
	case MIN:
	case MAX:
		if (!number->any)
			return to;
		return put_total(put_name(to, c, suffix[c->kind]), &number->total);
	case PERCENTILES:
		return put_percentiles(to, c, record);
	case DISTINCT:
		to = put_u64(put_name(to, c, "_distinct"), values->n);
		return values->more ? stpcpy(put_name(to, c, "_distinct_more"), "true") : to;
	}
	return to;
}

/* `members` with a comma behind each. Frees what the group's record points to. */
static void put_group(struct group *g, const char *members, size_t len)
{
	char *to = text_end;

	*to++ = '{';
	to = put_moment(to, "\"ts\":", &g->first);
	to = mempcpy(to, members, len);
	to = put_total(stpcpy(to, "\"count\":"), &g->count);
	for (size_t i = 0; i < n_columns; i++) {
		void *record = (char *)g + columns[i].at;

		to = put_column(to, &columns[i], record);
		if (columns[i].kind == PERCENTILES)
			sample_reset(record);
	}
	if (g->last.len) {
		*to++ = ',';
		to = put_moment(to, "\"ts_last\":", &g->last) - 1;
	}
	text_end = mempcpy(to, "}\n", 2);
	printed++;
	if (text_end - text >= FLUSH_SIZE)
		flush();
}

static void on_window(void *ctx)
{
	static const char other_members[] = "\"other\":true,";
	const void *members;
	size_t len;

	(void)ctx;
	for (uint32_t i = 0; i < groups_count(groups); i++) {
		struct group *g = groups_at(groups, i, &members, &len);

		put_group(g, members, len);
	}
	if (other_used) {
		put_group(other, other_members, sizeof(other_members) - 1);
		memset(other, 0, group_size);
		other_used = false;
	}
	flush();
	groups_clear(groups);
	if (distinct)
		groups_clear(distinct);
}

static const struct helper helper = {
	.name = "event-agg",
	.summary = "Print equal events of standard input as one, with how many there were.",
	.options = options,
	.config = &config,
};

static void read_options(int argc, char **argv)
{
	size_t size = 0;

	helper_options(&helper, argc, argv, NULL);
	add_names(&config.by, (struct naming){ "by" }, add_by);
	add_names(&config.sums, (struct naming){ "sum", NULL, SUM, sizeof(struct number) },
		  add_column);
	add_names(&config.mins, (struct naming){ "min", NULL, MIN, sizeof(struct number) },
		  add_column);
	add_names(&config.maxs, (struct naming){ "max", NULL, MAX, sizeof(struct number) },
		  add_column);
	add_names(&config.of, (struct naming){ "of", NULL, PERCENTILES, sizeof(struct sample) },
		  add_column);
	add_names(&config.distinct,
		  (struct naming){ "distinct", NULL, DISTINCT, sizeof(struct values) }, add_column);
	if (config.percentiles)
		list_split(config.percentiles, add_percentile, NULL);
	if (!config.percentiles != !config.of.n)
		die(STATUS_USAGE, "--percentiles and --of need each other");
	for (size_t i = 0; i < n_columns; i++)
		size += (columns[i].path.name.len + 64) * (n_percentiles + 2);
	if (size > COLUMNS_MAX)
		die(STATUS_USAGE, "so many columns have no room in a line");
}

int main(int argc, char **argv)
{
	struct input in = { .line = on_line, .window = on_window, .out = &out };
	bool good;

	read_options(argc, argv);
	groups = groups_new(group_size, config.max_groups);
	other = calloc(1, group_size);
	if (config.distinct.n)
		distinct = groups_new(0, DISTINCT_MAX);
	if (!groups || !other || (config.distinct.n && !distinct))
		die(STATUS_FAILED, "out of memory");
	in.interval = config.interval;
	out.grace = shared.grace;
	stop_on_signals(false);
	good = input_read(&in);
	good &= rejects_end();
	if (out.stuck)
		say("nobody takes the output: not all of it was written");
	if (writer_open(&out))
		summarize("%llu events became %llu", (unsigned long long)events,
			  (unsigned long long)printed);
	if (without_group)
		say("%llu events had no room (--max-groups is %llu): those with other: true count "
		    "them",
		    (unsigned long long)without_group, (unsigned long long)config.max_groups);
	return good && !out.failed && !out.stuck ? STATUS_OK : STATUS_FAILED;
}
