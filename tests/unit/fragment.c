/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/clock.h"
#include "net/fragment.h"
#include "tests/packets.h"
#include "tests/tap.h"

#define LAST 65504 /* where a last fragment begins */

static struct fragments *f;
static struct packet p; /* the last one that was put together */
static enum packet_kind kind;
static struct bytes whole; /* a datagram of UDP, without its IP header */

/* A fragment of what is in `whole`, from a block of its own size. True: the datagram is there. */
static bool add_from(int family, uint32_t id, uint32_t offset, uint32_t len, bool more, int64_t ts)
{
	uint8_t *copy = exact(whole.b + offset, len);
	bool done;

	p = (struct packet){ .flow = { .family = family, .proto = IPPROTO_UDP },
			     .payload = copy,
			     .len = len,
			     .wire_len = len,
			     .fragment = true,
			     .frag_more = more,
			     .frag_offset = offset,
			     .frag_id = id };
	done = fragments_add(f, &p, ts, &kind);
	free_exact(copy, len);
	return done;
}

static bool add(uint32_t id, uint32_t offset, uint32_t len, bool more)
{
	return add_from(AF_INET, id, offset, len, more, 1);
}

static bool is_whole(void)
{
	return kind == PACKET_IP && !p.fragment && !p.cut && p.flow.sport == 1234 &&
	       p.flow.dport == 53 && p.len == whole.len - 8 && p.wire_len == p.len &&
	       !memcmp(p.payload, whole.b + 8, p.len);
}

static void datagram(size_t len)
{
	whole.len = 0;
	num(&whole, 1234, 2);
	num(&whole, 53, 2);
	num(&whole, len, 2);
	num(&whole, 0, 2);
	while (whole.len < len)
		num(&whole, whole.len * 31 >> 3, 1);
}

static uint64_t drops(void)
{
	const struct fragment_drops *d = fragments_drops(f);

	return d->overlap + d->malformed + d->cut + d->age + d->room;
}

static void anew(uint32_t datagrams, size_t bytes, int64_t age)
{
	fragments_free(f);
	f = fragments_new(datagrams, bytes, age);
}

static void test_order(void)
{
	static const int orders[][3] = {
		{ 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 },
	};

	anew(0, 0, 0);
	datagram(45);
	for (int family = 0; family < 2; family++) {
		for (unsigned i = 0; i < COUNT(orders); i++) {
			bool done[3];

			for (int k = 0; k < 3; k++) {
				uint32_t at = orders[i][k] * 16;

				done[k] = add_from(family ? AF_INET6 : AF_INET, i, at,
						   at == 32 ? 13 : 16, at != 32, 1);
			}
			ok(!done[0] && !done[1] && done[2] && is_whole(), "IPv%d, order %d%d%d",
			   family ? 6 : 4, orders[i][0], orders[i][1], orders[i][2]);
		}
	}
	is_u64(drops() + fragments_waiting(f), 0, "nothing is left");
	datagram(65535);
	ok(!add(1, 0, 65528, true) && add(1, 65528, 7, false) && is_whole(), "the largest");
}

static void test_keys(void)
{
	struct packet other;

	anew(0, 0, 0);
	datagram(24);
	add(1, 0, 16, true);
	ok(!add(2, 16, 8, false), "another id is another datagram");
	p = (struct packet){ .flow = { .family = AF_INET, .proto = IPPROTO_TCP },
			     .frag_id = 1,
			     .frag_offset = 16,
			     .payload = whole.b,
			     .len = 8,
			     .wire_len = 8 };
	other = p;
	ok(!fragments_add(f, &p, 1, &kind), "another protocol of IPv4, too");
	p = other;
	p.flow.proto = IPPROTO_UDP;
	p.flow.daddr[3] = 1;
	ok(!fragments_add(f, &p, 1, &kind), "another address, too");
	is_u64(fragments_waiting(f), 4, "all of them wait");
	ok(add(1, 16, 8, false) && is_whole(), "this one belongs to it");

	/* RFC 8200: only the first fragment's next header counts. */
	add_from(AF_INET6, 1, 0, 16, true, 1);
	p = (struct packet){ .flow = { .family = AF_INET6, .proto = IPPROTO_TCP },
			     .frag_id = 1,
			     .frag_offset = 16,
			     .payload = whole.b + 16,
			     .len = 8,
			     .wire_len = 8 };
	other = p;
	ok(fragments_add(f, &p, 1, &kind) && is_whole() && p.flow.proto == IPPROTO_UDP,
	   "another next header of IPv6 is not");
	p = other;
	ok(!fragments_add(f, &p, 1, &kind) && add_from(AF_INET6, 1, 0, 16, true, 1) && is_whole() &&
		   p.flow.proto == IPPROTO_UDP,
	   "nor when that one comes first");
}

