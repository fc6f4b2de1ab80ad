/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The StatsD wire format as it is received: the lines of a datagram, read in place, with what
 * DogStatsD, Graphite, InfluxDB and Librato added to it. Nothing is allocated, no NUL is needed
 * behind the bytes, and each of them may be hostile.
 *
 *	NAME:VALUE[:VALUE...]|TYPE[|@RATE][|#TAG,...][|T...][|c:...][|e:...][|card:...]
 *	_e{TITLE_BYTES,TEXT_BYTES}:TITLE|TEXT[|d:...][|h:...][|k:...][|p:...][|s:...][|t:...][|#TAG,...]
 *	_sc|NAME|STATUS[|d:...][|h:...][|#TAG,...][|m:...]
 */
#ifndef GRAIN_STATSD_H
#define GRAIN_STATSD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum statsd_kind {
	STATSD_METRIC,
	STATSD_EVENT,
	STATSD_CHECK,
};

enum statsd_type {
	STATSD_COUNTER, /* c, and m, a meter */
	STATSD_GAUGE,
	STATSD_TIMER,
	STATSD_SET,
	STATSD_HISTOGRAM,
	STATSD_DISTRIBUTION,
	STATSD_TYPES,
};

/* Bytes of the datagram. NULL: the field wasn't there. */
struct statsd_bytes {
	const char *at;
	size_t len;
};

struct statsd_line {
	enum statsd_kind kind;
	struct statsd_bytes name;	 /* of a metric or check; title of an event */
	struct statsd_bytes tags;	 /* behind |# */
	struct statsd_bytes container;	 /* c: */
	struct statsd_bytes external;	 /* e: */
	struct statsd_bytes cardinality; /* card: */
	bool has_timestamp;
	int64_t timestamp; /* T or d:, in seconds */

	/* A metric's. */
	enum statsd_type type;
	struct statsd_bytes values; /* good ones: see statsd_value() */
	double rate;		    /* above 0, up to 1 */
	struct statsd_bytes name_tags;
	char name_separator; /* of these */

	/* An event's and a check's; in text and message \n stands for a newline. */
	struct statsd_bytes text, host, key, priority, source, alert, message;
	int status; /* 0 to 3 */
};

/* Starts with the datagram's bytes in `at` and `left`, and all else zero. */
struct statsd_reader {
	const char *at;
	size_t left;

	size_t done;		  /* bytes of the datagram before `at` */
	struct statsd_bytes line; /* all bytes of the last line, good or not */
	const char *wrong;	  /* after an error: one sentence without subject, */
	size_t wrong_at;	  /* and the byte of the datagram where, from 0 */
};

enum statsd_found {
	STATSD_END,
	STATSD_LINE,
	STATSD_WRONG, /* the line is left out; the next one may be good */
};

/* The next line that isn't empty. A carriage return at its end is no part of it. */
enum statsd_found statsd_next(struct statsd_reader *r, struct statsd_line *line);

struct statsd_value {
	double number;		  /* of all types but sets */
	bool has_sign;		  /* of a gauge: a change, in the original dialect */
	struct statsd_bytes text; /* as it stands there */
};

/* The values of a metric, one after the other: `*at` starts as 0. False: there are no more. */
bool statsd_value(const struct statsd_line *line, size_t *at, struct statsd_value *value);

struct statsd_tag {
	struct statsd_bytes key, value; /* the value has no bytes where there is none */
};

/* The same for tags, those in the name first. Empty ones are passed over. */
bool statsd_tag(const struct statsd_line *line, size_t *at, struct statsd_tag *tag);

#endif
