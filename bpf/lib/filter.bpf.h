/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which processes' events are wanted. A program asks filter_match() first; what no filter was asked
 * for costs nothing, as the verifier removes it (`filter` is read-only when the program is loaded).
 */
#ifndef GRAIN_FILTER_BPF_H
#define GRAIN_FILTER_BPF_H

#include "bpf/lib/kernel.h"
#include "bpf/lib/filter.h"
#include "bpf/lib/process.bpf.h"
#include "bpf/lib/ring.bpf.h"

static const volatile struct filter_config filter SEC(".rodata.filter");

#define FILTER_SET(name, key_type)                                                                 \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_HASH);                                                   \
		__uint(max_entries, FILTER_ENTRIES);                                               \
		__uint(map_flags, BPF_F_NO_PREALLOC);                                              \
		__type(key, key_type);                                                             \
		__type(value, u8);                                                                 \
	} name SEC(".maps")

FILTER_SET(pids, u32);	     /* --pid */
FILTER_SET(uids, u32);	     /* --uid */
FILTER_SET(cgroups, u64);    /* --cgroup: ids */
FILTER_SET(excluded, u32);   /* process ids of the tool and its readers */
FILTER_SET(tree_roots, u32); /* --tree and the command, in the PID namespace of the tool */

/*
 * The processes that --tree and `-- COMMAND` follow, by process id, with the start time of each.
 * Not task storage, which programs at packets can't ask for.
 */
#define TREE_ENTRIES 65536
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, TREE_ENTRIES);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, u32);
	__type(value, u64);
} tree SEC(".maps");

#define TREE_DEPTH   64 /* generations between a root and a process that runs already */
#define CGROUP_DEPTH 32 /* levels of cgroups */

static __always_inline bool event_wanted(u32 type)
{
	return filter.events & 1ull << type;
}

static __always_inline bool cgroup_match(void)
{
	for (int level = 0; level < CGROUP_DEPTH; level++) {
		u64 id = bpf_get_current_ancestor_cgroup_id(level);

		if (!id)
			return false;
		if (bpf_map_lookup_elem(&cgroups, &id))
			return true;
	}
	return false;
}

/* By what can be told of any process, not only of the current one. */
static __always_inline bool process_match(u32 pid, u32 uid)
{
	if (filter.exclude && bpf_map_lookup_elem(&excluded, &pid))
		return false;
	if (filter.by_pid && !bpf_map_lookup_elem(&pids, &pid))
		return false;
	if (filter.by_tree && !bpf_map_lookup_elem(&tree, &pid))
		return false;
	return !filter.by_uid || bpf_map_lookup_elem(&uids, &uid);
}

/* Whether events of the current task are wanted. Different filters must all match. */
static __always_inline bool filter_match(void)
{
	struct task_struct *task = bpf_get_current_task_btf();

	if (!process_match(task->tgid, bpf_get_current_uid_gid()))
		return false;
	if (filter.comm.used) {
		char comm[COMM_LEN] = {};

		BPF_CORE_READ_INTO(&comm, task, group_leader, comm);
		if (!glob_match(&filter.comm, comm, sizeof(comm)))
			return false;
	}
	return !filter.by_cgroup || cgroup_match();
}

static __always_inline bool tree_add(struct task_struct *task)
{
	u64 start = BPF_CORE_READ(task, start_boottime);
	u32 pid = BPF_CORE_READ(task, tgid);

	if (!bpf_map_update_elem(&tree, &pid, &start, BPF_ANY))
		return true;
	count_event(EVENT_TREE, true); /* all that it will do goes unseen */
	return false;
}

/* Loaded only for --tree and `-- COMMAND`, as the next one. */
SEC("tp_btf/sched_process_fork")
int BPF_PROG(tree_fork, struct task_struct *parent, struct task_struct *child)
{
	u32 pid = parent->tgid;

	if (child->pid == child->tgid && bpf_map_lookup_elem(&tree, &pid))
		tree_add(child);
	return 0;
}

/* The process is gone and its id free; if a new one of the tree has that already, it is kept. */
SEC("tp_btf/sched_process_free")
int BPF_PROG(tree_free, struct task_struct *task)
{
	u32 pid = task->tgid;
	u64 *start;

	if (task->pid != task->tgid)
		return 0;
	start = bpf_map_lookup_elem(&tree, &pid);
	if (start && *start == task->start_boottime)
		bpf_map_delete_elem(&tree, &pid);
	return 0;
}

/*
 * Takes in what runs already: run (read) it after tree_fork is attached, until it writes nothing,
 * which says that no process is left that is to be followed. Writes a byte for each one taken in.
 * Process ids are compared in the namespace of the reader, which is the tool.
 */
SEC("iter/task")
int tree_seed(struct bpf_iter__task *ctx)
{
	struct task_struct *self = bpf_get_current_task_btf(), *task = ctx->task, *p = task;
	u32 level = pid_level(self), own;
	u8 marked = '.';

	if (!task || task->pid != task->tgid)
		return 0;
	own = task->tgid;
	if (bpf_map_lookup_elem(&tree, &own))
		return 0;
	for (int i = 0; i < TREE_DEPTH; i++) {
		u32 pid = pid_at_level(p, level);

		if (!pid)
			return 0;
		if (bpf_map_lookup_elem(&tree_roots, &pid)) {
			if (tree_add(task))
				bpf_seq_write(ctx->meta->seq, &marked, sizeof(marked));
			return 0;
		}
		p = BPF_CORE_READ(p, real_parent);
	}
	return 0;
}

#endif
