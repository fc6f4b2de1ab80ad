/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who did it: the event header and what else identifies a process. */
#ifndef GRAIN_PROCESS_BPF_H
#define GRAIN_PROCESS_BPF_H

#include "bpf/lib/kernel.h"
#include "bpf/lib/event.h"
#include "bpf/lib/ring.bpf.h"

/*
 * Fills the header for the current task. Here and elsewhere pointers are followed with
 * BPF_CORE_READ(): for each load of a pointer in a typed struct the verifier of Linux 6.2 and later
 * looks through all of BTF by name (btf_nested_type_is_trusted() in kernel/bpf/btf.c), which takes
 * a ms.
 */
static __always_inline void event_header(struct event *e, u32 type, u32 size)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct task_struct *leader = BPF_CORE_READ(task, group_leader);

	e->size = size;
	e->type = type;
	e->flags = 0;
	e->ts = bpf_ktime_get_boot_ns();
	e->cgroup = bpf_get_current_cgroup_id();
	e->start = BPF_CORE_READ(leader, start_boottime);
	e->pid = task->tgid;
	e->tid = task->pid;
	e->ppid = BPF_CORE_READ(task, real_parent, tgid);
	e->uid = bpf_get_current_uid_gid();
	bpf_probe_read_kernel(e->comm, sizeof(e->comm), leader->comm);
}

/* event_reserve(), with the header filled for the current task. */
static __always_inline void *event_new(u32 type, u32 size)
{
	struct event *e = event_reserve(type, size);

	if (e)
		event_header(e, type, size);
	return e;
}

/* The process id in the `level`th PID namespace from the initial one (level 0); 0 if not in it. */
static __always_inline u32 pid_at_level(struct task_struct *task, u32 level)
{
	struct pid *pid = BPF_CORE_READ(task, group_leader, thread_pid);
	struct upid *numbers = (void *)pid + bpf_core_field_offset(struct pid, numbers);

	/* numbers[] is as long as the namespace is deep: the index can't be relocated by CO-RE. */
	if (level > BPF_CORE_READ(pid, level))
		return 0;
	numbers = (void *)numbers + level * bpf_core_type_size(struct upid);
	return BPF_CORE_READ(numbers, nr);
}

/* How deep the task's PID namespace lies; 0 is the initial one. */
static __always_inline u32 pid_level(struct task_struct *task)
{
	return BPF_CORE_READ(task, thread_pid, level);
}

#endif
