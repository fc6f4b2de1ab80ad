/* SPDX-License-Identifier: GPL-2.0-or-later */
/* filemon, kernel side: what processes do to files. */
#include "bpf/lib/below.bpf.h"
#include "bpf/lib/cgroup.bpf.h"
#include "bpf/lib/file.bpf.h"
#include "bpf/lib/filter.bpf.h"
#include "bpf/lib/lookup.bpf.h"
#include "bpf/lib/path.bpf.h"
#include "bpf/lib/process.bpf.h"
#include "bpf/lib/ring.bpf.h"
#include "bpf/lib/syscall.bpf.h"
#include "bpf/lib/uring.bpf.h"
#include "bpf/filemon.h"
#include "bpf/filemon_calls.h"

static const volatile struct filemon_config config SEC(".rodata.config");

/* include/uapi/asm-generic/fcntl.h */
#define O_ACCMODE	    00000003
#define O_WRONLY	    00000001
#define O_CREAT		    00000100
#define O_EXCL		    00000200
#define O_NOCTTY	    00000400
#define O_TRUNC		    00001000
#define O_CLOEXEC	    02000000
#define __O_TMPFILE	    020000000
#define AT_FDCWD	    (-100)
#define CLONE_NEWNS	    0x20000 /* include/uapi/linux/sched.h */
#define AT_REMOVEDIR	    0x200
#define AT_SYMLINK_NOFOLLOW 0x100
#define AT_SYMLINK_FOLLOW   0x400
#define AT_EMPTY_PATH	    0x1000
/* include/uapi/asm-generic/mman-common.h */
#define PROT_WRITE    0x2
#define PROT_EXEC     0x4
#define MAP_SHARED    0x01
#define MAP_ANONYMOUS 0x20
#if defined(__TARGET_ARCH_x86)
#define O_LARGEFILE 00100000
#elif defined(__TARGET_ARCH_arm64)
#define O_LARGEFILE 00400000
#endif
#define O_ONCE                                                                                     \
	(O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_CLOEXEC) /* an open file does not keep these */

#define FMODE_CREATED 0x100000 /* include/linux/fs.h */

/*
 * A call, less its registers: what was done, and to what. Names are addresses in the caller's
 * memory, 0 for none; paths are fields of kernel structs. Where a call has two names, the second
 * one is the old.
 */
struct request {
	u32 type;	     /* of the event, had it not failed */
	struct path *object; /* what is open already, else it has a name */
	u64 name[2];
	struct path *from[2];	 /* where a relative one starts */
	u32 how[2];		 /* to look for it */
	u64 text;		 /* address of a string: change_event.text */
	struct path_at found[2]; /* what the names stand for */
};

/*
 * What is done with one kind of call. The verifier goes through a global function once, and not
 * once for each call of it; the price is that it knows nothing of the arguments, which therefore
 * are numbers.
 */
#define BODY __attribute__((noinline))

/* An event and the longest tail that it can have, and room for walks. */
#define TAIL_STRINGS 4 /* two names and what they stand for, or one and a text */
struct file_scratch {
	union {
		struct event header;
		struct file_event file;
		struct open_event open;
		struct change_event change;
	};
	char tail[TAIL_STRINGS * PATH_LEN + NAME_LEN + 1];
	struct request request;
	u64 arg[8];
	bool in_kernel;	    /* names and texts are in memory of the kernel */
	struct file *given; /* NULL, or instead of a descriptor */
	u32 taken;
	struct path_walk walk;
	struct lookup lookup;
};
SCRATCH(file, struct file_scratch);

/*
 * Takes the scratch memory for an event of a type. NULL: another one of our programs, which may be
 * preempted since Linux 7.0, was about to fill it; what could not be told then counts as lost.
 */
static __always_inline struct file_scratch *file_scratch_take(u32 type)
{
	struct file_scratch *s = file_scratch_get();

	if (!s)
		return NULL;
	if (__sync_lock_test_and_set(&s->taken, 1)) {
		count_event(type, true);
		return NULL;
	}
	s->in_kernel = false;
	s->given = NULL;
	return s;
}

static __always_inline void file_scratch_release(struct file_scratch *s)
{
	__sync_lock_test_and_set(&s->taken, 0);
}

/* Sums, and the processes that have any. An LRU would forget silently. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, SUMS_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct sum_key);
	__type(value, struct sum);
} sums SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, OWNERS_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct sum_owner);
	__type(value, u8);
} owners SEC(".maps");

static __always_inline bool is_regular(struct file *file)
{
	return (KERNEL_READ(file, f_inode, i_mode) & S_IFMT) == S_IFREG;
}

BODY int matches(void)
{
	return filter_match();
}

static __always_inline bool wants(struct file *file)
{
	bool regular = is_regular(file);

	if (!config.all_types && !regular)
		return false;
	return !config.below || is_below(file, regular);
}

BODY int is_wanted(u64 open_file)
{
	return wants((void *)open_file);
}

/* As stat(2) has it: minor numbers have 20 bits, of which 8 are the lowest. */
static __always_inline u32 device_number(u32 dev)
{
	u32 minor = dev & 0xfffff;

	return (minor & 0xff) | dev >> 20 << 8 | (minor & ~0xff) << 12;
}

