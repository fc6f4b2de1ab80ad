/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sink/progress.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "sink/helper.h"

#define PAUSE (250 * MS)

/* "12.3M", in the units that options have. */
static char *put_bytes(char *to, uint64_t bytes)
{
	static const char units[] = "KMGTPE";
	double size = bytes;
	int unit = -1;

	for (; size >= 999.95; unit++)
		size /= 1024;
	return to + (unit < 0 ? sprintf(to, "%.0f bytes", size)
			      : sprintf(to, "%.1f%c", size, units[unit]));
}

static bool wanted(const struct spool *s)
{
	const char *term = getenv("TERM");

	return !shared.quiet && term && strcmp(term, "dumb") && isatty(STDERR_FILENO) &&
	       !isatty(STDIN_FILENO) && !(s->tee && isatty(STDOUT_FILENO));
}

static size_t columns(void)
{
	struct winsize size;

	return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) || !size.ws_col ? 80 : size.ws_col;
}

int64_t progress_show(const struct deliver *d)
{
	static char shown[200], text[200];
	static int64_t next;
	const struct spool *s = d->spool;
	static int on = -1;
	char *to = text;

	if (on < 0) {
		on = wanted(s);
		next = now() + PAUSE; /* what is done until then is not worth a line */
	}
	if (!on)
		return 0;
	if (now() < next)
		return next;
	to += sprintf(to, "%.40s: ", program_invocation_short_name);
	to = stpcpy(put_bytes(to, s->bytes), " in, ");
	to += sprintf(to, "%llu lines sent, ", (unsigned long long)d->lines);
	to = stpcpy(put_bytes(to, s->waiting + s->open.size + s->sealing.at), " waiting");
	sprintf(to, ", %llu retries", (unsigned long long)d->retries);
	if (columns() < sizeof(text)) /* the last column stays empty: some would wrap there */
		text[columns() - 1] = '\0';
	next = now();
	if (!strcmp(text, shown))
		return 0;
	say_below(strcpy(shown, text));
	return next += PAUSE;
}
