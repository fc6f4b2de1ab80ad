/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files, N being a number that grows:
 *
 *	lock			locked by the process that uses the directory
 *	N-ID-PIPE-0.raw		what comes in; one, the highest number. PIPE: spool_pipe()
 *	N-ID-PIPE-LENGTH.cut	its first LENGTH bytes are being sealed
 *	N-ID-MS-LINES-SUM.EXT	a sealed batch
 *	new			will be renamed
 *	refused/, damaged/	batches that were put aside
 *
 * Each step is a rename, and what it leaves behind says what the next one is: cut (.raw becomes
 * .cut), carry (what is behind the cut becomes the next .raw), seal (.cut becomes a batch).
 */
#include "sink/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <nettle/sha2.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>
#include <zlib.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/num.h"
#include "base/stop.h"
#include "sink/helper.h"
#include "sink/json.h"

#define TAKE_MAX (1 << 20)
#define SPARE	 (2 << 20) /* bytes of the disk that are left free, to seal what is there */
#define GZIP	 (15 + 16) /* window bits of deflateInit2(): the largest window, gzip's header */
#define BUFFER	 (64 << 10)
#define PART	 (1 << 20) /* whole pages */

static void __attribute__((noreturn)) broken(const struct spool *s, const char *what)
{
	die(STATUS_FAILED, "spool %s: %s: %s", s->dir, what, strerror(errno));
}

static bool no_room(void)
{
	return errno == ENOSPC || errno == EDQUOT;
}

/*
 * Names.
 */

static void part_name(char *name, const char *ext, uint64_t seq, const char *id, uint64_t pipe,
		      uint64_t at)
{
	snprintf(name, SPOOL_NAME, "%010" PRIu64 "-%s-%" PRIu64 "-%" PRIu64 "%s", seq, id, pipe, at,
		 ext);
}

static void open_name(char *name, const struct spool *s)
{
	part_name(name, ".raw", s->open.seq, s->open.id, s->open.pipe, 0);
}

static void cut_name(char *name, const struct spool *s)
{
	part_name(name, ".cut", s->sealing.seq, s->sealing.id, s->sealing.pipe, s->sealing.at);
}

static void batch_name(char *name, const struct batch *b)
{
	snprintf(name, SPOOL_NAME, "%010" PRIu64 "-%s-%" PRIu64 "-%" PRIu64 "-%08x.%s%s", b->seq,
		 b->id, b->ms, b->lines, b->sum, b->array ? "json" : "ndjson",
		 b->gzip ? ".gz" : "");
}

/* Names that aren't written as they are made are not ours. */
static bool parse_batch(struct batch *b, const char *name)
{
	char again[SPOOL_NAME], ext[16];

	if (sscanf(name, "%10" SCNu64 "-%16[0-9a-f]-%" SCNu64 "-%" SCNu64 "-%8x.%15s", &b->seq,
		   b->id, &b->ms, &b->lines, &b->sum, ext) != 6)
		return false;
	b->array = !strncmp(ext, "json", 4);
	b->gzip = strstr(ext, ".gz");
	batch_name(again, b);
	return !strcmp(name, again);
}

static bool parse_part(const char *name, const char *ext, uint64_t *seq, char *id, uint64_t *pipe,
		       uint64_t *at)
{
	char again[SPOOL_NAME];

	if (sscanf(name, "%10" SCNu64 "-%16[0-9a-f]-%" SCNu64 "-%" SCNu64, seq, id, pipe, at) != 4)
		return false;
	part_name(again, ext, *seq, id, *pipe, *at);
	return !strcmp(name, again);
}

