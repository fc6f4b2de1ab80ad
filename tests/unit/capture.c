/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libpcap is the oracle: it reads the same bytes. Linked statically it isn't there. */
#include <glob.h>
#include <fcntl.h>
#include <pcap/pcap.h>
#include <unistd.h>

#include "tests/packets.h"
#include "tests/tap.h"

#pragma weak pcap_fopen_offline_with_tstamp_precision
#pragma weak pcap_next_ex
#pragma weak pcap_datalink
#pragma weak pcap_close
#pragma weak pcap_compile
#pragma weak pcap_offline_filter
#pragma weak pcap_freecode

#define SHARED "../shared/captures"

static struct bytes b;

/* What is said of a capture: how many packets, the sum of all that was given with them, the error.
 */
struct reading {
	uint32_t packets;
	uint64_t sum;
	char error[200];
};

/* FNV-1a: packets must be equal, and in the same order. */
static void mix(uint64_t *sum, const void *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		*sum = (*sum ^ ((const uint8_t *)bytes)[i]) * 0x100000001b3;
}

static void add(struct reading *r, int64_t ts, uint32_t len, uint32_t orig_len,
		const uint8_t *bytes)
{
	r->packets++;
	mix(&r->sum, &ts, sizeof(ts));
	mix(&r->sum, &len, sizeof(len));
	mix(&r->sum, &orig_len, sizeof(orig_len));
	mix(&r->sum, bytes, len);
}

/* Fed so many bytes at a time. */
static struct reading read_bytes(const struct bytes *from, size_t step)
{
	struct capture *c = capture_new();
	struct reading r = {};
	struct captured p;
	size_t at = 0;

	while (next_fed(c, &p, from, &at, step) == CAPTURE_PACKET)
		add(&r, p.ts, p.len, p.orig_len, p.bytes);
	snprintf(r.error, sizeof(r.error), "%s", capture_error(c) ? capture_error(c) : "");
	capture_free(c);
	return r;
}

/* By libpcap. The link type, or -1: it doesn't read this at all. */
static int oracle(const struct bytes *from, struct reading *r)
{
	FILE *file = fmemopen((void *)from->b, from->len, "r");
	const u_char *bytes;
	struct pcap_pkthdr *h;
	char error[PCAP_ERRBUF_SIZE];
	pcap_t *p;
	int link, status;

	*r = (struct reading){};
	p = pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, error);
	if (!p) {
		fclose(file);
		snprintf(r->error, sizeof(r->error), "%.190s", error);
		return -1;
	}
	link = pcap_datalink(p);
	while ((status = pcap_next_ex(p, &h, &bytes)) == 1)
		add(r, h->ts.tv_sec * 1000000000ll + h->ts.tv_usec, h->caplen, h->len, bytes);
	if (status != PCAP_ERROR_BREAK)
		snprintf(r->error, sizeof(r->error), "error");
	pcap_close(p);
	return link;
}

static bool has_oracle(void)
{
	return pcap_next_ex;
}

/* The same packets, and an error or none. */
static void same_as_libpcap(const char *what)
{
	struct reading ours = read_bytes(&b, SIZE_MAX), theirs;

	if (!has_oracle())
		return skip("not linked with libpcap");
	oracle(&b, &theirs);
	is_u64(ours.packets, theirs.packets, "%s: as many packets as libpcap has", what);
	ok(ours.sum == theirs.sum, "%s: and the same ones", what);
	ok(!*ours.error == !*theirs.error, "%s: and '%s' where libpcap says '%s'", what, ours.error,
	   theirs.error);
}

/* pcap */

static void pcap_header(bool little, uint32_t magic, uint32_t link)
{
	b.len = 0;
	b.little = little;
	num(&b, magic, 4);
	num(&b, 2, 2);
	num(&b, 4, 2);
	pad(&b, 8);
	num(&b, 262144, 4);
	num(&b, link, 4);
}