/* The current task's. */
static __always_inline struct fs_struct *get_fs(void)
{
	return KERNEL_READ(bpf_get_current_task_btf(), fs);
}

/*
 * Adds the path of a place, and of a name in it (see path_copy_at()), at byte `end` of the event.
 * Returns where that ends.
 */
static __always_inline u64 add_place(struct file_scratch *s, u64 end, struct span *span,
				     struct path_at *at, const char *name, u64 name_len, u32 shift)
{
	u32 flags;
	u64 len;

	CLAMP(end, (long)sizeof(struct change_event) + (TAIL_STRINGS - 1) * PATH_LEN);
	flags = path_copy_at((void *)s + end, &span->len, at, name, name_len, &get_fs()->root,
			     &s->walk);
	len = span->len;
	/* Pipes, sockets and the like have no name. */
	if (flags & PATH_OUTSIDE && len == 1) {
		span->len = 0;
		span->off = 0;
		return end;
	}
	s->header.flags |= flags << shift;
	span->off = end;
	CLAMP(len, PATH_LEN);
	return end + len;
}

static __always_inline u64 add_path(struct file_scratch *s, u64 end, struct span *span,
				    struct path *path)
{
	struct path_at at;

	path_take(&at, path);
	return add_place(s, end, span, &at, NULL, 0, 0);
}

/* The same for a string in the caller's memory, as it is there now. */
static __always_inline u64 add_string(struct file_scratch *s, u64 end, struct span *span, u64 name,
				      u32 truncated)
{
	long n;

	CLAMP(end, (long)sizeof(struct change_event) + (TAIL_STRINGS - 1) * PATH_LEN);
	n = s->in_kernel ? bpf_probe_read_kernel_str((void *)s + end, PATH_LEN + 1, (void *)name)
			 : bpf_probe_read_user_str((void *)s + end, PATH_LEN + 1, (void *)name);
	span->off = span->len = 0;
	if (n <= 0)
		return end;
	if (n > PATH_LEN)
		s->header.flags |= truncated;
	span->off = end;
	span->len = n - 1;
	return end + n - 1;
}

static __always_inline bool send(struct file_scratch *s, u64 end)
{
	s->header.size = end;
	CLAMP(end, (long)sizeof(struct change_event) + TAIL_STRINGS * PATH_LEN);
	return event_output(&s->header, end);
}

/* As d_unlinked() in include/linux/dcache.h; and what never had a name, as a memfd, when it is
 * gone. */
static __always_inline bool is_deleted(struct dentry *dentry)
{
	return !KERNEL_READ(dentry, d_hash.pprev) &&
	       (KERNEL_READ(dentry, d_parent) != dentry || !KERNEL_READ(dentry, d_inode, i_nlink));
}

static __always_inline void get_owner(struct sum_owner *owner, struct task_struct *task)
{
	owner->start = KERNEL_READ(task, group_leader, start_boottime);
	owner->pid = task->tgid;
	owner->pad = 0;
}

static __always_inline void get_key(struct sum_key *key, struct file *file, u32 type)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct dentry *dentry = KERNEL_READ(file, f_path.dentry);
	struct inode *inode = KERNEL_READ(file, f_inode);

	get_owner(&key->owner, task);
	key->mount = (u64)KERNEL_READ(file, f_path.mnt);
	key->parent = (u64)KERNEL_READ(dentry, d_parent);
	key->ino = KERNEL_READ(inode, i_ino);
	key->name_hash = KERNEL_READ(dentry, d_name.hash);
	key->name_len = KERNEL_READ(dentry, d_name.len);
	key->dev = KERNEL_READ(inode, i_sb, s_dev);
	key->exec = KERNEL_READ(task, self_exec_id);
	key->type = type;
	key->pad = 0;
}

/* NULL: there is no room. */
static __always_inline struct sum *make_sum(struct sum_key *key)
{
	struct sum none = {};
	u8 one = 1;

	if (bpf_map_update_elem(&owners, &key->owner, &one, BPF_ANY))
		return NULL;
	bpf_map_update_elem(&sums, key, &none, BPF_NOEXIST); /* another thread may have made it */
	return bpf_map_lookup_elem(&sums, key);
}

/*
 * A call on a wanted file that gave `bytes`. The first one of a sum is sent, as all are that can be
 * in none; if that is lost, so the next one.
 */
