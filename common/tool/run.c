/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The run loop: ring to lines to one write(2) a batch; and how a run ends. */
#include <bpf/libbpf.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/stop.h"
#include "base/writer.h"
#include "net/capture.h"
#include "tool/internal.h"

#define CLOCKS_APART 20000 /* ns between two looks at clocks, at most */

#define FLUSH_SIZE (64 << 10) /* a pipe's default capacity */
#define BATCH	   4096	      /* events between two looks at signals and clock */
/* The kernel side wakes us when its last wake-up is 5 ms old (bpf/lib/ring.bpf.h); after that we
 * look. */
#define LOOK_AGAIN (6 * MS)

struct run {
	struct kernel *kernel;
	const struct tool *tool;
	const struct options *o;
	struct out *out;
	struct top *top; /* NULL: each event is a line */
	struct ring_buffer *ring;
	struct writer to;
	int epoll;
	struct command *command;

	char *buf, *end; /* lines not yet written */
	bool terminal;	 /* which scrolls */
	unsigned lines;	 /* since the heading */
	int batch;	 /* records since ring_buffer__consume() was called */

	/* received = printed + filtered + undelivered */
	uint64_t received, printed, filtered, undelivered;
	uint64_t lost_told[EVENT_TYPES];
	int64_t lost_time; /* of the last look at what was lost */
	bool maybe_lost;   /* since then */

	/* With top: */
	int64_t from;	    /* when the sums began */
	uint64_t views;	    /* printed */
	uint64_t view_lost; /* to be said in the next one */

	bool command_ended;
	int command_status;
};

/* Writes all lines, or finds out that they can't be. */
static void flush(struct run *r)
{
	char *p = r->buf + writer_put(&r->to, r->buf, r->end - r->buf);

	for (; p < r->end; p++) /* a line cut in two counts as not delivered */
		if (*p == '\n' && r->printed) {
			r->printed--;
			r->undelivered++;
		}
	r->end = r->buf;
}

/* Writes a line that is no event: the counters stay as they are whatever becomes of it. */
static void flush_other(struct run *r, char *end)
{
	uint64_t printed = r->printed, undelivered = r->undelivered;

	r->end = end;
	flush(r);
	r->printed = printed;
	r->undelivered = undelivered;
}

/* Again, once the last one has left the screen. */
static void put_heading_again(struct run *r)
{
	struct winsize size;

	if (!r->terminal || ioctl(r->to.fd, TIOCGWINSZ, &size) || !size.ws_row)
		return;
	if (++r->lines < size.ws_row)
		return;
	flush(r);
	flush_other(r, out_heading(r->out, r->end));
	r->lines = 1;
}

/* Whether --count says so. */
static bool enough(const struct run *r)
{
	return r->o->count && (r->top ? r->views : r->printed) >= r->o->count;
}

static void print(struct run *r, const struct event *e, size_t size)
{
	char *end;

	if (!writer_open(&r->to)) {
		r->undelivered++;
	} else if (enough(r)) {
		r->filtered++;
	} else if (r->top) {
		r->undelivered += !top_add(r->top, e, size);
	} else if ((end = out_line(r->out, r->end, e, size)) == r->end) {
		r->undelivered++; /* an event that contradicts itself: a defect of ours */
	} else {
		r->end = end;
		r->printed++;
		put_heading_again(r);
		if (r->end - r->buf >= FLUSH_SIZE)
			flush(r);
	}
}

/* What tool_print() prints to: a process has one. */
static struct run *running;

void tool_print(const struct event *e)
{
	const struct tool *tool = running->tool;

	for (size_t i = 0; tool->events[i].name; i++)
		if (tool->events[i].type == e->type && running->o->selected & 1ull << i)
			print(running, e, e->size);
}

int tool_map(const char *name)
{
	return kernel_map_fd(running->kernel, name);
}

static int on_event(void *context, void *data, size_t size)
{
	struct run *r = context;
	struct event *e = data;
	struct cgroup_event *cgroup = data;
	int again = ++r->batch < BATCH ? 0 : -EAGAIN;

	if (e->type == EVENT_CGROUP_MKDIR || e->type == EVENT_CGROUP_RMDIR) {
		if (e->type == EVENT_CGROUP_RMDIR)
			cgroup_remove(e->cgroup);
		else if (cgroup->len)
			cgroup_add(e->cgroup, cgroup->path, cgroup->len);
		return again;
	}
	r->received++;
	if (r->tool->event)
		r->tool->event(e, size);
	else
		print(r, e, size);
	return again;
}

