/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What lookup.bpf.c is asked, and what it answers. */
#ifndef TEST_LOOKUP_H
#define TEST_LOOKUP_H

#define LOOKUP_ROOM 4097

struct question {
	__s32 dir; /* descriptor that a relative name starts from, or AT_FDCWD */
	__u32 how; /* LOOKUP_… */
	__u32 len;
	char name[LOOKUP_ROOM];
};

struct answer {
	__u64 ino; /* 0: there is nothing of that name */
	__u32 found;
	__u32 len;
	char path[LOOKUP_ROOM];
};

#endif
