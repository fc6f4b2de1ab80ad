/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "out/top.h"

#include <assert.h>
#include <stdlib.h>

#include "base/escape.h"
#include "base/groups.h"
#include "base/num.h"
#include "out/plan.h"

#define SUMS_MAX     4
#define KEY_MAX	     (OUT_LINE_MAX / 2) /* longer ones are others: the line has more than the key */
#define COUNT_WIDTH  8
#define HOME	     "\033[H" /* ECMA-48: CUP, and ED and EL from here to the end */
#define CLEAR_SCREEN "\033[J"
#define CLEAR_LINE   "\033[K"

struct row {
	uint64_t count;
	uint64_t first, last; /* time of an event */
	uint64_t sum[SUMS_MAX];
};

/* What is summed up, of all events that have it: a field's name, and how its column looks. */
struct sum {
	const char *name, *heading;
	size_t width;
	const struct field *of[EVENT_TYPES]; /* NULL: not in this one */
};

enum step {
	STEP_TOTALS,
	STEP_HEADING,
	STEP_ROWS,
	STEP_OTHERS,
	STEP_END,
};

struct top {
	struct out *out;
	struct groups *groups;
	struct sum sums[SUMS_MAX];
	unsigned n_sums;
	struct row others;
	uint64_t events, without_room;
	char *tags; /* as they print */

	struct top_view view;
	enum step step;
	uint32_t next, shown;
	bool any;   /* view came before this one */
	bool drawn; /* on the terminal */
	uint32_t order[TOP_KEYS_MAX];
	char key[OUT_LINE_MAX];
};

static bool is_selected(const struct out_config *config, const struct event_desc *d)
{
	return config->selected >> (d - config->events) & 1;
}

const char *top_default(const struct out_config *config)
{
	for (const struct event_desc *d = config->events; d->name; d++)
		for (const struct field *f = d->fields; f->name && is_selected(config, d); f++)
			if (f->by)
				return f->name;
	return "comm";
}

static struct sum *find_sum(struct top *t, const char *name)
{
	struct sum *s = t->sums;

	while (s < t->sums + t->n_sums && strcmp(s->name, name))
		s++;
	return s;
}

static void add_sum(struct top *t, const struct event_desc *d, const struct field *f)
{
	struct sum *s = find_sum(t, f->name);

	assert(s < t->sums + SUMS_MAX); /* a tool's table has more */
	if (!s->name) {
		s->name = f->name;
		s->heading = f->heading ?: f->name;
		s->width = f->width > strlen(s->heading) ? f->width : strlen(s->heading);
		t->n_sums++;
	}
	s->of[d->type] = f;
}

/* Whether a row has a member of this name beside the key. */
static bool is_taken(const struct top *t, const char *name)
{
	static const char *const own[] = { "of", "count", "other", "ts_last" };

	for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++)
		if (!strcmp(own[i], name))
			return true;
	for (const struct sum *s = t->sums; s < t->sums + t->n_sums; s++)
		if (!strncmp(s->name, name, strlen(s->name)) &&
		    !strcmp(name + strlen(s->name), "_sum"))
			return true;
	return false;
}

/* Tags are the same in all rows: a table says them once, with the totals. */
static char *make_tags(const struct top *t, const struct out_tag *tags)
{
	size_t size = 1;
	bool valid = true;
	char *text, *to;

	for (const struct out_tag *tag = tags; tag && tag->name; tag++)
		size += 6 * (strlen(tag->name) + strlen(tag->value)) + sizeof(",\"\":\"\"");
	text = to = malloc(size);
	for (const struct out_tag *tag = tags; text && tag && tag->name; tag++) {
		to = stpcpy(to, t->out->table ? ", " : ",\"");
		to = stpcpy(to, tag->name);
		to = stpcpy(to, t->out->table ? "=" : "\":\"");
		to = t->out->table ? put_text(to, tag->value, strlen(tag->value), NULL)
				   : put_json(to, tag->value, strlen(tag->value), &valid);
		to = stpcpy(to, t->out->table ? "" : "\"");
	}
	if (text)
		*to = '\0';
	return text;
}

struct top *top_new(struct out *out, const struct out_config *config, char *error, size_t size)
{
	struct top *t = calloc(1, sizeof(*t));

	*error = '\0';
	if (t) {
		t->out = out;
		t->groups = groups_new(sizeof(struct row), TOP_KEYS_MAX);
		t->tags = make_tags(t, config->tags);
	}
	if (!t || !t->groups || !t->tags) {
		snprintf(error, size, "out of memory");
		top_free(t);
		return NULL;
	}
	groups_limit(t->groups, TOP_BYTES_MAX);
	for (const struct event_desc *d = config->events; d->name; d++)
		for (const struct field *f = d->fields; f->name && is_selected(config, d); f++)
			if (f->sum)
				add_sum(t, d, f);
	for (const struct out_tag *tag = config->tags; tag && tag->name; tag++) {
		if (!is_taken(t, tag->name))
			continue;
		snprintf(error, size, "tag '%s' has the name of what --top prints; choose another",
			 tag->name);
		top_free(t);
		return NULL;
	}
	return t;
}

