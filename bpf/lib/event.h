/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What crosses from the kernel side to the user side: the header that every event starts with,
 * and the way in which an event refers to data of variable length. Included by both sides, so
 * only fixed-width integers, and every size asserted.
 */
#ifndef GRAIN_EVENT_H
#define GRAIN_EVENT_H

#ifndef __bpf__
#include <linux/types.h>
#endif

/* The kernel's TASK_COMM_LEN (include/linux/sched.h), NUL included. */
#define COMM_LEN 16

/* Types 0 to 15 are the library's own, a tool's start at EVENT_TOOL. At most EVENT_TYPES in all. */
enum event_type {
	EVENT_LOST,	    /* made in user space from the loss counters */
	EVENT_CGROUP_MKDIR, /* never printed: tells the path of a new cgroup */
	EVENT_CGROUP_RMDIR, /* never printed: the path may be forgotten */
	EVENT_TREE,	    /* only counted: a process that could not be followed */
	EVENT_OWNER,	    /* never printed: who uses a socket (bpf/lib/packet.h) */
	EVENT_PACKET,	    /* never printed: what it carries is (bpf/lib/packet.h) */
	EVENT_TOOL = 16,
	EVENT_TYPES = 64,
};

struct event {
	__u32 size;   /* of the whole event, in bytes */
	__u16 type;   /* enum event_type, or the tool's */
	__u16 flags;  /* bits whose meaning each type of event gives (see FIELD_FLAG) */
	__u64 ts;     /* CLOCK_BOOTTIME at the hook, in ns */
	__u64 cgroup; /* id in the default hierarchy: the inode number of its directory */
	__u64 start;  /* start time of the thread group leader, CLOCK_BOOTTIME, in ns */
	__u32 pid;    /* thread group id, as user space means by "pid" */
	__u32 tid;
	__u32 ppid;
	__u32 uid;
	char comm[COMM_LEN]; /* of the thread group leader */
};
_Static_assert(sizeof(struct event) == 64, "event header");

/* Bytes behind an event's fixed part. `off` counts from the event's first byte; 0 says absent. */
struct span {
	__u16 off;
	__u16 len;
};

/* EVENT_CGROUP_MKDIR and EVENT_CGROUP_RMDIR. header.cgroup is the id of the cgroup in question. */
#define CGROUP_PATH_LEN 1024 /* longer paths (the kernel's limit is 4096) stay unknown */
struct cgroup_event {
	struct event header;
	__u32 len; /* of path without NUL; 0: none */
	__u32 pad;
	char path[CGROUP_PATH_LEN]; /* what lies behind len is undefined */
};
_Static_assert(sizeof(struct cgroup_event) == 64 + 8 + CGROUP_PATH_LEN, "cgroup event");

/* Per event type and CPU. produced = received by user space + lost, always. */
struct tally {
	__u64 produced;
	__u64 lost;
};

#endif
