/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Paths of open files, as bpf/lib/path.bpf.h walks them, against what readlink(2) says of
 * /proc/self/fd/N. Not here: what has no path and is named by its file system (pipes, sockets,
 * anonymous inodes, namespaces).
 */
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "tests/bpf/path.h"
#include "tests/bpf/path.skel.h"
#include "tests/bpf/run.h"

/* As in bpf/lib/path.bpf.h, which only the kernel side can include. */
#define PATH_LEN 4096
enum {
	TRUNCATED = 1,
	OUTSIDE = 2,
};

#define CASES 200
#define NAME_255                                                                                   \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"                         \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"                         \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"                         \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde"

/* A process opens files, and says here what their paths are. */
struct expected {
	int fd;
	uint32_t flags;
	bool deleted;
	char what[100];
	size_t len; /* of path; 0: readlink tells */
	char path[3 * PATH_LEN];
};

static struct table {
	unsigned n;
	struct expected cases[CASES];
} * table;

static struct path_bpf *bpf;

/* The files of the one group that is tested, by descriptor. */
static struct {
	bool seen;
	uint32_t flags;
	size_t len;
	char path[PATH_LEN];
} found[CASES + 100];

static void read_paths(pid_t pid)
{
	static char buf[64 << 10];
	size_t have = 0;
	ssize_t n;
	int fd;

	memset(found, 0, sizeof(found));
	bpf->bss->wanted_pid = pid;
	fd = bpf_iter_create(bpf_link__fd(bpf->links.paths));
	must(fd >= 0);
	while ((n = read(fd, buf + have, sizeof(buf) - have)) > 0) {
		struct open_file f;
		char *p = buf;

		for (have += n; have >= sizeof(f);
		     p += sizeof(f) + f.len, have -= sizeof(f) + f.len) {
			memcpy(&f, p, sizeof(f));
			if (have < sizeof(f) + f.len)
				break;
			must(f.len <= PATH_LEN && f.fd < COUNT(found));
			found[f.fd].seen = true;
			found[f.fd].flags = f.flags;
			found[f.fd].len = f.len;
			memcpy(found[f.fd].path, p + sizeof(f), f.len);
		}
		memmove(buf, p, have);
	}
	must(!n && !have);
	close(fd);
}

static int must_open_at(int dir, const char *path, int flags)
{
	int fd = openat(dir, path, flags | O_CLOEXEC, 0600);

	must(fd >= 0);
	return fd;
}

static int must_open(const char *path, int flags)
{
	return must_open_at(AT_FDCWD, path, flags);
}

static void touch(const char *path)
{
	close(must_open(path, O_CREAT | O_RDWR));
}

static struct expected *expect(int fd, const char *what)
{
	struct expected *e = &table->cases[table->n++];

	must(table->n <= CASES && fd >= 0);
	e->fd = fd;
	snprintf(e->what, sizeof(e->what), "%s", what);
	return e;
}

static struct expected *expect_open(const char *path, int flags, const char *what)
{
	return expect(must_open(path, flags), what);
}

/* Where readlink can't tell: the longest end of `path`, at a component, that is kept. */
static void expect_tail(struct expected *e, const char *path)
{
	const char *tail = path;

	while (strlen(tail) > PATH_LEN)
		tail = strchr(tail + 1, '/');
	e->len = strlen(tail);
	memcpy(e->path, tail, e->len);
	e->flags |= tail > path ? TRUNCATED : 0;
}

static void ask_readlink(int proc_fds, struct expected *e)
{
	static const char suffix[] = " (deleted)";
	size_t suffix_len = sizeof(suffix) - 1;
	char number[16];
	ssize_t n;

	snprintf(number, sizeof(number), "%d", e->fd);
	n = readlinkat(proc_fds, number, e->path, sizeof(e->path));
	must(n > 0);
	if (e->deleted) {
		must((size_t)n > suffix_len &&
		     !memcmp(e->path + n - suffix_len, suffix, suffix_len));
		n -= suffix_len;
	}
	e->len = n;
}

/*
 * Lets a child open files and then tells, as seen from outside, whether their paths are right. A
 * child of its own for each group: it may go to another root and other mounts.
 */
