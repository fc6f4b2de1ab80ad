/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which metric an event becomes: WHEN:TYPE[:NAME[:VALUE[:TAGS]]].
 *
 *	WHEN	the name of an event, a shell pattern (file.*), or KEY=PATTERN, a test of a field
 *	TYPE	c, ms, g, s, h or d, as StatsD has them
 *	NAME	of the metric; * in it is the name of the event (default: *)
 *	VALUE	the field that has the value, and maybe =NUMBER for events without; c needs none (1)
 *	TAGS	fields, separated by commas
 */
#ifndef GRAIN_MAPPING_H
#define GRAIN_MAPPING_H

#include <stdbool.h>
#include <stddef.h>

#include "sink/json.h"
#include "sink/total.h"

#define MAPPING_NAME 200 /* bytes of a metric's name, before an event's takes the place of * */
#define MAPPING_TAGS 32	 /* fields that a metric may have as tags */

enum metric_type {
	METRIC_COUNTER,
	METRIC_TIMER,
	METRIC_GAUGE,
	METRIC_SET,
	METRIC_HISTOGRAM,
	METRIC_DISTRIBUTION,
};

/* A field, by its path (json_find_path). */
struct mapping_key {
	const char *at;
	size_t len;
};

struct mapping {
	char *text;		/* what the others point into */
	const char *when;	/* a pattern: of the event's name or, with a key, of its value */
	struct mapping_key key; /* len 0: the event's name is tested */
	enum metric_type type;
	const char *letter; /* of the type */
	const char *name;
	struct mapping_key value; /* len 0: each event counts 1 */
	bool has_fallback;
	struct total fallback; /* for events without the value */
	struct mapping_key tag[MAPPING_TAGS];
	unsigned tags;
	bool milliseconds; /* the value is in ns (its key ends in _ns) and goes out in ms */
};

/* Reads a mapping, for mapping_free(). NULL, or what is wrong, as a sentence to be printed behind
 * the text; then there is nothing to free. */
const char *mapping_parse(struct mapping *m, const char *text);
void mapping_free(struct mapping *m);

/* Adds those tags that it hasn't yet, separated by commas; `keys` must outlive it. NULL, or what
 * is wrong. */
const char *mapping_add_tags(struct mapping *m, const char *keys);

/* Whether it is about events of this name; about fields: whether this one has it. */
bool mapping_matches_event(const struct mapping *m, const char *event);
bool mapping_matches_field(const struct mapping *m, const struct json_object *o);

#endif
