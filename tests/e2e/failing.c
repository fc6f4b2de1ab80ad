/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Executes what can't be executed, each time in a process of its own, and prints what its
 * process.exec_failed must say, as one JSON object. Wants to write to the current directory.
 *
 *	failing errors		one call each
 *	failing search NAME	of a NAME in three directories that don't have it
 *	failing found NAME	the same, and then $PATH
 *	failing twice		two calls, and another one between them
 *	failing silently	and ends at once
 *	failing many N		with N more arguments than the name
 *	failing unread		with an argument that the kernel has no need to read
 */
#include <errno.h>
#include <error.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOWHERE "/nowhere/1:/nowhere/2:/nowhere/3"

static void tell(int error, const char *filename, int tries, char **argv)
{
	printf("{\"event\":\"process.exec_failed\",\"pid\":%d,\"tid\":%d,\"ppid\":%d", getpid(),
	       getpid(), getppid());
	printf(",\"comm\":\"failing\",\"parent_comm\":\"failing\",\"error\":\"%s\"",
	       strerrorname_np(error));
	printf(",\"filename\":\"%s\",\"tries\":%d,\"args_truncated\":null,\"args\":[", filename,
	       tries);
	for (char **arg = argv; *arg; arg++)
		printf("%s\"%s\"", arg > argv ? "," : "", *arg);
	printf("]}\n");
	fflush(stdout);
}

/* In a child; the parent waits. */
static bool child(void)
{
	int status;
	pid_t pid = fork();

	if (pid < 0 || (pid && waitpid(pid, &status, 0) != pid))
		error(1, errno, "fork");
	return !pid;
}

static void fail(const char *path)
{
	/* Written here, so that the kernel finds them in memory. */
	char name[] = "failing", to[] = "to", execute[] = "execute";
	char *argv[] = { name, to, execute, NULL };

	if (!child())
		return;
	execve(path, argv, environ);
	tell(errno, path, 1, argv);
	_exit(0);
}

static void make(const char *path, const char *content, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, mode);

	if (fd < 0 || write(fd, content, strlen(content)) < 0)
		error(1, errno, "%s", path);
	close(fd);
}

static void errors(void)
{
	char name[300] = "";

	make("plain", "", 0644);
	make("text", "no program", 0755);
	make("script", "#!/nowhere/interpreter\n", 0755);
	if (symlink("loop", "loop"))
		error(1, errno, "loop");
	fail("/nowhere/program");
	fail("./plain");
	fail("plain/program");
	fail("loop");
	fail("text");
	fail("script");
	fail("/");
	fail("");
	fail(memset(name, 'x', sizeof(name) - 1));
	if (child()) {
		char at[] = "at", *argv[] = { at, NULL };

		syscall(SYS_execveat, open("/", O_PATH), "nowhere", argv, environ, 0);
		tell(errno, "nowhere", 1, argv);
		_exit(0);
	}
}

/* The second argument is where nobody has looked yet: in a page of a file that is not in memory. */
static void unread(void)
{
	int fd = open("argument", O_RDWR | O_CREAT | O_EXCL, 0644);
	char name[] = "failing", *argument, *argv[] = { name, NULL, NULL };

	if (fd < 0 || write(fd, "argument", sizeof("argument")) < 0)
		error(1, errno, "argument");
	argument = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
	if (argument == MAP_FAILED)
		error(1, errno, "mmap");
	argv[1] = argument;
	execve("/nowhere/program", argv, environ);
}

static void search(char *name)
{
	char argument[] = "argument", *argv[] = { name, argument, NULL }, last[300];

	if (!child())
		return;
	setenv("PATH", NOWHERE, 1);
	execvp(name, argv);
	snprintf(last, sizeof(last), "/nowhere/3/%s", name);
	tell(errno, last, 3, argv);
	_exit(0);
}

static void found(char *name)
{
	char *argv[] = { name, NULL }, *path;

	if (asprintf(&path, NOWHERE ":%s", getenv("PATH")) < 0)
		error(1, errno, "PATH");
	setenv("PATH", path, 1);
	execvp(name, argv);
	error(1, errno, "%s", name);
}

static void twice(void)
{
	char *argv[] = { "failing", NULL };

	execve("/nowhere/first", argv, environ);
	getppid();
	execve("/nowhere/second", argv, environ);
}

static void many(int n)
{
	char *argv[n + 2];

	argv[0] = "failing";
	for (int i = 1; i <= n; i++)
		if (asprintf(&argv[i], "%d", i) < 0)
			error(1, errno, "argument");
	argv[n + 1] = NULL;
	if (!child())
		return;
	execve("/nowhere/many", argv, environ);
	tell(errno, "/nowhere/many", 1, argv);
	_exit(0);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "", *value = argc > 2 ? argv[2] : "";

	if (!strcmp(what, "errors")) {
		errors();
	} else if (!strcmp(what, "search")) {
		search((char *)value);
	} else if (!strcmp(what, "found")) {
		found((char *)value);
	} else if (!strcmp(what, "twice")) {
		twice();
	} else if (!strcmp(what, "many")) {
		many(atoi(value));
	} else if (!strcmp(what, "unread")) {
		unread();
	} else if (!strcmp(what, "silently")) {
		execve("/nowhere/silently", argv, environ);
		syscall(SYS_exit_group, 0);
	} else {
		error(1, 0, "errors, search NAME, found NAME, twice, silently, unread or many N");
	}
	return 0;
}
