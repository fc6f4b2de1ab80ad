/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What ring.c asks of ring.bpf.c, and what comes back. */
#ifndef TEST_RING_H
#define TEST_RING_H

#include "bpf/lib/event.h"

enum {
	RESERVED = EVENT_TOOL,
	RESERVED_LARGE,
	OUTPUT,
};

struct reserved_event {
	struct event header;
	__u64 sequence;
};

struct reserved_large_event {
	struct event header;
	__u64 sequence;
	__u8 body[440];
};

#define OUTPUT_BODY 4096
struct output_event {
	struct event header;
	__u64 sequence;
	__u8 body[OUTPUT_BODY];
};

#define SINCE_AS_IT_IS (~0ull)

struct order {
	__u32 type;
	__u32 count;
	__u64 sequence; /* number of the first */
	__u64 size;	/* of OUTPUT */
	__u64 since;	/* the last wake-up is this many ns ago */

	/* What came of it. */
	__u64 last_wakeup;
	__u64 waiting; /* bytes in the ring */
	__u64 took;    /* ns */
	__u64 woken;   /* a wake-up was asked for */
};

#define CLAMP_MAX 100
struct clamped {
	__u64 n;
};

#endif
