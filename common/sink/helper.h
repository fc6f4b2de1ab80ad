/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every helper does the same way: the options it shares with the others, and bad input. */
#ifndef GRAIN_HELPER_H
#define GRAIN_HELPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/message.h"
#include "base/option.h"

/* What a helper's manual and completions are made of: its source calls it `helper`. */
struct helper {
	const char *name;
	const char *summary;  /* one sentence */
	const char *operands; /* as --help shows them; NULL: there are none */
	const struct option_row *options;
	void *config; /* the struct that the options fill */
};

/* The options of all helpers, and what follows from them. */
struct shared {
	const char *rejects;
	uint64_t grace; /* ns */
	bool quiet;

	uint64_t rejected; /* so far */
};
extern struct shared shared;
extern const struct option_row shared_rows[];

/* Parses the command line: the helper's own options and the shared ones. Ends the process on
 * --help and the like, and on any error (64). */
void helper_options(const struct helper *helper, int argc, char **argv, struct list *operands);

/*
 * Input that is left out, as "WHAT NUMBER SENTENCE", such as "line 17 has no closing quote (byte
 * 12)": counted, said on stderr (once a second, with how many there were), and its bytes go, with a
 * newline, into the file of --rejects.
 */
void __attribute__((format(printf, 5, 6)))
reject(const char *what, uint64_t number, const void *bytes, size_t len, const char *sentence, ...);

/* The first bytes of input that is too long to be given to reject() at once. */
void reject_part(const void *bytes, size_t len);

/* Says what reject() has not said yet. False: not all of the file could be written. */
bool rejects_end(void);

/* One line of a summary, unless --quiet. */
void __attribute__((format(printf, 1, 2))) summarize(const char *format, ...);

#endif
