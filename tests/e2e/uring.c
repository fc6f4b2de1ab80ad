/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Does things to files by io_uring and prints what filemon must say of each, in this order:
 *
 *	uring plain|async|sqpoll DIR	all that works, in DIR, which is empty
 *	uring fails DIR			what does not
 *	uring writer FILE		blocks of a file, many at a time
 *	uring move OLD NEW		renames
 *	uring silent FILE		a write that no completion is wanted of
 *	uring probe			nothing
 *
 * Exits with 77 where there is no io_uring.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/io_uring.h>
#include <linux/openat2.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/e2e/must.h"

#define ENTRIES 64

/* Later than the oldest headers that this is built with. */
#define OP_FTRUNCATE 55
#define CQE_SKIP     (1U << 6)

static struct {
	int fd;
	unsigned *head, *tail, *mask, *flags, *array;
	unsigned *cq_head, *cq_tail, *cq_mask;
	struct io_uring_sqe *sqes;
	struct io_uring_cqe *cqes;
	unsigned added; /* not yet submitted */
	bool sqpoll;
	unsigned char each; /* flags of each operation */
} ring;

static char block[65536];
static char dir[PATH_MAX];

static void *map(size_t size, off_t what)
{
	void *p =
		mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring.fd, what);

	if (p == MAP_FAILED)
		fail("mmap");
	return p;
}

static void open_ring(bool sqpoll)
{
	struct io_uring_params p = {
		.flags = sqpoll ? IORING_SETUP_SQPOLL : 0,
		.sq_thread_idle = 100,
	};
	char *sq, *cq;

	ring.fd = syscall(SYS_io_uring_setup, ENTRIES, &p);
	if (ring.fd < 0 && (errno == ENOSYS || errno == EPERM)) {
		fprintf(stderr, "there is no io_uring here: %s\n", strerror(errno));
		exit(77);
	}
	must(ring.fd, "io_uring_setup");
	ring.sqpoll = sqpoll;
	sq = map(p.sq_off.array + p.sq_entries * sizeof(unsigned), IORING_OFF_SQ_RING);
	cq = map(p.cq_off.cqes + p.cq_entries * sizeof(struct io_uring_cqe), IORING_OFF_CQ_RING);
	ring.sqes = map(p.sq_entries * sizeof(struct io_uring_sqe), IORING_OFF_SQES);
	ring.head = (unsigned *)(sq + p.sq_off.head);
	ring.tail = (unsigned *)(sq + p.sq_off.tail);
	ring.mask = (unsigned *)(sq + p.sq_off.ring_mask);
	ring.flags = (unsigned *)(sq + p.sq_off.flags);
	ring.array = (unsigned *)(sq + p.sq_off.array);
	ring.cq_head = (unsigned *)(cq + p.cq_off.head);
	ring.cq_tail = (unsigned *)(cq + p.cq_off.tail);
	ring.cq_mask = (unsigned *)(cq + p.cq_off.ring_mask);
	ring.cqes = (struct io_uring_cqe *)(cq + p.cq_off.cqes);
}

/* Adds an operation, whose result will be by its number since the last submit(). */
static struct io_uring_sqe *add(int op, int fd, const void *address, unsigned len, uint64_t offset)
{
	unsigned at = (*ring.tail + ring.added) & *ring.mask;
	struct io_uring_sqe *sqe = &ring.sqes[at];

	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = op;
	sqe->fd = fd;
	sqe->addr = (uintptr_t)address;
	sqe->len = len;
	sqe->off = offset;
	sqe->flags = ring.each;
	sqe->user_data = ring.added;
	ring.array[at] = at;
	ring.added++;
	return sqe;
}

