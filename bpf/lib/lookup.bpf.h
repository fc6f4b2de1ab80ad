/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a name stands for, found in the kernel's cache of names (dcache) as path_lookupat() in
 * fs/namei.c does: for calls that were given a name and keep no descriptor of what they did. A call
 * that has just succeeded has left there what it went through; what is not there, or can't be read
 * from here, is not guessed: a symbolic link whose target isn't in memory (as in /proc, but
 * for /proc/self/fd/N), a name that its file system compares otherwise than byte by byte.
 */
#ifndef GRAIN_LOOKUP_BPF_H
#define GRAIN_LOOKUP_BPF_H

#include "bpf/lib/file.bpf.h"
#include "bpf/lib/kernel.h"
#include "bpf/lib/path.bpf.h"
#include "bpf/lib/ring.bpf.h"

#define LOOKUP_STEPS	 8192 /* bytes of names, names of directories and mounts looked at, in all */
#define PROC_SUPER_MAGIC 0x9fa0 /* include/uapi/linux/magic.h */
#define LOOKUP_LINKS	 40	/* MAXSYMLINKS of include/linux/namei.h */

/* Targets of links are put in front of what is left of the name. */
#define LOOKUP_TEXT (2 * PATH_LEN + 1)

/* How to look. */
enum {
	LOOKUP_FOLLOW = 1, /* a symbolic link at the end, too */
	LOOKUP_PARENT = 2, /* only the directory of the last name, which may be gone */
	LOOKUP_LAST = 4,   /* with LOOKUP_PARENT: and what is there now, if anything is */
};

enum lookup_state {
	LOOKUP_SCAN,   /* one byte of a name */
	LOOKUP_SLASH,  /* the slashes behind it */
	LOOKUP_UP,     /* ".." */
	LOOKUP_CHILD,  /* one of the names in a directory */
	LOOKUP_MOUNTS, /* whether there is a mount on it */
	LOOKUP_MOUNT,  /* one of the mounts on a mount */
	LOOKUP_NEXT,   /* the name stands for this */
};

/* In the caller's scratch memory, as struct path_walk is. Results come first. */
struct lookup {
	bool found;		 /* `at`: what the name stands for, or its directory */
	struct path_at at, root; /* where it is, and where "/" and the highest ".." are */
	struct dentry *last;	 /* with LOOKUP_LAST, or NULL */
	u32 len;		 /* of `name`, the last one, without slashes */
	char name[NAME_LEN + 1]; /* NUL up to its end */

	struct path_at before; /* where relative links start */
	struct dentry *child;
	void *node; /* of a list */
	u32 how, state, pos, links, hash;
	bool is_last, slashes, by_hash;
	char other[NAME_LEN + 1];
	char link[PATH_LEN];
	char text[LOOKUP_TEXT + PATH_LEN]; /* the verifier does not see where targets end */
};

static __always_inline bool dentry_has(struct dentry *dentry, u32 flag)
{
	return KERNEL_READ(dentry, d_flags) & flag;
}

/* Linux 6.8 (da549bdd15c2) made a list with one link out of the one with two. */
static __always_inline struct dentry *first_child(struct dentry *dentry)
{
	void *node, *head;

	if (bpf_core_field_exists(dentry->d_children)) {
		node = KERNEL_READ(dentry, d_children.first);
		return node ? node - bpf_core_field_offset(struct dentry, d_sib) : NULL;
	}
	node = KERNEL_READ(dentry, d_subdirs.next);
	head = (void *)dentry + bpf_core_field_offset(struct dentry, d_subdirs);
	return node == head ? NULL : node - bpf_core_field_offset(struct dentry, d_child);
}

static __always_inline struct dentry *next_child(struct dentry *child, struct dentry *dentry)
{
	void *node, *head;

	if (bpf_core_field_exists(dentry->d_children)) {
		node = KERNEL_READ(child, d_sib.next);
		return node ? node - bpf_core_field_offset(struct dentry, d_sib) : NULL;
	}
	node = KERNEL_READ(child, d_child.next);
	head = (void *)dentry + bpf_core_field_offset(struct dentry, d_subdirs);
	return node == head ? NULL : node - bpf_core_field_offset(struct dentry, d_child);
}

