/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of common/tool share; tools see tool.h only. */
#ifndef GRAIN_TOOL_INTERNAL_H
#define GRAIN_TOOL_INTERNAL_H

#include <stdio.h>
#include <sys/types.h>

#include "out/top.h"
#include "tool/tool.h"
#include "bpf/lib/filter.h"

struct bpf_object;
struct bpf_map;

/* The shared options, and what follows from them. */
struct options {
	const char *output, *write, *fields;
	struct list pids, trees, uids, cgroups, tags, event_names;
	struct glob comm;
	const char *by;
	uint64_t top; /* 0: events are printed; UINT64_MAX: all rows that there is room for */
	uint64_t interval;
	uint64_t duration, count, buffer, grace;
	bool host, check, schema, verbose, quiet, strict, no_sandbox, include_self;
	bool failed, no_redact, tree_view;

	char **command;	   /* behind `--`, or NULL */
	uint64_t selected; /* bit N: tool->events[N] */
	bool table;	   /* what is printed */
	bool screen;	   /* a table, where the cursor can be moved */
};

/* options.c */

/* What each tool takes behind its options, and one that takes paths. */
#define TOOL_OPERANDS "[-- COMMAND [ARG...]]"
#define TOOL_PATHS    "[FILE...] " TOOL_OPERANDS

/*
 * The shared options that this tool has, ended by an empty row: --events is for tools with several,
 * and so on. The same array at each call.
 */
const struct option_row *shared_options(const struct tool *tool);

/* What --events calls an event. */
const char *event_short_name(const struct event_desc *event);

/* Parses the command line. Ends the process on --help, --usage, --version and on any error (64). */
void options_parse(const struct tool *tool, struct options *o, int argc, char **argv);

/* kernel.c */

struct kernel {
	struct bpf_object *object;
	struct bpf_link **links;
	size_t n_links;
	int cpus; /* possible ones, which per-CPU maps have a value for */
};

/* Opens and loads the object for what `o` asks. Ends the process when that can't be (69, 77). */
void kernel_load(struct kernel *k, const struct tool *tool, const struct options *o);

/* Attaches all that is loaded; with a tree filter it marks what runs already. Dies like
 * kernel_load(). */
void kernel_attach(struct kernel *k, const struct tool *tool, const struct options *o);

/* Undoes kernel_attach(). Maps stay readable. */
void kernel_detach(struct kernel *k);

/* Adds `key`, of the map's key size, to a set of the filters. */
void kernel_set_add(const struct kernel *k, const char *map, const void *key);

/*
 * Has the kernel side see only what happens at or below these absolute paths, without symbolic
 * links; also of one that there isn't yet.
 */
void kernel_add_paths(const struct kernel *k, const struct list *paths);

int kernel_map_fd(const struct kernel *k, const char *map);

/*
 * Adds up what the kernel side counted, by event type; recursion misses of a program, which never
 * got to count, are events produced and lost of the first type that needs it.
 */
void kernel_tallies(const struct kernel *k, const struct tool *tool,
		    struct tally tallies[EVENT_TYPES]);

/* Prints what is attached and what degrades, after kernel_attach(). */
void kernel_report(FILE *f, const struct kernel *k, const struct tool *tool);

/* Whether process ids mean the same to us and to the kernel side. */
bool in_initial_pid_namespace(void);

/* cgroup.c */

/* Reads the paths of all cgroups. Ids and paths are of the default hierarchy (version 2). */
void cgroup_scan(void);
void cgroup_add(uint64_t id, const char *path, size_t len);
void cgroup_remove(uint64_t id);
const char *cgroup_path(uint64_t id);

/* The id of a cgroup given as --cgroup takes it: below the root cgroup, or as path of its
 * directory. */
bool cgroup_find(const char *path, uint64_t *id);

/* A descriptor of the root cgroup's directory. -1: there is no such hierarchy. */
int cgroup_open_root(void);

/* interface.c */

/* At which byte of its packets IP begins. Ends the process (64) where there is no such interface.
 */
unsigned interface_l3(const char *interface);

/* Attaches a tc program to an interface, on the way in or out. Ends the process if it can't. */
void interface_attach(int program, const char *interface, bool egress);
void interface_detach(void);

/* readers.c */

/*
 * Calls `add` for this process and for all that read what it writes to `fd`, directly or through
 * further pipes. Needs the right to see other processes' descriptors.
 */
void readers_find(int fd, void (*add)(void *ctx, uint32_t pid), void *ctx);

/* command.c */

struct command {
	pid_t pid;
	int go; /* a byte written here starts it */
};

/* Forks a process that will execute `argv` once command_go() is called, with its stdout on our
   stderr unless keep_stdout. */
void command_prepare(struct command *c, char **argv, bool keep_stdout);
void command_go(struct command *c);

/* The exit status that a shell would give for a wait(2) status. */
int command_status(int status);

/* sandbox.c */

/*
 * No new privileges, no capabilities, and only the system calls that the run loop needs; `command`
 * (0: none) is the one process that may be sent a signal. NULL, or what failed; errno says why.
 */
const char *sandbox_enter(pid_t command);

/* run.c */

/* Where events go: each to a line, or to the sums of `top` (NULL: there are none), and to `fd`. */
struct sinks {
	struct out *out;
	struct top *top;
	int fd;
};

/* Reads events and prints them until something ends the run. Returns the exit status. */
int run(struct kernel *k, const struct tool *tool, const struct options *o, const struct sinks *to,
	struct command *command);

/* Reads a capture from a descriptor and prints its events. Returns the exit status. */
int run_capture(const struct tool *tool, const struct options *o, const struct sinks *to, int from);

#endif
