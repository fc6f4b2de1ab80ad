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

struct captured;

/* A name for several events, for -e. */
struct event_group {
	const char *name; /* "@name"; NULL ends the table */
	uint64_t types;	  /* bit N: events of type N */
	const char *help; /* one sentence */
};

struct tool {
	const char *name;
	const char *summary; /* one sentence */
	const struct event_desc *events;
	const struct event_group *groups; /* NULL: there are none */

	/* The BPF object, from its skeleton: NAME_bpf__elf_bytes. */
	const void *(*object)(size_t *size);

	/*
	 * What the kernel side sends is not always what is printed. NULL, or called for each event
	 * that isn't among `events`; it prints by tool_print() what there is to be printed.
	 */
	void (*event)(const struct event *e, size_t size);

	/*
	 * With `event`: called now and then, with the time (of the clock of events, in ns;
	 * INT64_MAX at the end), to print what was held. Returns when it wants to be called again,
	 * as such a time; 0: there is no need.
	 */
	int64_t (*tick)(int64_t time);

	/* Where the tool's options have the name of a capture to be read instead of watching, and
	   what is called for each of its packets. NULL: it can't. */
	const char **capture;
	void (*packet)(const struct captured *p);

	/* Where the tool's options have the name of an interface (-i), whose packets are then seen
	   by its programs iface_ingress and iface_egress instead of those called on_…;
	   *interface_l3 gets at which byte of a packet IP begins. NULL: it has no such option. */
	const char **interface;
	uint32_t *interface_l3;

	/* Where the tool's options have an interval of its own, which is then also that of --top.
	   NULL: --interval is the library's. */
	const uint64_t *interval;

	/* The operands, which are paths: given to bpf/lib/below.bpf.h. NULL: there are none. */
	struct list *paths;

	/* Called once the options are known, before anything else; may change which events are
	   printed (bit N: events[N]). NULL: nothing is to be done. */
	void (*start)(uint64_t *selected);

	/* The tool's own options, and the struct they fill. It is copied into the BPF object's
	   `config`, where that exists (const volatile, SEC(".rodata.config")). */
	const struct option_row *options;
	void *config;
	size_t config_size;
};

/* Prints an event of the tool's `events`, if it is among those asked for. Only from the callbacks
   above. */
void tool_print(const struct event *e);

/* A map of the tool's BPF object. Only from `event` and `tick`. */
int tool_map(const char *name);

/* Runs the tool; returns its exit status. */
int tool_main(const struct tool *tool, int argc, char **argv);

#endif
