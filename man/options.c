/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A manual's OPTIONS. */
#include "man/docs.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* Bit N: options[N] has been printed. */
static uint8_t printed[32];
static bool asked;

/* "Filters (given twice …):" is the heading "Filters". */
static bool is_heading(const struct option_row *row, const char *heading)
{
	size_t len = strlen(heading);

	return !strncmp(row->help, heading, len) &&
	       (row->help[len] == ':' || !strncmp(row->help + len, " (", 2));
}

/* KEY=VALUE are two arguments. */
static void put_arg(const char *arg, bool after_name)
{
	size_t len = strcspn(arg, "=");

	printf("%s = Ns Ar ", after_name ? " Ns" : "");
	for (size_t i = 0; i < len; i++)
		putchar(tolower((unsigned char)arg[i]));
	if (arg[len])
		put_arg(arg + len + 1, true);
}

static void put_item(const struct option_row *row)
{
	char help[512];

	printf(".It Fl");
	if (row->letter)
		printf(" %c ,", row->letter);
	printf(" -%s", row->name);
	if (row->optional)
		printf(" Ns Op");
	if (row->arg)
		put_arg(row->arg, !row->optional);
	putchar('\n');

	/* A word in capitals is a name. */
	snprintf(help, sizeof(help), "%s", row->help);
	*help = toupper((unsigned char)*help);
	mdoc_text(help, row->arg, ".");
}

void put_options(const struct document *d, const char *heading)
{
	bool under = !*heading, any = false;

	for (const struct option_row *row = d->options; row->help; row++) {
		size_t i = row - d->options;

		if (row->type == OPTION_HEADING) {
			under = is_heading(row, heading);
			continue;
		}
		if (!under)
			continue;
		if (!any)
			puts(".Bl -tag -width Ds");
		any = true;
		put_item(row);
		printed[i / 8] |= 1 << i % 8;
	}
	if (any)
		puts(".El");
	else if (*heading)
		fail("no options are under a heading '%s'", heading);
	asked = true;
}

void check_options(const struct document *d)
{
	for (const struct option_row *row = d->options; asked && row->help; row++) {
		size_t i = row - d->options;

		if (row->type != OPTION_HEADING && !(printed[i / 8] >> i % 8 & 1))
			fail("the page has no place for --%s", row->name);
	}
}
