/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names, as bpf/lib/lookup.bpf.h looks them up in the kernel's cache, against what open(2) with
 * O_PATH finds.
 */
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "tests/bpf/lookup.h"
#include "tests/bpf/lookup.skel.h"
#include "tests/bpf/run.h"

/* As in bpf/lib/lookup.bpf.h, which only the kernel side can include. */
enum {
	FOLLOW = 1,
	PARENT = 2,
	LAST = 4,
};
#define STEPS 8192
#define LINKS 40

static struct lookup_bpf *bpf;
static int proc_fds;

static const struct answer *ask(int dir, const char *name, uint32_t how)
{
	struct question *q = &bpf->bss->question;

	must(strlen(name) < sizeof(q->name));
	q->dir = dir;
	q->how = how;
	q->len = strlen(name);
	memcpy(q->name, name, q->len + 1);
	must(!run_program(bpf_program__fd(bpf->progs.look_up), NULL, 0));
	return &bpf->bss->answer;
}

static size_t path_of(int fd, char *path)
{
	char number[16];
	ssize_t n;

	snprintf(number, sizeof(number), "%d", fd);
	n = readlinkat(proc_fds, number, path, PATH_MAX);
	must(n > 0);
	return n;
}

/* A short form of a long name. */
static const char *brief(const char *name)
{
	static char text[80];

	snprintf(text, sizeof(text), strlen(name) > 60 ? "%.60s..." : "%s", name);
	return text;
}

/* It is found, and is what open(2) opens. */
static void finds_at(int dir, const char *name, uint32_t how)
{
	int fd = openat(dir, name, O_PATH | O_CLOEXEC | (how & FOLLOW ? 0 : O_NOFOLLOW));
	const struct answer *a;
	char path[PATH_MAX];
	struct stat st;
	size_t len;

	must(fd >= 0 && !fstat(fd, &st));
	len = path_of(fd, path);
	close(fd);
	a = ask(dir, name, how);
	ok(a->found, "%s is found", brief(name));
	is_mem(a->path, a->len, path, len, "its path");
	is_u64(a->ino, st.st_ino, "and its inode");
}

static void finds(const char *name, uint32_t how)
{
	finds_at(AT_FDCWD, name, how);
}

static void gives_up(const char *name, uint32_t how)
{
	ok(!ask(AT_FDCWD, name, how)->found, "%s is not", brief(name));
}

/* The directory is found, and what is there or not (ino 0). */
static void finds_parent(const char *dir, const char *base, const char *slashes, ino_t ino)
{
	int fd = open(dir, O_PATH | O_CLOEXEC);
	char path[2 * PATH_MAX], name[2 * PATH_MAX];
	const struct answer *a;
	size_t len;

	must(fd >= 0);
	len = path_of(fd, path);
	close(fd);
	snprintf(path + len, sizeof(path) - len, "%s%s", len > 1 ? "/" : "", base);
	snprintf(name, sizeof(name), "%s/%s%s", dir, base, slashes);
	a = ask(AT_FDCWD, name, PARENT | LAST);
	ok(a->found, "%s: its directory is found", brief(name));
	is_mem(a->path, a->len, path, strlen(path), "its path");
	is_u64(a->ino, ino, "what is there");
	ask(AT_FDCWD, name, PARENT);
	ok(a->found, "also if nothing is asked of it");
	is_mem(a->path, a->len, path, strlen(path), "its path then");
}

static ino_t inode(const char *name)
{
	struct stat st;

	must(!lstat(name, &st));
	return st.st_ino;
}

static void touch(const char *path)
{
	int fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);

	must(fd >= 0);
	close(fd);
}

static void mount_tmpfs(const char *on)
{
	must(!mount("tmpfs", on, "tmpfs", 0, NULL));
}

static void test_names(void)
{
	static const char *const names[] = {
		"/",	    "//",	   ".",		 "..",		"/..",
		"f",	    "./f",	   "/tmp/f",	 "dir/",	"dir//.",
		"dir/../f", "//tmp//dir/", "dir/sub/..", "dir/./sub/f", "../../../../tmp/f",
	};
	char name[256];
	int fd;

	must(!mkdir("dir", 0700) && !mkdir("dir/sub", 0700));
	touch("f");
	touch("dir/sub/f");
	for (size_t i = 0; i < COUNT(names); i++)
		finds(names[i], 0);
	fd = open("dir", O_PATH | O_CLOEXEC);
	must(fd >= 0);
	finds_at(fd, "sub/f", 0);
	finds_at(fd, "../f", 0);
	finds_at(fd, "/tmp/f", 0);
	ok(!ask(999, "f", 0)->found, "nothing is relative to what is not open");
	close(fd);

	/* Equal but for the last byte, or longer by one. */
	for (int len = 1; len < 256; len += len < 20 || len > 250 ? 1 : 50) {
		memset(name, 'n', len);
		name[len] = '\0';
		touch(name);
		name[len - 1] = 'm';
		touch(name);
	}
	for (int len = 1; len < 256; len += len < 20 || len > 250 ? 1 : 50) {
		memset(name, 'n', len);
		name[len] = '\0';
		finds(name, 0);
	}
	touch("new\nline \xff\"");
	finds("new\nline \xff\"", 0);
}

