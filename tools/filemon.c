/* SPDX-License-Identifier: GPL-2.0-or-later */
/* filemon: what processes do to files. */
#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

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
static const struct field_name operations[] = {
	{ FILE_OPEN, "open" },
	{ FILE_READ, "read" },
	{ FILE_WRITE, "write" },
	{ FILE_CREATE, "create" },
	{ FILE_DELETE, "delete" },
	{ FILE_RENAME, "rename" },
	{ FILE_LINK, "link" },
	{ FILE_SYMLINK, "symlink" },
	{ FILE_MKDIR, "mkdir" },
	{ FILE_RMDIR, "rmdir" },
	{ FILE_CHMOD, "chmod" },
	{ FILE_CHOWN, "chown" },
	{ FILE_TRUNCATE, "truncate" },
	{ FILE_UTIMENS, "utimens" },
	{ FILE_XATTR, "xattr" },
	{ FILE_MMAP, "mmap" },
	{},
};
static const struct field_name rename_flags[] = {
	{ RENAME_NOREPLACE, "RENAME_NOREPLACE" },
	{ RENAME_EXCHANGE, "RENAME_EXCHANGE" },
	{ RENAME_WHITEOUT, "RENAME_WHITEOUT" },
	{},
};
static const struct field_name fallocate_modes[] = {
	{ FALLOC_FL_KEEP_SIZE, "FALLOC_FL_KEEP_SIZE" },
	{ FALLOC_FL_PUNCH_HOLE, "FALLOC_FL_PUNCH_HOLE" },
	{ FALLOC_FL_COLLAPSE_RANGE, "FALLOC_FL_COLLAPSE_RANGE" },
	{ FALLOC_FL_ZERO_RANGE, "FALLOC_FL_ZERO_RANGE" },
	{ FALLOC_FL_INSERT_RANGE, "FALLOC_FL_INSERT_RANGE" },
	{ FALLOC_FL_UNSHARE_RANGE, "FALLOC_FL_UNSHARE_RANGE" },
	{},
};
static const struct field_name xattr_actions[] = { { 1, "set" }, { 2, "remove" }, {} };
static const struct field_name protections[] = {
	{ PROT_READ, "PROT_READ" },
	{ PROT_WRITE, "PROT_WRITE" },
	{ PROT_EXEC, "PROT_EXEC" },
	{},
};
/* MAP_SHARED_VALIDATE is both of the first ones. */
static const struct field_name mmap_flags[] = {
	{ MAP_SHARED, "MAP_SHARED" },
	{ MAP_PRIVATE, "MAP_PRIVATE" },
	{ MAP_FIXED, "MAP_FIXED" },
	{ MAP_DENYWRITE, "MAP_DENYWRITE" },
	{ MAP_LOCKED, "MAP_LOCKED" },
	{ MAP_NORESERVE, "MAP_NORESERVE" },
	{ MAP_POPULATE, "MAP_POPULATE" },
	{ MAP_NONBLOCK, "MAP_NONBLOCK" },
	{ MAP_HUGETLB, "MAP_HUGETLB" },
	{ MAP_SYNC, "MAP_SYNC" },
	{ MAP_FIXED_NOREPLACE, "MAP_FIXED_NOREPLACE" },
	{},
};

#define HELP_PATH      "path of the file, as the process's root shows it"
#define HELP_TRUNCATED "path is longer than 4096 bytes: only its end is given"
#define HELP_OUTSIDE   "path lies outside the process's root directory"
#define HELP_DELETED   "the file has no name any more: it had this one"
#define HELP_DEV       "device number, as stat(2) has it, but of the file system below"
#define HELP_KIND      "file, directory, link, char, block, pipe, socket, or anonymous for others"
#define HELP_REQUESTED "the name that was asked for, if that is another"
#define HELP_CUT       "requested is longer than 4096 bytes: only its beginning is given"

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
	{ "requested", FIELD_STRING, OPEN(requested), .help = HELP_REQUESTED },
	{ "requested_truncated", FIELD_FLAG, .flag = FILE_REQUESTED_TRUNCATED, .help = HELP_CUT },
	{ "deleted", FIELD_FLAG, .flag = FILE_DELETED, .help = HELP_DELETED },
	{ "type", FIELD_ENUM, OPEN(kind), .names = kinds, .help = HELP_KIND },
	{ "dev", FIELD_UINT, OPEN(dev), .help = HELP_DEV },
	{ "inode", FIELD_ID, OPEN(ino), .help = "inode number" },
	{},
};

