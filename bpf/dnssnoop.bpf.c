/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dnssnoop, kernel side: packets from and to the ports of DNS, and whose they are. */
#include "bpf/lib/cgroup.bpf.h"
#include "bpf/lib/packet.bpf.h"
#include "bpf/dnssnoop.h"

static const volatile struct dnssnoop_config config SEC(".rodata.config");

static __always_inline bool port_wanted(u16 port)
{
	for (int i = 0; i < PACKET_PORTS && config.ports[i]; i++)
		if (config.ports[i] == port)
			return true;
	return false;
}

/*
 * Up to 64 KiB, of one or several packets (GSO), come in parts: of UDP each of whole datagrams. A
 * single one is cut.
 */
#define PARTS 3

static __always_inline void send(struct __sk_buff *skb, const struct packet *p,
				 const struct packet_from *from)
{
	u32 step = PACKET_PAYLOAD_MAX;

	if (p->len <= step || (p->proto == IPPROTO_UDP && (!p->gso_size || p->gso_size > step))) {
		packet_send_part(skb, p, from, 0, p->len);
		return;
	}
	if (p->proto == IPPROTO_UDP)
		step -= step % p->gso_size;
	for (u32 i = 0; i < PARTS; i++) {
		u32 offset = i * step, left = p->len - offset;

		if (offset >= p->len)
			break;
		packet_send_class(skb, p, from, offset, left < step ? left : step,
				  PACKET_PAYLOAD_MAX);
	}
}

/* Acknowledgements carry nothing, and tell nothing. */
static __always_inline bool is_wanted(const struct packet *p)
{
	if (!port_wanted(p->sport) && !port_wanted(p->dport))
		return false;
	return p->proto == IPPROTO_UDP || p->len || p->tcp_flags & (TCP_SYN | TCP_FIN | TCP_RST);
}

/*
 * Whether the current task is the one that sends: with UDP it always is, with TCP when it holds the
 * socket; else the packet leaves in the context of whatever was interrupted.
 */
static __always_inline bool is_sender(struct bpf_sock *sk, const struct packet *p)
{
	struct tcp_sock *tcp;

	if (p->proto == IPPROTO_UDP)
		return true;
	tcp = bpf_skc_to_tcp_sock(sk);
	return tcp && tcp->inet_conn.icsk_inet.sk.sk_lock.owned;
}

static __always_inline bool any_filter(void)
{
	return filter.by_pid || filter.by_tree || filter.by_uid || filter.comm.used;
}

/*
 * Whether packets of its sockets are wanted. What comes to a server goes to user space even so: who
 * takes it may be another process than who did last.
 */
static __always_inline bool is_matched(const struct owner *o)
{
	return o->matches || (!o->pid && !any_filter());
}

/* Of the socket: a program at a socket asks for that, one at an interface by the packet. */
static __always_inline bool packet_cgroup_match(struct __sk_buff *skb, struct bpf_sock *sk,
						bool at_socket)
{
	for (int level = 0; level < CGROUP_DEPTH; level++) {
		u64 id = at_socket ? bpf_sk_ancestor_cgroup_id(sk, level)
				   : bpf_skb_ancestor_cgroup_id(skb, level);

		if (!id)
			return false;
		if (bpf_map_lookup_elem(&cgroups, &id))
			return true;
	}
	return false;
}

/* Takes the packet; `l3` is where IP begins in it. */
static __always_inline void on_packet(struct __sk_buff *skb, u32 l3, u8 direction, bool at_socket)
{
	struct packet_from from = { .type = EVENT_PACKET, .direction = direction };
	struct bpf_sock *sk = skb->sk;
	struct owner *stored = NULL;
	struct packet p;

	if (!packet_parse(skb, l3, &p) || !is_wanted(&p))
		return;
	from.owner.uid = ~0u;
	from.ifindex = at_socket ? 0 : skb->ifindex;
	if (sk)
		sk = bpf_sk_fullsock(sk);
	if (sk) {
		from.cookie = bpf_get_socket_cookie(skb);
		from.cgroup = at_socket ? bpf_sk_cgroup_id(sk) : bpf_skb_cgroup_id(skb);
		if (at_socket && direction == PACKET_EGRESS && is_sender(sk, &p)) {
			owner_fill(&from.owner, bpf_get_current_task_btf());
			owner_set(sk, &from.owner);
		} else {
			stored = bpf_sk_storage_get(&owners, sk, NULL, 0);
			if (stored)
				from.owner = *stored;
		}
	}
	if (!is_matched(&from.owner)) {
		if (!sk || direction != PACKET_INGRESS || !port_wanted(p.dport))
			return;
		from.flags = PACKET_UNMATCHED;
	}
	if (filter.by_cgroup && !(sk && packet_cgroup_match(skb, sk, at_socket)))
		return;
	send(skb, &p, &from);
}

SEC("cgroup_skb/egress")
int on_egress(struct __sk_buff *skb)
{
	on_packet(skb, 0, PACKET_EGRESS, true);
	return 1; /* goes on */
}

SEC("cgroup_skb/ingress")
int on_ingress(struct __sk_buff *skb)
{
	on_packet(skb, 0, PACKET_INGRESS, true);
	return 1;
}

/* What the interface sends may have waited in its queue: the current task is anybody. */
SEC("tc")
int iface_egress(struct __sk_buff *skb)
{
	on_packet(skb, config.l3, PACKET_EGRESS, false);
	return TC_ACT_UNSPEC; /* goes on to the next program */
}

SEC("tc")
int iface_ingress(struct __sk_buff *skb)
{
	on_packet(skb, config.l3, PACKET_INGRESS, false);
	return TC_ACT_UNSPEC;
}
