/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dnssnoop: every DNS question and answer, and who asked. */
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/num.h"
#include "bpf/dnssnoop.h"
#include "bpf/dnssnoop.skel.h"
#include "net/bytes.h"
#include "net/capture.h"
#include "net/dns_stream.h"
#include "net/fragment.h"
#include "net/packet.h"
#include "net/recent.h"
#include "net/stream.h"
#include "tool/tool.h"

#define PORT_DNS   53
#define PORT_MDNS  5353
#define PORT_LLMNR 5355

#define HEADER_SIZE 12 /* of a message */

/*
 * Tables.
 */

static const struct field rr_fields[] = {
	{ "data", FIELD_STRING, FIELD_AT(struct dns_rr, data), .help = "what the record says" },
	{ "type", FIELD_STRING, FIELD_AT(struct dns_rr, type), .help = "type" },
	{ "name", FIELD_STRING, FIELD_AT(struct dns_rr, name), .help = "owner name" },
	{ "ttl", FIELD_UINT, FIELD_AT(struct dns_rr, ttl), .help = "time to live, in seconds" },
	{},
};

static const struct field_name protos[] = { { 6, "tcp" }, { 17, "udp" }, {} };
static const struct field_name directions[] = {
	{ PACKET_INGRESS, "in" },
	{ PACKET_EGRESS, "out" },
	{},
};
static const struct field_name services[] = {
	{ SERVICE_DNS, "dns" },
	{ SERVICE_MDNS, "mdns" },
	{ SERVICE_LLMNR, "llmnr" },
	{},
};
static const struct field_name flags[] = {
	{ DNS_QR, "qr" }, { DNS_AA, "aa" }, { DNS_TC, "tc" },
	{ DNS_RD, "rd" }, { DNS_RA, "ra" }, { DNS_Z, "z" },
	{ DNS_AD, "ad" }, { DNS_CD, "cd" }, {},
};

#define DNS(member) FIELD_AT(struct dns_event, member)

static const struct field dns_fields[] = {
	{ "direction", FIELD_ENUM, DNS(direction), OMIT_MAX, .names = directions, .heading = "DIR",
	  .width = 3, .help = "in or out, as the socket (or the interface) sees it" },
	{ "service", FIELD_ENUM, DNS(service), .names = services,
	  .help = "dns, mdns (port 5353) or llmnr (5355)" },
	{ "proto", FIELD_ENUM, DNS(proto), .names = protos, .help = "udp or tcp" },
	{ "saddr", FIELD_ADDR, DNS(saddr), .help = "source address" },
	{ "sport", FIELD_PORT, DNS(sport), .help = "source port" },
	{ "daddr", FIELD_ADDR, DNS(daddr), .heading = "DADDR", .width = 15,
	  .help = "destination address" },
	{ "dport", FIELD_PORT, DNS(dport), .help = "destination port" },
	{ "community_id", FIELD_STRING, DNS(community_id),
	  .help = "names the flow, as other programs do (Community ID 1)" },
	{ "bytes", FIELD_BYTES, DNS(bytes), .help = "size of the message" },
	{ "truncated", FIELD_FLAG, .flag = DNS_MESSAGE_TRUNCATED,
	  .help = "not all of the message was captured" },
	{ "id", FIELD_UINT, DNS(id), .help = "message id" },
	{ "opcode", FIELD_STRING, DNS(opcode), .help = "such as QUERY or UPDATE" },
	{ "flags", FIELD_FLAGS, DNS(flags), .names = flags,
	  .help = "those set: qr (answer), aa, tc, rd, ra, z, ad, cd" },
	{ "rcode", FIELD_STRING, DNS(rcode), .heading = "RCODE", .width = 8,
	  .help = "of an answer: such as NXDOMAIN, with the upper bits of EDNS" },
	{ "qclass", FIELD_STRING, DNS(qclass), .help = "class of the question: IN mostly" },
	{ "answer_count", FIELD_UINT, DNS(answer_count), OMIT_ZERO,
	  .help = "answers, as the message says" },
	{ "authority_count", FIELD_UINT, DNS(authority_count), OMIT_ZERO,
	  .help = "authority records" },
	{ "additional_count", FIELD_UINT, DNS(additional_count), OMIT_ZERO,
	  .help = "additional records, that of EDNS included" },
	{ "edns_size", FIELD_BYTES, DNS(edns_size), OMIT_ZERO,
	  .help = "with EDNS: the largest UDP message that is welcome" },
	{ "dnssec_ok", FIELD_FLAG, .flag = DNS_DO, .help = "signatures are asked for (DO)" },
	{ "cookie", FIELD_STRING, DNS(cookie), .help = "DNS cookie, in hex (RFC 7873)" },
	{ "client_subnet", FIELD_STRING, DNS(client_subnet),
	  .help = "ADDRESS/SOURCE/SCOPE (RFC 7871)" },
	{ "extended_error", FIELD_STRING, DNS(extended_error),
	  .help = "why (RFC 8914), such as Stale Answer" },
	{ "extended_error_text", FIELD_STRING, DNS(extended_error_text),
	  .help = "the server's own words to that" },
	{ "latency_ns", FIELD_DURATION, DNS(latency), OMIT_ZERO, .heading = "LATENCY", .width = 8,
	  .help = "of an answer: time since the first question" },
	{ "retries", FIELD_UINT, DNS(retries), OMIT_ZERO,
	  .help = "times the question was repeated" },
	{ "malformed", FIELD_STRING, DNS(malformed), .heading = "ANSWERS", .alarm = true,
	  .help = "what is wrong with the message" },
	{ "malformed_at", FIELD_UINT, DNS(malformed_at), OMIT_MAX,
	  .help = "at which byte of the message, from 0" },
	{ "authority", FIELD_LIST, DNS(authority), .record = sizeof(struct dns_rr),
	  .fields = rr_fields, .help = "authority records, with --all-sections" },
	{ "additional", FIELD_LIST, DNS(additional), .record = sizeof(struct dns_rr),
	  .fields = rr_fields, .help = "additional records but EDNS, with --all-sections" },
	{ "qtype", FIELD_STRING, DNS(qtype), .heading = "QTYPE", .width = 5,
	  .help = "type of the question: A, HTTPS and so on" },
	{ "query", FIELD_STRING, DNS(query), .heading = "QUERY", .width = 24, .by = true,
	  .help = "name that is asked for, as RFC 1035 writes names" },
	{ "answers", FIELD_LIST, DNS(answers), .record = sizeof(struct dns_rr), .fields = rr_fields,
	  .heading = "ANSWERS", .help = "answers" },
	{ "answers_truncated", FIELD_FLAG, .flag = DNS_ANSWERS_TRUNCATED,
	  .help = "not all records that were there are given" },
	{},
};

