/* SPDX-License-Identifier: GPL-2.0-or-later */
/* execwatch: what processes execute, and how they end. */
#include "bpf/execwatch.h"
#include "bpf/execwatch.skel.h"
#include "tool/tool.h"

static const struct field ancestor_fields[] = {
	{ "comm", FIELD_CHARS, FIELD_AT(struct ancestor, comm), .help = "name" },
	{ "pid", FIELD_UINT, FIELD_AT(struct ancestor, pid), .help = "process id" },
	{},
};

#define EXEC(member) FIELD_AT(struct exec_event, member)

static const struct field exec_fields[] = {
	{ "exe", FIELD_STRING, EXEC(exe), .by = true,
	  .help = "path of the new program, as the process's root shows it" },
	{ "exe_truncated", FIELD_FLAG, .flag = EXEC_EXE_TRUNCATED,
	  .help = "exe is longer than 4096 bytes: only its end is given" },
	{ "exe_outside", FIELD_FLAG, .flag = EXEC_EXE_OUTSIDE,
	  .help = "exe lies outside the process's root directory" },
	{ "exe_deleted", FIELD_FLAG, .flag = EXEC_DELETED,
	  .help = "the program's file had been deleted" },
	{ "fileless", FIELD_FLAG, .flag = EXEC_FILELESS,
	  .help = "the program was executed from memory (memfd_create)" },
	{ "filename", FIELD_STRING, EXEC(filename), .help = "what execve was asked to execute" },
	{ "interpreter", FIELD_STRING, EXEC(interpreter),
	  .help = "of a script: the interpreter, as its first line or binfmt_misc names it" },
	{ "script", FIELD_STRING, EXEC(script), .help = "of a script: its name, as asked" },
	{ "cwd", FIELD_STRING, EXEC(cwd), .help = "current working directory" },
	{ "cwd_truncated", FIELD_FLAG, .flag = EXEC_CWD_TRUNCATED,
	  .help = "cwd is longer than 4096 bytes: only its end is given" },
	{ "cwd_outside", FIELD_FLAG, .flag = EXEC_CWD_OUTSIDE,
	  .help = "cwd lies outside the process's root directory" },
	{ "parent_comm", FIELD_CHARS, EXEC(parent_comm), .heading = "PARENT", .width = 15,
	  .help = "name of the parent" },
	{ "ancestors", FIELD_LIST, EXEC(ancestors), .record = sizeof(struct ancestor),
	  .fields = ancestor_fields, .depth = true,
	  .help = "the parent, its parent and so on towards init, 16 at most" },
	{ "ancestors_truncated", FIELD_FLAG, .flag = EXEC_ANCESTORS_TRUNCATED,
	  .help = "there are more than 16 ancestors" },
	{ "gid", FIELD_UINT, EXEC(gid), .help = "real group id" },
	{ "euid", FIELD_UINT, EXEC(euid), .help = "effective user id" },
	{ "egid", FIELD_UINT, EXEC(egid), .help = "effective group id" },
	{ "secureexec", FIELD_FLAG, .flag = EXEC_SECURE,
	  .help = "the program gained privileges: set-user-id, set-group-id or file capabilities" },
	{ "loginuid", FIELD_UINT, EXEC(loginuid), .omit = OMIT_MAX,
	  .help = "user id at login, which su and sudo don't change" },
	{ "tty", FIELD_CHARS, EXEC(tty), .help = "controlling terminal" },
	{ "nspid", FIELD_UINT, EXEC(nspid), .omit = OMIT_ZERO,
	  .help = "process id in the process's own PID namespace, where that isn't the initial "
		  "one" },
	{ "failed_tries", FIELD_UINT, EXEC(failed_tries), .omit = OMIT_ZERO,
	  .help = "calls that failed just before, as PATH was searched; where failures are "
		  "watched" },
	{ "args", FIELD_ARGS, EXEC(args), .heading = "ARGS",
	  .help = "arguments, the program's name first" },
	{ "args_truncated", FIELD_FLAG, .flag = EXEC_ARGS_TRUNCATED,
	  .help = "only the first 28 KiB of the arguments are given" },
	{ "args_size", FIELD_BYTES, EXEC(args_size), .omit = OMIT_ZERO,
	  .help = "bytes of all arguments, NULs included, where args is truncated" },
	{},
};

