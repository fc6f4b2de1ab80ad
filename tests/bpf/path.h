/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What path.bpf.c says of each open file of a process. */
#ifndef TEST_PATH_H
#define TEST_PATH_H

struct open_file {
	__u32 fd;
	__u32 flags; /* PATH_… */
	__u32 len;   /* of the path, which follows */
};

#endif
