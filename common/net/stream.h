/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What one end of a TCP connection sends, in order, from segments that come in any order, twice, or
 * not at all. Each direction is a stream of its own. Made for the messages at the front of
 * something, and for short ones with their length in front: what the user has not taken yet is
 * kept, and comes again with what follows it.
 *
 * Of bytes that came twice the first copy counts. Everything has a bound: streams, bytes kept out
 * of order or not taken, and time, which is that of the segments.
 */
#ifndef GRAIN_STREAM_H
#define GRAIN_STREAM_H

#include "net/packet.h"

enum stream_end {
	STREAM_FIN,	 /* all of it was seen, to the end */
	STREAM_RESET,	 /* by either side */
	STREAM_REPLACED, /* by a new connection between the same ports */
	STREAM_IDLE,	 /* for too long */
	STREAM_EVICTED,	 /* there is no room for so many streams or bytes; what waited is lost */
	STREAM_REFUSED,	 /* more bytes came than the user took and there is room for */
	STREAM_CLOSED,	 /* streams_free() */
};

/* What the user sees of a stream. */
struct stream {
	struct flow flow;
	uint64_t scope;
	bool from_start; /* the connection's beginning was seen: byte 0 is its first */
	int64_t first;	 /* time of its first segment */
	int64_t ts;	 /* time of the segment that is being dealt with: of the one that came last
			    of those which have made bytes whole */
	uint64_t offset; /* of what data() gets, or gap() misses; bytes that were lost count too */
	uint64_t lost;	 /* bytes */
	void *state;	 /* the user's own: `state_size` bytes, at first all zeros */
};

#define STREAM_IGNORE SIZE_MAX /* returned by data(): no more is wanted of this stream */

/* No callback may call a function of this file, except streams_find(). */
struct streams_user {
	void *ctx;
	size_t state_size;

	/* The bytes in order that were not taken yet. Returns how many of them are taken now. The
	 * others, and at most pending_max of them, come again with more. */
	size_t (*data)(void *ctx, struct stream *s, const uint8_t *bytes, size_t len);

	/*
	 * `lost` bytes are missing after those that data() got last; any of these that were not
	 * taken are gone too. Returns whether the user can go on behind them. May be NULL: can't.
	 */
	bool (*gap)(void *ctx, struct stream *s, uint64_t lost);

	/* Nothing more comes, and the state is no longer used. Once for each stream, also after
	 * STREAM_IGNORE. `pending` bytes were not taken. May be NULL. */
	void (*end)(void *ctx, struct stream *s, enum stream_end why, size_t pending);

	/* Bounds; 0: those named here. */
	uint32_t streams_max; /* 16384 */
	size_t pending_max;   /* not taken, of one stream: 65537 (a DNS message and its length) */
	size_t held_max;      /* out of order, of one stream: 256 KiB */
	size_t total_max;     /* both, of all streams: 32 MiB */
	int64_t gap_time;     /* ns to wait for missing bytes: 3 s */
	int64_t idle_time;    /* ns after which a stream is forgotten: 300 s */
};

struct segment {
	struct flow flow;
	uint64_t scope; /* tells equal flows apart, as in different network namespaces; or 0 */
	int64_t ts;
	uint32_t seq, ack;
	uint8_t flags; /* TCP_… */
	const uint8_t *payload;
	uint32_t len;
	uint32_t wire_len; /* more than len: the rest of them was not captured */
};

struct streams_counts {
	uint64_t streams;   /* that began */
	uint64_t held;	    /* segments that came before their time */
	uint64_t repeated;  /* segments that brought nothing new */
	uint64_t gaps;	    /* places where bytes are missing */
	uint64_t lost;	    /* bytes missing there */
	uint64_t evicted;   /* streams, as STREAM_EVICTED */
	uint64_t refused;   /* streams, as STREAM_REFUSED */
	uint64_t no_memory; /* segments */
};

struct streams;

/* Copies `user`. NULL: out of memory. */
struct streams *streams_new(const struct streams_user *user);

/* Ends all streams, after they gave what waits for missing bytes, with a gap before it. */
void streams_free(struct streams *all);

void streams_add(struct streams *all, const struct segment *s);

/* For when no segments come: what is due at that time. */
void streams_time(struct streams *all, int64_t ts);

/* When the next stream stops waiting for missing bytes; 0: none does. */
int64_t streams_due(const struct streams *all);

/* The stream of a flow, unless it has ended. Doesn't touch it. */
struct stream *streams_find(struct streams *all, const struct flow *flow, uint64_t scope);

const struct streams_counts *streams_counts(const struct streams *all);

/* Of a packet of TCP. */
static inline struct segment segment_of(const struct packet *p, int64_t ts)
{
	return (struct segment){
		.flow = p->flow,
		.ts = ts,
		.seq = p->seq,
		.ack = p->ack,
		.flags = p->tcp_flags,
		.payload = p->payload,
		.len = p->len,
		.wire_len = p->wire_len,
	};
}

#endif
