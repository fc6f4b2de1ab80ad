/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is left to a tool that runs: it can read events, write lines, look at the clock and end.
 * A mistake in parsing what an attacker chose then gives away nothing.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tool/internal.h"

static const int allowed[] = {
	/* the loop */
	SCMP_SYS(epoll_wait),
	SCMP_SYS(epoll_pwait),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(read),
	SCMP_SYS(write),
	SCMP_SYS(close),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(clock_nanosleep),
	SCMP_SYS(wait4),
	SCMP_SYS(setitimer),
	SCMP_SYS(sched_yield),
	/* what the C library does by itself */
	SCMP_SYS(brk),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(madvise),
	SCMP_SYS(futex),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(newfstatat),
	SCMP_SYS(fstat),
	SCMP_SYS(getpid),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
};

/* No program can be loaded any more, no map made, nothing attached. */
static const int bpf_commands[] = {
	BPF_MAP_LOOKUP_ELEM,
	BPF_MAP_UPDATE_ELEM,
	BPF_MAP_DELETE_ELEM,
	BPF_MAP_GET_NEXT_KEY,
	BPF_MAP_LOOKUP_BATCH,
	BPF_MAP_LOOKUP_AND_DELETE_ELEM,
	BPF_MAP_LOOKUP_AND_DELETE_BATCH,
	BPF_OBJ_GET_INFO_BY_FD,
};

#define LENGTH(array) (sizeof(array) / sizeof(*(array)))

static int add_rules(scmp_filter_ctx filter, pid_t command)
{
	int e = 0;

	for (size_t i = 0; i < LENGTH(allowed) && !e; i++)
		e = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
	for (size_t i = 0; i < LENGTH(bpf_commands) && !e; i++)
		e = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(bpf), 1,
				     SCMP_A0_32(SCMP_CMP_EQ, bpf_commands[i]));
	if (!e)
		e = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
				     SCMP_A2_32(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	if (!e)
		e = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
				     SCMP_A1_32(SCMP_CMP_EQ, TIOCGWINSZ));
	if (!e && command)
		e = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(kill), 1,
				     SCMP_A0_32(SCMP_CMP_EQ, command));
	return e;
}

const char *sandbox_enter(pid_t command)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {};
	/* EPERM, not death: a C library newer than this list may try something that it can do
	 * without. */
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int e;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return "no_new_privs";
	if (syscall(SYS_capset, &header, none))
		return "dropping capabilities";
	if (!filter || (e = add_rules(filter, command)) || (e = seccomp_load(filter))) {
		errno = filter ? -e : ENOMEM;
		return "seccomp";
	}
	seccomp_release(filter);
	return NULL;
}