static const char *const programs[] = { "on_egress", "on_ingress", NULL };

static const struct event_desc events[] = {
	{ DNS_QUERY, "dns.query", sizeof(struct dns_event), dns_fields,
	  "A question was sent or came.", programs, .by_default = true },
	{ DNS_RESPONSE, "dns.answer", sizeof(struct dns_event), dns_fields,
	  "An answer was sent or came.", programs, .by_default = true },
	{ DNS_TIMEOUT, "dns.timeout", sizeof(struct dns_event), dns_fields,
	  "No answer was seen in time.", programs, .by_default = true, .failure = true },
	{ DNS_MALFORMED, "dns.malformed", sizeof(struct dns_event), dns_fields,
	  "Something at a port of DNS is no DNS message; what could be read of it is here.",
	  programs, .by_default = true, .failure = true },
	{ DNS_EXCHANGE, "dns.exchange", sizeof(struct dns_event), dns_fields,
	  "A question and its answer, in one: the time is that of the question, all else is said "
	  "of "
	  "the answer.",
	  programs },
	{},
};

static struct {
	struct dnssnoop_config kernel;
	const char *capture, *interface, *direction;
	struct list ports, rcodes, qtypes, names;
	uint64_t timeout;
	bool pair, all_sections;
} config = { .timeout = 5 * SECOND };

/* clang-format off */
#define AT(member) .offset = offsetof(__typeof__(config), member)
/* clang-format on */

static const struct option_row options[] = {
	{ .type = OPTION_HEADING, .help = "Which messages:" },
	{ "read", 'r', OPTION_STRING, "FILE", AT(capture),
	  .help = "read a capture (pcap or pcapng; - is standard input) instead of watching" },
	{ "interface", 'i', OPTION_STRING, "INTERFACE", AT(interface),
	  .help = "what passes this interface, forwarded or mirrored too, instead of what sockets "
		  "send and receive" },
	{ "port", 0, OPTION_LIST, "PORT", AT(ports),
	  .help = "look at this port too, beside 53, 5353 and 5355" },
	{ "direction", 0, OPTION_STRING, "DIRECTION", AT(direction),
	  .help = "only what comes in, or what goes out: in or out (default: both)" },
	{ "name", 0, OPTION_LIST, "PATTERN", AT(names),
	  .help = "only questions for these names (a shell pattern, in any case)" },
	{ "qtype", 0, OPTION_LIST, "TYPE", AT(qtypes),
	  .help = "only questions of this type, and what is answered: A, HTTPS, TYPE65280" },
	{ "rcode", 0, OPTION_LIST, "RCODE", AT(rcodes),
	  .help = "only answers with this rcode: NXDOMAIN, 3" },
	{ .type = OPTION_HEADING, .help = "How they are shown:" },
	{ "pair", 0, OPTION_FLAG, NULL, AT(pair),
	  .help = "print one line, dns.exchange, for a question and its answer" },
	{ "all-sections", 0, OPTION_FLAG, NULL, AT(all_sections),
	  .help = "print authority and additional records too" },
	{ "timeout", 0, OPTION_DURATION, "TIME", AT(timeout), .min = 1,
	  .help = "how long an answer is waited for (default 5s)" },
	{},
};

