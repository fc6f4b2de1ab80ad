/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Standard input, line by line, each a JSON object, until its end; and a clock beside it. */
#ifndef GRAIN_INPUT_H
#define GRAIN_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/writer.h"
#include "sink/json.h"

/* No producer's line is longer (OUT_LINE_MAX). */
#define INPUT_LINE_MAX (1 << 20)

struct input {
	/* Called for each line that is an object. */
	void (*line)(void *ctx, const struct json_object *o);
	/* Called each interval, and at the end of the input. */
	void (*window)(void *ctx);
	uint64_t interval;  /* ns */
	struct writer *tee; /* gets all that is read; NULL: nothing does */
	struct writer *out; /* once nobody reads this one either the input is left; or NULL */
	void *ctx;

	uint64_t lines; /* read so far, with those that are no objects */
};

/*
 * Reads standard input to its end; once told to end (base/stop.h), for as long as shared.grace at
 * most (a terminal ends then). Blank lines mean nothing; others that are no object are rejected
 * (sink/helper.h). False: reading failed, and it has been said, or the input was not read to its
 * end.
 */
bool input_read(struct input *in);

#endif
