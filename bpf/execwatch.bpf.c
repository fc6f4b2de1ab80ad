/* SPDX-License-Identifier: GPL-2.0-or-later */
/* execwatch, kernel side: what processes execute, and how they end. */
#include "bpf/lib/cgroup.bpf.h"
#include "bpf/lib/filter.bpf.h"
#include "bpf/lib/path.bpf.h"
#include "bpf/lib/process.bpf.h"
#include "bpf/lib/ring.bpf.h"
#include "bpf/lib/syscall.bpf.h"
#include "bpf/execwatch.h"

static const volatile struct execwatch_config config SEC(".rodata.config");

#define INTERPRETER_LEN 256 /* BINPRM_BUF_SIZE: a #! line's length */

#define TAIL_LEN                                                                                   \
	(ANCESTORS_LEN * (long)sizeof(struct ancestor) + 3 * PATH_LEN + INTERPRETER_LEN + ARGS_LEN)

/* An exec_event and the longest tail it can have, and room to walk paths in. */
struct exec_scratch {
	struct exec_event e;
	char tail[TAIL_LEN];
	struct path_walk walk;
	struct glob_state glob;
};
SCRATCH(exec, struct exec_scratch);

/* What is remembered of a process, at its thread group leader. */
struct life {
	u64 exec; /* time of the last exec, CLOCK_BOOTTIME ns */
	u32 ended;
	u32 wanted; /* what it executed is what --exe and --args ask for */
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct life);
} lives SEC(".maps");

/* Where the next part of an event goes that has `end` bytes so far. */
static __always_inline void *tail_at(struct exec_scratch *s, u64 end)
{
	return (void *)s + end;
}

static __always_inline u64 add_ancestors(struct exec_scratch *s, struct task_struct *task)
{
	struct ancestor *to = (void *)s->tail;
	struct task_struct *p = BPF_CORE_READ(task, real_parent, group_leader);
	u64 len;

	/* The length lives in the event, where the verifier forgets it: else it would go through
	   the rest of the program once for each number of ancestors. */
	for (int i = 0; i < ANCESTORS_LEN; i++) {
		u32 pid = BPF_CORE_READ(p, tgid);

		if (!pid) /* the idle task, parent of init */
			break;
		to[i].pid = pid;
		bpf_probe_read_kernel(to[i].comm, sizeof(to[i].comm), p->comm);
		s->e.ancestors.len += sizeof(*to);
		p = BPF_CORE_READ(p, real_parent, group_leader);
	}
	len = s->e.ancestors.len;
	CLAMP(len, (long)(ANCESTORS_LEN * sizeof(*to)));
	if (len == ANCESTORS_LEN * sizeof(*to) && BPF_CORE_READ(p, tgid))
		s->e.header.flags |= EXEC_ANCESTORS_TRUNCATED;
	s->e.ancestors.off = sizeof(s->e);
	return sizeof(s->e) + len;
}

/* PATH_… flags go into the event's flags shifted by `shift`: no branch for the verifier to follow.
 */
static __always_inline u64 add_path(struct exec_scratch *s, u64 end, struct span *span,
				    struct path *path, struct path *root, u32 shift)
{
	u64 len;

	s->e.header.flags |= path_copy(tail_at(s, end), &span->len, path, root, &s->walk) << shift;
	span->off = end;
	len = span->len;
	CLAMP(len, PATH_LEN);
	return end + len;
}

/* A string of the kernel's, less its NUL. */
static __always_inline u64 add_string(struct exec_scratch *s, u64 end, struct span *span, u32 max,
				      const char *string)
{
	long with_nul = bpf_probe_read_kernel_str(tail_at(s, end), max, string);
	u64 n = with_nul > 0 ? with_nul - 1 : 0;

	CLAMP(n, PATH_LEN - 1);
	span->off = end;
	span->len = n;
	return end + n;
}