/* How far the time of day is from that of events. Had we to wait for the processor between the two
 * looks we would be off by that: once more, then; but not for ever. */
static void look_at_clocks(struct run *r)
{
	int64_t before, real, took, best = INT64_MAX;

	for (int tries = 0; tries < 3 && best > CLOCKS_APART; tries++) {
		before = read_clock(CLOCK_BOOTTIME);
		real = read_clock(CLOCK_REALTIME);
		took = read_clock(CLOCK_BOOTTIME) - before;
		if (took < best) {
			best = took;
			out_set_clock(r->out, real - before - took / 2);
		}
	}
}

/* Prints what waits in the ring. Returns how many records that were; under a flood not all of them.
 */
static int drain(struct run *r)
{
	look_at_clocks(r);
	r->batch = 0;
	ring_buffer__consume(r->ring);
	flush(r);
	return r->batch;
}

/* Adds up the tool's own events, which the equation is about. */
static struct tally sum(const struct tally tallies[EVENT_TYPES])
{
	struct tally all = {};

	for (int type = EVENT_TREE; type < EVENT_TYPES; type++) {
		all.produced += tallies[type].produced;
		all.lost += tallies[type].lost;
	}
	return all;
}

/* Says in the stream what was lost since the last time. */
static void tell_lost(struct run *r, const struct tally tallies[EVENT_TYPES])
{
	struct {
		struct lost_event e;
		struct lost_by by[EVENT_TYPES];
	} lost = {};
	int n = 0;

	for (int type = EVENT_TREE; type < EVENT_TYPES; type++) {
		uint64_t count = tallies[type].lost - r->lost_told[type];

		if (!count)
			continue;
		lost.by[n++] = (struct lost_by){ .count = count, .type = type };
		lost.e.count += count;
		r->lost_told[type] = tallies[type].lost;
	}
	r->lost_time = now();
	r->maybe_lost = false;
	if (r->top && r->o->table) {
		r->view_lost += lost.e.count;
		return;
	}
	if (!n || !writer_open(&r->to))
		return;
	lost.e.header.ts = read_clock(CLOCK_BOOTTIME);
	lost.e.header.type = EVENT_LOST;
	lost.e.header.size = sizeof(lost.e) + n * sizeof(*lost.by);
	lost.e.by = (struct span){ sizeof(lost.e), n * sizeof(*lost.by) };
	flush_other(r, out_line(r->out, r->end, &lost.e.header, lost.e.header.size));
}

static void look_for_lost(struct run *r)
{
	struct tally tallies[EVENT_TYPES];

	kernel_tallies(r->kernel, r->tool, tallies);
	tell_lost(r, tallies);
}

/* Prints the sums; `last`: there will be no others, which would replace them on the screen. */
static void put_sums(struct run *r, bool last)
{
	uint64_t events = top_events(r->top);
	struct top_view view = { .rows = r->o->top == UINT64_MAX ? 0 : r->o->top };
	struct winsize size;
	char *end;

	if (r->kernel) {
		look_for_lost(r);
		view.ts = read_clock(CLOCK_BOOTTIME);
		view.took = now() - r->from;
	}
	view.lost = r->view_lost;
	if (r->o->screen && !ioctl(r->to.fd, TIOCGWINSZ, &size) && size.ws_row && size.ws_col) {
		view.height = size.ws_row;
		view.width = size.ws_col;
		view.redraw = !last;
	}
	top_begin(r->top, &view);
	while ((end = top_line(r->top, r->end)) != r->end) {
		r->end = end;
		if (end - r->buf >= FLUSH_SIZE)
			flush_other(r, end);
	}
	flush_other(r, end);
	*(writer_open(&r->to) ? &r->printed : &r->undelivered) += events;
	r->from = now();
	r->view_lost = 0;
	r->views++;
}

static void reap(struct run *r, int flags)
{
	int status;
	pid_t pid;

	if (!r->command || r->command_ended)
		return;
	do
		pid = waitpid(r->command->pid, &status, flags);
	while (pid < 0 && errno == EINTR);
	if (pid == r->command->pid) {
		r->command_ended = true;
		r->command_status = command_status(status);
		stop_forward(0);
	}
}

