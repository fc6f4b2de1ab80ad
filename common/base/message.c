/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/message.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SAID_MAX 4096

/* ECMA-48: erase in line, to its end. The cursor goes back to where others may write, too. */
#define ERASE "\r\033[K"

static char below[200];

/* Names, servers' answers and the like are in what is said, and may steer no terminal: control
 * characters, C1 included, as \xNN. */
static char *put_harmless(char *to, const char *text)
{
	for (const unsigned char *s = (const unsigned char *)text; *s; s++) {
		bool c1 = s[0] == 0xc2 && s[1] >= 0x80 && s[1] < 0xa0;

		if (*s < 0x20 || *s == 0x7f || c1)
			to += sprintf(to, "\\x%02x", *s);
		else
			*to++ = *s;
		if (c1)
			to += sprintf(to, "\\x%02x", *++s);
	}
	return to;
}

/* One write(2) a sentence, so that lines of several processes don't mix. */
static void vsay(const char *format, va_list args)
{
	char said[SAID_MAX], text[sizeof(ERASE) + 4 * SAID_MAX + sizeof(below) + 2];
	char *line = stpcpy(text, *below ? ERASE : "");
	int n = snprintf(said, sizeof(said), "%s: ", program_invocation_short_name);

	vsnprintf(said + n, sizeof(said) - n, format, args);
	line = put_harmless(line, said);
	*line++ = '\n';
	if (*below)
		line = stpcpy(stpcpy(line, below), "\r");
	fwrite(text, 1, line - text, stderr);
}

void say_below(const char *line)
{
	if (line || *below)
		fprintf(stderr, ERASE "%s%s", line ?: "", line ? "\r" : "");
	snprintf(below, sizeof(below), "%s", line ?: "");
}

void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsay(format, args);
	va_end(args);
}

char *text_of(const char *format, ...)
{
	char *text;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		die(STATUS_FAILED, "out of memory");
	va_end(args);
	return text;
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
	say_below(NULL);
	exit(status);
}