/* From the new program's own memory, where the kernel has just written them. */
static __always_inline u64 add_args(struct exec_scratch *s, u64 end, struct mm_struct *mm)
{
	unsigned long start = BPF_CORE_READ(mm, arg_start);
	u64 size = BPF_CORE_READ(mm, arg_end) - start, n = size;

	CLAMP(n, ARGS_LEN);
	if (size > ARGS_LEN) {
		s->e.header.flags |= EXEC_ARGS_TRUNCATED;
		s->e.args_size = size;
	}
	if (bpf_probe_read_user(tail_at(s, end), n, (void *)start))
		return end;
	s->e.args.off = end;
	s->e.args.len = n;
	return end + n;
}

/* As ps(1) names it: "pts/0", where the kernel says "pts0". */
static __always_inline void get_tty(char tty[16], struct task_struct *task)
{
	struct tty_struct *t = BPF_CORE_READ(task, signal, tty);
	char name[16] = {};

	if (!t)
		return;
	bpf_probe_read_kernel_str(name, sizeof(name), t->name);
	if (name[0] == 'p' && name[1] == 't' && name[2] == 's' && name[3] >= '0' &&
	    name[3] <= '9') {
		__builtin_memcpy(tty, "pts/", 4);
		__builtin_memcpy(tty + 4, name + 3, 12);
	} else {
		__builtin_memcpy(tty, name, 16);
	}
}

static __always_inline void get_file_flags(struct event *e, struct file *file)
{
	struct dentry *dentry = BPF_CORE_READ(file, f_path.dentry);
	char name[6] = {};

	if (BPF_CORE_READ(file, f_inode, i_nlink) || BPF_CORE_READ(dentry, d_hash.pprev))
		return;
	bpf_probe_read_kernel(name, sizeof(name), BPF_CORE_READ(dentry, d_name.name));
	if (name[0] == 'm' && name[1] == 'e' && name[2] == 'm' && name[3] == 'f' &&
	    name[4] == 'd' && name[5] == ':')
		e->flags |= EXEC_FILELESS;
	else
		e->flags |= EXEC_DELETED;
}

/* The state is in scratch memory for the reason that struct path_walk gives. */
struct glob_scan {
	const volatile struct glob *glob;
	const char *string;
	struct glob_state *state;
};

/* One character; `max` is a bound that the verifier can see. NULs, between arguments, are spaces.
 */
static __always_inline long glob_scan_one(struct glob_scan *scan, u64 i, int max)
{
	u8 c;

	CLAMP(i, max);
	c = scan->string[i];
	glob_step(scan->glob, scan->state, c ? c : ' ');
	return 0;
}

static long glob_scan_exec(u32 i, struct glob_scan *scan)
{
	return glob_scan_one(scan, i, ARGS_LEN - 1);
}

static long glob_scan_failed(u32 i, struct glob_scan *scan)
{
	return glob_scan_one(scan, i, FAILED_FILENAME_LEN - 1);
}

/* Whether the pattern, if there is one, matches `len` bytes. */
static __always_inline bool glob_wants(const volatile struct glob *glob, struct glob_state *state,
				       const char *string, u32 len,
				       long (*step)(u32, struct glob_scan *))
{
	struct glob_scan scan = { .glob = glob, .string = string, .state = state };
	u64 hit = 0;

	if (!glob->used)
		return true;
	for (int i = 0; i < GLOB_WORDS; i++)
		state->at[i] = glob->start[i];
	bpf_loop(len, step, &scan, 0);
	for (int i = 0; i < GLOB_WORDS; i++)
		hit |= state->at[i] & glob->end[i];
	return hit;
}

/*
 * A search for a program in PATH: calls that failed one after the other in a thread, with no other
 * call between them. Told when another call follows; forgotten when the program is found.
 */
struct search {
	u64 argv; /* where the caller has its arguments: the same in each try */
	struct failed_event e;
	char tail[FAILED_FILENAME_LEN + FAILED_ARGS_LEN + 8]; /* a byte more shows what is cut */
};

/*
 * At most one for each thread that is between two system calls. The key is the address of its
 * task_struct: its id changes when it executes a program and isn't the first thread, even if that
 * then fails.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, u64);
	__type(value, struct search);
} searches SEC(".maps");

struct search_scratch {
	struct search search;
	struct glob_state glob;
};
SCRATCH(search, struct search_scratch);

/* How many there are: what all other system calls look at. */
static volatile s64 searching;

