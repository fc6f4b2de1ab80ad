/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "net/flow.h"

#include <netinet/in.h>
#include <nettle/base64.h>
#include <nettle/sha1.h>
#include <string.h>

struct flow flow_reverse(const struct flow *f)
{
	struct flow r = *f;

	memcpy(r.saddr, f->daddr, sizeof(r.saddr));
	memcpy(r.daddr, f->saddr, sizeof(r.daddr));
	r.sport = f->dport;
	r.dport = f->sport;
	return r;
}

/* Types of ICMP that answer each other: RFC 792, 950, 1256, 2710, 4443, 4861, 6275. */
static const struct {
	uint8_t proto, ask, answer;
} icmp_pairs[] = {
	{ IPPROTO_ICMP, 8, 0 },	      { IPPROTO_ICMP, 10, 9 },	    { IPPROTO_ICMP, 13, 14 },
	{ IPPROTO_ICMP, 15, 16 },     { IPPROTO_ICMP, 17, 18 },	    { IPPROTO_ICMPV6, 128, 129 },
	{ IPPROTO_ICMPV6, 130, 131 }, { IPPROTO_ICMPV6, 133, 134 }, { IPPROTO_ICMPV6, 135, 136 },
	{ IPPROTO_ICMPV6, 139, 140 }, { IPPROTO_ICMPV6, 144, 145 },
};

/* The type and its counterpart stand for ports, else type and code do. Whether there is one: a
 * message that has no answer has a direction. */
static bool map_icmp(struct flow *f)
{
	for (size_t i = 0; i < sizeof(icmp_pairs) / sizeof(*icmp_pairs); i++) {
		uint8_t ask = icmp_pairs[i].ask, answer = icmp_pairs[i].answer;

		if (f->proto != icmp_pairs[i].proto || (f->sport != ask && f->sport != answer))
			continue;
		f->dport = f->sport == ask ? answer : ask;
		return true;
	}
	return false;
}

static bool has_ports(const struct flow *f)
{
	return f->proto == IPPROTO_TCP || f->proto == IPPROTO_UDP || f->proto == IPPROTO_SCTP;
}

/* The smaller end comes first. */
static bool in_order(const struct flow *f)
{
	int order = memcmp(f->saddr, f->daddr, addr_size(f->family));

	return order < 0 || (!order && f->sport <= f->dport);
}

void flow_id(char to[FLOW_ID_SIZE], const struct flow *f, uint16_t seed)
{
	bool icmp = f->proto == IPPROTO_ICMP || f->proto == IPPROTO_ICMPV6, ordered;
	uint8_t bytes[40] = { seed >> 8, seed }, digest[SHA1_DIGEST_SIZE];
	uint32_t size = addr_size(f->family);
	uint8_t *end = bytes + 2;
	struct flow flow = *f;
	struct sha1_ctx sha1;

	if (!icmp && !has_ports(f))
		flow.sport = flow.dport = 0;
	ordered = (icmp && !map_icmp(&flow)) || in_order(&flow);
	if (!ordered)
		flow = flow_reverse(&flow);

	end = mempcpy(end, flow.saddr, size);
	end = mempcpy(end, flow.daddr, size);
	*end++ = flow.proto;
	*end++ = 0;
	if (icmp || has_ports(f)) {
		*end++ = flow.sport >> 8;
		*end++ = flow.sport;
		*end++ = flow.dport >> 8;
		*end++ = flow.dport;
	}
	sha1_init(&sha1);
	sha1_update(&sha1, end - bytes, bytes);
	sha1_digest(&sha1, sizeof(digest), digest);
	memcpy(to, "1:", 2);
	base64_encode_raw(to + 2, sizeof(digest), digest);
	to[FLOW_ID_SIZE - 1] = 0;
}
