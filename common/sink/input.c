/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sink/input.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/stop.h"
#include "sink/helper.h"

#define READ_SIZE (256 << 10)

struct buffer {
	char bytes[INPUT_LINE_MAX + READ_SIZE];
	size_t used;	 /* bytes that are no whole line yet */
	size_t searched; /* of them, for the end of the line */
	size_t dropped;	 /* bytes of this line that are gone, as it is too long */
	struct json_object object;
};

static bool is_blank(const char *line, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!strchr(" \t\r", line[i]) || !line[i])
			return false;
	return true;
}

static void take_line(struct input *in, struct buffer *b, const char *line, size_t len)
{
	in->lines++;
	if (b->dropped || len > INPUT_LINE_MAX) {
		reject("line", in->lines, line, len, "has more than %d bytes", INPUT_LINE_MAX);
		b->dropped = 0;
	} else if (json_scan(&b->object, line, len)) {
		in->line(in->ctx, &b->object);
	} else if (!is_blank(line, len)) {
		reject("line", in->lines, line, len, "%s (byte %zu)", b->object.wrong,
		       b->object.wrong_at + 1);
	}
}

/* All whole lines of the buffer. What remains moves to its start. */
static void take_lines(struct input *in, struct buffer *b)
{
	char *line = b->bytes, *end = b->bytes + b->used, *newline;

	while ((newline = memchr(line + b->searched, '\n', end - line - b->searched))) {
		take_line(in, b, line, newline - line);
		line = newline + 1;
		b->searched = 0;
	}
	b->used = end - line;
	if (b->used > INPUT_LINE_MAX) {
		reject_part(line, b->used);
		b->dropped += b->used;
		b->used = 0;
	}
	memmove(b->bytes, line, b->used);
	b->searched = b->used;
}

static bool wanted(const struct input *in)
{
	return (!in->tee || writer_open(in->tee)) && (!in->out || writer_open(in->out));
}

/* Waits for input, at most until a time of now(). Whether there is any. */
static bool wait_for_input(const struct input *in, int64_t until)
{
	struct writer *writers[] = { in->tee, in->out };
	struct pollfd fds[] = {
		{ .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = stop_fd(), .events = POLLIN },
		{ .fd = in->tee ? in->tee->fd : -1 },
		{ .fd = in->out ? in->out->fd : -1 },
	};

	if (poll(fds, 4, timeout_until(until)) <= 0)
		return false;
	if (fds[1].revents)
		stop_look();
	/* A reader that is gone is not to be found out by the next write, which may be far. */
	for (int i = 0; i < 2; i++)
		if (fds[2 + i].revents & POLLERR)
			writers[i]->closed = true;
	return fds[0].revents;
}

bool input_read(struct input *in)
{
	struct buffer *b = malloc(sizeof(*b));
	int64_t window = later(now(), in->interval);
	bool ended = false, failed = false, typed = isatty(STDIN_FILENO);

	if (!b)
		die(STATUS_FAILED, "out of memory");
	b->used = b->searched = b->dropped = 0;
	b->object = (struct json_object){};
	if (typed)
		say("reading events from the terminal, one JSON object a line");

	while (!ended && !failed && wanted(in)) {
		int64_t give_up = stop_asked() ? later(stop_asked(), shared.grace) : 0;
		ssize_t n;

		if (now() >= window) {
			int64_t late;

			in->window(in->ctx);
			/* Windows that a long wait has missed are one. */
			late = now() - window;
			window = later(window + late, in->interval - late % in->interval);
		}
		/* Nothing is on its way from a terminal. */
		ended = typed && give_up;
		if (ended || (give_up && now() >= give_up))
			break;
		if (!wait_for_input(in, sooner(window, give_up)))
			continue;
		n = read(STDIN_FILENO, b->bytes + b->used, READ_SIZE);
		if (n < 0 && errno != EINTR && errno != EAGAIN) {
			say("can't read events: %s", strerror(errno));
			failed = true;
		}
		ended = !n;
		if (n <= 0)
			continue;
		if (in->tee)
			writer_put(in->tee, b->bytes + b->used, n);
		b->used += n;
		take_lines(in, b);
	}
	if (!ended && !failed && wanted(in))
		say("gave up on input that does not end");
	if ((b->used || b->dropped) && wanted(in))
		take_line(in, b, b->bytes, b->used);
	in->window(in->ctx);
	json_free(&b->object);
	free(b);
	return ended || !wanted(in);
}