/* Ends the thread's search, if there is one. Returns its tries; tells it if it `failed`. */
static __always_inline u32 search_end(bool failed)
{
	u64 task = bpf_get_current_task();
	struct search *search;
	u32 tries;

	if (!searching)
		return 0;
	search = bpf_map_lookup_elem(&searches, &task);
	if (!search)
		return 0;
	tries = search->e.tries;
	if (failed) {
		u64 size = search->e.header.size;

		CLAMP(size, (long)(sizeof(search->e) + sizeof(search->tail)));
		event_output(&search->e.header, size);
	}
	if (!bpf_map_delete_elem(&searches, &task))
		__sync_fetch_and_add(&searching, -1);
	return tries;
}

/* Builds the event and sends it, if wanted. Returns whether --exe and --args ask for the program.
 */
static __always_inline bool send_exec(struct task_struct *task, struct linux_binprm *bprm,
				      u32 tries)
{
	struct exec_scratch *s = exec_scratch_get();
	const struct cred *cred = BPF_CORE_READ(task, cred);
	struct fs_struct *fs = BPF_CORE_READ(task, fs);
	struct file *file = BPF_CORE_READ(bprm, file);
	const char *filename = BPF_CORE_READ(bprm, filename), *interp = BPF_CORE_READ(bprm, interp);
	struct exec_event *e;
	const char *exe, *args;
	u64 end;

	if (!s)
		return false;
	e = &s->e;
	__builtin_memset(e, 0, sizeof(*e));
	event_header(&e->header, PROCESS_EXEC, 0);
	e->gid = BPF_CORE_READ(cred, gid.val);
	e->euid = BPF_CORE_READ(cred, euid.val);
	e->egid = BPF_CORE_READ(cred, egid.val);
	e->loginuid = -1;
	if (bpf_core_field_exists(task->loginuid))
		e->loginuid = BPF_CORE_READ(task, loginuid.val);
	e->failed_tries = tries;
	if (pid_level(task))
		e->nspid = pid_at_level(task, pid_level(task));
	BPF_CORE_READ_INTO(&e->parent_comm, task, real_parent, group_leader, comm);
	get_tty(e->tty, task);
	if (BPF_CORE_READ_BITFIELD_PROBED(bprm, secureexec))
		e->header.flags |= EXEC_SECURE;
	get_file_flags(&e->header, file);

	end = add_ancestors(s, task);
	exe = tail_at(s, end);
	end = add_path(s, end, &e->exe, &file->f_path, &fs->root, EXEC_EXE_SHIFT);
	end = add_path(s, end, &e->cwd, &fs->pwd, &fs->root, EXEC_CWD_SHIFT);
	end = add_string(s, end, &e->filename, PATH_LEN, filename);
	if (interp != filename) {
		e->script = e->filename;
		end = add_string(s, end, &e->interpreter, INTERPRETER_LEN, interp);
	}
	args = tail_at(s, end);
	end = add_args(s, end, BPF_CORE_READ(task, mm));
	if (!glob_wants(&config.exe, &s->glob, exe, e->exe.len, glob_scan_exec) ||
	    !glob_wants(&config.args, &s->glob, args,
			e->args.len ? e->args.len - 1 : 0, /* less the NUL */
			glob_scan_exec))
		return false;
	if (event_wanted(PROCESS_EXEC)) {
		CLAMP(end, (long)(sizeof(s->e) + TAIL_LEN));
		e->header.size = end;
		event_output(&e->header, end);
	}
	return true;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *task, pid_t old_pid, struct linux_binprm *bprm)
{
	u32 tries = search_end(false);
	bool wanted = true;

	if (!filter_match())
		return 0;
	if (event_wanted(PROCESS_EXEC) || config.exe.used || config.args.used)
		wanted = send_exec(task, bprm, tries);
	if (event_wanted(PROCESS_EXIT)) {
		struct life *life =
			bpf_task_storage_get(&lives, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);

		if (life) {
			life->exec = bpf_ktime_get_boot_ns();
			life->wanted = wanted;
		}
	}
	return 0;
}

/* Where the arguments of a failed call are read from and to. */
struct failed_args {
	struct search *search;
	u64 argv;
	bool is_32bit;
};

