/* SPDX-License-Identifier: GPL-2.0-or-later */
/* AWS Signature Version 4, in a header, as S3 wants it: each part of a path encoded once. Pure. */
#ifndef GRAIN_SIGV4_H
#define GRAIN_SIGV4_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIGV4_HASH (2 * 32 + 1) /* bytes of a hexadecimal SHA-256 and its NUL */
#define SIGV4_TIME 17		/* bytes of a time, 20130524T000000Z, and its NUL */
#define SIGV4_MAX  24		/* headers, or parameters of a query */

struct sigv4_pair {
	const char *name, *value;
};

struct sigv4 {
	const char *method;
	const char *path;		/* encoded, as it is in the request's first line */
	const struct sigv4_pair *query; /* in any order, not encoded; at most SIGV4_MAX */
	size_t queries;
	const struct sigv4_pair
		*header; /* all that are signed, Host too, each name once; as above */
	size_t headers;
	const char *payload; /* SHA-256 of the body: what x-amz-content-sha256 says */
	const char *time;    /* what x-amz-date says */
	const char *region, *service, *key, *secret;
};

/* The value of the header Authorization, to be freed. NULL: out of memory. */
char *sigv4_authorization(const struct sigv4 *s);

/*
 * Encodes after RFC 3986 all but its unreserved characters and, if they shall stay, slashes. No NUL
 * is written; at most 3 bytes for each; returns the end.
 */
char *sigv4_encode(char *to, const char *s, size_t len, bool keep_slashes);

/* A time of CLOCK_REALTIME as a request has it. */
void sigv4_time(char to[SIGV4_TIME], int64_t seconds);

#endif
