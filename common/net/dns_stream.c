/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "net/dns_stream.h"

#include "net/bytes.h"

#define LENGTH	   2
#define HEADER	   12
#define QUESTION   5  /* the least that one has: the root's name, type and class */
#define RECORD	   11 /* the same of a record */
#define OPCODE_MAX 6  /* DSO (RFC 8490) */

enum begins {
	NO,
	MAYBE, /* more bytes will tell */
	YES,
};

/* Whether this may be a length and the header of a message; there are that many bytes. */
static bool is_header(enum dns_side side, const uint8_t *bytes)
{
	uint16_t len = get_be16(bytes), bits = get_be16(bytes + 4);
	uint16_t questions = get_be16(bytes + 6), answers = get_be16(bytes + 8);
	uint32_t records = answers + get_be16(bytes + 10) + get_be16(bytes + 12);
	bool is_answer = bits & DNS_QR;

	if (side != DNS_SIDE_ANY && is_answer != (side == DNS_SIDE_SERVER))
		return false;
	if (bits >> 11 > (is_answer ? 16 + OPCODE_MAX : OPCODE_MAX))
		return false;
	/* A zone transfer asks in its first message only (RFC 5936, 2.2). */
	if (questions != 1 && !(is_answer && !questions && answers))
		return false;
	return len >= HEADER + questions * QUESTION + records * RECORD;
}

static enum begins begins(enum dns_side side, const uint8_t *bytes, size_t len,
			  struct dns_message *m)
{
	size_t size;

	if (len < LENGTH + HEADER)
		return MAYBE;
	if (!is_header(side, bytes))
		return NO;
	size = LENGTH + get_be16(bytes);
	if (len < size)
		return MAYBE;
	if (!dns_parse(m, bytes + LENGTH, size - LENGTH, false) || m->trailing)
		return NO;
	len -= size;
	return len < LENGTH + HEADER || is_header(side, bytes + size) ? YES : NO;
}

void dns_stream_older(struct dns_stream *s)
{
	s->lost = s->older = true;
}

void dns_stream_gap(struct dns_stream *s, uint64_t n)
{
	s->lost = true;
	s->older = false;
	s->skipped += n;
	s->waiting = 0;
}

/* How many bytes stand before a message; all, where none begins. */
static size_t skip(struct dns_stream *s, enum dns_side side, const uint8_t *bytes, size_t len,
		   struct dns_message *scratch)
{
	size_t at = 0, segment = s->waiting;
	bool first = s->older;

	s->waiting = 0;
	s->older = false;
	if (first && len > LENGTH && len == LENGTH + (size_t)get_be16(bytes)) {
		s->lost = false;
		return 0;
	}
	for (;;) {
		switch (begins(side, bytes + at, len - at, scratch)) {
		case YES:
			s->lost = false;
			return at;
		case MAYBE:
			s->waiting = len - at;
			return at;
		case NO:
			/* Those that have waited are none; the last segment may begin one. */
			at = at < segment ? segment : len;
		}
		if (at == len)
			return at;
	}
}

size_t dns_stream_take(struct dns_stream *s, enum dns_side side, const uint8_t *bytes, size_t len,
		       struct dns_message *scratch,
		       void (*message)(void *ctx, const uint8_t *bytes, size_t len), void *ctx)
{
	size_t taken = 0;

	if (s->lost) {
		taken = skip(s, side, bytes, len, scratch);
		s->skipped += taken;
	}
	while (!s->lost && len - taken >= LENGTH) {
		size_t n = get_be16(bytes + taken);

		if (len - taken - LENGTH < n)
			break;
		if (n)
			message(ctx, bytes + taken + LENGTH, n);
		taken += LENGTH + n;
	}
	return taken;
}
