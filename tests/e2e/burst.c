/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * burst N PROGRAM ARG...: executes PROGRAM N times, one after the other, as
 * fast as it goes. Without arguments it is a program that does nothing, for
 * that purpose.
 */
#include <errno.h>
#include <error.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int status = 0;

	if (argc < 3)
		return 0;
	for (long n = atol(argv[1]); n > 0; n--) {
		pid_t pid;
		int wrong = posix_spawn(&pid, argv[2], NULL, NULL, argv + 2, environ);

		if (wrong || waitpid(pid, &status, 0) != pid || status)
			error(1, wrong ?: errno, "%s: status %#x", argv[2], status);
	}
	return 0;
}