void top_free(struct top *t)
{
	if (t) {
		groups_free(t->groups);
		free(t->tags);
	}
	free(t);
}

static void add_row(struct row *to, const struct row *from)
{
	if (!to->count || from->first < to->first)
		to->first = from->first;
	if (from->last > to->last)
		to->last = from->last;
	to->count += from->count;
	for (unsigned i = 0; i < SUMS_MAX; i++)
		to->sum[i] += from->sum[i];
}

bool top_add(struct top *t, const struct event *e, size_t size)
{
	struct row one = { .count = 1, .first = e->ts, .last = e->ts }, *row = NULL;
	size_t len = out_line(t->out, t->key, e, size) - t->key;

	if (!len)
		return false;
	for (unsigned i = 0; i < t->n_sums; i++) {
		const struct field *f = t->sums[i].of[e->type];

		if (f)
			one.sum[i] = load_number((const char *)e + f->offset, f->size);
	}
	if (len <= KEY_MAX)
		row = groups_get(t->groups, t->key, len);
	if (!row) {
		t->without_room++;
		row = &t->others;
	}
	add_row(row, &one);
	t->events++;
	return true;
}

uint64_t top_events(const struct top *t)
{
	return t->events;
}

uint64_t top_without_room(const struct top *t)
{
	return t->without_room;
}

/*
 * The view.
 */

static const struct row *row_at(const struct top *t, uint32_t i, const char **key, size_t *len)
{
	const void *bytes;
	const struct row *row = groups_at(t->groups, i, &bytes, len);

	*key = bytes;
	return row;
}

/* By the first sum, or else by count; what is the same in the order in which it came. */
static int compare(const void *a, const void *b, void *ctx)
{
	const struct top *t = ctx;
	uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;
	const char *key;
	size_t len;
	const struct row *x = row_at(t, i, &key, &len), *y = row_at(t, j, &key, &len);

	if (t->n_sums && x->sum[0] != y->sum[0])
		return x->sum[0] > y->sum[0] ? -1 : 1;
	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return i < j ? -1 : 1;
}

/* Columns that a text takes on a terminal, or more: what is not ASCII may be wide. */
static size_t columns_of(const char *s, size_t n)
{
	size_t columns = 0;

	for (size_t i = 0; i < n; i++) {
		if (s[i] == '\033') /* a colour of ours: of others' there is none */
			i += strcspn(s + i, "m");
		else
			columns += (uint8_t)s[i] < 0x80 ? 1 : 2 * ((uint8_t)s[i] >= 0xc0);
	}
	return columns;
}

static unsigned lines_of(const struct top *t, size_t columns)
{
	unsigned width = t->view.width;

	return width && columns ? (columns + width - 1) / width : 1;
}

/* What stands before the key. */
static size_t columns_before(const struct top *t)
{
	size_t columns = COUNT_WIDTH + 1;

	for (const struct sum *s = t->sums; s < t->sums + t->n_sums; s++)
		columns += s->width + 1;
	return columns;
}

static char *put_right(char *to, const char *text, size_t width)
{
	size_t len = strlen(text), pad = len < width ? width - len : 0;

	memset(to, ' ', pad);
	to = stpcpy(to + pad, text);
	*to++ = ' ';
	return to;
}

static char *put_number(char *to, uint64_t v, size_t width)
{
	char digits[21];

	*put_u64(digits, v) = '\0';
	return put_right(to, digits, width);
}

static char *put_count(char *to, uint64_t n, const char *what)
{
	to = stpcpy(put_u64(to, n), what);
	return n == 1 ? to : stpcpy(to, "s");
}

static char *put_totals(const struct top *t, char *to)
{
	const struct top_view *v = &t->view;
	char *line = to;

	if (v->ts) {
		to = put_time(t->out, to, v->ts);
		*to++ = ' ';
	}
	to = put_count(to, t->events, " event");
	if (v->took)
		to = put_duration(stpcpy(to, " in "), v->took);
	to = put_count(stpcpy(to, ", "), groups_count(t->groups), " row");
	to = stpcpy(put_u64(stpcpy(to, ", "), v->lost), " lost");
	to = stpcpy(to, t->tags);
	*to++ = '\n';
	return v->lost ? paint(t->out, line, to, YELLOW) : to;
}

static char *put_columns(const struct top *t, char *to)
{
	char *line = to;

	for (const struct sum *s = t->sums; s < t->sums + t->n_sums; s++)
		to = put_right(to, s->heading, s->width);
	to = put_right(to, "COUNT", COUNT_WIDTH);
	return paint(t->out, line, table_heading(t->out, to), BOLD);
}

/* `key` as out_line() made it. NULL: the others. */
static char *put_table_row(const struct top *t, char *to, const struct row *row, const char *key,
			   size_t len)
{
	for (unsigned i = 0; i < t->n_sums; i++)
		to = put_number(to, row->sum[i], t->sums[i].width);
	to = put_number(to, row->count, COUNT_WIDTH);
	return key ? mempcpy(to, key, len) : stpcpy(to, "(others)\n");
}