static void test_group(const char *group, void (*open_files)(void))
{
	int ready[2], go[2], status;
	pid_t child;
	char c;

	memset(table, 0, sizeof(*table));
	must(!pipe2(ready, O_CLOEXEC) && !pipe2(go, O_CLOEXEC));
	fflush(stdout);
	child = fork();
	must(child >= 0);
	if (!child) {
		int proc_fds = must_open("/proc/self/fd", O_PATH | O_DIRECTORY);

		close(go[1]);
		open_files();
		for (unsigned i = 0; i < table->n; i++)
			if (!table->cases[i].len)
				ask_readlink(proc_fds, &table->cases[i]);
		must(write(ready[1], "", 1) == 1);
		fflush(stdout);
		_exit(read(go[0], &c, 1) != 0); /* until the test is over, or gone */
	}
	close(ready[1]);
	close(go[0]);
	must(read(ready[0], &c, 1) == 1);
	read_paths(child);
	for (unsigned i = 0; i < table->n; i++) {
		const struct expected *e = &table->cases[i];

		ok(found[e->fd].seen, "%s: %s", group, e->what);
		is_mem(found[e->fd].path, found[e->fd].len, e->path, e->len, "its path");
		is_u64(found[e->fd].flags, e->flags, "its flags");
	}
	close(ready[0]);
	close(go[1]);
	must(waitpid(child, &status, 0) == child && !status);
}

static void plain(void)
{
	expect_open("/", O_RDONLY | O_DIRECTORY, "the root directory");
	expect_open("/", O_PATH, "the root directory, only as a path");
	expect_open("/tmp", O_RDONLY, "a directory that is a mount");
	expect_open("/tmp/plain", O_CREAT | O_RDWR, "a file");
	must(!mkdir("/tmp/dir", 0700));
	expect_open("/tmp/dir", O_RDONLY, "a directory");
	expect_open("/tmp/dir/a", O_CREAT | O_RDWR, "a name of one byte");
	expect_open("/tmp/dir/" NAME_255, O_CREAT | O_RDWR, "a name of 255 bytes");
	expect_open("/tmp/dir/../plain", O_RDONLY, "opened through ..");
	must(!symlink("../plain", "/tmp/dir/symlink"));
	expect_open("/tmp/dir/symlink", O_RDONLY, "opened through a symbolic link");
	expect_open("/tmp/dir/symlink", O_PATH | O_NOFOLLOW, "a symbolic link itself");
	must(!link("/tmp/plain", "/tmp/dir/link"));
	expect_open("/tmp/dir/link", O_RDONLY, "a second name");
	must(!mkfifo("/tmp/dir/fifo", 0600));
	expect_open("/tmp/dir/fifo", O_RDWR, "a named pipe");
	expect_open("/dev/null", O_RDONLY, "a device");
	expect_open("/proc/self/status", O_RDONLY, "a file of a process");
	expect_open("/proc/sys/kernel/pid_max", O_RDONLY, "a file of sysctl");
	expect_open("/proc/self/task", O_RDONLY, "a directory of a process");
	expect_open("/sys/kernel/btf/vmlinux", O_RDONLY, "a file of sysfs");
	expect_open("/proc/self/exe", O_RDONLY, "this program, of the namespace that main() left")
		->flags = OUTSIDE;
}

static void names(void)
{
	static const char *const hostile[] = {
		"new\nline", "\x1b[31mred",    "\xff\xfe\x80",	       " spaces ", "tab\tand\\134",
		"(deleted)", "gone (deleted)", "\xe2\x80\xae txt.exe", "\xc3",	   "\"'$(x)`",
		"...",
	};
	char path[PATH_MAX];

	must(!mkdir("/tmp/names", 0700));
	for (size_t i = 0; i < COUNT(hostile); i++) {
		snprintf(path, sizeof(path), "/tmp/names/%s", hostile[i]);
		expect_open(path, O_CREAT | O_RDWR, hostile[i]);
		snprintf(path, sizeof(path), "/tmp/names/dir %s", hostile[i]);
		must(!mkdir(path, 0700));
		strcat(path, "/file");
		expect_open(path, O_CREAT | O_RDWR, "in a directory called so");
	}
}

