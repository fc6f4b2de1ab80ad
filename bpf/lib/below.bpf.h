/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether a file is one of those that the user named, or below one. Dentries are followed up to the
 * top of the file system, also where only a part of it is mounted, and from there to what it is
 * mounted on: so it makes no difference by which way a process came to the file.
 *
 * A file is known by its inode, whatever it is called now. And what comes to be called as the user
 * said is one, too, from then on: so a path may appear later, and when a log was renamed and a new
 * one made, both are watched.
 */
#ifndef GRAIN_BELOW_BPF_H
#define GRAIN_BELOW_BPF_H

#include "bpf/lib/kernel.h"
#include "bpf/lib/below.h"
#include "bpf/lib/file.bpf.h"
#include "bpf/lib/path.bpf.h"
#include "bpf/lib/ring.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, BELOW_MARKS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct file_id);
	__type(value, struct below_mark);
} below_marks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, BELOW_STEPS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct below_name);
	__type(value, u32);
} below_names SEC(".maps");

/* What once had a watched name. Where such a name is given again and again, as to lock files, those
 * that nobody has touched for longest are forgotten: nothing is lost but their other names. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, BELOW_LEARNT);
	__type(key, struct file_id);
	__type(value, u8);
} below_learnt SEC(".maps");

#define BELOW_DEPTH PATH_LEN /* names and mounts looked at */

/* What a climb finds. */
enum {
	VERDICT_BELOW = 1,
	VERDICT_NAMED = 2, /* not it, but files in it may have a name that is looked for */
	VERDICT_MASK = 3,
	VERDICT_SHIFT = 2,
};

/* As struct path_walk is, for a walk. */
struct climb {
	struct dentry *dentry, *mount_root;
	struct mount *mount;
	struct file_id id;
	u32 taken; /* by one of our programs; another one may come between since Linux 7.0 */
	bool found;
	bool named;	/* names looked for lie below where it began */
	u32 n, n_mount; /* names passed: all, and those below the mount */
	struct dentry *names[BELOW_NAMES];
	struct below_name name;
};
SCRATCH(climb, struct climb);

/* One of the marked files may be no directory. */
static volatile u64 below_files;

/* There is something in below_learnt. */
static volatile u64 below_learning;

/* The tool's root directory: the address of its dentry. */
static volatile u64 below_root;

static __always_inline void file_identify(struct file_id *id, struct inode *inode)
{
	id->ino = KERNEL_READ(inode, i_ino);
	id->dev = KERNEL_READ(inode, i_sb, s_dev);
	id->generation = KERNEL_READ(inode, i_generation);
}

/* What has the right name is watched by its inode as well, for when it is renamed. */
static __always_inline void below_learn(struct dentry *dentry)
{
	struct inode *inode = KERNEL_READ(dentry, d_inode);
	struct below_mark *mark;
	struct file_id id;
	u8 one = 1;

	if (!inode)
		return;
	file_identify(&id, inode);
	if ((KERNEL_READ(inode, i_mode) & S_IFMT) != S_IFDIR)
		below_files = true;
	mark = bpf_map_lookup_elem(&below_marks, &id);
	if (mark) {
		mark->watched = true;
		return;
	}
	below_learning = true;
	bpf_map_update_elem(&below_learnt, &id, &one, BPF_ANY);
}

static __always_inline bool is_watched(struct file_id *id, struct below_mark *mark)
{
	return (mark && mark->watched) ||
	       (below_learning && bpf_map_lookup_elem(&below_learnt, id));
}

/* The names that were passed below a directory, from above. */
static __always_inline void look_for_names(struct climb *c, u32 step)
{
	u32 n = c->n;

	for (int i = 0; i < BELOW_NAMES; i++) {
		struct dentry *dentry;
		u64 len;
		u32 *next;

		if (!n--) {
			c->named = true;
			return;
		}
		dentry = c->names[n % BELOW_NAMES];
		len = KERNEL_READ(dentry, d_name.len);
		CLAMP(len, BELOW_NAME_LEN);
		__builtin_memset(&c->name, 0, sizeof(c->name));
		c->name.step = step;
		bpf_probe_read_kernel(c->name.name, len, KERNEL_READ(dentry, d_name.name));
		next = bpf_map_lookup_elem(&below_names, &c->name);
		if (!next)
			return;
		step = *next;
		if (step == BELOW_WATCHED) {
			c->found = true;
			below_learn(dentry);
			return;
		}
	}
}

/* 1 ends the loop. */
static long climb_up(u32 i, struct climb **context)
{
	struct climb *c = *context;
	struct dentry *dentry = c->dentry, *parent = KERNEL_READ(dentry, d_parent);
	struct mount *mount = c->mount, *up;
	struct below_mark *mark;

	file_identify(&c->id, KERNEL_READ(dentry, d_inode));
	mark = bpf_map_lookup_elem(&below_marks, &c->id);
	if (is_watched(&c->id, mark))
		c->found = true;
	else if (mark && mark->step)
		look_for_names(c, mark->step);
	if (c->found)
		return 1;
	if (dentry == c->mount_root)
		c->n_mount = c->n;
	if (parent != dentry) {
		c->names[c->n++ % BELOW_NAMES] = dentry;
		c->dentry = parent;
		return 0;
	}
	up = KERNEL_READ(mount, mnt_parent);
	c->n = c->n_mount;
	c->dentry = KERNEL_READ(mount, mnt_mountpoint);
	c->mount = up;
	c->mount_root = KERNEL_READ(up, mnt.mnt_root);
	return up == mount;
}

