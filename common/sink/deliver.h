/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Standard input through a spool to an HTTP server, batch by batch, in order, again and again until
 * each one is taken. */
#ifndef GRAIN_DELIVER_H
#define GRAIN_DELIVER_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/option.h"
#include "sink/spool.h"

#define DELIVER_WHAT 1000 /* bytes of a message about an answer */

/* What a server said. */
struct answer {
	CURL *curl;
	CURLcode result;
	long status;	  /* 0: it did not answer */
	const char *text; /* the first 16 KB of it */
	size_t len;
};

enum request {
	REQUEST_MADE,
	REQUEST_FIRST, /* another one was made instead, whose answer is needed to make this one */
	REQUEST_LATER, /* it can't be made now, and *why says so */
};

enum verdict {
	VERDICT_TAKEN,
	VERDICT_LATER,
	VERDICT_AGAIN,	 /* at once: it will be another request */
	VERDICT_REFUSED, /* the batch will never be taken */
};

struct deliver {
	struct spool *spool;
	const char *where; /* the server, for messages: without secrets */
	/* Makes the request of a batch (method, address, headers; the body, which can be read from
	 * the descriptor `body` too, is set already). The list is freed once it is answered. */
	enum request (*request)(CURL *curl, const struct batch *b, int body,
				struct curl_slist **headers, const char **why);
	/* The answer to what had to be asked first. False: it is of no use, and *why says so. */
	bool (*asked)(const struct answer *a, const char **why);
	/* What an answer means; if not TAKEN, `what` says so, and `more` whatever comes behind it.
	 * NULL: as is usual over HTTP, with retry_for. */
	enum verdict (*judge)(const struct answer *a, char what[DELIVER_WHAT],
			      char more[DELIVER_WHAT]);
	uint64_t retry_for; /* ns that a batch may be answered with a server error */
	const char *ca;	    /* a file of authorities; NULL: the system's */
	uint64_t timeout;   /* ns without a byte from or to the server */
	bool drain;	    /* only what is in the spool; standard input is not read */

	uint64_t batches, lines, retries, refused; /* so far */
};

/* Until all is sent, or kept. Returns the exit status. */
int deliver(struct deliver *d);

/* What the user can say about it: rows for a tool's table, `AT` being where `member` of the
 * following struct is in its own. */
struct deliver_options {
	const char *compress, *spool, *ca;
	uint64_t max_spool, timeout;
	bool drain;
};
#define DELIVER_DEFAULTS                                                                           \
	{                                                                                          \
		.compress = "gzip", .max_spool = 1 << 30, .timeout = 60 * SECOND,                  \
	}
/* clang-format off */
#define DELIVER_OPTIONS(member)                                                                    \
	{ "compress", 0, OPTION_STRING, "METHOD", AT(member.compress),                             \
	  .help = "gzip (default) or none" },                                                      \
	{ "spool", 0, OPTION_STRING, "DIR", AT(member.spool),                                      \
	  .help = "keep in DIR what the server has not taken (default: one for each URL)" },       \
	{ "max-spool", 0, OPTION_SIZE, "SIZE", AT(member.max_spool), .min = 64 << 10,              \
	  .max = 1ull << 50, .help = "read no more when SIZE is in it (default 1G)" },             \
	{ "timeout", 0, OPTION_DURATION, "TIME", AT(member.timeout), .min = 1 * SECOND,            \
	  .help = "give up on a request when nothing moves for TIME (default 60s)" },              \
	{ "ca", 0, OPTION_STRING, "FILE", AT(member.ca),                                           \
	  .help = "trust these authorities, in PEM, and not those of the system" },                \
	{ "drain", 0, OPTION_FLAG, NULL, AT(member.drain),                                         \
	  .help = "read nothing: send what the spool holds, and end" }
/* clang-format on */

/* Checks them (64), and fills in d and its spool; one for `destination` if none is given. */
void deliver_set(struct deliver *d, const struct deliver_options *o, const char *tool,
		 const char *destination);

/* Ends the process (64) if the file that an option names can't be read. NULL: none was given. */
void check_readable(const char *option, const char *file);

/* A header more. Ends the process when out of memory. */
void add_header(struct curl_slist **list, const char *header);

#endif
