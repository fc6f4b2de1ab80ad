/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asks the filters about the process that runs it. */
#include "bpf/lib/filter.bpf.h"

SEC("syscall")
int match(void *ctx)
{
	return filter_match();
}

SEC("syscall")
int wanted(u32 *type)
{
	return event_wanted(*type);
}
