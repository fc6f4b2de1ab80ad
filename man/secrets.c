/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What graintools(7) says of secrets in arguments, from the tables of common/base/redact.c. */
#include "man/docs.h"

#include <stdio.h>
#include <string.h>

#include "base/redact.h"

static void put_rules(void)
{
	puts(".Bl -bullet");
	for (const struct redact_rule *r = redact_rules; r->what; r++) {
		puts(".It");
		mdoc_text(r->what, NULL, "");
		puts(".Bd -unfilled -offset 2n -compact");
		mdoc_line(r->line);
		mdoc_line(r->redacted);
		puts(".Ed");
	}
	puts(".El");
}

/* Those of which there is nothing else to say, and then the others. */
static void put_names(void)
{
	for (const struct redact_key *k = redact_keys; k->name; k++)
		if (!k->whole && !k->except)
			printf(".Li %s ,\n", k->name);
	puts("and\n.Bl -tag -width Ds -compact");
	for (const struct redact_key *k = redact_keys; k->name; k++) {
		if (!k->whole && !k->except)
			continue;
		printf(".It Li %s\n", k->name);
		printf("%s%s%s%s\n", k->whole ? "alone, or behind one of - _ and dot" : "",
		       k->whole && k->except ? "; " : "", k->except ? "but not for " : "",
		       k->except ?: "");
	}
	puts(".El");
}

static const char *part_name(enum redact_part part)
{
	switch (part) {
	case REDACT_ALL:
		return "the value";
	case REDACT_ATTACHED:
		return "the value, if it stands in the same word";
	case REDACT_AFTER_COLON:
		return "what stands behind the colon of user:password";
	case REDACT_AFTER_PERCENT:
		return "what stands behind the percent sign of user%password";
	case REDACT_LOGIN:
		return "the password in user:password@host";
	case REDACT_COOKIE:
		return "the value, unless it is the name of a file";
	case REDACT_HEADER:
		return "the value of a header whose name ends like one of the above";
	case REDACT_OPERAND:
		return "the last operand, where this is given";
	}
	return "";
}

static void put_option_names(const struct redact_option *o)
{
	const char *before = "";

	for (const char *c = o->letters; *c; c++, before = " ,")
		printf("%s %c", before, *c);
	for (const char *p = o->names; *p; p += strspn(p, " "), before = " ,") {
		int len = strcspn(p, " ");

		printf("%s -%.*s", before, len, p);
		p += len;
	}
}

static void put_programs(const char *programs)
{
	if (!*programs)
		puts("any program:");
	for (const char *p = programs; *p; p += strspn(p, " ")) {
		int len = strcspn(p, " ");

		printf("%.*s%c\n", len, p, p[len] ? ',' : ':');
		p += len;
	}
}

static void put_options_of_programs(void)
{
	puts(".Bl -tag -width Ds -compact");
	for (const struct redact_option *o = redact_options; o->programs; o++) {
		printf(".It Fl");
		put_option_names(o);
		printf("\nof %s", o->subcommand ? "the subcommand " : "");
		put_programs(o->programs);
		printf("%s%s\n", part_name(o->part),
		       o->before_operand ? ", before the command" : "");
	}
	puts(".El");
}

static void put_tokens(void)
{
	for (const struct redact_token *t = redact_tokens; t->prefix; t++)
		printf(".Li %s%s\n", t->prefix, t[1].prefix ? " ," : " .");
}

void put_secrets(const struct document *d, const char *which)
{
	static const struct {
		const char *name;
		void (*put)(void);
	} lists[] = {
		{ "rules", put_rules },
		{ "names", put_names },
		{ "options", put_options_of_programs },
		{ "tokens", put_tokens },
		{},
	};

	(void)d;
	for (int i = 0; lists[i].name; i++) {
		if (strcmp(lists[i].name, which))
			continue;
		lists[i].put();
		return;
	}
	fail("no list of secrets is called '%s'", which);
}
