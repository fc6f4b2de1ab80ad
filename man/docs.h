/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The documents of a command, from its tables: `make docs` compiles docs.c with the command's
 * source into build/docs/NAME, which copies a template (man/NAME.8.in, completions/bash.in) and
 * puts what the tables say in place of lines between two @ (see expand.c for those that there are).
 */
#ifndef GRAIN_DOCS_H
#define GRAIN_DOCS_H

#include "tool/tool.h"

struct document {
	const char *name;
	const char *operands;		  /* as --help shows them; NULL: there are none */
	const struct option_row *options; /* all, as one table */
	const struct event_desc *events;  /* NULL: it watches nothing, so it is a helper */
	const struct event_group *groups; /* of them; NULL: there are none */
};

/* expand.c: the template, and text in mdoc(7). */

/* Copies the template to standard output. Ends the process if it can't. */
void expand(const struct document *d, const char *template);

void __attribute__((noreturn, format(printf, 1, 2))) fail(const char *format, ...);

/*
 * Prints a text of a table. In it `arg` (NULL: none), options and variables of the environment are
 * marked up; `mark` goes behind its last word ("" or a full stop).
 */
void mdoc_text(const char *text, const char *arg, const char *mark);

/* Prints a line of a block that is not filled, as it is. */
void mdoc_line(const char *line);

/* options.c: what is offered under one heading of --help; "": before the first. */
void put_options(const struct document *d, const char *heading);

/* Fails unless put_options() printed every option. */
void check_options(const struct document *d);

/* fields.c: the fields of "header" or "lost"; "": all events of the command. */
void put_fields(const struct document *d, const char *which);

/* secrets.c: the "rules" by which secrets are found in arguments, and the "names", "options" and
 * "tokens" that those know. */
void put_secrets(const struct document *d, const char *which);

/* completion.c: what completion knows of the options, for the shell's template. */
void put_bash_words(const struct document *d, const char *unused);
void put_bash_values(const struct document *d, const char *unused);
void put_zsh_fields(const struct document *d, const char *unused);
void put_zsh_events(const struct document *d, const char *unused);
void put_zsh_options(const struct document *d, const char *unused);

#endif
