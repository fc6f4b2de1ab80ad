/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events to a table for people. */
#include <time.h>

#include "base/escape.h"
#include "base/num.h"
#include "out/plan.h"

char *put_time(struct out *o, char *to, uint64_t boottime)
{
	uint64_t ns = boottime + o->clock;
	time_t second = ns / NSEC_PER_SEC;

	if ((uint64_t)second != o->second) {
		char *p = o->date;
		struct tm tm;

		localtime_r(&second, &tm);
		p = put_digits(p, tm.tm_hour, 2);
		*p++ = ':';
		p = put_digits(p, tm.tm_min, 2);
		*p++ = ':';
		p = put_digits(p, tm.tm_sec, 2);
		*p++ = '.';
		o->second = second;
	}
	to = mempcpy(to, o->date, 9);
	return put_digits(to, ns / 1000000 % 1000, 3);
}

static char *put_args(char *to, const char *s, size_t n, size_t *columns)
{
	const char *end = s + n, *nul;

	for (const char *arg = s; arg < end; arg = nul + 1) {
		nul = memchr(arg, 0, end - arg) ?: end;
		if (arg > s) {
			*to++ = ' ';
			++*columns;
		}
		to = put_shell(to, arg, nul - arg, columns);
	}
	return to;
}

static char *put_list(struct out *o, char *to, const struct op *op, const struct event *e,
		      const char *records, size_t n, size_t *columns);

/* Writes the value of op, nothing where there is none; *columns grows by what it takes. */
static char *put_cell(struct out *o, char *to, const struct op *op, const struct event *e,
		      const char *base, size_t *columns)
{
	char *start = to;
	uint64_t v = 0;
	const char *s;
	size_t n;

	if (!op_load(op, e, base, &v))
		return to;
	switch (op->type) {
	case FIELD_STRING:
	case FIELD_CHARS:
		s = load_bytes(op, e, base, &n);
		return put_text(to, s, n, columns);
	case FIELD_CGROUP:
		s = cgroup_path(o, v);
		return s ? put_text(to, s, strnlen(s, CGROUP_PATH_MAX), columns) : to;
	case OP_TEXT:
		return put_text(to, op->text, op->n, columns);
	case FIELD_ARGS:
		load_args(o, op, e, base, &s, &n);
		return put_args(to, s, n, columns);
	case FIELD_LIST:
		s = load_bytes(op, e, base, &n);
		return put_list(o, to, op, e, s, n, columns);
	case FIELD_FLAGS:
		to = put_flags(to, op, v, "|");
		break;
	case FIELD_FLAG:
		to = stpcpy(to, op->field->name);
		break;
	case FIELD_TIME:
		to = put_time(o, to, v);
		break;
	case FIELD_DURATION:
		to = put_duration(to, v);
		break;
	default:
		to = put_plain(o, to, op, e, base, v);
	}
	*columns += to - start;
	return to;
}

/* The first field of each record, the second, where it has one, in brackets. */
static char *put_list(struct out *o, char *to, const struct op *op, const struct event *e,
		      const char *records, size_t n, size_t *columns)
{
	unsigned size = op->field->record;
	char *start;

	for (const char *p = records; p < records + n; p += size) {
		if (p > records) {
			*to++ = ',';
			++*columns;
		}
		start = to;
		to = put_cell(o, to, op->parts, e, p, columns);
		if (to == start) {
			*to++ = '-';
			++*columns;
		}
		if (op->n < 2)
			continue;
		start = to++;
		to = put_cell(o, to, op->parts + 1, e, p, columns);
		if (to == start + 1) {
			to = start;
			continue;
		}
		*start = '(';
		*to++ = ')';
		*columns += 2;
	}
	return to;
}

/* Fills up what stands between start and to, `used` columns, to those of c. */
static char *align(char *start, char *to, size_t used, const struct column *c, bool last)
{
	size_t pad = used < c->width ? c->width - used : 0;

	if (c->right) {
		memmove(start + pad, start, to - start);
		memset(start, ' ', pad);
	} else {
		pad = last ? 0 : pad;
		memset(to, ' ', pad);
	}
	to += pad;
	*to++ = last ? '\n' : ' ';
	return to;
}

