/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "net/dns.h"

#include <string.h>

#include "net/dns_internal.h"

#define DNS_OPCODE 0x7800
#define DNS_RCODE  0x000f

/* Steps over the name at *at. */
static bool read_name(struct dns_message *m, uint32_t *at)
{
	struct dns_walk w = dns_walk(*at, m->len);
	int n;

	/* Most owners are the first question's name, which was looked at. */
	if (m->questions && m->len - *at >= 2 && dns_u16(m, *at) == (0xc000 | DNS_HEADER)) {
		*at += 2;
		return true;
	}
	do
		n = dns_label(m, &w);
	while (n > 0);
	if (n < 0)
		return dns_wrong(m, w.at, w.wrong ?: "ends inside a name");
	*at = w.after;
	return true;
}

/* Multicast DNS has a bit of its own there, but OPT doesn't have a class there (RFC 6762, 18). */
static bool take_top_bit(const struct dns_message *m, uint16_t type, uint16_t *class)
{
	bool set = m->mdns && type != DNS_TYPE_OPT && *class & 0x8000;

	if (set)
		*class &= 0x7fff;
	return set;
}

/* `name` was looked at, and 4 bytes follow it at `at`. */
static struct dns_question question(const struct dns_message *m, uint32_t name, uint32_t at)
{
	struct dns_question q = { name, dns_u16(m, at), dns_u16(m, at + 2), false };

	q.unicast = take_top_bit(m, q.type, &q.class);
	return q;
}

static bool read_questions(struct dns_message *m, uint32_t *at)
{
	for (unsigned i = 0; i < m->counts[DNS_QUESTION]; i++) {
		uint32_t name = *at;

		if (*at == m->len)
			return dns_wrong(m, *at, "has fewer questions than its header says");
		if (!read_name(m, at))
			return false;
		if (m->len - *at < 4)
			return dns_wrong(m, *at, "ends inside a question");
		if (!m->questions++)
			m->question = question(m, name, *at);
		m->questions_end = *at += 4;
	}
	return true;
}

/* An option that says something about itself: whether its length is right, and keeps it. */
static bool keep_option(struct dns_message *m, const struct dns_option *o)
{
	struct dns_edns *e = &m->edns;
	unsigned family, bits;

	if (o->code == DNS_OPTION_COOKIE && !e->has_cookie) {
		if (o->len != 8 && (o->len < 16 || o->len > 40)) /* RFC 7873, 4 */
			return dns_wrong(m, o->at, "has a cookie of a wrong length");
		e->has_cookie = true;
		e->cookie = *o;
	}
	if (o->code == DNS_OPTION_ECS && !e->has_ecs) {
		if (o->len < 4)
			return dns_wrong(m, o->at, "has a client subnet that is too short");
		family = dns_u16(m, o->at);
		bits = m->bytes[o->at + 2];
		if (family != 1 && family != 2)
			return true;
		if (bits > (family == 1 ? 32 : 128) || (bits + 7) / 8 != o->len - 4u)
			return dns_wrong(m, o->at, "has a client subnet of a wrong length");
		e->has_ecs = true;
		e->ecs = *o;
	}
	if (o->code == DNS_OPTION_EDE && !e->has_ede) {
		if (o->len < 2)
			return dns_wrong(m, o->at, "has an extended error without a code");
		e->has_ede = true;
		e->ede = dns_u16(m, o->at);
		e->ede_text = (struct dns_option){ o->code, o->len - 2, o->at + 2 };
	}
	return true;
}

static bool read_options(struct dns_message *m, const struct dns_record *r)
{
	uint32_t at = r->rdata, end = at + r->rdata_len;
	bool good = true;

	while (at < end) {
		struct dns_option o;

		if (end - at < 4 || end - at - 4 < dns_u16(m, at + 2))
			return dns_wrong(m, at, "has an option longer than its OPT record");
		o = (struct dns_option){ dns_u16(m, at), dns_u16(m, at + 2), at + 4 };
		m->edns.options++;
		m->edns.rdata_len = o.at + o.len - r->rdata;
		good &= keep_option(m, &o);
		at = o.at + o.len;
	}
	return good;
}