BODY int transfer(u64 open_file, u32 type, u64 bytes)
{
	struct file *file = (void *)open_file;
	struct file_scratch *s = file_scratch_get();
	struct file_event *e;
	struct inode *inode;
	struct sum *sum = NULL;
	struct sum_key key;

	if (!s || !file || !event_wanted(type))
		return 0;
	e = &s->file;
	get_key(&key, file, type);
	if (!config.each) {
		sum = bpf_map_lookup_elem(&sums, &key);
		if (!sum)
			sum = make_sum(&key);
	}
	if (sum && sum->told && !bytes) /* the end of a file is nothing to be added */
		return 0;
	if (sum) {
		sum->last = bpf_ktime_get_boot_ns();
		__sync_fetch_and_add(&sum->bytes, bytes);
		__sync_fetch_and_add(&sum->calls, 1);
		if (sum->told || __sync_lock_test_and_set(&sum->told, 1))
			return 0;
	}

	inode = KERNEL_READ(file, f_inode);
	event_header(&e->header, type, 0);
	if (!sum)
		e->header.flags |= FILE_ALONE;
	if (is_deleted(KERNEL_READ(file, f_path.dentry)))
		e->header.flags |= FILE_DELETED;
	e->bytes = bytes;
	e->calls = 1;
	e->ino = key.ino;
	e->dev = device_number(key.dev);
	e->kind = KERNEL_READ(inode, i_mode) & S_IFMT;
	e->pad = 0;
	e->key = key;
	if (!send(s, add_path(s, sizeof(*e), &e->path, &file->f_path)) && sum)
		sum->told = 0;
	return 0;
}

/* "0644" */
static __always_inline void put_mode(char *to, u32 mode)
{
	for (int i = 0; i < 4; i++)
		to[i] = '0' + (mode >> (9 - 3 * i) & 7);
}

BODY int opened(u64 open_file, u64 name, u32 asked)
{
	struct file *file = (void *)open_file;
	struct file_scratch *s = file_scratch_get();
	struct open_event *e;
	struct inode *inode;
	u32 flags, mode;
	u64 end;

	if (!s || !file)
		return 0;
	e = &s->open;
	inode = KERNEL_READ(file, f_inode);
	flags = KERNEL_READ(file, f_flags);
	mode = KERNEL_READ(inode, i_mode);
	event_header(&e->header, FILE_OPEN, 0);
	e->ino = KERNEL_READ(inode, i_ino);
	e->dev = device_number(KERNEL_READ(inode, i_sb, s_dev));
	e->kind = mode & S_IFMT;
	e->access = flags & O_ACCMODE;
	e->flags = (flags & ~(O_ACCMODE | O_LARGEFILE)) | (asked & O_ONCE);
	__builtin_memset(e->mode, 0, sizeof(e->mode));
	if (KERNEL_READ(file, f_mode) & FMODE_CREATED || flags & __O_TMPFILE) {
		e->header.flags |= FILE_CREATED;
		put_mode(e->mode, mode);
	}
	if (is_deleted(KERNEL_READ(file, f_path.dentry)))
		e->header.flags |= FILE_DELETED;
	end = add_path(s, sizeof(*e), &e->path, &file->f_path);
	send(s, add_string(s, end, &e->requested, name, FILE_REQUESTED_TRUNCATED));
	return 0;
}

/*
 * Begins an event of what was done, or of what could not be done (`error` is not 0). The caller
 * fills in s->request, and what else its type has in s->change, and calls changed().
 */
static __always_inline void change_begin(struct file_scratch *s, u32 type, s32 error)
{
	struct change_event *e = &s->change;

	event_header(&e->header, error ? FILE_FAILED : type, 0);
	__builtin_memset((void *)e + sizeof(e->header), 0, sizeof(*e) - sizeof(e->header));
	e->size = e->offset = e->bytes = ~0ull;
	e->kind = e->flags = e->protection = e->owner = e->group = e->access = ~0u;
	e->operation = type;
	e->error = error;
	__builtin_memset(&s->request, 0, sizeof(s->request));
	s->request.type = type;
}

/* What is told of the file itself. */
static __always_inline void add_inode(struct change_event *e, struct inode *inode)
{
	u32 mode = KERNEL_READ(inode, i_mode);

	e->ino = KERNEL_READ(inode, i_ino);
	e->kind = mode & S_IFMT;
	if (e->operation == FILE_CREATE || e->operation == FILE_MKDIR)
		put_mode(e->mode, mode);
}

static __always_inline void find_below(struct file_scratch *s, struct dentry *dentry,
				       struct mount *mount)
{
	if (config.below && !(s->header.flags & FILE_BELOW) &&
	    climb(NUMBER(dentry), NUMBER(mount)) == VERDICT_BELOW)
		s->header.flags |= FILE_BELOW;
}

/* Adds the file that is open already. Returns where the event ends. */
static __always_inline u64 add_object(struct file_scratch *s, u64 end)
{
	struct change_event *e = &s->change;
	struct dentry *dentry;
	struct path_at at;

	path_take(&at, s->request.object);
	dentry = at.dentry;
	add_inode(e, KERNEL_READ(dentry, d_inode));
	e->dev = device_number(KERNEL_READ(dentry, d_sb, s_dev));
	if (is_deleted(dentry))
		e->header.flags |= FILE_DELETED;
	find_below(s, dentry, at.mount);
	return add_place(s, end, &e->name.path, &at, NULL, 0, 0);
}

