/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which files are watched (bpf/lib/below.bpf.h): by what they are, and by names that come later. */
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "bpf/lib/below.h"
#include "tests/bpf/below.skel.h"
#include "tests/bpf/run.h"

static struct below_bpf *bpf;

static void touch(const char *path)
{
	int fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);

	must(fd >= 0);
	close(fd);
}

static void change(void)
{
	must(!run_program(bpf_program__fd(bpf->progs.change), NULL, 0));
}

/* Twice, so that the second answer is one that was kept. */
static void is_watched(const char *path, bool expected, const char *what)
{
	for (int i = 0; i < 2; i++) {
		struct below_request request = { .fd = open(path, O_RDONLY | O_CLOEXEC) };

		must(request.fd >= 0);
		is_u64(run_program(bpf_program__fd(bpf->progs.ask), &request, sizeof(request)),
		       expected, "%s: %s%s", path, what, i ? " (again)" : "");
		close(request.fd);
	}
}

static void mark(const char *path, struct below_mark mark)
{
	struct below_request request = { .fd = open(path, O_PATH | O_CLOEXEC) };
	LIBBPF_OPTS(bpf_test_run_opts, run, .ctx_in = &request, .ctx_size_in = sizeof(request));

	must(request.fd >= 0);
	must(!bpf_prog_test_run_opts(bpf_program__fd(bpf->progs.below_identify), &run) &&
	     !run.retval);
	close(request.fd);
	must(!bpf_map_update_elem(bpf_map__fd(bpf->maps.below_marks), &request.id, &mark, BPF_ANY));
	change();
}

static void add_name(uint32_t step, const char *name, uint32_t next)
{
	struct below_name key = { .step = step };

	memcpy(key.name, name, strlen(name));
	must(!bpf_map_update_elem(bpf_map__fd(bpf->maps.below_names), &key, &next, BPF_ANY));
}

static void test_inodes(void)
{
	must(!mkdir("w", 0700) && !mkdir("w/sub", 0700) && !mkdir("u", 0700) && !mkdir("b", 0700));
	touch("w/sub/f");
	touch("u/f");
	touch("u/g");
	must(!link("w/sub/f", "u/hard"));
	is_watched("w/sub/f", false, "nothing is");
	mark("w", (struct below_mark){ .watched = true });
	mark("u/g", (struct below_mark){ .watched = true });
	is_watched("w", true, "a directory itself");
	is_watched("w/sub", true, "one in it");
	is_watched("w/sub/f", true, "a file below");
	is_watched("u/f", false, "a file beside");
	is_watched("u/hard", false, "another name of a file below");
	is_watched("u/g", true, "a file itself");
	must(!mount("w/sub", "b", NULL, MS_BIND, NULL));
	is_watched("b/f", true, "through a bind mount");
	must(!link("u/g", "u/h") && !unlink("u/g"));
	is_watched("u/h", true, "its other name");
	must(!rename("w/sub", "u/sub"));
	change();
	is_watched("u/sub/f", false, "moved away");
	is_watched("b/f", false, "and through the bind mount");
	must(!rename("u/sub", "w/sub"));
	change();
	is_watched("w/sub/f", true, "moved back");
	must(!umount("b"));
	change();
}

static void test_names(void)
{
	char path[PATH_MAX], long_name[256] = "";

	memset(long_name, 'n', 255);
	mark(".", (struct below_mark){ .step = 1 });
	add_name(1, "late", BELOW_WATCHED);
	add_name(1, "a", 2);
	add_name(2, "b", BELOW_WATCHED);
	add_name(1, "mnt", BELOW_WATCHED);
	add_name(1, long_name, BELOW_WATCHED);
	touch("lat");
	touch("later");
	touch("late");
	touch(long_name);
	is_watched("late", true, "what came later");
	is_watched("lat", false, "a shorter name");
	is_watched("later", false, "a longer one");
	is_watched(long_name, true, "a name of 255 bytes");
	must(!rename("late", "late.1"));
	touch("late");
	change();
	is_watched("late.1", true, "what was renamed");
	is_watched("late", true, "what came in its place");
	must(!rename("late", "late.2"));
	is_watched("late.2", true, "what came second, renamed too");

	must(!mkdir("a", 0700) && !mkdir("a/b", 0700) && !mkdir("a/b/c", 0700) &&
	     !mkdir("x", 0700) && !mkdir("x/a", 0700) && !mkdir("x/a/b", 0700) &&
	     !mkdir("b.", 0700) && !mkdir("a/late", 0700));
	touch("a/b/c/f");
	touch("a/f");
	touch("x/a/b/f");
	touch("b./f");
	touch("a/late/f");
	is_watched("a", false, "the first of two names");
	is_watched("a/f", false, "a file there");
	is_watched("a/b", true, "both");
	is_watched("a/b/c/f", true, "below both");
	is_watched("x/a/b/f", false, "both, elsewhere");
	is_watched("b./f", false, "the second name, at the place of the first");
	is_watched("a/late/f", false, "a first name, at the place of the second");
	must(!rename("a/b", "moved"));
	change();
	is_watched("moved/c/f", true, "what had the names is known");

	must(!mkdir("mnt", 0700) && !mount("none", "mnt", "tmpfs", 0, NULL) &&
	     !mkdir("mnt/d", 0700));
	touch("mnt/d/f");
	change();
	is_watched("mnt/d/f", true, "in what is mounted on a name");
	must(!umount("mnt") && !mount("x", "mnt", NULL, MS_BIND, NULL));
	change();
	is_watched("mnt/a/b/f", true, "in a part of a file system that is mounted on it");
	is_watched("x/a/b/f", false, "but not where else it is");
	must(!umount("mnt") && !rmdir("mnt"));
	touch("mnt");
	touch("other");
	must(!mount("other", "mnt", NULL, MS_BIND, NULL));
	change();
	is_watched("mnt", true, "a file that is mounted on it");
	must(!umount("mnt"));

	/* The longest way. */
	strcpy(path, "deep");
	must(!mkdir(path, 0700));
	mark(path, (struct below_mark){ .step = 100 });
	for (int i = 0; i < BELOW_NAMES; i++) {
		must(!mkdir(path, 0700) || !i);
		is_watched(path, false, "on the way");
		add_name(100 + i, "d", i == BELOW_NAMES - 1 ? BELOW_WATCHED : 101 + (uint32_t)i);
		strcat(path, "/d");
	}
	must(!mkdir(path, 0700));
	is_watched(path, true, "as many names as there can be");
}

static void test_deep(void)
{
	struct below_request request = {};
	int dir = open("w", O_PATH | O_CLOEXEC);

	for (int i = 0; i < 2000; i++) {
		int next;

		must(!mkdirat(dir, "d", 0700));
		next = openat(dir, "d", O_PATH | O_CLOEXEC);
		must(next >= 0);
		close(dir);
		dir = next;
	}
	request.fd = openat(dir, "f", O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	must(request.fd >= 0);
	is_u64(run_program(bpf_program__fd(bpf->progs.ask), &request, sizeof(request)), true,
	       "2000 directories below");
}

int main(void)
{
	need_root();
	bpf = below_bpf__open();
	must(bpf);
	bpf_map__set_max_entries(bpf->maps.climb_scratch, libbpf_num_possible_cpus());
	must(!below_bpf__load(bpf));

	/* All that follows ends with this process. */
	must(!unshare(CLONE_NEWNS) && !mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	must(!mount("none", "/tmp", "tmpfs", 0, NULL) && !chdir("/tmp"));
	test_inodes();
	test_names();
	test_deep();
	return done();
}
