/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Standard input through a spool to an HTTP server, batch by batch, in order, again and again until
 * each one is taken. */
#ifndef GRAIN_DELIVER_H
#define GRAIN_DELIVER_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

#include "sink/spool.h"

struct deliver {
	struct spool *spool;
	const char *where; /* the server, for messages: without secrets */
	/* Makes the request of a batch (method, address, headers; the body is set already). The
	 * list is freed once it is answered. False: it can't be made now, and *why says so. */
	bool (*request)(CURL *curl, const struct batch *b, struct curl_slist **headers,
			const char **why);
	uint64_t retry_for; /* ns that a batch may be answered with a server error */
	uint64_t timeout;   /* ns without a byte from or to the server */
	bool drain;	    /* only what is in the spool; standard input is not read */

	uint64_t batches, lines, retries, refused; /* so far */
};

/* Until all is sent, or kept. Returns the exit status. */
int deliver(struct deliver *d);

#endif
