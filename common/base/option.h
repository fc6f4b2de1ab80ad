/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line, by tables: a typed row for each option gives parsing, checking and --help;
 * manuals and completions are made of the same rows. */
#ifndef GRAIN_OPTION_H
#define GRAIN_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What an option's argument is, and the C type of its value. */
enum option_type {
	OPTION_FLAG,	 /* no argument. bool */
	OPTION_NUMBER,	 /* between .min and .max. uint64_t */
	OPTION_DURATION, /* of .min ns or more. uint64_t, in ns */
	OPTION_SIZE,	 /* between .min and .max bytes. uint64_t */
	OPTION_STRING,	 /* const char *, of the command line */
	OPTION_LIST,	 /* may be given again and again. struct list */
	OPTION_PATTERN,	 /* shell patterns, again and again, of .max bytes at most. struct glob */
	OPTION_HELP,	 /* no argument, nothing to store: each prints what it is called */
	OPTION_SHORT_HELP,
	OPTION_VERSION,
	OPTION_HEADING, /* no option: .help stands above those that follow in --help */
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
	bool optional; /* OPTION_NUMBER: its argument; without one the value is UINT64_MAX */
};

/* --help, --usage and --version: the last rows of each command's table. */
/* clang-format off */
#define OPTIONS_ABOUT                                                                              \
	{ "help", 'h', OPTION_HELP, .help = "print this list" },                                   \
	{ "usage", 0, OPTION_SHORT_HELP, .help = "print a short usage message" },                  \
	{ "version", 'V', OPTION_VERSION, .help = "print the version" }
/* clang-format on */

/* A table, and the struct that its rows' offsets are in. */
struct option_set {
	const struct option_row *rows; /* NULL: none */
	void *values;
};

struct command_line {
	const char *name, *summary;   /* of the command; the summary is one sentence */
	const char *operands;	      /* as --help shows them; NULL: there are none */
	const struct option_set *set; /* in the order of --help, ended by one without values */
};

/*
 * Sets the values from argv[1] to argv[argc - 1]. Operands are added to `operands`; NULL says that
 * none are allowed. Ends the process on --help, --usage and --version (with what flush_stdout()
 * returns), and on any error (64).
 */
void options_read(const struct command_line *line, int argc, char **argv, struct list *operands);

void list_add(struct list *list, const char *item);

/*
 * Calls `item` for each part of a comma-separated text, empty ones too; `s` isn't changed, and the
 * part not terminated.
 */
void list_split(const char *s, void (*item)(void *ctx, const char *part, size_t len), void *ctx);

#endif
