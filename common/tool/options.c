/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line: the table of shared options, and argp driven by tables. */
#include <argp.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/glob.h"
#include "base/num.h"
#include "tool/internal.h"

#define LONG_ONLY 0x100 /* argp keys of options without a letter start here */

#define AT(member) .offset = offsetof(struct options, member)
#define SECOND	   1000000000ull

const struct option_row shared_options[] = {
	{ .type = OPTION_HEADING, .help = "Output:" },
	{ "output", 'o', OPTION_STRING, "FORMAT", AT(output),
	  .help = "print FORMAT, table or json, which is one object a line (default: "
		  "$GRAINTOOLS_OUTPUT, else table on a terminal and json elsewhere)" },
	{ "write", 'w', OPTION_STRING, "FILE", AT(write),
	  .help = "write events to FILE (replaced; mode 0600 if new) instead of standard output" },
	{ "fields", 'f', OPTION_STRING, "LIST", AT(fields),
	  .help = "print only these fields, separated by commas, in this order" },
	{ "events", 'e', OPTION_LIST, "LIST", AT(event_names),
	  .help = "print these events, separated by commas, or all" },
	{ "failed", 'x', OPTION_FLAG, NULL, AT(failed),
	  .help = "print only what failed (instead of --events)" },
	{ "tree-view", 0, OPTION_FLAG, NULL, AT(tree_view),
	  .help = "in a table, indent the last column by how deep a process is in the tree" },
	{ "no-redact", 0, OPTION_FLAG, NULL, AT(no_redact),
	  .help = "print secrets in arguments too, such as passwords, and not *** instead" },
	{ "host", 0, OPTION_FLAG, NULL, AT(host),
	  .help = "add the fields host and kernel (its release) to each event" },
	{ "tag", 0, OPTION_LIST, "KEY=VALUE", AT(tags), .help = "add a fixed field to each event" },

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
	  .help = "after N events" },
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
	{ "help", 'h', OPTION_FLAG, NULL, AT(help), .help = "print this list" },
	{ "usage", 0, OPTION_FLAG, NULL, AT(usage), .help = "print a short usage message" },
	{ "version", 'V', OPTION_FLAG, NULL, AT(version), .help = "print the version" },
	{},
};

/* What the parser works on; given to argp as its input. */
struct parse {
	const struct tool *tool;
	struct options *options;
	const struct argp *argp;
	const struct option_row **rows; /* by argp_option, headings included */
};

static void list_add(struct list *list, const char *item)
{
	list->item = reallocarray(list->item, list->n + 1, sizeof(*list->item));
	if (!list->item)
		die(STATUS_FAILED, "out of memory");
	list->item[list->n++] = item;
}

static void add_pattern(const struct option_row *row, struct glob *glob, const char *pattern)
{
	const char *wrong = glob_add(glob, pattern);

	if (!wrong && row->max && strlen(pattern) > row->max && !strpbrk(pattern, "*?[\\"))
		die(STATUS_USAGE,
		    "--%s: '%s' is longer than the %llu bytes that there are to match", row->name,
		    pattern, (unsigned long long)row->max);
	if (wrong)
		die(STATUS_USAGE, "--%s: '%s' %s", row->name, pattern, wrong);
}

static void set_value(const struct option_row *row, void *value, const char *arg)
{
	uint64_t *number = value;

	switch (row->type) {
	case OPTION_FLAG:
		*(bool *)value = true;
		break;
	case OPTION_STRING:
		*(const char **)value = arg;
		break;
	case OPTION_LIST:
		list_add(value, arg);
		break;
	case OPTION_PATTERN:
		add_pattern(row, value, arg);
		break;
	case OPTION_NUMBER:
		if (!parse_u64(arg, row->min, row->max, number))
			die(STATUS_USAGE, "--%s: '%s' is not a whole number from %llu to %llu",
			    row->name, arg, (unsigned long long)row->min,
			    (unsigned long long)row->max);
		break;
	case OPTION_DURATION:
		if (!parse_duration(arg, number) || *number < row->min)
			die(STATUS_USAGE,
			    "--%s: '%s' is not a time above 0, such as 5, 1.5s, 200ms, 10m or 1h",
			    row->name, arg);
		break;
	case OPTION_SIZE:
		if (!parse_size(arg, number) || *number < row->min || *number > row->max)
			die(STATUS_USAGE,
			    "--%s: '%s' is not a size from %llu to %llu bytes, such as 64K or 4M",
			    row->name, arg, (unsigned long long)row->min,
			    (unsigned long long)row->max);
		break;
	case OPTION_HEADING:
		break;
	}
}

