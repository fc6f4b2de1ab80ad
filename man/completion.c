/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What completions/bash.in and completions/zsh.in ask the tables for. */
#include "man/docs.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "out/out.h"
#include "tool/internal.h"

/*
 * Which values are offered: by the option's name or, where that has no row, by what its argument is
 * called. Nothing is where neither has one.
 */
static const struct values {
	const char *word;
	const char *bash; /* a kind of the template's */
	const char *zsh;  /* an action of _arguments */
} values[] = {
	{ "cgroup", "cgroups", "{compadd -a cgroups}" },
	{ "direction", "directions", "(in out)" },
	{ "events", "events", "{_values -s , event $events}" },
	{ "fields", "fields", "{_values -s , field $fields}" },
	{ "interface", "interfaces", "{compadd -a interfaces}" },
	{ "output", "formats", "(table json)" },
	{ "FIELDS", "fields", "{_values -s , field $fields}" },
	{ "FILE", "files", "_files" },
	{ "PID", "pids", "{compadd -a pids}" },
	{ "USER", "users", "_users" },
	{ "", "nothing", " " },
};

static const struct values *find_values(const struct option_row *row)
{
	const struct values *v = values;

	while (*v->word && strcmp(v->word, row->name) && strcmp(v->word, row->arg))
		v++;
	return v;
}

/* Calls `put` for the fields of all events (there are some), each name once. */
static void each_field(const struct document *d, void (*put)(const char *name, const char *help))
{
	for (const struct field *f = header_fields; f->name; f++)
		put(f->name, f->help);
	for (const struct event_desc *e = d->events; e->name; e++) {
		for (const struct field *f = e->fields; f->name; f++) {
			bool before = false;

			for (const struct event_desc *o = d->events; o < e; o++)
				for (const struct field *g = o->fields; g->name; g++)
					before = before || !strcmp(f->name, g->name);
			if (!before)
				put(f->name, f->help);
		}
	}
}

static void each_event(const struct document *d, void (*put)(const char *name, const char *help))
{
	for (const struct event_desc *e = d->events; e->name; e++)
		put(event_short_name(e), e->help);
	for (const struct event_group *g = d->groups; g && g->name; g++)
		put(g->name, g->help);
	put("all", "all of them");
}

/*
 * bash.
 */

/* A list of words that goes on over lines. */
static size_t column;

static void put_word(const char *word, const char *help)
{
	(void)help;
	if (column + 1 + strlen(word) > 90) {
		printf("\n\t\t");
		column = 0;
	}
	column += printf("%s%s", column ? " " : "", word);
}

static void begin_words(const char *name)
{
	printf("\tlocal %s='", name);
	column = 0;
}

static void put_letters(const struct document *d, const char *name, bool with_arg)
{
	printf("\tlocal %s=", name);
	for (const struct option_row *row = d->options; row->help; row++)
		if (row->letter && !!row->arg == with_arg)
			putchar(row->letter);
	putchar('\n');
}

void put_bash_words(const struct document *d, const char *unused)
{
	(void)unused;
	begin_words("options");
	for (const struct option_row *row = d->options; row->help; row++) {
		char word[64];

		if (row->letter)
			put_word((char[]){ '-', row->letter, '\0' }, NULL);
		snprintf(word, sizeof(word), "--%s%s", row->name, row->arg ? "=" : "");
		if (row->name)
			put_word(word, NULL);
	}
	puts("'");
	put_letters(d, "flags", false);
	put_letters(d, "valued", true);
	if (!d->events)
		return;
	begin_words("events");
	each_event(d, put_word);
	puts("'");
	begin_words("fields");
	each_field(d, put_word);
	puts("'");
}

void put_bash_values(const struct document *d, const char *unused)
{
	(void)unused;
	for (const struct option_row *row = d->options; row->help; row++) {
		if (!row->arg)
			continue;
		putchar('\t');
		if (row->letter)
			printf("-%c | ", row->letter);
		/* What need not be there can't stand in the next word. */
		printf("--%s) %skind=%s ;;\n", row->name,
		       row->optional ? "[[ ${COMP_WORDS[*]:COMP_CWORD - 1:2} != *=* ]] || " : "",
		       find_values(row)->bash);
	}
}

/*
 * zsh.
 */

/* In single quotes, and behind a backslash what ends an explanation in brackets. */
static void put_explanation(const char *s)
{
	putchar('[');
	for (; *s; s++) {
		if (*s == '\'')
			fputs("'\\'", stdout);
		else if (strchr("[]:\\", *s))
			putchar('\\');
		putchar(*s);
	}
	putchar(']');
}

static void put_value(const char *name, const char *help)
{
	printf("\t'%s", name);
	put_explanation(help);
	puts("'");
}

void put_zsh_events(const struct document *d, const char *unused)
{
	(void)unused;
	each_event(d, put_value);
}

void put_zsh_fields(const struct document *d, const char *unused)
{
	(void)unused;
	each_field(d, put_value);
}

/* "PID" as "pid". A colon would end it. */
static void put_message(const char *arg)
{
	for (; *arg; arg++) {
		if (*arg == ':')
			putchar('\\');
		putchar(tolower((unsigned char)*arg));
	}
}

static void put_spec(const struct option_row *row)
{
	bool again = row->type == OPTION_LIST || row->type == OPTION_PATTERN;
	const char *to_letter = row->arg ? "+" : "";
	const char *to_name = row->optional ? "=-" : row->arg ? "=" : "";

	if (row->letter && again)
		printf("'*'{-%c%s,--%s%s}'", row->letter, to_letter, row->name, to_name);
	else if (row->letter)
		printf("'(-%c --%s)'{-%c%s,--%s%s}'", row->letter, row->name, row->letter,
		       to_letter, row->name, to_name);
	else
		printf("'%s--%s%s", again ? "*" : "", row->name, to_name);
	put_explanation(row->help);
	if (row->arg) {
		fputs(row->optional ? "::" : ":", stdout);
		put_message(row->arg);
		printf(":%s", find_values(row)->zsh);
	}
	putchar('\'');
}

void put_zsh_options(const struct document *d, const char *unused)
{
	bool takes_files = d->operands && strstr(d->operands, "FILE");

	(void)unused;
	for (const struct option_row *row = d->options; row->help; row++) {
		if (row->type == OPTION_HEADING)
			continue;
		putchar('\t');
		put_spec(row);
		/* the command goes on behind all but the last */
		puts(row[1].help || takes_files ? " \\" : "");
	}
	if (takes_files)
		puts("\t'*:file:_files'");
}
