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
	id->ino = KERNEL_READ(inode, i_ino);
	id->dev = KERNEL_READ(inode, i_sb, s_dev);
	id->generation = KERNEL_READ(inode, i_generation);
}

/* 1 ends the loop. */
static long climb_up(u32 i, struct climb **context)
{
	struct climb *c = *context;
	struct dentry *dentry = c->dentry, *parent = KERNEL_READ(dentry, d_parent);
	struct mount *mount = c->mount, *up;

	file_identify(&c->id, KERNEL_READ(dentry, d_inode));
	if (bpf_map_lookup_elem(&below_roots, &c->id)) {
		c->found = true;
		return 1;
	}
	if (parent != dentry) {
		c->dentry = parent;
		return 0;
	}
	up = KERNEL_READ(mount, mnt_parent);
	c->dentry = KERNEL_READ(mount, mnt_mountpoint);
	c->mount = up;
	return up == mount;
}

/*
 * What was found out about a directory, so that not each read of each of its files goes all the way
 * up. Kept for each processor: no other one writes to it, and no program is interrupted by itself.
 *
 * A directory has no second name, so mount and inode say where it is, as long as nothing is moved;
 * the address of a mount says which one it is, as long as none is made or undone, and the number of
 * an inode, as long as no directory is removed. So a verdict is good until the next call that does
 * one of that has returned (below_changed()): what another process does meanwhile comes before or
 * after, as one likes. What changes without a call that we see (mounts that come and go by
 * themselves, a server's directories, a hook that was missed) is found out when a verdict is
 * VERDICT_AGE old. Files are not kept by themselves, as they come and go too often, and have many
 * names.
 */
struct verdict {
	u64 known; /* what verdict_time() was, times 2, plus 1 if it is below */
	u64 mount; /* address */
	struct file_id directory;
};

#define VERDICTS    1024
#define VERDICT_AGE 8 /* 1 << 8 jiffies at most: 1 s where the kernel has 250 in each */

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, VERDICTS);
	__type(key, u32);
	__type(value, struct verdict);
} verdicts SEC(".maps");

static u64 tree_changes;

/* Both grow, and so the sum is what it was only while neither did. It is never 0. */
static __always_inline u64 verdict_time(u64 changes)
{
	return changes + (bpf_jiffies64() >> VERDICT_AGE);
}

/* To be called when anything but a file was, or may have been, moved, mounted or removed. */
static __always_inline void below_changed(void)
{
	__sync_fetch_and_add(&tree_changes, 1);
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
	struct dentry *dentry = KERNEL_READ(file, f_path.dentry);
	struct dentry *parent = KERNEL_READ(dentry, d_parent);
	struct mount *mount = mount_of(KERNEL_READ(file, f_path.mnt));
	struct verdict *v;
	struct file_id id;
	u64 known;
	u32 slot;
	bool is;

	file_identify(&id, KERNEL_READ(dentry, d_inode));
	if (bpf_map_lookup_elem(&below_roots, &id))
		return true;
	if (parent == dentry) /* the top of a file system, or of no directory */
		return climb(dentry, mount, c);
	file_identify(&id, KERNEL_READ(parent, d_inode));
	slot = id.ino % VERDICTS;
	v = bpf_map_lookup_elem(&verdicts, &slot);
	if (!v)
		return false;
	known = v->known;
	if (known >> 1 == verdict_time(tree_changes) && v->mount == (u64)mount &&
	    v->directory.ino == id.ino && v->directory.dev == id.dev &&
	    v->directory.generation == id.generation)
		return known & 1;
	/* Before the climb, also to a processor that likes to load things in another order. */
	known = verdict_time(__sync_fetch_and_add(&tree_changes, 0)) << 1;
	is = climb(parent, mount, c);
	v->mount = (u64)mount;
	v->directory = id;
	v->known = known | is;
	return is;
}

/* Run by the tool, on descriptors of its own. */
SEC("syscall")
int below_identify(struct below_request *request)
{
	struct file *file = file_get(request->fd);

	if (!file)
		return 1;
	file_identify(&request->id, KERNEL_READ(file, f_inode));
	return 0;
}

#endif