static uint16_t qtypes[64], rcodes[64];

/*
 * A message and where it comes from.
 */

struct origin {
	struct event header; /* of the owner, with the time */
	struct flow flow;
	uint64_t cookie; /* of the socket */
	uint32_t size;	 /* of the message */
	bool cut;	 /* not all of it is here */
	uint8_t direction;
	bool live;	/* not of a capture */
	bool unmatched; /* the owner is none of the processes that are wanted */
};

static struct dns_message message;

static uint8_t service_of(const struct flow *f)
{
	if (f->sport == PORT_MDNS || f->dport == PORT_MDNS)
		return SERVICE_MDNS;
	return f->sport == PORT_LLMNR || f->dport == PORT_LLMNR ? SERVICE_LLMNR : SERVICE_DNS;
}

/*
 * Events: a fixed part, and behind it what its spans refer to.
 */

static union {
	struct dns_event e;
	char bytes[UINT16_MAX];
} event;
static char scratch[DNS_RDATA_TEXT(UINT16_MAX)];

/* False: there is no room. */
static bool add_span(struct span *to, const char *bytes, size_t len)
{
	if (event.e.header.size + len > sizeof(event))
		return false;
	*to = (struct span){ event.e.header.size, len };
	memcpy(event.bytes + event.e.header.size, bytes, len);
	event.e.header.size += len;
	return true;
}

static void add_text(struct span *to, const char *end)
{
	add_span(to, scratch, end - scratch);
}

static bool add_record(struct dns_rr *rr, const struct dns_record *r)
{
	rr->ttl = r->ttl;
	return add_span(&rr->name, scratch,
			dns_put_name(scratch, &message, r->name, false) - scratch) &&
	       add_span(&rr->type, scratch, dns_put_type(scratch, r->type) - scratch) &&
	       add_span(&rr->data, scratch, dns_put_rdata(scratch, &message, r, false) - scratch);
}

/* The records of a section, but that of EDNS, whose fields are told apart. */
static void add_records(struct span *list, enum dns_section section)
{
	struct dns_rr *rr;
	size_t n = 0, read = 0;

	for (unsigned i = 0; i < message.records; i++) {
		if (message.record[i].section != section)
			continue;
		read++;
		n += message.record[i].type != DNS_TYPE_OPT;
	}
	if (read < message.counts[section])
		event.e.header.flags |= DNS_ANSWERS_TRUNCATED;
	/* Records are read as they are in the event: where their integers may lie. */
	event.e.header.size = (event.e.header.size + 7) & ~7u;
	if (!n || event.e.header.size + n * sizeof(*rr) > sizeof(event)) {
		event.e.header.flags |= n ? DNS_ANSWERS_TRUNCATED : 0;
		return;
	}
	rr = (struct dns_rr *)(event.bytes + event.e.header.size);
	*list = (struct span){ event.e.header.size, 0 };
	event.e.header.size += n * sizeof(*rr);
	memset(rr, 0, n * sizeof(*rr));
	for (unsigned i = 0; i < message.records; i++) {
		const struct dns_record *r = &message.record[i];

		if (r->section != section || r->type == DNS_TYPE_OPT)
			continue;
		if (!add_record(rr++, r)) {
			event.e.header.flags |= DNS_ANSWERS_TRUNCATED;
			return;
		}
		list->len += sizeof(*rr);
	}
}

