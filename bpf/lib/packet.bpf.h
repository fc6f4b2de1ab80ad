/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packets: who sends what to whom, and the way of what they carry to user space. A packet program
 * is interrupted by itself, so nothing is kept between two helpers but on the stack and in the
 * ring.
 */
#ifndef GRAIN_PACKET_BPF_H
#define GRAIN_PACKET_BPF_H

#include "bpf/lib/kernel.h"
#include "bpf/lib/owner.bpf.h"
#include "bpf/lib/packet.h"
#include "bpf/lib/ring.bpf.h"

#include <bpf/bpf_endian.h>

struct packet {
	u8 saddr[16], daddr[16];
	u16 sport, dport; /* host byte order */
	u8 family, proto, tcp_flags;
	u32 seq, ack;
	u32 payload;  /* where it begins in the packet */
	u32 len;      /* of it */
	u32 gso_size; /* of the packets that it will be split into, or was put together from */
};

#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04

/* Headers as they stand in the packet. */
struct ipv4_header {
	u8 version_length, tos;
	u16 total_length, id, fragment;
	u8 ttl, protocol;
	u16 checksum;
	u8 saddr[4], daddr[4];
};

struct ipv6_header {
	u32 version_class_flow;
	u16 payload_length;
	u8 next_header, hop_limit;
	u8 saddr[16], daddr[16];
};

struct tcp_header {
	u16 sport, dport;
	u32 seq, ack;
	u8 offset, flags;
};

struct udp_header {
	u16 sport, dport, length, checksum;
};

#define EXTENSIONS 6 /* of IPv6 headers; more than any real packet has */

/* Finds where behind IPv6's extension headers the upper protocol begins; false: it doesn't. */
static __always_inline bool skip_extensions(struct __sk_buff *skb, u8 *protocol, u32 *at)
{
	u8 header[4];

	for (int i = 0; i < EXTENSIONS; i++) {
		if (*protocol == IPPROTO_TCP || *protocol == IPPROTO_UDP)
			return true;
		if (*protocol != IPPROTO_HOPOPTS && *protocol != IPPROTO_ROUTING &&
		    *protocol != IPPROTO_DSTOPTS && *protocol != IPPROTO_FRAGMENT)
			return false;
		if (bpf_skb_load_bytes(skb, *at, header, sizeof(header)))
			return false;
		if (*protocol == IPPROTO_FRAGMENT) {
			/* Only the first one has the ports. */
			if ((header[2] << 8 | header[3]) & 0xfff8)
				return false;
			*at += 8;
		} else {
			*at += (header[1] + 1) * 8;
		}
		*protocol = header[0];
	}
	return false;
}

/* `at` is where the IP header begins. False: it is neither TCP nor UDP, or cut. */
static __always_inline bool packet_parse(struct __sk_buff *skb, u32 at, struct packet *p)
{
	u32 begin = at, end;

	__builtin_memset(p, 0, sizeof(*p));
	if (skb->protocol == bpf_htons(ETH_P_IP)) {
		struct ipv4_header ip;

		if (bpf_skb_load_bytes(skb, at, &ip, sizeof(ip)))
			return false;
		if (ip.fragment & bpf_htons(0x1fff)) /* not the first one, which has the ports */
			return false;
		if ((ip.version_length & 15) < sizeof(ip) / 4)
			return false;
		p->family = AF_INET;
		p->proto = ip.protocol;
		__builtin_memcpy(p->saddr, ip.saddr, 4);
		__builtin_memcpy(p->daddr, ip.daddr, 4);
		at += (ip.version_length & 15) * 4;
		end = begin + bpf_ntohs(ip.total_length);
		if (end == begin) /* the length is in the packet's metadata (BIG TCP) */
			end = skb->len;
	} else if (skb->protocol == bpf_htons(ETH_P_IPV6)) {
		struct ipv6_header ip;

		if (bpf_skb_load_bytes(skb, at, &ip, sizeof(ip)))
			return false;
		p->family = AF_INET6;
		p->proto = ip.next_header;
		__builtin_memcpy(p->saddr, ip.saddr, 16);
		__builtin_memcpy(p->daddr, ip.daddr, 16);
		at += sizeof(ip);
		end = ip.payload_length ? at + bpf_ntohs(ip.payload_length) : skb->len;
		if (!skip_extensions(skb, &p->proto, &at))
			return false;
	} else {
		return false;
	}

	if (p->proto == IPPROTO_UDP) {
		struct udp_header udp;

		if (bpf_skb_load_bytes(skb, at, &udp, sizeof(udp)))
			return false;
		p->sport = bpf_ntohs(udp.sport);
		p->dport = bpf_ntohs(udp.dport);
		/* 0 in jumbograms (RFC 2675): up to the end */
		if (udp.length && at + bpf_ntohs(udp.length) < end)
			end = at + bpf_ntohs(udp.length);
		at += sizeof(udp);
	} else if (p->proto == IPPROTO_TCP) {
		struct tcp_header tcp;

		if (bpf_skb_load_bytes(skb, at, &tcp, sizeof(tcp)))
			return false;
		p->sport = bpf_ntohs(tcp.sport);
		p->dport = bpf_ntohs(tcp.dport);
		p->seq = bpf_ntohl(tcp.seq);
		p->ack = bpf_ntohl(tcp.ack);
		p->tcp_flags = tcp.flags;
		if (tcp.offset >> 4 < 5)
			return false;
		at += (tcp.offset >> 4) * 4;
	} else {
		return false;
	}
	if (end > skb->len)
		end = skb->len;
	p->payload = at;
	p->len = end > at ? end - at : 0;
	p->gso_size = skb->gso_size;
	return true;
}

