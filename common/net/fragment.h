/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fragments of IPv4 and IPv6 put together, within bounds. A datagram with overlapping fragments is
 * dropped (RFC 5722, RFC 8200 section 4.5; Linux does so with IPv4 too): nobody knows what the
 * receiver makes of it.
 */
#ifndef GRAIN_FRAGMENT_H
#define GRAIN_FRAGMENT_H

#include "net/packet.h"

/* Datagrams that were not put together, by the reason. */
struct fragment_drops {
	uint64_t overlap;
	uint64_t malformed; /* lengths that contradict each other */
	uint64_t cut;	    /* not all of a fragment was captured */
	uint64_t age;	    /* the rest did not come in time */
	uint64_t room;	    /* too many at once, or too large, or out of memory */
};

struct fragments;

/* At most that many datagrams and bytes (of payload and what it costs to keep it) at once, none for
 * longer than `age` ns; 0: 1024, 4 MiB, 30 s. NULL: out of memory. */
struct fragments *fragments_new(uint32_t datagrams, size_t bytes, int64_t age);
void fragments_free(struct fragments *f);

/*
 * Takes a packet that is a fragment. When the datagram is whole, true, and `p` is as if it had come
 * so (its payload lies in `f`, until the next call); *kind is what packet_parse() would say of
 * that.
 */
bool fragments_add(struct fragments *f, struct packet *p, int64_t ts, enum packet_kind *kind);

const struct fragment_drops *fragments_drops(const struct fragments *f);

/* Datagrams that wait for fragments; those at the end of a capture can be said to be incomplete. */
uint32_t fragments_waiting(const struct fragments *f);

#endif
