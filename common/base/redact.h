/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Secrets in argument vectors made "***". A command line can be read by everybody on its host
 * anyway; what is printed here goes on into files, logs and other hosts, and stays.
 *
 * What is a secret is said by the tables below, which the manual quotes, and by the rules in
 * redact.c. They look at how an argument is written, never at how hard it is to guess.
 */
#ifndef GRAIN_REDACT_H
#define GRAIN_REDACT_H

#include <stdbool.h>
#include <stddef.h>

/* What a secret becomes. */
#define REDACTED "***"

/*
 * What redact() needs for a vector of n bytes: a secret of one byte becomes three, and each byte of
 * the vector has a copy and a mark.
 */
#define REDACT_ROOM(n) (5 * (size_t)(n))

/*
 * Writes the `n` bytes at `vector`, strings that end with a NUL (the last one maybe not), with each
 * secret replaced. `to` has REDACT_ROOM(n) bytes. Returns the length, at most 3 * n, or 0 if there
 * is nothing to redact; `to` then holds nothing of use. The number of strings stays the same.
 */
size_t redact(char *to, const char *vector, size_t n);

/* A rule, and what it makes of a line in a shell. NULL ends the table. */
struct redact_rule {
	const char *what; /* NAME ends with one of redact_keys */
	const char *line, *redacted;
};
extern const struct redact_rule redact_rules[];

/*
 * What the name of a secret ends with, in small and capital letters. An underscore stands for
 * itself, a hyphen, a dot or nothing. NULL ends the table.
 */
struct redact_key {
	const char *name;
	bool whole; /* nothing else than the name, or behind one of - _ . */
	const char *except;
};
extern const struct redact_key redact_keys[];

/* Which part of an option's value is secret. */
enum redact_part {
	REDACT_ALL,
	REDACT_ATTACHED,      /* all of it, and -p without a value in the same word has none */
	REDACT_AFTER_COLON,   /* user:*** */
	REDACT_AFTER_PERCENT, /* user%*** */
	REDACT_LOGIN,	      /* user:***@host */
	REDACT_COOKIE,	      /* all, if it has a '=': else it names a file */
	REDACT_HEADER,	      /* name: ***, if the name ends like one of redact_keys */
	REDACT_OPERAND,	      /* with this option the last operand is a secret */
};

/* Options of certain programs. NULL ends the table. */
struct redact_option {
	const char *programs; /* separated by spaces; "" is any */
	const char *letters;  /* of -p VALUE and -pVALUE, also behind other letters: -spVALUE */
	const char *names;    /* of --name VALUE and --name=VALUE, separated by spaces */
	enum redact_part part;
	const char *others;  /* letters whose value is no secret: what follows is no letter */
	bool before_operand; /* an option behind the first operand is that of another program */
	bool subcommand;     /* `programs` is the first argument of others */
};
extern const struct redact_option redact_options[];

/* How a token starts that shows for itself, anywhere. NULL ends the table. */
struct redact_token {
	const char *prefix;
	unsigned least; /* letters, digits, - and _ behind it */
	bool capital;	/* capital letters and digits only */
	unsigned dots;	/* and at least so many of these, with more of the same between them */
};
extern const struct redact_token redact_tokens[];

#endif
