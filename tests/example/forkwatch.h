/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What both sides of forkwatch share: its event, and its own options. */
#include "bpf/lib/event.h"

struct fork_event {
	struct event header; /* who forked, when, in which cgroup */
	__u64 child;	     /* thread id */
};
_Static_assert(sizeof(struct fork_event) == 72, "fork event");

struct forkwatch_config {
	_Bool threads;
};