static error_t parse_one(int key, char *arg, struct argp_state *state)
{
	struct parse *p = state->input;
	const struct argp_option *option = p->argp->options;

	if (key == ARGP_KEY_ARG)
		die(STATUS_USAGE, "unexpected operand '%s' (a command to run goes behind --)", arg);
	for (int i = 0; p->rows[i]; i++) {
		const struct option_row *row = p->rows[i];
		bool own =
			!(row >= shared_options &&
			  row < shared_options + sizeof(shared_options) / sizeof(*shared_options));

		if (row->type == OPTION_HEADING || option[i].key != key)
			continue;
		set_value(row, (char *)(own ? p->tool->config : (void *)p->options) + row->offset,
			  arg);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static size_t count_rows(const struct option_row *rows)
{
	size_t n = 0;

	while (rows && (rows[n].name || rows[n].help))
		n++;
	return n;
}

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

bool option_offered(const struct tool *tool, const struct option_row *row)
{
	if (row->name && !strcmp(row->name, "events"))
		return count_events(tool) > 1;
	if (row->name && !strcmp(row->name, "failed"))
		return has_failures(tool);
	if (row->name && !strcmp(row->name, "tree-view"))
		return has_field(tool, is_depth);
	if (row->name && !strcmp(row->name, "no-redact"))
		return has_field(tool, is_args);
	return true;
}

/* Makes argp's options of the table's rows. */
static size_t add_rows(const struct tool *tool, const struct option_row *rows,
		       struct argp_option *options, const struct option_row **used, size_t n,
		       int *group)
{
	for (size_t i = 0, all = count_rows(rows); i < all; i++) {
		const struct option_row *row = &rows[i];

		if (!option_offered(tool, row))
			continue;
		if (row->type == OPTION_HEADING)
			++*group;
		used[n] = row;
		options[n] = (struct argp_option){
			.name = row->name,
			.arg = row->arg,
			.doc = row->help,
			.group = *group,
		};
		if (row->type != OPTION_HEADING)
			options[n].key = row->letter ? row->letter : LONG_ONLY + (int)n;
		n++;
	}
	return n;
}

const char *event_short_name(const struct event_desc *event)
{
	const char *dot = strchr(event->name, '.');

	return event->brief ? event->brief : dot ? dot + 1 : event->name;
}

/* `-e exec,exit`: by full name, or by what follows the dot. */
static void select_event(const struct tool *tool, struct options *o, const char *name, size_t len)
{
	char known[1024] = "";
	bool found = len == 3 && !memcmp(name, "all", 3);

	for (size_t i = 0; i < count_events(tool); i++) {
		const struct event_desc *event = &tool->events[i];
		const char *full = event->name, *brief = event_short_name(event);

		if (found || (strlen(full) == len && !memcmp(full, name, len)) ||
		    (strlen(brief) == len && !memcmp(brief, name, len))) {
			o->selected |= 1ull << i;
			if (len != 3 || memcmp(name, "all", 3))
				return;
		}
		snprintf(known + strlen(known), sizeof(known) - strlen(known), "%s, ", brief);
	}
	if (!found)
		die(STATUS_USAGE, "--events: no event is called '%.*s'; there are %sand all",
		    (int)len, name, known);
}

static void select_events(const struct tool *tool, struct options *o)
{
	for (size_t i = 0; i < o->event_names.n; i++) {
		const char *p = o->event_names.item[i];

		for (size_t len;; p += len + 1) {
			len = strcspn(p, ",");
			select_event(tool, o, p, len);
			if (!p[len])
				break;
		}
	}
	if (o->event_names.n && o->failed)
		die(STATUS_USAGE, "--failed and --events can't be used together");
	if (!o->event_names.n)
		for (size_t i = 0; i < count_events(tool); i++)
			o->selected |= (uint64_t)(o->failed ? tool->events[i].failure
							    : tool->events[i].by_default)
				       << i;
}

void options_parse(const struct tool *tool, struct options *o, int argc, char **argv)
{
	size_t most = count_rows(tool->options) + count_rows(shared_options) + 1, n = 0;
	struct argp_option options[most];
	const struct option_row *rows[most];
	struct argp argp = {
		.options = options,
		.parser = parse_one,
		.args_doc = "[-- COMMAND [ARG...]]",
		.doc = tool->summary,
	};
	struct parse parse = { tool, o, &argp, rows };
	int group = 0;

	memset(options, 0, sizeof(options));
	memset(rows, 0, sizeof(rows));
	n = add_rows(tool, tool->options, options, rows, n, &group);
	add_rows(tool, shared_options, options, rows, n, &group);
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
	argp_parse(&argp, argc, argv, ARGP_IN_ORDER | ARGP_NO_HELP, NULL, &parse);

	if (o->help || o->usage) {
		/* No sentence at the end about the arguments of short options. */
		setenv("ARGP_HELP_FMT", "no-dup-args-note", 0);
		argp_help(&argp, stdout,
			  o->help ? ARGP_HELP_STD_HELP & ~ARGP_HELP_EXIT_OK : ARGP_HELP_USAGE,
			  (char *)tool->name);
		exit(flush_stdout());
	}
	if (o->version) {
		printf("%s (graintools) %s\n", tool->name, VERSION);
		exit(flush_stdout());
	}
	select_events(tool, o);
}
