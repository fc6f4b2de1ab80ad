/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Opens, reads and writes files in all ways that there are, and prints for each what filemon must
 * say of it in sum: {"event":…,"pid":…,"path":…,"bytes":…,"calls":…}. Its own output is written at
 * the end, to a descriptor that is no regular file or is not asked about.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "tests/e2e/must.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static char block[65536];

/* What the calls on one file must come to. */
struct expected {
	const char *event;
	char path[PATH_MAX];
	unsigned long bytes, calls;
};

static struct expected all[64];
static size_t n_all;

static void expect(const char *event, int fd, long bytes)
{
	char link[64], path[PATH_MAX];
	ssize_t n;

	must(bytes, event);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = must(readlink(link, path, sizeof(path) - 1), "readlink");
	path[n] = '\0';
	for (size_t i = 0; i < n_all; i++)
		if (!strcmp(all[i].event, event) && !strcmp(all[i].path, path)) {
			all[i].bytes += bytes;
			all[i].calls++;
			return;
		}
	if (n_all == COUNT(all))
		fail("too many files");
	all[n_all].event = event;
	memcpy(all[n_all].path, path, n + 1);
	all[n_all].bytes = bytes;
	all[n_all++].calls = 1;
}

static void tell(void)
{
	for (size_t i = 0; i < n_all; i++)
		printf("{\"event\":\"%s\",\"pid\":%d,\"path\":\"%s\",\"bytes\":%lu,\"calls\":%lu}"
		       "\n",
		       all[i].event, getpid(), all[i].path, all[i].bytes, all[i].calls);
	fflush(stdout);
}

static int must_open(const char *name, int flags)
{
	return must(open(name, flags, 0644), name);
}

/* Each system call once, on files of their own or not. */
static void every(void)
{
	int a = must_open("a", O_RDWR | O_CREAT), b = must_open("b", O_RDWR | O_CREAT), pipes[2];
	struct iovec io[2] = { { block, 100 }, { block + 100, 23 } };
	off_t at = 0, to = 5;

	expect("file.write", a, write(a, block, 1000));
	expect("file.write", a, pwrite(a, block, 10000, 1000));
	expect("file.write", a, writev(a, io, 2));
	expect("file.write", a, pwritev(a, io, 2, 20000));
	expect("file.write", a, pwritev2(a, io, 1, 30000, 0));
	must(lseek(a, 0, SEEK_SET), "lseek");
	expect("file.read", a, read(a, block, 77));
	expect("file.read", a, pread(a, block, 60000, 0)); /* gives less */
	expect("file.read", a, readv(a, io, 2));
	expect("file.read", a, preadv(a, io, 2, 1));
	expect("file.read", a, preadv2(a, io, 2, 2, 0));

	must(at = sendfile(b, a, &(off_t){ 0 }, 3000), "sendfile");
	expect("file.read", a, at);
	expect("file.write", b, at);
	at = 0;
	must(at = copy_file_range(a, &at, b, &to, 4000, 0), "copy_file_range");
	expect("file.read", a, at);
	expect("file.write", b, at);
	must(pipe(pipes), "pipe");
	must(at = splice(a, &(off_t){ 0 }, pipes[1], NULL, 2000, 0), "splice");
	expect("file.read", a, at);
	must(at = splice(pipes[0], NULL, b, &(off_t){ 0 }, 1500, 0), "splice");
	expect("file.write", b, at);
	tell();
}

/* Blocks of different sizes, in several processes at once, on files that are each one's own. */
static void load(const char *name, int processes, int rounds)
{
	for (int i = 0; i < processes; i++)
		if (!must(fork(), "fork")) {
			char own[300];
			int shared = must_open(name, O_RDWR | O_CREAT), fd;

			snprintf(own, sizeof(own), "%s.%d", name, i);
			fd = must_open(own, O_RDWR | O_CREAT);
			for (int n = 0; n < rounds; n++) {
				expect("file.write", fd,
				       pwrite(fd, block, 1 + (n * 37 + i) % 999, 0));
				expect("file.write", shared, pwrite(shared, block, 1 + n % 77, n));
				expect("file.read", fd, pread(fd, block, 1, 0));
			}
			tell();
			exit(0);
		}
	while (wait(NULL) > 0)
		;
}

