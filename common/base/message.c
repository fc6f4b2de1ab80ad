/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/message.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One write(2) a sentence, so that lines of several processes don't mix. */
static void vsay(const char *format, va_list args)
{
	char line[4096];
	int n = snprintf(line, sizeof(line) - 1, "%s: ", program_invocation_short_name);

	n += vsnprintf(line + n, sizeof(line) - 1 - n, format, args);
	if (n > (int)sizeof(line) - 2)
		n = sizeof(line) - 2;
	line[n] = '\n';
	fwrite(line, 1, n + 1, stderr);
}

void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsay(format, args);
	va_end(args);
}

int flush_stdout(void)
{
	if (!fflush(stdout) && !ferror(stdout))
		return STATUS_OK;
	say("can't write: %s", strerror(errno));
	return STATUS_FAILED;
}

void die(int status, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsay(format, args);
	va_end(args);
	exit(status);
}