const char *spool_default(const char *tool, const char *destination)
{
	const char *home = getenv("HOME"), *state = getenv("XDG_STATE_HOME");
	char where[3500] = "/var/spool", hash[17];
	uint8_t digest[8];
	struct sha256_ctx sha;

	if (state && *state == '/')
		snprintf(where, sizeof(where), "%s", state);
	else if (geteuid() && home && *home == '/')
		snprintf(where, sizeof(where), "%s/.local/state", home);
	else if (geteuid())
		die(STATUS_USAGE, "--spool is needed where HOME is not set");
	sha256_init(&sha);
	sha256_update(&sha, strlen(destination), (const uint8_t *)destination);
	sha256_digest(&sha, sizeof(digest), digest);
	*put_hex(hash, digest, sizeof(digest)) = '\0';
	return text_of("%s/graintools/%s-%s", where, tool, hash);
}

/*
 * What waits.
 */

static void add_batch(struct spool *s, const struct batch *b)
{
	if (s->n == s->room && s->first) {
		memmove(s->batch, s->batch + s->first, (s->n - s->first) * sizeof(*b));
		s->n -= s->first;
		s->first = 0;
	}
	if (s->n == s->room) {
		s->room = s->room ? 2 * s->room : 64;
		s->batch = reallocarray(s->batch, s->room, sizeof(*b));
		if (!s->batch)
			die(STATUS_FAILED, "out of memory");
	}
	s->batch[s->n++] = *b;
	s->waiting += b->size;
}

static void drop_first(struct spool *s)
{
	s->waiting -= s->batch[s->first++].size;
	if (s->first == s->n)
		s->first = s->n = 0;
}

/* Into a directory below, where nobody looks for work. */
static void put_aside(struct spool *s, const char *name, const char *where)
{
	char to[SPOOL_NAME + 16];

	snprintf(to, sizeof(to), "%s/%s", where, name);
	if ((mkdirat(s->dirfd, where, 0700) && errno != EEXIST) ||
	    renameat(s->dirfd, name, s->dirfd, to) || fsync(s->dirfd))
		broken(s, to);
}

static void set_damaged_aside(struct spool *s, const char *name)
{
	put_aside(s, name, "damaged");
	s->damaged++;
	say("spool %s: %s is damaged: put aside, into damaged/", s->dir, name);
}

/* Whether a file is what was written, as far as its size and a checksum tell. */
static bool is_whole(int fd, const struct batch *b)
{
	static unsigned char bytes[BUFFER];
	XXH64_state_t sum;
	uint64_t size = 0;
	ssize_t n;

	XXH64_reset(&sum, 0);
	for (; (n = pread(fd, bytes, sizeof(bytes), size)) > 0; size += n)
		XXH64_update(&sum, bytes, n);
	return !n && size && size == b->size && (uint32_t)XXH64_digest(&sum) == b->sum;
}