static void record(uint32_t s, uint32_t fraction, uint32_t len, uint32_t orig_len, bool more)
{
	num(&b, s, 4);
	num(&b, fraction, 4);
	num(&b, len, 4);
	num(&b, orig_len, 4);
	pad(&b, more ? 8 : 0);
	for (uint32_t i = 0; i < len; i++)
		num(&b, i * 7, 1);
}

/* Cut after each byte: all whole packets are given, and an error is said unless it ends between
 * two. `ends` are the lengths at which it may. */
static void each_cut(const size_t *ends, unsigned n, const char *what)
{
	size_t whole = b.len;
	unsigned wrong = 0, differ = 0;

	for (b.len = 0; b.len <= whole; b.len++) {
		unsigned packets = 0;
		bool good = false;
		struct reading one = read_bytes(&b, 1), all = read_bytes(&b, SIZE_MAX), theirs;

		for (unsigned i = 0; i < n; i++) {
			good |= ends[i] == b.len;
			packets += i && ends[i] <= b.len && ends[i] != ends[i - 1];
		}
		wrong += one.packets != packets || one.sum != all.sum || !*one.error != good ||
			 strcmp(one.error, all.error);
		if (has_oracle() && b.len) {
			oracle(&b, &theirs);
			differ += theirs.packets != one.packets || theirs.sum != one.sum;
		}
	}
	b.len = whole;
	is_u64(wrong, 0, "%s: cut anywhere, all before is given, and then it is said", what);
	is_u64(differ, 0, "%s: and libpcap has the same packets", what);
}

static void test_pcap(void)
{
	static const struct {
		uint32_t magic;
		int64_t unit;
		const char *what;
	} kinds[] = {
		{ 0xa1b2c3d4, 1000, "microseconds" },
		{ 0xa1b23c4d, 1, "nanoseconds" },
		{ 0xa1b2cd34, 1000, "Kuznetzov's" },
	};
	struct capture *c;
	struct captured p;
	size_t at = 0;

	for (unsigned i = 0; i < 2 * COUNT(kinds); i++) {
		bool more = kinds[i / 2].magic == 0xa1b2cd34;
		size_t ends[4];
		char what[80];

		at = 0;
		c = capture_new();
		snprintf(what, sizeof(what), "%s, %s-endian", kinds[i / 2].what,
			 i % 2 ? "little" : "big");
		pcap_header(i % 2, kinds[i / 2].magic, LINK_SLL);
		ends[0] = b.len;
		record(1700000000, 999999, 5, 60, more);
		ends[1] = b.len;
		record(0x7fffffff, 0, 0, 0, more);
		ends[2] = b.len;
		record(0, 1, 3, 3, more);
		ends[3] = b.len;

		ok(next_fed(c, &p, &b, &at, 4) == CAPTURE_PACKET, "%s: a packet", what);
		is_i64(p.ts, 1700000000000000000 + 999999 * kinds[i / 2].unit, "its time");
		ok(p.link == LINK_SLL && p.len == 5 && p.orig_len == 60, "its lengths and link");
		is_mem(p.bytes, 5, "\0\7\16\25\34", 5, "its bytes");
		ok(next_fed(c, &p, &b, &at, 4) == CAPTURE_PACKET && !p.len, "an empty packet");
		is_i64(p.ts, 2147483647000000000, "its time");
		ok(next_fed(c, &p, &b, &at, 4) == CAPTURE_PACKET, "one more");
		is_i64(p.ts, kinds[i / 2].unit, "its time");
		ok(next_fed(c, &p, &b, &at, 4) == CAPTURE_END, "the end");
		ok(capture_next(c, &p) == CAPTURE_END && !capture_error(c), "and no error");
		capture_free(c);

		each_cut(ends, COUNT(ends), what);
		same_as_libpcap(what);
	}

	/* The seconds have no sign, whatever libpcap makes of them in this machine's byte order. */
	at = 0;
	c = capture_new();
	pcap_header(true, 0xa1b2c3d4, LINK_RAW);
	record(0xffffffff, 0, 1, 1, false);
	ok(next_fed(c, &p, &b, &at, 4) == CAPTURE_PACKET, "a packet of 2106");
	is_i64(p.ts, 4294967295000000000, "the last second that there is");
	capture_free(c);
}

