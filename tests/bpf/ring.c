/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ring buffer: what is produced is received or counted as lost, and the reader is woken when
 * bpf/lib/ring.bpf.h says.
 */
#include <pthread.h>
#include <sched.h>
#include <sys/epoll.h>
#include <time.h>

#include "tests/bpf/ring.h"
#include "tests/bpf/ring.skel.h"
#include "tests/bpf/run.h"

#define MS	  1000000ull
#define PRODUCERS 2

/* As in bpf/lib/ring.bpf.h, which only the kernel side can include. */
#define WAKEUP_WAITING (256 << 10)

/* What the kernel puts in front of each record, and rounds it up to. */
#define RECORD(size) (((size) + 7) / 8 * 8 + 8)

static struct ring_bpf *bpf;
static struct ring_buffer *ring;
static uint64_t received[EVENT_TYPES];
static uint64_t next[EVENT_TYPES][PRODUCERS];
static unsigned wrong;

/* The upper half of an event's sequence number is its producer. */
static int on_event(void *context, void *data, size_t size)
{
	const struct output_event *e = data;
	uint32_t type = e->header.type, producer = e->sequence >> 32;
	const uint8_t *body = e->body, *end = (uint8_t *)data + size;

	(void)context;
	if (size != e->header.size || type >= EVENT_TYPES || producer >= PRODUCERS ||
	    e->header.pid != (uint32_t)getpid() || e->sequence < next[type][producer]) {
		wrong++;
		return 0;
	}
	next[type][producer] = e->sequence + 1;
	for (; type == RESERVED_LARGE && body < end; body++)
		if (*body != e->body[0])
			wrong++;
	received[type]++;
	return 0;
}

static void load(size_t size)
{
	bpf = ring_bpf__open();
	must(bpf);
	bpf_map__set_max_entries(bpf->maps.events, size);
	bpf_map__set_max_entries(bpf->maps.output_scratch, libbpf_num_possible_cpus());
	must(!ring_bpf__load(bpf));
	ring = ring_buffer__new(bpf_map__fd(bpf->maps.events), on_event, NULL, NULL);
	must(ring);
	memset(received, 0, sizeof(received));
	memset(next, 0, sizeof(next));
	wrong = 0;
}

static void unload(void)
{
	is_u64(wrong, 0, "all events came whole, and in order");
	ring_buffer__free(ring);
	ring_bpf__destroy(bpf);
}

static struct tally tally(uint32_t type)
{
	int cpus = libbpf_num_possible_cpus();
	struct tally each[cpus], sum = {};

	must(!bpf_map_lookup_elem(bpf_map__fd(bpf->maps.tallies), &type, each));
	for (int cpu = 0; cpu < cpus; cpu++) {
		sum.produced += each[cpu].produced;
		sum.lost += each[cpu].lost;
	}
	return sum;
}

static struct order produce(struct order order)
{
	run_program(bpf_program__fd(bpf->progs.produce), &order, sizeof(order));
	return order;
}

/* Of a ring of one page, without a reader. */
static void test_full(uint32_t type, size_t size, const char *what)
{
	size_t page = sysconf(_SC_PAGESIZE), fit = (page - 1) / RECORD(size);
	uint64_t all = fit + 100;

	load(page);
	produce((struct order){ .type = type, .count = fit, .size = size });
	is_u64(tally(type).produced, fit, "%s: each is counted", what);
	is_u64(tally(type).lost, 0, "%s: the ring takes as many as fit", what);
	produce((struct order){ .type = type, .count = 100, .size = size, .sequence = fit });
	is_u64(tally(type).produced, all, "%s: what is lost counts as produced, too", what);
	is_u64(tally(type).lost, 100, "%s: and as lost", what);
	ring_buffer__consume(ring);
	is_u64(received[type], fit, "%s: what was not lost is received", what);

	produce((struct order){ .type = type, .count = 1, .size = size, .sequence = all });
	ring_buffer__consume(ring);
	is_u64(received[type], fit + 1, "%s: then the ring takes more", what);
	is_u64(tally(type).produced, all + 1, "%s: which counts", what);
	is_u64(tally(type).lost, 100, "%s: and not as lost", what);
	for (uint32_t other = 0; other < EVENT_TYPES; other++)
		if (other != type && (tally(other).produced || tally(other).lost))
			ok(false, "%s: nothing is counted for type %u", what, other);
	unload();
}

