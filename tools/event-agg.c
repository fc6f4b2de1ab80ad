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
	{ "interval", 'I', OPTION_DURATION, "TIME", AT(interval), .min = 1 * MS,
	  .help = "print what came each TIME, and at the end of the input (default 30s)" },
	{ "by", 0, OPTION_LIST, "KEYS", AT(by),
	  .help = "events are equal when these fields, separated by commas, are (default: all "
		  "but ts)" },
	{ "sum", 0, OPTION_LIST, "KEYS", AT(sums), .help = "add up a number: KEY_sum" },
	{ "min", 0, OPTION_LIST, "KEYS", AT(mins), .help = "the smallest: KEY_min" },
	{ "max", 0, OPTION_LIST, "KEYS", AT(maxs), .help = "the largest: KEY_max" },
	{ "percentiles", 0, OPTION_STRING, "LIST", AT(percentiles),
	  .help = "such as 50,99.9, of the numbers that --of names: KEY_p50, KEY_p99.9" },
	{ "of", 0, OPTION_LIST, "KEYS", AT(of), .help = "what --percentiles is of" },
	{ "distinct", 0, OPTION_LIST, "KEYS", AT(distinct),
	  .help = "how many different values there are: KEY_distinct" },
	{ "max-groups", 0, OPTION_NUMBER, "N", AT(max_groups), .min = 1, .max = 10000000,
	  .help = "keep N different events at most in an interval; those beyond are summed up in "
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
	char text[47];
	uint8_t len;
};

struct group {
	struct total count;
	struct moment first, last;
	/* columns follow */
};

static size_t group_size = (sizeof(struct group) + 15) & ~(size_t)15;
static struct groups *groups, *distinct;
static struct group *other; /* for what there is no group */
static uint64_t events, printed, without_group;

static struct writer out = { .fd = STDOUT_FILENO, .what = "events" };
static char text[FLUSH_SIZE + KEY_MAX + COLUMNS_MAX + 256], *text_end = text;
static char key[KEY_MAX];

/*
 * The command line.
 */

static struct path make_path(const char *option, const char *at, size_t len)
{
	char *name = malloc(6 * len + 1);
	bool valid = true;

	if (!name)
		die(STATUS_FAILED, "out of memory");
	if (!len)
		die(STATUS_USAGE, "--%s: a field's name is missing", option);
	len = put_json(name, at, len, &valid) - name;
	if (!valid)
		die(STATUS_USAGE, "--%s: a field's name is not UTF-8", option);
	return (struct path){ at, strcspn(at, ","), { .at = name, .len = len } };
}

static void add_by(void *ctx, const char *path, size_t len)
{
	(void)ctx;
	by = reallocarray(by, n_by + 1, sizeof(*by));
	if (!by)
		die(STATUS_FAILED, "out of memory");
	by[n_by++] = make_path("by", path, len);
}

static void add_column(void *ctx, const char *path, size_t len)
{
	static const struct {
		const char *option;
		size_t size;
	} of_kind[] = {
		[SUM] = { "sum", sizeof(struct number) },
		[MIN] = { "min", sizeof(struct number) },
		[MAX] = { "max", sizeof(struct number) },
		[PERCENTILES] = { "of", sizeof(struct sample) },
		[DISTINCT] = { "distinct", sizeof(struct values) },
	};
	int kind = *(int *)ctx;

	columns = reallocarray(columns, n_columns + 1, sizeof(*columns));
	if (!columns)
		die(STATUS_FAILED, "out of memory");
	columns[n_columns++] = (struct column){
		kind,
		make_path(of_kind[kind].option, path, len),
		group_size,
	};
	group_size += (of_kind[kind].size + 15) & ~(size_t)15;
}

static void add_columns(const struct list *keys, int kind)
{
	for (size_t i = 0; i < keys->n; i++)
		list_split(keys->item[i], add_column, &kind);
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
	percentiles = reallocarray(percentiles, n_percentiles + 1, sizeof(*percentiles));
	if (!percentiles)
		die(STATUS_FAILED, "out of memory");
	percentiles[n_percentiles++] = percent;
}

/*
 * Lines come in.
 */

/* A member as it will be printed, and a comma; strings that are the same are made to look the same.
 */
static char *put_member(char *to, const struct json_value *name, const struct json_value *value)
{
	static char plain[INPUT_LINE_MAX];
	bool quote = value->type == JSON_STRING, valid;

	*to++ = '"';
	to = mempcpy(to, name->at, name->len);
	to = mempcpy(to, "\":", 2);
	if (value->type == JSON_STRING && value->escaped) {
		*to++ = '"';
		to = put_json(to, plain, json_text(value, plain), &valid);
		return stpcpy(to, "\",");
	}
	to = mempcpy(to, value->at - quote, value->len + 2 * quote);
	*to++ = ',';
	return to;
}

static bool is_named(const struct json_value *name, const char *plain)
{
	return name->len == strlen(plain) && !memcmp(name->at, plain, name->len);
}

/* The members of a line that make it equal to others, each with a comma behind it: what is summed
 * up in their place isn't among them. Returns the end. */
static char *put_whole_key(const struct json_object *o)
{
	char *end = key;

	for (size_t i = 0; i < o->n; i++) {
		const struct json_value *name = &o->member[i].key;

		if (!is_named(name, "ts") && !is_named(name, "ts_last") && !is_named(name, "count"))
			end = put_member(end, name, &o->member[i].value);
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
		end = put_member(end, &by[i].name, &value);
	}
	return end;
}

/* Lines of several processors are not quite in order. Times of the same form compare as text. */
static void note_time(struct group *g, const struct json_value *ts, const struct json_value *last)
{
	if (ts && ts->len <= sizeof(g->first.text) &&
	    (!g->first.len ||
	     (g->first.len == ts->len && memcmp(ts->at, g->first.text, ts->len) < 0))) {
		memcpy(g->first.text, ts->at, ts->len);
		g->first.len = ts->len;
	}
	if (last && last->len <= sizeof(g->last.text) &&
	    (g->last.len != last->len || memcmp(last->at, g->last.text, last->len) > 0)) {
		memcpy(g->last.text, last->at, last->len);
		g->last.len = last->len;
	}
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
	to = stpcpy(stpcpy(to, name), "\"");
	to = mempcpy(to, m->text, m->len);
	return stpcpy(to, "\",");
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
	if (other->count.whole || other->count.real) {
		put_group(other, other_members, sizeof(other_members) - 1);
		memset(other, 0, group_size);
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
	for (size_t i = 0; i < config.by.n; i++)
		list_split(config.by.item[i], add_by, NULL);
	add_columns(&config.sums, SUM);
	add_columns(&config.mins, MIN);
	add_columns(&config.maxs, MAX);
	add_columns(&config.of, PERCENTILES);
	add_columns(&config.distinct, DISTINCT);
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
	if (!out.closed)
		summarize("%llu events became %llu", (unsigned long long)events,
			  (unsigned long long)printed);
	if (without_group)
		say("%llu events were beyond --max-groups %llu: they are in those with other: true",
		    (unsigned long long)without_group, (unsigned long long)config.max_groups);
	return good && !out.failed && !out.stuck ? STATUS_OK : STATUS_FAILED;
}
