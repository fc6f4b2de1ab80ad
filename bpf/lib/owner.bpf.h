/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whose a socket is: who created it, connected it, and last sent or received by it. For programs at
 * packets, which on ingress run in the context of anybody.
 *
 * Kernel memory is only read through typed pointers, which the verifier checks: a kernel that is
 * locked down to confidentiality allows no other reading.
 */
#ifndef GRAIN_OWNER_BPF_H
#define GRAIN_OWNER_BPF_H

#include "bpf/lib/filter.bpf.h"
#include "bpf/lib/kernel.h"
#include "bpf/lib/packet.h"
#include "bpf/lib/ring.bpf.h"

struct owner {
	u64 start;
	u32 pid, tid, ppid, uid;
	char comm[COMM_LEN];
	u32 matches; /* the filters */
	u32 pad;
};

/* An accepted socket starts with a copy of its listener's. */
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_CLONE);
	__type(key, int);
	__type(value, struct owner);
} owners SEC(".maps");

static __always_inline void owner_fill(struct owner *o, struct task_struct *task)
{
	struct task_struct *leader = task->group_leader;

	o->start = leader->start_boottime;
	o->pid = task->tgid;
	o->tid = task->pid;
	o->ppid = task->real_parent->tgid;
	o->uid = task->cred->uid.val;
	*(u64 *)&o->comm[0] = *(u64 *)&leader->comm[0];
	*(u64 *)&o->comm[8] = *(u64 *)&leader->comm[8];
	o->matches = process_match(o->pid, o->uid) &&
		     (!filter.comm.used || glob_match(&filter.comm, o->comm, sizeof(o->comm)));
	o->pad = 0;
}

/* Makes `now` the owner of a socket (struct bpf_sock or a typed struct sock). */
#define owner_set(sk, now)                                                                         \
	({                                                                                         \
		struct owner *stored =                                                             \
			bpf_sk_storage_get(&owners, sk, NULL, BPF_SK_STORAGE_GET_F_CREATE);        \
                                                                                                   \
		if (stored)                                                                        \
			*stored = *(now);                                                          \
	})

static __always_inline void owner_header(struct event *e, u32 type, u32 size, const struct owner *o)
{
	e->size = size;
	e->type = type;
	e->flags = 0;
	e->ts = bpf_ktime_get_boot_ns();
	e->start = o->start;
	e->pid = o->pid;
	e->tid = o->tid;
	e->ppid = o->ppid;
	e->uid = o->uid;
	__builtin_memcpy(e->comm, o->comm, sizeof(e->comm));
}

SEC("cgroup/sock_create")
int owner_create(struct bpf_sock *sk)
{
	struct owner now;

	owner_fill(&now, bpf_get_current_task_btf());
	owner_set(sk, &now);
	return 1; /* goes on */
}

static __always_inline int owner_connects(struct bpf_sock_addr *ctx)
{
	struct bpf_sock *sk = ctx->sk;
	struct owner now;

	if (!sk)
		return 1;
	owner_fill(&now, bpf_get_current_task_btf());
	owner_set(sk, &now);
	return 1;
}

SEC("cgroup/connect4")
int owner_connect4(struct bpf_sock_addr *ctx)
{
	return owner_connects(ctx);
}

SEC("cgroup/connect6")
int owner_connect6(struct bpf_sock_addr *ctx)
{
	return owner_connects(ctx);
}

/* Ports of servers whose packets are looked at: those of clients are found by their first packet.
 */
static __always_inline bool port_wanted(u16 port);

/* Of Unix sockets too the tracepoints below tell. */
static __always_inline bool is_server(const struct sock *sk)
{
	u16 family = sk->__sk_common.skc_family;

	return (family == AF_INET || family == AF_INET6) && port_wanted(sk->__sk_common.skc_num);
}

/* Linux 6.3 and later. */
SEC("tp_btf/sock_send_length")
int BPF_PROG(owner_send, struct sock *sk, int ret, int flags)
{
	struct owner now;

	if (ret <= 0 || !is_server(sk))
		return 0;
	owner_fill(&now, bpf_get_current_task_btf());
	owner_set(sk, &now);
	return 0;
}

/*
 * Who takes something is told each time: several processes may take turns at a socket. One that
 * was woken in vain, or only looks, takes nothing.
 */
SEC("tp_btf/sock_recv_length")
int BPF_PROG(owner_recv, struct sock *sk, int ret, int flags)
{
	struct owner_event *e;
	struct owner now;

	if (ret <= 0 || flags & MSG_PEEK || !is_server(sk))
		return 0;
	owner_fill(&now, bpf_get_current_task_btf());
	owner_set(sk, &now);
	e = event_reserve(EVENT_OWNER, sizeof(*e));
	if (!e)
		return 0;
	owner_header(&e->header, EVENT_OWNER, sizeof(*e), &now);
	e->header.flags = now.matches ? 0 : PACKET_UNMATCHED;
	e->header.cgroup = 0;
	e->cookie = bpf_get_socket_cookie(sk);
	event_submit(e);
	return 0;
}

/* Sockets that are older than the tool, run once all is attached: what has an owner keeps it. */
SEC("iter/task_file")
int owner_seed(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct socket *socket;
	struct owner now;
	struct sock *sk;

	if (!task || !file)
		return 0;
	socket = bpf_sock_from_file(file);
	if (!socket)
		return 0;
	sk = socket->sk;
	if (!sk)
		return 0;
	if (sk->__sk_common.skc_family != AF_INET && sk->__sk_common.skc_family != AF_INET6)
		return 0;
	if (bpf_sk_storage_get(&owners, sk, NULL, 0))
		return 0;
	owner_fill(&now, task);
	owner_set(sk, &now);
	return 0;
}

#endif