static void opened(int fd, const char *requested, const char *rest)
{
	char link[64], path[PATH_MAX];
	struct stat st;
	ssize_t n;

	must(fd, requested);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = must(readlink(link, path, sizeof(path) - 1), "readlink");
	path[n] = '\0';
	must(fstat(fd, &st), "fstat");
	printf("{\"event\":\"file.open\",\"pid\":%d,\"path\":\"%s\",\"requested\":", getpid(),
	       path);
	printf(strcmp(path, requested) ? "\"%s\"" : "null", requested);
	printf(",\"inode\":\"%llu\",%s}\n", (unsigned long long)st.st_ino, rest);
}

/* All ways to open a file. */
static void opens(void)
{
	struct open_how how = { .flags = O_RDWR | O_CREAT | O_CLOEXEC, .mode = 0600 };
	int here = must_open(".", O_PATH);
	char full[PATH_MAX + 10];

	umask(022);
	opened(openat(AT_FDCWD, "new", O_WRONLY | O_CREAT | O_EXCL, 0666), "new",
	       "\"access\":\"write\",\"flags\":[\"O_CREAT\",\"O_EXCL\"],\"created\":true,\"mode\":"
	       "\"0644\"");
	opened(openat(here, "new", O_RDONLY | O_CLOEXEC), "new",
	       "\"access\":\"read\",\"flags\":[\"O_CLOEXEC\"],\"created\":null,\"mode\":null");
	opened(openat(AT_FDCWD, "new", O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_NONBLOCK, 0600),
	       "new",
	       "\"access\":\"read_write\",\"created\":null,"
	       "\"flags\":[\"O_CREAT\",\"O_TRUNC\",\"O_APPEND\",\"O_NONBLOCK\"]");
	opened(syscall(SYS_openat2, here, "how", &how, sizeof(how)), "how",
	       "\"access\":\"read_write\",\"flags\":[\"O_CREAT\",\"O_CLOEXEC\"],"
	       "\"created\":true,\"mode\":\"0600\"");
#ifdef SYS_open
	opened(syscall(SYS_open, "./new", O_RDONLY | O_NOATIME), "./new",
	       "\"access\":\"read\",\"flags\":[\"O_NOATIME\"]");
	opened(syscall(SYS_creat, "created", 0711), "created",
	       "\"access\":\"write\",\"flags\":[\"O_CREAT\",\"O_TRUNC\"],"
	       "\"created\":true,\"mode\":\"0711\"");
#endif
	if (!getcwd(full, PATH_MAX))
		fail("getcwd");
	strcat(full, "/new");
	opened(open(full, O_RDONLY), full, "\"access\":\"read\"");
	must(symlink("new", "link"), "symlink");
	opened(open("link", O_RDONLY), "link", "\"access\":\"read\"");
}

/* What can't be opened. */
static void fails(void)
{
	static const struct {
		const char *name;
		int flags;
	} names[] = {
		{ "/nowhere/x", O_RDONLY }, { "nothing", O_RDWR }, { "file/x", O_RDONLY },
		{ "file", O_DIRECTORY },    { "loop", O_WRONLY },  { "file", O_CREAT | O_EXCL },
		{ ".", O_WRONLY },
	};
	int error;

	must_open("file", O_RDWR | O_CREAT);
	must(symlink("loop", "loop"), "symlink");
	for (size_t i = 0; i < COUNT(names); i++) {
		if (open(names[i].name, names[i].flags, 0600) >= 0)
			fail("it could be opened");
		error = errno;
		printf("{\"pid\":%d,\"requested\":\"%s\",\"error\":\"%s\"}\n", getpid(),
		       names[i].name, strerrorname_np(error));
	}
}

/*
 * What changes names and what else there is of a file. Each call is told as filemon must tell it:
 * in this order, with these fields, null for one that must not be there.
 */

/* What realpath(3) makes of a name, or of its directory if the last one is not to be followed. */
static const char *real(int dir, const char *name, bool follow)
{
	static char paths[4][2 * PATH_MAX];
	static unsigned next;
	char full[2 * PATH_MAX], *path = paths[next++ % COUNT(paths)], *base;

	snprintf(full, sizeof(full), "/proc/self/fd/%d/%s", dir, name);
	if (dir == AT_FDCWD || *name == '/')
		snprintf(full, sizeof(full), "%s%s", *name == '/' ? "" : "./", name);
	if (follow) {
		if (!realpath(full, path))
			fail(full);
		return path;
	}
	while (full[strlen(full) - 1] == '/')
		full[strlen(full) - 1] = '\0';
	base = strrchr(full, '/');
	*base++ = '\0';
	if (!realpath(*full ? full : "/", path))
		fail(full);
	return strcat(strcat(path, path[1] ? "/" : ""), base);
}