static void add_edns(void)
{
	const struct dns_edns *edns = &message.edns;
	const char *name;

	if (!edns->present)
		return;
	event.e.edns_size = edns->udp_size;
	event.e.header.flags |= edns->dnssec_ok ? DNS_DO : 0;
	if (edns->has_cookie)
		add_text(&event.e.cookie,
			 put_hex(scratch, message.bytes + edns->cookie.at, edns->cookie.len));
	if (edns->has_ecs)
		add_text(&event.e.client_subnet, dns_put_subnet(scratch, &message));
	if (!edns->has_ede)
		return;
	name = dns_ede_name(edns->ede);
	add_text(&event.e.extended_error,
		 name ? stpcpy(scratch, name) : put_u64(scratch, edns->ede));
	if (edns->ede_text.len)
		add_span(&event.e.extended_error_text,
			 (const char *)message.bytes + edns->ede_text.at, edns->ede_text.len);
}

static void set_address(uint8_t to[16], const uint8_t *addr, uint8_t family)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (addr_size(family) == 16)
		memcpy(to, addr, 16);
	else
		memcpy(mempcpy(to, mapped, 12), addr, 4);
}

static void add_question(void)
{
	if (!message.questions)
		return;
	add_text(&event.e.query, dns_put_name(scratch, &message, message.question.name, false));
	add_text(&event.e.qtype, dns_put_type(scratch, message.question.type));
	add_text(&event.e.qclass, dns_put_class(scratch, message.question.class));
}

/* Begins an event of what `message` is. */
static void make_event(uint16_t type, const struct origin *from, const struct flow *flow)
{
	char id[FLOW_ID_SIZE];

	memset(&event.e, 0, sizeof(event.e));
	event.e.header = from->header;
	event.e.header.type = type;
	event.e.header.flags = 0;
	event.e.header.size = sizeof(event.e);
	set_address(event.e.saddr, flow->saddr, flow->family);
	set_address(event.e.daddr, flow->daddr, flow->family);
	event.e.sport = flow->sport;
	event.e.dport = flow->dport;
	event.e.proto = flow->proto;
	event.e.direction = from->direction;
	event.e.service = service_of(flow);
	event.e.malformed_at = UINT32_MAX;
	flow_id(id, flow, 0);
	add_span(&event.e.community_id, id, sizeof(id) - 1);

	event.e.bytes = from->size;
	event.e.header.flags |= from->cut ? DNS_MESSAGE_TRUNCATED : 0;
	event.e.id = message.id;
	event.e.flags = message.flags;
	add_text(&event.e.opcode, dns_put_opcode(scratch, message.opcode));
	if (message.flags & DNS_QR)
		add_text(&event.e.rcode, dns_put_rcode(scratch, message.rcode));
	event.e.answer_count = message.counts[DNS_ANSWER];
	event.e.authority_count = message.counts[DNS_AUTHORITY];
	event.e.additional_count = message.counts[DNS_ADDITIONAL];
	add_question();
	add_edns();
	add_records(&event.e.answers, DNS_ANSWER);
	if (config.all_sections) {
		add_records(&event.e.authority, DNS_AUTHORITY);
		add_records(&event.e.additional, DNS_ADDITIONAL);
	}
}

static bool is_listed(const uint16_t *numbers, size_t n, uint16_t number)
{
	for (size_t i = 0; i < n; i++)
		if (numbers[i] == number)
			return true;
	return !n;
}

static bool is_named(void)
{
	*dns_put_name(scratch, &message, message.question.name, false) = '\0';
	for (size_t i = 0; i < config.names.n; i++)
		if (!fnmatch(config.names.item[i], scratch, FNM_CASEFOLD))
			return true;
	return false;
}

/* Prints the event, if the filters let it. */
static void print_event(void)
{
	if (config.direction && event.e.direction != UINT8_MAX &&
	    (event.e.direction == PACKET_EGRESS) != (*config.direction == 'o'))
		return;
	if (config.rcodes.n &&
	    (!(message.flags & DNS_QR) || !is_listed(rcodes, config.rcodes.n, message.rcode)))
		return;
	if (config.qtypes.n &&
	    (!message.questions || !is_listed(qtypes, config.qtypes.n, message.question.type)))
		return;
	if (config.names.n && (!message.questions || !is_named()))
		return;
	tool_print(&event.e.header);
}

/*
 * Questions that wait for their answers.
 */

#define PENDING_MAX  16384
#define QUESTION_MAX (HEADER_SIZE + 255 + 4) /* and one question */

struct pending {
	struct recent_entry entry;
	struct origin from;
	int64_t first;
	uint32_t retries;
	uint16_t len;
	uint8_t bytes[QUESTION_MAX];
};

static struct recent waiting;
static struct pending pool[PENDING_MAX], *unused[PENDING_MAX];
static size_t n_unused;

