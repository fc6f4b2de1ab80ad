/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What must hold for whatever bytes a datagram has. */
#ifndef GRAIN_TEST_STATSD_H
#define GRAIN_TEST_STATSD_H

#include <math.h>
#include <string.h>

#include "sink/statsd.h"

/* The datagram that is looked at. */
static const char *statsd_start;
static size_t statsd_size;

static bool inside(const struct statsd_bytes *b)
{
	return !b->at || (b->at >= statsd_start && b->len <= statsd_size &&
			  b->at + b->len <= statsd_start + statsd_size);
}

/* Whether it lies in the line, and has no NUL. */
static bool in_line(const struct statsd_reader *r, const struct statsd_bytes *b)
{
	return inside(b) &&
	       (!b->at || (b->at >= r->line.at && b->at + b->len <= r->line.at + r->line.len &&
			   !memchr(b->at, '\0', b->len)));
}

static const char *wrong_fields(const struct statsd_reader *r, const struct statsd_line *l)
{
	const struct statsd_bytes *const fields[] = {
		&l->name,     &l->tags,	     &l->container, &l->external, &l->cardinality,
		&l->values,   &l->name_tags, &l->text,	    &l->host,	  &l->key,
		&l->priority, &l->source,    &l->alert,	    &l->message,
	};

	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		if (!in_line(r, fields[i]))
			return "a field outside of its line";
	if (!l->name.len)
		return "no name";
	if (l->has_timestamp && l->timestamp < 0)
		return "a time below 0";
	return NULL;
}

static const char *wrong_parts(const struct statsd_reader *r, const struct statsd_line *l)
{
	struct statsd_value value;
	struct statsd_tag tag;
	size_t n = 0, before;

	for (size_t at = before = 0; statsd_tag(l, &at, &tag); before = at)
		if (at <= before || !in_line(r, &tag.key) || !in_line(r, &tag.value))
			return "a wrong tag";
	if (l->kind != STATSD_METRIC)
		return NULL;
	for (size_t at = before = 0; statsd_value(l, &at, &value); before = at, n++)
		if (at <= before || !in_line(r, &value.text) || !value.text.len ||
		    !isfinite(value.number))
			return "a wrong value";
	if (!n || (l->type == STATSD_SET && n != 1))
		return "a wrong number of values";
	return l->rate > 0 && l->rate <= 1 ? NULL : "a wrong rate";
}

/* Reads all lines. NULL: all is well; else what is wrong with how they are read. */
static const char *examine_datagram(const char *bytes, size_t size)
{
	struct statsd_reader r = { .at = bytes, .left = size };
	struct statsd_line line;
	enum statsd_found found;
	const char *wrong = NULL;
	size_t done = 0;

	statsd_start = bytes;
	statsd_size = size;
	while (!wrong && (found = statsd_next(&r, &line)) != STATSD_END) {
		if (r.done <= done || r.done + r.left != size || r.at != bytes + r.done)
			return "no way forward";
		if (!r.line.len || !inside(&r.line))
			return "no line";
		if (found == STATSD_WRONG)
			wrong = !r.wrong	      ? "an error without a sentence"
				: r.wrong_at < done   ? "an error before its line"
				: r.wrong_at > r.done ? "an error behind its line"
						      : NULL;
		else
			wrong = wrong_fields(&r, &line) ?: wrong_parts(&r, &line);
		done = r.done;
	}
	return wrong;
}

#endif
