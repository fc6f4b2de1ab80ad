/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "net/packet.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "net/bytes.h"

enum {
	ETHER_IPV4 = 0x0800,
	ETHER_VLAN = 0x8100,
	ETHER_IPV6 = 0x86dd,
	ETHER_PPPOE = 0x8864,
	ETHER_QINQ = 0x88a8,
	ETHER_QINQ_OLD = 0x9100,
};

/* What is left of a packet: bytes that are here, and bytes that were on the wire. */
struct rest {
	const uint8_t *p;
	uint32_t len, wire;
};

static inline bool skip(struct rest *r, uint32_t n)
{
	if (r->len < n)
		return false;
	r->p += n;
	r->len -= n;
	r->wire -= n;
	return true;
}

/* A header says that no more than `wire` bytes belong to it: what is behind them is padding. */
static inline void limit(struct rest *r, uint32_t wire)
{
	r->wire = wire;
	if (r->len > wire)
		r->len = wire;
}

/* The rest is what this packet carries. */
static enum packet_kind carry(struct packet *p, struct rest r)
{
	p->payload = r.p;
	p->len = r.len;
	p->wire_len = r.wire;
	p->cut = r.len < r.wire;
	return PACKET_IP;
}

static enum packet_kind tcp(struct packet *p, struct rest r)
{
	const uint8_t *h = r.p;
	uint32_t size;

	if (r.len < 20)
		return PACKET_BAD;
	size = (h[12] >> 4) * 4;
	p->flow.sport = get_be16(h);
	p->flow.dport = get_be16(h + 2);
	p->seq = get_be32(h + 4);
	p->ack = get_be32(h + 8);
	p->tcp_flags = h[13];
	return size < 20 || !skip(&r, size) ? PACKET_BAD : carry(p, r);
}

static enum packet_kind udp(struct packet *p, struct rest r)
{
	const uint8_t *h = r.p;
	uint32_t size;

	if (r.len < 8)
		return PACKET_BAD;
	p->flow.sport = get_be16(h);
	p->flow.dport = get_be16(h + 2);
	/* 0 in jumbograms (RFC 2675) and before segmentation by the device: up to the end. */
	size = get_be16(h + 4);
	if (size)
		limit(&r, size);
	return skip(&r, 8) ? carry(p, r) : PACKET_BAD;
}

/* Ports lie where UDP has them. */
static enum packet_kind sctp(struct packet *p, struct rest r)
{
	if (r.len < 12)
		return PACKET_BAD;
	p->flow.sport = get_be16(r.p);
	p->flow.dport = get_be16(r.p + 2);
	return carry(p, r);
}

static enum packet_kind icmp(struct packet *p, struct rest r)
{
	if (r.len < 4)
		return PACKET_BAD;
	p->flow.sport = r.p[0];
	p->flow.dport = r.p[1];
	return carry(p, r);
}

/* RFC 8200 section 4.5. One that is all of the datagram is no fragment (RFC 6946). */
static bool fragment_header(struct packet *p, struct rest *r)
{
	const uint8_t *h = r->p;

	if (!skip(r, 8))
		return false;
	p->flow.proto = h[0];
	p->frag_offset = get_be16(h + 2) & 0xfff8;
	p->frag_more = h[3] & 1;
	p->frag_id = get_be32(h + 4);
	p->fragment = p->frag_offset || p->frag_more;
	return true;
}

/* An extension header of IPv6, with its length in units of 8 bytes, or of 4. */
static bool skip_extension(struct packet *p, struct rest *r)
{
	bool ah = p->flow.proto == IPPROTO_AH;

	if (r->len < 8)
		return false;
	p->flow.proto = r->p[0];
	return skip(r, ah ? (r->p[1] + 2u) * 4 : (r->p[1] + 1u) * 8);
}

static bool is_extension(const struct packet *p)
{
	switch (p->flow.proto) {
	case IPPROTO_HOPOPTS:
	case IPPROTO_ROUTING:
	case IPPROTO_DSTOPTS:
	case IPPROTO_FRAGMENT:
	case IPPROTO_MH:
	case 139: /* HIP, RFC 7401 */
	case 140: /* Shim6, RFC 5533 */
		return p->flow.family == AF_INET6;
	case IPPROTO_AH: /* IPv4 may have it too */
		return true;
	}
	return false;
}

static enum packet_kind upper(struct packet *p, struct rest r)
{
	while (is_extension(p)) {
		bool fragment = p->flow.proto == IPPROTO_FRAGMENT;

		if (!(fragment ? fragment_header(p, &r) : skip_extension(p, &r)))
			return PACKET_BAD;
		if (p->fragment)
			return carry(p, r);
	}
	switch (p->flow.proto) {
	case IPPROTO_TCP:
		return tcp(p, r);
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
		return udp(p, r);
	case IPPROTO_SCTP:
		return sctp(p, r);
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return icmp(p, r);
	}
	return carry(p, r);
}

enum packet_kind packet_parse_upper(struct packet *p)
{
	return upper(p, (struct rest){ p->payload, p->len, p->wire_len });
}

static enum packet_kind ipv4(struct packet *p, struct rest r)
{
	const uint8_t *h = r.p;
	uint32_t size, total;
	uint16_t fragment;