/* What a question and its answer have in common: the flow of the question, and who sees them. */
static void make_key(uint8_t key[RECENT_KEY], const struct flow *question, uint16_t id,
		     uint8_t direction)
{
	memset(key, 0, RECENT_KEY);
	memcpy(key, question, sizeof(*question));
	memcpy(key + sizeof(*question), &id, sizeof(id));
	key[sizeof(*question) + sizeof(id)] = direction;
}

static void forget(struct pending *p)
{
	recent_remove(&waiting, &p->entry);
	unused[n_unused++] = p;
}

static void time_out(struct pending *p)
{
	struct origin from = p->from;

	dns_parse(&message, p->bytes, p->len, false);
	make_event(DNS_TIMEOUT, &from, &from.flow);
	event.e.header.ts = p->entry.ts + config.timeout;
	event.e.retries = p->retries;
	forget(p);
	print_event();
}

/* Gives up questions without an answer. Returns when the next one is given up; 0: there is none. */
static int64_t expire(int64_t time)
{
	while (waiting.oldest) {
		struct pending *p = (struct pending *)waiting.oldest;

		if (p->entry.ts + (int64_t)config.timeout > time)
			return p->entry.ts + (int64_t)config.timeout;
		time_out(p);
	}
	return 0;
}

/* Only the question is kept. */
static void remember(const struct origin *from)
{
	uint8_t key[RECENT_KEY];
	struct pending *p;
	int64_t ts = from->header.ts;

	if (service_of(&from->flow) != SERVICE_DNS || !message.questions ||
	    message.questions_end > QUESTION_MAX)
		return;
	make_key(key, &from->flow, message.id, from->direction);
	p = (struct pending *)recent_find(&waiting, key);
	if (p) {
		p->retries++;
		recent_touch(&waiting, &p->entry, ts);
		return;
	}
	if (!n_unused)
		time_out((struct pending *)waiting.oldest);
	p = unused[--n_unused];
	memcpy(p->entry.key, key, sizeof(key));
	p->from = *from;
	p->first = ts;
	p->retries = 0;
	p->len = message.questions_end;
	memcpy(p->bytes, message.bytes, p->len);
	/* Of the counts only that of questions holds. */
	memset(p->bytes + 6, 0, 6);
	recent_add(&waiting, &p->entry, ts);
}

/* The question that `message`, an answer, belongs to. NULL: it was not seen. */
static struct pending *find_question(const struct origin *from)
{
	struct flow question = flow_reverse(&from->flow);
	uint8_t key[RECENT_KEY];

	make_key(key, &question, message.id,
		 from->direction == UINT8_MAX ? UINT8_MAX : !from->direction);
	return (struct pending *)recent_find(&waiting, key);
}

/*
 * Questions that come to a server of this machine are held until it is known which process takes
 * them: of a socket that several use, or that was opened by another one, the owner is only known
 * by the next receiving or sending.
 */

#define HELD_MAX  1024
#define HOLD_TIME (100 * MS)

static struct held {
	struct origin from;
	uint16_t len; /* 0: it has been released */
	uint8_t bytes[512];
} held[HELD_MAX];
static unsigned held_first, held_n;

static void on_message(const struct origin *from);

static void set_owner(struct event *header, const struct event *owner)
{
	header->pid = owner->pid;
	header->tid = owner->tid;
	header->ppid = owner->ppid;
	header->uid = owner->uid;
	header->start = owner->start;
	memcpy(header->comm, owner->comm, sizeof(owner->comm));
}

/* `owner`: who takes it; NULL: still unknown. */
static void release(struct held *h, const struct event *owner)
{
	struct origin from = h->from;
	uint16_t len = h->len;

	if (owner) {
		set_owner(&from.header, owner);
		from.unmatched = owner->flags & PACKET_UNMATCHED;
	}
	h->len = 0;
	dns_parse(&message, h->bytes, len, service_of(&from.flow) == SERVICE_MDNS);
	on_message(&from);
}

static void drop_released(void)
{
	while (held_n && !held[held_first].len) {
		held_first = (held_first + 1) % HELD_MAX;
		held_n--;
	}
}

/* Returns when the next one is due; 0: there is none. */
static int64_t release_due(int64_t time)
{
	drop_released();
	while (held_n) {
		struct held *h = &held[held_first];

		if ((int64_t)h->from.header.ts + HOLD_TIME > time)
			return h->from.header.ts + HOLD_TIME;
		release(h, NULL);
		drop_released();
	}
	return 0;
}

