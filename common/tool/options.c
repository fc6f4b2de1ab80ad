/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options that every producer has. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "tool/internal.h"

#define AT(member) .offset = offsetof(struct options, member)

static const struct option_row all_shared[] = {
	{ .type = OPTION_HEADING, .help = "Output:" },
	{ "output", 'o', OPTION_STRING, "FORMAT", AT(output),
	  .help = "print FORMAT, table or json, which is one object a line (default: "
		  "$GRAINTOOLS_OUTPUT, else table on a terminal and json elsewhere)" },
	{ "write", 'w', OPTION_STRING, "FILE", AT(write),
	  .help = "write events to FILE (replaced; mode 0600 if new) instead of standard output" },
	{ "fields", 'f', OPTION_STRING, "LIST", AT(fields),
	  .help = "print only these fields, separated by commas, in this order" },
	{ "events", 'e', OPTION_LIST, "LIST", AT(event_names),
	  .help = "print these events, separated by commas, or all: " },
	{ "failed", 'x', OPTION_FLAG, NULL, AT(failed),
	  .help = "print only what failed, instead of --events: " },
	{ "tree-view", 0, OPTION_FLAG, NULL, AT(tree_view),
	  .help = "in a table, indent the last column by how deep a process is in the tree" },
	{ "no-redact", 0, OPTION_FLAG, NULL, AT(no_redact),
	  .help = "print secrets in arguments too, such as passwords, and not *** instead" },
	{ "host", 0, OPTION_FLAG, NULL, AT(host),
	  .help = "add the fields host and kernel (its release) to each event" },
	{ "tag", 0, OPTION_LIST, "KEY=VALUE", AT(tags), .help = "add a fixed field to each event" },

	{ .type = OPTION_HEADING, .help = "Sums instead of events:" },
	{ "top", 0, OPTION_NUMBER, "N", AT(top), .min = 1, .max = TOP_KEYS_MAX, .optional = true,
	  .help = "print the N busiest, again and again (default: as many as fit on the terminal, "
		  "elsewhere all)" },
	{ "by", 0, OPTION_STRING, "FIELDS", AT(by),
	  .help = "with --top: sum up what is equal in these, separated by commas; default: " },
	{ "interval", 'I', OPTION_DURATION, "TIME", AT(interval), .min = MS,
	  .help = "with --top: the time from one table to the next (default 1s)" },

	{ .type = OPTION_HEADING,
	  .help = "Filters (given twice one widens, different ones must all match):" },
	{ "pid", 'p', OPTION_LIST, "PID", AT(pids), .help = "only this process" },
	{ "tree", 0, OPTION_LIST, "PID", AT(trees),
	  .help = "only this process, its descendants and those to come" },
	{ "comm", 'c', OPTION_PATTERN, "PATTERN", AT(comm), .max = COMM_LEN - 1,
	  .help = "only processes with this name, of 15 bytes at most (a shell pattern)" },
	{ "uid", 'u', OPTION_LIST, "USER", AT(uids),
	  .help = "only processes of this user, by name or number (real user id)" },
	{ "cgroup", 0, OPTION_LIST, "PATH", AT(cgroups),
	  .help = "only processes in this cgroup or below it (as in /proc/self/cgroup, or its "
		  "directory's path)" },
	{ "include-self", 0, OPTION_FLAG, NULL, AT(include_self),
	  .help = "don't leave out the tool itself and who reads its output" },

	{ .type = OPTION_HEADING, .help = "When to end:" },
	{ "duration", 'd', OPTION_DURATION, "TIME", AT(duration), .min = 1,
	  .help = "after TIME: a number with ns, us, ms, s (the default), m, h or d" },
	{ "count", 'n', OPTION_NUMBER, "N", AT(count), .min = 1, .max = UINT64_MAX,
	  .help = "after N events; with --top, N tables" },
	{ "strict", 0, OPTION_FLAG, NULL, AT(strict), .help = "exit status 3 if events were lost" },
	{ "grace", 0, OPTION_DURATION, "TIME", AT(grace), .min = 1,
	  .help = "once told to end, give up on a reader that takes nothing for TIME (default "
		  "5s)" },

	{ .type = OPTION_HEADING, .help = "About the tool:" },
	{ "check", 0, OPTION_FLAG, NULL, AT(check),
	  .help = "say what would be attached and what this kernel lacks, and exit (0 or 69)" },
	{ "schema", 0, OPTION_FLAG, NULL, AT(schema), .help = "print a JSON Schema of the events" },
	{ "buffer", 0, OPTION_SIZE, "SIZE", AT(buffer), .min = 4096, .max = 1ull << 30,
	  .help = "room for events on their way from the kernel: 4K to 1G, made a power of two "
		  "(default 4M)" },
	{ "no-sandbox", 0, OPTION_FLAG, NULL, AT(no_sandbox),
	  .help = "keep capabilities and system calls while running" },
	{ "verbose", 'v', OPTION_FLAG, NULL, AT(verbose),
	  .help = "say on standard error what is loaded, and how the numbers of events add up" },
	{ "quiet", 'q', OPTION_FLAG, NULL, AT(quiet), .help = "print no summary at the end" },
	OPTIONS_ABOUT,
	{},
};

