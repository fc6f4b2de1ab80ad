/* SPDX-License-Identifier: GPL-2.0-or-later */
/* burst N: executes itself N times, one after the other, as cheaply as can be. */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

int main(int argc, char **argv, char **env)
{
	char *child[] = { argv[0], "--colour=never", "/etc/hostname", "a rather typical argument",
			  NULL };
	long n = argc == 2 ? atol(argv[1]) : 0;
	pid_t pid;

	for (; n > 0; n--) {
		if (posix_spawn(&pid, argv[0], NULL, NULL, child, env))
			return 1;
		waitpid(pid, NULL, 0);
	}
	return 0;
}
