/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hostile DNS messages: all that is found lies in the message, and prints within its bounds. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/dns_stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(condition)                                                                            \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: not %s\n", __FILE__, __LINE__, #condition);        \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

/* What was printed: not more than `room`, printable ASCII. */
static void check_text(const char *text, const char *end, size_t room)
{
	MUST(end >= text && (size_t)(end - text) <= room);
	for (const char *c = text; c < end; c++)
		MUST(*c >= ' ' && *c < 0x7f);
}

static void check_name(const struct dns_message *m, uint16_t at)
{
	/* On the heap, so that a byte too many is seen when it is written. */
	char *text = malloc(DNS_NAME_TEXT);
	char *end = dns_put_name(text, m, at, true);

	MUST(at < m->len && end > text && end[-1] == '.');
	check_text(text, end, DNS_NAME_TEXT);
	free(text);
}

static void check_record(const struct dns_message *m, const struct dns_record *r)
{
	size_t room = DNS_RDATA_TEXT(r->rdata_len);
	char *text = malloc(room);
	char word[DNS_WORD_TEXT];

	MUST(r->rdata + r->rdata_len <= m->len);
	MUST(r->section >= DNS_ANSWER && r->section < DNS_SECTIONS);
	check_name(m, r->name);
	check_text(text, dns_put_rdata(text, m, r, true), room);
	check_text(word, dns_put_type(word, r->type), sizeof(word));
	check_text(word, dns_put_class(word, r->class), sizeof(word));
	free(text);
}

static void check_questions(const struct dns_message *m)
{
	struct dns_question q;
	unsigned n = 0;
	uint16_t at = 0;

	for (; dns_next_question(m, &at, &q); n++) {
		check_name(m, q.name);
		MUST(n || (q.name == m->question.name && q.type == m->question.type &&
			   q.class == m->question.class && q.unicast == m->question.unicast));
	}
	MUST(n == m->questions && n <= m->counts[DNS_QUESTION]);
}

static void check_edns(const struct dns_message *m)
{
	struct dns_option o;
	unsigned n = 0;
	uint16_t at = 0;
	char text[DNS_SUBNET_TEXT];

	for (; dns_next_option(m, &at, &o); n++)
		MUST(o.at + o.len <= m->edns.rdata + m->edns.rdata_len);
	MUST(n == m->edns.options);
	MUST(m->edns.rdata + m->edns.rdata_len <= m->len);
	MUST(!m->edns.has_ede || m->edns.ede_text.at + m->edns.ede_text.len <= m->len);
	check_text(text, dns_put_subnet(text, m), sizeof(text));
}

static void check_message(const struct dns_message *m)
{
	unsigned bad = 0;
	char word[DNS_WORD_TEXT];

	check_questions(m);
	check_edns(m);
	for (unsigned i = 0; i < m->records; i++) {
		check_record(m, &m->record[i]);
		bad += m->record[i].bad;
	}
	check_text(word, dns_put_rcode(word, m->rcode), sizeof(word));
	check_text(word, dns_put_opcode(word, m->opcode), sizeof(word));
	MUST(m->wrong || !bad);
	MUST(m->wrong_at <= m->len && m->trailing <= m->len);
	MUST(m->wrong || m->records + m->more == m->counts[DNS_ANSWER] + m->counts[DNS_AUTHORITY] +
							 m->counts[DNS_ADDITIONAL]);
}

static void check_same(const struct dns_message *a, const struct dns_message *b)
{
	MUST(a->wrong == b->wrong && a->wrong_at == b->wrong_at && a->trailing == b->trailing);
	MUST(a->id == b->id && a->flags == b->flags && a->rcode == b->rcode);
	MUST(a->questions == b->questions && a->records == b->records && a->more == b->more);
	for (unsigned i = 0; i < a->records; i++) {
		const struct dns_record *r = &a->record[i], *s = &b->record[i];

		MUST(r->name == s->name && r->type == s->type && r->class == s->class &&
		     r->ttl == s->ttl && r->rdata == s->rdata && r->rdata_len == s->rdata_len &&
		     r->section == s->section && r->bad == s->bad);
	}
}

/* What a stream of such messages is in, and its bytes that were not taken. */
struct connection {
	struct dns_stream stream;
	const uint8_t *end; /* of what may be given */
	unsigned messages;
};

static void on_message(void *ctx, const uint8_t *bytes, size_t len)
{
	static struct dns_message m;
	struct connection *c = ctx;

	MUST(!c->stream.lost && len && bytes + len <= c->end);
	c->messages++;
	dns_parse(&m, bytes, len, false);
}

/* The input as a connection: in segments, of which some are missing. */
static void check_stream(const uint8_t *data, size_t size)
{
	static struct dns_message scratch;
	struct connection c = {};
	uint64_t all = 0, given = 0, kept = 0;
	uint32_t random = size ? data[size - 1] : 0;

	if (random & 1)
		dns_stream_older(&c.stream);
	for (size_t at = 0, n; at < size; at += n) {
		uint8_t *exact;
		size_t taken, before = c.messages;
		bool lost = c.stream.lost;

		random = random * 1103515245 + 12345;
		n = 1 + (random >> 16) % (size - at < 200 ? size - at : 200);
		if (random >> 28 == 0) {
			dns_stream_gap(&c.stream, kept + n);
			all += kept + n;
			kept = 0;
			continue;
		}
		exact = malloc(kept + n);
		memcpy(exact, data + at - kept, kept + n);
		c.end = exact + kept + n;
		taken = dns_stream_take(&c.stream,
					random >> 14 & 1 ? DNS_SIDE_ANY : DNS_SIDE_SERVER, exact,
					kept + n, &scratch, on_message, &c);
		free(exact);
		MUST(taken <= kept + n && (taken || kept + n <= 65537));
		MUST(!c.stream.lost || (lost && c.messages == before));
		given += taken;
		kept += n - taken;
	}
	MUST(c.stream.skipped <= all + given);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct dns_message m, again;

	check_stream(data, size);

	for (int mdns = 0; mdns < 2; mdns++) {
		bool good = dns_parse(&m, data, size, mdns);

		MUST(good == !m.wrong);
		check_message(&m);
		dns_parse(&again, data, size, mdns);
		check_same(&m, &again);
	}
	return 0;
}