const struct batch *spool_first(struct spool *s, int *fd)
{
	for (; s->first < s->n; drop_first(s)) {
		const struct batch *b = &s->batch[s->first];
		char name[SPOOL_NAME];

		batch_name(name, b);
		*fd = openat(s->dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
		if (*fd < 0)
			broken(s, name);
		if (is_whole(*fd, b))
			return b;
		close(*fd);
		*fd = -1;
		set_damaged_aside(s, name);
	}
	return NULL;
}

void spool_sent(struct spool *s)
{
	char name[SPOOL_NAME];

	batch_name(name, &s->batch[s->first]);
	if (unlinkat(s->dirfd, name, 0))
		broken(s, name);
	s->retry_at = 0;
	drop_first(s);
}

void spool_refused(struct spool *s, char name[SPOOL_NAME])
{
	batch_name(name, &s->batch[s->first]);
	put_aside(s, name, "refused");
	s->refused++;
	drop_first(s);
}

/*
 * Sealing.
 */

/* What a sealed file is written through. */
struct press {
	int fd;
	XXH64_state_t sum;
	uint64_t size;
	bool failed; /* errno says why */
	bool gzip;
	z_stream z;
	unsigned char out[BUFFER];
};

static void press_write(struct press *p, const void *bytes, size_t len)
{
	XXH64_update(&p->sum, bytes, len);
	p->size += len;
	while (len && !p->failed) {
		ssize_t n = write(p->fd, bytes, len);

		if (n < 0 && errno == EINTR)
			continue;
		p->failed = n < 0;
		bytes += n > 0 ? n : 0;
		len -= n > 0 ? n : 0;
	}
}

static void press_deflate(struct press *p, int flush)
{
	do {
		p->z.next_out = p->out;
		p->z.avail_out = sizeof(p->out);
		deflate(&p->z, flush);
		press_write(p, p->out, sizeof(p->out) - p->z.avail_out);
	} while (!p->z.avail_out && !p->failed);
}

static void press_put(struct press *p, const char *bytes, size_t len)
{
	if (!p->gzip) {
		press_write(p, bytes, len);
		return;
	}
	for (size_t part; len && !p->failed; len -= part, bytes += part) {
		part = len < PART ? len : PART; /* avail_in has 32 bits */
		p->z.next_in = (unsigned char *)bytes;
		p->z.avail_in = part;
		press_deflate(p, Z_NO_FLUSH);
	}
}

static uint64_t count_lines(const char *bytes, size_t len)
{
	uint64_t lines = 0;

	for (const char *c = bytes; (c = memchr(c, '\n', bytes + len - c)); c++)
		lines++;
	return lines;
}

/* What is mapped at `bytes`, part by part, of which only one is in memory at a time. */
static uint64_t press_lines(struct press *p, const char *bytes, size_t len)
{
	uint64_t lines = 0;

	for (size_t part; len && !p->failed; len -= part, bytes += part) {
		part = len < PART ? len : PART;
		lines += count_lines(bytes, part);
		press_put(p, bytes, part);
		madvise((void *)bytes, part, MADV_DONTNEED);
	}
	return lines;
}

static bool is_blank(const char *bytes, const char *end)
{
	while (bytes < end && (*bytes == ' ' || *bytes == '\t' || *bytes == '\r'))
		bytes++;
	return bytes == end;
}

static uint64_t press_array(struct press *p, const char *bytes, size_t len)
{
	struct json_object object = {};
	const char *end;
	uint64_t lines = 0, number = 0;

	for (size_t part; len && !p->failed; len -= part, bytes += part) {
		end = memchr(bytes, '\n', len);
		part = end ? (size_t)(end + 1 - bytes) : len;
		end = end ? end : bytes + len;
		number++;
		if (is_blank(bytes, end))
			continue;
		if (json_scan(&object, bytes, end - bytes)) {
			press_put(p, lines++ ? ",\n" : "[\n", 2);
			press_put(p, bytes, end - bytes);
		} else {
			reject("a batch's line", number, bytes, end - bytes, "%s (byte %zu)",
			       object.wrong, object.wrong_at + 1);
		}
	}
	if (lines)
		press_put(p, "\n]\n", 3);
	json_free(&object);
	return lines;
}

static uint64_t wall_ms(void)
{
	return read_clock(CLOCK_REALTIME) / MS;
}

/* The file `new` becomes the batch. */
static void finish_batch(struct spool *s, struct batch *b, int fd, const char *from)
{
	char name[SPOOL_NAME];

	batch_name(name, b);
	if (fsync(fd) || renameat(s->dirfd, from, s->dirfd, name) || fsync(s->dirfd))
		broken(s, name);
	add_batch(s, b);
	s->lines += b->lines;
}

/* A new file is made of the lines. False: there was no room. */
static bool press_batch(struct spool *s, struct batch *b, const char *bytes)
{
	struct press *p = calloc(1, sizeof(*p));
	bool done;

	if (!p)
		die(STATUS_FAILED, "out of memory");
	XXH64_reset(&p->sum, 0);
	p->gzip = b->gzip = s->gzip;
	b->array = s->form == SPOOL_ARRAY;
	p->fd = openat(s->dirfd, "new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (p->fd < 0 && !no_room())
		broken(s, "new");
	if (p->gzip && deflateInit2(&p->z, 3, Z_DEFLATED, GZIP, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		die(STATUS_FAILED, "out of memory");
	p->failed = p->fd < 0;
	b->lines = (b->array ? press_array : press_lines)(p, bytes, s->sealing.at);
	if (p->gzip && !p->failed)
		press_deflate(p, Z_FINISH);
	if (p->gzip)
		deflateEnd(&p->z);
	done = !p->failed;
	if (!done && !no_room())
		broken(s, "new");
	b->sum = XXH64_digest(&p->sum);
	b->size = p->size;
	if (done && b->lines)
		finish_batch(s, b, p->fd, "new");
	else
		unlinkat(s->dirfd, "new", 0);
	if (p->fd >= 0)
		close(p->fd);
	free(p);
	return done;
}

/* Needs no room: the file that is there becomes the batch. */
static void seal_in_place(struct spool *s, struct batch *b, int fd, const char *bytes,
			  const char *from)
{
	XXH64_state_t sum;

	b->array = b->gzip = false;
	b->size = s->sealing.at;
	b->lines = 0;
	XXH64_reset(&sum, 0);
	for (size_t part, at = 0; at < b->size; at += part) {
		part = b->size - at < PART ? b->size - at : PART;
		b->lines += count_lines(bytes + at, part);
		XXH64_update(&sum, bytes + at, part);
		madvise((void *)(bytes + at), part, MADV_DONTNEED);
	}
	b->sum = XXH64_digest(&sum);
	if (ftruncate(fd, b->size))
		broken(s, from);
	finish_batch(s, b, fd, from);
}

/* The .cut becomes a batch. */
static bool seal_cut(struct spool *s)
{
	struct batch b = { .seq = s->sealing.seq, .ms = wall_ms() };
	bool done = false, lines = s->form == SPOOL_LINES;
	char name[SPOOL_NAME];
	const char *bytes;
	int fd;

	memcpy(b.id, s->sealing.id, sizeof(b.id));
	cut_name(name, s);
	fd = openat(s->dirfd, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		broken(s, name);
	bytes = mmap(NULL, s->sealing.at, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED)
		broken(s, name);
	if (s->gzip || !lines)
		done = press_batch(s, &b, bytes);
	if (done && unlinkat(s->dirfd, name, 0))
		broken(s, name);
	if (!done && lines) {
		seal_in_place(s, &b, fd, bytes, name);
		done = true;
	}
	munmap((void *)bytes, s->sealing.at);
	close(fd);
	if (done)
		s->sealing.at = 0;
	return done;
}

/* New bytes of the open file: where lines end, as long as they make one batch. */
static void scan(struct spool *s, uint64_t from)
{
	static char bytes[BUFFER];

	while (from < s->open.size && !s->open.complete) {
		ssize_t n = pread(s->open.fd, bytes, sizeof(bytes), from);

		if (n <= 0)
			broken(s, "reading what came in");
		for (const char *c = bytes, *end = bytes + n;
		     !s->open.complete && (c = memchr(c, '\n', end - c)); c++) {
			uint64_t at = from + (c - bytes) + 1;

			if (s->open.cut && at > s->batch_bytes) {
				s->open.complete = true;
				break;
			}
			s->open.lines++;
			if (s->group && s->open.lines % s->group)
				continue;
			s->open.cut = at;
			s->open.complete = s->open.lines >= s->batch_lines || at >= s->batch_bytes;
		}
		from += n;
	}
}

/* `fd` is the file that takes what comes in. */
static void use_open(struct spool *s, int fd, uint64_t size)
{
	s->open.fd = fd;
	s->open.size = size;
	s->open.cut = s->open.lines = 0;
	s->open.complete = false;
	s->open.since = size ? now() : 0;
	scan(s, 0);
}

static bool copy_tail(int to, int from, uint64_t at)
{
	static char bytes[BUFFER];
	ssize_t n;

	while ((n = pread(from, bytes, sizeof(bytes), at)) > 0) {
		if (write(to, bytes, n) != n)
			return false;
		at += n;
	}
	return !n;
}

/* What is behind the cut begins the next open file. False: there was no room. */
static bool carry(struct spool *s)
{
	char name[SPOOL_NAME];
	struct stat st;
	int from, to;

	cut_name(name, s);
	from = openat(s->dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	to = openat(s->dirfd, "new", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	errno = from < 0 || to < 0 ? errno : ENOSPC; /* what a short write is */
	if (from < 0 || to < 0 || !copy_tail(to, from, s->sealing.at)) {
		if (!no_room())
			broken(s, name);
		unlinkat(s->dirfd, "new", 0);
		close(from);
		if (to >= 0)
			close(to);
		return false;
	}
	s->open.seq = s->sealing.seq + 1;
	s->open.pipe = s->sealing.pipe;
	memcpy(s->open.id, s->sealing.id, sizeof(s->open.id));
	open_name(name, s);
	if (fstat(to, &st) || renameat(s->dirfd, "new", s->dirfd, name))
		broken(s, name);
	close(from);
	use_open(s, to, st.st_size);
	return true;
}

static void cut(struct spool *s)
{
	char from[SPOOL_NAME], to[SPOOL_NAME];

	open_name(from, s);
	s->sealing.seq = s->open.seq;
	s->sealing.pipe = s->open.pipe;
	s->sealing.at = s->open.cut;
	memcpy(s->sealing.id, s->open.id, sizeof(s->open.id));
	cut_name(to, s);
	if (renameat(s->dirfd, from, s->dirfd, to))
		broken(s, to);
	close(s->open.fd);
	s->open.fd = -1;
	s->open.size -= s->open.cut; /* what will be carried */
	s->open.cut = 0;
	s->open.complete = false;
}

static bool lacks_room(struct spool *s)
{
	if (!s->full)
		say("spool %s is full: nothing is read until there is room", s->dir);
	s->full = true;
	return false;
}

/* Ends a last line that has no end. False: there was no room. */
static bool end_line(struct spool *s)
{
	char last;

	if (!s->open.size)
		return true;
	if (pread(s->open.fd, &last, 1, s->open.size - 1) != 1)
		broken(s, "reading what came in");
	if (last == '\n')
		return true;
	if (pwrite(s->open.fd, "\n", 1, s->open.size) != 1) {
		if (!no_room())
			broken(s, "what came in");
		return lacks_room(s);
	}
	s->open.size++;
	scan(s, s->open.size - 1);
	return true;
}

static bool go_on_sealing(struct spool *s)
{
	if (!s->sealing.at)
		return true;
	return ((s->open.fd >= 0 || carry(s)) && seal_cut(s)) || lacks_room(s);
}

bool spool_seal(struct spool *s, bool end)
{
	if (!go_on_sealing(s))
		return false;
	if (end && !end_line(s))
		return false;
	for (;;) {
		if (end && !s->open.cut)
			s->open.cut = s->open.size; /* of a group that is not whole */
		if (!s->open.cut)
			break;
		cut(s);
		if (!go_on_sealing(s))
			return false;
	}
	return true;
}

static void seal_complete(struct spool *s)
{
	while (go_on_sealing(s) && s->open.complete)
		cut(s);
}

int64_t spool_due(const struct spool *s)
{
	if (!s->open.cut || s->sealing.at)
		return 0;
	return s->age < INT64_MAX / 4 ? s->open.since + (int64_t)s->age : 0;
}

/*
 * Taking in.
 */

static bool has_room(const struct spool *s)
{
	struct statvfs disk;

	if (s->waiting + s->open.size + s->sealing.at >= s->max_bytes)
		return false;
	return fstatvfs(s->dirfd, &disk) || disk.f_bavail * disk.f_frsize >= SPARE;
}

/* False: there was no room. */
static bool new_open(struct spool *s)
{
	char name[SPOOL_NAME];
	uint8_t random[SPOOL_ID / 2];
	int fd;

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		broken(s, "random numbers");
	*put_hex(s->open.id, random, sizeof(random)) = '\0';
	open_name(name, s);
	fd = openat(s->dirfd, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 && !no_room())
		broken(s, name);
	if (fd < 0)
		return false;
	use_open(s, fd, 0);
	return true;
}

/* The last line of another process goes on only where the input is the same pipe. False: there was
 * no room to end it. */
static bool adopt(struct spool *s)
{
	char from[SPOOL_NAME], name[SPOOL_NAME];

	if (!s->pipe || s->pipe != s->open.pipe) {
		open_name(from, s);
		if (!end_line(s))
			return false;
		s->open.pipe = s->pipe;
		open_name(name, s);
		if (strcmp(from, name) && renameat(s->dirfd, from, s->dirfd, name))
			broken(s, name);
	}
	s->adopted = true;
	return true;
}

/* The file that takes what comes in is there. */
static bool has_open(struct spool *s)
{
	return go_on_sealing(s) && (s->open.fd >= 0 || new_open(s)) && (s->adopted || adopt(s));
}

bool spool_room(struct spool *s)
{
	if (now() < s->retry_at)
		return false;
	if (!has_open(s) || !has_room(s)) {
		lacks_room(s);
		if (!s->sealing.at && s->open.cut)
			spool_seal(s, false); /* it may go, and make room */
		else if (!s->sealing.at && s->first == s->n && s->open.size >= s->max_bytes)
			die(STATUS_FAILED, "a line is longer than the spool may be (%s keeps it)",
			    s->dir);
		return false;
	}
	return true;
}

/* What can't be spliced. Here bytes that were read are lost when the process is killed. Those for
 * which there was no room come first the next time. */
static ssize_t copy(struct spool *s, int input)
{
	static char bytes[BUFFER];
	static size_t at;
	ssize_t n;

	if (!s->held) {
		n = read(input, bytes, sizeof(bytes));
		if (n <= 0)
			return n;
		s->held = n;
		at = 0;
	}
	n = pwrite(s->open.fd, bytes + at, s->held, s->open.size);
	if (n > 0) {
		at += n;
		s->held -= n;
	}
	return n;
}

static ssize_t take(struct spool *s, int input, size_t most)
{
	loff_t at = s->open.size;
	ssize_t n;

	if (s->copies)
		return copy(s, input);
	n = splice(input, NULL, s->open.fd, &at, most, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
	if (n >= 0 || errno != EINVAL)
		return n;
	s->copies = s->writes = true; /* no pipe, or a file system that doesn't know it */
	return copy(s, input);
}

static void end_tee(struct spool *s)
{
	if (s->tee->closed || s->tee->stuck)
		say("nobody reads %s any more: it goes on without", s->tee->what);
	s->tee = NULL;
	s->tee_full = false;
	s->teed = 0;
}

/* tee(2) to a full pipe says EAGAIN also of a pipe that nobody will write to any more. */
static bool is_over(int input)
{
	struct pollfd p = { .fd = input, .events = POLLIN };

	return poll(&p, 1, 0) == 1 && p.revents == POLLHUP;
}

/* From pipe to pipe, in the kernel, before they are taken. How many may be taken; 0: the input has
 * ended; -1 and errno. */
static ssize_t tee_ahead(struct spool *s, int input)
{
	ssize_t n;
	int there;

	if (s->teed)
		return s->teed;
	n = tee(input, s->tee->fd, TAKE_MAX, SPLICE_F_NONBLOCK);
	s->tee_full = n < 0 && errno == EAGAIN && !ioctl(input, FIONREAD, &there) && there;
	if (n < 0 && errno == EAGAIN && !s->tee_full) {
		n = is_over(input) ? 0 : -1;
		errno = EAGAIN;
	}
	if (n >= 0) {
		s->teed = n;
		return n;
	}
	if (errno == EPIPE) {
		s->tee->closed = true;
		end_tee(s);
		return TAKE_MAX;
	}
	if (errno != EINVAL && errno != EBADF)
		return -1;
	s->writes = true; /* not between two pipes */
	return TAKE_MAX;
}

/* What has been taken and isn't there yet, out of the file. */
static void tee_behind(struct spool *s, size_t len)
{
	static char bytes[BUFFER];
	size_t ahead = s->teed < len ? s->teed : len;
	uint64_t at = s->open.size - len + ahead;

	s->teed -= ahead;
	while (at < s->open.size && writer_open(s->tee)) {
		ssize_t n = pread(s->open.fd, bytes, sizeof(bytes), at);

		if (n <= 0)
			broken(s, "reading what came in");
		writer_put(s->tee, bytes, n);
		at += n;
	}
	if (!writer_open(s->tee))
		end_tee(s);
}

enum spool_took spool_take(struct spool *s, int input)
{
	ssize_t n;

	if (!spool_room(s))
		return SPOOL_NONE;
	n = s->tee && !s->writes ? tee_ahead(s, input) : TAKE_MAX;
	if (n > 0)
		n = take(s, input, n);
	if (n < 0 && no_room()) {
		if (!s->full)
			say("spool %s: %s: nothing is read until there is room", s->dir,
			    strerror(errno));
		s->full = true;
		s->retry_at = now() + SECOND; /* what statvfs(2) says is not all: quotas */
		if (s->open.cut)
			spool_seal(s, false); /* it may go, and make room */
		return SPOOL_NONE;
	}
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		die(STATUS_FAILED, "can't read the input into %s: %s", s->dir, strerror(errno));
	if (n >= 0 && s->full) {
		say("spool %s has room again", s->dir);
		s->full = false;
	}
	if (n <= 0)
		return n ? SPOOL_NONE : SPOOL_END;
	if (!s->open.since)
		s->open.since = now();
	s->open.size += n;
	s->bytes += n;
	if (s->tee)
		tee_behind(s, n);
	scan(s, s->open.size - n);
	seal_complete(s);
	return SPOOL_SOME;
}

/*
 * Opening.
 */

uint64_t spool_pipe(int input)
{
	char *boot = file_text("/proc/sys/kernel/random/boot_id", 100);
	struct stat st;
	uint64_t is = 0, all[3] = { 0 };

	if (boot && !fstat(input, &st) && S_ISFIFO(st.st_mode)) {
		all[0] = st.st_dev;
		all[1] = st.st_ino;
		all[2] = XXH64(boot, strlen(boot), 0);
		is = XXH64(all, sizeof(all), 0);
	}
	free(boot);
	return is;
}

static void make_dirs(const char *dir)
{
	char path[4096];

	if (strlen(dir) >= sizeof(path))
		die(STATUS_USAGE, "--spool: a path of %zu bytes is too long", strlen(dir));
	strcpy(path, dir);
	for (char *slash = path; (slash = strchr(slash + 1, '/'));) {
		*slash = '\0';
		if (mkdir(path, 0700) && errno != EEXIST)
			die(STATUS_FAILED, "spool %s: %s", path, strerror(errno));
		*slash = '/';
	}
	if (mkdir(path, 0700) && errno != EEXIST)
		die(STATUS_FAILED, "spool %s: %s", path, strerror(errno));
}

static void lock(struct spool *s)
{
	struct flock all = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	s->lock = openat(s->dirfd, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (s->lock < 0)
		broken(s, "lock");
	if (!fcntl(s->lock, F_SETLK, &all))
		return;
	if (errno != EAGAIN && errno != EACCES)
		broken(s, "lock");
	if (!fcntl(s->lock, F_GETLK, &all) && all.l_type != F_UNLCK)
		die(STATUS_FAILED, "spool %s is in use by process %d", s->dir, (int)all.l_pid);
	die(STATUS_FAILED, "spool %s is in use by another process", s->dir);
}

static int by_seq(const void *a, const void *b)
{
	const struct batch *x = a, *y = b;

	return x->seq < y->seq ? -1 : x->seq > y->seq ? 1 : strcmp(x->id, y->id);
}

/* What one of the files is. */
static void look_at(struct spool *s, const char *name)
{
	struct batch b = {};
	struct stat st;

	if (fstatat(s->dirfd, name, &st, AT_SYMLINK_NOFOLLOW) || !S_ISREG(st.st_mode))
		return;
	if (parse_batch(&b, name)) {
		b.size = st.st_size;
		add_batch(s, &b);
	} else if (parse_part(name, ".raw", &b.seq, b.id, &b.ms, &b.lines)) {
		s->open.seq = b.seq;
		s->open.pipe = b.ms;
		memcpy(s->open.id, b.id, sizeof(b.id));
	} else if (parse_part(name, ".cut", &b.seq, b.id, &b.ms, &b.lines)) {
		if (!b.lines || b.lines > (uint64_t)st.st_size) {
			set_damaged_aside(s, name);
			return;
		}
		s->sealing.seq = b.seq;
		s->sealing.pipe = b.ms;
		s->sealing.at = b.lines;
		memcpy(s->sealing.id, b.id, sizeof(b.id));
	}
}

static void look_around(struct spool *s)
{
	int fd = openat(s->dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	if (!dir)
		broken(s, "reading it");
	while ((e = readdir(dir)))
		look_at(s, e->d_name);
	closedir(dir);
	if (s->n)
		qsort(s->batch, s->n, sizeof(*s->batch), by_seq);
}

/* The batch was there already when the process was killed before it could remove the .cut. */
static bool is_sealed(const struct spool *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->batch[i].seq == s->sealing.seq && !strcmp(s->batch[i].id, s->sealing.id))
			return true;
	return false;
}

static void finish_cut(struct spool *s)
{
	char name[SPOOL_NAME];

	if (!is_sealed(s)) {
		seal_complete(s);
		return;
	}
	cut_name(name, s);
	if (unlinkat(s->dirfd, name, 0))
		broken(s, name);
	s->sealing.at = 0;
}

static void open_raw(struct spool *s)
{
	char name[SPOOL_NAME];
	struct stat st;
	int fd;

	open_name(name, s);
	fd = openat(s->dirfd, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || fstat(fd, &st))
		broken(s, name);
	use_open(s, fd, st.st_size);
}

void spool_open(struct spool *s, int input)
{
	struct stat st;

	make_dirs(s->dir);
	s->open.fd = -1;
	s->dirfd = open(s->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->dirfd < 0 || fstat(s->dirfd, &st))
		die(STATUS_FAILED, "spool %s: %s", s->dir, strerror(errno));
	if (st.st_uid != geteuid() || st.st_mode & 022)
		die(STATUS_FAILED, "spool %s: others than its user may write there", s->dir);
	lock(s);
	look_around(s);
	s->pipe = spool_pipe(input);
	s->found = s->n;
	if (s->open.seq)
		open_raw(s);
	else if (s->sealing.at)
		carry(s);
	if (s->open.fd >= 0)
		adopt(s);
	if (s->sealing.at && s->open.fd >= 0)
		finish_cut(s);
	if (s->open.fd < 0) {
		s->open.seq = s->n ? s->batch[s->n - 1].seq + 1 : 1;
		s->open.pipe = s->pipe;
	}
	if (!has_open(s))
		lacks_room(s); /* what waits is sent, and makes some */
	seal_complete(s);
}

void spool_close(struct spool *s)
{
	char name[SPOOL_NAME];

	if (s->held)
		say("%zu bytes that were read are lost: there was no room for them", s->held);
	open_name(name, s);
	if (s->open.fd >= 0 && !s->open.size)
		unlinkat(s->dirfd, name, 0);
	if (s->open.fd >= 0)
		close(s->open.fd);
	close(s->lock);
	close(s->dirfd);
	free(s->batch);
	s->batch = NULL;
	s->n = s->first = s->room = 0;
}