/* The length of a frame check sequence is above the link type. */
static void test_link(void)
{
	struct capture *c = capture_new();
	struct captured p;
	size_t at = 0;

	pcap_header(true, 0xa1b2c3d4, 0x44000000 | LINK_SLL2);
	record(1, 0, 1, 1, false);
	ok(next_fed(c, &p, &b, &at, 4) == CAPTURE_PACKET && p.link == LINK_SLL2, "a link type");
	capture_free(c);
}

/* pcapng */

static size_t block_begin(uint32_t type)
{
	num(&b, type, 4);
	num(&b, 0, 4);
	return b.len - 8;
}

static void set32(size_t at, uint32_t v)
{
	size_t len = b.len;

	b.len = at;
	num(&b, v, 4);
	b.len = len;
}

static void block_end(size_t at)
{
	pad(&b, -(b.len - at) & 3);
	num(&b, 0, 4);
	set32(at + 4, b.len - at);
	set32(b.len - 4, b.len - at);
}

static void section(bool little)
{
	size_t at;

	b.little = little;
	at = block_begin(0x0a0d0d0a);
	num(&b, 0x1a2b3c4d, 4);
	num(&b, 1, 2);
	num(&b, 0, 2);
	num(&b, -1, 8);
	block_end(at);
}

/* Options: none for a resolution of 6 and an offset of 0. */
static void interface(uint16_t link, uint32_t snaplen, uint8_t resolution, int64_t offset)
{
	size_t at = block_begin(1);

	num(&b, link, 2);
	num(&b, 0, 2);
	num(&b, snaplen, 4);
	if (resolution != 6 || offset) {
		num(&b, 2, 2); /* if_name */
		num(&b, 5, 2);
		put(&b, "lo:00\0\0\0", 8);
		num(&b, 9, 2);
		num(&b, 1, 2);
		num(&b, resolution, 1);
		pad(&b, 3);
		num(&b, 14, 2);
		num(&b, 8, 2);
		num(&b, offset, 8);
		num(&b, 0, 4);
		num(&b, 9, 2); /* behind the end of them */
		num(&b, 1, 2);
		num(&b, 5, 4);
	}
	block_end(at);
}

static void enhanced(uint32_t number, uint64_t units, uint32_t len, uint32_t orig_len)
{
	size_t at = block_begin(6);

	num(&b, number, 4);
	num(&b, units >> 32, 4);
	num(&b, units, 4);
	num(&b, len, 4);
	num(&b, orig_len, 4);
	for (uint32_t i = 0; i < len; i++)
		num(&b, i * 7, 1);
	block_end(at);
}

static void old_packet(uint16_t number, uint64_t units, uint32_t len, uint32_t orig_len)
{
	size_t at = block_begin(2);

	num(&b, number, 2);
	num(&b, 7, 2); /* drops */
	num(&b, units >> 32, 4);
	num(&b, units, 4);
	num(&b, len, 4);
	num(&b, orig_len, 4);
	for (uint32_t i = 0; i < len; i++)
		num(&b, i * 7, 1);
	block_end(at);
}

static void simple(uint32_t orig_len, uint32_t len)
{
	size_t at = block_begin(3);

	num(&b, orig_len, 4);
	pad(&b, len);
	block_end(at);
}

static void unknown(uint32_t type, uint32_t len)
{
	size_t at = block_begin(type);

	pad(&b, len);
	block_end(at);
}

