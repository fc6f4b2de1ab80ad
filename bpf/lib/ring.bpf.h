/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The way to user space: one ring buffer, few wake-ups, every loss counted. */
#ifndef GRAIN_RING_BPF_H
#define GRAIN_RING_BPF_H

#include "bpf/lib/kernel.h"
#include "bpf/lib/event.h"

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4 << 20); /* --buffer sets it */
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, EVENT_TYPES);
	__type(key, u32);
	__type(value, struct tally);
} tallies SEC(".maps");

static volatile u64
	last_wakeup; /* CLOCK_MONOTONIC ns. A race costs a wake-up more or less, nothing else. */

/*
 * A wake-up costs microseconds, an event a tenth of one. So the reader is woken when the last time
 * is 5 ms ago, or when much waits; for what comes in between it looks by itself
 * (common/tool/run.c).
 */
#define WAKEUP_INTERVAL	      5000000 /* ns */
#define WAKEUP_SHORT_INTERVAL 200000  /* ns, when WAKEUP_WAITING bytes wait */
#define WAKEUP_WAITING	      (256 << 10)

static __always_inline u64 wakeup_flag(void)
{
	u64 now = bpf_ktime_get_ns(), since = now - last_wakeup;

	if (since < WAKEUP_SHORT_INTERVAL)
		return BPF_RB_NO_WAKEUP;
	if (since < WAKEUP_INTERVAL &&
	    bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA) < WAKEUP_WAITING)
		return BPF_RB_NO_WAKEUP;
	last_wakeup = now;
	return BPF_RB_FORCE_WAKEUP;
}

/* Atomic, as an interrupt's program may count the same event on the same CPU. */
static __always_inline void count_event(u32 type, bool lost)
{
	struct tally *t = bpf_map_lookup_elem(&tallies, &type);

	if (!t)
		return;
	__sync_fetch_and_add(&t->produced, 1);
	if (lost)
		__sync_fetch_and_add(&t->lost, 1);
}

/*
 * Room for one event of constant size, to be filled completely and given to event_submit().
 * NULL when the ring is full; the loss is then counted.
 */
static __always_inline void *event_reserve(u32 type, u32 size)
{
	struct event *e = bpf_ringbuf_reserve(&events, size, 0);

	count_event(type, !e);
	return e;
}

static __always_inline void event_submit(void *event)
{
	bpf_ringbuf_submit(event, wakeup_flag());
}

/* Sends an event of `size` bytes that was built elsewhere (see SCRATCH). False: it is lost. */
static __always_inline bool event_output(struct event *e, u64 size)
{
	bool lost = bpf_ringbuf_output(&events, e, size, wakeup_flag());

	if (lost)
		last_wakeup = 0; /* the wake-up did not happen */
	count_event(e->type, lost);
	return !lost;
}

/*
 * SCRATCH(exec, struct exec_scratch) gives exec_scratch_get(): memory for one program to build a
 * large event in; the kernel never runs a tracing program twice at once on one CPU. (Packet
 * programs are interrupted by themselves: they reserve.) An array with an entry for each CPU, as a
 * per-CPU array's values end at 32 KiB; common/tool sets the number of entries.
 */
#define SCRATCH(name, value_type)                                                                  \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_ARRAY);                                                  \
		__uint(max_entries, 1);                                                            \
		__type(key, u32);                                                                  \
		__type(value, value_type);                                                         \
	} name##_scratch SEC(".maps");                                                             \
	static __always_inline value_type *name##_scratch_get(void)                                \
	{                                                                                          \
		u32 cpu = bpf_get_smp_processor_id();                                              \
		return bpf_map_lookup_elem(&name##_scratch, &cpu);                                 \
	}

/*
 * Limits `n`, a u64, to `max` in a way that clang can't optimise into something that the verifier
 * does not follow. Don't compare `n` before: where the verifier knows that it is below, it leaves
 * the branch out, and Linux 6.1 then has no bound for the low 32 bits, which a helper's size is.
 * The jumps are such that the verifier looks at the range first and then at `max`, which is in it:
 * else it would go through the rest of the program once for each.
 */
#define CLAMP(n, max)                                                                              \
	asm volatile("%0 <<= 32; %0 >>= 32; if %0 s> %1 goto +1; goto +1; %0 = %1"                 \
		     : "+r"(n)                                                                     \
		     : "i"(max))

#endif