/*
 * Climbs from a place, whose addresses these are. Returns VERDICT_…, or -1 if it can't be found out
 * now, which counts as lost. A global function is verified once, whoever calls it, if all that it
 * gets are numbers.
 */
__attribute__((noinline)) int climb(u64 dentry, u64 mount)
{
	struct climb *c = climb_scratch_get();
	int verdict;

	if (!c)
		return 0;
	if (__sync_lock_test_and_set(&c->taken, 1)) {
		count_event(EVENT_TREE, true);
		return -1;
	}
	c->dentry = (void *)dentry;
	c->mount = (void *)mount;
	c->mount_root = KERNEL_READ(c->mount, mnt.mnt_root);
	c->n = c->n_mount = 0;
	c->found = c->named = false;
	bpf_loop(BELOW_DEPTH, climb_up, &c, 0);
	verdict = c->found ? VERDICT_BELOW : c->named ? VERDICT_NAMED : 0;
	__sync_lock_test_and_set(&c->taken, 0);
	return verdict;
}

/*
 * What was found out about a directory, so that not each read of each of its files goes all the way
 * up. Kept for each processor: no other one writes to it, and no program is interrupted by itself.
 * (Since Linux 7.0 another one of ours may come between, which the second look at `known` shows.)
 *
 * A directory has no second name, so mount and inode say where it is, as long as nothing is moved;
 * the address of a mount says which one it is, as long as none is made or undone, and the number of
 * an inode, as long as no directory is removed. (Snapshots of btrfs have directories with the same
 * numbers: those in memory at one time have different addresses.) So a verdict is good until the
 * next call that does one of that has returned (below_changed()): what another process does
 * meanwhile comes before or after, as one likes. What changes without a call that we see (mounts
 * that come and go by themselves, what a server of files moves, a hook that was missed) is found
 * out when a verdict is VERDICT_AGE old. Files are not kept by themselves, as they come and go too
 * often, and have many names.
 */
struct verdict {
	u64 known;	  /* what verdict_time() was, and VERDICT_… */
	u64 mount, inode; /* addresses */
	u64 ino, generation;
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

/* Both grow, and so the sum is what it was only while neither did. */
static __always_inline u64 verdict_time(u64 changes)
{
	return (changes + (bpf_jiffies64() >> VERDICT_AGE)) << VERDICT_SHIFT;
}

/* To be called when anything but a file was, or may have been, moved, mounted or removed. */
static __always_inline void below_changed(void)
{
	__sync_fetch_and_add(&tree_changes, 1);
}

/* What is known of a directory: VERDICT_… */
static __always_inline int get_verdict(struct dentry *directory, struct mount *mount)
{
	struct inode *inode = KERNEL_READ(directory, d_inode);
	u64 ino = KERNEL_READ(inode, i_ino), generation = KERNEL_READ(inode, i_generation), known;
	u32 slot = ino % VERDICTS;
	int verdict;
	volatile struct verdict *v = bpf_map_lookup_elem(&verdicts, &slot);

	if (!v)
		return 0;
	known = v->known;
	if ((known & ~VERDICT_MASK) == verdict_time(tree_changes) && v->mount == (u64)mount &&
	    v->inode == (u64)inode && v->ino == ino && v->generation == generation &&
	    v->known == known)
		return known & VERDICT_MASK;
	/* Before the climb, also to a processor that likes to load things in another order. */
	known = verdict_time(__sync_fetch_and_add(&tree_changes, 0));
	verdict = climb(NUMBER(directory), NUMBER(mount));
	if (verdict < 0)
		return 0;
	v->known = 0;
	v->mount = (u64)mount;
	v->inode = (u64)inode;
	v->ino = ino;
	v->generation = generation;
	v->known = known | verdict;
	return verdict;
}

/* `is_regular` saves time for what can't be a directory. */
static __always_inline bool is_below(struct file *file, bool is_regular)
{
	struct dentry *dentry = KERNEL_READ(file, f_path.dentry);
	struct dentry *parent = KERNEL_READ(dentry, d_parent);
	struct mount *mount = mount_of(KERNEL_READ(file, f_path.mnt));
	struct below_mark *mark;
	struct file_id id;
	int verdict = VERDICT_NAMED;

	if (below_files || !is_regular) {
		file_identify(&id, KERNEL_READ(dentry, d_inode));
		mark = bpf_map_lookup_elem(&below_marks, &id);
		if (is_watched(&id, mark))
			return true;
	}
	if (parent != dentry) /* else it is the top of a file system, or of nothing */
		verdict = get_verdict(parent, mount);
	if (verdict & VERDICT_NAMED)
		verdict = climb(NUMBER(dentry), NUMBER(mount));
	return verdict == VERDICT_BELOW;
}

/* Run by the tool, on descriptors of its own. */
SEC("syscall")
int below_identify(struct below_request *request)
{
	struct file *file = file_get(request->fd);

	if (!file)
		return 1;
	below_root = NUMBER(KERNEL_READ(bpf_get_current_task_btf(), fs, root.dentry));
	file_identify(&request->id, KERNEL_READ(file, f_inode));
	if ((KERNEL_READ(file, f_inode, i_mode) & S_IFMT) != S_IFDIR)
		below_files = true;
	return 0;
}

#endif
