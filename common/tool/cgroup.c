/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Paths of cgroups, by the id that events carry: on 64-bit kernels the inode number of the
 * directory. Read whole at the start, while we may; kept right by the events of
 * bpf/lib/cgroup.bpf.h.
 */
#include <fcntl.h>
#include <linux/magic.h>
#include <ftw.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "tool/internal.h"

struct cgroup {
	uint64_t id;
	char path[];
};

static void *by_id;		  /* tsearch(3) */
static const struct cgroup *last; /* found; events come in runs of one cgroup */
static char mount_point[256];	  /* of the default hierarchy */

static int compare(const void *a, const void *b)
{
	const struct cgroup *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

void cgroup_add(uint64_t id, const char *path, size_t len)
{
	struct cgroup *new = malloc(sizeof(*new) + len + 1), **node;

	if (!new)
		die(STATUS_FAILED, "out of memory");
	new->id = id;
	memcpy(new->path, path, len);
	new->path[len] = '\0';
	node = tsearch(new, &by_id, compare);
	if (node && *node == new)
		return;
	free(new); /* known already: made between the attaching and the scan */
}

void cgroup_remove(uint64_t id)
{
	struct cgroup key = { .id = id }, **node = tfind(&key, &by_id, compare);
	struct cgroup *found = node ? *node : NULL;

	if (!found)
		return;
	if (found == last)
		last = NULL;
	tdelete(found, &by_id, compare);
	free(found);
}

const char *cgroup_path(uint64_t id)
{
	struct cgroup key = { .id = id }, **node;

	if (last && last->id == id)
		return last->path;
	node = tfind(&key, &by_id, compare);
	if (!node)
		return NULL;
	last = *node;
	return last->path;
}

/* The mount in /proc/self/mountinfo (proc(5)) that shows the hierarchy from its root. */
static bool find_mount(void)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char line[4096];
	bool found = false;
	struct statfs fs;

	while (f && !found && fgets(line, sizeof(line), f)) {
		char root[256];

		/* Another file system may be mounted over it. */
		found = strstr(line, " - cgroup2 ") &&
			sscanf(line, "%*s %*s %*s %255s %255s", root, mount_point) == 2 &&
			!strcmp(root, "/") && !statfs(mount_point, &fs) &&
			fs.f_type == CGROUP2_SUPER_MAGIC;
	}
	if (f)
		fclose(f);
	if (!found)
		*mount_point = '\0';
	return found;
}

/* Mounts the hierarchy for us alone, at no place: it is reached through the descriptor. */
static bool mount_privately(void)
{
	int fs = fsopen("cgroup2", FSOPEN_CLOEXEC), fd = -1;

	if (fs >= 0 && !fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		fd = fsmount(fs, FSMOUNT_CLOEXEC, 0);
	if (fs >= 0)
		close(fs);
	snprintf(mount_point, sizeof(mount_point), "/proc/self/fd/%d/.", fd);
	return fd >= 0;
}

static bool have_mount(void)
{
	return *mount_point || find_mount() || mount_privately();
}

static int visit(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	const char *below = path + strlen(mount_point);

	(void)ftw;
	if (type == FTW_D)
		cgroup_add(st->st_ino, *below ? below : "/", *below ? strlen(below) : 1);
	return 0;
}

void cgroup_scan(void)
{
	if (have_mount())
		nftw(mount_point, visit, 16, FTW_PHYS | FTW_MOUNT);
}

bool cgroup_find(const char *path, uint64_t *id)
{
	char below[4096];
	struct stat root, st;

	if (!*path || !have_mount() || stat(mount_point, &root))
		return false;
	snprintf(below, sizeof(below), "%s/%s", mount_point, path);
	if ((strncmp(path, mount_point, strlen(mount_point)) || stat(path, &st)) &&
	    stat(below, &st))
		return false;
	*id = st.st_ino;
	/* `..` may have led out of the hierarchy, to a directory with the number of some cgroup. */
	return S_ISDIR(st.st_mode) && st.st_dev == root.st_dev;
}

int cgroup_open_root(void)
{
	return have_mount() ? open(mount_point, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
}
