/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * burst N: executes itself N times, one after the other, as cheaply as can be. Prints how many ns
 * one fork, exec and exit took.
 */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

int main(int argc, char **argv, char **env)
{
	char *child[] = { argv[0], "--colour=never", "/etc/hostname", "a rather typical argument",
			  NULL };
	long n = argc == 2 ? atol(argv[1]) : 0;
	struct timespec from, to;
	pid_t pid;

	clock_gettime(CLOCK_MONOTONIC, &from);
	for (long i = 0; i < n; i++) {
		if (posix_spawn(&pid, argv[0], NULL, NULL, child, env))
			return 1;
		waitpid(pid, NULL, 0);
	}
	clock_gettime(CLOCK_MONOTONIC, &to);
	if (n > 0)
		printf("%ld\n",
		       ((to.tv_sec - from.tv_sec) * 1000000000 + to.tv_nsec - from.tv_nsec) / n);
	return 0;
}