/* Submits what was added. Once the kernel has it, `used` is overwritten. Waits for all results. */
static void submit(int *results, char *used)
{
	unsigned n = ring.added, done = 0, flags = 0;

	__atomic_store_n(ring.tail, *ring.tail + n, __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (ring.sqpoll && __atomic_load_n(ring.flags, __ATOMIC_ACQUIRE) & IORING_SQ_NEED_WAKEUP)
		flags = IORING_ENTER_SQ_WAKEUP;
	must(syscall(SYS_io_uring_enter, ring.fd, n, 0, flags, NULL, 0), "io_uring_enter");
	while (__atomic_load_n(ring.head, __ATOMIC_ACQUIRE) != *ring.tail)
		usleep(100);
	if (used)
		memset(used, 'X', strlen(used));
	while (done < n) {
		unsigned head = *ring.cq_head;

		while (head != __atomic_load_n(ring.cq_tail, __ATOMIC_ACQUIRE)) {
			struct io_uring_cqe *cqe = &ring.cqes[head++ & *ring.cq_mask];

			results[cqe->user_data] = cqe->res;
			done++;
		}
		__atomic_store_n(ring.cq_head, head, __ATOMIC_RELEASE);
		if (done < n)
			must(syscall(SYS_io_uring_enter, ring.fd, 0, 1, IORING_ENTER_GETEVENTS,
				     NULL, 0),
			     "io_uring_enter");
	}
	ring.added = 0;
}

/* The one operation that was added. */
static int result(char *used)
{
	int one;

	submit(&one, used);
	if (one >= 0)
		return one;
	errno = -one;
	fail("an operation");
}

static void say(const char *event, const char *path, const char *rest)
{
	printf("{\"event\":\"file.%s\",\"pid\":%d,\"path\":\"%s/%s\"%s}\n", event, getpid(), dir,
	       path, rest);
}

static void moved(const char *event, int bytes)
{
	char rest[64];

	snprintf(rest, sizeof(rest), ",\"bytes\":%d,\"calls\":1", bytes);
	say(event, "f", rest);
}

/* A copy of a name in DIR, to be overwritten. */
static char *name(const char *in)
{
	char *copy;

	must(asprintf(&copy, "%s/%s", dir, in), "name");
	return copy;
}

/* Two names: the second one is overwritten at least. */
static void both(int op, const char *old, const char *new, int flags)
{
	char *a = old[0] == '>' ? strdup(old + 1) : name(old), *b = name(new);
	struct io_uring_sqe *sqe = op == IORING_OP_SYMLINKAT
					   ? add(op, AT_FDCWD, a, 0, (uintptr_t)b)
					   : add(op, AT_FDCWD, a, (unsigned)AT_FDCWD, (uintptr_t)b);

	sqe->rename_flags = flags;
	result(b);
}

static void all(void)
{
	struct iovec io[2] = { { block, 100 }, { block + 100, 23 } };
	struct iovec buffer = { block, sizeof(block) };
	struct open_how how = { .flags = O_RDONLY };
	struct io_uring_sqe *sqe;
	int fd, here, pipes[2], files[2], n[3];
	char *used;

	must(here = open(dir, O_PATH), dir);
	used = strdup("f");
	add(IORING_OP_OPENAT, here, used, 0640, 0)->open_flags = O_RDWR | O_CREAT | O_CLOEXEC;
	fd = result(used);
	say("open", "f",
	    ",\"access\":\"read_write\",\"flags\":[\"O_CREAT\",\"O_CLOEXEC\"],\"created\":true,"
	    "\"mode\":\"0640\",\"requested\":\"f\",\"type\":\"file\"");
	say("create", "f", ",\"mode\":\"0640\",\"requested\":\"f\"");

	add(IORING_OP_WRITE, fd, block, 1000, 0);
	moved("write", result(NULL));
	add(IORING_OP_WRITEV, fd, io, 2, 1000);
	moved("write", result(NULL));
	add(IORING_OP_READ, fd, block, 77, 0);
	moved("read", result(NULL));
	add(IORING_OP_READV, fd, io, 2, 5);
	moved("read", result(NULL));
	add(IORING_OP_READ, fd, block, 60000, 0); /* gives less */
	moved("read", result(NULL));

	must(syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_BUFFERS, &buffer, 1),
	     "buffers");
	add(IORING_OP_WRITE_FIXED, fd, block, 500, 0);
	moved("write", result(NULL));
	add(IORING_OP_READ_FIXED, fd, block, 300, 0);
	moved("read", result(NULL));

	files[0] = fd;
	files[1] = -1;
	must(syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_FILES, files, 2), "files");
	add(IORING_OP_WRITE, 0, block, 10, 0)->flags |= IOSQE_FIXED_FILE;
	moved("write", result(NULL));
	add(IORING_OP_READ, 0, block, 20, 0)->flags |= IOSQE_FIXED_FILE;
	moved("read", result(NULL));

	/* Into a place of the ring's own. */
	used = name("f");
	sqe = add(IORING_OP_OPENAT2, AT_FDCWD, used, sizeof(how), (uintptr_t)&how);
	sqe->file_index = 2;
	result(used);
	say("open", "f", ",\"access\":\"read\",\"created\":null,\"requested\":null");
	add(IORING_OP_READ, 1, block, 30, 0)->flags |= IOSQE_FIXED_FILE;
	moved("read", result(NULL));

	/* One after the other, by one call. */
	used = name("f");
	sqe = add(IORING_OP_OPENAT, AT_FDCWD, used, 0, 0);
	sqe->file_index = 2;
	sqe->flags |= IOSQE_IO_LINK;
	add(IORING_OP_READ, 1, block, 40, 0)->flags |= IOSQE_FIXED_FILE | IOSQE_IO_LINK;
	add(IORING_OP_CLOSE, 0, NULL, 0, 0)->file_index = 2;
	submit(n, used);
	say("open", "f", ",\"access\":\"read\",\"requested\":null");
	moved("read", must(n[1], "a linked read"));

	must(pipe(pipes), "pipe");
	sqe = add(IORING_OP_SPLICE, pipes[1], NULL, 200, -1);
	sqe->splice_fd_in = fd;
	sqe->splice_off_in = 0;
	moved("read", result(NULL));
	sqe = add(IORING_OP_SPLICE, 0, NULL, 150, 0);
	sqe->flags |= IOSQE_FIXED_FILE;
	sqe->splice_fd_in = pipes[0];
	sqe->splice_off_in = -1;
	moved("write", result(NULL));

	add(IORING_OP_FALLOCATE, fd, (void *)8192, FALLOC_FL_KEEP_SIZE, 4096);
	result(NULL);
	say("truncate", "f",
	    ",\"fallocate\":[\"FALLOC_FL_KEEP_SIZE\"],\"offset\":4096,\"bytes\":8192");
	add(OP_FTRUNCATE, fd, NULL, 0, 555);
	submit(n, NULL);
	if (!n[0])
		say("truncate", "f", ",\"size\":555");

	used = strdup("trusted.one");
	add(IORING_OP_FSETXATTR, fd, used, 1, (uintptr_t)block);
	result(used);
	say("xattr", "f", ",\"action\":\"set\",\"attribute\":\"trusted.one\"");
	used = name("f");
	sqe = add(IORING_OP_SETXATTR, 0, "trusted.two", 1, (uintptr_t)block);
	sqe->addr3 = (uintptr_t)used;
	result(used);
	say("xattr", "f", ",\"action\":\"set\",\"attribute\":\"trusted.two\",\"requested\":null");

	used = name("d");
	add(IORING_OP_MKDIRAT, AT_FDCWD, used, 0711, 0);
	result(used);
	say("mkdir", "d", ",\"mode\":\"0711\",\"requested\":null");
	both(IORING_OP_SYMLINKAT, ">target", "s", 0);
	say("symlink", "s", ",\"target\":\"target\"");
	both(IORING_OP_LINKAT, "f", "l", 0);
	printf("{\"event\":\"file.link\",\"pid\":%d,\"path\":\"%s/l\",\"old_path\":\"%s/f\"}\n",
	       getpid(), dir, dir);
	both(IORING_OP_RENAMEAT, "l", "d/m", 0);
	printf("{\"event\":\"file.rename\",\"pid\":%d,\"path\":\"%s/d/m\",\"old_path\":\"%s/l\"}\n",
	       getpid(), dir, dir);
	used = name("d/m");
	add(IORING_OP_UNLINKAT, AT_FDCWD, used, 0, 0);
	result(used);
	say("delete", "d/m", "");
	used = name("d");
	add(IORING_OP_UNLINKAT, AT_FDCWD, used, 0, 0)->unlink_flags = AT_REMOVEDIR;
	result(used);
	say("rmdir", "d", "");
	fflush(stdout);
}