static void test_blocks(void)
{
	for (int little = 0; little < 2; little++) {
		unsigned n = 0, wrong = 0, differ = 0;
		size_t ends[16], whole;

		b.len = 0;
		section(little);
		interface(LINK_ETHERNET, 64, 6, 0);
		ends[n++] = b.len;
		enhanced(0, 1700000000123456, 5, 60);
		ends[n++] = b.len;
		simple(100, 64);
		ends[n++] = b.len;
		old_packet(0, 1700000000123456, 4, 4);
		ends[n++] = b.len;
		simple(3, 3);
		ends[n++] = b.len;
		simple(0, 0);
		ends[n++] = b.len;
		enhanced(0, 0, 0, 0);
		ends[n++] = b.len;
		same_as_libpcap(little ? "pcapng, little-endian" : "pcapng, big-endian");
		is_u64(read_bytes(&b, 1).packets, 6, "all kinds of packets are read");

		/* Cut within the section's or the interface's block, libpcap doesn't start; and
		 * between them, we say nothing of it. */
		whole = b.len;
		for (b.len = ends[0]; b.len < whole; b.len++) {
			struct reading one = read_bytes(&b, 1), all = read_bytes(&b, SIZE_MAX),
				       they;
			unsigned i = 0;

			while (i + 1 < n && ends[i + 1] <= b.len)
				i++;
			wrong += one.packets != i || !*one.error != (ends[i] == b.len);
			wrong += one.sum != all.sum || strcmp(one.error, all.error);
			if (has_oracle()) {
				oracle(&b, &they);
				differ += they.packets != one.packets || they.sum != one.sum;
			}
		}
		is_u64(wrong, 0, "cut anywhere, all before is given, and then it is said");
		is_u64(differ, 0, "and libpcap has the same packets");
		for (b.len = 1, wrong = 0; b.len < ends[0]; b.len++)
			wrong += !*read_bytes(&b, 1).error != (b.len == 28);
		is_u64(wrong, 0, "cut before the first packet, it is said");
		b.len = whole;
	}
}

static int64_t time_with(uint8_t resolution, int64_t offset, uint64_t units)
{
	struct capture *c = capture_new();
	struct captured p = { .ts = -1 };
	size_t at = 0;

	b.len = 0;
	section(true);
	interface(LINK_RAW, 0, resolution, offset);
	enhanced(0, units, 1, 1);
	next_fed(c, &p, &b, &at, SIZE_MAX);
	capture_free(c);
	return p.ts;
}

static void test_times(void)
{
	static const struct {
		uint8_t resolution;
		int64_t offset;
		uint64_t units;
		int64_t expected;
	} cases[] = {
		{ 6, 0, 1, 1000 },
		{ 6, 5, 1, 5000001000 },
		{ 6, -5, 7000000, 2000000000 },
		{ 6, -5, 1, 0 }, /* before 1970 */
		{ 0, 0, 1700000000, 1700000000000000000 },
		{ 3, 0, 1500, 1500000000 },
		{ 9, 0, 123, 123 },
		{ 9, 0, INT64_MAX, INT64_MAX },
		{ 9, 0, UINT64_MAX, INT64_MAX },
		{ 0, 0, UINT64_MAX, INT64_MAX },
		{ 6, INT64_MAX, UINT64_MAX, INT64_MAX },
		{ 6, INT64_MIN, UINT64_MAX, 0 },
		{ 12, 0, 1234567, 1234 },
		{ 18, 0, 1700000000000000000, 1700000000 },
		{ 19, 0, UINT64_MAX, 1844674407 },
		{ 28, 0, UINT64_MAX, 1 },
		{ 127, 0, 5, 0 },
		{ 0x80, 0, 3, 3000000000 },
		{ 0x80 | 10, 0, 1536, 1500000000 },
		{ 0x80 | 32, 0, 0x180000000, 1500000000 },
		{ 0x80 | 63, 0, 1ull << 63, 1000000000 },
		{ 0x80 | 64, 0, 1ull << 63, 500000000 },
		{ 0x80 | 127, 0, UINT64_MAX, 0 },
	};

	for (unsigned i = 0; i < COUNT(cases); i++) {
		uint8_t n = cases[i].resolution & 0x7f;

		is_i64(time_with(cases[i].resolution, cases[i].offset, cases[i].units),
		       cases[i].expected, "resolution %#x, offset %jd, units %ju",
		       cases[i].resolution, (intmax_t)cases[i].offset, (uintmax_t)cases[i].units);
		/* Where libpcap has a bound of its own, or none, it can't say. */
		if (n < 19 && cases[i].expected && cases[i].expected != INT64_MAX)
			same_as_libpcap("that time");
	}
}

