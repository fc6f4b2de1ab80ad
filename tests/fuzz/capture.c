/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A capture's bytes, all the way up to streams, whose bounds are so small that they are reached. */
#include "net/capture.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/fragment.h"
#include "net/stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(what)                                                                                 \
	do {                                                                                       \
		if (!(what)) {                                                                     \
			fprintf(stderr, "not true: %s\n", #what);                                  \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

struct state {
	uint64_t offset; /* of the byte that comes next */
	bool known, ended;
};

/* All bytes can be read; what they say decides how many are taken. */
static uint32_t sum_of(const uint8_t *bytes, size_t len)
{
	uint32_t sum = len;

	for (size_t i = 0; i < len; i++)
		sum = sum * 31 + bytes[i];
	return sum;
}

static size_t on_data(void *ctx, struct stream *s, const uint8_t *bytes, size_t len)
{
	struct state *state = s->state;
	uint32_t sum = sum_of(bytes, len);
	size_t taken = sum % 3 ? len : sum % (len + 1);

	(void)ctx;
	MUST(len && !state->ended && (!state->known || s->offset == state->offset));
	state->known = true;
	state->offset = s->offset + taken;
	return sum % 61 ? taken : STREAM_IGNORE;
}

static bool on_gap(void *ctx, struct stream *s, uint64_t lost)
{
	struct state *state = s->state;

	(void)ctx;
	MUST(lost && !state->ended && s->offset >= state->offset && s->lost >= lost);
	state->offset = s->offset + lost;
	return lost % 13;
}

static void on_end(void *ctx, struct stream *s, enum stream_end why, size_t pending)
{
	struct state *state = s->state;

	(void)ctx, (void)why;
	MUST(!state->ended && pending < 1 << 20);
	state->ended = true;
}

static const struct streams_user user = {
	.state_size = sizeof(struct state),
	.data = on_data,
	.gap = on_gap,
	.end = on_end,
	.streams_max = 6,
	.pending_max = 100,
	.held_max = 400,
	.total_max = 1000,
};

static void take(struct streams *streams, struct fragments *fragments, const struct captured *c)
{
	uint8_t *exact = malloc(c->len ? c->len : 1);
	char id[FLOW_ID_SIZE];
	enum packet_kind kind;
	struct packet p;

	memcpy(exact, c->bytes, c->len);
	kind = packet_parse(&p, c->link, exact, c->len, c->orig_len);
	MUST(kind != PACKET_IP || (p.payload >= exact && p.payload + p.len <= exact + c->len));
	while (kind == PACKET_IP && p.fragment)
		if (!fragments_add(fragments, &p, c->ts, &kind))
			kind = PACKET_OTHER;
	if (kind == PACKET_IP) {
		MUST(p.wire_len >= p.len && p.cut == (p.wire_len > p.len));
		sum_of(p.payload, p.len);
		flow_id(id, &p.flow, 0);
		MUST(strlen(id) == 30);
		if (p.flow.proto == IPPROTO_TCP) {
			struct segment s = segment_of(&p, c->ts);

			streams_add(streams, &s);
		}
	}
	free(exact);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct capture *c = capture_new();
	struct streams *streams = streams_new(&user);
	struct fragments *fragments = fragments_new(5, 3000, 0);
	size_t step = size ? 1 + data[size - 1] * 16 : 1;
	enum capture_status status;
	struct captured p;

	while ((status = capture_next(c, &p)) != CAPTURE_END) {
		size_t room, n = step < size ? step : size;
		uint8_t *to;

		if (status == CAPTURE_PACKET) {
			MUST(p.len <= CAPTURE_PACKET_MAX);
			take(streams, fragments, &p);
			continue;
		}
		to = capture_room(c, &room);
		MUST(room >= n);
		memcpy(to, data, n);
		capture_filled(c, n);
		data += n;
		size -= n;
	}
	MUST(!capture_error(c) || strstr(capture_error(c), " (byte "));
	capture_free(c);
	streams_free(streams);
	fragments_free(fragments);
	return 0;
}