/* Makes `name` in `dir`, closes `dir`, and returns it open. `path` grows along. */
static int descend(int dir, const char *name, char *path)
{
	int fd;

	must(!mkdirat(dir, name, 0700));
	fd = must_open_at(dir, name, O_PATH | O_DIRECTORY);
	close(dir);
	strcat(strcat(path, "/"), name);
	return fd;
}

static void long_paths(void)
{
	static const int depths[] = { 100, 2000, 2043, 2044, 3000 };
	char path[4 * PATH_LEN], full[4 * PATH_LEN], name[256], what[64];
	int dir;

	/* Short names: "/tmp/" and four digits, and then two bytes for each. */
	for (size_t i = 0; i < COUNT(depths); i++) {
		snprintf(path, sizeof(path), "/tmp/%04d", depths[i]);
		must(!mkdir(path, 0700));
		dir = must_open(path, O_PATH);
		for (int n = 0; n < depths[i]; n++)
			dir = descend(dir, "d", path);
		snprintf(what, sizeof(what), "%d directories deep", depths[i]);
		if (strlen(path) < PATH_LEN)
			expect(dir, what);
		else
			expect_tail(expect(dir, what), path);
	}

	/* Long ones: a path of 3,848 bytes, and what makes it as long as can be. */
	strcpy(path, "/tmp/len");
	must(!mkdir(path, 0700));
	dir = must_open(path, O_PATH);
	while (strlen(path) < 3848)
		dir = descend(dir, NAME_255, path);
	must(strlen(path) == 3848);
	for (int n = 1; n < 255; n += n == 1 ? 243 : 1) {
		snprintf(name, sizeof(name), "%.*s", n, NAME_255);
		snprintf(full, sizeof(full), "%s/%s", path, name);
		snprintf(what, sizeof(what), "a path of %zu bytes", strlen(full));
		if (strlen(full) < PATH_LEN)
			expect(must_open_at(dir, name, O_CREAT | O_RDWR), what);
		else /* readlink(2) needs one for the NUL */
			expect_tail(expect(must_open_at(dir, name, O_CREAT | O_RDWR), what), full);
	}
	/* Twice as long, with a short name at the end, so that the cut falls elsewhere. */
	while (strlen(path) < 2 * PATH_LEN)
		dir = descend(dir, NAME_255, path);
	expect_tail(expect(dir, "a path of 8 KiB"), path);
	strcat(path, "/f");
	expect_tail(expect(must_open_at(dir, "f", O_CREAT | O_RDWR), "a file there"), path);
}

static void changed(void)
{
	must(!mkdir("/tmp/old", 0700) && !mkdir("/tmp/old/sub", 0700) &&
	     !mkdir("/tmp/doomed", 0700) && !mkdir("/tmp/doomed/sub", 0700));
	expect_open("/tmp/old/sub/file", O_CREAT | O_RDWR, "a file in a directory renamed since");
	expect_open("/tmp/old", O_RDONLY, "a directory renamed since");
	expect_open("/tmp/before", O_CREAT | O_RDWR, "a file renamed since");
	expect_open("/tmp/moved", O_CREAT | O_RDWR, "a file moved to another directory since");
	expect_open("/tmp/first", O_CREAT | O_RDWR, "a file whose name another one took over")
		->deleted = true;
	expect_open("/tmp/gone", O_CREAT | O_RDWR, "a deleted file")->deleted = true;
	expect_open("/tmp/gone (deleted)", O_CREAT | O_RDWR, "a file not deleted, called so");
	expect_open("/tmp/doomed/sub/file", O_CREAT | O_RDWR,
		    "a deleted file in a deleted directory")
		->deleted = true;
	expect_open("/tmp/doomed/sub", O_RDONLY, "a deleted directory in a deleted directory")
		->deleted = true;
	expect_open("/tmp/doomed", O_RDONLY, "a deleted directory")->deleted = true;
	must(!link("/tmp/gone", "/tmp/still there"));

	must(!rename("/tmp/old", "/tmp/new") && !rename("/tmp/before", "/tmp/after a rename") &&
	     !rename("/tmp/moved", "/tmp/new/sub/moved") && !unlink("/tmp/gone"));
	touch("/tmp/second");
	must(!rename("/tmp/second", "/tmp/first"));
	must(!unlink("/tmp/doomed/sub/file") && !rmdir("/tmp/doomed/sub") && !rmdir("/tmp/doomed"));

	expect_open("/tmp", O_TMPFILE | O_RDWR, "a file without name")->deleted = true;
}