/* What libpcap can't do: interfaces with links and units of their own, and sections that forget
 * them. */
static void test_sections(void)
{
	static const struct {
		uint32_t link;
		int64_t ts;
	} expected[] = {
		{ LINK_ETHERNET, 1000 }, { LINK_RAW, 2 }, { LINK_SLL2, 3000 },
		{ LINK_SLL2, 0 },	 { LINK_RAW, 5 },
	};
	struct captured p;

	b.len = 0;
	section(true);
	interface(LINK_ETHERNET, 0, 6, 0);
	interface(LINK_RAW, 0, 9, 0);
	unknown(0x80000bad, 70);
	enhanced(0, 1, 4, 4);
	enhanced(1, 2, 4, 4);
	unknown(5, 0);
	section(false);
	unknown(4, 900000);
	interface(LINK_SLL2, 0, 6, 0);
	interface(LINK_RAW, 0, 9, 0);
	enhanced(0, 3, 4, 4);
	simple(4, 4);
	old_packet(1, 5, 4, 4);
	for (size_t step = 1; step < 2000000; step = step * 3 + 1) {
		struct capture *c = capture_new();
		size_t at = 0;
		unsigned n = 0, wrong = 0;

		for (; next_fed(c, &p, &b, &at, step) == CAPTURE_PACKET; n++)
			wrong += n >= COUNT(expected) || p.link != expected[n].link ||
				 p.ts != expected[n].ts;
		is_u64(n, COUNT(expected), "two sections, %zu bytes at a time: all packets", step);
		is_u64(wrong, 0, "each with its interface's link and time");
		is_str(capture_error(c), NULL, "and no error");
		capture_free(c);
	}
}

/* Says that the capture in `b` gives so many packets, and then this. */
static void fails(unsigned packets, const char *error)
{
	struct reading r = read_bytes(&b, 5), whole = read_bytes(&b, SIZE_MAX);

	is_str(r.error, error, "%s", error);
	is_str(whole.error, error, "also when it comes at once");
	is_u64(r.packets, packets, "after %u packets", packets);
}

static void pcapng(void)
{
	b.len = 0;
	section(true);
	interface(LINK_ETHERNET, 0, 6, 0);
	enhanced(0, 1, 4, 4);
}

