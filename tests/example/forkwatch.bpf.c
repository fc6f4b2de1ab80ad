/* SPDX-License-Identifier: GPL-2.0-or-later */
/* forkwatch, kernel side: hook, filter, fill, send. */
#include "bpf/lib/filter.bpf.h"
#include "tests/example/forkwatch.h"

static const volatile struct forkwatch_config config SEC(".rodata.config");

SEC("tp_btf/sched_process_fork")
int BPF_PROG(on_fork, struct task_struct *parent, struct task_struct *child)
{
	struct fork_event *e;

	if (!filter_match() || (!config.threads && child->pid != child->tgid))
		return 0;
	e = event_new(EVENT_TOOL, sizeof(*e));
	if (!e)
		return 0;
	e->child = child->pid;
	event_submit(e);
	return 0;
}
