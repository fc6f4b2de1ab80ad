/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sends events as a tool does, when told to. */
#include "bpf/lib/process.bpf.h"
#include "bpf/lib/ring.bpf.h"
#include "tests/bpf/ring.h"

SCRATCH(output, struct output_event);

static long send(u32 i, struct order **order)
{
	struct order *o = *order;

	if (o->type == RESERVED) {
		struct reserved_event *e = event_reserve(RESERVED, sizeof(*e));

		if (!e)
			return 0;
		event_header(&e->header, RESERVED, sizeof(*e));
		e->sequence = o->sequence + i;
		event_submit(e);
	} else if (o->type == RESERVED_LARGE) {
		struct reserved_large_event *e = event_reserve(RESERVED_LARGE, sizeof(*e));

		if (!e)
			return 0;
		event_header(&e->header, RESERVED_LARGE, sizeof(*e));
		e->sequence = o->sequence + i;
		__builtin_memset(e->body, i, sizeof(e->body));
		event_submit(e);
	} else {
		struct output_event *e = output_scratch_get();
		u64 size = o->size;

		if (!e)
			return 0;
		CLAMP(size, (long)sizeof(*e));
		event_header(&e->header, OUTPUT, size);
		e->sequence = o->sequence + i;
		event_output(&e->header, size);
	}
	return 0;
}

SEC("syscall")
int produce(struct order *o)
{
	u64 begin = bpf_ktime_get_ns(), before;

	/* Time passes as the test wants it to. */
	if (o->since != SINCE_AS_IT_IS)
		last_wakeup = begin - o->since;
	before = last_wakeup;
	bpf_loop(o->count, send, &o, 0);
	o->woken = last_wakeup != before;
	o->last_wakeup = last_wakeup;
	o->waiting = bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA);
	o->took = bpf_ktime_get_ns() - begin;
	return 0;
}

SEC("syscall")
int clamp(struct clamped *c)
{
	u64 n = c->n;

	CLAMP(n, CLAMP_MAX);
	c->n = n;
	return 0;
}
