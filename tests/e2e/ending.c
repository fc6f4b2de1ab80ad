/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Processes that end, each in another way. Prints for each what its process.exit must say, as one
 * JSON object; null is a field that the event must not have. Never executes anything.
 *
 *	ending codes | signals | core | threads
 *	ending leader	with a thread that outlives the first one
 *	ending race N	N processes whose two threads end at once; prints their ids
 *	ending times	one that works; prints what it used, by wait4(2)
 */
#include <errno.h>
#include <error.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NS 1000000000ll

/* Runs end(arg) in a process of its own; returns its pid, *status and *usage
 * from wait4(2). */
static pid_t spawn(void (*end)(long arg), long arg, int *status, struct rusage *usage)
{
	pid_t pid = fork();

	if (!pid) {
		end(arg);
		_exit(99); /* not reached */
	}
	if (pid < 0 || wait4(pid, status, 0, usage) != pid)
		error(1, errno, "fork or wait4");
	return pid;
}

/* What wait4(2) said is what the event must say. */
static void tell(pid_t pid, int status)
{
	printf("{\"event\":\"process.exit\",\"pid\":%d,\"ppid\":%d,", pid, getpid());
	if (WIFEXITED(status))
		printf("\"exit_code\":%d,\"signal\":null", WEXITSTATUS(status));
	else if (WTERMSIG(status) > SIGRTMIN)
		printf("\"exit_code\":null,\"signal\":\"SIGRTMIN+%d\"",
		       WTERMSIG(status) - SIGRTMIN);
	else
		printf("\"exit_code\":null,\"signal\":\"SIG%s\"", sigabbrev_np(WTERMSIG(status)));
	printf(",\"core_dumped\":%s,\"since_exec_ns\":null}\n",
	       WIFSIGNALED(status) && WCOREDUMP(status) ? "true" : "null");
}

static void run(void (*end)(long arg), long arg)
{
	struct rusage usage;
	int status;
	pid_t pid = spawn(end, arg, &status, &usage);

	tell(pid, status);
}

static void end_by_exit(long code)
{
	_exit(code);
}

static void end_by_signal(long sig)
{
	signal(sig, SIG_DFL);
	raise(sig);
}

static void codes(void)
{
	run(end_by_exit, 0);
	run(end_by_exit, 1);
	run(end_by_exit, 255);
}

static void signals(void)
{
	const int all[] = { SIGHUP,  SIGINT,  SIGQUIT, SIGILL,	    SIGABRT, SIGBUS,
			    SIGFPE,  SIGKILL, SIGUSR1, SIGSEGV,	    SIGPIPE, SIGALRM,
			    SIGTERM, SIGXCPU, SIGSYS,  SIGRTMIN + 3 };
	const struct rlimit none = {};

	setrlimit(RLIMIT_CORE, &none);
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		run(end_by_signal, all[i]);
}

/* Waits until no other thread is left in this process. */
static void *end_last(void *code)
{
	char path[64];
	int fd = -1;

	prctl(PR_SET_NAME, "last"); /* which is not the name of the process */
	snprintf(path, sizeof(path), "/proc/self/task/%d/status", getpid());
	for (;;) {
		char text[256] = "";

		fd = open(path, O_RDONLY);
		if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0 || strstr(text, "zombie"))
			break;
		close(fd);
		usleep(1000);
	}
	syscall(code ? SYS_exit_group : SYS_exit, (int)(long)code);
	return NULL;
}

/* The first thread ends before the last one. */
static void end_leader_first(long code)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, end_last, (void *)code))
		_exit(98);
	syscall(SYS_exit, 5); /* of this thread only */
}

static void *wait_for_ever(void *unused)
{
	for (;;)
		pause();
	return unused;
}

static void end_with_threads(long code)
{
	pthread_t thread;

	for (int i = 0; i < 5; i++)
		pthread_create(&thread, NULL, wait_for_ever, NULL);
	exit(code);
}

static void *kill_all(void *sig)
{
	signal((long)sig, SIG_DFL);
	kill(getpid(), (long)sig);
	return wait_for_ever(NULL);
}

static void end_by_other_thread(long sig)
{
	pthread_t thread;

	pthread_create(&thread, NULL, kill_all, (void *)sig);
	pthread_join(thread, NULL);
}

static pthread_barrier_t start;

static void *end_now(void *unused)
{
	pthread_barrier_wait(&start);
	syscall(SYS_exit, 0);
	return unused;
}

static void end_in_race(long unused)
{
	pthread_t thread;

	(void)unused;
	pthread_barrier_init(&start, NULL, 2);
	pthread_create(&thread, NULL, end_now, NULL);
	end_now(NULL);
}

/* Which thread's id the event has depends on which was last. */
static void race(int n)
{
	struct rusage usage;
	int status;

	while (n--)
		printf("%d\n", spawn(end_in_race, 0, &status, &usage));
}

static long long used(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * NS + t.tv_nsec;
}

/* Uses `ms` of processor time, mostly in user space or mostly in the kernel. */
static void burn(long ms, bool in_kernel)
{
	static char page[1 << 16];
	int fd = open("/dev/zero", O_RDONLY);
	volatile unsigned n = 0; /* keeps the compiler from doing nothing */

	while (used(CLOCK_THREAD_CPUTIME_ID) < ms * NS / 1000)
		for (int i = 0; i < (in_kernel ? 8 : 10000); i++)
			n += in_kernel ? read(fd, page, sizeof(page)) : i;
	(void)n;
	close(fd);
}

static void *burn_in_kernel(void *ms)
{
	burn((long)ms, true);
	return NULL;
}

static void *burn_in_user(void *ms)
{
	burn((long)ms, false);
	return end_last(NULL);
}

/* A thread that has ended, the first one, and one that outlives it: each uses
 * `ms`. */
static void end_after_work(long ms)
{
	pthread_t thread;

	pthread_create(&thread, NULL, burn_in_kernel, (void *)ms);
	pthread_join(thread, NULL);
	pthread_create(&thread, NULL, burn_in_user, (void *)ms);
	burn(ms, true);
	syscall(SYS_exit, 0);
}

static long long ns(struct timeval t)
{
	return t.tv_sec * NS + t.tv_usec * 1000ll;
}

static void times(void)
{
	struct rusage usage;
	int status;
	pid_t pid = spawn(end_after_work, 150, &status, &usage);

	printf("{\"pid\":%d,\"utime_ns\":%lld,\"stime_ns\":%lld,\"tick_ns\":%lld}\n", pid,
	       ns(usage.ru_utime), ns(usage.ru_stime), NS / sysconf(_SC_CLK_TCK));
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	const struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!strcmp(what, "codes")) {
		codes();
	} else if (!strcmp(what, "signals")) {
		signals();
	} else if (!strcmp(what, "core")) {
		setrlimit(RLIMIT_CORE, &all);
		run(end_by_signal, SIGSEGV);
	} else if (!strcmp(what, "threads")) {
		run(end_with_threads, 7);
		run(end_by_other_thread, SIGTERM);
	} else if (!strcmp(what, "leader")) {
		run(end_leader_first, 0);
		run(end_leader_first, 9);
	} else if (!strcmp(what, "race") && argc > 2) {
		race(atoi(argv[2]));
	} else if (!strcmp(what, "times")) {
		times();
	} else {
		error(1, 0, "codes, signals, core, threads, leader, race N or times");
	}
	return 0;
}