static __always_inline bool is_mounted_on(struct dentry *dentry)
{
	u32 mounted = DCACHE_MOUNTED;

	if (bpf_core_enum_value_exists(enum dentry_flags, DCACHE_MOUNTED))
		mounted = bpf_core_enum_value(enum dentry_flags, DCACHE_MOUNTED);
	return dentry_has(dentry, mounted);
}

/* Whether its file system has a hash of its own for the names in it. */
static __always_inline bool has_own_hash(struct dentry *dentry)
{
	u32 own = DCACHE_OP_HASH;

	if (bpf_core_enum_value_exists(enum dentry_flags, DCACHE_OP_HASH))
		own = bpf_core_enum_value(enum dentry_flags, DCACHE_OP_HASH);
	return dentry_has(dentry, own);
}

/*
 * The kernel's table of all names by hash, and how many bits a hash is too long for it: d_hash() in
 * fs/dcache.c. A directory may have a hundred thousand names in memory, mostly of what is not there
 * any more. Where the table is can't be asked for, but be found out: see lookup_learn(). 0: it is
 * not known, and the names of a directory are gone through one by one.
 */
volatile __u64 lookup_table;
volatile __u32 lookup_shift;

/* full_name_hash() in fs/namei.c; `name` has NUL behind it up to the next multiple of 8. */
static __always_inline u32 name_hash(struct dentry *dir, const u64 *name, u64 len)
{
	u64 x = 0, y = (u64)dir;

	for (u32 i = 0; i < NAME_LEN / 8 + 1; i++) {
		u64 word = name[i];

		if (8 * i + 8 > len) {
			x ^= word;
			break;
		}
		x ^= word; /* HASH_MIX() */
		y ^= x;
		x = x << 12 | x >> 52;
		x += y;
		y = y << 45 | y >> 19;
		y *= 9;
	}
	y ^= x * 0x61C8864680B583EBull; /* fold_hash() */
	y *= 0x61C8864680B583EBull;
	return y >> 32;
}

/* What stands in a list of the table; the lowest bit of the first one is its lock. */
static __always_inline struct dentry *listed(void *node)
{
	node = (void *)(NUMBER(node) & ~1ull);
	return node ? node - bpf_core_field_offset(struct dentry, d_hash) : NULL;
}

/* Whether the child's name is the one that is looked for. */
static __always_inline bool is_called(struct dentry *child, struct lookup *l)
{
	u64 len = KERNEL_READ(child, d_name.len);
	u64 *a = (u64 *)l->name, *b = (u64 *)l->other;

	if (len != l->len)
		return false;
	CLAMP(len, NAME_LEN);
	__builtin_memset(l->other, 0, sizeof(l->other));
	bpf_probe_read_kernel(l->other, len, KERNEL_READ(child, d_name.name));
	for (u32 i = 0; i < sizeof(l->name) / sizeof(*a); i++) {
		if (a[i] != b[i])
			return false;
		if (8 * i + 8 >= len)
			break;
	}
	return true;
}

static __always_inline long lookup_scan(struct lookup *l)
{
	u64 pos = l->pos, len = l->len;
	char c;

	CLAMP(pos, LOOKUP_TEXT - 1);
	c = l->text[pos];
	if (c && c != '/') {
		if (len >= NAME_LEN)
			return 1;
		CLAMP(len, NAME_LEN - 1);
		l->name[len] = c;
		l->len++;
		l->pos++;
		return 0;
	}
	if (l->len) {
		l->slashes = false;
		l->state = LOOKUP_SLASH;
		return 0;
	}
	l->pos++; /* slashes in front */
	l->found = !c && !(l->how & LOOKUP_PARENT);
	return !c;
}

static __always_inline void start_children(struct lookup *l)
{
	struct dentry *dentry = l->at.dentry;
	void *first = NULL;

	l->by_hash = lookup_table && !has_own_hash(dentry);
	if (l->by_hash) {
		l->hash = name_hash(dentry, (u64 *)l->name, l->len);
		bpf_probe_read_kernel(&first, sizeof(first),
				      (void *)lookup_table + 8ull * (l->hash >> lookup_shift));
		l->child = listed(first);
	} else {
		l->child = first_child(dentry);
	}
}