/* Adds a name, and what it stands for. Returns where the event ends. */
BODY int add_name(u64 begin, u32 is_old)
{
	struct file_scratch *s = file_scratch_get();
	struct file_name *name;
	struct change_event *e;
	struct request *r;
	struct lookup *l;
	struct path *from;
	u32 shift = is_old ? FILE_OLD_SHIFT : 0;
	struct path_at at;
	u64 end, len;

	if (!s)
		return begin;
	r = &s->request;
	e = &s->change;
	l = &s->lookup;
	name = is_old ? &e->old : &e->name;
	from = r->from[!!is_old];
	end = add_string(s, begin, &name->requested, r->name[!!is_old],
			 FILE_REQUESTED_TRUNCATED << shift);
	if (!is_old && r->object)
		return end;
	CLAMP(begin, (long)sizeof(*e) + (TAIL_STRINGS - 1) * PATH_LEN);
	len = name->requested.len;
	if (!e->error && name->requested.off &&
	    lookup(l, (char *)s + begin, len, from, &get_fs()->root, r->how[!!is_old])) {
		struct dentry *dentry = l->at.dentry;
		struct dentry *object = l->how & LOOKUP_PARENT ? l->last : dentry;

		at = l->at;
		r->found[!!is_old].dentry = object ? object : dentry;
		r->found[!!is_old].mount = at.mount;
		if (!is_old) {
			e->dev = device_number(KERNEL_READ(dentry, d_sb, s_dev));
			if (object)
				add_inode(e, KERNEL_READ(object, d_inode));
		}
		return add_place(s, end, &name->path, &at, l->name,
				 l->how & LOOKUP_PARENT ? l->len : 0, shift);
	}
	if (!e->error)
		s->header.flags |= FILE_UNRESOLVED << shift;
	if (!from || !len || *((char *)s + begin) == '/')
		return end;
	path_take(&at, from);
	return add_place(s, end, &name->directory, &at, NULL, 0, shift);
}

/* Whether it is one of those that give a file a name or take one away. */
static __always_inline bool is_naming(u32 type)
{
	return type >= FILE_CREATE && type <= FILE_RMDIR;
}

/* What change_begin() began. */
BODY int changed(void)
{
	struct file_scratch *s = file_scratch_get();
	struct change_event *e;
	struct request *r;
	u64 end = sizeof(*e);

	if (!s)
		return 0;
	e = &s->change;
	r = &s->request;
	if (!event_wanted(e->header.type))
		return 0;
	if (r->object)
		end = add_object(s, end);
	if (r->name[0])
		end = add_name(end, false);
	if (r->name[1])
		end = add_name(end, true);
	/* Here, as there is not so much stack that add_name() could. */
	if (r->found[0].dentry)
		find_below(s, r->found[0].dentry, r->found[0].mount);
	if (r->found[1].dentry)
		find_below(s, r->found[1].dentry, r->found[1].mount);
	/*
	 * What an operand was called can be told by its name only, once another file is called so
	 * or none is; and so what was not found, or failed. In another root directory names mean
	 * other files.
	 */
	if (config.below && !(e->header.flags & FILE_BELOW) &&
	    (NUMBER(KERNEL_READ(get_fs(), root.dentry)) != below_root ||
	     (!is_naming(r->type) &&
	      (r->object || !(e->error || e->header.flags & FILE_UNRESOLVED)))))
		return 0;
	if (e->error && r->type != FILE_OPEN)
		e->flags = ~0u; /* of many kinds */
	if (r->text)
		end = add_string(s, end, &e->text, r->text, FILE_TEXT_TRUNCATED);
	send(s, end);
	return 0;
}

/* NULL: there is no such. */
static __always_inline struct path *path_of(s32 fd)
{
	struct file *file = file_get(fd);

	return file ? &file->f_path : NULL;
}

/* Where names that are relative to a descriptor start. */
static __always_inline struct path *start_of(s32 fd)
{
	return fd == AT_FDCWD ? &get_fs()->pwd : path_of(fd);
}

/* What came of openat(2): a file, or an error. */
BODY int open_ended(u64 open_file, s64 result, s32 directory, u64 name, u32 flags)
{
	struct file_scratch *s = file_scratch_get();
	struct file *file = (void *)open_file;

	if (!s)
		return 0;
	if (syscall_failed(result) && event_wanted(FILE_FAILED)) {
		change_begin(s, FILE_OPEN, -result);
		s->change.access = flags & O_ACCMODE;
		s->change.flags = flags & ~(O_ACCMODE | O_LARGEFILE);
		s->request.name[0] = name;
		s->request.from[0] = start_of(directory);
		changed();
	}
	if (result < 0)
		return 0;
	/* Here, as there is not so much stack that opened() could. */
	if (event_wanted(FILE_OPEN) && file && is_wanted(NUMBER(file)))
		opened(NUMBER(file), name, flags);
	if (event_wanted(FILE_CREATE) && file && KERNEL_READ(file, f_mode) & FMODE_CREATED) {
		change_begin(s, FILE_CREATE, 0);
		s->request.object = &file->f_path;
		s->request.name[0] = name;
		changed();
	}
	return 0;
}

