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

#include "base/message.h"
#include "base/option.h"
#include "out/out.h"

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