/* Of what is released to make room `message` is afterwards. */
static void hold(const struct origin *from, const uint8_t *bytes, size_t len)
{
	struct held *h;

	drop_released();
	if (held_n == HELD_MAX) {
		release(&held[held_first], NULL);
		drop_released();
	}
	h = &held[(held_first + held_n++) % HELD_MAX];
	h->from = *from;
	h->len = len;
	memcpy(h->bytes, bytes, len);
}

/*
 * Somebody has received something from a socket: of a datagram socket the oldest question, of a
 * connection, which is one process's, all that there are.
 */
static void on_owner(const struct owner_event *owner)
{
	for (unsigned i = 0; i < held_n; i++) {
		struct held *h = &held[(held_first + i) % HELD_MAX];

		if (!h->len || h->from.cookie != owner->cookie)
			continue;
		release(h, &owner->header);
		if (h->from.flow.proto == 17 /* UDP */)
			return;
	}
}

/* The question that is being answered. */
static struct held *find_held_question(const struct origin *answer)
{
	struct flow question = flow_reverse(&answer->flow);

	for (unsigned i = 0; i < held_n; i++) {
		struct held *h = &held[(held_first + i) % HELD_MAX];

		if (h->len && h->from.cookie == answer->cookie &&
		    get_be16(h->bytes) == message.id &&
		    !memcmp(&h->from.flow, &question, sizeof(question)))
			return h;
	}
	return NULL;
}

/*
 * Messages.
 */

static void add_latency(const struct origin *answer, const struct pending *question)
{
	event.e.latency = answer->header.ts - question->first;
	event.e.retries = question->retries;
}

/* An answer is one all the same: nobody waits for it any longer. */
static void print_malformed(const struct origin *from, struct pending *question)
{
	make_event(DNS_MALFORMED, from, &from->flow);
	if (question) {
		add_latency(from, question);
		forget(question);
	}
	add_span(&event.e.malformed, message.wrong, strlen(message.wrong));
	event.e.malformed_at = message.wrong_at;
	print_event();
}

static void print_answer(const struct origin *from, struct pending *question)
{
	make_event(DNS_RESPONSE, from, &from->flow);
	if (question)
		add_latency(from, question);
	print_event();
	if (!question)
		return;
	event.e.header.type = DNS_EXCHANGE;
	event.e.header.ts = question->first;
	if (!event.e.header.pid)
		set_owner(&event.e.header, &question->from.header);
	forget(question);
	print_event();
}

/* `message` has been parsed, and its owner is as known as it will be. */
static void on_message(const struct origin *from)
{
	bool answer = message.flags & DNS_QR;
	struct pending *question;

	if (from->unmatched)
		return;
	question = answer ? find_question(from) : NULL;
	/* Of a message that was cut nobody knows what is wrong with it. */
	if (message.wrong && !(from->cut && message.len >= HEADER_SIZE)) {
		print_malformed(from, question);
	} else if (answer) {
		print_answer(from, question);
	} else {
		make_event(DNS_QUERY, from, &from->flow);
		print_event();
		remember(from);
	}
}

/* `cut`: there was more. */
static void take_message(const struct origin *from, const uint8_t *bytes, size_t len)
{
	struct held *question;

	dns_parse(&message, bytes, len, service_of(&from->flow) == SERVICE_MDNS);
	if (from->live && from->direction == PACKET_INGRESS && from->cookie &&
	    !(message.flags & DNS_QR) && len <= sizeof(held->bytes) && len) {
		hold(from, bytes, len);
		return;
	}
	if (from->live && from->direction == PACKET_EGRESS && message.flags & DNS_QR) {
		question = find_held_question(from);
		if (question) {
			release(question, from->header.pid ? &from->header : NULL);
			dns_parse(&message, bytes, len, service_of(&from->flow) == SERVICE_MDNS);
		}
	}
	on_message(from);
}

/*
 * TCP.
 */

/* What one end sends. */
struct connection {
	struct origin from; /* of the last segment */
	struct dns_stream messages;
	bool begun;
	uint64_t end; /* offset of what has not been taken */
};

static struct streams *streams;
static const struct origin *current; /* of the segment that is being added; NULL: none is */

/* Between the bytes of a connection, or at its end: messages that nobody will see. */
static void print_skipped(struct connection *c)
{
	struct origin from = c->from;

	if (!c->messages.skipped || from.unmatched)
		return;
	from.size = c->messages.skipped < UINT32_MAX ? c->messages.skipped : UINT32_MAX;
	from.cut = true;
	c->messages.skipped = 0;
	dns_parse(&message, NULL, 0, false);
	make_event(DNS_MALFORMED, &from, &from.flow);
	add_text(&event.e.malformed, stpcpy(scratch, "is skipped, as bytes are missing"));
	print_event();
}