/* Whether the event tells of a failure, by a field that is shown. */
static bool is_alarm(const struct plan *plan, const struct event *e)
{
	for (unsigned i = 0; i < plan->n; i++)
		for (const struct op *op = &plan->ops[i]; op; op = op->otherwise) {
			uint64_t v = 1;

			if (!op_load(op, e, (const char *)e, &v))
				continue;
			if (op->field && op->field->alarm && v)
				return true;
			break; /* this one is shown */
		}
	return false;
}

/* How far the last column is indented. */
static size_t indent_of(struct out *o, const struct plan *plan, const struct event *e)
{
	struct span span;
	unsigned depth;

	if (!o->tree || !plan->depth)
		return 0;
	memcpy(&span, (const char *)e + plan->depth->offset, sizeof(span));
	depth = span.len / plan->depth->record;
	if (depth < o->top)
		o->top = depth;
	depth = (depth - o->top) * INDENT;
	return depth < INDENT_MAX ? depth : INDENT_MAX;
}

char *paint(const struct out *o, char *start, char *to, const char *color)
{
	if (!o->color)
		return to;
	memmove(start + strlen(color), start, to - 1 - start);
	memcpy(start, color, strlen(color));
	return stpcpy(to - 1 + strlen(color), "\033[0m\n");
}

char *table_line(struct out *o, char *to, const struct plan *plan, const struct event *e)
{
	char *line = to;

	for (unsigned i = 0; i < plan->n; i++) {
		size_t indent = i + 1 == plan->n ? indent_of(o, plan, e) : 0, used = 0;
		char *start = (char *)memset(to, ' ', indent) + indent;

		to = start;
		for (const struct op *op = &plan->ops[i]; op && to == start; op = op->otherwise)
			to = put_cell(o, to, op, e, (const char *)e, &used);
		if (to == start) {
			*to++ = '-';
			used = 1;
		}
		to = align(start, to, used, &o->columns[i], i + 1 == plan->n);
	}
	return o->color && !o->keys && is_alarm(plan, e) ? paint(o, line, to, RED) : to;
}

/* The common columns, empty but for the time, and then in words. */
char *table_lost(struct out *o, char *to, const struct lost_event *e)
{
	const char *between = " (", *by = (const char *)e + e->by.off;
	char *line = to;

	for (const struct field *f = header_fields; f->name; f++) {
		struct column c = { .width = f->width, .right = is_number(f->type) };
		char *start = to;

		if (!f->heading)
			continue;
		to = f->type == FIELD_TIME ? put_time(o, to, e->header.ts) : mempcpy(to, "-", 1);
		to = align(start, to, to - start, &c, false);
	}
	to = stpcpy(to, "lost ");
	to = put_u64(to, e->count);
	to = stpcpy(to, e->count == 1 ? " event" : " events");
	for (unsigned i = 0; e->by.off && i < e->by.len / sizeof(struct lost_by); i++) {
		struct lost_by lost;

		memcpy(&lost, by + i * sizeof(lost), sizeof(lost));
		to = stpcpy(to, between);
		to = put_event(o, to, lost.type);
		*to++ = ' ';
		to = put_u64(to, lost.count);
		between = ", ";
	}
	if (*between == ',')
		*to++ = ')';
	*to++ = '\n';
	return paint(o, line, to, YELLOW);
}

char *table_heading(const struct out *o, char *to)
{
	for (unsigned i = 0; i < o->n_columns && o->table; i++) {
		const struct column *c = &o->columns[i];
		size_t used = 0;
		char *start = to;

		to = put_text(to, c->heading, strlen(c->heading), &used);
		to = align(start, to, used, c, i + 1 == o->n_columns);
	}
	return to;
}

char *out_heading(const struct out *o, char *to)
{
	char *end = table_heading(o, to);

	return end > to ? paint(o, to, end, BOLD) : to;
}
