/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which files and directories are watched, as both sides say it. */
#ifndef GRAIN_BELOW_H
#define GRAIN_BELOW_H

#ifndef __bpf__
#include <linux/types.h>
#endif

/* A file as the kernel has it: stat(2) says otherwise on some file systems, and subvolumes of one
   (btrfs) may have equal inode numbers, but hardly ever of the same generation. */
struct file_id {
	__u64 ino;
	__u32 dev;
	__u32 generation;
};
_Static_assert(sizeof(struct file_id) == 16, "file id");

/*
 * What the kernel side looks for on the way up from a file. `watched`: this file, and what is below
 * it. `step`: names of files in this directory are looked for, by this number in below_names; 0:
 * none.
 */
struct below_mark {
	__u32 watched;
	__u32 step;
};
_Static_assert(sizeof(struct below_mark) == 8, "below mark");

/* A name, and which step it belongs to. Each leads to another step, or to BELOW_WATCHED. */
#define BELOW_NAME_LEN 255
#define BELOW_WATCHED  (~0u)
struct below_name {
	__u32 step;
	char name[BELOW_NAME_LEN + 1]; /* NUL up to its end */
};
_Static_assert(sizeof(struct below_name) == 260, "below name");

#define BELOW_NAMES  16	   /* that one path may have behind the last directory that there is */
#define BELOW_MARKS  16384 /* paths, and directories that names are looked for in */
#define BELOW_LEARNT 16384 /* files and directories that once had such a name */
#define BELOW_STEPS  16384

/* What below_identify is asked, of a descriptor of its caller, and what it answers. */
struct below_request {
	__s32 fd;
	__u32 pad;
	struct file_id id;
};
_Static_assert(sizeof(struct below_request) == 24, "below request");

#endif
