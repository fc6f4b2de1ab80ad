/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A packet on its way from the kernel side to the user side, and whose it is. */
#ifndef GRAIN_PACKET_EVENT_H
#define GRAIN_PACKET_EVENT_H

#include "bpf/lib/event.h"

enum {
	PACKET_INGRESS,
	PACKET_EGRESS,
};

/* struct event's flags of a packet, and of who takes it. */
enum {
	PACKET_UNMATCHED = 1 << 0, /* the owner is not among the processes that are wanted */
};

/*
 * EVENT_PACKET. The header is about the owner: who uses the socket; all zeros (and a uid of all
 * ones) where it is not known. Behind it lie `captured` bytes of what TCP or UDP carries.
 */
struct packet_event {
	struct event header;
	__u64 cookie;	/* of the socket; 0: there is none */
	__u8 saddr[16]; /* network byte order; IPv4 in the first 4 bytes, the rest is zero */
	__u8 daddr[16];
	__u16 sport; /* host byte order */
	__u16 dport;
	__u8 family;	/* AF_INET, AF_INET6 */
	__u8 proto;	/* IPPROTO_TCP, IPPROTO_UDP */
	__u8 direction; /* PACKET_INGRESS, PACKET_EGRESS */
	__u8 tcp_flags;
	__u32 seq;
	__u32 ack;
	__u32 len; /* bytes that it carries (of a TCP packet in parts: that are here) */
	__u32 captured;
	__u32 ifindex;	/* only of packets of an interface */
	__u32 gso_size; /* it stands for several, which carry so many bytes each, the last one maybe
			   less; 0: for one */
};
_Static_assert(sizeof(struct packet_event) == 64 + 8 + 32 + 8 + 16 + 8, "packet event");

#define PACKET_PAYLOAD_MAX                                                                         \
	32768 /* bytes of one event; a datagram is cut there, else there are parts */

/* EVENT_OWNER: who has just taken something from a server's socket. */
struct owner_event {
	struct event header;
	__u64 cookie;
};
_Static_assert(sizeof(struct owner_event) == 64 + 8, "owner event");

#define PACKET_PORTS 16 /* that packets are looked at for */

#endif
