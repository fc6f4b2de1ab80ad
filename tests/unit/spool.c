/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The spool: what goes in comes out, once, also when its process is killed at any moment. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>
#include <zlib.h>

#include "base/clock.h"
#include "sink/helper.h"
#include "sink/spool.h"
#include "tests/tap.h"

static char top[] = "/dev/shm/spool-XXXXXX"; /* fsync(2) costs nothing there */

static bool over_quota; /* which statvfs(2) does not show */

ssize_t splice(int from, loff_t *from_at, int to, loff_t *to_at, size_t len, unsigned flags)
{
	errno = EDQUOT;
	return over_quota ? -1 : syscall(SYS_splice, from, from_at, to, to_at, len, flags);
}

ssize_t pwrite(int to, const void *bytes, size_t len, off_t at)
{
	errno = EDQUOT;
	return over_quota ? -1 : syscall(SYS_pwrite64, to, bytes, len, at);
}

static struct spool fresh(const char *name)
{
	static char dir[64];

	snprintf(dir, sizeof(dir), "%s/%s", top, name);
	return (struct spool){
		.dir = dir,
		.max_bytes = 1 << 30,
		.batch_bytes = 64 << 10,
		.batch_lines = 1000000,
		.age = 3600ull * SECOND,
		.gzip = true,
	};
}