static void put_name(const char *old, const char *path, const char *requested)
{
	printf(",\"%spath\":\"%s\",\"%srequested\":", old, path, old);
	printf(requested && strcmp(path, requested) ? "\"%s\"" : "null", requested);
}

static void begin(const char *event, const char *path, const char *requested)
{
	struct stat st;

	printf("{\"event\":\"file.%s\",\"pid\":%d,\"path_unresolved\":null", event, getpid());
	put_name("", path, requested);
	if (!lstat(path, &st))
		printf(",\"inode\":\"%llu\",\"dev\":%llu", (unsigned long long)st.st_ino,
		       (unsigned long long)st.st_dev);
}

static void did(const char *event, long result, int dir, const char *name, bool follow,
		const char *rest)
{
	must(result, name);
	begin(event, real(dir, name, follow), name);
	printf("%s}\n", rest);
}

static void did_open(const char *event, long result, int fd, const char *rest)
{
	char link[32];

	must(result, event);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	begin(event, real(AT_FDCWD, link, true), NULL);
	printf("%s}\n", rest);
}

static void did_both(const char *event, long result, int old_dir, const char *old, bool follow,
		     int dir, const char *name, const char *rest)
{
	must(result, name);
	begin(event, real(dir, name, false), name);
	put_name("old_", real(old_dir, old, follow), old);
	printf("%s}\n", rest);
}

static void make_names(int real)
{
	char full[PATH_MAX + 16];
	int fd;

	must(fd = open("link/o", O_CREAT | O_RDWR, 0640), "link/o");
	did("create", 0, AT_FDCWD, "link/o", false, ",\"mode\":\"0640\",\"type\":\"file\"");
	did("create", mknodat(real, "fifo", S_IFIFO | 0600, 0), real, "fifo", false,
	    ",\"mode\":\"0600\",\"type\":\"pipe\"");
	did("create", mknodat(AT_FDCWD, "abs/sub/../m", S_IFREG | 0644, 0), AT_FDCWD,
	    "abs/sub/../m", false, ",\"type\":\"file\"");
	did("mkdir", mkdirat(real, "d", 0700), real, "d", false,
	    ",\"mode\":\"0700\",\"type\":\"directory\"");
	did("mkdir", mkdirat(AT_FDCWD, "chain//./sub/..///d2//", 0755), AT_FDCWD,
	    "chain//./sub/..///d2//", false, ",\"mode\":\"0755\"");
	if (!getcwd(full, PATH_MAX))
		fail("getcwd");
	strcat(full, "/real/d3");
	did("mkdir", mkdirat(real, full, 0755), real, full, false, "");
	did("symlink", symlinkat("no such target", real, "s"), real, "s", false,
	    ",\"type\":\"link\",\"target\":\"no such target\"");
	did("symlink", symlinkat("o", AT_FDCWD, "link/so"), AT_FDCWD, "link/so", false,
	    ",\"target\":\"o\"");
	did_both("link", linkat(AT_FDCWD, "link/o", AT_FDCWD, "abs/l1", 0), AT_FDCWD, "link/o",
		 false, AT_FDCWD, "abs/l1", "");
	did_both("link", linkat(real, "so", AT_FDCWD, "l2", AT_SYMLINK_FOLLOW), real, "so", true,
		 AT_FDCWD, "l2", ",\"type\":\"file\"");
	did_both("link", linkat(real, "so", real, "l3", 0), real, "so", false, real, "l3",
		 ",\"type\":\"link\"");
	did_both("rename", renameat(real, "o", AT_FDCWD, "link/sub/o"), real, "o", false, AT_FDCWD,
		 "link/sub/o", ",\"flags\":null");
	did_both("rename", renameat(AT_FDCWD, "abs/d2/", AT_FDCWD, "link/sub/../d4/"), AT_FDCWD,
		 "abs/d2/", false, AT_FDCWD, "link/sub/../d4/", "");
	did_both("rename", renameat2(real, "l1", real, "l4", RENAME_NOREPLACE), real, "l1", false,
		 real, "l4", ",\"flags\":[\"RENAME_NOREPLACE\"]");
	did_both("rename", renameat2(real, "l4", real, "m", RENAME_EXCHANGE), real, "l4", false,
		 real, "m", ",\"flags\":[\"RENAME_EXCHANGE\"]");
	did_both("rename", renameat(real, "l4", real, "m"), real, "l4", false, real, "m", "");
#ifdef SYS_rename
	did("create", syscall(SYS_mknod, "real/n", S_IFREG | 0600, 0), AT_FDCWD, "real/n", false,
	    "");
	did("mkdir", syscall(SYS_mkdir, "link/d5", 0711), AT_FDCWD, "link/d5", false, "");
	did("symlink", syscall(SYS_symlink, "x", "link/s2"), AT_FDCWD, "link/s2", false, "");
	did_both("link", syscall(SYS_link, "link/n", "real/n2"), AT_FDCWD, "link/n", false,
		 AT_FDCWD, "real/n2", "");
	did_both("rename", syscall(SYS_rename, "link/n", "n3"), AT_FDCWD, "link/n", false, AT_FDCWD,
		 "n3", "");
	did("delete", syscall(SYS_unlink, "link/n2"), AT_FDCWD, "link/n2", false, "");
	did("rmdir", syscall(SYS_rmdir, "link/d5"), AT_FDCWD, "link/d5", false, "");
#endif
	did("delete", unlinkat(AT_FDCWD, "chain/m", 0), AT_FDCWD, "chain/m", false, "");
	did("delete", unlinkat(real, "so", 0), real, "so", false, "");
	did("rmdir", unlinkat(AT_FDCWD, "abs/d4/", AT_REMOVEDIR), AT_FDCWD, "abs/d4/", false, "");
	did("rmdir", unlinkat(real, "d", AT_REMOVEDIR), real, "d", false, "");
	close(fd);
}

