/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DNS messages out of a TCP connection, where each has its length in front (RFC 1035, 4.2.2): also
 * of one whose beginning was not seen, or of which bytes are missing.
 */
#ifndef GRAIN_DNS_STREAM_H
#define GRAIN_DNS_STREAM_H

#include "net/dns.h"

/* Of one direction. All zeros: what comes next is the length of a message. */
struct dns_stream {
	bool lost;	  /* it isn't known where a message begins */
	bool older;	  /* as the beginning wasn't seen: what comes next is the first segment */
	uint64_t skipped; /* bytes since then, missing ones included; the user sets it back to 0 */
	size_t waiting;	  /* bytes that came before, when there were not enough to know */
};

enum dns_side {
	DNS_SIDE_ANY,
	DNS_SIDE_CLIENT, /* sends questions */
	DNS_SIDE_SERVER, /* sends answers */
};

/* The connection is older than what comes next. */
void dns_stream_older(struct dns_stream *s);

/* Bytes are missing, `n` with those that came and were not taken. */
void dns_stream_gap(struct dns_stream *s, uint64_t n);

/*
 * Takes bytes in order: those not taken before, and at least one more, which are those of a
 * segment. Calls `message` for each that is whole, and returns how many bytes are taken: what is
 * left, of 65537 bytes at most, is to come again with what follows.
 *
 * Where it isn't known where a message begins, one is taken for the next that begins with a
 * segment, is well-formed to its last byte, comes from the side that sends such ones, and has
 * nothing else behind it; of an older connection also one that fills the first segment to the byte.
 * `scratch` is for looking.
 */
size_t dns_stream_take(struct dns_stream *s, enum dns_side side, const uint8_t *bytes, size_t len,
		       struct dns_message *scratch,
		       void (*message)(void *ctx, const uint8_t *bytes, size_t len), void *ctx);

#endif
