/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What filemon's kernel side sends and counts. */
#ifndef FILEMON_H
#define FILEMON_H

#include "bpf/lib/event.h"

enum {
	FILE_OPEN = EVENT_TOOL,
	FILE_READ,
	FILE_WRITE,
	FILE_CREATE,
	FILE_DELETE,
	FILE_RENAME,
	FILE_LINK,
	FILE_SYMLINK,
	FILE_MKDIR,
	FILE_RMDIR,
	FILE_CHMOD,
	FILE_CHOWN,
	FILE_TRUNCATE,
	FILE_UTIMENS,
	FILE_XATTR,
	FILE_MMAP,
	FILE_FAILED,
	FILE_ENDED, /* never printed: a process that has sums has ended (no more than a header) */
};

struct filemon_config {
	__u8 each;	/* --each: no sums */
	__u8 all_types; /* --all-types */
	__u8 below;	/* there are operands */
};

/* struct event's flags. The first two are PATH_TRUNCATED and PATH_OUTSIDE. */
enum {
	FILE_PATH_TRUNCATED = 1 << 0,
	FILE_PATH_OUTSIDE = 1 << 1,
	FILE_REQUESTED_TRUNCATED = 1 << 2,
	FILE_UNRESOLVED = 1 << 3,
	FILE_OLD_SHIFT = 4, /* the same four of the old name */
	FILE_DELETED = 1 << 8,
	FILE_ALONE = 1 << 9, /* one call, which is in no sum */
	FILE_CREATED = 1 << 10,
	FILE_BELOW = 1 << 11, /* an operand, or below one; else the name must tell */
	FILE_TEXT_TRUNCATED = 1 << 12,
};

/* The process that a sum is of. */
struct sum_owner {
	__u64 start;
	__u32 pid;
	__u32 pad;
};
_Static_assert(sizeof(struct sum_owner) == 16, "sum owner");

/*
 * What is added up to one sum: what one program that a process executed read from, or wrote to, a
 * file under one name. The name is there by what the kernel has of it, so that it never stands for
 * another one whose inode number is used again.
 */
struct sum_key {
	struct sum_owner owner;
	__u64 mount, parent; /* addresses */
	__u64 ino;
	__u32 name_hash, name_len;
	__u32 dev;
	__u32 exec;
	__u32 type; /* of event */
	__u32 pad;
};
_Static_assert(sizeof(struct sum_key) == 16 + 3 * 8 + 6 * 4, "sum key");

/* Since the beginning. */
struct sum {
	__u64 calls;
	__u64 bytes;
	__u64 last; /* time of the last call */
	__u32 told; /* an event has said which file and process it is */
	__u32 pad;
};
_Static_assert(sizeof(struct sum) == 32, "sum");

#define SUMS_MAX   65536
#define OWNERS_MAX 16384

struct file_event {
	struct event header;
	__u64 bytes;
	__u64 calls;
	__u64 ino;
	__u32 dev;  /* as st_dev of stat(2) has major and minor */
	__u32 kind; /* of file: S_IFMT of its mode */
	struct span path;
	__u32 pad;
	struct sum_key key;
};
_Static_assert(sizeof(struct file_event) == 64 + 3 * 8 + 4 * 4 + sizeof(struct sum_key), "file");

struct open_event {
	struct event header;
	__u64 ino;
	__u32 dev;
	__u32 kind;
	__u32 access; /* O_ACCMODE of the flags */
	__u32 flags;  /* the others */
	struct span path;
	struct span requested;
	char mode[8]; /* octal, of a file that was created */
};
_Static_assert(sizeof(struct open_event) == 64 + 8 + 4 * 4 + 2 * 4 + 8, "open");

/* A name that a call was given, and what it stands for: a path, or a directory it starts from. */
struct file_name {
	struct span requested;
	struct span path;
	struct span directory;
};

/* All others. What does not apply has all its bits set, or is empty. */
struct change_event {
	struct event header;
	__u64 ino; /* 0: not known */
	__u64 size;
	__u64 offset;
	__u64 bytes;
	__u32 dev;
	__u32 kind;
	__u32 flags; /* of the call */
	__u32 protection;
	__u32 owner;
	__u32 group;
	__u32 access;	 /* of an open that failed, as above */
	__u32 operation; /* type of the event that a failed one would have been */
	__s32 error;
	__u32 action; /* on an attribute: 1 set, 2 removed */
	__u32 pad;
	struct file_name name, old;
	struct span text; /* target of a link, name of an attribute */
	char mode[8];
};
_Static_assert(sizeof(struct change_event) == 64 + 4 * 8 + 11 * 4 + 7 * 4 + 8, "change");

#endif