static void test_errors(void)
{
	size_t at;

	b.len = 0;
	fails(0, "is empty (byte 0)");
	put(&b, "GIF", 3);
	fails(0, "ends within its first number (byte 3)");
	put(&b, "8", 1);
	fails(0, "is neither pcap nor pcapng (byte 0)");
	b.len = 0;
	put(&b, "\x1f\x8b\x08\0\0\0\0\0", 8);
	fails(0, "is compressed; unpack it with gzip -d (byte 0)");
	pcap_header(true, 0xa1b2c3d4, 1);
	b.b[4] = 3;
	fails(0, "is pcap version 3.4, not 2.4 (byte 4)");
	pcap_header(true, 0xa1b2c3d4, 1);
	b.len--;
	fails(0, "ends within its header (byte 23)");
	pcap_header(false, 0xa1b2c3d4, 1);
	record(1, 1, 4, 4, false);
	num(&b, 0, 8);
	num(&b, CAPTURE_PACKET_MAX + 1, 4);
	num(&b, 0, 4);
	fails(1, "has a packet of 262145 bytes, more than 262144 (byte 44)");
	same_as_libpcap("a packet that is too large");

	pcapng();
	b.len -= 1;
	fails(0, "ends within a packet (byte 83)");
	pcapng();
	b.b[12] = 5;
	fails(0, "is pcapng version 5.0, not 1.0 (byte 12)");
	pcapng();
	b.b[8] = 0;
	fails(0, "has a section without a byte order (byte 8)");
	pcapng();
	unknown(9, 0);
	set32(b.len - 8, 11);
	fails(1, "has a block of 11 bytes (byte 88)");
	pcapng();
	unknown(9, 0);
	set32(b.len - 8, 14);
	fails(1, "has a block of 14 bytes (byte 88)");
	pcapng();
	unknown(9, 0);
	set32(b.len - 8, 16);
	fails(1, "ends within a block (byte 96)");
	pcapng();
	enhanced(0, 1, 4, 4);
	set32(b.len - 4, 40);
	fails(1, "has a block of 36 bytes that ends as one of 40 (byte 116)");
	pcapng();
	unknown(9, 4);
	set32(b.len - 4, 12);
	fails(1, "has a block of 16 bytes that ends as one of 12 (byte 96)");
	pcapng();
	unknown(9, CAPTURE_PACKET_MAX * 2);
	b.len--;
	fails(1, "ends within a block (byte 524383)");
	pcapng();
	enhanced(1, 1, 4, 4);
	fails(1, "has a packet of interface 1, which it doesn't describe (byte 92)");
	pcapng();
	section(true);
	simple(4, 4);
	fails(1, "has a packet of interface 0, which it doesn't describe (byte 120)");
	pcapng();
	simple(5, 4);
	fails(1, "has a packet that is longer than its block (byte 92)");
	pcapng();
	unknown(6, 16);
	fails(1, "has a packet block that is too short (byte 88)");
	pcapng();
	unknown(3, 0);
	fails(1, "has a packet block that is too short (byte 88)");
	pcapng();
	unknown(1, 4);
	fails(1, "describes an interface in too few bytes (byte 88)");
	pcapng();
	unknown(0x0a0d0d0a, 4);
	fails(1, "has a section without a byte order (byte 92)");
	pcapng();
	at = block_begin(0x0a0d0d0a);
	num(&b, 0x1a2b3c4d, 4);
	block_end(at);
	fails(1, "has a section header that is too short (byte 88)");
	pcapng();
	at = b.len;
	enhanced(0, 1, 4, 4);
	set32(at + 20, 5);
	fails(1, "has a packet that is longer than its block (byte 104)");
	set32(at + 20, CAPTURE_PACKET_MAX + 1);
	fails(1, "has a packet of 262145 bytes, more than 262144 (byte 84)");
	pcapng();
	interface(1, 0, 9, 0);
	b.b[b.len - 4 - 8 - 4 - 12 - 8 - 12 + 2] = 200;
	fails(1, "has options of an interface that are longer than their block (byte 100)");
	pcapng();
	set32(b.len - 32, CAPTURE_PACKET_MAX * 2 + 4);
	fails(0, "has a block of 524292 bytes, more than 524288 (byte 52)");
}

static void test_large(void)
{
	struct capture *c = capture_new();
	struct captured p;
	size_t at = 0;

	pcap_header(true, 0xa1b2c3d4, 1);
	record(1, 1, CAPTURE_PACKET_MAX, CAPTURE_PACKET_MAX, false);
	record(1, 1, CAPTURE_PACKET_MAX, CAPTURE_PACKET_MAX, false);
	is_u64(read_bytes(&b, SIZE_MAX).packets, 2, "the largest packets are read");
	is_u64(read_bytes(&b, 1000).packets, 2, "a little at a time");
	capture_free(c);

	c = capture_new();
	b.len = 0;
	section(false);
	for (unsigned i = 0; i < 1000; i++)
		interface(i, 0, 6, 0);
	enhanced(999, 1, 1, 1);
	ok(next_fed(c, &p, &b, &at, SIZE_MAX) == CAPTURE_PACKET && p.link == 999,
	   "a thousand interfaces");
	capture_free(c);
}

/* From a pipe what is whole is given at once. */
static void test_pipe(void)
{
	struct capture *c = capture_new();
	struct captured p;
	int fds[2];

	if (pipe2(fds, O_NONBLOCK))
		return;
	pcap_header(true, 0xa1b2c3d4, 1);
	record(1, 1, 4, 4, false);
	ok(capture_next(c, &p) == CAPTURE_MORE, "nothing yet");
	ok(write(fds[1], b.b, b.len) == (ssize_t)b.len && capture_read(c, fds[0]) > 0,
	   "a packet comes");
	ok(capture_next(c, &p) == CAPTURE_PACKET && p.len == 4, "and is given");
	ok(capture_next(c, &p) == CAPTURE_MORE, "then more is needed");
	ok(capture_read(c, fds[0]) == -1, "and isn't there");
	ok(capture_next(c, &p) == CAPTURE_MORE, "which is no end");
	close(fds[1]);
	ok(!capture_read(c, fds[0]) && capture_next(c, &p) == CAPTURE_END && !capture_error(c),
	   "this is");
	close(fds[0]);
	capture_free(c);
}