#define CHANGE(member) FIELD_AT(struct change_event, member)

/* A name and what it stands for; those of an old one begin with `o`, "old_". */
#define NAME_FIELDS(o, was, member, shift, column, columns)                                        \
	{ o "path",	     FIELD_STRING,     CHANGE(member.path),                                \
	  .heading = column, .width = columns, .help = was HELP_PATH },                            \
		{ o "path_truncated", FIELD_FLAG, .flag = FILE_PATH_TRUNCATED << (shift),          \
		  .help = o "path, or " o "directory, is longer than 4096 bytes: only its end is " \
			    "given" },                                                             \
		{ o "path_outside", FIELD_FLAG, .flag = FILE_PATH_OUTSIDE << (shift),              \
		  .help = o "path, or " o                                                          \
			    "directory, lies outside the process's root directory" },              \
		{ o "path_unresolved", FIELD_FLAG, .flag = FILE_UNRESOLVED << (shift),             \
		  .help = "there is no " o "path: what " o                                         \
			  "requested stands for could not be found out" },                         \
		{ o "requested",     FIELD_STRING,     CHANGE(member.requested),                   \
		  .heading = column, .width = columns, .help = HELP_REQUESTED },                   \
		{ o "requested_truncated", FIELD_FLAG,                                             \
		  .flag = FILE_REQUESTED_TRUNCATED << (shift), .help = o HELP_CUT },               \
	{                                                                                          \
		o "directory", FIELD_STRING, CHANGE(member.directory),                             \
			.help = "without " o "path: that of the directory which " o                \
				"requested starts from, unless from the root"                      \
	}
#define NAME NAME_FIELDS("", "", name, 0, "PATH", 0)
#define OLD_NAME                                                                                   \
	NAME_FIELDS("old_", "of rename and link, the other name: ", old, FILE_OLD_SHIFT, "FROM", 4)

#define DELETED                                                                                    \
	{                                                                                          \
		"deleted", FIELD_FLAG, .flag = FILE_DELETED, .help = HELP_DELETED                  \
	}
#define INODE                                                                                      \
	{ "type", FIELD_ENUM, CHANGE(kind), .omit = OMIT_MAX, .names = kinds, .help = HELP_KIND }, \
		{ "dev", FIELD_UINT, CHANGE(dev), .omit = OMIT_ZERO, .help = HELP_DEV },           \
	{                                                                                          \
		"inode", FIELD_ID, CHANGE(ino), .omit = OMIT_ZERO, .help = "inode number"          \
	}

/* Of all that give names or take them away. */
static const struct field name_fields[] = {
	{ "flags", FIELD_FLAGS, CHANGE(flags), .omit = OMIT_MAX, .names = rename_flags,
	  .heading = "RESULT", .width = 10,
	  .help = "of renameat2(2): RENAME_EXCHANGE, if the two names were exchanged, "
		  "RENAME_NOREPLACE, RENAME_WHITEOUT" },
	{ "mode", FIELD_CHARS, CHANGE(mode), .heading = "RESULT", .width = 10,
	  .help = "of what was made: its permissions, in octal" },
	{ "target", FIELD_STRING, CHANGE(text), .heading = "FROM", .width = 4,
	  .help = "what a symbolic link says" },
	{ "target_truncated", FIELD_FLAG, .flag = FILE_TEXT_TRUNCATED,
	  .help = "target is longer than 4096 bytes: only its beginning is given" },
	NAME,
	OLD_NAME,
	INODE,
	{},
};

