/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Follows a tree of processes, and tells whether the process that asks is in it. */
#include "bpf/lib/filter.bpf.h"

SEC("syscall")
int match(void *ctx)
{
	return filter_match();
}
