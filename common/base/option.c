/* SPDX-License-Identifier: GPL-2.0-or-later */
/* argp(3), driven by tables. */
#include "base/option.h"

#include <argp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/glob.h"
#include "base/message.h"
#include "base/num.h"

#define LONG_ONLY 0x100 /* argp keys of options without a letter start here */

/* What the parser works on; given to argp as its input. */
struct parse {
	const struct argp_option *options;
	const struct option_row **rows; /* by argp_option, headings included */
	char **values;			/* where the row's set has them */
	enum option_type about;		/* what else was asked for; OPTION_FLAG: nothing */
	struct list *operands;
	bool takes_command;
};

void list_add(struct list *list, const char *item)
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
		if (!arg)
			*number = UINT64_MAX;
		else if (!parse_u64(arg, row->min, row->max, number))
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
	case OPTION_HELP:
	case OPTION_SHORT_HELP:
	case OPTION_VERSION:
	case OPTION_HEADING:
		break;
	}
}

static error_t parse_one(int key, char *arg, struct argp_state *state)
{
	struct parse *p = state->input;

	if (key == ARGP_KEY_ARG && p->operands) {
		list_add(p->operands, arg);
		return 0;
	}
	if (key == ARGP_KEY_ARG)
		die(STATUS_USAGE, "unexpected operand '%s'%s", arg,
		    p->takes_command ? " (a command to run goes behind --)" : "");
	for (int i = 0; p->rows[i]; i++) {
		const struct option_row *row = p->rows[i];

		if (row->type == OPTION_HEADING || p->options[i].key != key)
			continue;
		if (row->type >= OPTION_HELP)
			p->about = row->type;
		else
			set_value(row, p->values[i] + row->offset, arg);
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

static void print_about(const struct command_line *line, const struct argp *argp,
			enum option_type what)
{
	if (what == OPTION_VERSION) {
		printf("%s (graintools) %s\n", line->name, VERSION);
	} else {
		/* No sentence at the end about the arguments of short options. */
		setenv("ARGP_HELP_FMT", "no-dup-args-note", 0);
		argp_help(argp, stdout,
			  what == OPTION_HELP ? ARGP_HELP_STD_HELP & ~ARGP_HELP_EXIT_OK
					      : ARGP_HELP_USAGE,
			  (char *)line->name);
	}
	exit(flush_stdout());
}

void options_read(const struct command_line *line, int argc, char **argv, struct list *operands)
{
	size_t most = 1, n = 0;

	for (const struct option_set *set = line->set; set->values; set++)
		most += count_rows(set->rows);

	struct argp_option options[most];
	const struct option_row *rows[most];
	char *values[most];
	struct argp argp = {
		.options = options,
		.parser = parse_one,
		.args_doc = line->operands,
		.doc = line->summary,
	};
	struct parse parse = { options,	 rows,
			       values,	 OPTION_FLAG,
			       operands, line->operands && strstr(line->operands, "-- ") };
	int group = 0;

	for (const struct option_set *set = line->set; set->values; set++) {
		for (size_t i = 0, all = count_rows(set->rows); i < all; i++, n++) {
			const struct option_row *row = &set->rows[i];

			group += row->type == OPTION_HEADING;
			rows[n] = row;
			values[n] = set->values;
			options[n] = (struct argp_option){
				.name = row->name,
				.arg = row->arg,
				.flags = row->optional ? OPTION_ARG_OPTIONAL : 0,
				.doc = row->help,
				.group = group,
			};
			if (row->type != OPTION_HEADING)
				options[n].key = row->letter ? row->letter : LONG_ONLY + (int)n;
		}
	}
	rows[n] = NULL;
	options[n] = (struct argp_option){};
	argp_parse(&argp, argc, argv, ARGP_IN_ORDER | ARGP_NO_HELP, NULL, &parse);
	if (parse.about != OPTION_FLAG)
		print_about(line, &argp, parse.about);
}

void list_split(const char *s, void (*item)(void *ctx, const char *part, size_t len), void *ctx)
{
	for (size_t len;; s += len + 1) {
		len = strcspn(s, ",");
		item(ctx, s, len);
		if (!s[len])
			break;
	}
}