static void memory(void)
{
	static const char *const names[] = { "name", "", "with/slash", "with space" };

	for (size_t i = 0; i < COUNT(names); i++) {
		struct expected *e = expect(memfd_create(names[i], MFD_CLOEXEC), "a memfd");

		e->deleted = true;
		e->flags = OUTSIDE;
	}
}

static void mount_tmpfs(const char *on)
{
	must(!mount("tmpfs", on, "tmpfs", 0, NULL));
}

static void bind(const char *from, const char *on)
{
	must(!mount(from, on, NULL, MS_BIND, NULL));
}

static void mounts(void)
{
	char path[PATH_MAX] = "/tmp/nested";

	must(!mkdir("/tmp/source", 0700) && !mkdir("/tmp/source/sub", 0700) &&
	     !mkdir("/tmp/bound", 0700) && !mkdir("/tmp/bound sub", 0700) &&
	     !mkdir("/tmp/over", 0700) && !mkdir("/tmp/stack", 0700) && !mkdir("/tmp/lazy", 0700) &&
	     !mkdir("/tmp/lazy too", 0700));
	touch("/tmp/source/file");
	touch("/tmp/source/sub/file");
	touch("/tmp/bound file");

	expect_open("/tmp/bound file", O_RDONLY, "a file that is covered since");
	expect_open("/tmp/bound", O_RDONLY, "a directory that is covered since");
	bind("/tmp/source/file", "/tmp/bound file");
	bind("/tmp/source", "/tmp/bound");
	bind("/tmp/source/sub", "/tmp/bound sub");
	expect_open("/tmp/bound file", O_RDONLY, "a bind mount of a file");
	expect_open("/tmp/bound", O_RDONLY, "a bind mount of a directory");
	expect_open("/tmp/bound/sub/file", O_RDONLY, "a file in one");
	expect_open("/tmp/bound sub/file", O_RDONLY, "a file in one, nearer to its root");
	expect_open("/tmp/source/sub/file", O_RDONLY, "the same file where it was");

	must(!mkdir(path, 0700));
	for (int i = 0; i < 20; i++) {
		mount_tmpfs(path);
		strcat(path, i % 3 ? "/deeper" : "/d");
		must(!mkdir(path, 0700));
	}
	expect_open(path, O_RDONLY, "20 mounts deep");
	strcat(path, "/file");
	expect_open(path, O_CREAT | O_RDWR, "a file there");

	for (int i = 0; i < 5; i++) {
		char what[32];

		mount_tmpfs("/tmp/stack");
		snprintf(what, sizeof(what), "%d mounts high", i + 1);
		expect_open("/tmp/stack", O_RDONLY, what);
		expect_open("/tmp/stack/file", O_CREAT | O_RDWR, "a file there");
	}

	expect_open("/tmp/over/file", O_CREAT | O_RDWR, "a file below a mount");
	mount_tmpfs("/tmp/over");

	mount_tmpfs("/tmp/lazy");
	must(!mkdir("/tmp/lazy/sub", 0700));
	expect_open("/tmp/lazy", O_RDONLY, "a mount lazily unmounted since")->flags = OUTSIDE;
	expect_open("/tmp/lazy/sub/file", O_CREAT | O_RDWR, "a file in it")->flags = OUTSIDE;
	mount_tmpfs("/tmp/lazy/sub");
	expect_open("/tmp/lazy/sub/file", O_CREAT | O_RDWR, "a file in a mount in it")->flags =
		OUTSIDE;
	must(!umount2("/tmp/lazy", MNT_DETACH));

	mount_tmpfs("/tmp/lazy too");
	expect_open("/tmp/lazy too/file", O_CREAT | O_RDWR, "a deleted file in such a mount")
		->flags = OUTSIDE;
	table->cases[table->n - 1].deleted = true;
	must(!unlink("/tmp/lazy too/file") && !umount2("/tmp/lazy too", MNT_DETACH));
}

