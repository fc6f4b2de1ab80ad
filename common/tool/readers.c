/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who reads our output: in `filemon | s3-upload --spool DIR` what s3-upload writes must not become
 * events, which it would write, which … So a tool leaves them out. The process group would be
 * the wrong measure: all children of a script share one.
 */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tool/internal.h"

/* One process's end of one pipe, named as /proc names it: "pipe:[123]", or a FIFO's path. */
struct pipe_end {
	char name[256];
	uint32_t pid;
	bool reads;
	bool output; /* it is the process's standard output */
	bool done;
};

struct pipe_ends {
	struct pipe_end *end;
	size_t n, room;
};

static void add_end(struct pipe_ends *ends, uint32_t pid, int dir, const char *fd, const char *name)
{
	struct stat link;
	struct pipe_end *end;

	/* A link in /proc/PID/fd has the permissions of the descriptor: r-x to read, -wx to write.
	 */
	if (fstatat(dir, fd, &link, AT_SYMLINK_NOFOLLOW))
		return;
	if (ends->n == ends->room) {
		ends->room = ends->room ? ends->room * 2 : 64;
		ends->end = reallocarray(ends->end, ends->room, sizeof(*ends->end));
		if (!ends->end)
			die(STATUS_FAILED, "out of memory");
	}
	end = &ends->end[ends->n++];
	*end = (struct pipe_end){
		.pid = pid,
		.reads = link.st_mode & S_IRUSR,
		.output = !strcmp(fd, "1") && link.st_mode & S_IWUSR,
	};
	snprintf(end->name, sizeof(end->name), "%s", name);
}

static void scan_process(struct pipe_ends *ends, uint32_t pid, const char *ours)
{
	char path[32], name[256];
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%u/fd", pid);
	dir = opendir(path);
	if (!dir) /* ended meanwhile, or not ours to see */
		return;
	while ((entry = readdir(dir))) {
		ssize_t n = readlinkat(dirfd(dir), entry->d_name, name, sizeof(name) - 1);

		if (n < 0)
			continue;
		name[n] = '\0';
		if (!strncmp(name, "pipe:[", 6) || !strcmp(name, ours))
			add_end(ends, pid, dirfd(dir), entry->d_name, name);
	}
	closedir(dir);
}

/* Marks the readers of one pipe, then those of the pipes that these write their output to. */
static void follow(struct pipe_ends *ends, const char *name, void (*add)(void *, uint32_t),
		   void *ctx)
{
	for (size_t i = 0; i < ends->n; i++) {
		struct pipe_end *reader = &ends->end[i];

		if (reader->done || !reader->reads || strcmp(reader->name, name))
			continue;
		reader->done = true;
		add(ctx, reader->pid);
		for (size_t k = 0; k < ends->n; k++)
			if (ends->end[k].pid == reader->pid && ends->end[k].output)
				follow(ends, ends->end[k].name, add, ctx);
	}
}

void readers_find(int fd, void (*add)(void *ctx, uint32_t pid), void *ctx)
{
	char path[32], ours[256];
	struct pipe_ends ends = {};
	struct dirent *entry;
	struct stat st;
	ssize_t n;
	DIR *proc;

	add(ctx, getpid());
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (fstat(fd, &st) || !S_ISFIFO(st.st_mode) ||
	    (n = readlink(path, ours, sizeof(ours) - 1)) < 0)
		return;
	ours[n] = '\0';
	proc = opendir("/proc");
	if (!proc)
		return;
	while ((entry = readdir(proc)))
		if (isdigit((unsigned char)*entry->d_name))
			scan_process(&ends, strtoul(entry->d_name, NULL, 10), ours);
	closedir(proc);
	follow(&ends, ours, add, ctx);
	free(ends.end);
}
