/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What dnssnoop's kernel side sends, and what its user side makes of it. */
#ifndef DNSSNOOP_H
#define DNSSNOOP_H

#include "bpf/lib/packet.h"

enum {
	DNS_PACKET = EVENT_TOOL, /* struct packet_event; never printed */
	DNS_QUERY,
	DNS_RESPONSE,
	DNS_TIMEOUT,
	DNS_MALFORMED,
	DNS_EXCHANGE,
};

struct dnssnoop_config {
	__u16 ports[PACKET_PORTS]; /* 0 ends them */
};

#endif
