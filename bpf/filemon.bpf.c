/* SPDX-License-Identifier: GPL-2.0-or-later */
/* filemon, kernel side: which files processes open, read and write. */
#include "bpf/lib/below.bpf.h"
#include "bpf/lib/cgroup.bpf.h"
#include "bpf/lib/file.bpf.h"
#include "bpf/lib/filter.bpf.h"
#include "bpf/lib/path.bpf.h"
#include "bpf/lib/process.bpf.h"
#include "bpf/lib/ring.bpf.h"
#include "bpf/lib/syscall.bpf.h"
#include "bpf/filemon.h"

static const volatile struct filemon_config config SEC(".rodata.config");

/* What a system call's arguments are. */
enum call {
	CALL_NONE,
	CALL_READ,  /* from */
	CALL_WRITE, /* to */
	CALL_SEND,  /* to, from */
	CALL_COPY,  /* from, offset, to */
	CALL_OPEN,  /* name, flags */
	CALL_CREAT, /* name */
	CALL_OPENAT,
	CALL_OPENAT2, /* the third one is a struct */
};

#define NR_CALLS 512 /* the last one stands for those beyond, too */
static const u8 calls[NR_CALLS] = {
#if defined(__TARGET_ARCH_x86)
	[0] = CALL_READ,      /* read */
	[1] = CALL_WRITE,     /* write */
	[2] = CALL_OPEN,      /* open */
	[17] = CALL_READ,     /* pread64 */
	[18] = CALL_WRITE,    /* pwrite64 */
	[19] = CALL_READ,     /* readv */
	[20] = CALL_WRITE,    /* writev */
	[40] = CALL_SEND,     /* sendfile */
	[85] = CALL_CREAT,    /* creat */
	[257] = CALL_OPENAT,  /* openat */
	[275] = CALL_COPY,    /* splice */
	[295] = CALL_READ,    /* preadv */
	[296] = CALL_WRITE,   /* pwritev */
	[326] = CALL_COPY,    /* copy_file_range */
	[327] = CALL_READ,    /* preadv2 */
	[328] = CALL_WRITE,   /* pwritev2 */
	[437] = CALL_OPENAT2, /* openat2 */
#elif defined(__TARGET_ARCH_arm64)
	[56] = CALL_OPENAT,   /* openat */
	[63] = CALL_READ,     /* read */
	[64] = CALL_WRITE,    /* write */
	[65] = CALL_READ,     /* readv */
	[66] = CALL_WRITE,    /* writev */
	[67] = CALL_READ,     /* pread64 */
	[68] = CALL_WRITE,    /* pwrite64 */
	[69] = CALL_READ,     /* preadv */
	[70] = CALL_WRITE,    /* pwritev */
	[71] = CALL_SEND,     /* sendfile */
	[76] = CALL_COPY,     /* splice */
	[285] = CALL_COPY,    /* copy_file_range */
	[286] = CALL_READ,    /* preadv2 */
	[287] = CALL_WRITE,   /* pwritev2 */
	[437] = CALL_OPENAT2, /* openat2 */
#endif
};

/* include/uapi/asm-generic/fcntl.h */
#define O_ACCMODE   00000003
#define O_WRONLY    00000001
#define O_CREAT	    00000100
#define O_EXCL	    00000200
#define O_NOCTTY    00000400
#define O_TRUNC	    00001000
#define O_CLOEXEC   02000000
#define __O_TMPFILE 020000000
#define AT_FDCWD    (-100)
#if defined(__TARGET_ARCH_x86)
#define O_LARGEFILE 00100000
#elif defined(__TARGET_ARCH_arm64)
#define O_LARGEFILE 00400000
#endif
#define O_ONCE                                                                                     \
	(O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_CLOEXEC) /* an open file does not keep these */

#define FMODE_CREATED 0x100000 /* include/linux/fs.h */

/* An event and the longest tail that it can have, and room for walks. */
struct file_scratch {
	union {
		struct event header;
		struct file_event file;
		struct open_event open;
		struct failed_event failed;
	};
	char tail[2 * PATH_LEN + NAME_LEN + 1];
	struct path_walk walk;
	struct climb climb;
};
SCRATCH(file, struct file_scratch);

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

static __always_inline bool is_wanted(struct file *file, struct climb *climb)
{
	if (!config.all_types && (KERNEL_READ(file, f_inode, i_mode) & S_IFMT) != S_IFREG)
		return false;
	return !config.below || is_below(file, climb);
}

/* As stat(2) has it: minor numbers have 20 bits, of which 8 are the lowest. */
static __always_inline u32 device_number(u32 dev)
{
	u32 minor = dev & 0xfffff;

	return (minor & 0xff) | dev >> 20 << 8 | (minor & ~0xff) << 12;
}

/* Adds the path of `path` at byte `end` of the event. Returns where that ends. */
static __always_inline u64 add_path(struct file_scratch *s, u64 end, struct span *span,
				    struct path *path)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct fs_struct *fs = KERNEL_READ(task, fs);
	u32 flags = path_copy((void *)s + end, &span->len, path, &fs->root, &s->walk);
	u64 len = span->len;

	/* Pipes, sockets and the like have no name. */
	if (flags & PATH_OUTSIDE && len == 1) {
		span->len = 0;
		span->off = 0;
		return end;
	}
	s->header.flags |= flags;
	span->off = end;
	CLAMP(len, PATH_LEN);
	return end + len;
}

