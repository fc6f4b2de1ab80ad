/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Segments of a few connections, as the input says: four bytes each. A payload's bytes follow from
 * their sequence numbers, so that each byte that comes out tells whether it is in its place.
 */
#include "net/stream.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(what)                                                                                 \
	do {                                                                                       \
		if (!(what)) {                                                                     \
			fprintf(stderr, "not true: %s\n", #what);                                  \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

#define FIRST 0xffffff80u /* sequence numbers begin anew within the 256 that are used */
#define STEP  7		  /* from a byte to the next */

struct state {
	uint64_t offset; /* of the byte that comes next */
	uint8_t first;	 /* what byte 0 is, or would be */
	bool some, ended;
};

static uint64_t began, ended;

static size_t on_data(void *ctx, struct stream *s, const uint8_t *bytes, size_t len)
{
	struct state *state = s->state;
	size_t taken = bytes[len - 1] % 3 ? len : bytes[0] % (len + 1);

	(void)ctx;
	if (!state->some) {
		MUST(!s->from_start || (uint8_t)(bytes[0] - s->offset * STEP) ==
					       (uint8_t)((s->flow.sport + 1) * STEP));
		state->first = bytes[0] - s->offset * STEP;
	}
	MUST(len && !state->ended && s->offset == state->offset);
	for (size_t i = 0; i < len; i++)
		MUST(bytes[i] == (uint8_t)(state->first + (s->offset + i) * STEP));
	state->some = true;
	state->offset = s->offset + taken;
	return bytes[0] == 77 ? STREAM_IGNORE : taken;
}

static bool on_gap(void *ctx, struct stream *s, uint64_t lost)
{
	struct state *state = s->state;

	(void)ctx;
	MUST(lost && lost < 1024 && !state->ended && s->offset >= state->offset);
	state->offset = s->offset + lost;
	return lost % 13;
}

static void on_end(void *ctx, struct stream *s, enum stream_end why, size_t pending)
{
	struct state *state = s->state;

	(void)ctx;
	MUST(!state->ended && (why == STREAM_REFUSED || pending <= 40));
	state->ended = true;
	ended++;
}

static const struct streams_user user = {
	.state_size = sizeof(struct state),
	.data = on_data,
	.gap = on_gap,
	.end = on_end,
	.streams_max = 5,
	.pending_max = 40,
	.held_max = 150,
	.total_max = 250,
	.gap_time = 5,
	.idle_time = 40,
};

/* The number of a connection is in its port, and in the number that it begins with. */
static struct segment segment(const uint8_t in[4], int64_t ts, uint8_t bytes[64])
{
	static const uint8_t flags[16] = { [11] = TCP_SYN,
					   [12] = TCP_SYN | TCP_ACK,
					   [13] = TCP_FIN,
					   [14] = TCP_RST | TCP_ACK,
					   [15] = TCP_FIN | TCP_SYN };
	struct segment s = { .flow = { .family = AF_INET, .proto = IPPROTO_TCP } };
	uint8_t number = in[0] & 3;
	bool syn = flags[in[0] >> 4] & TCP_SYN;

	s.flow.sport = s.flow.dport = number;
	s.flow.daddr[0] = in[0] & 4 ? 1 : 2;
	s.flow.saddr[0] = 3 - s.flow.daddr[0];
	s.scope = in[0] >> 3 & 1;
	s.ts = ts;
	s.flags = flags[in[0] >> 4];
	s.seq = FIRST + (syn ? number : in[1]);
	s.ack = FIRST + in[3];
	s.wire_len = in[2] & 63;
	s.len = s.wire_len - (in[2] >> 6 ? 0 : s.wire_len / 4);
	for (uint32_t i = 0; i < s.len; i++)
		bytes[i] = (s.seq - FIRST + syn + i) * STEP;
	s.payload = bytes;
	return s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct streams *streams = streams_new(&user);
	int64_t ts = 100;

	began = ended = 0;
	for (; size >= 4; data += 4, size -= 4) {
		uint8_t bytes[64], *exact;
		struct segment s = segment(data, ts += data[3] & 7, bytes);

		exact = malloc(s.len ? s.len : 1);
		memcpy(exact, bytes, s.len);
		s.payload = exact;
		streams_add(streams, &s);
		free(exact);
	}
	began = streams_counts(streams)->streams;
	streams_free(streams);
	MUST(began == ended);
	return 0;
}