static size_t count_events(const struct tool *tool)
{
	size_t n = 0;

	while (tool->events[n].name)
		n++;
	return n;
}

static bool has_failures(const struct tool *tool)
{
	for (const struct event_desc *e = tool->events; e->name; e++)
		if (e->failure)
			return true;
	return false;
}

static bool has_field(const struct tool *tool, bool (*is_it)(const struct field *))
{
	for (const struct event_desc *e = tool->events; e->name; e++)
		for (const struct field *f = e->fields; f->name; f++)
			if (is_it(f))
				return true;
	return false;
}

static bool is_depth(const struct field *f)
{
	return f->depth;
}

static bool is_args(const struct field *f)
{
	return f->type == FIELD_ARGS;
}

static bool is_offered(const struct tool *tool, const struct option_row *row)
{
	if (row->name && !strcmp(row->name, "events"))
		return count_events(tool) > 1;
	if (row->name && !strcmp(row->name, "interval"))
		return !tool->interval;
	if (row->name && !strcmp(row->name, "failed"))
		return has_failures(tool);
	if (row->name && !strcmp(row->name, "tree-view"))
		return has_field(tool, is_depth);
	if (row->name && !strcmp(row->name, "no-redact"))
		return has_field(tool, is_args);
	return true;
}

const char *event_short_name(const struct event_desc *event)
{
	const char *dot = strchr(event->name, '.');

	return event->brief ? event->brief : dot ? dot + 1 : event->name;
}

struct selection {
	const struct tool *tool;
	struct options *o;
};

static bool is_called(const char *name, const char *word, size_t len)
{
	return strlen(name) == len && !memcmp(name, word, len);
}

/* Which events a word of -e asks for: "exec" or "process.exec", a group, or "all". 0: none. */
static uint64_t find_events(const struct tool *tool, const char *word, size_t len)
{
	uint64_t types = 0, found = 0;

	if (is_called("all", word, len))
		types = UINT64_MAX;
	for (const struct event_group *g = tool->groups; g && g->name; g++)
		if (is_called(g->name, word, len))
			types = g->types;
	for (size_t i = 0; i < count_events(tool); i++) {
		const struct event_desc *event = &tool->events[i];

		if (types >> event->type & 1 || is_called(event->name, word, len) ||
		    is_called(event_short_name(event), word, len))
			found |= 1ull << i;
	}
	return found;
}

static void select_event(void *ctx, const char *word, size_t len)
{
	const struct tool *tool = ((struct selection *)ctx)->tool;
	uint64_t found = find_events(tool, word, len);
	char known[1024] = "";

	((struct selection *)ctx)->o->selected |= found;
	if (found)
		return;
	if (len && *word == '@' && tool->groups) {
		for (const struct event_group *g = tool->groups; g->name; g++)
			snprintf(known + strlen(known), sizeof(known) - strlen(known), "%s%s",
				 g > tool->groups ? ", " : "", g->name);
		die(STATUS_USAGE, "--events: no group is called '%.*s'; there are %s", (int)len,
		    word, known);
	}
	for (size_t i = 0; i < count_events(tool); i++)
		snprintf(known + strlen(known), sizeof(known) - strlen(known), "%s, ",
			 event_short_name(&tool->events[i]));
	for (const struct event_group *g = tool->groups; g && g->name; g++)
		snprintf(known + strlen(known), sizeof(known) - strlen(known), "%s, ", g->name);
	die(STATUS_USAGE, "--events: no event is called '%.*s'; there are %sand all", (int)len,
	    word, known);
}