static void test_gone(void)
{
	ino_t old;
	int fd;

	touch("gone");
	finds("gone", 0);
	must(!unlink("gone"));
	gives_up("gone", 0);
	must(access("never", F_OK));
	gives_up("never", 0);
	gives_up("never seen", 0);
	gives_up("f/x", 0);

	/* One that is still open, and another one of that name. */
	fd = open("gone", O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	old = inode("gone");
	must(fd >= 0 && !unlink("gone"));
	gives_up("gone", 0);
	touch("gone");
	must(inode("gone") != old);
	finds("gone", 0);
	must(!rename("gone", "dir/moved"));
	gives_up("gone", 0);
	finds("dir/moved", 0);
	close(fd);
}

static void test_parents(void)
{
	touch("dir/here");
	must(!symlink("here", "dir/link") && !symlink("dir", "way"));
	finds_parent("dir", "here", "", inode("dir/here"));
	finds_parent("way", "here", "", inode("dir/here"));
	finds_parent("way", "link", "", inode("dir/link"));
	finds_parent("way/..", "way", "", inode("way"));
	finds_parent("way", "sub", "//", inode("dir/sub"));
	finds_parent("dir", "not here", "", 0);
	finds_parent("way", "neither", "/", 0);
	finds_parent("/", "nothing", "", 0);
	ok(!ask(AT_FDCWD, "dir/..", PARENT)->found && !ask(AT_FDCWD, "/", PARENT)->found,
	   "what has no name of its own has no parent");
}

/* By the one magic link that is known. */
static void test_descriptors(void)
{
	int file = open("f", O_PATH | O_CLOEXEC), dir = open("dir", O_PATH | O_CLOEXEC);
	char name[64];

	must(file >= 0 && dir >= 0);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", file);
	finds(name, FOLLOW);
	gives_up(name, 0);
	snprintf(name, sizeof(name), "/proc/self//fd/%d", file);
	finds(name, FOLLOW);
	snprintf(name, sizeof(name), "/proc/self/fd/%d/../dir/sub/f", dir);
	finds(name, 0);
	snprintf(name, sizeof(name), "/proc/self/fd/%d/..", dir);
	finds(name, FOLLOW);
	must(!symlink(name, "through") && !symlink("f", "self"));
	finds("through/f", 0);
	finds("self", FOLLOW);
	gives_up("/proc/self/fd/999", FOLLOW);
	gives_up("/proc/self/fd/", FOLLOW);
	gives_up("/proc/self/fd", FOLLOW);
	gives_up("/proc/self/fd/1x", FOLLOW);
	gives_up("/proc/self", FOLLOW);
	close(file);
	close(dir);
}

static void test_links(void)
{
	char name[PATH_MAX] = "", target[200];

	must(!symlink("f", "l") && !symlink("/tmp/dir/sub", "absolute") &&
	     !symlink("../dir/./sub//", "dir/untidy") && !symlink("l", "l2") &&
	     !symlink("loop", "loop") && !symlink("nowhere", "dangling") && !symlink("/", "top"));
	finds("l", 0);
	finds("l", FOLLOW);
	finds("l2", FOLLOW);
	finds("absolute", 0);
	finds("absolute", FOLLOW);
	finds("absolute/f", 0);
	finds("absolute/", 0);
	finds("absolute/../..", 0);
	finds("dir/untidy/f", 0);
	finds("dir/untidy", FOLLOW);
	finds("top", FOLLOW);
	finds("top/tmp/l2", FOLLOW);
	finds("top/tmp/top/tmp/absolute/f", FOLLOW);
	finds("loop", 0);
	gives_up("loop", FOLLOW);
	gives_up("loop/x", 0);
	gives_up("dangling", FOLLOW);

	/* As many as the kernel follows. */
	must(!symlink(".", "dot"));
	for (int i = 0; i < LINKS; i++)
		strcat(name, "dot/");
	finds(name, 0);
	gives_up(strcat(name, "dot/"), 0);

	/* The target of a long one is not in memory, but in a page. */
	memset(target, '/', sizeof(target));
	strcpy(target + 190, "tmp/f");
	must(!symlink(target, "long"));
	finds("long", 0);
	gives_up("long", FOLLOW);
	gives_up("/proc/self/status", 0);
	test_descriptors();
	finds("/proc/sys/kernel/pid_max", 0);
}

static void test_long(void)
{
	char name[PATH_MAX] = "deep";
	int at;

	must(!mkdir("deep", 0700));
	at = open("deep", O_PATH | O_CLOEXEC);
	for (int i = 0; i < 1000; i++) {
		int below;

		must(!mkdirat(at, "d", 0700));
		below = openat(at, "d", O_PATH | O_CLOEXEC);
		must(below >= 0);
		close(at);
		at = below;
		strcat(name, "/d");
	}
	close(at);
	finds(name, 0);
	memset(name, '/', sizeof(name));
	strcpy(name + sizeof(name) - 6, "tmp/f");
	finds(name, 0);
}

static void test_many(void)
{
	char name[32];

	must(!mkdir("many", 0700));
	for (int i = 0; i < 3000; i++) {
		snprintf(name, sizeof(name), "many/%d", i);
		touch(name);
	}
	finds("many/0", 0);
	finds("many/2999", 0);
	for (int i = 3000; i <= STEPS; i++) {
		snprintf(name, sizeof(name), "many/%d", i);
		touch(name);
	}
	finds(name, 0);
	if (bpf->bss->lookup_table) {
		finds("many/0", 0);
		return;
	}
	gives_up("many/0", 0);
	finds_parent("many", "0", "", 0);
}

static void test_mounts(void)
{
	char path[PATH_MAX] = "nested";
	int there[2], back[2], status;
	pid_t other;
	char c;

	must(!mkdir("nested", 0700) && !mkdir("stack", 0700) && !mkdir("bound", 0700) &&
	     !mkdir("foreign", 0700));
	for (int i = 0; i < 8; i++) {
		mount_tmpfs(path);
		strcat(path, "/d");
		must(!mkdir(path, 0700));
	}
	finds(path, 0);
	strcat(path, "/../../d/..");
	finds(path, 0);
	finds("nested/..", 0);
	finds("nested", 0);
	for (int i = 0; i < 4; i++) {
		mount_tmpfs("stack");
		touch("stack/f");
		finds("stack", 0);
		finds("stack/f", 0);
		finds("stack/../f", 0);
		finds("stack/../stack", 0);
	}
	touch("bound file");
	must(!mount("dir/sub", "bound", NULL, MS_BIND, NULL) &&
	     !mount("f", "bound file", NULL, MS_BIND, NULL) && !symlink("../bound", "dir/l"));
	finds("bound/f", 0);
	finds("bound/../dir/l/f", 0);
	finds("bound file", 0);
	finds_parent("bound", "f", "", inode("bound/f"));

	/* The directory is a mount point, but not here. */
	touch("foreign/f");
	must(!pipe(there) && !pipe(back));
	other = fork();
	must(other >= 0);
	if (!other) {
		must(!unshare(CLONE_NEWNS));
		mount_tmpfs("foreign");
		touch("foreign/f");
		must(write(there[1], "", 1) == 1);
		_exit(read(back[0], &c, 1) != 1);
	}
	must(read(there[0], &c, 1) == 1);
	finds("foreign", 0);
	finds("foreign/f", 0);
	must(write(back[1], "", 1) == 1 && waitpid(other, &status, 0) == other && !status);
}

/* The last one, as there is no way back. */
static void test_root(void)
{
	must(!chroot("dir") && !chdir("/sub") && !symlink("/sub/f", "l"));
	finds("f", 0);
	finds("/sub/f", 0);
	finds("l", FOLLOW);
	finds("../../../sub/f", 0);
	finds("..", 0);
	finds("/", 0);
	must(!mkdir("/m", 0700));
	mount_tmpfs("/m");
	must(!chroot("/m"));
	touch("/f");
	finds("/../../f", 0);
}

/* One name of a directory after the other, or by the kernel's table. */
static void test_all(void)
{
	mount_tmpfs("/tmp");
	must(!chdir("/tmp"));
	test_names();
	test_gone();
	test_parents();
	test_links();
	test_long();
	test_many();
	test_mounts();
}

int main(void)
{
	need_root();
	bpf = lookup_bpf__open();
	must(bpf);
	bpf_map__set_max_entries(bpf->maps.lookup_scratch, libbpf_num_possible_cpus());
	bpf_map__set_max_entries(bpf->maps.learn_scratch, libbpf_num_possible_cpus());
	must(!lookup_bpf__load(bpf));
	must(!unshare(CLONE_NEWNS) && !mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	proc_fds = open("/proc/self/fd", O_PATH | O_DIRECTORY);
	must(proc_fds >= 0);
	umask(0);

	test_all();
	must(!run_program(bpf_program__fd(bpf->progs.lookup_learn), NULL, 0));
	ok(bpf->bss->lookup_table, "where the kernel has its table of names is found out");
	test_all();
	test_root();
	return done();
}
