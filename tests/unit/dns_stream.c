/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "net/dns_stream.h"

#include <stdlib.h>

#include "tests/tap.h"

/* Messages with their length: `id` tells them apart. */
static size_t put(uint8_t *to, uint16_t id, bool answer, size_t data)
{
	uint8_t *p = to + 2;
	size_t len;

	p = mempcpy(p, (uint8_t[]){ id >> 8, id, answer ? 0x80 : 1, 0, 0, 1, 0, answer }, 8);
	p = mempcpy(p, (uint8_t[]){ 0, 0, 0, 0, 1, 'a', 0, 0, 16, 0, 1 }, 11);
	if (answer) {
		p = mempcpy(p, (uint8_t[]){ 0xc0, 12, 255, 0, 0, 1, 0, 0, 0, 0 }, 10);
		*p++ = data >> 8;
		*p++ = data;
		memset(p, 0xee, data);
		p += data;
	}
	len = p - to - 2;
	to[0] = len >> 8;
	to[1] = len;
	return p - to;
}

/* What comes out: ids. */
static char got[1000];

static void on_message(void *ctx, const uint8_t *bytes, size_t len)
{
	(void)ctx, (void)len;
	sprintf(got + strlen(got), "%d ", bytes[0] << 8 | bytes[1]);
}

/* A stream, as struct streams_user has it: what isn't taken comes again. */
static struct dns_stream stream;
static uint8_t kept[1 << 17];
static size_t n_kept;

static void begin(void)
{
	stream = (struct dns_stream){};
	n_kept = 0;
	*got = '\0';
}

static void gap(uint64_t n)
{
	dns_stream_gap(&stream, n_kept + n);
	n_kept = 0;
}

static void segment(enum dns_side side, const uint8_t *bytes, size_t len)
{
	static struct dns_message scratch;
	uint8_t *exact = malloc(n_kept + len);
	size_t taken;

	memcpy(exact, kept, n_kept);
	memcpy(exact + n_kept, bytes, len);
	len += n_kept;
	taken = dns_stream_take(&stream, side, exact, len, &scratch, on_message, NULL);
	n_kept = len - taken;
	memcpy(kept, exact + taken, n_kept);
	free(exact);
}

static void test_in_order(void)
{
	uint8_t bytes[200];
	size_t a = put(bytes, 1, false, 0), n = a + put(bytes + a, 2, true, 20);

	begin();
	for (size_t i = 0; i < n; i++)
		segment(DNS_SIDE_CLIENT, bytes + i, 1);
	segment(DNS_SIDE_CLIENT, bytes, n);
	is_str(got, "1 2 1 2 ", "whatever the segments, when nothing is missing");
	ok(!stream.skipped && !n_kept, "nothing is skipped or left");
	segment(DNS_SIDE_CLIENT, (uint8_t[]){ 0, 0, 0, 3, 0, 9, 1 }, 7);
	is_str(got, "1 2 1 2 9 ", "also where it is no message");
}

static void test_gap(void)
{
	uint8_t bytes[3000];
	size_t a = put(bytes, 1, true, 500), b = put(bytes + a, 2, true, 500),
	       c = put(bytes + a + b, 3, true, 500);

	for (size_t cut = 1; cut < a + b; cut++) {
		size_t seen = cut / 2;

		begin();
		segment(DNS_SIDE_SERVER, bytes, seen);
		gap(cut - seen);
		segment(DNS_SIDE_SERVER, bytes + cut, a + b - cut);
		segment(DNS_SIDE_SERVER, bytes + a + b, c);
		if (cut == a)
			is_str(got, "2 3 ", "what begins behind the gap is taken");
		else if (!strstr(got, "3 ") || (cut > a && seen < a && strstr(got, "2 ")))
			ok(false, "at %zu: %s", cut, got);
		if (cut > a && seen < a && stream.skipped != a + b)
			is_u64(stream.skipped, a + b, "all the others are skipped");
	}
	ok(true, "the next whole message is found, wherever bytes are missing");

	begin();
	gap(1);
	segment(DNS_SIDE_SERVER, bytes, 100);
	segment(DNS_SIDE_SERVER, bytes + 100, 200);
	segment(DNS_SIDE_SERVER, bytes + 300, a - 300);
	segment(DNS_SIDE_SERVER, bytes + a, 1);
	segment(DNS_SIDE_SERVER, bytes + a + 1, b - 1);
	is_str(got, "1 2 ", "in several segments, too");
	is_u64(stream.skipped, 1, "then only what was missing is skipped");
}

static void test_doubt(void)
{
	uint8_t bytes[4000], wrong[4000];
	size_t n = put(bytes, 1, true, 50), m;

	begin();
	gap(1);
	segment(DNS_SIDE_CLIENT, bytes, n);
	is_str(got, "", "not of the side that does not answer");
	segment(DNS_SIDE_ANY, bytes, n);
	is_str(got, "1 ", "unless that is not known");

	for (size_t i = 2; i < n; i++) {
		begin();
		gap(1);
		segment(DNS_SIDE_SERVER, bytes, i);
		gap(1);
		segment(DNS_SIDE_SERVER, bytes + i, n - i);
		if (*got)
			ok(false, "a part from %zu on is no message", i);
	}
	begin();
	gap(1);
	memcpy(wrong, bytes, n);
	wrong[1]++;
	wrong[n] = 0;
	segment(DNS_SIDE_SERVER, wrong, n + 1);
	is_str(got, "", "nor is one with a byte too many");
	memcpy(wrong, bytes, n);
	memset(wrong + n, 0xff, 100);
	segment(DNS_SIDE_SERVER, wrong, n + 100);
	is_str(got, "", "nor one with something else behind it");

	/* One that seems to go on, but doesn't: the last segment begins the next. */
	begin();
	gap(1);
	memcpy(wrong, bytes, n);
	wrong[0] = 1;
	segment(DNS_SIDE_SERVER, wrong, n);
	m = put(bytes + n, 2, true, 900);
	segment(DNS_SIDE_SERVER, bytes + n, m);
	is_str(got, "2 ", "what was in doubt, and is none, hides none");
	is_u64(stream.skipped, n + 1, "and is skipped");
}

static void test_older(void)
{
	uint8_t bytes[200];
	size_t n = put(bytes, 1, false, 0);

	begin();
	dns_stream_older(&stream);
	segment(DNS_SIDE_CLIENT, bytes, n);
	is_str(got, "1 ", "of an older connection, what begins with a segment");
	begin();
	dns_stream_older(&stream);
	segment(DNS_SIDE_CLIENT, (uint8_t[]){ 0, 2, 0, 5 }, 4);
	is_str(got, "5 ", "malformed or not, where it fills the first one");
	begin();
	dns_stream_older(&stream);
	segment(DNS_SIDE_CLIENT, bytes + 5, n - 5);
	segment(DNS_SIDE_CLIENT, (uint8_t[]){ 0, 2, 0, 5 }, 4);
	segment(DNS_SIDE_CLIENT, (uint8_t[20]){}, 20);
	segment(DNS_SIDE_CLIENT, bytes, n);
	is_str(got, "1 ", "but no later one");
	begin();
	dns_stream_older(&stream);
	segment(DNS_SIDE_CLIENT, bytes, 2);
	segment(DNS_SIDE_CLIENT, bytes + 2, n - 2);
	is_str(got, "1 ", "with the length in a segment of its own");
}

int main(void)
{
	test_in_order();
	test_gap();
	test_doubt();
	test_older();
	return done();
}