static bool ended(struct run *r, int64_t end)
{
	reap(r, WNOHANG);
	if (r->command ? r->command_ended : stop_asked())
		return true;
	return !writer_open(&r->to) || enough(r) || (end && now() >= end);
}

/* Calls the tool's tick, and returns when that is due again as a time of now(); 0: it isn't. */
static int64_t tick(struct run *r)
{
	int64_t time = read_clock(CLOCK_BOOTTIME), due;

	if (!r->tool->tick)
		return 0;
	due = r->tool->tick(time);
	flush(r);
	return due ? now() + (due > time ? due - time : 0) : 0;
}

static void watch(struct run *r)
{
	int64_t end = r->o->duration ? now() + (int64_t)r->o->duration : 0;
	int64_t looked = now(), active = looked; /* when the ring last gave or promised something */
	struct epoll_event events[4];
	int64_t due = tick(r);

	while (!ended(r, end)) {
		int64_t look_again = looked - active < LOOK_AGAIN ? looked + LOOK_AGAIN : 0;
		int64_t tell = r->maybe_lost ? r->lost_time + SECOND : 0;
		int64_t view = r->top ? r->from + (int64_t)r->o->interval : 0;
		int64_t ours = sooner(sooner(look_again, tell), view);
		int n = epoll_wait(r->epoll, events, 4,
				   timeout_until(sooner(sooner(end, due), ours)));

		looked = now();
		for (int i = 0; i < n; i++) {
			if (events[i].data.fd == stop_fd())
				stop_look();
			if (events[i].data.fd == r->to.fd) /* only errors are asked for */
				r->to.closed = true;
			if (events[i].data.fd == ring_buffer__epoll_fd(r->ring))
				active = looked;
		}
		if (drain(r)) {
			active = now();
			r->maybe_lost =
				true; /* nothing is, while nothing comes: then there is room */
		}
		due = tick(r);
		if (r->maybe_lost && now() - r->lost_time >= SECOND)
			look_for_lost(r);
		/* Behind the tick, which may print sums of the same interval. */
		if (view && now() >= view)
			put_sums(r, false);
	}
}

/* Reads the rest. Events may still be on their way on other processors: the counters tell. */
static void finish(struct run *r, struct tally *all)
{
	struct tally tallies[EVENT_TYPES];
	int64_t limit = now() + SECOND;

	kernel_detach(r->kernel);
	for (;;) {
		while (drain(r))
			;
		kernel_tallies(r->kernel, r->tool, tallies);
		*all = sum(tallies);
		if (all->produced == r->received + all->lost || now() > limit)
			break;
		poll(NULL, 0, 1);
	}
	if (r->tool->tick)
		r->tool->tick(INT64_MAX);
	flush(r);
	tell_lost(r, tallies);
	if (r->top && !enough(r) && (!r->views || top_events(r->top) || r->view_lost))
		put_sums(r, true);
}

static void append(char *line, size_t size, uint64_t n, const char *what)
{
	size_t len = strlen(line);

	if (n)
		snprintf(line + len, size - len, ", %llu %s", (unsigned long long)n, what);
}

static void summarize(const struct run *r, const struct tally *all)
{
	char line[256];

	if (r->o->quiet || r->to.closed)
		return;
	snprintf(line, sizeof(line), "%llu event%s %s", (unsigned long long)r->printed,
		 r->printed == 1 ? "" : "s", r->top ? "summed up" : "printed");
	append(line, sizeof(line), all->lost, "lost");
	append(line, sizeof(line), r->filtered, "filtered");
	append(line, sizeof(line), r->undelivered, "undelivered");
	if (all->produced != r->received + all->lost)
		append(line, sizeof(line), all->produced - r->received - all->lost,
		       "unaccounted for");
	say("%s", line);
	if (r->top && top_without_room(r->top))
		say("%llu events had no room (%d rows at a time have): they are among the others",
		    (unsigned long long)top_without_room(r->top), TOP_KEYS_MAX);
	if (r->o->verbose && r->tool->event)
		say("produced %llu = received %llu + lost %llu", (unsigned long long)all->produced,
		    (unsigned long long)r->received, (unsigned long long)all->lost);
	else if (r->o->verbose)
		say("produced %llu = received %llu + lost %llu; "
		    "received = printed %llu + filtered %llu + undelivered %llu",
		    (unsigned long long)all->produced, (unsigned long long)r->received,
		    (unsigned long long)all->lost, (unsigned long long)r->printed,
		    (unsigned long long)r->filtered, (unsigned long long)r->undelivered);
}

