/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * terminal COMMAND ARG...: runs it on a terminal of its own. What comes in is
 * typed there, what it shows comes out; the status is the command's.
 */
#include <errno.h>
#include <error.h>
#include <poll.h>
#include <pty.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static bool copy(int from, int to)
{
	char buf[4096];
	ssize_t n = read(from, buf, sizeof(buf));

	return n > 0 && write(to, buf, n) == n;
}

int main(int argc, char **argv)
{
	/* Keys send signals; nothing is echoed, and a newline stays one. */
	struct termios mode = { .c_lflag = ISIG, .c_cc = { [VINTR] = 3, [VMIN] = 1 } };
	int terminal, status;
	pid_t pid;

	if (argc < 2)
		error(1, 0, "no command");
	pid = forkpty(&terminal, NULL, &mode, NULL);
	if (pid < 0)
		error(1, errno, "forkpty");
	if (!pid) {
		execvp(argv[1], argv + 1);
		error(127, errno, "%s", argv[1]);
	}
	for (struct pollfd fd[] = { { terminal, POLLIN }, { STDIN_FILENO, POLLIN } };;) {
		if (poll(fd, 2, -1) < 0)
			error(1, errno, "poll");
		if (fd[0].revents && !copy(terminal, STDOUT_FILENO)) /* EIO: nobody has it open */
			break;
		if (fd[1].revents && !copy(STDIN_FILENO, terminal))
			fd[1].fd = -1;
	}
	waitpid(pid, &status, 0);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