/* Captures of real traffic */

static bool load(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, b.b, sizeof(b.b));

	if (fd >= 0)
		close(fd);
	b.len = n > 0 ? n : 0;
	return n > 0;
}

/* How many packets of a protocol libpcap's filter lets through. -1: it can't say, as packets are
 * inside others. */
static int filtered(const struct bytes *from, const char *filter)
{
	char error[PCAP_ERRBUF_SIZE];
	struct bpf_program program;
	struct pcap_pkthdr *h;
	const u_char *bytes;
	FILE *file = fmemopen((void *)from->b, from->len, "r");
	pcap_t *p =
		pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, error);
	int n = -1;

	if (!p)
		return -1;
	if (!pcap_compile(p, &program, filter, 1, PCAP_NETMASK_UNKNOWN)) {
		for (n = 0; pcap_next_ex(p, &h, &bytes) == 1;)
			n += !!pcap_offline_filter(&program, h, bytes);
		pcap_freecode(&program);
	}
	pcap_close(p);
	return n;
}

static void count_protocols(const char *what)
{
	static const struct {
		uint8_t proto, family;
		const char *filter;
	} cases[] = {
		{ IPPROTO_TCP, AF_INET, "ip proto 6" },
		{ IPPROTO_TCP, AF_INET6, "ip6 proto 6 or (ip6[6] == 44 and ip6[40] == 6)" },
		{ IPPROTO_UDP, AF_INET, "ip proto 17" },
		{ IPPROTO_UDP, AF_INET6, "ip6 proto 17 or (ip6[6] == 44 and ip6[40] == 17)" },
		{ IPPROTO_ICMP, AF_INET, "ip proto 1" },
	};
	int n[COUNT(cases)] = {}, bad = 0;
	struct capture *c = capture_new();
	struct captured p;
	struct packet k;
	size_t at = 0;

	while (next_fed(c, &p, &b, &at, SIZE_MAX) == CAPTURE_PACKET) {
		uint8_t *copy = exact(p.bytes, p.len);

		bad += packet_parse(&k, p.link, copy, p.len, p.orig_len) == PACKET_BAD;
		free_exact(copy, p.len);
		for (unsigned i = 0; i < COUNT(cases); i++)
			n[i] += k.flow.proto == cases[i].proto && k.flow.family == cases[i].family;
	}
	capture_free(c);
	ok(bad == 0 || strstr(what, "malformed"), "%s: no packet is malformed", what);
	if (!has_oracle() || filtered(&b, "vlan or pppoes") > 0)
		return;
	for (unsigned i = 0; i < COUNT(cases); i++) {
		int expected = filtered(&b, cases[i].filter);

		if (expected >= 0)
			is_i64(n[i], expected, "%s: %s", what, cases[i].filter);
	}
}

static void test_shared(void)
{
	glob_t found;

	if (glob(SHARED "/*/*.pcap*", 0, NULL, &found))
		return skip("captures of real traffic: there is no " SHARED);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		const char *name = strrchr(found.gl_pathv[i], '/') + 1;
		struct reading whole, some;

		ok(load(found.gl_pathv[i]), "%s", name);
		whole = read_bytes(&b, SIZE_MAX);
		some = read_bytes(&b, 1001);
		ok(whole.packets && whole.sum == some.sum, "%s: packets, however it comes", name);
		same_as_libpcap(name);
		count_protocols(name);
	}
	globfree(&found);
}

int main(void)
{
	test_pcap();
	test_link();
	test_blocks();
	test_times();
	test_sections();
	test_errors();
	test_large();
	test_pipe();
	test_shared();
	return done();
}
