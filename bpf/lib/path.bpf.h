/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The name of an open file or directory: dentries and mounts walked upwards to a process's root,
 * as d_path() in fs/d_path.c does, and so equal to what readlink(2) of /proc/PID/exe or fd/N says,
 * less its " (deleted)".
 */
#ifndef GRAIN_PATH_BPF_H
#define GRAIN_PATH_BPF_H

#include "bpf/lib/kernel.h"
#include "bpf/lib/ring.bpf.h"

#define PATH_LEN 4096 /* longest path given, without NUL */
#define NAME_LEN 255  /* NAME_MAX: longest component */

/* A path is written back to front, so it ends at PATH_END; one name fits in front of PATH_LEN. */
#define PATH_END (PATH_LEN + NAME_LEN + 1)
#define PATH_BUF (PATH_END + NAME_LEN + 1) /* the verifier does not see that a name ends before */

enum {
	PATH_TRUNCATED = 1, /* longer than PATH_LEN: the tail is there */
	PATH_OUTSIDE = 2,   /* the walk did not meet the process's root */
};

/*
 * A walk's state, in the caller's scratch memory: the verifier does not follow what is in a map,
 * so each step looks the same to it, and it verifies one instead of thousands.
 */
struct path_walk {
	struct dentry *dentry, *root_dentry;
	struct mount *mount, *root_mount;
	u32 pos; /* the path so far is buf[pos] to buf[PATH_END - 1] */
	u32 flags;
	char buf[PATH_BUF];
};

/* A place: struct path of the kernel, taken apart. */
struct path_at {
	struct dentry *dentry;
	struct mount *mount;
};

static __always_inline struct mount *mount_of(struct vfsmount *mnt)
{
	return (void *)mnt - bpf_core_field_offset(struct mount, mnt);
}

/* One component or one mount up. 1 ends the loop. */
static long path_up(u32 i, struct path_walk **context)
{
	struct path_walk *w = *context;
	struct dentry *dentry = w->dentry, *parent;
	struct mount *mount = w->mount;
	u64 len, at, pos = w->pos;

	if (dentry == w->root_dentry && mount == w->root_mount)
		return 1;
	if (dentry == KERNEL_READ(mount, mnt.mnt_root)) {
		struct mount *up = KERNEL_READ(mount, mnt_parent);

		if (up == mount) {
			w->flags |= PATH_OUTSIDE;
			return 1;
		}
		w->dentry = KERNEL_READ(mount, mnt_mountpoint);
		w->mount = up;
		return 0;
	}
	parent = KERNEL_READ(dentry, d_parent);
	len = KERNEL_READ(dentry, d_name.len);
	CLAMP(len, NAME_LEN);
	/*
	 * A top that isn't its mount's: of a file in memory, which has a name (simple_dname() in
	 * fs/libfs.c); or of a whole file system, "/", of which we were in a part (a bind mount)
	 * that the file was renamed out of. Neither has a path to the root.
	 */
	if (parent == dentry) {
		w->flags |= PATH_OUTSIDE;
		if (pos != PATH_END || len <= 1)
			return 1;
	}
	if (pos < PATH_END - PATH_LEN + 1 + len) { /* no room for "/name" */
		w->flags |= PATH_TRUNCATED;
		return 1;
	}
	at = pos - len;
	CLAMP(at, PATH_END);
	bpf_probe_read_kernel(w->buf + at, len, KERNEL_READ(dentry, d_name.name));
	at -= 1;
	CLAMP(at, PATH_END);
	w->buf[at] = '/';
	w->pos = at;
	w->dentry = parent;
	return parent == dentry;
}

/*
 * Writes the path from `root` (a field of a kernel struct, by address) to `at`, and behind it
 * "/name" unless `name_len` is 0, to `to`, which has room for PATH_LEN bytes, without NUL, and its
 * length to `*len`. Returns PATH_… flags.
 */
static __always_inline u32 path_copy_at(char *to, u16 *len, struct path_at *at, const char *name,
					u64 name_len, struct path *root, struct path_walk *w)
{
	u64 pos, n;

	w->dentry = at->dentry;
	w->root_dentry = KERNEL_READ(root, dentry);
	w->mount = at->mount;
	w->root_mount = mount_of(KERNEL_READ(root, mnt));
	w->pos = PATH_END;
	w->flags = 0;
	if (name_len) {
		CLAMP(name_len, NAME_LEN);
		pos = PATH_END - name_len;
		CLAMP(pos, PATH_END);
		bpf_probe_read_kernel(w->buf + pos, name_len, name);
		pos -= 1;
		CLAMP(pos, PATH_END);
		w->buf[pos] = '/';
		w->pos = pos;
	}
	/* A component takes two bytes or more; mounts on mounts take none. */
	bpf_loop(PATH_LEN, path_up, &w, 0);
	if (w->pos == PATH_END)
		w->buf[w->pos = PATH_END - 1] = '/';

	pos = w->pos;
	CLAMP(pos, PATH_END);
	n = PATH_END - pos;
	CLAMP(n, PATH_LEN);
	bpf_probe_read_kernel(to, n, w->buf + pos);
	*len = n;
	return w->flags;
}

static __always_inline void path_take(struct path_at *at, struct path *path)
{
	at->dentry = KERNEL_READ(path, dentry);
	at->mount = mount_of(KERNEL_READ(path, mnt));
}

/* The same for a `path` that is one, by address, without a name behind it. */
static __always_inline u32 path_copy(char *to, u16 *len, struct path *path, struct path *root,
				     struct path_walk *w)
{
	struct path_at at;

	path_take(&at, path);
	return path_copy_at(to, len, &at, NULL, 0, root, w);
}

#endif
