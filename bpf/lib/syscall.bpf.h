/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System calls as seen at tp_btf/sys_enter and sys_exit: number, ABI and arguments, of both 64-bit
 * architectures and of the 32-bit programs that run on them. (x32 is not told apart: distributions
 * don't enable it.)
 */
#ifndef GRAIN_SYSCALL_BPF_H
#define GRAIN_SYSCALL_BPF_H

#include "bpf/lib/kernel.h"

#if defined(__TARGET_ARCH_x86)
#define TS_COMPAT	0x2 /* arch/x86/include/asm/thread_info.h */
#define NR_RT_SIGRETURN 15
#define NR_EXECVE	59
#define NR_EXECVEAT	322
#define NR32_EXECVEAT	358
#elif defined(__TARGET_ARCH_arm64)
#define TIF_32BIT	(1 << 22) /* arch/arm64/include/asm/thread_info.h */
#define NR_RT_SIGRETURN 139
#define NR_EXECVE	221
#define NR_EXECVEAT	281
#define NR32_EXECVEAT	387
#endif
#define NR32_EXECVE	  11
#define NR32_SIGRETURN	  119
#define NR32_RT_SIGRETURN 173

#define ERESTARTSYS 512 /* include/linux/errno.h: the first of those that no process ever sees */

/* Not so a call that will be made again once the signal is handled, or never as that is fatal. */
static __always_inline bool syscall_failed(long result)
{
	return result < 0 && result > -ERESTARTSYS;
}

/* Whether the current task's call came in through the 32-bit ABI. */
static __always_inline bool syscall_is_32bit(void)
{
	struct task_struct *task = bpf_get_current_task_btf();

#if defined(__TARGET_ARCH_x86)
	return task->thread_info.status & TS_COMPAT;
#else
	return task->thread_info.flags & TIF_32BIT;
#endif
}

static __always_inline bool syscall_is_exec(int number, bool is_32bit)
{
	return is_32bit ? number == NR32_EXECVE || number == NR32_EXECVEAT
			: number == NR_EXECVE || number == NR_EXECVEAT;
}

/* How a signal handler returns: no call that the program makes by itself. */
static __always_inline bool syscall_is_sigreturn(int number, bool is_32bit)
{
	return is_32bit ? number == NR32_SIGRETURN || number == NR32_RT_SIGRETURN
			: number == NR_RT_SIGRETURN;
}

static __always_inline int syscall_number(struct pt_regs *regs)
{
#if defined(__TARGET_ARCH_x86)
	return regs->orig_ax;
#else
	return regs->syscallno;
#endif
}

/* The nth argument, 0 to 5, as it was when the call was made: both kernels keep the registers. */
static __always_inline u64 syscall_argument(struct pt_regs *regs, int n, bool is_32bit)
{
#if defined(__TARGET_ARCH_x86)
	if (is_32bit)
		return (u32)(n == 0   ? regs->bx
			     : n == 1 ? regs->cx
			     : n == 2 ? regs->dx
			     : n == 3 ? regs->si
			     : n == 4 ? regs->di
				      : regs->bp);
	return n == 0	? regs->di
	       : n == 1 ? regs->si
	       : n == 2 ? regs->dx
	       : n == 3 ? regs->r10
	       : n == 4 ? regs->r8
			: regs->r9;
#else
	u64 value = n == 0 ? regs->orig_x0 : regs->regs[n]; /* regs[0] has the result by now */

	return is_32bit ? (u32)value : value;
#endif
}

#endif