/* Out of the directory that is mounted: no way leads from it to any root. */
static void escaped(void)
{
	static const char path[] = "/escape/dir/file";
	struct expected *e;

	must(!mkdir("/tmp/escape", 0700) && !mkdir("/tmp/escape/bound", 0700) &&
	     !mkdir("/tmp/escape/bound/dir", 0700) && !mkdir("/tmp/window", 0700));
	touch("/tmp/escape/bound/dir/file");
	bind("/tmp/escape/bound", "/tmp/window");
	e = expect_open("/tmp/window/dir/file", O_RDONLY, "a file renamed out of its bind mount");
	must(!rename("/tmp/escape/bound/dir", "/tmp/escape/dir"));
	/* readlink(2) says only "/". */
	e->flags = OUTSIDE;
	e->len = strlen(path);
	memcpy(e->path, path, e->len);
}

static bool have_overlay(void)
{
	return !mkdir("/tmp/lower", 0755) && !mkdir("/tmp/lower/sub", 0755) &&
	       !mkdir("/tmp/upper", 0755) && !mkdir("/tmp/work", 0755) &&
	       !mkdir("/tmp/merged", 0755) &&
	       !mount("overlay", "/tmp/merged", "overlay", 0,
		      "lowerdir=/tmp/lower,upperdir=/tmp/upper,workdir=/tmp/work");
}

static void overlay(void)
{
	struct expected *e;

	expect_open("/tmp/merged", O_RDONLY, "the merged directory");
	expect_open("/tmp/merged/sub", O_RDONLY, "a lower directory");
	expect_open("/tmp/merged/lower", O_RDONLY, "a lower file");
	expect_open("/tmp/merged/new", O_CREAT | O_RDWR, "an upper file");
	expect_open("/tmp/merged/sub/changed", O_RDONLY, "a lower file, copied up since");
	expect_open("/tmp/merged/sub/changed", O_RDWR, "a file that this copies up");
	expect_open("/tmp/merged/sub/changed", O_RDONLY, "a file copied up");
	expect_open("/tmp/upper/sub/changed", O_RDONLY, "its copy in the upper directory");
	e = expect_open("/tmp/merged/gone", O_RDONLY, "a lower file deleted");
	e->deleted = true;
	must(!unlink("/tmp/merged/gone"));
	expect_open("/tmp/merged/renamed", O_RDONLY, "a lower file renamed");
	must(!rename("/tmp/merged/renamed", "/tmp/merged/sub/otherwise"));
}

static void test_overlay(void)
{
	if (!have_overlay()) {
		skip("overlay: this kernel can't mount one on tmpfs");
		return;
	}
	touch("/tmp/lower/lower");
	touch("/tmp/lower/gone");
	touch("/tmp/lower/renamed");
	touch("/tmp/lower/sub/changed");
	test_group("overlay", overlay);
}

static void chrooted(void)
{
	must(!mkdir("/tmp/jail", 0700) && !mkdir("/tmp/jail/sub", 0700) &&
	     !mkdir("/tmp/jail/mount", 0700));
	touch("/tmp/jail/sub/file");
	mount_tmpfs("/tmp/jail/mount");
	expect_open("/tmp/outside", O_CREAT | O_RDWR, "a file outside the root")->flags = OUTSIDE;
	expect_open("/", O_RDONLY, "the real root")->flags = OUTSIDE;
	expect_open("/tmp", O_RDONLY, "a directory above the root")->flags = OUTSIDE;
	expect_open("/proc/self/status", O_RDONLY, "a mount outside the root")->flags = OUTSIDE;
	expect_open("/tmp/jail", O_RDONLY, "the root, opened before");
	expect_open("/tmp/jail/sub/file", O_RDONLY, "a file in the root, opened before");
	must(!chroot("/tmp/jail") && !chdir("/"));
	expect_open("/", O_RDONLY, "the root");
	expect_open("/sub", O_RDONLY, "a directory");
	expect_open("/sub/file", O_RDONLY, "a file");
	expect_open("/mount", O_RDONLY, "a mount");
	expect_open("/mount/file", O_CREAT | O_RDWR, "a file there");
	expect_open("/gone", O_CREAT | O_RDWR, "a deleted file")->deleted = true;
	must(!unlink("/gone"));
}