static __always_inline long lookup_slash(struct lookup *l)
{
	bool is_dot = l->len == 1 && l->name[0] == '.';
	bool is_dots = l->len == 2 && l->name[0] == '.' && l->name[1] == '.';
	u64 pos = l->pos;
	char c;

	CLAMP(pos, LOOKUP_TEXT - 1);
	c = l->text[pos];
	if (c == '/') {
		l->slashes = true;
		l->pos++;
		return 0;
	}
	l->is_last = !c;
	if (l->is_last && l->how & LOOKUP_PARENT) {
		if (is_dot || is_dots)
			return 1;
		l->found = true;
		if (!(l->how & LOOKUP_LAST))
			return 1;
	}
	l->before = l->at;
	start_children(l);
	l->state = is_dot ? LOOKUP_NEXT : is_dots ? LOOKUP_UP : LOOKUP_CHILD;
	return 0;
}

static __always_inline long lookup_up(struct lookup *l)
{
	struct dentry *dentry = l->at.dentry;
	struct mount *mount = l->at.mount, *up;

	if (dentry == l->root.dentry && mount == l->root.mount) {
		l->state = LOOKUP_MOUNTS;
		return 0;
	}
	if (dentry != KERNEL_READ(mount, mnt.mnt_root)) {
		l->at.dentry = KERNEL_READ(dentry, d_parent);
		l->state = LOOKUP_MOUNTS;
		return 0;
	}
	up = KERNEL_READ(mount, mnt_parent);
	if (up == mount) {
		l->state = LOOKUP_MOUNTS;
		return 0;
	}
	l->at.dentry = KERNEL_READ(mount, mnt_mountpoint);
	l->at.mount = up;
	return 0;
}

static __always_inline long lookup_child(struct lookup *l)
{
	struct dentry *child = l->child;
	bool is_here;

	if (!child)
		return 1;
	is_here = KERNEL_READ(child, d_parent) == l->at.dentry;
	if (l->by_hash) {
		l->child = listed(KERNEL_READ(child, d_hash.next));
		if (!is_here || KERNEL_READ(child, d_name.hash) != l->hash)
			return 0;
	} else {
		if (!is_here) /* it has moved to another list */
			return 1;
		l->child = next_child(child, l->at.dentry);
	}
	if (!is_called(child, l) || !KERNEL_READ(child, d_hash.pprev))
		return 0;
	if (!KERNEL_READ(child, d_inode)) /* known not to be there */
		return 1;
	if (l->is_last && l->how & LOOKUP_PARENT) {
		l->last = child;
		return 1;
	}
	l->at.dentry = child;
	l->state = LOOKUP_MOUNTS;
	return 0;
}

static __always_inline long lookup_mount(struct lookup *l)
{
	void *head = (void *)l->at.mount + bpf_core_field_offset(struct mount, mnt_mounts);
	struct dentry *dentry = l->at.dentry;
	struct mount *mount;

	if (!l->node || l->node == head) { /* it is one in another namespace */
		l->state = LOOKUP_NEXT;
		return 0;
	}
	mount = l->node - bpf_core_field_offset(struct mount, mnt_child);
	l->node = KERNEL_READ(mount, mnt_child.next);
	if (KERNEL_READ(mount, mnt_mountpoint) == dentry &&
	    KERNEL_READ(mount, mnt_parent) == l->at.mount) {
		l->at.mount = mount;
		l->at.dentry = KERNEL_READ(mount, mnt.mnt_root);
		l->state = LOOKUP_MOUNTS;
	}
	return 0;
}

/* The link "self" of procfs. */
static __always_inline bool is_self(struct lookup *l, struct inode *inode)
{
	return l->len == 4 && l->name[0] == 's' && l->name[1] == 'e' && l->name[2] == 'l' &&
	       l->name[3] == 'f' && KERNEL_READ(inode, i_sb, s_magic) == PROC_SUPER_MAGIC;
}

