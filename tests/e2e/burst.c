/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * burst N PROGRAM ARG...: executes PROGRAM N times, one after the other, as fast as it goes.
 * burst N: only forks, N times.
 * burst: a program that does nothing, for that purpose.
 */
#include <errno.h>
#include <error.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t start(char **argv)
{
	pid_t pid = -1;

	if (*argv)
		errno = posix_spawn(&pid, argv[0], NULL, NULL, argv, environ);
	else if (!(pid = fork()))
		_exit(0);
	return pid;
}

int main(int argc, char **argv)
{
	int status = 0;

	for (long n = argc > 1 ? atol(argv[1]) : 0; n > 0; n--) {
		pid_t pid = start(argv + 2);

		if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
			error(1, errno, "status %#x", status);
	}
	return 0;
}
