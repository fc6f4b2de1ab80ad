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

/* What below_identify is asked, of a descriptor of its caller, and what it answers. */
struct below_request {
	__s32 fd;
	__u32 pad;
	struct file_id id;
};
_Static_assert(sizeof(struct below_request) == 24, "below request");

#endif
