/* SPDX-License-Identifier: GPL-2.0-or-later */
/* filemon: which files processes open, read and write, and how much. */
#include <bpf/bpf.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "bpf/filemon.h"
#include "bpf/filemon.skel.h"
#include "tool/tool.h"

/*
 * Tables.
 */

static const struct field_name kinds[] = {
	{ S_IFREG, "file" },  { S_IFDIR, "directory" }, { S_IFCHR, "char" },
	{ S_IFBLK, "block" }, { S_IFIFO, "pipe" },	{ S_IFSOCK, "socket" },
	{ S_IFLNK, "link" },  { 0, "anonymous" },	{},
};
static const struct field_name accesses[] = {
	{ O_RDONLY, "read" },
	{ O_WRONLY, "write" },
	{ O_RDWR, "read_write" },
	{},
};
static const struct field_name flags[] = {
	{ O_CREAT, "O_CREAT" },
	{ O_EXCL, "O_EXCL" },
	{ O_NOCTTY, "O_NOCTTY" },
	{ O_TRUNC, "O_TRUNC" },
	{ O_APPEND, "O_APPEND" },
	{ O_NONBLOCK, "O_NONBLOCK" },
	{ O_SYNC, "O_SYNC" },
	{ O_DSYNC, "O_DSYNC" },
	{ O_ASYNC, "O_ASYNC" },
	{ O_DIRECT, "O_DIRECT" },
	{ O_TMPFILE, "O_TMPFILE" },
	{ O_DIRECTORY, "O_DIRECTORY" },
	{ O_NOFOLLOW, "O_NOFOLLOW" },
	{ O_NOATIME, "O_NOATIME" },
	{ O_CLOEXEC, "O_CLOEXEC" },
	{ O_PATH, "O_PATH" },
	{},
};
static const struct field_name operations[] = { { FILE_OPEN, "open" }, {} };

#define HELP_PATH      "path of the file, as the process's root shows it"
#define HELP_TRUNCATED "path is longer than 4096 bytes: only its end is given"
#define HELP_OUTSIDE   "path lies outside the process's root directory"
#define HELP_DELETED   "the file has no name any more: it had this one"
#define HELP_DEV       "device number, as stat(2) has it, but of the file system below"
#define HELP_KIND      "file, or with --all-types directory, char, block, pipe, socket and others"

#define MOVED(member) FIELD_AT(struct file_event, member)

static const struct field moved_fields[] = {
	{ "bytes", FIELD_BYTES, MOVED(bytes), .heading = "BYTES", .width = 10, .sum = true,
	  .help = "bytes that the calls returned" },
	{ "calls", FIELD_UINT, MOVED(calls), .heading = "CALLS", .width = 6, .sum = true,
	  .help = "system calls: 1, or as many as there were since the last such event; those that "
		  "met the end of the file are not counted then" },
	{ "path", FIELD_STRING, MOVED(path), .heading = "PATH", .by = true, .help = HELP_PATH },
	{ "path_truncated", FIELD_FLAG, .flag = FILE_PATH_TRUNCATED, .help = HELP_TRUNCATED },
	{ "path_outside", FIELD_FLAG, .flag = FILE_PATH_OUTSIDE, .help = HELP_OUTSIDE },
	{ "deleted", FIELD_FLAG, .flag = FILE_DELETED, .help = HELP_DELETED },
	{ "type", FIELD_ENUM, MOVED(kind), .names = kinds, .help = HELP_KIND },
	{ "dev", FIELD_UINT, MOVED(dev), .help = HELP_DEV },
	{ "inode", FIELD_ID, MOVED(ino), .help = "inode number" },
	{},
};

#define OPEN(member) FIELD_AT(struct open_event, member)

static const struct field open_fields[] = {
	{ "access", FIELD_ENUM, OPEN(access), .names = accesses, .heading = "RESULT", .width = 10,
	  .help = "what for: read, write or read_write" },
	{ "flags", FIELD_FLAGS, OPEN(flags), .names = flags,
	  .help = "the other flags: O_CREAT, O_CLOEXEC and so on" },
	{ "created", FIELD_FLAG, .flag = FILE_CREATED, .help = "the file was not there before" },
	{ "mode", FIELD_CHARS, OPEN(mode),
	  .help = "of a file that was created: its permissions, in octal" },
	{ "path", FIELD_STRING, OPEN(path), .heading = "PATH", .help = HELP_PATH },
	{ "path_truncated", FIELD_FLAG, .flag = FILE_PATH_TRUNCATED, .help = HELP_TRUNCATED },
	{ "path_outside", FIELD_FLAG, .flag = FILE_PATH_OUTSIDE, .help = HELP_OUTSIDE },
	{ "requested", FIELD_STRING, OPEN(requested),
	  .help = "the name that was asked for, if that is another" },
	{ "requested_truncated", FIELD_FLAG, .flag = FILE_REQUESTED_TRUNCATED,
	  .help = "requested is longer than 4096 bytes: only its beginning is given" },
	{ "deleted", FIELD_FLAG, .flag = FILE_DELETED, .help = HELP_DELETED },
	{ "type", FIELD_ENUM, OPEN(kind), .names = kinds, .help = HELP_KIND },
	{ "dev", FIELD_UINT, OPEN(dev), .help = HELP_DEV },
	{ "inode", FIELD_ID, OPEN(ino), .help = "inode number" },
	{},
};

