/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "man/docs.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_WIDTH 78

void fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	putc('\n', stderr);
	exit(1);
}

/*
 * Text.
 */

/* Whether a word, without what encloses it, is the argument's name, a variable, option or path. */
static const char *macro_of(const char *word, size_t len, const char *arg)
{
	if (arg && strlen(arg) == len && !memcmp(word, arg, len))
		return "Ar";
	if (len > 1 && *word == '$')
		return "Ev";
	if (len > 1 && *word == '-')
		return "Fl";
	if (len > 1 && *word == '/')
		return "Pa";
	return NULL;
}

/* What encloses the word are arguments too, which the macro leaves alone. */
static void put_macro(const char *macro, const char *before, const char *word, const char *end,
		      const char *after)
{
	bool is_arg = !strcmp(macro, "Ar");

	printf(".%s", macro);
	for (; before < word; before++)
		printf(" %c", *before);
	putchar(' ');
	word += *word == '$' || *word == '-';
	for (; word < end; word++)
		putchar(is_arg ? tolower((unsigned char)*word) : *word);
	for (; end < after; end++)
		printf(" %c", *end);
}

/* Of a word in a line of text, what roff would take for its own. */
static void put_word(const char *word, size_t len, bool first)
{
	if (first && (*word == '.' || *word == '\''))
		fputs("\\&", stdout);
	for (size_t i = 0; i < len; i++) {
		if (word[i] == '\\')
			fputs("\\e", stdout);
		else
			putchar(word[i]);
	}
}

void mdoc_text(const char *text, const char *arg, const char *mark)
{
	size_t column = 0, len;

	for (const char *p = text; *p; p += len, p += *p == ' ') {
		const char *core = p, *end, *macro;

		len = strcspn(p, " ");
		end = p + len;
		core += *core == '(';
		while (end > core && strchr(".,:;)", end[-1]))
			end--;
		macro = macro_of(core, end - core, arg);
		if (macro) {
			fputs(column ? "\n" : "", stdout);
			put_macro(macro, p, core, end, p + len);
			printf(p[len] || !*mark ? "\n" : " %s\n", mark);
			column = 0;
			continue;
		}
		if (column && column + 1 + len > LINE_WIDTH) {
			putchar('\n');
			column = 0;
		}
		if (column)
			column += printf(" ");
		put_word(p, len, !column);
		column += len;
	}
	if (column)
		puts(mark);
}

void mdoc_line(const char *line)
{
	put_word(line, strlen(line), true);
	putchar('\n');
}

/*
 * Templates.
 */

static void include(const struct document *d, const char *path);

static void put_input(const struct document *d, const char *unused)
{
	(void)d, (void)unused;
	for (int c; (c = getchar()) != EOF;)
		putchar(c);
}

/* Between a line @IF WORD@ whose word doesn't hold and @END@. */
static bool hidden;

/* Holds where the command has "EVENTS" or, in what --help shows, this operand. */
static void begin_if(const struct document *d, const char *word)
{
	bool is_operand = d->operands && strstr(d->operands, word);

	hidden = strcmp(word, "EVENTS") ? !is_operand : !d->events;
}

static void end_if(const struct document *d, const char *unused)
{
	(void)d, (void)unused;
	hidden = false;
}

/* A line `@WORD ARGUMENT@`, or `@WORD@`, becomes what its function prints. */
static const struct directive {
	const char *word;
	void (*put)(const struct document *d, const char *arg);
} directives[] = {
	{ "IF", begin_if },
	{ "END", end_if },
	{ "INCLUDE", include },
	{ "EVENTS", put_input }, /* of all commands: see docs.c */
	{ "OPTIONS", put_options },
	{ "FIELDS", put_fields },
	{ "SECRETS", put_secrets },
	{ "BASH WORDS", put_bash_words },
	{ "BASH VALUES", put_bash_values },
	{ "ZSH FIELDS", put_zsh_fields },
	{ "ZSH EVENTS", put_zsh_events },
	{ "ZSH OPTIONS", put_zsh_options },
	{},
};

static const struct directive *find_directive(const char *line, const char **arg)
{
	for (const struct directive *i = directives; i->word; i++) {
		size_t len = strlen(i->word);

		if (strncmp(line, i->word, len) || (line[len] && line[len] != ' '))
			continue;
		*arg = line[len] ? line + len + 1 : "";
		return i;
	}
	return NULL;
}

/* @NAME@ within a line is the command's name, @TEMPLATE@ that of the template. */
static void put_line(const struct document *d, const char *line, const char *template)
{
	for (const char *p = line; *p;) {
		if (!strncmp(p, "@NAME@", 6)) {
			fputs(d->name, stdout);
			p += 6;
		} else if (!strncmp(p, "@TEMPLATE@", 10)) {
			fputs(template, stdout);
			p += 10;
		} else {
			putchar(*p++);
		}
	}
	putchar('\n');
}

static void include(const struct document *d, const char *path)
{
	FILE *f = fopen(path, "r");
	char *line = NULL;
	size_t room = 0;
	ssize_t len;

	if (!f)
		fail("%s: %m", path);
	while ((len = getline(&line, &room, f)) > 0) {
		const struct directive *directive = NULL;
		const char *arg;

		if (line[len - 1] == '\n')
			line[--len] = '\0';
		if (len > 1 && *line == '@' && line[len - 1] == '@') {
			line[len - 1] = '\0';
			directive = find_directive(line + 1, &arg);
			if (!directive)
				fail("%s: %s@ is unknown", path, line);
			if (!hidden || directive->put == end_if)
				directive->put(d, arg);
		} else if (!hidden) {
			put_line(d, line, path);
		}
	}
	free(line);
	fclose(f);
}

void expand(const struct document *d, const char *template)
{
	include(d, template);
	check_options(d);
}