static void on_stream_message(void *ctx, const uint8_t *bytes, size_t len)
{
	struct connection *c = ctx;

	print_skipped(c);
	c->from.size = len;
	c->from.cut = false;
	take_message(&c->from, bytes, len);
}

static bool is_port(uint16_t port)
{
	for (size_t i = 0; i < PACKET_PORTS && config.kernel.ports[i]; i++)
		if (port == config.kernel.ports[i])
			return true;
	return false;
}

static enum dns_side side_of(const struct flow *f)
{
	bool from_server = is_port(f->sport), to_server = is_port(f->dport);

	if (from_server == to_server)
		return DNS_SIDE_ANY;
	return to_server ? DNS_SIDE_CLIENT : DNS_SIDE_SERVER;
}

/* Another stream may be given what has waited when a segment is added. */
static void set_origin(struct connection *c, const struct stream *s)
{
	if (current && current->cookie == s->scope &&
	    !memcmp(&current->flow, &s->flow, sizeof(s->flow)))
		c->from = *current;
	c->from.header.ts = s->ts;
}

static size_t on_stream(void *ctx, struct stream *s, const uint8_t *bytes, size_t len)
{
	struct connection *c = s->state;
	size_t taken;

	(void)ctx;
	set_origin(c, s);
	if (!c->begun && !s->from_start)
		dns_stream_older(&c->messages);
	c->begun = true;
	taken = dns_stream_take(&c->messages, side_of(&s->flow), bytes, len, &message,
				on_stream_message, c);
	c->end = s->offset + taken;
	return taken;
}

static bool on_gap(void *ctx, struct stream *s, uint64_t lost)
{
	struct connection *c = s->state;

	(void)ctx;
	set_origin(c, s);
	dns_stream_gap(&c->messages, s->offset - c->end + lost);
	c->begun = true;
	c->end = s->offset + lost;
	return true;
}

static void on_end(void *ctx, struct stream *s, enum stream_end why, size_t pending)
{
	struct connection *c = s->state;

	(void)ctx, (void)why;
	if (c->messages.lost)
		c->messages.skipped += pending;
	print_skipped(c);
}

static void take_segment(const struct origin *from, struct segment *segment)
{
	uint64_t held = streams_counts(streams)->held;
	struct stream *s;

	current = from;
	segment->scope = from->cookie;
	streams_add(streams, segment);
	current = NULL;
	if (streams_counts(streams)->held == held)
		return;
	/* It waits: so that it is known whose it is, when it no longer does. */
	s = streams_find(streams, &segment->flow, segment->scope);
	if (s)
		((struct connection *)s->state)->from = *from;
}

/*
 * What the kernel side sends.
 */

/* One datagram, or several in one packet, which is not split yet or has been put together. */
static void take_datagrams(struct origin *from, const struct packet_event *p)
{
	uint32_t each = p->gso_size && p->gso_size < p->len ? p->gso_size : p->len, at = 0;

	do {
		uint32_t size = p->len - at < each ? p->len - at : each;
		uint32_t left = p->captured > at ? p->captured - at : 0;

		from->size = size;
		from->cut = left < size;
		take_message(from, (const uint8_t *)(p + 1) + at, left < size ? left : size);
		at += each;
	} while (at < p->len);
}

static void on_event(const struct event *e, size_t size)
{
	const struct packet_event *p = (const struct packet_event *)e;
	struct origin from = { .header = *e, .live = true };
	struct segment segment;

	if (e->type == EVENT_OWNER) {
		on_owner((const struct owner_event *)e);
		return;
	}
	if (size < sizeof(*p) || p->captured > size - sizeof(*p))
		return;
	memcpy(from.flow.saddr, p->saddr, sizeof(p->saddr));
	memcpy(from.flow.daddr, p->daddr, sizeof(p->daddr));
	from.flow.sport = p->sport;
	from.flow.dport = p->dport;
	from.flow.family = p->family;
	from.flow.proto = p->proto;
	/* An interface has packets of any sockets, and of none. */
	from.cookie = p->ifindex ? 0 : p->cookie;
	from.direction = p->direction;
	from.unmatched = e->flags & PACKET_UNMATCHED;
	if (p->proto != 6 /* TCP */) {
		take_datagrams(&from, p);
		return;
	}
	segment = (struct segment){
		.flow = from.flow,
		.ts = e->ts,
		.seq = p->seq,
		.ack = p->ack,
		.flags = p->tcp_flags,
		.payload = (const uint8_t *)(p + 1),
		.len = p->captured,
		.wire_len = p->len,
	};
	take_segment(&from, &segment);
}

