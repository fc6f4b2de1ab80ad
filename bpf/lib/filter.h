/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The filters that every tool has, as user space sets them before loading. */
#ifndef GRAIN_FILTER_H
#define GRAIN_FILTER_H

#include "bpf/lib/glob.h"

#define FILTER_ENTRIES                                                                             \
	1024 /* values of one filter, and readers left out: more than a line holds                 \
	      */

struct filter_config {
	__u64 events;				 /* bit N: events of type N are wanted */
	__u8 by_pid, by_tree, by_uid, by_cgroup; /* only what matches */
	__u8 exclude; /* leave out the tool and the readers of its output */
	__u8 pad[3];
	struct glob comm;
};

#endif