/* Of the caller's memory. Returns its length with the NUL; Linux 6.1 says 0 of an empty one. */
static __always_inline long read_user_string(char *to, u32 max, u64 from)
{
	long n = bpf_probe_read_user_str(to, max, (void *)from);

	if (n)
		return n;
	*to = '\0';
	return 1;
}

/* The flag says that there are more: too many, too long, or not in memory just now. */
static long add_failed_arg(u32 i, struct failed_args *a)
{
	struct search *s = a->search;
	u64 len = s->e.args.len, pointer = 0;
	u32 width = a->is_32bit ? 4 : 8;
	long n = bpf_probe_read_user(&pointer, width, (void *)(a->argv + i * width));

	if (!n && !pointer)
		return 1;
	CLAMP(len, FAILED_ARGS_LEN);
	if (!n && i < FAILED_ARGS_COUNT)
		n = read_user_string(s->tail + len, FAILED_ARGS_LEN + 1, pointer);
	if (n > 0)
		len += n;
	if (n <= 0 || len > FAILED_ARGS_LEN) {
		s->e.header.flags |= FAILED_ARGS_TRUNCATED;
		CLAMP(len, FAILED_ARGS_LEN);
	}
	s->e.args.len = len;
	return s->e.header.flags & FAILED_ARGS_TRUNCATED;
}

/* From the caller's memory, as it is still there: what it was, and what it is now, it alone knows.
 */
static __always_inline void exec_failed(u64 filename, u64 argv, bool is_32bit, int error)
{
	struct task_struct *task = bpf_get_current_task_btf();
	u64 key = bpf_get_current_task(), len;
	struct search_scratch *scratch = search_scratch_get();
	struct search *s = &scratch->search, *old;
	struct failed_args a = { .search = s, .argv = argv, .is_32bit = is_32bit };
	u64 signals = BPF_CORE_READ(task, pending.signal.sig[0]);
	long n = -1;

	/* A thread that is being killed won't see the result, which often is no more than that. */
	if (!scratch || signals & 1 << (SIGKILL - 1) || !filter_match())
		return;
	__builtin_memset(&s->e, 0, sizeof(s->e));
	event_header(&s->e.header, PROCESS_EXEC_FAILED, 0);
	s->argv = argv;
	s->e.error = -error;
	s->e.tries = 1;
	BPF_CORE_READ_INTO(&s->e.parent_comm, task, real_parent, group_leader, comm);
	/* By SIGSEGV it ends if the program turned out broken when the caller's memory was gone. */
	if (!(signals & 1 << (SIGSEGV - 1))) {
		s->e.args.off = sizeof(s->e);
		if (argv) /* Linux takes NULL for no arguments */
			bpf_loop(FAILED_ARGS_COUNT + 1, add_failed_arg, &a, 0);
	}
	len = s->e.args.len;
	CLAMP(len, FAILED_ARGS_LEN);
	if (s->e.args.off)
		n = read_user_string(s->tail + len, FAILED_FILENAME_LEN + 1, filename);
	if (n > FAILED_FILENAME_LEN) {
		s->e.header.flags |= FAILED_FILENAME_TRUNCATED;
		n = FAILED_FILENAME_LEN;
	}
	if (n > 0) {
		s->e.filename.off = sizeof(s->e) + len;
		s->e.filename.len = n - 1;
	}
	s->e.header.size = sizeof(s->e) + len + s->e.filename.len;
	if (!glob_wants(&config.exe, &scratch->glob, s->tail + len, s->e.filename.len,
			glob_scan_failed) ||
	    !glob_wants(&config.args, &scratch->glob, s->tail, len ? len - 1 : 0, glob_scan_failed))
		return;

	old = bpf_map_lookup_elem(&searches, &key);
	if (old && old->argv == argv) {
		s->e.tries = old->e.tries + 1;
		/* In place, as this thread alone has it: an update would need memory. */
		bpf_probe_read_kernel(old, sizeof(*old), s);
		return;
	}
	if (old)
		search_end(true);
	if (bpf_map_update_elem(&searches, &key, s, 0)) {
		len = s->e.header.size;
		CLAMP(len, (long)(sizeof(s->e) + sizeof(s->tail)));
		event_output(&s->e.header, len); /* no room: by itself, then */
	} else {
		__sync_fetch_and_add(&searching, 1);
	}
}

