/* SPDX-License-Identifier: GPL-2.0-or-later */
/* forkwatch, the smallest producer: a table of fields, one of events, one of options, and the tool.
 */
#include "tests/example/forkwatch.h"
#include "tests/example/forkwatch.skel.h"
#include "tool/tool.h"

static struct forkwatch_config config;

static const struct field fork_fields[] = {
	{ "child", FIELD_UINT, FIELD_AT(struct fork_event, child), .heading = "CHILD", .width = 7,
	  .help = "id of the new process, or thread" },
	{},
};

static const struct event_desc events[] = {
	{ EVENT_TOOL, "process.fork", sizeof(struct fork_event), fork_fields, "A process forked.",
	  (const char *const[]){ "on_fork", NULL }, true },
	{},
};

static const struct option_row options[] = {
	{ "threads", 't', OPTION_FLAG, .offset = offsetof(struct forkwatch_config, threads),
	  .help = "show new threads too" },
	{},
};

static const struct tool forkwatch = {
	.name = "forkwatch",
	.summary = "Shows each new process.",
	.events = events,
	.object = forkwatch_bpf__elf_bytes,
	.options = options,
	.config = &config,
	.config_size = sizeof(config),
};

int main(int argc, char **argv)
{
	return tool_main(&forkwatch, argc, argv);
}
