/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the bytes of a packet to who sent what to whom. Every length is checked against what is
 * there. */
#ifndef GRAIN_PACKET_H
#define GRAIN_PACKET_H

#include "net/flow.h"

/* Link types, as www.tcpdump.org/linktypes.html numbers them. */
enum {
	LINK_NULL = 0,	   /* BSD loopback: an address family in the byte order of some machine */
	LINK_ETHERNET = 1, /* with any 802.1Q and 802.1ad tags, and PPPoE */
	LINK_RAW = 101,	   /* IPv4 or IPv6, as its first bits say */
	LINK_LOOP = 108,   /* as NULL, in network byte order */
	LINK_SLL = 113,	   /* Linux "cooked", of the interface "any" */
	LINK_IPV4 = 228,
	LINK_IPV6 = 229,
	LINK_SLL2 = 276,
};

enum {
	TCP_FIN = 0x01,
	TCP_SYN = 0x02,
	TCP_RST = 0x04,
	TCP_PSH = 0x08,
	TCP_ACK = 0x10,
};

struct packet {
	struct flow flow;	/* ports of TCP, UDP(-Lite), SCTP; type and code of ICMP; else 0 */
	const uint8_t *payload; /* of TCP and UDP what they carry, else what IP carries */
	uint32_t len;		/* bytes of it that were captured */
	uint32_t wire_len;	/* bytes that it had, as far as the headers can be believed */
	bool cut;		/* they are more than were captured */

	uint8_t tcp_flags; /* TCP_… */
	uint32_t seq, ack;

	bool fragment; /* of a datagram: no ports, and for fragment.h to put together */
	bool frag_more;
	uint32_t frag_offset; /* in bytes */
	uint32_t frag_id;
};

enum packet_kind {
	PACKET_IP,    /* IPv4 or IPv6, and the header of what it carries is whole if we know that */
	PACKET_OTHER, /* ARP and the like, and link types that we don't know */
	PACKET_BAD,   /* malformed, or cut within the headers */
};

/* `orig_len` is what the packet had before it was captured, `len` what is there. */
enum packet_kind packet_parse(struct packet *p, uint32_t link, const uint8_t *bytes, uint32_t len,
			      uint32_t orig_len);

/* Whether packets of that link type can be read. */
bool packet_link_known(uint32_t link);

/* What packet_parse() does with what IP carries: from payload, lengths and flow.proto on. */
enum packet_kind packet_parse_upper(struct packet *p);

#endif
