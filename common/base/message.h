/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a command tells its user, and how it ends. */
#ifndef GRAIN_MESSAGE_H
#define GRAIN_MESSAGE_H

/* Exit statuses, the same for each command; with `-- COMMAND` the command's own. From sysexits.h
 * from 64 on. */
enum {
	STATUS_OK = 0,
	STATUS_FAILED = 1,	   /* at run time */
	STATUS_LOST = 3,	   /* events were lost, and --strict given */
	STATUS_USAGE = 64,	   /* EX_USAGE */
	STATUS_UNSUPPORTED = 69,   /* EX_UNAVAILABLE: the kernel lacks something */
	STATUS_UNSENT = 75,	   /* EX_TEMPFAIL: not all that was read has arrived */
	STATUS_NOT_PERMITTED = 77, /* EX_NOPERM */
};

/* Prints "NAME: sentence" to stderr. The name is the process's. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * A line that stays below what is said, on a terminal, until another one takes its place or NULL
 * takes it away. It must fit into one line there.
 */
void say_below(const char *line);

/* The same as say(), and ends the process. */
void __attribute__((noreturn, format(printf, 2, 3))) die(int status, const char *format, ...);

/* What printf(3) would print; to be freed. Ends the process when there is no memory for it. */
char *text_of(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The exit status of a run that only printed to stdout; says so if that failed. */
int flush_stdout(void);

#endif