/* Of all that change something else of a file. */
static const struct field meta_fields[] = {
	{ "mode", FIELD_CHARS, CHANGE(mode), .heading = "RESULT", .width = 10,
	  .help = "the new permissions, in octal" },
	{ "owner", FIELD_UINT, CHANGE(owner), .omit = OMIT_MAX,
	  .help = "the new user id, if it was to be changed" },
	{ "group", FIELD_UINT, CHANGE(group), .omit = OMIT_MAX,
	  .help = "the new group id, if it was to be changed" },
	{ "size", FIELD_UINT, CHANGE(size), .omit = OMIT_MAX, .heading = "BYTES", .width = 10,
	  .help = "by truncate(2): the new size in bytes" },
	{ "fallocate", FIELD_FLAGS, CHANGE(flags), .omit = OMIT_MAX, .names = fallocate_modes,
	  .heading = "RESULT", .width = 10,
	  .help = "by fallocate(2): its mode, FALLOC_FL_PUNCH_HOLE and so on" },
	{ "offset", FIELD_UINT, CHANGE(offset), .omit = OMIT_MAX,
	  .help = "by fallocate(2): where the range begins" },
	{ "bytes", FIELD_BYTES, CHANGE(bytes), .omit = OMIT_MAX, .heading = "BYTES", .width = 10,
	  .help = "by fallocate(2): how long it is" },
	{ "action", FIELD_ENUM, CHANGE(action), .omit = OMIT_ZERO, .names = xattr_actions,
	  .heading = "RESULT", .width = 10,
	  .help = "what was done to an attribute: set or remove" },
	{ "attribute", FIELD_STRING, CHANGE(text), .heading = "FROM", .width = 4,
	  .help = "its name" },
	NAME,
	DELETED,
	INODE,
	{},
};

static const struct field mmap_fields[] = {
	{ "protection", FIELD_FLAGS, CHANGE(protection), .names = protections, .heading = "RESULT",
	  .width = 10, .help = "PROT_READ, PROT_WRITE, PROT_EXEC" },
	{ "flags", FIELD_FLAGS, CHANGE(flags), .names = mmap_flags,
	  .help = "MAP_SHARED, MAP_PRIVATE and so on" },
	{ "offset", FIELD_UINT, CHANGE(offset), .help = "where in the file it begins" },
	{ "bytes", FIELD_BYTES, CHANGE(bytes), .heading = "BYTES", .width = 10,
	  .help = "how long it is" },
	NAME,
	DELETED,
	INODE,
	{},
};

static const struct field failed_fields[] = {
	{ "operation", FIELD_ENUM, CHANGE(operation), .names = operations, .heading = "OPERATION",
	  .width = 9,
	  .help = "what could not be done, as events are called: open, delete and so on" },
	{ "error", FIELD_ERRNO, CHANGE(error), .heading = "RESULT", .width = 10, .alarm = true,
	  .help = "why: the name of the error" },
	{ "access", FIELD_ENUM, CHANGE(access), .omit = OMIT_MAX, .names = accesses,
	  .help = "of open, what for: read, write or read_write" },
	{ "flags", FIELD_FLAGS, CHANGE(flags), .omit = OMIT_MAX, .names = flags,
	  .help = "of open: the other flags" },
	NAME,
	OLD_NAME,
	DELETED,
	INODE,
	{},
};

#define URING "on_uring_submit", "on_uring_submit_sqe", "on_uring_complete"

static const char *const moving[] = { "on_sys_exit", "on_exit", URING, NULL };
static const char *const calling[] = { "on_sys_exit", URING, NULL };

#define EVENT(type, name, fields, help)                                                            \
	type, "file." name, sizeof(struct change_event), fields, help, calling

