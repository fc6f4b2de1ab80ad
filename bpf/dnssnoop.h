/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What dnssnoop's kernel side sends, and the events that its user side makes of that. */
#ifndef DNSSNOOP_H
#define DNSSNOOP_H

#include "bpf/lib/packet.h"

enum {
	DNS_QUERY = EVENT_TOOL,
	DNS_RESPONSE,
	DNS_EXCHANGE,
	DNS_TIMEOUT,
	DNS_MALFORMED,
};

struct dnssnoop_config {
	__u16 ports[PACKET_PORTS]; /* 0 ends them */
	__u32 l3;		   /* with -i: where IP begins in a packet */
};

/* A resource record. Spans count from the event's first byte. */
struct dns_rr {
	struct span data;
	struct span type;
	struct span name;
	__u32 ttl;
};
_Static_assert(sizeof(struct dns_rr) == 16, "resource record");

/* struct event's flags of a DNS message. */
enum {
	DNS_ANSWERS_TRUNCATED = 1 << 0, /* there was no room for all of them */
	DNS_MESSAGE_TRUNCATED = 1 << 1, /* not all of the message was captured */
	DNS_DO = 1 << 2,
};

enum dns_service {
	SERVICE_DNS,
	SERVICE_MDNS,
	SERVICE_LLMNR,
};

/* All events have this form; what does not apply is absent. */
struct dns_event {
	struct event header;
	__u64 latency;		   /* ns; 0: not known */
	__u8 saddr[16], daddr[16]; /* IPv4 as IPv4-mapped IPv6 */
	__u16 sport, dport;
	__u16 id;
	__u16 flags; /* of the message */
	__u32 retries;
	__u32 bytes;
	__u32 malformed_at;				       /* all ones: nothing is wrong */
	__u16 answer_count, authority_count, additional_count; /* as the message says */
	__u16 edns_size;				       /* 0: no EDNS */
	__u8 proto;					       /* IPPROTO_TCP, IPPROTO_UDP */
	__u8 direction; /* PACKET_INGRESS, PACKET_EGRESS; all ones: not known */
	__u8 service;	/* enum dns_service */
	__u8 pad;
	struct span community_id;
	struct span query, qtype, qclass, opcode, rcode;
	struct span answers, authority, additional; /* struct dns_rr */
	struct span cookie, client_subnet, extended_error, extended_error_text;
	struct span malformed;
};
_Static_assert(sizeof(struct dns_event) == 64 + 8 + 32 + 8 + 12 + 8 + 4 + 14 * 4, "dns event");

#endif