/*
 * "/fd/N" behind it: by that name the C library knows an open file where the kernel has no call for
 * it, as for fchmodat(2) that follows no link before Linux 6.6. Returns whether that is what is
 * left of the name, or begins it.
 */
static __always_inline bool lookup_descriptor(struct lookup *l)
{
	u64 pos = l->pos;
	struct file *file;
	u32 fd = 0, n;
	char c = 0;

	CLAMP(pos, LOOKUP_TEXT - 1);
	if (l->text[pos] != 'f' || l->text[pos + 1] != 'd' || l->text[pos + 2] != '/')
		return false;
	for (n = 0; n < 8; n++) {
		c = l->text[pos + 3 + n];
		if (c < '0' || c > '9')
			break;
		fd = 10 * fd + c - '0';
	}
	if (!n || (c ? c != '/' : !(l->how & LOOKUP_FOLLOW)))
		return false;
	file = file_get(fd);
	if (!file)
		return false;
	path_take(&l->at, &file->f_path);
	l->pos += 3 + n;
	return true;
}

static __always_inline long lookup_next(struct lookup *l)
{
	struct dentry *dentry = l->at.dentry;
	struct inode *inode = KERNEL_READ(dentry, d_inode);

	if ((KERNEL_READ(inode, i_mode) & S_IFMT) == S_IFLNK && is_self(l, inode)) {
		if (!lookup_descriptor(l))
			return 1;
	} else if ((KERNEL_READ(inode, i_mode) & S_IFMT) == S_IFLNK &&
		   (!l->is_last || l->slashes || l->how & LOOKUP_FOLLOW)) {
		/* At the slash behind the name or at its end. */
		u64 end = l->pos - l->slashes;
		long n = bpf_probe_read_kernel_str(l->link, sizeof(l->link),
						   KERNEL_READ(inode, i_link));
		u64 len = n - 1;

		if (n <= 1 || n == sizeof(l->link) || end < len || ++l->links > LOOKUP_LINKS)
			return 1;
		end -= len;
		CLAMP(end, LOOKUP_TEXT - 1);
		CLAMP(len, PATH_LEN);
		bpf_probe_read_kernel(l->text + end, len, l->link);
		l->pos = end;
		l->at = l->link[0] == '/' ? l->root : l->before;
	}
	__builtin_memset(l->name, 0, sizeof(l->name));
	l->len = 0;
	l->state = LOOKUP_SCAN;
	return 0;
}

/* 1 ends the loop. */
static long lookup_step(u32 i, struct lookup **context)
{
	struct lookup *l = *context;
	struct mount *mount = l->at.mount;

	switch (l->state) {
	case LOOKUP_SCAN:
		return lookup_scan(l);
	case LOOKUP_SLASH:
		return lookup_slash(l);
	case LOOKUP_UP:
		return lookup_up(l);
	case LOOKUP_CHILD:
		return lookup_child(l);
	case LOOKUP_MOUNTS:
		l->node = KERNEL_READ(mount, mnt_mounts.next);
		l->state = is_mounted_on(l->at.dentry) ? LOOKUP_MOUNT : LOOKUP_NEXT;
		return 0;
	case LOOKUP_MOUNT:
		return lookup_mount(l);
	case LOOKUP_NEXT:
		return lookup_next(l);
	}
	return 1;
}

/*
 * Looks up `name`, of `len` bytes, at most PATH_LEN, in memory of ours. A relative one starts from
 * `from`, which may be NULL: then it can't be. `root` and `from` are fields of kernel structs.
 * Returns whether it was found; `l` has then what it was.
 */
static __always_inline bool lookup(struct lookup *l, const char *name, u64 len, struct path *from,
				   struct path *root, u32 how)
{
	u64 n = len;