/* All that open a file come down to openat(2). */
static __attribute__((noinline)) int on_open(struct pt_regs *regs, u32 call, long result,
					     bool is_32bit)
{
	bool at = call == CALL_OPENAT || call == CALL_OPENAT2;
	s32 directory = at ? (s32)syscall_argument(regs, 0, is_32bit) : AT_FDCWD;
	u64 name = syscall_argument(regs, at, is_32bit);
	u64 flags = syscall_argument(regs, 1 + at, is_32bit);
	struct file *file = result < 0 ? NULL : file_get(result);

	if (call == CALL_CREAT)
		flags = O_CREAT | O_WRONLY | O_TRUNC;
	if (call == CALL_OPEN_HANDLE) {
		name = 0;
		flags = syscall_argument(regs, 2, is_32bit);
	}
	/* The first member of struct open_how. */
	if (call == CALL_OPENAT2 && bpf_probe_read_user(&flags, sizeof(flags), (void *)flags))
		flags = 0;
	return open_ended(NUMBER(file), result, directory, name, flags);
}

/* Only what is executed, or written to through memory that others share. */
static __attribute__((noinline)) int on_mmap(struct pt_regs *regs, u32 call, long result,
					     bool is_32bit)
{
	struct file_scratch *s = file_scratch_get();
	bool failed = syscall_failed(result);
	u32 old[ARGS] = {};
	struct file *file;
	u64 arg[ARGS];

	if (!s || !event_wanted(failed ? FILE_FAILED : FILE_MMAP))
		return 0;
	for (int i = 0; i < ARGS; i++)
		arg[i] = syscall_argument(regs, i, is_32bit);
	if (call == CALL_OLD_MMAP) {
		if (bpf_probe_read_user(old, sizeof(old), (void *)arg[0]))
			return 0;
		for (int i = 0; i < ARGS; i++)
			arg[i] = old[i];
	}
	if (arg[3] & MAP_ANONYMOUS ||
	    !(arg[2] & PROT_EXEC || (arg[3] & MAP_SHARED && arg[2] & PROT_WRITE)))
		return 0;
	file = file_get(arg[4]);
	if (file && !config.all_types && !is_regular(file))
		return 0;
	change_begin(s, FILE_MMAP, failed ? -result : 0);
	s->change.bytes = arg[1];
	s->change.protection = arg[2];
	s->change.flags = arg[3];
	s->change.offset = call == CALL_MMAP2 ? arg[5] << 12 : arg[5];
	if (file)
		s->request.object = &file->f_path;
	if (file || (failed && !config.below))
		changed();
	return 0;
}

/* The nth argument as `changes` counts. */
static __always_inline u64 argument(struct file_scratch *s, u64 n)
{
	CLAMP(n, ARGS + 1);
	return s->arg[n];
}

/* The nth value behind. */
static __always_inline u64 value_of(struct file_scratch *s, struct change *c, u64 n)
{
	if (c->how & TAKE_PAIR)
		return (u32)argument(s, c->value + 2 * n) | argument(s, c->value + 2 * n + 1) << 32;
	return argument(s, c->value + n);
}

static __always_inline u32 owner_of(struct file_scratch *s, struct change *c, u64 n)
{
	u32 id = value_of(s, c, n);

	return c->how & TAKE_16BIT && (u16)id == 0xffff ? ~0u : id;
}

/* What else an event of the type has. */
static __always_inline void add_values(struct file_scratch *s, struct change *c, u32 flags)
{
	struct change_event *e = &s->change;

	switch (c->type) {
	case FILE_RENAME:
		if (flags)
			e->flags = flags;
		break;
	case FILE_XATTR:
		e->action = c->how & TAKE_REMOVE ? 2 : 1;
		s->request.text = value_of(s, c, 0);
		break;
	case FILE_SYMLINK:
		s->request.text = value_of(s, c, 0);
		break;
	case FILE_CHMOD:
		put_mode(e->mode, value_of(s, c, 0));
		break;
	case FILE_CHOWN:
		e->owner = owner_of(s, c, 0);
		e->group = owner_of(s, c, 1);
		break;
	case FILE_TRUNCATE:
		if (c->flags == NO) {
			e->size = value_of(s, c, 0);
			break;
		}
		e->flags = flags;
		e->offset = value_of(s, c, 0);
		e->bytes = value_of(s, c, 1);
		break;
	}
}

