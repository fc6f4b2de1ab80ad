/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Has the structs of a tool's header in its BTF, for tables.c; it is never loaded. In the tool's
 * own BTF are only those that its maps hold. The compiler is told HEADER, and its STRUCTS.
 */
#include "bpf/lib/kernel.h"
#include HEADER

struct all {
	struct event event;
	struct span span;
	STRUCTS
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct all);
} all SEC(".maps");
