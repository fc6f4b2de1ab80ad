/* SPDX-License-Identifier: GPL-2.0-or-later */
/* launch WAY ...: executes a program in one of the less common ways. */
#include <errno.h>
#include <error.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/memfd.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEPTH	 20 /* times NAME_LEN is more than PATH_MAX */
#define NAME_LEN 250

static int must(int result, const char *what)
{
	if (result < 0)
		error(1, errno, "%s", what);
	return result;
}

static void execute_fd(int fd, const char *name, char **argv)
{
	syscall(SYS_execveat, fd, name, argv, environ, *name ? 0 : AT_EMPTY_PATH);
	error(1, errno, "execveat %s", argv[0]);
}

static int open_program(const char *path)
{
	return must(open(path, O_RDONLY), path);
}

static void copy_to(int to, int from)
{
	ssize_t n;

	while ((n = sendfile(to, from, NULL, 1 << 20)) > 0)
		;
	must(n, "sendfile");
	close(from);
}

/* fd PROGRAM ARG... */
static void way_fd(char **argv)
{
	execute_fd(open_program(argv[0]), "", argv);
}

/* at DIRECTORY NAME ARG... */
static void way_at(char **argv)
{
	execute_fd(must(open(argv[0], O_PATH | O_DIRECTORY), argv[0]), argv[1], argv + 1);
}

/* memfd PROGRAM ARG... */
static void way_memfd(char **argv)
{
	int fd = must(memfd_create("payload", 0), "memfd_create");

	copy_to(fd, open_program(argv[0]));
	execute_fd(fd, "", argv);
}

/* deleted PROGRAM ARG...: a copy of it in the current directory, removed before
 * it runs. */
static void way_deleted(char **argv)
{
	int fd = must(open("gone", O_WRONLY | O_CREAT | O_EXCL, 0755), "gone");

	copy_to(fd, open_program(argv[0]));
	close(fd); /* a file open for writing can't be executed */
	fd = open_program("gone");
	unlink("gone");
	execute_fd(fd, "", argv);
}

static void *execute(void *argv)
{
	execv(*(char **)argv, argv);
	error(1, errno, "%s", *(char **)argv);
	return NULL;
}

/* thread PROGRAM ARG...: from a thread that is not the first one. */
static void way_thread(char **argv)
{
	pthread_t thread;

	if (!pthread_create(&thread, NULL, execute, argv))
		pthread_join(thread, NULL);
}

/* empty PROGRAM: with no argument at all, not even a name. */
static void way_empty(char **argv)
{
	execv(argv[0], (char *[]){ NULL });
}

/* deep PROGRAM ARG...: a copy of it, in a directory whose path is longer than a path may be; that
 * path on stdout first. */
static void way_deep(char **argv)
{
	int from = open_program(argv[0]), to;
	char name[NAME_LEN + 1] = "", here[PATH_MAX];

	printf("%s", getcwd(here, sizeof(here)));
	for (int i = 0; i < DEPTH; i++) {
		memset(name, 'a' + i, NAME_LEN);
		must(mkdir(name, 0755), name);
		must(chdir(name), name);
		printf("/%s", name);
	}
	printf("\n");
	fflush(stdout);
	to = must(open("program", O_WRONLY | O_CREAT | O_EXCL, 0755), "program");
	copy_to(to, from);
	close(to);
	execute_fd(open_program("program"), "", argv);
}

/* outside ROOT PROGRAM ARG...: chrooted, with program and current directory
 * left outside. */
static void way_outside(char **argv)
{
	int fd = open_program(argv[1]);

	must(chroot(argv[0]), argv[0]);
	execute_fd(fd, "", argv + 1);
}

/* named NAME PROGRAM ARG...: as the child of a process of that name. */
static void way_named(char **argv)
{
	int status;

	prctl(PR_SET_NAME, argv[0]);
	if (!fork())
		execute(argv + 1);
	wait(&status);
	exit(WEXITSTATUS(status));
}

static void *wait_and_fork(void *argv)
{
	int go = must(open("go", O_RDONLY), "go"), status;
	char byte;

	if (read(go, &byte, 1) == 1 && !fork())
		execute(argv);
	wait(&status);
	exit(WEXITSTATUS(status));
	return NULL;
}

/* later PROGRAM ARG...: as the child of a thread that is not the first one, when it may go. */
static void way_later(char **argv)
{
	pthread_t thread;

	if (!pthread_create(&thread, NULL, wait_and_fork, argv))
		pthread_join(thread, NULL);
}

/* nested N PROGRAM ARG...: as the child of a child of a child... */
static void way_nested(char **argv)
{
	int n = atoi(argv[0]), status = 0;

	while (n-- && !fork())
		if (!n)
			execute(argv + 1);
	wait(&status);
	exit(WEXITSTATUS(status));
}

static const struct {
	const char *name;
	void (*launch)(char **argv);
} ways[] = {
	{ "fd", way_fd },	    { "at", way_at },		{ "memfd", way_memfd },
	{ "deleted", way_deleted }, { "thread", way_thread },	{ "empty", way_empty },
	{ "deep", way_deep },	    { "outside", way_outside }, { "named", way_named },
	{ "nested", way_nested },   { "later", way_later },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 2 && i < sizeof(ways) / sizeof(*ways); i++)
		if (!strcmp(argv[1], ways[i].name))
			ways[i].launch(argv + 2);
	error(1, errno, "it did not work");
}
