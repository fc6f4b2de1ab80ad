/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * docs [TEMPLATE]: prints a document of one command; without a template what graintools-events(5)
 * says of it. Compiled for each command, whose source is included, as tables are its own. TOOL is
 * its struct: `helper`, or a producer's of the same name.
 */
#define main main_of_command
#include TOOL_FILE
#undef main

#include <ctype.h>
#include <stdio.h>

#include "man/docs.h"
#include "sink/helper.h"
#include "tool/internal.h"

#define ROWS_MAX 200

/* The command's own options, which --help lists first, and the shared ones. */
static const struct option_row *join(const struct option_row *own,
				     const struct option_row *shared_ones)
{
	static struct option_row rows[ROWS_MAX + 1];
	const struct option_row *const tables[] = { own, shared_ones };
	size_t n = 0;

	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++)
		for (const struct option_row *row = tables[i]; row && row->help; row++)
			if (n < ROWS_MAX)
				rows[n++] = *row;
	return rows;
}

/* A command is one of the two. */

static inline struct document of_producer(const struct tool *tool)
{
	return (struct document){ tool->name, tool->paths ? TOOL_PATHS : TOOL_OPERANDS,
				  join(tool->options, shared_options(tool)), tool->events,
				  tool->groups };
}

static inline struct document of_helper(const struct helper *helper)
{
	return (struct document){ helper->name, helper->operands,
				  join(helper->options, shared_rows), NULL, NULL };
}

#define DOCUMENT_OF(command)                                                                       \
	_Generic(command, const struct tool *: of_producer, const struct helper *: of_helper)(command)

int main(int argc, char **argv)
{
	const struct document d = DOCUMENT_OF(&TOOL);

	if (argc > 1) {
		expand(&d, argv[1]);
	} else {
		printf(".Sh EVENTS OF ");
		for (const char *c = d.name; *c; c++)
			putchar(toupper((unsigned char)*c));
		putchar('\n');
		put_fields(&d, "");
	}
	return fflush(stdout) ? 1 : 0;
}
