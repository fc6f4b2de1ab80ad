/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Paths of cgroups that come and go while a tool runs; those that exist when it starts it reads
 * itself (common/tool/cgroup.c). A process can't be in a cgroup before its mkdir, nor after its
 * rmdir, so user space learns and forgets a path in time.
 */
#ifndef GRAIN_CGROUP_BPF_H
#define GRAIN_CGROUP_BPF_H

#include "bpf/lib/kernel.h"
#include "bpf/lib/process.bpf.h"
#include "bpf/lib/ring.bpf.h"

static __always_inline int cgroup_changed(u32 type, struct cgroup *cgroup, const char *path)
{
	struct cgroup_event *e;
	long n;

	if (BPF_CORE_READ(cgroup, root,
			  hierarchy_id)) /* only the default hierarchy has the ids of events */
		return 0;
	e = event_new(type, sizeof(*e));
	if (!e)
		return 0;
	e->header.cgroup = BPF_CORE_READ(cgroup, kn, id);
	e->pad = 0;
	n = bpf_probe_read_kernel_str(e->path, sizeof(e->path), path);
	e->len = n > 0 && n < (long)sizeof(e->path) ? n - 1 : 0;
	event_submit(e);
	return 0;
}

SEC("tp_btf/cgroup_mkdir")
int BPF_PROG(cgroup_mkdir, struct cgroup *cgroup, const char *path)
{
	return cgroup_changed(EVENT_CGROUP_MKDIR, cgroup, path);
}

SEC("tp_btf/cgroup_rmdir")
int BPF_PROG(cgroup_rmdir, struct cgroup *cgroup, const char *path)
{
	return cgroup_changed(EVENT_CGROUP_RMDIR, cgroup, path);
}

#endif