/* RFC 6891, 6.1: one, in the additional section, and its owner is the root. */
static bool read_edns(struct dns_message *m, const struct dns_record *r)
{
	struct dns_edns *e = &m->edns;

	if (r->section != DNS_ADDITIONAL)
		return dns_wrong(m, r->name, "has an OPT record outside the additional section");
	if (e->present)
		return dns_wrong(m, r->name, "has two OPT records");
	if (m->bytes[r->name])
		return dns_wrong(m, r->name, "has an OPT record whose name isn't the root");
	e->present = true;
	e->udp_size = r->class;
	e->version = r->ttl >> 16;
	e->flags = r->ttl;
	e->dnssec_ok = r->ttl & 0x8000;
	e->rdata = r->rdata;
	m->rcode |= r->ttl >> 24 << 4;
	return read_options(m, r);
}

static bool good_rdata(struct dns_message *m, const struct dns_record *r)
{
	struct dns_fault fault;

	if (r->type == DNS_TYPE_OPT)
		return read_edns(m, r);
	return dns_check_rdata(m, r, &fault) || dns_wrong(m, fault.at, fault.what);
}

static bool read_record(struct dns_message *m, uint32_t *at, enum dns_section section)
{
	struct dns_record r = { .name = *at, .section = section };

	if (*at == m->len)
		return dns_wrong(m, *at, "has fewer records than its header says");
	if (!read_name(m, at))
		return false;
	if (m->len - *at < 10)
		return dns_wrong(m, *at, "ends inside a record");
	r.type = dns_u16(m, *at);
	r.class = dns_u16(m, *at + 2);
	r.ttl = dns_u32(m, *at + 4);
	r.rdata_len = dns_u16(m, *at + 8);
	r.cache_flush = take_top_bit(m, r.type, &r.class);
	if (r.rdata_len > m->len - *at - 10)
		return dns_wrong(m, *at + 8, "has a record longer than the rest of the message");
	r.rdata = *at += 10;
	*at += r.rdata_len;
	r.bad = !good_rdata(m, &r);
	if (m->records < DNS_RECORDS)
		m->record[m->records++] = r;
	else
		m->more++;
	return true;
}

static bool read_header(struct dns_message *m)
{
	if (m->len >= 2)
		m->id = dns_u16(m, 0);
	if (m->len >= 4) {
		uint16_t bits = dns_u16(m, 2);

		m->flags = bits & ~(DNS_OPCODE | DNS_RCODE);
		m->opcode = (bits & DNS_OPCODE) >> 11;
		m->rcode = bits & DNS_RCODE;
	}
	if (m->len < DNS_HEADER)
		return dns_wrong(m, m->len, "is shorter than a header");
	for (unsigned i = 0; i < DNS_SECTIONS; i++)
		m->counts[i] = dns_u16(m, 4 + 2 * i);
	return true;
}

static void read_message(struct dns_message *m)
{
	uint32_t at = DNS_HEADER;

	if (!read_header(m) || !read_questions(m, &at))
		return;
	for (unsigned section = DNS_ANSWER; section < DNS_SECTIONS; section++)
		for (unsigned i = 0; i < m->counts[section]; i++)
			if (!read_record(m, &at, section))
				return;
	m->trailing = m->len - at;
}

bool dns_parse(struct dns_message *m, const void *bytes, size_t len, bool mdns)
{
	memset(m, 0, offsetof(struct dns_message, record));
	m->bytes = bytes;
	m->len = len < UINT16_MAX ? len : UINT16_MAX;
	m->mdns = mdns;
	read_message(m);
	/* No transport carries that, but a caller may have been told so. */
	if (len > UINT16_MAX)
		dns_wrong(m, UINT16_MAX, "is longer than 65535 bytes");
	return !m->wrong;
}

bool dns_next_question(const struct dns_message *m, uint16_t *at, struct dns_question *q)
{
	uint32_t name = *at ? *at : DNS_HEADER;
	struct dns_walk w = dns_walk(name, m->questions_end);

	if (name >= m->questions_end)
		return false;
	while (dns_label(m, &w) > 0)
		;
	*q = question(m, name, w.after);
	*at = w.after + 4;
	return true;
}

bool dns_next_option(const struct dns_message *m, uint16_t *at, struct dns_option *o)
{
	uint32_t next = *at ? *at : m->edns.rdata;

	if (next >= (uint32_t)m->edns.rdata + m->edns.rdata_len)
		return false;
	*o = (struct dns_option){ dns_u16(m, next), dns_u16(m, next + 2), next + 4 };
	*at = o->at + o->len;
	return true;
}