static void change_modes(int real, int fd)
{
	char name[64];

	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd); /* as the C library does */
	did("chmod", chmod(name, 0600), AT_FDCWD, name, true, "");
	did("chmod", fchmodat(AT_FDCWD, "link/sf", 0600, 0), AT_FDCWD, "link/sf", true,
	    ",\"mode\":\"0600\",\"type\":\"file\"");
	did("chmod", fchmodat(real, "../real/sub", 01777, 0), real, "../real/sub", true,
	    ",\"mode\":\"1777\",\"type\":\"directory\"");
	did_open("chmod", fchmod(fd, 0644), fd, ",\"mode\":\"0644\",\"requested\":null");
	did("chown", fchownat(real, "sf", 11, 12, 0), real, "sf", true,
	    ",\"owner\":11,\"group\":12");
	did("chown", fchownat(real, "sf", -1, 13, AT_SYMLINK_NOFOLLOW), real, "sf", false,
	    ",\"owner\":null,\"group\":13,\"type\":\"link\"");
	did_open("chown", fchownat(fd, "", 14, -1, AT_EMPTY_PATH), fd,
		 ",\"owner\":14,\"group\":null");
	did_open("chown", fchown(fd, 0, 0), fd, ",\"owner\":0,\"group\":0");
	did("truncate", truncate("abs/sf", 5000000000), AT_FDCWD, "abs/sf", true,
	    ",\"size\":5000000000,\"fallocate\":null,\"offset\":null,\"bytes\":null");
	did_open("truncate", ftruncate(fd, 10), fd, ",\"size\":10");
	did_open("truncate", fallocate(fd, FALLOC_FL_KEEP_SIZE, 4096, 8192), fd,
		 ",\"size\":null,\"fallocate\":[\"FALLOC_FL_KEEP_SIZE\"],\"offset\":4096,"
		 "\"bytes\":8192");
	did_open("truncate", fallocate(fd, 0, 0, 100), fd, ",\"fallocate\":[]");
	did("utimens", utimensat(AT_FDCWD, "link/sf", NULL, 0), AT_FDCWD, "link/sf", true, "");
	did("utimens", utimensat(real, "sf", NULL, AT_SYMLINK_NOFOLLOW), real, "sf", false, "");
	did_open("utimens", futimens(fd, NULL), fd, "");
#ifdef SYS_chmod
	did("chmod", syscall(SYS_chmod, "link/f", 0640), AT_FDCWD, "link/f", true,
	    ",\"mode\":\"0640\"");
	did("chown", syscall(SYS_chown, "link/sf", 1, -1), AT_FDCWD, "link/sf", true,
	    ",\"owner\":1,\"group\":null,\"type\":\"file\"");
	did("chown", syscall(SYS_lchown, "link/sf", 1, -1), AT_FDCWD, "link/sf", false,
	    ",\"type\":\"link\"");
	did("utimens", syscall(SYS_utime, "link/f", NULL), AT_FDCWD, "link/f", true, "");
	did("utimens", syscall(SYS_utimes, "link/f", NULL), AT_FDCWD, "link/f", true, "");
	did("utimens", syscall(SYS_futimesat, real, "sf", NULL), real, "sf", true, "");