/* What came of a call of `changes`, whose arguments are in the scratch memory. */
BODY int change_ended(u64 call, s64 result)
{
	struct file_scratch *s = file_scratch_get();
	bool failed = syscall_failed(result);
	struct change c;
	u32 flags, how;
	u64 name;
	char first = 0;

	call -= CALL_CHANGE;
	CLAMP(call, CALL_END - CALL_CHANGE - 1);
	if (!s || (result && !failed))
		return 0;
	c = changes[call];
	s->arg[CWD] = (u32)AT_FDCWD;
	s->arg[NO] = 0;
	flags = argument(s, c.flags);
	if (call == CALL_UNLINKAT - CALL_CHANGE && flags & AT_REMOVEDIR)
		c.type = FILE_RMDIR;
	if (!event_wanted(failed ? FILE_FAILED : c.type))
		return 0;
	change_begin(s, c.type, failed ? -result : 0);
	add_values(s, &c, flags);

	name = argument(s, c.name);
	how = c.how;
	if (c.type == FILE_LINK) {
		s->request.how[1] = flags & AT_SYMLINK_FOLLOW ? LOOKUP_FOLLOW : 0;
	} else if (c.type == FILE_RENAME) {
		s->request.how[1] = GONE;
	} else if (c.flags != NO && flags & AT_SYMLINK_NOFOLLOW) {
		how &= ~LOOKUP_FOLLOW;
	}
	if (c.name == NO)
		s->request.object = s->given	   ? &s->given->f_path
				    : s->in_kernel ? NULL
						   : path_of(argument(s, c.dir));
	else if ((!name && c.type == FILE_UTIMENS) ||
		 (c.flags != NO && c.old_name == NO && flags & AT_EMPTY_PATH &&
		  (!name || (!bpf_probe_read_user(&first, 1, (void *)name) && !first))))
		s->request.object = start_of(argument(s, c.dir));
	else
		s->request.name[0] = name;
	s->request.from[0] = start_of(argument(s, c.dir));
	s->request.how[0] = how;
	s->request.name[1] = argument(s, c.old_name);
	s->request.from[1] = start_of(argument(s, c.old_dir));
	changed();
	return 0;
}

/* A read or write that failed: of which file, if there is one. */
BODY int transfer_failed(u64 open_file, u32 type, s32 error)
{
	struct file *file = (void *)open_file;
	struct file_scratch *s = file_scratch_get();

	if (!s || !event_wanted(FILE_FAILED))
		return 0;
	if (file ? !config.all_types && !is_regular(file) : config.below)
		return 0;
	change_begin(s, type, error);
	if (file)
		s->request.object = &file->f_path;
	changed();
	return 0;
}

/* Whether a call, whoever made it, may have changed what is below what. */
static __always_inline bool may_move(struct pt_regs *regs, u32 call, bool is_32bit)
{
	u64 flags = 0;

	switch (call) {
	case CALL_MOUNT:
	case CALL_RENAME:
	case CALL_RENAMEAT:
	case CALL_RENAMEAT2:
	case CALL_RMDIR:
		return true;
	case CALL_UNLINKAT:
		return syscall_argument(regs, 2, is_32bit) & AT_REMOVEDIR;
	case CALL_CLONE:
		return syscall_argument(regs, 0, is_32bit) & CLONE_NEWNS;
	case CALL_CLONE3:
		bpf_probe_read_user(&flags, sizeof(flags),
				    (void *)syscall_argument(regs, 0, is_32bit));
		return flags & CLONE_NEWNS;
	}
	return false;
}

/* What came of one side of a call that moves bytes. A file that is not watched is found out first.
 */