static void test_overlaps(void)
{
	static const struct {
		uint32_t offset, len;
		bool more;
	} cases[] = {
		{ 8, 16, true }, { 0, 8, true }, { 8, 8, true }, { 0, 24, true }, { 0, 45, false },
	};

	datagram(45);
	for (unsigned i = 0; i < COUNT(cases); i++) {
		anew(0, 0, 0);
		add(1, 0, 16, true);
		ok(!add(1, cases[i].offset, cases[i].len, cases[i].more) &&
			   fragments_drops(f)->overlap == 1,
		   "from %u, %u bytes overlap", cases[i].offset, cases[i].len);
		ok(!add(1, 16, 16, true) && !add(1, 0, 16, true) && !add(1, 32, 13, false),
		   "the datagram is dropped, and what follows too");
		add(1, 8, 16, true);
		is_u64(drops(), 1, "which counts once");
		ok(!add(2, 16, 29, false) && add(2, 0, 16, true) && is_whole(), "not another one");
	}
	anew(0, 0, 0);
	add(1, 0, 16, true);
	ok(!add(1, 0, 16, true) && !drops(), "the same fragment again is no overlap");
	whole.b[9]++;
	ok(!add(1, 0, 16, true) && drops() == 1, "unless its bytes are different");
}

static void malformed(bool dropped, const char *what)
{
	is_u64(fragments_drops(f)->malformed, dropped, "%s", what);
	is_u64(drops(), dropped, "and nothing else is wrong");
	anew(0, 0, 0);
}

static void test_lengths(void)
{
	anew(0, 0, 0);
	datagram(65535);
	add(1, 0, 15, true);
	malformed(true, "fragments are multiples of 8 bytes");
	add(1, 0, 15, false);
	malformed(false, "unless they are the last");
	add(1, 65528, 8, false);
	malformed(true, "a datagram is not longer than its length could say");
	add(1, 8, 0, false);
	malformed(true, "an empty fragment");
	add(1, 16, 8, false);
	add(1, 24, 8, true);
	malformed(true, "a fragment behind the last one");
	add(1, 24, 8, true);
	add(1, 16, 8, false);
	malformed(true, "which came before it");
	add(1, 16, 8, false);
	add(1, 24, 8, false);
	malformed(true, "two last ones");
	add(1, 24, 8, false);
	add(1, 16, 8, false);
	malformed(true, "in another order");
	datagram(24);
	add(1, 16, 8, false);
	add(1, 16, 8, false);
	add(1, 0, 16, true);
	ok(is_whole(), "the last one twice");
	malformed(false, "is fine");
	p = (struct packet){ .flow.family = AF_INET,
			     .frag_more = true,
			     .payload = whole.b,
			     .len = 8,
			     .wire_len = 16,
			     .cut = true };
	fragments_add(f, &p, 1, &kind);
	is_u64(fragments_drops(f)->cut, 1, "a fragment that was not captured whole");
	anew(0, 0, 0);
	/* Too short for a header of UDP. */
	ok(!add(1, 0, 0, true) && !add(2, 0, 7, true), "nothing comes of these");
	add(3, 0, 7, false);
	is_i64(kind, PACKET_BAD, "put together, and bad");
}

/* More headers behind the fragment's, and fragments within fragments. */
static void test_headers(void)
{
	anew(0, 0, 0);
	whole.len = 0;
	num(&whole, IPPROTO_UDP << 8, 2);
	pad(&whole, 6);
	udp(&whole, "hello!!!");
	for (int nested = 0; nested < 2; nested++) {
		if (nested)
			set16(&whole, 2, 1);
		p = (struct packet){ .flow = { .family = AF_INET6,
					       .proto = nested ? IPPROTO_FRAGMENT
							       : IPPROTO_DSTOPTS },
				     .frag_more = true,
				     .payload = whole.b,
				     .len = 16,
				     .wire_len = 16 };
		ok(!fragments_add(f, &p, 1, &kind), "the first half");
		p = (struct packet){ .flow = { .family = AF_INET6 },
				     .frag_offset = 16,
				     .payload = whole.b + 16,
				     .len = 8,
				     .wire_len = 8 };
		ok(fragments_add(f, &p, 1, &kind), "and the second");
		if (nested)
			ok(kind == PACKET_BAD && !p.fragment, "a fragment within is bad");
		else
			ok(kind == PACKET_IP && p.flow.sport == 1234 && p.len == 8, "options");
	}
}