static void add_to_epoll(const struct run *r, int fd, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.fd = fd };

	if (epoll_ctl(r->epoll, EPOLL_CTL_ADD, fd, &event) &&
	    errno != EPERM) /* EPERM: a plain file */
		die(STATUS_FAILED, "epoll: %s", strerror(errno));
}

static void enter_sandbox(const struct options *o, pid_t command)
{
	const char *wrong = o->no_sandbox ? NULL : sandbox_enter(command);

	if (wrong)
		die(STATUS_FAILED, "sandbox: %s: %s (--no-sandbox runs without)", wrong,
		    strerror(errno));
}

static void put_heading(struct run *r)
{
	if (r->top)
		return;
	r->end = out_heading(r->out, r->end);
	r->lines = 1;
	flush(r);
}

/* A pipe may give nothing for long: what was printed goes out before. False: the input has ended.
 */
static bool read_more(struct run *r, struct capture *capture, int fd)
{
	ssize_t n;

	flush(r);
	if (stop_asked() || !writer_open(&r->to))
		return false;
	n = capture_read(capture, fd);
	if (n >= 0 || errno == EINTR)
		return true;
	say("can't read the capture: %s", strerror(errno));
	r->to.failed = errno;
	return false;
}

int run_capture(const struct tool *tool, const struct options *o, const struct sinks *to, int from)
{
	struct run r = {
		.tool = tool,
		.o = o,
		.out = to->out,
		.top = to->top,
		.to = { .fd = to->fd, .what = "events", .grace = o->grace },
	};
	struct capture *capture = capture_new();
	const struct tally none = {};
	enum capture_status status;
	struct captured packet;

	r.buf = r.end = malloc(FLUSH_SIZE + OUT_LINE_MAX);
	if (!r.buf || !capture)
		die(STATUS_FAILED, "out of memory");
	running = &r;
	r.terminal = isatty(to->fd) && !r.top;
	enter_sandbox(o, 0);
	put_heading(&r);
	while ((status = capture_next(capture, &packet)) != CAPTURE_END && !enough(&r)) {
		if (status == CAPTURE_PACKET)
			tool->packet(&packet);
		else if (!read_more(&r, capture, from))
			break;
	}
	if (tool->tick && !enough(&r))
		tool->tick(INT64_MAX);
	flush(&r);
	if (r.top)
		put_sums(&r, true);
	if (capture_error(capture)) {
		say("%s: %s", *tool->capture, capture_error(capture));
		r.to.failed = EINVAL;
	}
	summarize(&r, &none);
	return r.to.failed || r.to.stuck ? STATUS_FAILED : STATUS_OK;
}

int run(struct kernel *k, const struct tool *tool, const struct options *o, const struct sinks *to,
	struct command *command)
{
	struct run r = {
		.kernel = k,
		.tool = tool,
		.o = o,
		.out = to->out,
		.top = to->top,
		.command = command,
		.to = { .fd = to->fd, .what = "events", .grace = o->grace },
	};
	struct tally all;

	r.buf = r.end = malloc(FLUSH_SIZE + OUT_LINE_MAX);
	running = &r;
	r.ring = ring_buffer__new(kernel_map_fd(k, "events"), on_event, &r, NULL);
	r.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (!r.buf || !r.ring || r.epoll < 0)
		die(STATUS_FAILED, "can't read from the kernel: %s", strerror(errno));
	add_to_epoll(&r, ring_buffer__epoll_fd(r.ring), EPOLLIN);
	add_to_epoll(&r, stop_fd(), EPOLLIN);
	add_to_epoll(&r, to->fd, 0);

	r.terminal = isatty(to->fd) && !r.top; /* not a system call that the sandbox allows */
	enter_sandbox(o, command ? command->pid : 0);
	put_heading(&r);
	if (command)
		command_go(command);
	r.lost_time = r.from = now();
	watch(&r);
	finish(&r, &all);
	summarize(&r, &all);

	reap(&r, 0);
	if (r.command_status)
		return r.command_status;
	if (r.to.failed || r.to.stuck)
		return STATUS_FAILED;
	return o->strict && all.lost ? STATUS_LOST : STATUS_OK;
}