#endif
	did("xattr", setxattr("link/sf", "trusted.a", "x", 1, 0), AT_FDCWD, "link/sf", true,
	    ",\"action\":\"set\",\"attribute\":\"trusted.a\",\"type\":\"file\"");
	did("xattr", lsetxattr("link/sf", "trusted.b", "x", 1, 0), AT_FDCWD, "link/sf", false,
	    ",\"action\":\"set\",\"attribute\":\"trusted.b\",\"type\":\"link\"");
	did_open("xattr", fsetxattr(fd, "trusted.c", "x", 1, 0), fd,
		 ",\"action\":\"set\",\"attribute\":\"trusted.c\"");
	did("xattr", removexattr("link/sf", "trusted.a"), AT_FDCWD, "link/sf", true,
	    ",\"action\":\"remove\",\"attribute\":\"trusted.a\"");
	did("xattr", lremovexattr("link/sf", "trusted.b"), AT_FDCWD, "link/sf", false,
	    ",\"action\":\"remove\"");
	did_open("xattr", fremovexattr(fd, "trusted.c"), fd, ",\"action\":\"remove\"");
}

#define NR_FCHMODAT2	 452
#define NR_SETXATTRAT	 463
#define NR_REMOVEXATTRAT 466

/* Calls that not each kernel has. */
static void change_newer(int real, int fd)
{
	struct {
		uint64_t value;
		uint32_t size, flags;
	} args = { (uintptr_t) "x", 1, 0 };

	if (!syscall(NR_FCHMODAT2, real, "f", 0611, AT_SYMLINK_NOFOLLOW)) {
		did("chmod", 0, real, "f", true, ",\"mode\":\"0611\"");
		did_open("chmod", syscall(NR_FCHMODAT2, fd, "", 0644, AT_EMPTY_PATH), fd,
			 ",\"mode\":\"0644\"");
	}
	if (!syscall(NR_SETXATTRAT, real, "sf", 0, "trusted.d", &args, sizeof(args))) {
		did("xattr", 0, real, "sf", true, ",\"attribute\":\"trusted.d\"");
		did_open("xattr", syscall(NR_REMOVEXATTRAT, fd, "", AT_EMPTY_PATH, "trusted.d"), fd,
			 ",\"action\":\"remove\",\"attribute\":\"trusted.d\"");
	}
}

static void map_files(int fd)
{
	must(ftruncate(fd, 8192), "ftruncate");
	begin("truncate", real(AT_FDCWD, "real/f", false), NULL);
	puts("}");
	if (mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED ||
	    mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0) == MAP_FAILED ||
	    mmap(NULL, 4096, PROT_WRITE, MAP_SHARED, fd, 4096) == MAP_FAILED)
		fail("mmap");
	did_open("mmap", 0, fd,
		 ",\"protection\":[\"PROT_WRITE\"],\"flags\":[\"MAP_SHARED\"],\"offset\":4096,"
		 "\"bytes\":4096");
	if (mmap(NULL, 100, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED)
		fail("mmap");
	did_open("mmap", 0, fd,
		 ",\"protection\":[\"PROT_READ\",\"PROT_EXEC\"],\"flags\":[\"MAP_PRIVATE\"],"
		 "\"offset\":0,\"bytes\":100");
}

/* Through mounts, and out of them. */
static void change_mounts(void)
{
	must(mount("none", "real/sub", "tmpfs", 0, NULL), "mount");
	must(mount("none", "real/sub", "tmpfs", 0, NULL), "mount");
	must(mount("real/f", "real/bound", NULL, MS_BIND, NULL), "mount");
	did("mkdir", mkdir("link/sub/dir", 0755), AT_FDCWD, "link/sub/dir", false, "");
	must(symlink("../../f", "real/sub/dir/up"), "symlink");
	begin("symlink", real(AT_FDCWD, "real/sub/dir/up", false), "real/sub/dir/up");
	puts("}");
	did("chmod", chmod("real/sub/dir/up", 0644), AT_FDCWD, "real/sub/dir/up", true, "");
	did("chmod", chmod("real/sub/../sub/./dir/..", 0755), AT_FDCWD, "real/sub/../sub/./dir/..",
	    true, "");
	did("chmod", chmod("abs/bound", 0644), AT_FDCWD, "abs/bound", true, "");
	did("delete", unlink("real/sub/dir/up"), AT_FDCWD, "real/sub/dir/up", false, "");
	must(umount("real/bound") | umount("real/sub") | umount("real/sub"), "umount");
}

