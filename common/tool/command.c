/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `-- COMMAND`: forked while we may still do everything, executed when all is attached. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tool/internal.h"

#define NOT_EXECUTABLE 126 /* POSIX.1-2017, 2.8.2: exit status for commands */
#define NOT_FOUND      127

void command_prepare(struct command *c, char **argv, bool keep_stdout)
{
	int go[2];
	char byte;

	if (pipe2(go, O_CLOEXEC) || (c->pid = fork()) < 0)
		die(STATUS_FAILED, "can't start a process: %s", strerror(errno));
	if (c->pid) {
		close(go[0]);
		c->go = go[1];
		return;
	}

	close(go[1]);
	if (read(go[0], &byte, 1) != 1) /* the tool ended before it began to watch */
		_exit(STATUS_FAILED);
	if (!keep_stdout && dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
		say("standard output of the command: %s", strerror(errno));
	execvp(argv[0], argv);
	say("%s: %s", argv[0], strerror(errno));
	_exit(errno == ENOENT || errno == ENOTDIR ? NOT_FOUND : NOT_EXECUTABLE);
}

void command_go(struct command *c)
{
	if (write(c->go, "", 1) != 1)
		say("can't start the command: %s", strerror(errno));
	close(c->go);
}

int command_status(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