static const struct event_desc events[] = {
	{ FILE_OPEN, "file.open", sizeof(struct open_event), open_fields,
	  "A process opened a file.", calling, .by_default = true },
	{ FILE_READ, "file.read", sizeof(struct file_event), moved_fields,
	  "A process read from a file: for the first time, or since the last such event.", moving,
	  .by_default = true },
	{ FILE_WRITE, "file.write", sizeof(struct file_event), moved_fields,
	  "A process wrote to a file: for the first time, or since the last such event.", moving,
	  .by_default = true },
	{ EVENT(FILE_CREATE, "create", name_fields,
		"A process made a file, by opening it or as mknod(2) does."),
	  .by_default = true },
	{ EVENT(FILE_DELETE, "delete", name_fields, "A process removed a name of a file."),
	  .by_default = true },
	{ EVENT(FILE_RENAME, "rename", name_fields,
		"A process gave a file or directory another name."),
	  .by_default = true },
	{ EVENT(FILE_LINK, "link", name_fields, "A process gave a file one more name."),
	  .by_default = true },
	{ EVENT(FILE_SYMLINK, "symlink", name_fields, "A process made a symbolic link."),
	  .by_default = true },
	{ EVENT(FILE_MKDIR, "mkdir", name_fields, "A process made a directory."),
	  .by_default = true },
	{ EVENT(FILE_RMDIR, "rmdir", name_fields, "A process removed a directory."),
	  .by_default = true },
	{ EVENT(FILE_CHMOD, "chmod", meta_fields, "A process changed the permissions of a file."),
	  .by_default = true },
	{ EVENT(FILE_CHOWN, "chown", meta_fields,
		"A process changed the owner or group of a file."),
	  .by_default = true },
	{ EVENT(FILE_TRUNCATE, "truncate", meta_fields,
		"A process changed the size of a file, or what room it takes."),
	  .by_default = true },
	{ EVENT(FILE_UTIMENS, "utimens", meta_fields, "A process set the times of a file.") },
	{ EVENT(FILE_XATTR, "xattr", meta_fields,
		"A process set or removed an extended attribute of a file."),
	  .by_default = true },
	{ EVENT(FILE_MMAP, "mmap", mmap_fields,
		"A process mapped a file into its memory, to execute it or to write to it.") },
	{ EVENT(FILE_FAILED, "failed", failed_fields, "A process could not do what it asked for."),
	  .failure = true },
	{},
};

#define BIT(type) (1ull << (type))

static const struct event_group groups[] = {
	{ "@read", BIT(FILE_OPEN) | BIT(FILE_READ) | BIT(FILE_MMAP),
	  "what is done to have a file's contents" },
	{ "@write",
	  BIT(FILE_OPEN) | BIT(FILE_WRITE) | BIT(FILE_CREATE) | BIT(FILE_TRUNCATE) | BIT(FILE_MMAP),
	  "what is done to change them" },
	{ "@name",
	  BIT(FILE_CREATE) | BIT(FILE_DELETE) | BIT(FILE_RENAME) | BIT(FILE_LINK) |
		  BIT(FILE_SYMLINK) | BIT(FILE_MKDIR) | BIT(FILE_RMDIR),
	  "what gives names, or takes them away" },
	{ "@meta",
	  BIT(FILE_CHMOD) | BIT(FILE_CHOWN) | BIT(FILE_TRUNCATE) | BIT(FILE_UTIMENS) |
		  BIT(FILE_XATTR),
	  "what changes a file's permissions, owner, size, times and attributes" },
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
	  .help = "not only what is opened, read, written and mapped of regular files: of pipes, "
		  "sockets, terminals and other devices too" },
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
static bool is_gone(const struct sum_owner *owner)
{
	uint8_t one;

	return bpf_map_lookup_elem(tool_map("owners"), owner, &one) != 0;
}

/* Sums that nobody was told of, as that was lost, and that have ended: when room is wanting. */
#define SWEEP_EVERY (10 * SECOND)
static bool cramped; /* a call was in no sum */

static void sweep(int64_t time)
{
	static int64_t next;
	int sums = tool_map("sums");
	struct sum_key key, after;
	struct sum sum;
	bool more;

	if (!cramped || time < next || time == INT64_MAX)
		return;
	more = !bpf_map_get_next_key(sums, NULL, &after);
	while (more) {
		key = after;
		more = !bpf_map_get_next_key(sums, &key, &after);
		if (!bpf_map_lookup_elem(sums, &key, &sum) && !sum.told && is_gone(&key.owner))
			bpf_map_delete_elem(sums, &key);
	}
	cramped = false;
	next = time + SWEEP_EVERY;
}