static void test_bounds(void)
{
	anew(4, 0, 10 * SECOND);
	datagram(24);
	for (uint32_t id = 0; id < 6; id++)
		add(id, 0, 16, true);
	is_u64(fragments_drops(f)->room, 2, "too many: the oldest are dropped");
	ok(!add(1, 16, 8, false) && add(5, 16, 8, false) && is_whole(), "the others are there");

	anew(1, 0, 0);
	add(1, 0, 16, true);
	add(1, 8, 16, true);
	add(2, 0, 16, true);
	is_u64(drops(), 1, "one that was dropped isn't counted again");

	anew(4, 0, 10 * SECOND);
	add_from(AF_INET, 1, 0, 16, true, 100 * SECOND);
	add_from(AF_INET, 2, 0, 16, true, 105 * SECOND);
	ok(add_from(AF_INET, 1, 16, 8, false, 110 * SECOND), "in time");
	ok(!add_from(AF_INET, 2, 16, 8, false, 115 * SECOND + 1), "too late");
	is_u64(fragments_drops(f)->age, 1, "which is counted");
	add_from(AF_INET, 3, 0, 16, true, INT64_MAX);
	ok(!add_from(AF_INET, 3, 16, 8, false, 1), "too far away in the past");

	/* One datagram always has room, two not. */
	anew(0, 70000, 0);
	datagram(65535);
	for (uint32_t at = 0; at < LAST; at += LAST / 4)
		add(1, at, LAST / 4, true);
	ok(add(1, LAST, 65535 - LAST, false) && is_whole(), "there is room for one");
	for (uint32_t at = 0; at < LAST; at += LAST / 4) {
		add(2, at, LAST / 4, true);
		add(3, at, LAST / 4, true);
	}
	is_u64(fragments_drops(f)->room, 1, "for two there is not: the older one makes way");
	ok(add(3, LAST, 65535 - LAST, false) && is_whole(), "the other is whole");
	ok(!add(2, LAST, 65535 - LAST, false), "that one is not");
	anew(0, 1000, 0);
	add(1, 0, 16376, true);
	is_u64(fragments_drops(f)->room, 1, "more than there is room for at all");
}

/* Any pieces of many datagrams, in any order. */
static void test_random(void)
{
	struct {
		uint32_t id, offset, len;
	} pieces[800];
	unsigned n = 0, done = 0, wrong = 0;
	uint32_t random = 1;

	anew(0, 0, 0);
	datagram(3000);
	for (uint32_t id = 0; id < 20; id++)
		for (uint32_t at = 0, len; at < 3000; at += len) {
			len = 8 + (random = random * 1103515245 + 12345) / 65536 % 40 * 8;
			if (at + len > 3000)
				len = 3000 - at;
			pieces[n].id = id;
			pieces[n].offset = at;
			pieces[n++].len = len;
		}
	for (unsigned i = n - 1; i > 0; i--) {
		unsigned k = (random = random * 1103515245 + 12345) / 65536 % (i + 1);
		typeof(pieces[0]) other = pieces[i];

		pieces[i] = pieces[k];
		pieces[k] = other;
	}
	for (unsigned i = 0; i < n; i++)
		if (add(pieces[i].id, pieces[i].offset, pieces[i].len,
			pieces[i].offset + pieces[i].len < 3000)) {
			done++;
			wrong += !is_whole();
		}
	is_u64(done, 20, "twenty datagrams in pieces, shuffled");
	is_u64(wrong, 0, "are what they were");
	is_u64(drops() + fragments_waiting(f), 0, "and nothing is left");
}

int main(void)
{
	test_order();
	test_keys();
	test_overlaps();
	test_lengths();
	test_headers();
	test_bounds();
	test_random();
	fragments_free(f);
	fragments_free(NULL);
	return done();
}
