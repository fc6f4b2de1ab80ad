/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The key of a batch in an object store, made of a template. Pure. */
#ifndef GRAIN_OBJECTKEY_H
#define GRAIN_OBJECTKEY_H

#include <stdbool.h>
#include <stddef.h>

#include "sink/spool.h"

#define OBJECTKEY_MAX 1024 /* bytes: S3 has no longer ones */

/*
 * Writes, with a NUL, the template with what stands for the batch in place of {date}, {year},
 * {month}, {day}, {hour} and {time} (when it was sealed, in UTC), {name}, {id} and {seq}, and ".gz"
 * at its end if the batch is compressed. False, and one sentence in *why: it would be no good key,
 * or one that two batches could have, as {id} or {seq} is missing.
 */
bool objectkey_make(char to[OBJECTKEY_MAX + 1], const char *template, const char *name,
		    const struct batch *b, const char **why);

#endif