static void failed(const char *operation, int error, const char *rest)
{
	printf("{\"event\":\"file.failed\",\"pid\":%d,\"operation\":\"%s\",\"error\":\"%s\"%s}\n",
	       getpid(), operation, strerrorname_np(-error), rest);
}

static void failures(void)
{
	char rest[PATH_MAX + 100], *used;
	int fd, n[2];

	used = name("nothing");
	snprintf(rest, sizeof(rest), ",\"requested\":\"%s\",\"access\":\"write\"", used);
	add(IORING_OP_OPENAT, AT_FDCWD, used, 0, 0)->open_flags = O_WRONLY;
	submit(n, used);
	failed("open", n[0], rest);

	used = name("nothing");
	snprintf(rest, sizeof(rest), ",\"requested\":\"%s\"", used);
	add(IORING_OP_UNLINKAT, AT_FDCWD, used, 0, 0);
	submit(n, used);
	failed("delete", n[0], rest);

	fd = must(open("/proc/self/exe", O_RDONLY), "/proc/self/exe");
	add(IORING_OP_WRITE, fd, block, 1, 0)->flags |= IOSQE_IO_LINK;
	add(IORING_OP_WRITE, fd, block, 1, 0);
	submit(n, NULL);
	failed("write", n[0], "");
	failed("write", n[1], "");
	fflush(stdout);
}

