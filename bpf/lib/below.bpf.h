/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether a file is one of those that the user named, or below one. Dentries are followed up to the
 * top of the file system, also where only a part of it is mounted, and from there to what it is
 * mounted on: so it makes no difference by which way a process came to the file.
 */
#ifndef GRAIN_BELOW_BPF_H
#define GRAIN_BELOW_BPF_H

#include "bpf/lib/kernel.h"
#include "bpf/lib/below.h"
#include "bpf/lib/file.bpf.h"
#include "bpf/lib/filter.bpf.h"
#include "bpf/lib/path.bpf.h"

FILTER_SET(below_roots, struct file_id);

#define BELOW_DEPTH PATH_LEN /* names and mounts looked at */

/* In the caller's scratch memory, as struct path_walk is. */
struct climb {
	struct dentry *dentry;
	struct mount *mount;
	struct file_id id;
	bool found;
};

static __always_inline void file_identify(struct file_id *id, struct inode *inode)
{
	id->ino = BPF_CORE_READ(inode, i_ino);
	id->dev = BPF_CORE_READ(inode, i_sb, s_dev);
	id->generation = BPF_CORE_READ(inode, i_generation);
}

/* 1 ends the loop. */
static long climb_up(u32 i, struct climb **context)
{
	struct climb *c = *context;
	struct dentry *dentry = c->dentry, *parent = BPF_CORE_READ(dentry, d_parent);
	struct mount *mount = c->mount, *up;

	file_identify(&c->id, BPF_CORE_READ(dentry, d_inode));
	if (bpf_map_lookup_elem(&below_roots, &c->id)) {
		c->found = true;
		return 1;
	}
	if (parent != dentry) {
		c->dentry = parent;
		return 0;
	}
	up = BPF_CORE_READ(mount, mnt_parent);
	c->dentry = BPF_CORE_READ(mount, mnt_mountpoint);
	c->mount = up;
	return up == mount;
}

static __always_inline bool climb(struct dentry *dentry, struct mount *mount, struct climb *c)
{
	c->dentry = dentry;
	c->mount = mount;
	c->found = false;
	bpf_loop(BELOW_DEPTH, climb_up, &c, 0);
	return c->found;
}

static __always_inline bool is_below(struct file *file, struct climb *c)
{
	return climb(BPF_CORE_READ(file, f_path.dentry), mount_of(BPF_CORE_READ(file, f_path.mnt)),
		     c);
}

/* Run by the tool, on descriptors of its own. */
SEC("syscall")
int below_identify(struct below_request *request)
{
	struct file *file = file_get(request->fd);

	if (!file)
		return 1;
	file_identify(&request->id, BPF_CORE_READ(file, f_inode));
	return 0;
}

#endif
