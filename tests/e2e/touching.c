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
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static char block[65536];

static void __attribute__((noreturn)) fail(const char *what)
{
	perror(what);
	exit(1);
}

static long must(long n, const char *what)
{
	if (n < 0)
		fail(what);
	return n;
}

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
static void rooted(const char *root)
{
	must(chroot(root), root);
	must(chdir("/dir"), "chdir");
	must_open("f", O_WRONLY | O_CREAT);
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
	else if (!strcmp(what, "names"))
		names();
	else if (!strcmp(what, "many") && argc == 3)
		many(atoi(argv[2]));
	else if (!strcmp(what, "rooted") && argc == 3)
		rooted(argv[2]);
	else if (!strcmp(what, "slowly") && argc == 5)
		slowly(argv[2], atol(argv[3]), atol(argv[4]));
	else
		return 2;
	return 0;
}
