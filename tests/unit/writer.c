/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/stop.h"
#include "base/writer.h"
#include "tests/tap.h"

#define PIPE_SIZE 4096 /* the least that there is */
#define LEN	  100000

/* No two blocks of it are alike. */
static char bytes[LEN];

static void open_pipe(int fd[2], int flags)
{
	if (pipe(fd) || fcntl(fd[1], F_SETPIPE_SZ, PIPE_SIZE) < 0 ||
	    fcntl(fd[1], F_SETFL, flags) < 0)
		perror("pipe");
}

/*
 * A process that reads `len` bytes, or to the end, `part` at a time, and sleeps in between. It
 * ends with 0 if they are what is in `bytes`.
 */
static pid_t start_reader(int fd[2], size_t len, size_t part, int64_t pause)
{
	size_t done = 0;
	char buf[PIPE_SIZE];
	pid_t pid = fork();

	if (pid) {
		close(fd[0]);
		return pid;
	}
	close(fd[1]);
	while (done < len) {
		ssize_t n;

		usleep(pause / 1000);
		n = read(fd[0], buf, part < len - done ? part : len - done);
		if (n <= 0 || memcmp(buf, bytes + done, n))
			_exit(1);
		done += n;
	}
	_exit(0);
}

static int status_of(pid_t pid)
{
	int status = -1;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		; /* the timer of stop.c goes on */
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* What is said on stderr goes into a file, until heard() gives it back. */
static int stderr_was, said;

static void listen_to_stderr(void)
{
	fflush(stderr);
	stderr_was = dup(2);
	said = memfd_create("said", MFD_CLOEXEC);
	dup2(said, 2);
}

static const char *heard(void)
{
	static char text[1000];
	ssize_t n;

	fflush(stderr);
	dup2(stderr_was, 2);
	close(stderr_was);
	n = pread(said, text, sizeof(text) - 1, 0);
	text[n < 0 ? 0 : n] = '\0';
	close(said);
	return text;
}

static void test_slow_reader(const char *name, int flags)
{
	struct writer w = { .what = "it" };
	int64_t start = now();
	size_t half = LEN / 2;
	int fd[2];
	pid_t reader;

	open_pipe(fd, flags);
	w.fd = fd[1];
	reader = start_reader(fd, LEN, 1500, 2 * MS);
	is_u64(writer_put(&w, bytes, half), half, "%s: all that a slow reader takes", name);
	is_u64(writer_put(&w, bytes + half, LEN - half), LEN - half, "and what follows");
	ok(writer_open(&w), "there is use in writing more");
	ok(w.progress >= start && w.progress <= now(), "the time of the last write is known");
	close(fd[1]);
	is_i64(status_of(reader), 0, "all has arrived, in order");
}

/* As long as nobody told us to end, and poll(2) comes back before it can write. */
static void test_reader_that_sleeps(void)
{
	struct writer w = { .what = "it", .grace = 1 * MS };
	int fd[2];
	pid_t reader;

	open_pipe(fd, O_NONBLOCK);
	w.fd = fd[1];
	reader = start_reader(fd, 3 * PIPE_SIZE, PIPE_SIZE, 250 * MS);
	is_u64(writer_put(&w, bytes, 3 * PIPE_SIZE), 3 * PIPE_SIZE,
	       "a reader that sleeps is waited for");
	ok(writer_open(&w) && !w.stuck, "it is not stuck");
	close(fd[1]);
	is_i64(status_of(reader), 0, "it got all");
}

static void test_closed(int flags)
{
	struct writer w = { .what = "it" };
	int fd[2];
	pid_t reader;
	size_t n;

	listen_to_stderr();
	open_pipe(fd, flags);
	w.fd = fd[1];
	reader = start_reader(fd, 5000, 1000, 1 * MS);
	n = writer_put(&w, bytes, LEN);
	ok(n >= 5000 && n <= 5000 + 2 * PIPE_SIZE, "what a reader took that went away: %zu", n);
	ok(w.closed && !w.failed && !w.stuck && !writer_open(&w), "it is gone");
	is_u64(writer_put(&w, bytes, 1), 0, "nothing more is written");
	is_str(heard(), "", "which is no failure, so nothing is said");
	close(fd[1]);
	is_i64(status_of(reader), 0, "it got what it read");
}

static void test_failed(void)
{
	struct writer w = { .fd = open("/dev/full", O_WRONLY | O_CLOEXEC), .what = "the events" };
	char expected[200];

	listen_to_stderr();
	is_u64(writer_put(&w, bytes, 10), 0, "nothing has room on a full disk");
	is_i64(w.failed, ENOSPC, "the error is known");
	ok(!w.closed && !w.stuck && !writer_open(&w), "there is no use in writing more");
	is_u64(writer_put(&w, bytes, 10), 0, "so nothing is tried");
	snprintf(expected, sizeof(expected), "%s: can't write the events: %s\n",
		 program_invocation_short_name, strerror(ENOSPC));
	is_str(heard(), expected, "it is said once");
	close(w.fd);
}

static void test_nothing(void)
{
	struct writer w = { .fd = -1, .what = "it" };

	is_u64(writer_put(&w, bytes, 0), 0, "nothing is written where there is nothing");
	ok(writer_open(&w) && !w.progress, "it is not even tried");
}

/* Told to end while nobody reads: by another process, as write(2) may be waiting. */
static void be_stuck(const char *name, int flags)
{
	struct writer w = { .what = "it", .grace = 200 * MS };
	int64_t start = now(), took;
	int fd[2];
	size_t n;

	open_pipe(fd, flags);
	w.fd = fd[1];
	if (!fork()) {
		usleep(100000);
		kill(getppid(), SIGTERM);
		_exit(0);
	}
	n = writer_put(&w, bytes, LEN);
	took = now() - start;
	is_u64(n, PIPE_SIZE, "%s, nobody reads: the pipe is full", name);
	ok(w.stuck && !w.closed && !w.failed && !writer_open(&w), "it gives up");
	ok(stop_asked() && took >= 300 * MS, "after the time of grace: %jd ns", (intmax_t)took);
}

/* Told to end, and the reader is slow but takes something again and again. */
static void be_patient(const char *name, int flags)
{
	struct writer w = { .what = "it", .grace = 600 * MS };
	int fd[2];
	pid_t reader;

	open_pipe(fd, flags);
	w.fd = fd[1];
	raise(SIGTERM);
	reader = start_reader(fd, 10 * PIPE_SIZE, PIPE_SIZE, 100 * MS);
	is_u64(writer_put(&w, bytes, 10 * PIPE_SIZE), 10 * PIPE_SIZE,
	       "%s, told to end: a slow reader still gets all", name);
	ok(writer_open(&w), "it is not stuck");
	close(fd[1]);
	is_i64(status_of(reader), 0, "nothing is missing");
}

/* A process is told to end only once: each of these is one. Its checks go on where ours were. */
static void in_child(void (*test)(const char *name, int flags), const char *name, int flags)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		unsigned done = tap_done, failed = tap_failed;

		stop_on_signals(false);
		test(name, flags);
		fflush(stdout);
		_exit((tap_done - done) << 4 | (tap_failed - failed));
	}
	status = status_of(pid);
	tap_done += status >> 4;
	tap_failed += status & 15;
	ok(status >= 16 && status < 128, "%s: all checks were made", name);
}

int main(void)
{
	for (size_t i = 0; i < LEN; i++)
		bytes[i] = i * i >> 8 ^ i;
	alarm(120); /* rather than for ever */
	signal(SIGPIPE, SIG_IGN);
	test_nothing();
	test_slow_reader("blocking", 0);
	test_slow_reader("non-blocking", O_NONBLOCK);
	test_reader_that_sleeps();
	test_closed(0);
	test_closed(O_NONBLOCK);
	test_failed();
	in_child(be_stuck, "blocking", 0);
	in_child(be_stuck, "non-blocking", O_NONBLOCK);
	in_child(be_patient, "blocking", 0);
	in_child(be_patient, "non-blocking", O_NONBLOCK);
	return done();
}
