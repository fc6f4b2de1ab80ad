/* SPDX-License-Identifier: GPL-2.0-or-later */
/* execwatch, kernel side: what processes execute, and how they end. */
#include "bpf/lib/cgroup.bpf.h"
#include "bpf/lib/filter.bpf.h"
#include "bpf/lib/path.bpf.h"
#include "bpf/lib/process.bpf.h"
#include "bpf/lib/ring.bpf.h"
#include "bpf/execwatch.h"

#define INTERPRETER_LEN 256 /* BINPRM_BUF_SIZE: a #! line's length */

/* An exec_event and the longest tail it can have, and room to walk paths in. */
struct exec_scratch {
	struct exec_event e;
	char tail[ANCESTORS_LEN * sizeof(struct ancestor) + 3 * PATH_LEN + INTERPRETER_LEN +
		  ARGS_LEN];
	struct path_walk walk;
};
SCRATCH(exec, struct exec_scratch);

/* What is remembered of a process, at its thread group leader. */
struct life {
	u64 exec; /* time of the last exec, CLOCK_BOOTTIME ns */
	u64 ended;
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

	if (n > ARGS_LEN) {
		n = ARGS_LEN;
		s->e.header.flags |= EXEC_ARGS_TRUNCATED;
		s->e.args_size = size;
	}
	CLAMP(n, ARGS_LEN);
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

static __always_inline void send_exec(struct task_struct *task, struct linux_binprm *bprm)
{
	struct exec_scratch *s = exec_scratch_get();
	const struct cred *cred = BPF_CORE_READ(task, cred);
	struct fs_struct *fs = BPF_CORE_READ(task, fs);
	struct file *file = BPF_CORE_READ(bprm, file);
	const char *filename = BPF_CORE_READ(bprm, filename), *interp = BPF_CORE_READ(bprm, interp);
	struct exec_event *e;
	u64 end;

	if (!s)
		return;
	e = &s->e;
	__builtin_memset(e, 0, sizeof(*e));
	event_header(&e->header, PROCESS_EXEC, 0);
	e->gid = BPF_CORE_READ(cred, gid.val);
	e->euid = BPF_CORE_READ(cred, euid.val);
	e->egid = BPF_CORE_READ(cred, egid.val);
	e->loginuid = -1;
	if (bpf_core_field_exists(task->loginuid))
		e->loginuid = BPF_CORE_READ(task, loginuid.val);
	if (pid_level(task))
		e->nspid = pid_at_level(task, pid_level(task));
	BPF_CORE_READ_INTO(&e->parent_comm, task, real_parent, group_leader, comm);
	get_tty(e->tty, task);
	if (BPF_CORE_READ_BITFIELD_PROBED(bprm, secureexec))
		e->header.flags |= EXEC_SECURE;
	get_file_flags(&e->header, file);

	end = add_ancestors(s, task);
	end = add_path(s, end, &e->exe, &file->f_path, &fs->root, EXEC_EXE_SHIFT);
	end = add_path(s, end, &e->cwd, &fs->pwd, &fs->root, EXEC_CWD_SHIFT);
	end = add_string(s, end, &e->filename, PATH_LEN, filename);
	if (interp != filename) {
		e->script = e->filename;
		end = add_string(s, end, &e->interpreter, INTERPRETER_LEN, interp);
	}
	end = add_args(s, end, BPF_CORE_READ(task, mm));
	CLAMP(end, (long)(sizeof(s->e) + sizeof(s->tail)));
	e->header.size = end;
	event_output(&e->header, end);
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *task, pid_t old_pid, struct linux_binprm *bprm)
{
	if (!filter_match())
		return 0;
	if (event_wanted(PROCESS_EXIT)) {
		struct life *life =
			bpf_task_storage_get(&lives, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);

		if (life)
			life->exec = bpf_ktime_get_boot_ns();
	}
	if (event_wanted(PROCESS_EXEC))
		send_exec(task, bprm);
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

	if (BPF_CORE_READ(signal, live.counter) || !filter_match())
		return 0;
	/* Of two last threads that end at once both see `live` at 0: the first one tells. */
	life = bpf_task_storage_get(&lives, leader, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (life && __sync_lock_test_and_set(&life->ended, 1))
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