static void select_events(const struct tool *tool, struct options *o)
{
	struct selection selection = { tool, o };

	for (size_t i = 0; i < o->event_names.n; i++)
		list_split(o->event_names.item[i], select_event, &selection);
	if (o->event_names.n && o->failed)
		die(STATUS_USAGE, "--failed and --events can't be used together");
	if (!o->event_names.n)
		for (size_t i = 0; i < count_events(tool); i++)
			o->selected |= (uint64_t)(o->failed ? tool->events[i].failure
							    : tool->events[i].by_default)
				       << i;
}

static void check_top(const struct tool *tool, struct options *o)
{
	if (!o->top && (o->by || o->interval))
		die(STATUS_USAGE, "--%s needs --top", o->by ? "by" : "interval");
	if (o->top && (o->fields || o->tree_view))
		die(STATUS_USAGE, "--top and --%s can't be used together%s",
		    o->fields ? "fields" : "tree-view", o->fields ? ": --by has its fields" : "");
	if (tool->interval)
		o->interval = *tool->interval;
	else if (!o->interval)
		o->interval = SECOND;
}

static bool is_any(const struct event_desc *e)
{
	return e->name;
}

static bool is_by_default(const struct event_desc *e)
{
	return e->by_default;
}

static bool is_failure(const struct event_desc *e)
{
	return e->failure;
}

static void put_events(FILE *f, const struct tool *tool, bool (*which)(const struct event_desc *))
{
	const char *between = "";

	for (const struct event_desc *e = tool->events; e->name; e++)
		if (which(e)) {
			fprintf(f, "%s%s", between, event_short_name(e));
			between = ", ";
		}
}

/* What of an option is the tool's. */
static const char *make_help(const struct tool *tool, const struct option_row *row)
{
	struct out_config config = { .events = tool->events, .selected = UINT64_MAX };
	char *help = NULL;
	size_t size;
	FILE *f = open_memstream(&help, &size);

	if (!f)
		die(STATUS_FAILED, "out of memory");
	fputs(row->help, f);
	if (!strcmp(row->name, "events")) {
		put_events(f, tool, is_any);
		fputs(" (default: ", f);
		put_events(f, tool, is_by_default);
		fputs(tool->groups ? "); groups: " : ")", f);
		for (const struct event_group *g = tool->groups; g && g->name; g++)
			fprintf(f, "%s%s", g > tool->groups ? ", " : "", g->name);
	} else if (!strcmp(row->name, "failed")) {
		put_events(f, tool, is_failure);
	} else if (!strcmp(row->name, "by")) {
		fputs(top_default(&config), f);
	}
	if (fclose(f))
		die(STATUS_FAILED, "out of memory");
	return help;
}

const struct option_row *shared_options(const struct tool *tool)
{
	static struct option_row rows[sizeof(all_shared) / sizeof(*all_shared)];
	size_t n = 0;

	if (rows->help)
		return rows;
	for (const struct option_row *row = all_shared; row->help; row++) {
		if (!is_offered(tool, row))
			continue;
		rows[n] = *row;
		if (row->help[strlen(row->help) - 1] == ' ')
			rows[n].help = make_help(tool, row);
		n++;
	}
	rows[n] = (struct option_row){};
	return rows;
}

void options_parse(const struct tool *tool, struct options *o, int argc, char **argv)
{
	const struct option_set sets[] = {
		{ tool->options, tool->config },
		{ shared_options(tool), o },
		{},
	};
	const struct command_line line = {
		.name = tool->name,
		.summary = tool->summary,
		.operands = tool->paths ? TOOL_PATHS : TOOL_OPERANDS,
		.set = tool->config ? sets : sets + 1,
	};

	o->buffer = 4 << 20;
	o->grace = 5 * SECOND;

	/* argp would move operands about, also those behind `--`, which aren't ours. */
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--"))
			continue;
		if (!argv[i + 1])
			die(STATUS_USAGE, "a command must follow --");
		o->command = argv + i + 1;
		argc = i;
	}
	options_read(&line, argc, argv, tool->paths);
	select_events(tool, o);
	check_top(tool, o);
}