#define FAILED(member) FIELD_AT(struct failed_event, member)

static const struct field failed_fields[] = {
	{ "operation", FIELD_ENUM, FAILED(operation), .names = operations,
	  .help = "what could not be done: open" },
	{ "error", FIELD_ERRNO, FAILED(error), .heading = "RESULT", .width = 10, .alarm = true,
	  .help = "why: the name of the error" },
	{ "access", FIELD_ENUM, FAILED(access), .names = accesses,
	  .help = "what for: read, write or read_write" },
	{ "flags", FIELD_FLAGS, FAILED(flags), .names = flags, .help = "the other flags" },
	{ "requested", FIELD_STRING, FAILED(requested), .heading = "PATH",
	  .help = "the name that was asked for" },
	{ "requested_truncated", FIELD_FLAG, .flag = FILE_REQUESTED_TRUNCATED,
	  .help = "requested is longer than 4096 bytes: only its beginning is given" },
	{ "directory", FIELD_STRING, FAILED(directory),
	  .help = "path of the directory that a relative name starts from" },
	{ "directory_truncated", FIELD_FLAG, .flag = FILE_PATH_TRUNCATED,
	  .help = "directory is longer than 4096 bytes: only its end is given" },
	{ "directory_outside", FIELD_FLAG, .flag = FILE_PATH_OUTSIDE,
	  .help = "directory lies outside the process's root directory" },
	{},
};

static const char *const moving[] = { "on_sys_exit", "on_exit", NULL };
static const char *const opening[] = { "on_sys_exit", NULL };

static const struct event_desc events[] = {
	{ FILE_OPEN, "file.open", sizeof(struct open_event), open_fields,
	  "A process opened a file.", opening, .by_default = true },
	{ FILE_READ, "file.read", sizeof(struct file_event), moved_fields,
	  "A process read from a file: for the first time, or since the last such event.", moving,
	  .by_default = true },
	{ FILE_WRITE, "file.write", sizeof(struct file_event), moved_fields,
	  "A process wrote to a file: for the first time, or since the last such event.", moving,
	  .by_default = true },
	{ FILE_FAILED, "file.failed", sizeof(struct failed_event), failed_fields,
	  "A process could not open a file.", opening, .failure = true },
	{},
};

/* `kernel` comes first: it is what the kernel side gets. */
static struct {
	struct filemon_config kernel;
	bool each, all_types;
	uint64_t interval;
	struct list paths;
} config = { .interval = SECOND };

#define CONFIG(member) .offset = offsetof(typeof(config), member)

static const struct option_row options[] = {
	{ .type = OPTION_HEADING, .help = "Which files, and how often:" },
	{ "all-types", 0, OPTION_FLAG, NULL, CONFIG(all_types),
	  .help = "not only regular files: pipes, sockets, terminals and other devices too" },
	{ "each", 0, OPTION_FLAG, NULL, CONFIG(each),
	  .help = "print each call that reads or writes, not only the first one and sums" },
	{ "interval", 'I', OPTION_DURATION, "TIME", CONFIG(interval), .min = MS,
	  .help = "print sums, also those of --top, once in TIME (default 1s)" },
	{},
};

/*
 * Sums. The kernel side adds up; here are the processes and files that it has told of, and how much
 * of each sum has been printed.
 */

struct entry {
	struct entry *next;
	uint64_t calls, bytes;	 /* printed */
	struct file_event event; /* the path follows */
};

struct owner {
	struct owner *next;
	struct sum_owner id;
	struct entry *entries;
	bool ended;
};

#define BUCKETS 4096
static struct owner *owners[BUCKETS];
static int64_t due; /* when sums are printed next */

static struct owner **find_owner(const struct sum_owner *id)
{
	struct owner **o = &owners[(id->pid ^ id->start) % BUCKETS];

	while (*o && memcmp(&(*o)->id, id, sizeof(*id)))
		o = &(*o)->next;
	return o;
}

/* A sum is told once. */
static void remember(const struct file_event *e)
{
	struct owner **o = find_owner(&e->key.owner);
	struct entry *entry = malloc(offsetof(struct entry, event) + e->header.size);

	if (!*o && (*o = calloc(1, sizeof(**o))))
		(*o)->id = e->key.owner;
	if (!*o || !entry)
		die(STATUS_FAILED, "out of memory");
	memcpy(&entry->event, e, e->header.size);
	entry->calls = e->calls;
	entry->bytes = e->bytes;
	entry->next = (*o)->entries;
	(*o)->entries = entry;
}

/* Prints what has come to a sum. */
static bool print_sum(int sums, struct entry *entry)
{
	struct file_event *e = &entry->event;
	struct sum sum;

	if (bpf_map_lookup_elem(sums, &e->key, &sum) || sum.calls == entry->calls)
		return false;
	e->header.ts = sum.last;
	e->calls = sum.calls - entry->calls;
	e->bytes = sum.bytes - entry->bytes;
	entry->calls = sum.calls;
	entry->bytes = sum.bytes;
	tool_print(&e->header);
	return true;
}

