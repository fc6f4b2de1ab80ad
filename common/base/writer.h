/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Output to a reader that may be slow, stuck or gone. */
#ifndef GRAIN_WRITER_H
#define GRAIN_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct writer {
	int fd;
	const char *what; /* is written, for the message when it can't be */
	uint64_t grace;	  /* ns to wait for a reader that takes nothing, once stop_asked() */

	int64_t progress; /* time of the last write that took something */
	bool closed;	  /* the reader is gone */
	bool stuck;	  /* the reader takes nothing, and we were told to end */
	int failed;	  /* errno of a write; it has been said */
};

/* Writes all of it, or finds out that it can't be. Returns how many bytes were taken. */
size_t writer_put(struct writer *w, const char *bytes, size_t len);

/* Whether there is any use in writing more. */
static inline bool writer_open(const struct writer *w)
{
	return !w->closed && !w->stuck && !w->failed;
}

#endif