	CLAMP(n, PATH_LEN);
	bpf_probe_read_kernel(l->text + PATH_LEN, n, name);
	l->text[PATH_LEN + n] = '\0';
	path_take(&l->root, root);
	l->found = false;
	l->last = NULL;
	if (l->text[PATH_LEN] == '/')
		l->at = l->root;
	else if (from)
		path_take(&l->at, from);
	else
		return false;
	l->pos = PATH_LEN;
	l->how = how;
	l->links = 0;
	l->len = 0;
	l->state = LOOKUP_SCAN;
	l->is_last = l->slashes = false;
	__builtin_memset(l->name, 0, sizeof(l->name));
	bpf_loop(LOOKUP_STEPS, lookup_step, &l, 0);
	return l->found;
}

/*
 * Learning where the table is: names whose place in the table is known (the first one of a list is
 * pointed to by the table itself), and for each number of bits where the table would have to begin
 * for them. Most agree only if both are right. A name that isn't the first of its list says
 * something else, as does each where names are hashed otherwise: then nothing is learnt.
 */
#define SAMPLES	     64
#define SAMPLES_MIN  8
#define SAMPLES_EACH 16 /* of one directory */
#define CANDIDATES   4	/* samples that are taken at their word */

struct learn {
	struct dentry *dir, *child, *root;
	u32 n, of_dir, agree, best;
	bool at_root;
	u32 hash[SAMPLES];
	u64 place[SAMPLES];
	u64 name[NAME_LEN / 8 + 1];
};
SCRATCH(learn, struct learn);

/* One name of a directory, or to the one above it. */
static long learn_name(u32 i, struct learn **context)
{
	struct learn *l = *context;
	struct dentry *child = l->child, *dir = l->dir, *up;
	u64 len, n = l->n;

	if (n >= SAMPLES)
		return 1;
	if (!child || l->of_dir >= SAMPLES_EACH) {
		up = KERNEL_READ(dir, d_parent);
		if (up == dir && l->at_root)
			return 1;
		if (up == dir)
			l->at_root = true;
		l->dir = up == dir ? l->root : up;
		l->child = first_child(l->dir);
		l->of_dir = 0;
		return 0;
	}
	l->child = next_child(child, dir);
	len = KERNEL_READ(child, d_name.len);
	CLAMP(len, NAME_LEN);
	CLAMP(n, SAMPLES - 1);
	__builtin_memset(l->name, 0, sizeof(l->name));
	bpf_probe_read_kernel(l->name, len, KERNEL_READ(child, d_name.name));
	l->hash[n] = KERNEL_READ(child, d_name.hash);
	l->place[n] = (u64)KERNEL_READ(child, d_hash.pprev);
	if (l->place[n] && l->hash[n] == name_hash(dir, l->name, len)) {
		l->n = n + 1;
		l->of_dir++;
	}
	return 0;
}

/* One sample, were it so many bits and another sample right; the last one decides. */
static long learn_shift(u32 i, struct learn **context)
{
	struct learn *l = *context;
	u32 n = i % SAMPLES, shift = i / SAMPLES % 32, k = i / SAMPLES / 32 % CANDIDATES;
	u64 begin = l->place[k] - 8ull * (l->hash[k] >> shift);

	if (!n)
		l->agree = 0;
	if (n < l->n && l->place[n] - 8ull * (l->hash[n] >> shift) == begin)
		l->agree++;
	if (n == SAMPLES - 1 && l->agree > l->best) {
		l->best = l->agree;
		lookup_table = begin;
		lookup_shift = shift;
	}
	return 0;
}

/* Run by the tool, once. Its own directory, those above and the root have names enough. */
SEC("syscall")
int lookup_learn(void *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct fs_struct *fs = KERNEL_READ(task, fs);
	struct learn *l = learn_scratch_get();

	if (!l)
		return 1;
	l->dir = KERNEL_READ(fs, pwd.dentry);
	l->root = KERNEL_READ(fs, root.dentry);
	l->child = first_child(l->dir);
	l->n = l->of_dir = l->best = 0;
	l->at_root = false;
	bpf_loop(LOOKUP_STEPS, learn_name, &l, 0);
	bpf_loop(SAMPLES * 32 * CANDIDATES, learn_shift, &l, 0);
	if (l->n < SAMPLES_MIN || 2 * l->best <= l->n)
		lookup_table = 0;
	return 0;
}

#endif
