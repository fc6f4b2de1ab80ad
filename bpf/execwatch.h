/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What execwatch's kernel side sends. */
#ifndef EXECWATCH_H
#define EXECWATCH_H

#include "bpf/lib/event.h"
#include "bpf/lib/glob.h"

enum {
	PROCESS_EXEC = EVENT_TOOL,
	PROCESS_EXEC_FAILED,
	PROCESS_EXIT,
};

struct execwatch_config {
	struct glob exe;  /* --exe: of the program's path */
	struct glob args; /* --args: of the arguments, joined by spaces */
};

/* Bytes of arguments kept: nearly all command lines are below 4 KiB. */
#define ARGS_LEN (28 << 10)
/* Shells in shells, make in make: rarely beyond ten. */
#define ANCESTORS_LEN 16

/* struct event's flags of PROCESS_EXEC. A path has PATH_TRUNCATED and PATH_OUTSIDE, shifted. */
#define EXEC_EXE_SHIFT 0
#define EXEC_CWD_SHIFT 2
enum {
	EXEC_EXE_TRUNCATED = 1 << EXEC_EXE_SHIFT,
	EXEC_EXE_OUTSIDE = 2 << EXEC_EXE_SHIFT,
	EXEC_CWD_TRUNCATED = 1 << EXEC_CWD_SHIFT,
	EXEC_CWD_OUTSIDE = 2 << EXEC_CWD_SHIFT,
	EXEC_SECURE = 1 << 4,
	EXEC_FILELESS = 1 << 5,
	EXEC_DELETED = 1 << 6,
	EXEC_ARGS_TRUNCATED = 1 << 7,
	EXEC_ANCESTORS_TRUNCATED = 1 << 8,
};

struct ancestor {
	__u32 pid;
	char comm[COMM_LEN];
};
_Static_assert(sizeof(struct ancestor) == 20, "ancestor");

struct exec_event {
	struct event header;
	struct span ancestors; /* struct ancestor, the parent first */
	struct span exe;
	struct span filename;
	struct span interpreter;
	struct span script; /* the same bytes as filename */
	struct span cwd;
	struct span args;
	__u32 args_size; /* bytes, only when truncated */
	__u32 gid;
	__u32 euid;
	__u32 egid;
	__u32 loginuid;	    /* all ones: not set */
	__u32 nspid;	    /* 0: in the initial namespace */
	__u32 failed_tries; /* execve calls in a row before this one */
	char parent_comm[COMM_LEN];
	char tty[16]; /* longest in use: "ttyAMA0", "pts/1048575" */
};
_Static_assert(sizeof(struct exec_event) == 64 + 7 * 4 + 7 * 4 + 2 * 16, "exec event");

/* Less than of a successful one, as it is kept in the kernel until it is clear that the search
 * failed. */
#define FAILED_FILENAME_LEN 2048 /* with NUL, which is not sent */
#define FAILED_ARGS_LEN	    1536
#define FAILED_ARGS_COUNT   64

struct failed_event {
	struct event header;
	struct span filename;
	struct span args;
	__s32 error;
	__u32 tries;
	char parent_comm[COMM_LEN];
};
_Static_assert(sizeof(struct failed_event) == 64 + 2 * 4 + 2 * 4 + 16, "failed event");

enum {
	FAILED_ARGS_TRUNCATED = 1 << 0,
	FAILED_FILENAME_TRUNCATED = 1 << 1,
};

struct exit_event {
	struct event header;
	__s32 exit_code; /* -1: ended by a signal */
	__u32 signal;
	__u64 since_fork; /* ns */
	__u64 since_exec; /* ns; 0: executed before the tool watched, or never */
	__u64 utime;	  /* ns */
	__u64 stime;	  /* ns */
};
_Static_assert(sizeof(struct exit_event) == 64 + 5 * 8, "exit event");

enum {
	EXIT_CORE_DUMPED = 1 << 0,
};

#endif