static __always_inline void packet_event_fill(struct packet_event *e, const struct packet *p,
					      u32 offset, u32 len, u32 captured)
{
	__builtin_memcpy(e->saddr, p->saddr, sizeof(e->saddr));
	__builtin_memcpy(e->daddr, p->daddr, sizeof(e->daddr));
	e->sport = p->sport;
	e->dport = p->dport;
	e->family = p->family;
	e->proto = p->proto;
	e->tcp_flags = p->tcp_flags;
	e->seq = p->seq + offset;
	e->ack = p->ack;
	e->len = len;
	e->captured = captured;
	e->gso_size = p->gso_size;
}

/* What packets have in common that are sent in one go. */
struct packet_from {
	struct owner owner;
	u64 cookie, cgroup;
	u32 type, ifindex;
	u16 flags;
	u8 direction;
};

/* With a length of 64 bits: cut to 32, Linux 6.1 forgets that it isn't 0. */
#define load_bytes ((long (*)(const void *, u32, void *, u64))bpf_skb_load_bytes)

/*
 * Sends `len` bytes at `offset` of what the packet carries, with room for `room` of them, a
 * constant, as the ring's records are.
 */
static __always_inline void packet_send_class(struct __sk_buff *skb, const struct packet *p,
					      const struct packet_from *from, u32 offset, u32 len,
					      u32 room)
{
	struct packet_event *e = event_reserve(from->type, sizeof(*e) + room);
	u64 n = len;

	if (!e)
		return;
	CLAMP(n, room);
	owner_header(&e->header, from->type, sizeof(*e) + n, &from->owner);
	e->header.flags = from->flags;
	e->header.cgroup = from->cgroup;
	e->cookie = from->cookie;
	e->ifindex = from->ifindex;
	e->direction = from->direction;
	packet_event_fill(e, p, offset, len, n);
	if (len) {
		/* Of a comparison with 0 the verifier learns nothing before Linux 6.8. */
		asm volatile("if %0 s> 0 goto +1; %0 = 1" : "+r"(n));
		if (load_bytes(skb, p->payload + offset, e + 1, n))
			e->captured = 0;
	}
	event_submit(e);
}

static __always_inline void packet_send_part(struct __sk_buff *skb, const struct packet *p,
					     const struct packet_from *from, u32 offset, u32 len)
{
	if (len <= 128)
		packet_send_class(skb, p, from, offset, len, 128);
	else if (len <= 512)
		packet_send_class(skb, p, from, offset, len, 512);
	else if (len <= 2048)
		packet_send_class(skb, p, from, offset, len, 2048);
	else if (len <= 8192)
		packet_send_class(skb, p, from, offset, len, 8192);
	else
		packet_send_class(skb, p, from, offset, len, PACKET_PAYLOAD_MAX);
}

#endif