/* All that waits, as text; the batches are removed. */
static char *drain(struct spool *s, size_t *len)
{
	FILE *f;
	char *text;
	const struct batch *b;
	void *bytes;
	int fd;

	f = open_memstream(&text, len);
	while ((b = spool_first(s, &fd))) {
		z_stream z = { .avail_in = b->size };
		char out[4096];
		int result = Z_OK;

		bytes = mmap(NULL, b->size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (bytes == MAP_FAILED)
			exit(1);
		close(fd);
		z.next_in = bytes;
		if (!b->gzip)
			fwrite(bytes, 1, b->size, f);
		for (inflateInit2(&z, 31); b->gzip && result == Z_OK;) {
			z.next_out = (void *)out;
			z.avail_out = sizeof(out);
			result = inflate(&z, Z_NO_FLUSH);
			fwrite(out, 1, sizeof(out) - z.avail_out, f);
		}
		inflateEnd(&z);
		munmap(bytes, b->size);
		spool_sent(s);
	}
	fclose(f);
	return text;
}

static int give(const char *text, size_t len)
{
	int ends[2];

	if (pipe(ends) || write(ends[1], text, len) != (ssize_t)len)
		exit(1);
	close(ends[1]);
	return ends[0];
}

static unsigned files(const char *dir)
{
	DIR *d = opendir(dir);
	unsigned n = 0;

	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n;
}

/* From a pipe, or a file. */
static void check_once(struct spool s, const char *text, const char *expected, unsigned batches,
		       bool from_file, const char *name)
{
	size_t len = strlen(text), got;
	int in = from_file ? memfd_create("in", 0) : give(text, len);
	char *out;

	if (from_file && pwrite(in, text, len, 0) != (ssize_t)len)
		exit(1);
	spool_open(&s, in);
	while (spool_take(&s, in) != SPOOL_END)
		;
	ok(spool_seal(&s, true), "%s: sealed", name);
	is_u64(s.n, batches, "%s: number of batches", name);
	out = drain(&s, &got);
	is_mem(out, got, expected, strlen(expected), "%s: text", name);
	free(out);
	spool_close(&s);
	is_u64(files(s.dir), 3, "%s: only the lock is left", name);
	close(in);
}

static void check_cuts(void)
{
	struct spool s = fresh("cuts");

	check_once(s, "a\nb\n", "a\nb\n", 1, false, "two lines");
	check_once(s, "a\nb", "a\nb\n", 1, false, "a last line without end");
	check_once(s, "", "", 0, false, "nothing");
	check_once(s, "a\nb", "a\nb\n", 1, true, "a file");
	s.batch_lines = 2;
	check_once(s, "a\nb\nc\nd\ne", "a\nb\nc\nd\ne\n", 3, false, "two lines a batch");
	s.batch_bytes = 4;
	check_once(s, "a\nbcdefg\nh\n\n\n", "a\nbcdefg\nh\n\n\n", 4, false, "four bytes a batch");
	s.gzip = false;
	check_once(s, "a\nbcdefg\nh\n\n\n", "a\nbcdefg\nh\n\n\n", 4, false, "not compressed");
	s = fresh("array");
	s.form = SPOOL_ARRAY;
	check_once(s, "{}\n \nno\n{\"a\":1}", "[\n{},\n{\"a\":1}\n]\n", 1, false, "an array");
	check_once(s, "no\n", "", 0, false, "an array of nothing");
}

/* What another process left behind. */
static void check_left(void)
{
	struct spool s = fresh("left"), t = s;
	int in = give("a\nhal", 5), same[2];
	char *out;
	size_t len;

	spool_open(&s, in);
	spool_take(&s, in);
	spool_close(&s);
	close(in);
	in = give("b\n", 2);
	s = t;
	spool_open(&s, in);
	spool_take(&s, in);
	spool_seal(&s, true);
	out = drain(&s, &len);
	is_mem(out, len, "a\nhal\nb\n", 8, "another pipe does not go on with a line");
	free(out);
	spool_close(&s);

	if (pipe(same) || write(same[1], "a\nhal", 5) != 5)
		exit(1);
	s = t;
	spool_open(&s, same[0]);
	spool_take(&s, same[0]);
	spool_close(&s);
	s = t;
	if (write(same[1], "f\n", 2) != 2)
		exit(1);
	spool_open(&s, same[0]);
	spool_take(&s, same[0]);
	spool_seal(&s, false);
	out = drain(&s, &len);
	is_mem(out, len, "a\nhalf\n", 7, "the same pipe does");
	free(out);
	is_u64(files(s.dir), 4, "the open file and the lock are left");
	spool_close(&s);
}

static void check_damage(void)
{
	struct spool s = fresh("damage");
	int in = give("a\nb\nc\n", 6), fd;
	DIR *dir;
	char *out, path[300];
	struct dirent *e;
	size_t len;

	s.batch_lines = 1;
	s.gzip = false;
	spool_open(&s, in);
	spool_take(&s, in);
	is_u64(s.n, 3, "three batches wait");
	dir = opendir(s.dir);
	while ((e = readdir(dir))) {
		struct stat st;

		snprintf(path, sizeof(path), "%s/%s", s.dir, e->d_name);
		stat(path, &st);
		if (e->d_name[0] == '0')
			is_u64(st.st_mode, S_IFREG | 0600, "mode of a file");
		if (strncmp(e->d_name, "0000000002-", 11))
			continue;
		fd = open(path, O_WRONLY);
		ok(write(fd, "x", 1) == 1, "one is damaged");
		close(fd);
	}
	closedir(dir);
	out = drain(&s, &len);
	is_mem(out, len, "a\nc\n", 4, "the others are read");
	is_u64(s.damaged, 1, "one was put aside");
	snprintf(path, sizeof(path), "%s/damaged", s.dir);
	is_u64(files(path), 3, "it is kept");
	free(out);
	spool_close(&s);
}

static void check_limit(void)
{
	struct spool s = fresh("limit");
	int in = give("aaaaaaaaa\nbbbbbbbbb\n", 20);
	int fd;

	s.max_bytes = 10;
	s.batch_bytes = 10;
	s.gzip = false;
	spool_open(&s, in);
	spool_take(&s, in);
	is_u64(s.n, 2, "all that was taken");
	ok(!spool_room(&s) && s.full, "no room");
	is_u64(spool_take(&s, in), SPOOL_NONE, "nothing is read then");
	for (int i = 0; i < 2; i++) {
		ok(spool_first(&s, &fd), "one more");
		close(fd);
		spool_sent(&s);
	}
	ok(spool_room(&s), "room again");
	is_u64(spool_take(&s, in), SPOOL_END, "the rest");
	ok(!s.full, "it is not full any more");
	spool_close(&s);
}

static void check_quota(bool from_file)
{
	struct spool s = fresh("quota");
	int in = from_file ? memfd_create("in", 0) : give("a\nb\n", 4);
	char *out;
	size_t len;

	if (from_file && pwrite(in, "a\nb\n", 4, 0) != 4)
		exit(1);
	s.copies = from_file;
	spool_open(&s, in);
	over_quota = true;
	for (int i = 0; i < 2; i++) {
		is_u64(spool_take(&s, in), SPOOL_NONE, "over quota nothing is taken");
		ok(s.full && !spool_room(&s), "nor is it tried again at once");
		s.retry_at = now();
		ok(spool_room(&s) && s.full, "but later, and it stays full until it worked");
	}
	is_u64(s.held, from_file ? 4 : 0, "what was read is kept");
	over_quota = false;
	is_u64(spool_take(&s, in), SPOOL_SOME, "then it works");
	ok(!s.full && !s.held, "and is full no more");
	is_u64(spool_take(&s, in), SPOOL_END, "to the end");
	ok(spool_seal(&s, true), "it is sealed");
	out = drain(&s, &len);
	is_mem(out, len, "a\nb\n", 4, "all is there");
	free(out);
	spool_close(&s);
	close(in);
}

/* For a line's end there is no room: then it is not dropped, as lines that are none would be. */
static void check_end(void)
{
	struct spool s = fresh("end");
	int in = give("{}", 2);
	char *out;
	size_t len;

	s.form = SPOOL_ARRAY;
	spool_open(&s, in);
	spool_take(&s, in);
	over_quota = true;
	ok(!spool_seal(&s, true) && !s.n, "no room for a line's end");
	over_quota = false;
	ok(spool_seal(&s, true), "there is");
	out = drain(&s, &len);
	is_mem(out, len, "[\n{}\n]\n", 7, "the line is there");
	free(out);
	spool_close(&s);
	close(in);
}

static void check_lock(void)
{
	struct spool s = fresh("lock"), t = s;
	int in = give("", 0), status;
	pid_t pid;

	spool_open(&s, in);
	fflush(stdout);
	pid = fork();
	if (!pid) {
		freopen("/dev/null", "w", stderr);
		spool_open(&t, in);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	is_u64(WEXITSTATUS(status), STATUS_FAILED, "a second process is refused");
	spool_close(&s);
}

static void put_file(const struct spool *s, const char *name, const char *text)
{
	char path[300];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", s->dir, name);
	f = fopen(path, "w");
	fputs(text, f);
	fclose(f);
}

/* What a process leaves that is killed between two steps of sealing. */
static void check_steps(bool same, bool carried, bool sealed, const char *expected)
{
	static unsigned n;
	char dir[20], name[SPOOL_NAME], *out;
	int in = give("more\n", 5);
	uint64_t pipe = spool_pipe(in) + !same;
	struct spool s;
	size_t len;

	snprintf(dir, sizeof(dir), "steps-%u", n++);
	s = fresh(dir);
	mkdir(s.dir, 0700);
	snprintf(name, sizeof(name), "0000000007-0123456789abcdef-%llu-4.cut",
		 (unsigned long long)pipe);
	put_file(&s, name, "a\nb\nha");
	snprintf(name, sizeof(name), "0000000008-0123456789abcdef-%llu-0.raw",
		 (unsigned long long)pipe);
	if (carried)
		put_file(&s, name, "ha");
	snprintf(name, sizeof(name), "0000000007-0123456789abcdef-1-2-%08x.ndjson",
		 (uint32_t)XXH64("a\nb\n", 4, 0));
	if (sealed)
		put_file(&s, name, "a\nb\n");
	put_file(&s, "new", "left over");
	put_file(&s, "0000000009-no", "not ours");
	spool_open(&s, in);
	while (spool_take(&s, in) != SPOOL_END)
		;
	spool_seal(&s, true);
	out = drain(&s, &len);
	is_mem(out, len, expected, strlen(expected), "same pipe %d, carried %d, sealed %d", same,
	       carried, sealed);
	free(out);
	spool_close(&s);
	close(in);
}

/* Reads a pipe into the spool until its end, or until it is killed. */
static void read_all(struct spool s, int in)
{
	enum spool_took took;

	freopen("/dev/null", "w", stderr);
	spool_open(&s, in);
	while ((took = spool_take(&s, in)) != SPOOL_END) {
		struct pollfd p = { .fd = in, .events = POLLIN };

		if (took == SPOOL_NONE)
			poll(&p, 1, 100);
	}
	spool_seal(&s, true);
	spool_close(&s);
	_exit(0);
}

static void write_lines(int to, unsigned n)
{
	FILE *f = fdopen(to, "w");

	for (unsigned i = 1; i <= n; i++)
		fprintf(f, "{\"n\":%u,\"text\":\"to make it a little longer\"}\n", i);
	fclose(f);
	_exit(0);
}

/* The first line that isn't the one it should be; 0: all are. */
static unsigned wrong_line(char *text, unsigned n)
{
	for (unsigned i = 1; i <= n; i++) {
		char expected[100];
		int len = sprintf(expected, "{\"n\":%u,\"text\":\"to make it a little longer\"}\n",
				  i);

		if (strncmp(text, expected, len))
			return i;
		text += len;
	}
	return *text ? n + 1 : 0;
}

static void check_kills(bool gzip, unsigned n)
{
	struct spool s = fresh(gzip ? "kills-gzip" : "kills");
	unsigned kills = 0, wrong;
	int ends[2], status = 0;
	char *out;
	size_t len;

	s.gzip = gzip;
	if (pipe(ends))
		exit(1);
	fflush(stdout);
	if (!fork()) {
		close(ends[0]);
		write_lines(ends[1], n);
	}
	close(ends[1]);
	for (;;) {
		pid_t pid = fork();

		if (!pid)
			read_all(s, ends[0]);
		usleep(random() % 5000); /* any moment will do */
		if (kills < 300)
			kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		if (WIFEXITED(status))
			break;
		kills++;
	}
	wait(NULL);
	is_u64(status, 0, "the last one ended well");
	spool_open(&s, ends[0]);
	out = drain(&s, &len);
	wrong = wrong_line(out, n);
	is_u64(wrong, 0, "each line once and in order, after %u kills", kills);
	ok(kills >= 10, "there were some");
	free(out);
	spool_close(&s);
	close(ends[0]);
}

int main(void)
{
	char command[64];

	if (!mkdtemp(top))
		return 1;
	srandom(getpid());
	check_cuts();
	check_left();
	check_damage();
	check_limit();
	check_quota(false);
	check_quota(true);
	check_end();
	check_lock();
	check_steps(true, false, false, "a\nb\nhamore\n");
	check_steps(false, false, false, "a\nb\nha\nmore\n");
	check_steps(true, true, false, "a\nb\nhamore\n");
	check_steps(false, true, false, "a\nb\nha\nmore\n");
	check_steps(true, true, true, "a\nb\nhamore\n");
	check_steps(false, true, true, "a\nb\nha\nmore\n");
	check_kills(true, 1000000);
	check_kills(false, 1000000);
	snprintf(command, sizeof(command), "rm -rf %s", top);
	ok(!system(command), "all is removed");
	return done();
}
