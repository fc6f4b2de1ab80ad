/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/writer.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/message.h"
#include "base/stop.h"

/* Whether to go on waiting for the reader. */
static bool patient(struct writer *w)
{
	int64_t told = stop_asked(), since = told > w->progress ? told : w->progress;

	w->stuck = told && now() - since > (int64_t)w->grace;
	return !w->stuck;
}

size_t writer_put(struct writer *w, const char *bytes, size_t len)
{
	size_t done = 0;

	while (done < len && writer_open(w)) {
		ssize_t n = write(w->fd, bytes + done, len - done);

		if (n >= 0) {
			done += n;
			w->progress = now();
		} else if (errno == EPIPE) {
			w->closed = true;
		} else if (errno == EAGAIN) { /* somebody made our output non-blocking */
			struct pollfd out = { .fd = w->fd, .events = POLLOUT };

			if (patient(w))
				poll(&out, 1, 100);
		} else if (errno == EINTR) {
			patient(w);
		} else {
			w->failed = errno;
			say("can't write %s: %s", w->what, strerror(errno));
		}
	}
	return done;
}