static int64_t on_tick(int64_t time)
{
	if (time == INT64_MAX) {
		streams_free(streams);
		release_due(time);
		return 0;
	}
	streams_time(streams, time);
	return sooner(sooner(release_due(time), expire(time)), streams_due(streams));
}

/*
 * Captures.
 */

static struct fragments *fragments;

static void on_captured(const struct captured *c)
{
	struct origin from = { .direction = UINT8_MAX };
	struct segment segment;
	enum packet_kind kind;
	struct packet p;

	expire(c->ts);
	kind = packet_parse(&p, c->link, c->bytes, c->len, c->orig_len);
	if (kind != PACKET_IP || (p.fragment && !fragments_add(fragments, &p, c->ts, &kind)) ||
	    kind != PACKET_IP || !(is_port(p.flow.sport) || is_port(p.flow.dport)))
		return;
	from.header.ts = c->ts;
	from.header.uid = UINT32_MAX;
	from.flow = p.flow;
	from.size = p.wire_len;
	from.cut = p.cut;
	if (p.flow.proto == 17 /* UDP */) {
		take_message(&from, p.payload, p.len);
	} else if (p.flow.proto == 6) {
		segment = segment_of(&p, c->ts);
		take_segment(&from, &segment);
	}
}

/*
 * The command line.
 */

static void add_port(size_t n, const char *text)
{
	uint64_t port;

	if (n >= PACKET_PORTS - 1)
		die(STATUS_USAGE, "--port: there are more than %d", PACKET_PORTS - 4);
	if (!parse_u64(text, 1, UINT16_MAX, &port))
		die(STATUS_USAGE, "--port: '%s' is not a number from 1 to 65535", text);
	config.kernel.ports[n] = port;
}

static void add_qtype(void *ctx, const char *item, size_t len)
{
	size_t *n = ctx;
	char name[32];

	snprintf(name, sizeof(name), "%.*s", (int)len, item);
	if (*n == 64 || !dns_parse_type(name, &qtypes[*n]))
		die(STATUS_USAGE, "--qtype: '%s' is not a type such as A, HTTPS or TYPE65280",
		    name);
	++*n;
}

static void add_rcode(void *ctx, const char *item, size_t len)
{
	size_t *n = ctx;
	char name[32];

	snprintf(name, sizeof(name), "%.*s", (int)len, item);
	if (*n == 64 || !dns_parse_rcode(name, &rcodes[*n]))
		die(STATUS_USAGE, "--rcode: '%s' is not an rcode such as NXDOMAIN or 3", name);
	++*n;
}

static void split(struct list *list, void (*add)(void *ctx, const char *item, size_t len))
{
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++)
		list_split(list->item[i], add, &n);
	list->n = n;
}

static void start(uint64_t *selected)
{
	static const uint16_t ports[] = { PORT_DNS, PORT_MDNS, PORT_LLMNR };
	static const struct streams_user user = {
		.data = on_stream,
		.gap = on_gap,
		.end = on_end,
		.state_size = sizeof(struct connection),
	};

	memcpy(config.kernel.ports, ports, sizeof(ports));
	for (size_t i = 0; i < config.ports.n; i++)
		add_port(i + 3, config.ports.item[i]);
	split(&config.qtypes, add_qtype);
	split(&config.rcodes, add_rcode);
	if (config.direction && strcmp(config.direction, "in") && strcmp(config.direction, "out"))
		die(STATUS_USAGE, "--direction: '%s' is neither in nor out", config.direction);
	if (config.pair)
		*selected = 1 << 4 | (*selected & ~3ull);

	streams = streams_new(&user);
	fragments = fragments_new(0, 0, 0);
	if (!streams || !fragments || !recent_init(&waiting, PENDING_MAX))
		die(STATUS_FAILED, "out of memory");
	while (n_unused < PENDING_MAX) {
		unused[n_unused] = &pool[n_unused];
		n_unused++;
	}
}

static const struct tool dnssnoop = {
	.name = "dnssnoop",
	.summary = "Shows each DNS question and answer on this machine, and whose it is.",
	.events = events,
	.object = dnssnoop_bpf__elf_bytes,
	.event = on_event,
	.tick = on_tick,
	.capture = &config.capture,
	.packet = on_captured,
	.interface = &config.interface,
	.interface_l3 = &config.kernel.l3,
	.start = start,
	.options = options,
	.config = &config,
	.config_size = sizeof(config.kernel),
};

int main(int argc, char **argv)
{
	return tool_main(&dnssnoop, argc, argv);
}