	if (r.len < 20 || h[0] >> 4 != 4)
		return PACKET_BAD;
	size = (h[0] & 15) * 4;
	total = get_be16(h + 2);
	fragment = get_be16(h + 6);
	/* Captured before segmentation by the device, a packet of over 64 KiB says 0. */
	if (!total)
		total = r.wire;
	limit(&r, total);
	if (size < 20 || !skip(&r, size))
		return PACKET_BAD;
	p->flow.family = AF_INET;
	p->flow.proto = h[9];
	memcpy(p->flow.saddr, h + 12, 4);
	memcpy(p->flow.daddr, h + 16, 4);
	p->frag_id = get_be16(h + 4);
	p->frag_offset = (fragment & 0x1fff) * 8;
	p->frag_more = fragment & 0x2000;
	p->fragment = p->frag_offset || p->frag_more;
	return p->fragment ? carry(p, r) : upper(p, r);
}

static enum packet_kind ipv6(struct packet *p, struct rest r)
{
	const uint8_t *h = r.p;
	uint32_t len;

	if (r.len < 40 || h[0] >> 4 != 6)
		return PACKET_BAD;
	skip(&r, 40);
	/* 0 in jumbograms (RFC 2675) and before segmentation by the device. */
	len = get_be16(h + 4);
	if (len)
		limit(&r, len);
	p->flow.family = AF_INET6;
	p->flow.proto = h[6];
	memcpy(p->flow.saddr, h + 8, 16);
	memcpy(p->flow.daddr, h + 24, 16);
	return upper(p, r);
}

static enum packet_kind raw(struct packet *p, struct rest r)
{
	if (!r.len)
		return PACKET_BAD;
	switch (r.p[0] >> 4) {
	case 4:
		return ipv4(p, r);
	case 6:
		return ipv6(p, r);
	}
	return PACKET_BAD;
}

/* RFC 2516: six bytes, and the protocol number of PPP. */
static enum packet_kind pppoe(struct packet *p, struct rest r)
{
	const uint8_t *h = r.p;

	if (!skip(&r, 8))
		return PACKET_BAD;
	switch (get_be16(h + 6)) {
	case 0x0021:
		return ipv4(p, r);
	case 0x0057:
		return ipv6(p, r);
	}
	return PACKET_OTHER;
}

/* What follows the number of an Ethernet protocol: any tags, each of which ends in such a number.
 */
static enum packet_kind ether_type(struct packet *p, uint16_t type, struct rest r)
{
	while (type == ETHER_VLAN || type == ETHER_QINQ || type == ETHER_QINQ_OLD) {
		if (r.len < 4)
			return PACKET_BAD;
		type = get_be16(r.p + 2);
		skip(&r, 4);
	}
	switch (type) {
	case ETHER_IPV4:
		return ipv4(p, r);
	case ETHER_IPV6:
		return ipv6(p, r);
	case ETHER_PPPOE:
		return pppoe(p, r);
	}
	return PACKET_OTHER;
}

/* A header of that size, with the protocol's number at `at`. */
static enum packet_kind header(struct packet *p, struct rest r, uint32_t size, uint32_t at)
{
	const uint8_t *h = r.p;

	return skip(&r, size) ? ether_type(p, get_be16(h + at), r) : PACKET_BAD;
}

/* Who captured it has its own number for IPv6, and its own byte order. */
static enum packet_kind loopback(struct packet *p, struct rest r)
{
	const uint8_t *h = r.p;
	uint32_t family;

	if (!skip(&r, 4))
		return PACKET_BAD;
	family = get_be32(h);
	if (family > 0xffff)
		family = __builtin_bswap32(family);
	switch (family) {
	case 2:
		return ipv4(p, r);
	case 10: /* Linux */
	case 24: /* NetBSD, OpenBSD */
	case 28: /* FreeBSD */
	case 30: /* macOS */
		return ipv6(p, r);
	}
	return PACKET_OTHER;
}

static enum packet_kind parse(struct packet *p, uint32_t link, struct rest r)
{
	switch (link) {
	case LINK_ETHERNET:
		return header(p, r, 14, 12);
	case LINK_SLL:
		return header(p, r, 16, 14);
	case LINK_SLL2:
		return header(p, r, 20, 0);
	case LINK_RAW:
		return raw(p, r);
	case LINK_IPV4:
		return ipv4(p, r);
	case LINK_IPV6:
		return ipv6(p, r);
	case LINK_NULL:
	case LINK_LOOP:
		return loopback(p, r);
	}
	return PACKET_OTHER;
}

bool packet_link_known(uint32_t link)
{
	return link == LINK_ETHERNET || link == LINK_SLL || link == LINK_SLL2 || link == LINK_RAW ||
	       link == LINK_IPV4 || link == LINK_IPV6 || link == LINK_NULL || link == LINK_LOOP;
}

enum packet_kind packet_parse(struct packet *p, uint32_t link, const uint8_t *bytes, uint32_t len,
			      uint32_t orig_len)
{
	*p = (struct packet){};
	/* A capture may claim that it has more than there was. */
	return parse(p, link, (struct rest){ bytes, len, orig_len > len ? orig_len : len });
}