/* Both are loaded only when failures are asked for: they cost each system call of the machine a
 * little. */

/* A search ends where the next call begins: it may be one that waits for long. */
SEC("tp_btf/sys_enter")
int BPF_PROG(on_sys_enter, struct pt_regs *regs, long number)
{
	bool is_32bit;

	if (!searching)
		return 0;
	is_32bit = syscall_is_32bit();
	if (!syscall_is_exec(number, is_32bit) && !syscall_is_sigreturn(number, is_32bit))
		search_end(true);
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(on_sys_exit, struct pt_regs *regs, long result)
{
	bool is_32bit = syscall_is_32bit();
	int number = syscall_number(regs), at; /* which argument is the file's name */

	if (!syscall_failed(result) || !syscall_is_exec(number, is_32bit))
		return 0;
	at = number == (is_32bit ? NR32_EXECVEAT : NR_EXECVEAT);
	exec_failed(syscall_argument(regs, at, is_32bit), syscall_argument(regs, at + 1, is_32bit),
		    is_32bit, result);
	return 0;
}

/*
 * User and system time of the whole process, as wait4(2) will give it: counted in ticks, and scaled
 * to the exact run time (cputime_adjust() in kernel/sched/cputime.c). What threads that have been
 * reaped used is in signal; this thread's and the leader's is not yet.
 */
static __always_inline void get_times(struct exit_event *e, struct task_struct *task,
				      struct task_struct *leader)
{
	struct signal_struct *signal = BPF_CORE_READ(task, signal);
	u64 utime = BPF_CORE_READ(signal, utime) + task->utime;
	u64 stime = BPF_CORE_READ(signal, stime) + task->stime;
	u64 runtime = BPF_CORE_READ(signal, sum_sched_runtime) + task->se.sum_exec_runtime;
	u64 total, share; /* of system time, in parts of 2^20 */

	if (leader != task) {
		utime += leader->utime;
		stime += leader->stime;
		runtime += leader->se.sum_exec_runtime;
	}
	total = utime + stime;
	if (total >> 43) { /* days: ms are exact enough, and the product must not overflow */
		total >>= 20;
		stime >>= 20;
	}
	share = total ? (stime << 20) / total : 0;
	e->stime = (runtime >> 20) * share + ((runtime & 0xfffff) * share >> 20);
	e->utime = runtime - e->stime;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_exit, struct task_struct *task)
{
	struct signal_struct *signal = BPF_CORE_READ(task, signal);
	struct task_struct *leader = task->group_leader; /* typed, as its storage is asked for */
	struct exit_event *e;
	struct life *life;
	u32 code;

	search_end(true);
	if (!event_wanted(PROCESS_EXIT) || BPF_CORE_READ(signal, live.counter) || !filter_match())
		return 0;
	/* Of two last threads that end at once both see `live` at 0: the first one tells. */
	life = bpf_task_storage_get(&lives, leader, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!life) /* the other one made it meanwhile */
		life = bpf_task_storage_get(&lives, leader, 0, 0);
	if (life && __sync_lock_test_and_set(&life->ended, 1))
		return 0;
	if ((config.exe.used || config.args.used) && !(life && life->wanted))
		return 0;

	e = event_new(PROCESS_EXIT, sizeof(*e));
	if (!e)
		return 0;
	/* As wait_task_zombie() in kernel/exit.c chooses. */
	code = BPF_CORE_READ(signal, flags) & SIGNAL_GROUP_EXIT
		       ? BPF_CORE_READ(signal, group_exit_code)
		       : leader->exit_code;
	e->exit_code = code & 0x7f ? -1 : (code >> 8) & 0xff;
	e->signal = code & 0x7f;
	if (code & 0x80)
		e->header.flags |= EXIT_CORE_DUMPED;
	e->since_fork = e->header.ts - leader->start_boottime;
	e->since_exec = life && life->exec ? e->header.ts - life->exec : 0;
	get_times(e, task, leader);
	event_submit(e);
	return 0;
}
