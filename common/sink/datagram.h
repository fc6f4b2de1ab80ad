/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines to a StatsD server: several in a datagram, and how many of them got lost. */
#ifndef GRAIN_DATAGRAM_H
#define GRAIN_DATAGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sink/address.h"

#define DATAGRAM_MAX 65507 /* of UDP over IPv4: 65535 - 20 - 8 */

struct sender {
	struct address to;
	const char *where; /* the same as text, for messages */
	size_t mtu;	   /* bytes of a datagram at most */

	int fd; /* -1: there is no socket yet */
	char bytes[DATAGRAM_MAX];
	size_t used;
	unsigned lines;	     /* in `bytes` */
	unsigned lines_sent; /* in the last datagram, if it may still prove lost */
	unsigned burst;	     /* datagrams since the last pause */
	int64_t patience;    /* time of now() until which a full socket is waited for */
	int64_t said;	     /* when the last message was */

	uint64_t sent, datagrams; /* metrics and datagrams */
	uint64_t lost;		  /* metrics */
};

/* Adds a line, of `n` metrics; sends what there is when it doesn't fit. False: it is longer than a
 * datagram; it is counted as lost. */
bool sender_add(struct sender *s, const char *line, size_t len, unsigned n);

/*
 * Sends the rest. A full socket is waited for, for a second in all since the last call; what
 * can't be sent by then, or at all, is lost, counted, and said (once a second).
 */
void sender_flush(struct sender *s);

#endif