static char *put_json_row(const struct top *t, char *to, const struct row *row, const char *key,
			  size_t len)
{
	to = put_rfc3339(stpcpy(to, "{\"ts\":\""), row->first + t->out->clock);
	to = stpcpy(to, "\",\"event\":\"top\"");
	if (!key) {
		to = stpcpy(to, ",\"other\":true");
	} else if (len > strlen("{}\n")) {
		*to++ = ',';
		to = mempcpy(to, key + 1, len - strlen("{}\n"));
	}
	to = put_u64(stpcpy(to, ",\"count\":"), row->count);
	for (unsigned i = 0; i < t->n_sums; i++) {
		to = stpcpy(stpcpy(stpcpy(to, ",\""), t->sums[i].name), "_sum\":");
		to = put_u64(to, row->sum[i]);
	}
	to = put_rfc3339(stpcpy(to, ",\"ts_last\":\""), row->last + t->out->clock);
	*to++ = '"';
	return stpcpy(stpcpy(to, t->tags), "}\n");
}

/* How many rows there is room for. Others take a line. */
static uint32_t rows_that_fit(const struct top *t, char *scratch)
{
	uint32_t n = groups_count(t->groups), most = n;
	size_t before = columns_before(t);
	unsigned left;

	if (t->view.rows && t->view.rows < most)
		most = t->view.rows;
	if (!t->view.height || !t->out->table)
		return most;
	/* The cursor stands in the line below. */
	left = t->view.height - 1;
	for (int i = 0; i < 2; i++) {
		char *end = i ? table_heading(t->out, scratch) : put_totals(t, scratch);
		unsigned lines =
			lines_of(t, (i ? before : 0) + columns_of(scratch, end - 1 - scratch));

		left -= lines < left ? lines : left;
	}
	for (uint32_t i = 0; i < most; i++) {
		const char *key;
		size_t len;
		unsigned lines;

		row_at(t, t->order[i], &key, &len);
		lines = lines_of(t, before + columns_of(key, len - 1));
		if (lines + (i + 1 < n || t->others.count) > left)
			return i;
		left -= lines;
	}
	return most;
}

void top_begin(struct top *t, const struct top_view *view)
{
	uint32_t n = groups_count(t->groups);

	t->view = *view;
	t->step = t->out->table ? STEP_TOTALS : STEP_ROWS;
	t->next = 0;
	for (uint32_t i = 0; i < n; i++)
		t->order[i] = i;
	/* The first time it wants to know how much memory there is; if it may not, it does without.
	 */
	qsort_r(t->order, n, sizeof(*t->order), compare, t);
	t->shown = rows_that_fit(t, t->key);
	for (uint32_t i = t->shown; i < n; i++) {
		const char *key;
		size_t len;

		add_row(&t->others, row_at(t, t->order[i], &key, &len));
	}
}

/* Goes to the upper left corner; the first time, once all that was there has left the screen. */
static char *put_home(struct top *t, char *to)
{
	for (unsigned i = 0; !t->drawn && i < t->view.height; i++)
		*to++ = '\n';
	t->drawn = true;
	return stpcpy(to, HOME);
}

/* A line that replaces what stood there: `to` is behind its newline. Behind one that is full the
 * cursor still stands on its last character. */
static char *put_clear(const struct top *t, const char *line, char *to)
{
	size_t columns = columns_of(line, to - line - 1);

	if (t->view.width && columns && columns % t->view.width == 0)
		return to;
	return stpcpy(to - 1, CLEAR_LINE "\n");
}

static char *put_step(struct top *t, char *to)
{
	const struct row *row;
	const char *key;
	size_t len;

	if (t->step == STEP_TOTALS) {
		t->step = STEP_HEADING;
		return put_totals(t, to);
	}
	if (t->step == STEP_HEADING) {
		t->step = STEP_ROWS;
		return put_columns(t, to);
	}
	if (t->step == STEP_ROWS && t->next < t->shown) {
		row = row_at(t, t->order[t->next++], &key, &len);
		return (t->out->table ? put_table_row : put_json_row)(t, to, row, key, len);
	}
	if (t->step == STEP_ROWS && t->others.count) {
		t->step = STEP_OTHERS;
		return (t->out->table ? put_table_row : put_json_row)(t, to, &t->others, NULL, 0);
	}
	t->step = STEP_END;
	return to;
}

char *top_line(struct top *t, char *to)
{
	bool redraw = t->view.redraw && t->out->table;
	char *start = to, *line, *end;

	if (t->step == STEP_END)
		return to;
	if (t->step == STEP_TOTALS && redraw)
		to = put_home(t, to);
	else if (t->step == STEP_TOTALS && t->any)
		*to++ = '\n';
	line = to;
	end = put_step(t, line);
	if (t->step != STEP_END)
		return redraw ? put_clear(t, line, end) : end;

	t->any = true;
	t->events = 0;
	t->others = (struct row){};
	groups_clear(t->groups);
	return redraw ? stpcpy(start, CLEAR_SCREEN) : start;
}