/* The same for a string in the caller's memory, as it is there now. */
static __always_inline u64 add_requested(struct file_scratch *s, u64 end, struct span *span,
					 u64 name)
{
	long n;

	CLAMP(end, (long)sizeof(struct open_event) + PATH_LEN);
	n = bpf_probe_read_user_str((void *)s + end, PATH_LEN + 1, (void *)name);
	span->off = span->len = 0;
	if (n <= 0)
		return end;
	if (n > PATH_LEN)
		s->header.flags |= FILE_REQUESTED_TRUNCATED;
	span->off = end;
	span->len = n - 1;
	return end + n - 1;
}

static __always_inline bool send(struct file_scratch *s, u64 end)
{
	s->header.size = end;
	CLAMP(end, (long)sizeof(struct file_event) + 2 * PATH_LEN);
	return event_output(&s->header, end);
}

static __always_inline bool is_deleted(struct file *file)
{
	return !KERNEL_READ(file, f_inode, i_nlink) &&
	       !KERNEL_READ(file, f_path.dentry, d_hash.pprev);
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
 * A call that gave `bytes`. The first one of a sum is sent, as all are that can be in none; if that
 * is lost, so the next one.
 */
static __attribute__((noinline)) int transfer(u32 fd, u32 type, u64 bytes)
{
	struct file_scratch *s = file_scratch_get();
	struct file *file = file_get(fd);
	struct file_event *e;
	struct inode *inode;
	struct sum *sum = NULL;
	struct sum_key key;

	if (!s || !file || !event_wanted(type))
		return 0;
	e = &s->file;
	if (!is_wanted(file, &s->climb))
		return 0;
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
	if (is_deleted(file))
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

static __attribute__((noinline)) int opened(u32 fd, u64 name, u32 asked)
{
	struct file_scratch *s = file_scratch_get();
	struct file *file = file_get(fd);
	struct open_event *e;
	struct inode *inode;
	u32 flags, mode;
	u64 end;

	if (!s || !file || !is_wanted(file, &s->climb))
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
	if (is_deleted(file))
		e->header.flags |= FILE_DELETED;
	end = add_path(s, sizeof(*e), &e->path, &file->f_path);
	send(s, add_requested(s, end, &e->requested, name));
	return 0;
}

static __attribute__((noinline)) int open_failed(s32 directory, u64 name, u32 asked, s32 error)
{
	struct file_scratch *s = file_scratch_get();
	struct task_struct *task = bpf_get_current_task_btf();
	struct fs_struct *fs = KERNEL_READ(task, fs);
	struct file *file = directory == AT_FDCWD ? NULL : file_get(directory);
	struct path *from = file ? &file->f_path : &fs->pwd;
	struct failed_event *e;
	u64 end;

	if (!s)
		return 0;
	e = &s->failed;
	event_header(&e->header, FILE_FAILED, 0);
	e->error = -error;
	e->operation = FILE_OPEN;
	e->access = asked & O_ACCMODE;
	e->flags = asked & ~(O_ACCMODE | O_LARGEFILE);
	e->directory.off = e->directory.len = 0;
	end = add_requested(s, sizeof(*e), &e->requested, name);
	if (e->requested.off && *((char *)s + sizeof(*e)) != '/' &&
	    (file || directory == AT_FDCWD)) {
		CLAMP(end, (long)sizeof(*e) + PATH_LEN);
		end = add_path(s, end, &e->directory, from);
	}
	send(s, end);
	return 0;
}

/* All that open a file come down to openat(2). */
static __always_inline void on_open(struct pt_regs *regs, u32 call, long result)
{
	bool at = call == CALL_OPENAT || call == CALL_OPENAT2;
	s32 directory = at ? (s32)syscall_argument(regs, 0, false) : AT_FDCWD;
	u64 name = syscall_argument(regs, at, false);
	u64 flags = syscall_argument(regs, 1 + at, false);

	if (call == CALL_CREAT)
		flags = O_CREAT | O_WRONLY | O_TRUNC;
	/* The first member of struct open_how. */
	if (call == CALL_OPENAT2 && bpf_probe_read_user(&flags, sizeof(flags), (void *)flags))
		flags = 0;
	if (result >= 0 && event_wanted(FILE_OPEN))
		opened(result, name, flags);
	if (syscall_failed(result) && event_wanted(FILE_FAILED))
		open_failed(directory, name, flags, result);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(on_sys_exit, struct pt_regs *regs, long result)
{
	u64 number = syscall_number(regs);
	s64 from = -1, to = -1;
	u32 call;

	CLAMP(number, NR_CALLS - 1);
	call = calls[number];
	if (call == CALL_NONE || syscall_is_32bit() || !filter_match())
		return 0;
	if (call >= CALL_OPEN) {
		on_open(regs, call, result);
		return 0;
	}
	if (result < 0)
		return 0;
	if (call == CALL_READ || call == CALL_COPY)
		from = (u32)syscall_argument(regs, 0, false);
	else
		to = (u32)syscall_argument(regs, 0, false);
	if (call == CALL_SEND)
		from = (u32)syscall_argument(regs, 1, false);
	if (call == CALL_COPY)
		to = (u32)syscall_argument(regs, 2, false);
	if (from >= 0)
		transfer(from, FILE_READ, result);
	if (to >= 0)
		transfer(to, FILE_WRITE, result);
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
	e = event_new(FILE_ENDED, sizeof(*e));
	if (e)
		event_submit(e);
	return 0;
}
