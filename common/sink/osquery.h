/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What osquery prints and reads: results of `osqueryi --json`, an array of flat objects whose
 * values are all strings, and packs of queries. Rows are about what others do on the machine, so
 * their texts can be anything, invalid UTF-8 too, which osqueryi passes on as it is.
 */
#ifndef GRAIN_OSQUERY_H
#define GRAIN_OSQUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sink/input.h"
#include "sink/json.h"

#define OSQUERY_ROWS_MAX     (4 << 20)
#define OSQUERY_ROW_MAX	     INPUT_LINE_MAX	/* bytes of a row */
#define OSQUERY_INTERVAL     3600		/* s, of a query that names none */
#define OSQUERY_INTERVAL_MAX 604800		/* s; osquery takes no longer one */
#define OSQUERY_INTEGER_MAX  9007199254740992ll /* 2^53: a double holds all up to it */

struct osquery_row {
	const char *at; /* from { to } */
	uint32_t len;
	bool bad;   /* not to be printed: osquery_scan_row() refused it */
	bool known; /* osquery_compare() found it in both results */
};

struct osquery_result {
	char *text; /* as it was printed; what the rows point into */
	size_t len;
	struct osquery_row *row;
	size_t n;
};

/*
 * Finds the rows of r->text. NULL, or what is wrong, as a sentence without subject; *at is the byte
 * where, from 0.
 */
const char *osquery_split(struct osquery_result *r, size_t *at);
void osquery_free(struct osquery_result *r);

/*
 * The members of a row, as json_scan() gives them, but that texts may have invalid UTF-8 in them.
 * False: it is no flat object, or has more than OSQUERY_ROW_MAX bytes; `o` says why.
 */
bool osquery_scan_row(struct json_object *o, const struct osquery_row *row);

/* Marks the rows that both have, as often as both have them. Bad ones are in neither. False: out
 * of memory. */
bool osquery_compare(struct osquery_result *before, struct osquery_result *after);

/*
 * Whether a text is a number that stays the same as one: what SQLite prints of an integer (of up to
 * 2^53, either way) or of a real (with a fraction, of which no digit is superfluous).
 */
bool osquery_is_number(const char *s, size_t n);

/* A query of a pack. */
struct osquery_query {
	const char *name, *sql; /* to be freed */
	uint64_t interval;	/* s */
	bool snapshot;		/* all rows each time, not those that are new or gone */
	bool removed;		/* with those that are gone */
};

struct osquery_pack {
	void (*query)(void *ctx, struct osquery_query *q); /* called for each of this platform */
	void *ctx;
	const char *wrong;		/* after an error: one sentence without subject, */
	char where[100];		/* the query that it is about, or "" */
	size_t line;			/* or the line, from 1; 0: neither */
	bool discovery, shard, version; /* it has these, which mean nothing here */
};

/*
 * Reads a pack: lines that begin with # or // are comments, and a backslash at the end of a line
 * continues it, as osquery has it. False: something is wrong with it.
 */
bool osquery_read_pack(struct osquery_pack *p, const char *text, size_t len);

#endif
