/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tool: what every producer does the same way. A tool is a struct tool and
 *
 *	int main(int argc, char **argv) { return tool_main(&tool, argc, argv); }
 */
#ifndef GRAIN_TOOL_H
#define GRAIN_TOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/lib/glob.h"
#include "out/out.h"

/* Exit statuses, the same for each tool; with `-- COMMAND` the command's own. From sysexits.h from
 * 64 on. */
enum {
	STATUS_OK = 0,
	STATUS_FAILED = 1,	   /* at run time */
	STATUS_LOST = 3,	   /* events were lost, and --strict given */
	STATUS_USAGE = 64,	   /* EX_USAGE */
	STATUS_UNSUPPORTED = 69,   /* EX_UNAVAILABLE: the kernel lacks something */
	STATUS_NOT_PERMITTED = 77, /* EX_NOPERM */
};

/* What an option's argument is, and the C type of its value. */
enum option_type {
	OPTION_FLAG,	 /* no argument. bool */
	OPTION_NUMBER,	 /* between .min and .max. uint64_t */
	OPTION_DURATION, /* of .min ns or more. uint64_t, in ns */
	OPTION_SIZE,	 /* between .min and .max bytes. uint64_t */
	OPTION_STRING,	 /* const char *, of the command line */
	OPTION_LIST,	 /* may be given again and again. struct list */
	OPTION_PATTERN,	 /* shell patterns, again and again, of .max bytes at most. struct glob */
	OPTION_HEADING,	 /* no option: .help stands above those that follow in --help */
};

struct list {
	const char **item;
	size_t n;
};

struct option_row {
	const char *name; /* long; NULL in the row that ends a table, which has no .help either */
	char letter;	  /* 0: none */
	enum option_type type;
	const char *arg; /* what its argument is called */
	size_t offset;	 /* of the value in the struct that the table is for */
	uint64_t min, max;
	const char *help;
};

struct tool {
	const char *name;
	const char *summary; /* one sentence */
	const struct event_desc *events;

	/* The BPF object, from its skeleton: NAME_bpf__elf_bytes. */
	const void *(*object)(size_t *size);

	/* The tool's own options, and the struct they fill. It is copied into the BPF object's
	   `config`, where that exists (const volatile, SEC(".rodata.config")). */
	const struct option_row *options;
	void *config;
	size_t config_size;
};

/* Runs the tool; returns its exit status. */
int tool_main(const struct tool *tool, int argc, char **argv);

#endif