/* As many blocks at once as there are entries, of different sizes. */
static void writer(const char *file)
{
	int results[ENTRIES], fd = open(file, O_RDWR | O_CREAT, 0600);
	long bytes = 0;

	must(fd, file);
	for (int round = 0; round < 100; round++) {
		for (int i = 0; i < ENTRIES; i++)
			add(IORING_OP_WRITE, fd, block, 1 + (i * 37 + round) % 4999, i * 5000L);
		submit(results, NULL);
		for (int i = 0; i < ENTRIES; i++)
			bytes += must(results[i], "write");
	}
	printf("{\"event\":\"file.write\",\"pid\":%d,\"path\":\"%s\",\"bytes\":%ld,\"calls\":%d}\n",
	       getpid(), realpath(file, NULL), bytes, 100 * ENTRIES);
	fflush(stdout);
}

static void silent(const char *file)
{
	int results[2], fd = open(file, O_RDWR | O_CREAT, 0600);

	must(fd, file);
	add(IORING_OP_WRITE, fd, block, 10, 0)->flags |= CQE_SKIP;
	__atomic_store_n(ring.tail, *ring.tail + ring.added, __ATOMIC_RELEASE);
	must(syscall(SYS_io_uring_enter, ring.fd, 1, 0, 0, NULL, 0), "io_uring_enter");
	ring.added = 0;
	add(IORING_OP_NOP, -1, NULL, 0, 0);
	submit(results, NULL);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	open_ring(!strcmp(what, "sqpoll"));
	umask(022);
	if (!strcmp(what, "probe"))
		return 0;
	if (!strcmp(what, "move") && argc == 4) {
		add(IORING_OP_RENAMEAT, AT_FDCWD, argv[2], (unsigned)AT_FDCWD, (uintptr_t)argv[3]);
		result(NULL);
		return 0;
	}
	if (argc != 3)
		return 2;
	if (!strcmp(what, "writer")) {
		writer(argv[2]);
		return 0;
	}
	if (!strcmp(what, "silent")) {
		silent(argv[2]);
		return 0;
	}
	if (!realpath(argv[2], dir))
		fail(argv[2]);
	if (!strcmp(what, "async"))
		ring.each = IOSQE_ASYNC;
	if (!strcmp(what, "fails"))
		failures();
	else if (!strcmp(what, "plain") || ring.each || ring.sqpoll)
		all();
	else
		return 2;
	return 0;
}
