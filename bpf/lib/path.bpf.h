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

struct path_walk {
	struct dentry *dentry, *root_dentry;
	struct mount *mount, *root_mount;
	char *buf;
	u32 pos; /* the path so far is buf[pos] to buf[PATH_END - 1] */
	u32 flags;
};

static __always_inline struct mount *mount_of(struct vfsmount *mnt)
{
	return (void *)mnt - bpf_core_field_offset(struct mount, mnt);
}

/* One component or one mount up. 1 ends the loop. */
static long path_up(u32 i, struct path_walk *w)
{
	struct dentry *dentry = w->dentry, *parent;
	struct mount *mount = w->mount;
	u64 len, at;

	if (dentry == w->root_dentry && mount == w->root_mount)
		return 1;
	if (dentry == BPF_CORE_READ(mount, mnt.mnt_root)) {
		struct mount *up = BPF_CORE_READ(mount, mnt_parent);

		if (up == mount) {
			w->flags |= PATH_OUTSIDE;
			return 1;
		}
		w->dentry = BPF_CORE_READ(mount, mnt_mountpoint);
		w->mount = up;
		return 0;
	}
	parent = BPF_CORE_READ(dentry, d_parent);
	if (parent == dentry) { /* renamed out of its bind mount: no path to the root exists */
		w->flags |= PATH_OUTSIDE;
		return 1;
	}

	len = BPF_CORE_READ(dentry, d_name.len);
	CLAMP(len, NAME_LEN);
	if (w->pos < PATH_END - PATH_LEN + 1 + len) { /* no room for "/name" */
		w->flags |= PATH_TRUNCATED;
		return 1;
	}
	at = w->pos - len;
	CLAMP(at, PATH_END);
	bpf_probe_read_kernel(w->buf + at, len, BPF_CORE_READ(dentry, d_name.name));
	at -= 1;
	CLAMP(at, PATH_END);
	w->buf[at] = '/';
	w->pos = at;
	w->dentry = parent;
	return 0;
}

/*
 * Walks from `path` up to `root` (both fields of kernel structs, by address) in `buf` of PATH_BUF
 * bytes. Returns where in it the path starts (it ends before PATH_END); *flags: PATH_….
 */
static __always_inline u64 path_walk(struct path *path, struct path *root, char *buf, u32 *flags)
{
	struct path_walk w = {
		.dentry = BPF_CORE_READ(path, dentry),
		.root_dentry = BPF_CORE_READ(root, dentry),
		.mount = mount_of(BPF_CORE_READ(path, mnt)),
		.root_mount = mount_of(BPF_CORE_READ(root, mnt)),
		.buf = buf,
		.pos = PATH_END,
	};
	u64 at;

	/* A component takes two bytes or more; mounts on mounts take none. */
	bpf_loop(PATH_LEN, path_up, &w, 0);
	at = w.pos;
	if (at == PATH_END)
		buf[--at] = '/';
	*flags = w.flags;
	return at;
}

/*
 * Appends the path to an event's tail: `to` has room for PATH_LEN bytes, `*len` is set to those
 * used. Returns PATH_… flags.
 */
static __always_inline u32 path_copy(char *to, u16 *len, struct path *path, struct path *root,
				     char *buf)
{
	u32 flags;
	u64 at = path_walk(path, root, buf, &flags), n;

	CLAMP(at, PATH_END);
	n = PATH_END - at;
	CLAMP(n, PATH_LEN);
	bpf_probe_read_kernel(to, n, buf + at);
	*len = n;
	return flags;
}

#endif