/* The root is a mount's own root. */
static void chrooted_to_mount(void)
{
	must(!mkdir("/tmp/jail 2", 0700));
	expect_open("/tmp/jail 2", O_RDONLY, "the directory below the root's mount")->flags =
		OUTSIDE;
	mount_tmpfs("/tmp/jail 2");
	expect_open("/tmp/jail 2", O_RDONLY, "the root, opened before");
	must(!chroot("/tmp/jail 2") && !chdir("/") && !mkdir("/sub", 0700));
	expect_open("/", O_RDONLY, "the root");
	expect_open("/sub/file", O_CREAT | O_RDWR, "a file");
	mount_tmpfs("/sub");
	expect_open("/sub/file", O_CREAT | O_RDWR, "a file on a mount");
}

static void pivoted(void)
{
	must(!unshare(CLONE_NEWNS));
	/* From a root that is mounted on another: the first one of all can't be left so. */
	must(!mkdir("/tmp/root", 0700) && !mount("/", "/tmp/root", NULL, MS_BIND | MS_REC, NULL) &&
	     !chroot("/tmp/root") && !chdir("/"));
	must(!mkdir("/tmp/pivot", 0700));
	mount_tmpfs("/tmp/pivot");
	must(!mkdir("/tmp/pivot/sub", 0700));
	touch("/tmp/pivot/sub/file");
	expect_open("/tmp/old world", O_CREAT | O_RDWR, "a file of the old root")->flags = OUTSIDE;
	expect_open("/", O_RDONLY, "the old root")->flags = OUTSIDE;
	expect_open("/tmp/pivot/sub/file", O_RDONLY, "a file of the new root, opened before");
	must(!chdir("/tmp/pivot") && !syscall(SYS_pivot_root, ".", ".") &&
	     !umount2(".", MNT_DETACH) && !chdir("/"));
	expect_open("/", O_RDONLY, "the new root");
	expect_open("/sub/file", O_RDONLY, "a file");
	mount_tmpfs("/sub");
	expect_open("/sub/file", O_CREAT | O_RDWR, "a file on a mount");
}

/* Descriptors of mounts that are nowhere to be seen in the process's own namespace. */
static void foreign(void)
{
	int there[2];
	pid_t other;

	must(!mkdir("/tmp/foreign", 0700) && !pipe2(there, O_CLOEXEC));
	expect_open("/tmp/common", O_CREAT | O_RDWR, "a file of the mount that was copied")->flags =
		OUTSIDE;
	other = fork();
	must(other >= 0);
	if (!other) {
		must(!unshare(CLONE_NEWNS));
		mount_tmpfs("/tmp/foreign");
		touch("/tmp/foreign/file");
		must(write(there[1], "", 1) == 1);
		pause();
	}
	{
		char path[64], c;

		must(read(there[0], &c, 1) == 1);
		snprintf(path, sizeof(path), "/proc/%d/root/tmp/foreign/file", other);
		expect_open(path, O_RDONLY, "a file of another namespace")->flags = OUTSIDE;
		snprintf(path, sizeof(path), "/proc/%d/root", other);
		expect_open(path, O_RDONLY, "the root of another namespace")->flags = OUTSIDE;
	}
	table->cases[0].flags = 0;
	must(!kill(other, SIGKILL) && waitpid(other, NULL, 0) == other);
}

int main(void)
{
	need_root();
	bpf = path_bpf__open();
	must(bpf);
	bpf_map__set_max_entries(bpf->maps.path_scratch, libbpf_num_possible_cpus());
	must(!path_bpf__load(bpf) && !path_bpf__attach(bpf));
	table = mmap(NULL, sizeof(*table), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	must(table != MAP_FAILED);

	/* All that follows ends with this process. */
	must(!unshare(CLONE_NEWNS) && !mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	mount_tmpfs("/tmp");
	umask(0);

	test_group("plain", plain);
	test_group("names", names);
	test_group("long", long_paths);
	test_group("changed", changed);
	test_group("memory", memory);
	test_group("mounts", mounts);
	test_group("escaped", escaped);
	test_overlay();
	test_group("chroot", chrooted);
	test_group("chroot to a mount", chrooted_to_mount);
	test_group("pivot_root", pivoted);
	test_group("other namespace", foreign);
	return done();
}