static bool print_sums(const struct owner *o)
{
	int sums = tool_map("sums");
	bool any = false;

	for (struct entry *entry = o->entries; entry; entry = entry->next)
		any |= print_sum(sums, entry);
	return any;
}

static void forget(struct owner **o)
{
	struct owner *gone = *o;
	int sums = tool_map("sums");

	while (gone->entries) {
		struct entry *entry = gone->entries;

		bpf_map_delete_elem(sums, &entry->event.key);
		gone->entries = entry->next;
		free(entry);
	}
	*o = gone->next;
	free(gone);
}

/* Had the event that told of its end been lost, this would be. */
static bool is_gone(const struct owner *o)
{
	uint8_t one;

	return bpf_map_lookup_elem(tool_map("owners"), &o->id, &one) != 0;
}

static int64_t on_tick(int64_t time)
{
	if (config.each)
		return 0;
	if (time < due)
		return due;
	due = time + (int64_t)config.interval;
	for (struct owner **o = owners; o < owners + BUCKETS; o++) {
		for (struct owner **p = o; *p;) {
			bool any = print_sums(*p), was_ended = (*p)->ended;

			(*p)->ended = was_ended || (!any && is_gone(*p));
			if (was_ended)
				forget(p);
			else
				p = &(*p)->next;
		}
	}
	return due;
}

/*
 * Events.
 */

static bool is_text(const struct event *e, struct span span, const char *text, size_t len)
{
	return span.len == len && !memcmp((const char *)e + span.off, text, len);
}

/* A name that is the path says nothing. */
static void print_open(const struct open_event *from)
{
	static union {
		struct open_event e;
		char bytes[UINT16_MAX];
	} copy;

	memcpy(&copy, from, from->header.size);
	if (is_text(&from->header, from->requested, (const char *)from + from->path.off,
		    from->path.len))
		copy.e.requested = (struct span){};
	tool_print(&copy.e.header);
}

/* Takes "." and ".." out of an absolute path. Returns its length. */
static size_t normalize(char *path)
{
	char *to = path;

	for (char *p = path; *p;) {
		size_t n;

		while (*p == '/')
			p++;
		n = strcspn(p, "/");
		if (n == 2 && !memcmp(p, "..", 2)) {
			while (to > path && *--to != '/')
				;
		} else if (n && !(n == 1 && *p == '.')) {
			*to++ = '/';
			memmove(to, p, n);
			to += n;
		}
		p += n;
	}
	*to = '\0';
	return to - path;
}

/* There is no file to be found below a path: the name must do. */
static bool is_name_below(const struct failed_event *e)
{
	char name[2 * PATH_MAX + 4];
	size_t len;

	snprintf(name, sizeof(name), "%.*s/%.*s", e->directory.len,
		 (const char *)e + e->directory.off, e->requested.len,
		 (const char *)e + e->requested.off);
	len = normalize(name);
	for (size_t i = 0; i < config.paths.n; i++) {
		const char *path = config.paths.item[i];
		size_t n = strcmp(path, "/") ? strlen(path) : 0;

		if (n <= len && !memcmp(name, path, n) && (!name[n] || name[n] == '/'))
			return true;
	}
	return false;
}

static void on_event(const struct event *e, size_t size)
{
	(void)size;
	switch (e->type) {
	case FILE_OPEN:
		print_open((const struct open_event *)e);
		break;
	case FILE_READ:
	case FILE_WRITE:
		tool_print(e);
		if (!(e->flags & FILE_ALONE))
			remember((const struct file_event *)e);
		break;
	case FILE_FAILED:
		if (!config.paths.n || is_name_below((const struct failed_event *)e))
			tool_print(e);
		break;
	case FILE_ENDED: {
		struct sum_owner id = { .start = e->start, .pid = e->pid };
		struct owner *o = *find_owner(&id);

		if (o) {
			print_sums(o);
			o->ended = true;
		}
		break;
	}
	}
}

static void start(uint64_t *selected)
{
	(void)selected;
	config.kernel.each = config.each;
	config.kernel.all_types = config.all_types;
	config.kernel.below = config.paths.n > 0;
	for (size_t i = 0; i < config.paths.n; i++) {
		const char *path = realpath(config.paths.item[i], NULL);

		if (!path)
			die(STATUS_USAGE, "%s: %m", config.paths.item[i]);
		config.paths.item[i] = path;
	}
}

static const struct tool filemon = {
	.name = "filemon",
	.summary = "Shows which files processes open, read and write, and how much.",
	.events = events,
	.object = filemon_bpf__elf_bytes,
	.event = on_event,
	.tick = on_tick,
	.interval = &config.interval,
	.paths = &config.paths,
	.start = start,
	.options = options,
	.config = &config,
	.config_size = sizeof(config.kernel),
};

int main(int argc, char **argv)
{
	return tool_main(&filemon, argc, argv);
}