static void test_too_large(void)
{
	size_t page = sysconf(_SC_PAGESIZE);

	if (page > OUTPUT_BODY) {
		skip("pages are larger than any event here");
		return;
	}
	load(page);
	produce((struct order){ .type = OUTPUT, .count = 3, .size = sizeof(struct output_event) });
	is_u64(tally(OUTPUT).lost, 3, "what is larger than the ring is lost");
	is_u64(tally(OUTPUT).produced, 3, "and counted");
	unload();
}

#define ROUNDS	  300
#define PER_ROUND 200

/* Sends events of all types, sizes mixed, from one CPU. */
static void *producer(void *arg)
{
	uint64_t id = (uintptr_t)arg, sequence = id << 32;
	cpu_set_t cpus, one;

	must(!sched_getaffinity(0, sizeof(cpus), &cpus));
	CPU_ZERO(&one);
	for (int cpu = 0, nth = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &cpus) && nth++ == (int)id)
			CPU_SET(cpu, &one);
	must(!sched_setaffinity(0, sizeof(one), &one));
	for (int round = 0; round < ROUNDS; round++)
		for (uint32_t type = RESERVED; type <= OUTPUT; type++) {
			size_t size = sizeof(struct event) + 8 + (round * 37 % 200);

			produce((struct order){ .type = type,
						.count = PER_ROUND,
						.size = size,
						.sequence = sequence,
						.since = SINCE_AS_IT_IS });
			sequence += PER_ROUND;
		}
	return NULL;
}

static void test_threads(void)
{
	uint64_t all_received = 0, all_lost = 0;
	pthread_t threads[PRODUCERS];
	cpu_set_t cpus;
	int running = 0;

	must(!sched_getaffinity(0, sizeof(cpus), &cpus));
	if (CPU_COUNT(&cpus) < PRODUCERS) {
		/* Programs of one CPU would share their scratch, as tracing programs never do. */
		skip("two producers: there is only one CPU");
		return;
	}
	load(4 * sysconf(_SC_PAGESIZE));
	for (uintptr_t i = 0; i < PRODUCERS; i++)
		must(!pthread_create(&threads[running++], NULL, producer, (void *)i));
	for (int i = 0; i < PRODUCERS; i++)
		while (pthread_tryjoin_np(threads[i], NULL))
			ring_buffer__consume(ring);
	ring_buffer__consume(ring);
	for (uint32_t type = RESERVED; type <= OUTPUT; type++) {
		struct tally t = tally(type);

		is_u64(t.produced, PRODUCERS * ROUNDS * PER_ROUND,
		       "two CPUs: all of type %u are counted", type);
		is_u64(received[type] + t.lost, t.produced,
		       "two CPUs: received and lost are what was produced");
		all_received += received[type];
		all_lost += t.lost;
	}
	ok(all_received && all_lost, "two CPUs: of both there was some");
	unload();
}

/* Whether the reader wakes. A wake-up takes a moment to arrive, none has nothing to wait for. */
static bool wakes(bool expected)
{
	struct epoll_event event;

	return epoll_wait(ring_buffer__epoll_fd(ring), &event, 1, expected ? 1000 : 0) == 1;
}

/* Takes all that waits, after which nothing is ready until the next wake-up. */
static int consume(void)
{
	int n = ring_buffer__consume(ring);

	must(!wakes(false));
	return n;
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 * MS + t.tv_nsec;
}

static uint64_t sequence;

/* Sends events, the last wake-up being `since` ns ago for each of them, to 20 us. */
static struct order send(uint32_t type, uint32_t count, uint64_t since)
{
	struct order order = { .type = type, .size = sizeof(struct output_event), .since = since };

	while (count--) {
		order.count = 1;
		order.sequence = sequence++;
		order = produce(order);
		order.since = since;
	}
	return order;
}

static void test_first(void)
{
	load(1 << 20);
	for (int attempt = 0;; attempt++) {
		uint64_t begin = now();
		bool first, second;
		int n;

		produce((struct order){ .type = RESERVED,
					.count = 1,
					.sequence = sequence++,
					.since = attempt ? 5 * MS : SINCE_AS_IT_IS });
		first = wakes(true);
		consume();
		produce((struct order){ .type = RESERVED,
					.count = 1,
					.sequence = sequence++,
					.since = SINCE_AS_IT_IS });
		second = wakes(false);
		n = consume();
		if (now() - begin >= 5 * MS && attempt < 10)
			continue; /* we did not run for a while: the second one may wake as well */
		ok(first, "the first event wakes the reader");
		ok(!second, "one right after it does not");
		is_u64(n, 1, "which yet is there for who looks");
		break;
	}
	unload();
}