BODY int transfer_ended(u64 open_file, u32 type, s64 result)
{
	struct file *file = (void *)open_file;
	bool failed = syscall_failed(result);
	struct file_scratch *s;

	if (result < 0 ? !failed : !file || !wants(file))
		return 0;
	if (!matches())
		return 0;
	s = file_scratch_take(failed ? FILE_FAILED : type);
	if (!s)
		return 0;
	if (failed)
		transfer_failed(NUMBER(file), type, -result);
	else
		transfer(NUMBER(file), type, result);
	file_scratch_release(s);
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(on_sys_exit, struct pt_regs *regs, long result)
{
	u64 number = syscall_number(regs);
	struct file_scratch *s;
	struct numbered both;
	bool is_32bit;
	u32 call;

	CLAMP(number, NR_CALLS - 1);
	both = calls[number];
	if (!both.native && !both.compat)
		return 0;
	is_32bit = syscall_is_32bit();
	call = is_32bit ? both.compat : both.native;
	if (call == CALL_NONE)
		return 0;
	if (call < CALL_OPEN) {
		u32 first = syscall_argument(regs, 0, is_32bit);
		u32 from = call == CALL_SEND ? syscall_argument(regs, 1, is_32bit) : first;
		u32 to = call == CALL_COPY ? syscall_argument(regs, 2, is_32bit) : first;
		bool reads = call != CALL_WRITE, writes = call != CALL_READ;

		/* That it failed is told once: of where to, or of where from if that is no file. */
		if (result < 0 && reads && writes) {
			struct file *file = file_get(to);

			writes = config.all_types || !file || is_regular(file);
			reads = !writes;
		}
		if (reads && event_wanted(result < 0 ? FILE_FAILED : FILE_READ))
			transfer_ended(NUMBER(file_get(from)), FILE_READ, result);
		if (writes && event_wanted(result < 0 ? FILE_FAILED : FILE_WRITE))
			transfer_ended(NUMBER(file_get(to)), FILE_WRITE, result);
		return 0;
	}
	if (config.below && result >= 0 && call >= CALL_MOUNT && may_move(regs, call, is_32bit))
		below_changed();
	if ((call >= CALL_MOUNT && call < CALL_CHANGE) || !matches())
		return 0;
	s = file_scratch_take(FILE_OPEN);
	if (!s)
		return 0;
	if (call >= CALL_CHANGE) {
		for (int i = 0; i < ARGS; i++)
			s->arg[i] = syscall_argument(regs, i, is_32bit);
		change_ended(call, result);
	} else if (call >= CALL_MMAP) {
		on_mmap(regs, call, result, is_32bit);
	} else {
		on_open(regs, call, result, is_32bit);
	}
	file_scratch_release(s);
	return 0;
}

/*
 * The same by io_uring.
 */

static __always_inline u32 operation_of(struct io_kiocb *request)
{
	u64 operation = KERNEL_READ(request, opcode);

	CLAMP(operation, NR_OPERATIONS - 1);
	return operations[operation];
}

/* The type of the event that it is if it succeeds. */
static __always_inline u32 type_of(u32 call, struct io_kiocb *request)
{
	struct io_unlink *unlink = (void *)request;

	switch (call) {
	case CALL_READ:
		return FILE_READ;
	case CALL_WRITE:
	case CALL_COPY:
		return FILE_WRITE;
	case CALL_OPENAT:
	case CALL_OPENAT2:
		return FILE_OPEN;
	case CALL_UNLINKAT:
		return KERNEL_READ(unlink, flags) & AT_REMOVEDIR ? FILE_RMDIR : FILE_DELETE;
	case CALL_RENAMEAT2:
		return FILE_RENAME;
	case CALL_MKDIRAT:
		return FILE_MKDIR;
	case CALL_SYMLINKAT:
		return FILE_SYMLINK;
	case CALL_LINKAT:
		return FILE_LINK;
	case CALL_SETXATTR:
	case CALL_FSETXATTR:
		return FILE_XATTR;
	}
	return FILE_TRUNCATE;
}

static __always_inline int on_submit(struct io_kiocb *request)
{
	u32 call = operation_of(request), type, flags;
	struct io_xattr *xattr = (void *)request;
	u64 key = NUMBER(request);
	struct file *file;
	u32 fd;

	if (call == CALL_NONE || !matches())
		return 0;
	type = type_of(call, request);
	flags = KERNEL_READ(request, flags);
	/* Nobody will be told when it has been done. */
	if (config.below && flags & REQ_F_CQE_SKIP && (type == FILE_RENAME || type == FILE_RMDIR))
		below_changed();
	if (flags & REQ_F_CQE_SKIP && event_wanted(type)) {
		/* What comes of it nobody will be told. */
		if (type == FILE_READ || type == FILE_WRITE || type == FILE_TRUNCATE ||
		    call == CALL_FSETXATTR) {
			fd = KERNEL_READ(request, cqe.fd);
			file = flags & REQ_F_FIXED_FILE ? uring_file(request, fd) : file_get(fd);
			if (!file || !is_wanted(NUMBER(file)))
				return 0;
		}
		count_event(type, true);
		return 0;
	}
	switch (call) {
	case CALL_OPENAT:
	case CALL_OPENAT2:
		uring_keep(key, URING_NAME(request, io_open, filename), NULL);
		break;
	case CALL_UNLINKAT:
		uring_keep(key, URING_NAME(request, io_unlink, filename), NULL);
		break;
	case CALL_MKDIRAT:
		uring_keep(key, URING_NAME(request, io_mkdir, filename), NULL);
		break;
	case CALL_RENAMEAT2:
		uring_keep(key, URING_NAME(request, io_rename, newpath),
			   URING_NAME(request, io_rename, oldpath));
		break;
	case CALL_SETXATTR:
		uring_keep(key, URING_NAME(request, io_xattr, filename),
			   (void *)KERNEL_READ(xattr, ctx.kname));
		break;
	case CALL_FSETXATTR:
		uring_keep(key, NULL, (void *)KERNEL_READ(xattr, ctx.kname));
		break;
	case CALL_SYMLINKAT:
	case CALL_LINKAT:
		uring_keep(key, URING_NAME(request, io_link, newpath),
			   URING_NAME(request, io_link, oldpath));
		break;
	}
	return 0;
}

SEC("tp_btf/io_uring_submit_req")
int BPF_PROG(on_uring_submit, struct io_kiocb *request)
{
	return on_submit(request);
}

/* Its name before Linux 6.3. */
SEC("tp_btf/io_uring_submit_sqe")
int BPF_PROG(on_uring_submit_sqe, struct io_kiocb *request)
{
	return on_submit(request);
}

/* A file that was opened, also as one that only the ring has. */
static __always_inline struct file *opened_file(struct io_kiocb *request, s32 result)
{
	struct io_open *open = (void *)request;
	u32 slot = KERNEL_READ(open, file_slot);

	if (result < 0)
		return NULL;
	if (!slot)
		return file_get(result);
	return uring_file(request, slot == IORING_FILE_INDEX_ALLOC ? result : slot - 1);
}

/* An operation that is like a call of `changes`: its arguments, in the call's order. */
static __always_inline void take_arguments(struct file_scratch *s, u32 call,
					   struct io_kiocb *request, u64 name)
{
	u64 other = name + PATH_LEN + 1;
	struct io_unlink *unlink = (void *)request;
	struct io_rename *rename = (void *)request;
	struct io_ftrunc *truncate = (void *)request;
	struct io_mkdir *mkdir = (void *)request;
	struct io_sync *range = (void *)request;
	struct io_link *link = (void *)request;

	switch (call) {
	case CALL_UNLINKAT:
		s->arg[0] = KERNEL_READ(unlink, dfd);
		s->arg[1] = name;
		s->arg[2] = KERNEL_READ(unlink, flags);
		break;
	case CALL_MKDIRAT:
		s->arg[0] = KERNEL_READ(mkdir, dfd);
		s->arg[1] = name;
		s->arg[2] = KERNEL_READ(mkdir, mode);
		break;
	case CALL_RENAMEAT2:
		s->arg[0] = KERNEL_READ(rename, old_dfd);
		s->arg[1] = other;
		s->arg[2] = KERNEL_READ(rename, new_dfd);
		s->arg[3] = name;
		s->arg[4] = KERNEL_READ(rename, flags);
		break;
	case CALL_SYMLINKAT:
		s->arg[0] = other;
		s->arg[1] = KERNEL_READ(link, new_dfd);
		s->arg[2] = name;
		break;
	case CALL_LINKAT:
		s->arg[0] = KERNEL_READ(link, old_dfd);
		s->arg[1] = other;
		s->arg[2] = KERNEL_READ(link, new_dfd);
		s->arg[3] = name;
		s->arg[4] = KERNEL_READ(link, flags);
		break;
	case CALL_SETXATTR:
	case CALL_FSETXATTR:
		s->arg[0] = name;
		s->arg[1] = other;
		break;
	case CALL_FALLOCATE:
		s->arg[1] = KERNEL_READ(range, mode);
		s->arg[2] = KERNEL_READ(range, off);
		s->arg[3] = KERNEL_READ(range, len);
		break;
	case CALL_FTRUNCATE:
		if (bpf_core_type_exists(struct io_ftrunc))
			s->arg[1] = KERNEL_READ(truncate, len);
		break;
	}
}

SEC("tp_btf/io_uring_complete")
int BPF_PROG(on_uring_complete, void *ring, void *of)
{
	struct io_kiocb *request = of;
	u64 key = NUMBER(request);
	struct io_splice *splice = (void *)request;
	struct io_open *open = (void *)request;
	struct task_struct *task = bpf_get_current_task_btf();
	struct file_scratch *s;
	struct file *file;
	u32 call, type, fd;
	u64 names = 0;
	void *kept;
	s64 result;

	if (!request) /* one of many of a request, which then is of no file */
		return 0;
	call = operation_of(request);
	if (call == CALL_NONE)
		return 0;
	result = KERNEL_READ(request, cqe.res);
	type = type_of(call, request);
	kept = bpf_map_lookup_elem(&uring_names, &key);
	if (kept)
		names = NUMBER(kept);
	if (config.below && result >= 0 && (type == FILE_RENAME || type == FILE_RMDIR))
		below_changed();
	if (!matches())
		goto out;
	file = KERNEL_READ(request, file);
	if (type == FILE_READ || type == FILE_WRITE) {
		if (!KERNEL_READ(task, mm)) { /* a thread of the kernel */
			if (result > 0 && event_wanted(type) && is_wanted(NUMBER(file)))
				count_event(type, true);
			return 0;
		}
		if (event_wanted(result < 0 ? FILE_FAILED : type))
			transfer_ended(NUMBER(file), type, result);
		if (call == CALL_COPY && result >= 0 && event_wanted(FILE_READ)) {
			fd = KERNEL_READ(splice, splice_fd_in);
			file = KERNEL_READ(splice, flags) & SPLICE_F_FD_IN_FIXED
				       ? uring_file(request, fd)
				       : file_get(fd);
			transfer_ended(NUMBER(file), FILE_READ, result);
		}
		return 0;
	}
	if (result < 0 ? !event_wanted(FILE_FAILED)
		       : !event_wanted(type) && !(type == FILE_OPEN && event_wanted(FILE_CREATE)))
		goto out;
	if (!KERNEL_READ(task, mm) || (!names && type != FILE_TRUNCATE)) {
		count_event(type, true);
		goto out;
	}
	s = file_scratch_take(type);
	if (!s)
		goto out;
	s->in_kernel = true;
	if (type == FILE_OPEN) {
		open_ended(NUMBER(opened_file(request, result)), result, KERNEL_READ(open, dfd),
			   names, KERNEL_READ(open, how.flags));
	} else {
		s->given = file;
		take_arguments(s, call, request, names);
		change_ended(call, result);
	}
	file_scratch_release(s);
out:
	bpf_map_delete_elem(&uring_names, &key);
	return 0;
}

/* The last thread of a process whose sums can be told now. */
SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_exit, struct task_struct *task)
{
	struct sum_owner owner;
	struct event *e;

	if (KERNEL_READ(task, signal, live.counter))
		return 0;
	get_owner(&owner, task);
	if (bpf_map_delete_elem(&owners, &owner))
		return 0;
	/* Should there be no room, nothing is missing: see is_gone() of the tool. */
	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (e) {
		count_event(FILE_ENDED, false);
		event_header(e, FILE_ENDED, sizeof(*e));
		event_submit(e);
	}
	return 0;
}
