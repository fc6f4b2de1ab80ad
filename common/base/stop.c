/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/stop.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/message.h"

/* timeout(1) tells the process, and then its whole group: twice, though it means once. */
#define ONCE (100 * MS)

/* What signal handlers leave behind. */
static volatile int64_t asked;
static volatile pid_t forward_to;
static int wake = -1; /* eventfd that ends the wait */

static void wake_up(void)
{
	uint64_t one = 1;

	if (write(wake, &one, sizeof(one)) < 0)
		return; /* full: it is awake already */
}

/*
 * A timer goes on interrupting write(2), once we are told to end: it would else wait for a stuck
 * reader for ever.
 */
static void on_stop(int signal, siginfo_t *info, void *context)
{
	struct itimerval again = { { 0, 100000 }, { 0, 100000 } };
	int saved = errno;

	(void)context;
	if (asked && now() - asked > ONCE)
		_exit(128 + signal);
	if (asked)
		return;
	asked = now();
	setitimer(ITIMER_REAL, &again, NULL);
	if (forward_to && info->si_code != SI_KERNEL)
		kill(forward_to, signal);
	wake_up();
	errno = saved;
}

static void on_child(int signal)
{
	int saved = errno;

	(void)signal;
	wake_up();
	errno = saved;
}

static void on_alarm(int signal)
{
	(void)signal; /* it has interrupted write(2) */
}

void stop_on_signals(bool children)
{
	static const int stops[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction stop = { .sa_sigaction = on_stop, .sa_flags = SA_SIGINFO };
	struct sigaction child = { .sa_handler = on_child, .sa_flags = SA_NOCLDSTOP };
	struct sigaction alarm = { .sa_handler = on_alarm };
	struct sigaction ignore = { .sa_handler = SIG_IGN }, old;

	wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (wake < 0)
		die(STATUS_FAILED, "eventfd: %s", strerror(errno));
	for (size_t i = 0; i < sizeof(stops) / sizeof(*stops); i++) {
		sigaction(stops[i], NULL, &old);
		if (old.sa_handler !=
		    SIG_IGN) /* nohup(1), and what a shell does for jobs behind & */
			sigaction(stops[i], &stop, NULL);
	}
	if (children)
		sigaction(SIGCHLD, &child, NULL);
	sigaction(SIGALRM, &alarm, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
}

void stop_forward(pid_t pid)
{
	forward_to = pid;
}

int64_t stop_asked(void)
{
	return asked;
}

int stop_fd(void)
{
	return wake;
}

void stop_look(void)
{
	uint64_t count;

	if (read(wake, &count, sizeof(count)) < 0)
		return; /* nobody else reads it: it is not to be waited for */
}