static void test_interval(uint32_t type, const char *what)
{
	static const struct {
		uint64_t since;
		bool wakes;
	} cases[] = {
		{ 0, false },	  { MS, false },    { 4 * MS, false },
		{ 5 * MS, true }, { 6 * MS, true }, { 3600000 * MS, true },
	};

	load(1 << 20);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct order o;
		bool woken;

		do {
			consume();
			o = send(type, 1, cases[i].since);
			woken = wakes(cases[i].wakes);
		} while (o.took > MS / 2); /* interrupted: the time was not what it should be */
		ok(woken == cases[i].wakes, "%s %ju us after the last wake-up %s", what,
		   (uintmax_t)cases[i].since / 1000, cases[i].wakes ? "wakes" : "does not wake");
		ok(o.woken == cases[i].wakes, "which is remembered");
	}
	consume();
	unload();
}

/* With much in the ring the reader is woken sooner. */
static void test_waiting(void)
{
	size_t record = RECORD(sizeof(struct output_event));
	struct order o;

	load(1 << 20);
	/* One more goes below the limit, the next one doesn't. */
	do
		o = send(OUTPUT, 1, 0);
	while (o.waiting + record < WAKEUP_WAITING);
	must(o.waiting < WAKEUP_WAITING);
	ok(!wakes(false), "filling the ring does not wake");
	do {
		/* Event by event the ring gets fuller; a small one does not fill it. */
		o = send(RESERVED, 1, MS);
	} while (o.took > MS);
	must(o.waiting < WAKEUP_WAITING);
	ok(!wakes(false), "a ms after the last wake-up an event does not wake");
	send(OUTPUT, 1, 0);
	do
		o = send(RESERVED, 1, MS / 10);
	while (o.took > MS / 20);
	must(o.waiting > WAKEUP_WAITING);
	ok(!wakes(false), "nor does it 100 us after, when more than 256 KiB wait");
	o = send(RESERVED, 1, MS);
	ok(wakes(true), "but a ms after it does then");
	ok(consume() > 60, "all is there");
	unload();
}

/* An event that is lost wakes nobody, so it must not count as a wake-up. */
static void test_lost(void)
{
	size_t page = sysconf(_SC_PAGESIZE);
	struct order o;

	load(page);
	send(RESERVED_LARGE, page / RECORD(sizeof(struct reserved_large_event)) + 1, 0);
	must(tally(RESERVED_LARGE).lost);
	ok(!wakes(false), "the ring is full, and nobody was woken");
	o = produce((struct order){ .type = OUTPUT,
				    .count = 1,
				    .size = 1024,
				    .sequence = sequence++,
				    .since = 6 * MS });
	is_u64(tally(OUTPUT).lost, 1, "an event is lost that would have woken");
	is_u64(o.last_wakeup, 0, "this is not remembered as a wake-up");
	consume();
	send(RESERVED, 1, SINCE_AS_IT_IS);
	ok(wakes(true), "so the next one wakes");
	consume();
	unload();
}

static void test_clamp(void)
{
	static const uint64_t values[] = {
		0, 1, CLAMP_MAX - 1, CLAMP_MAX, CLAMP_MAX + 1, 1u << 31, UINT32_MAX
	};

	load(sysconf(_SC_PAGESIZE));
	for (size_t i = 0; i < COUNT(values); i++) {
		struct clamped c = { values[i] };

		run_program(bpf_program__fd(bpf->progs.clamp), &c, sizeof(c));
		is_u64(c.n, values[i] < CLAMP_MAX ? values[i] : CLAMP_MAX, "%ju is clamped",
		       (uintmax_t)values[i]);
	}
	unload();
}

int main(void)
{
	need_root();
	test_full(RESERVED, sizeof(struct reserved_event), "reserved");
	test_full(RESERVED_LARGE, sizeof(struct reserved_large_event), "reserved, larger");
	test_full(OUTPUT, 73, "output");
	test_too_large();
	test_threads();
	test_first();
	test_interval(RESERVED, "an event reserved");
	test_interval(OUTPUT, "an event output");
	test_waiting();
	test_lost();
	test_clamp();
	return done();
}
