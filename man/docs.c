/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * docs [TEMPLATE]: prints a document of one command; without a template what graintools-events(5)
 * says of it. Compiled for each command, whose source is included, as tables are its own.
 */
#define main main_of_command
#include TOOL_FILE
#undef main

#include <ctype.h>
#include <stdio.h>

#include "man/docs.h"
#include "tool/internal.h"

#define ROWS_MAX 200

/* The command's own options, which --help lists first, and the shared ones. */
static const struct option_row *all_options(void)
{
	static struct option_row rows[ROWS_MAX + 1];
	const struct option_row *const tables[] = { TOOL.options, shared_options(&TOOL) };
	size_t n = 0;

	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++)
		for (const struct option_row *row = tables[i]; row && row->help; row++)
			if (n < ROWS_MAX)
				rows[n++] = *row;
	return rows;
}

int main(int argc, char **argv)
{
	const struct document d = {
		.name = TOOL.name,
		.options = all_options(),
		.events = TOOL.events,
	};

	if (argc > 1) {
		expand(&d, argv[1]);
	} else {
		printf(".Sh EVENTS OF ");
		for (const char *c = TOOL.name; *c; c++)
			putchar(toupper((unsigned char)*c));
		putchar('\n');
		put_fields(&d, "");
	}
	return fflush(stdout) ? 1 : 0;
}
