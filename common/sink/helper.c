/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sink/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/writer.h"

#define AT(member) .offset = offsetof(struct shared, member)

struct shared shared = { .grace = 5 * SECOND };

const struct option_row shared_rows[] = {
	{ .type = OPTION_HEADING, .help = "As in the other helpers:" },
	{ "rejects", 0, OPTION_STRING, "FILE", AT(rejects),
	  .help = "keep input that can't be read in FILE (appended to; mode 0600 if new)" },
	{ "grace", 0, OPTION_DURATION, "TIME", AT(grace), .min = 1,
	  .help = "once told to end, give up after TIME on input that goes on and on output "
		  "that nobody takes (default 5s)" },
	{ "quiet", 'q', OPTION_FLAG, NULL, AT(quiet), .help = "print no summary at the end" },
	OPTIONS_ABOUT,
	{},
};

static struct writer rejects = { .fd = -1, .what = "the file of --rejects" };
static int64_t said;	   /* when reject() last spoke */
static uint64_t said_upto; /* which of them that was */

/* A descriptor below 3 that is closed would be given to the next file opened, and be used as what
 * it is not. These fail as a closed one does. */
static void occupy_standard_files(void)
{
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

void helper_options(const struct helper *helper, int argc, char **argv, struct list *operands)
{
	const struct option_set sets[] = {
		{ helper->options, helper->config },
		{ shared_rows, &shared },
		{},
	};
	const struct command_line line = {
		.name = helper->name,
		.summary = helper->summary,
		.operands = helper->operands,
		.set = sets,
	};

	occupy_standard_files();
	options_read(&line, argc, argv, operands);
	if (!shared.rejects)
		return;
	rejects.fd = open(shared.rejects, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	rejects.grace = shared.grace;
	if (rejects.fd < 0)
		die(STATUS_FAILED, "--rejects: %s: %s", shared.rejects, strerror(errno));
}

void reject_part(const void *bytes, size_t len)
{
	if (rejects.fd >= 0)
		writer_put(&rejects, bytes, len);
}

void reject(const char *what, uint64_t number, const void *bytes, size_t len, const char *sentence,
	    ...)
{
	char text[256];
	va_list args;

	shared.rejected++;
	reject_part(bytes, len);
	reject_part("\n", 1);
	if (said && now() - said < SECOND)
		return;
	va_start(args, sentence);
	vsnprintf(text, sizeof(text), sentence, args);
	va_end(args);
	if (shared.rejected - said_upto > 1)
		say("%s %llu %s (and %llu more before it were left out)", what,
		    (unsigned long long)number, text,
		    (unsigned long long)(shared.rejected - said_upto - 1));
	else
		say("%s %llu %s: left out", what, (unsigned long long)number, text);
	said = now();
	said_upto = shared.rejected;
}

bool rejects_end(void)
{
	if (shared.rejected > said_upto && !shared.quiet)
		say("%llu more were left out", (unsigned long long)(shared.rejected - said_upto));
	if (rejects.closed || rejects.stuck)
		say("--rejects: nobody read all of %s", shared.rejects);
	return writer_open(&rejects);
}

void summarize(const char *format, ...)
{
	char text[512];
	va_list args;

	if (shared.quiet)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	say("%s", text);
}