#define FAILED(member) FIELD_AT(struct failed_event, member)

static const struct field failed_fields[] = {
	{ "error", FIELD_ERRNO, FAILED(error), .heading = "RESULT", .width = 8, .alarm = true,
	  .help = "why execve failed: the name of the error" },
	{ "filename", FIELD_STRING, FAILED(filename),
	  .help = "what execve was asked to execute; of a search, the last try" },
	{ "filename_truncated", FIELD_FLAG, .flag = FAILED_FILENAME_TRUNCATED,
	  .help = "filename is longer than 2047 bytes: only its beginning is given" },
	{ "tries", FIELD_UINT, FAILED(tries),
	  .help = "calls that failed in a row with these arguments, as PATH was searched" },
	{ "parent_comm", FIELD_CHARS, FAILED(parent_comm), .heading = "PARENT", .width = 15,
	  .help = "name of the parent" },
	{ "args", FIELD_ARGS, FAILED(args), .heading = "ARGS",
	  .help = "arguments, the program's name first" },
	{ "args_truncated", FIELD_FLAG, .flag = FAILED_ARGS_TRUNCATED,
	  .help = "there are more arguments: the first 64 or 1536 bytes are given, and less where "
		  "they were not in memory" },
	{},
};

#define EXIT(member) FIELD_AT(struct exit_event, member)

static const struct field exit_fields[] = {
	{ "exit_code", FIELD_INT, EXIT(exit_code), .omit = OMIT_MAX, .heading = "RESULT",
	  .width = 8, .alarm = true, .help = "exit status, where the process ended by itself" },
	{ "signal", FIELD_SIGNAL, EXIT(signal), .heading = "RESULT", .width = 8, .alarm = true,
	  .help = "the signal that ended the process" },
	{ "core_dumped", FIELD_FLAG, .flag = EXIT_CORE_DUMPED, .help = "a core was dumped" },
	{ "since_fork_ns", FIELD_DURATION, EXIT(since_fork), .heading = "AGE", .width = 8,
	  .help = "time since the process was forked" },
	{ "since_exec_ns", FIELD_DURATION, EXIT(since_exec), .omit = OMIT_ZERO,
	  .help = "time since its last exec, where that was seen" },
	{ "utime_ns", FIELD_DURATION, EXIT(utime), .help = "user time of all its threads" },
	{ "stime_ns", FIELD_DURATION, EXIT(stime), .help = "system time of all its threads" },
	{},
};

static const struct event_desc events[] = {
	{ PROCESS_EXEC, "process.exec", sizeof(struct exec_event), exec_fields,
	  "A process executed a program.", .programs = (const char *const[]){ "on_exec", NULL },
	  .by_default = true },
	{ PROCESS_EXEC_FAILED, "process.exec_failed", sizeof(struct failed_event), failed_fields,
	  "A process could not execute a program.",
	  .programs = (const char *const[]){ "on_sys_exit", "on_sys_enter", "on_exec", "on_exit",
					     NULL },
	  .failure = true, .brief = "failed" },
	{ PROCESS_EXIT, "process.exit", sizeof(struct exit_event), exit_fields,
	  "A process ended, its last thread included.",
	  .programs = (const char *const[]){ "on_exit", "on_exec", NULL } },
	{},
};

static struct execwatch_config config;

static const struct option_row options[] = {
	{ .type = OPTION_HEADING, .help = "Which programs:" },
	{ "exe", 0, OPTION_PATTERN, "PATTERN", .offset = offsetof(struct execwatch_config, exe),
	  .help = "those with this path (a shell pattern; * matches / too)" },
	{ "args", 0, OPTION_PATTERN, "PATTERN", .offset = offsetof(struct execwatch_config, args),
	  .help = "those with these arguments, joined by spaces" },
	{},
};

static const struct tool execwatch = {
	.name = "execwatch",
	.summary = "Shows each program that is executed on this machine, as it happens.",
	.events = events,
	.object = execwatch_bpf__elf_bytes,
	.options = options,
	.config = &config,
	.config_size = sizeof(config),
};

int main(int argc, char **argv)
{
	return tool_main(&execwatch, argc, argv);
}