static void changes(void)
{
	int real, fd;
	char cwd[PATH_MAX], target[PATH_MAX + 10];

	umask(022);
	if (!getcwd(cwd, sizeof(cwd)))
		fail("getcwd");
	snprintf(target, sizeof(target), "%s/real", cwd);
	must(mkdir("real", 0755) | mkdir("real/sub", 0755), "mkdir");
	must(symlink("real", "link") | symlink(target, "abs") | symlink("link", "chain") |
		     symlink("f", "real/sf"),
	     "symlink");
	must(fd = open("real/f", O_RDWR | O_CREAT, 0644), "open");
	must(mknod("real/bound", S_IFREG | 0644, 0), "mknod");
	must(real = open("real", O_PATH), "open");
	make_names(real);
	change_modes(real, fd);
	change_newer(real, fd);
	map_files(fd);
	change_mounts();
	fflush(stdout);
}

static void failed(const char *operation, const char *path, const char *requested, const char *old)
{
	printf("{\"event\":\"file.failed\",\"pid\":%d,\"operation\":\"%s\",\"error\":\"%s\"",
	       getpid(), operation, strerrorname_np(errno));
	printf(path ? ",\"path\":\"%s\"" : ",\"path\":null", path);
	printf(requested ? ",\"requested\":\"%s\"" : ",\"requested\":null", requested);
	printf(old ? ",\"old_requested\":\"%s\"" : ",\"old_requested\":null", old);
	puts(",\"path_unresolved\":null}");
}

/* Ends unless it failed. */
static void fails_by_name(const char *operation, long result, const char *name, const char *old)
{
	if (result >= 0)
		fail("it could be done");
	failed(operation, NULL, name, old);
}

static void fails_on_file(const char *operation, long result, const char *name)
{
	int error = errno;
	const char *path = real(AT_FDCWD, name, true);

	if (result >= 0)
		fail("it could be done");
	errno = error;
	failed(operation, path, NULL, NULL);
}

/* What can't be done. */
static void failures(void)
{
	int in, out;

	must(mkdir("dir", 0755) | mkdir("dir/sub", 0755), "mkdir");
	must(in = open("dir/f", O_RDONLY | O_CREAT, 0644), "open");
	must(out = open("dir/g", O_WRONLY | O_CREAT, 0644), "open");
	fails_by_name("create", mknod("dir/f", S_IFREG | 0600, 0), "dir/f", NULL);
	fails_by_name("delete", unlink("none"), "none", NULL);
	fails_by_name("delete", unlink("dir"), "dir", NULL);
	fails_by_name("rmdir", rmdir("dir"), "dir", NULL);
	fails_by_name("rmdir", unlinkat(AT_FDCWD, "dir/f", AT_REMOVEDIR), "dir/f", NULL);
	fails_by_name("rename", rename("none", "some"), "some", "none");
	fails_by_name("rename", renameat2(AT_FDCWD, "dir/f", AT_FDCWD, "dir/g", RENAME_NOREPLACE),
		      "dir/g", "dir/f");
	fails_by_name("link", link("none", "some"), "some", "none");
	fails_by_name("symlink", symlink("x", "dir/f"), "dir/f", NULL);
	fails_by_name("mkdir", mkdir("dir/f/x", 0700), "dir/f/x", NULL);
	fails_by_name("chmod", chmod("none", 0700), "none", NULL);
	fails_by_name("chown", chown("none", 1, 1), "none", NULL);
	fails_by_name("truncate", truncate("dir", 1), "dir", NULL);
	fails_by_name("utimens", utimensat(AT_FDCWD, "none", NULL, 0), "none", NULL);
	fails_by_name("xattr", removexattr("dir/f", "trusted.none"), "dir/f", NULL);
	fails_on_file("truncate", ftruncate(in, 1), "dir/f");
	fails_on_file("truncate", fallocate(out, 0, -1, 1), "dir/g");
	fails_on_file("write", write(in, block, 1), "dir/f");
	fails_on_file("read", read(out, block, 1), "dir/g");
	fails_on_file("read", pread(in, block, 1, -1), "dir/f");
	fails_on_file("write", sendfile(in, in, NULL, 1), "dir/f");
	fails_on_file("mmap", (long)mmap(NULL, 1, PROT_WRITE, MAP_SHARED, in, 0), "dir/f");
	fflush(stdout);
}