static int64_t on_tick(int64_t time)
{
	if (config.each)
		return 0;
	if (time < due)
		return due;
	due = time < INT64_MAX ? time + (int64_t)config.interval : 0;
	sweep(time);
	for (struct owner **o = owners; o < owners + BUCKETS; o++) {
		for (struct owner **p = o; *p;) {
			bool any = print_sums(*p), was_ended = (*p)->ended;

			(*p)->ended = was_ended || (!any && is_gone(&(*p)->id));
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

static bool is_path(const struct event *e, struct span requested, struct span path)
{
	return is_text(e, requested, (const char *)e + path.off, path.len);
}

/* A name that is the path says nothing. */
static void print(const struct event *from)
{
	static union {
		struct event header;
		struct open_event open;
		struct change_event change;
		char bytes[UINT16_MAX];
	} copy;
	struct change_event *e = &copy.change;

	memcpy(&copy, from, from->size);
	if (from->type == FILE_OPEN) {
		if (is_path(from, copy.open.requested, copy.open.path))
			copy.open.requested = (struct span){};
	} else {
		if (is_path(from, e->name.requested, e->name.path))
			e->name.requested = (struct span){};
		if (is_path(from, e->old.requested, e->old.path))
			e->old.requested = (struct span){};
	}
	tool_print(&copy.header);
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

/* There is no file to be found below an operand: the name must do. */
static bool is_name_below(const struct change_event *e, const struct file_name *name)
{
	char path[2 * PATH_MAX + 4];
	const char *base = (const char *)e;
	size_t len;

	if (name->path.len)
		snprintf(path, sizeof(path), "%.*s", name->path.len, base + name->path.off);
	else if (name->requested.off)
		snprintf(path, sizeof(path), "%.*s/%.*s", name->directory.len,
			 base + name->directory.off, name->requested.len,
			 base + name->requested.off);
	else
		return false;
	len = normalize(path);
	for (size_t i = 0; i < config.paths.n; i++) {
		const char *operand = config.paths.item[i];
		size_t n = strcmp(operand, "/") ? strlen(operand) : 0;

		if (n <= len && !memcmp(path, operand, n) && (!path[n] || path[n] == '/'))
			return true;
	}
	return false;
}

static bool is_wanted(const struct change_event *e)
{
	return !config.paths.n || e->header.flags & FILE_BELOW || is_name_below(e, &e->name) ||
	       is_name_below(e, &e->old);
}

static void on_event(const struct event *e, size_t size)
{
	(void)size;
	switch (e->type) {
	case FILE_OPEN:
		print(e);
		break;
	case FILE_READ:
	case FILE_WRITE:
		tool_print(e);
		if (e->flags & FILE_ALONE)
			cramped = true;
		else
			remember((const struct file_event *)e);
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
	default:
		if (is_wanted((const struct change_event *)e))
			print(e);
	}
}

/*
 * An operand as an absolute path without symbolic links. Of what is not there yet, or its directory
 * isn't, only that can be resolved which is.
 */
static char *resolve_operand(const char *operand)
{
	char *path = realpath(operand, NULL), *directory, *above, *name;
	struct stat st;

	if (path)
		return path;
	if (errno != ENOENT || !*operand)
		die(STATUS_USAGE, "%s: %m", operand);
	if (!lstat(operand, &st))
		die(STATUS_USAGE, "%s: a symbolic link to what is not there", operand);
	directory = text_of("%s", operand);
	while (*directory && directory[strlen(directory) - 1] == '/')
		directory[strlen(directory) - 1] = '\0';
	name = strrchr(directory, '/');
	if (name)
		*name++ = '\0';
	else
		name = directory;
	above = resolve_operand(name == directory ? "." : *directory ? directory : "/");
	path = text_of("%s/%s", above, name);
	free(above);
	free(directory);
	normalize(path);
	return path;
}

static void start(uint64_t *selected)
{
	(void)selected;
	config.kernel.each = config.each;
	config.kernel.all_types = config.all_types;
	config.kernel.below = config.paths.n > 0;
	for (size_t i = 0; i < config.paths.n; i++) {
		char *path = resolve_operand(config.paths.item[i]);

		if (access(path, F_OK))
			say("%s: is not there yet", path);
		config.paths.item[i] = *path ? path : "/";
	}
}

static const struct tool filemon = {
	.name = "filemon",
	.summary = "Shows which files processes open, read, write, create, delete and change.",
	.events = events,
	.groups = groups,
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
