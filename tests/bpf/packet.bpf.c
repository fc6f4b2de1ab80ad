/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sends packets to user space as the tools do. */
#include "bpf/lib/packet.bpf.h"
#include "tests/bpf/packet.h"

static __always_inline bool port_wanted(u16 port)
{
	return false;
}

static __always_inline bool take(struct __sk_buff *skb)
{
	struct packet_from from = { .type = PACKET, .cookie = 7, .ifindex = 9 };
	struct packet p;

	if (!packet_parse(skb, 0, &p))
		return false;
	packet_send_part(skb, &p, &from, 0, p.len);
	return true;
}

/* For test runs, which say what it returns. */
SEC("cgroup_skb/ingress")
int parse(struct __sk_buff *skb)
{
	return take(skb);
}

/* Attached, for packets that a test run can't have. */
SEC("cgroup_skb/egress")
int on_egress(struct __sk_buff *skb)
{
	if (skb->mark == MARK)
		take(skb);
	return 1;
}