#ifdef __x86_64__

/* A 32-bit call, as int $0x80 makes one from any program. Pointers must be below 4 GiB. */
long call80(long number, const uint32_t *args);
asm(".pushsection .text\n"
    "call80: push %rbx\n push %rbp\n"
    "mov %rdi, %rax\n"
    "mov (%rsi), %ebx\n mov 4(%rsi), %ecx\n mov 8(%rsi), %edx\n"
    "mov 16(%rsi), %edi\n mov 20(%rsi), %ebp\n mov 12(%rsi), %esi\n"
    "int $0x80\n"
    "pop %rbp\n pop %rbx\n movslq %eax, %rax\n ret\n"
    ".popsection");

#define CALL80(number, ...)                                                                        \
	({                                                                                         \
		long result = call80(number, (const uint32_t[6]){ __VA_ARGS__ });                  \
		if (result < 0 && result >= -4095) {                                               \
			errno = -result;                                                           \
			fail(#number);                                                             \
		}                                                                                  \
		(uint32_t) result;                                                                 \
	})

/* A string that such a call can be given. */
static uint32_t low(const char *s)
{
	static char *next;
	char *at;

	if (!next) {
		next = mmap(NULL, 65536, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
		if (next == MAP_FAILED)
			fail("mmap");
	}
	at = next;
	next = stpcpy(next, s) + 1;
	return (uintptr_t)at;
}

static void no_32bit_calls(int signal)
{
	(void)signal;
	_exit(99);
}

/* asm/unistd_32.h */
static void changes32(void)
{
	uint32_t text = low("text and text"), old[6] = { 0, 4096, PROT_WRITE, MAP_SHARED, 0, 0 };
	int fd, by_creat, here;

	signal(SIGSEGV, no_32bit_calls); /* a kernel without them */
	umask(022);
	here = open(".", O_PATH);
	fd = CALL80(5, low("f"), O_CREAT | O_RDWR | 0100000 /* O_LARGEFILE */, 0640);
	did("open", fd, AT_FDCWD, "f", true,
	    ",\"access\":\"read_write\",\"created\":true,\"mode\":\"0640\"");
	did("create", fd, AT_FDCWD, "f", true, ",\"mode\":\"0640\"");
	by_creat = CALL80(8, low("c"), 0600);
	did("open", by_creat, AT_FDCWD, "c", true, ",\"access\":\"write\"");
	did("create", by_creat, AT_FDCWD, "c", true, "");
	did("open", CALL80(295, here, low("f"), O_RDONLY), here, "f", true, ",\"access\":\"read\"");
	did_open("write", CALL80(4, fd, text, 9), fd, ",\"bytes\":9");
	did_open("write", CALL80(181, fd, text, 5, 100, 1), fd, ",\"bytes\":5");
	did_open("read", CALL80(180, fd, text, 3, 2, 0), fd, ",\"bytes\":3");
	did("mkdir", CALL80(39, low("d"), 0711), AT_FDCWD, "d", false, ",\"mode\":\"0711\"");
	did_both("rename", CALL80(38, low("f"), low("d/../g")), AT_FDCWD, "f", false, AT_FDCWD,
		 "d/../g", "");
	did_both("rename", CALL80(353, here, low("g"), here, low("c"), RENAME_EXCHANGE), here, "g",
		 false, here, "c", ",\"flags\":[\"RENAME_EXCHANGE\"]");
	did_both("link", CALL80(303, here, low("c"), here, low("d/l"), 0), here, "c", false, here,
		 "d/l", "");
	did("symlink", CALL80(83, low("l"), low("d/s")), AT_FDCWD, "d/s", false,
	    ",\"target\":\"l\"");
	did("chmod", CALL80(15, low("d/s"), 0604), AT_FDCWD, "d/s", true, ",\"mode\":\"0604\"");
	did("chown", CALL80(182, low("d/s"), 0xffff, 5), AT_FDCWD, "d/s", true,
	    ",\"owner\":null,\"group\":5");
	did("chown", CALL80(16, low("d/s"), 6, 0xffff), AT_FDCWD, "d/s", false,
	    ",\"owner\":6,\"group\":null,\"type\":\"link\"");
	did("chown", CALL80(212, low("d/s"), 0xffff, -1), AT_FDCWD, "d/s", true,
	    ",\"owner\":65535,\"group\":null");
	did("truncate", CALL80(193, low("d/s"), 7, 2), AT_FDCWD, "d/s", true,
	    ",\"size\":8589934599");
	did_open("truncate", CALL80(194, fd, 4096, 0), fd, ",\"size\":4096");
	did_open("truncate", CALL80(324, fd, FALLOC_FL_KEEP_SIZE, 8, 1, 4096, 0), fd,
		 ",\"fallocate\":[\"FALLOC_FL_KEEP_SIZE\"],\"offset\":4294967304,"
		 "\"bytes\":4096");
	did("utimens", CALL80(320, here, low("d/s"), 0, AT_SYMLINK_NOFOLLOW), here, "d/s", false,
	    "");
	did("xattr", CALL80(226, low("d/s"), low("trusted.x"), text, 1, 0), AT_FDCWD, "d/s", true,
	    ",\"attribute\":\"trusted.x\"");
	did_open("mmap", CALL80(192, 0, 4096, PROT_WRITE, MAP_SHARED, fd, 3), fd,
		 ",\"offset\":12288,\"bytes\":4096,\"protection\":[\"PROT_WRITE\"]");
	old[4] = fd;
	did_open("mmap", CALL80(90, (uintptr_t)memcpy((void *)(uintptr_t)text, old, sizeof(old))),
		 fd, ",\"offset\":0,\"flags\":[\"MAP_SHARED\"]");
	did("delete", CALL80(10, low("d/s")), AT_FDCWD, "d/s", false, "");
	did("delete", CALL80(301, here, low("d/l"), 0), here, "d/l", false, "");
	did("rmdir", CALL80(40, low("d")), AT_FDCWD, "d", false, "");
	fflush(stdout);
}

#endif

/* A name that is gone, used again, and another one. */
static void names(void)
{
	for (int i = 0; i < 20; i++) {
		char name[16];
		int fd;

		snprintf(name, sizeof(name), "t%d", i);
		fd = must_open(name, O_RDWR | O_CREAT);
		expect("file.write", fd, write(fd, block, 10 + i));
		expect("file.write", fd, write(fd, block, 10 + i));
		close(fd);
		must(unlink(name), "unlink");
	}
	tell();
}

/* Reads a file in as many calls as it has bytes, and one more, every so many ms. */
static void slowly(const char *name, long n, long ms)
{
	int fd = must_open(name, O_RDONLY);

	while (n--) {
		must(read(fd, block, 1), "read");
		usleep(ms * 1000);
	}
}

/* Three bytes to each of many files. */
static void many(int n)
{
	for (int i = 0; i < n; i++) {
		char name[16];
		int fd;

		snprintf(name, sizeof(name), "m%d", i);
		fd = must_open(name, O_WRONLY | O_CREAT);
		for (int k = 0; k < 3; k++)
			must(write(fd, block, 1), "write");
		close(fd);
	}
}

/* In another root directory. */
static void rooted(const char *root, const char *directory)
{
	must(chroot(root), root);
	must(chdir(directory), directory);
	must_open("f", O_WRONLY | O_CREAT);
}

static void by_handle(const char *name)
{
	union {
		struct file_handle handle;
		char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	} of = { .handle.handle_bytes = MAX_HANDLE_SZ };
	int mount;

	must(name_to_handle_at(AT_FDCWD, name, &of.handle, &mount, 0), name);
	must(open_by_handle_at(AT_FDCWD, &of.handle, O_RDONLY), "open_by_handle_at");
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (!strcmp(what, "every"))
		every();
	else if (!strcmp(what, "load") && argc == 5)
		load(argv[2], atoi(argv[3]), atoi(argv[4]));
	else if (!strcmp(what, "opens"))
		opens();
	else if (!strcmp(what, "fails"))
		fails();
	else if (!strcmp(what, "changes"))
		changes();
	else if (!strcmp(what, "failures"))
		failures();
#ifdef __x86_64__
	else if (!strcmp(what, "changes32"))
		changes32();
#endif
	else if (!strcmp(what, "names"))
		names();
	else if (!strcmp(what, "many") && argc == 3)
		many(atoi(argv[2]));
	else if (!strcmp(what, "rooted") && argc == 4)
		rooted(argv[2], argv[3]);
	else if (!strcmp(what, "handle") && argc == 3)
		by_handle(argv[2]);
	else if (!strcmp(what, "slowly") && argc == 5)
		slowly(argv[2], atol(argv[3]), atol(argv[4]));
	else
		return 2;
	return 0;
}
