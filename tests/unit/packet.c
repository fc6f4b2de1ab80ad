/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/packets.h"
#include "tests/tap.h"

static struct bytes b;
static struct packet p;

/* That `b` carries that. */
static void carries(uint32_t link, int proto, const char *text, const char *what)
{
	is_i64(parse(&p, link, &b, b.len), PACKET_IP, "%s", what);
	is_u64(p.flow.proto, proto, "the protocol");
	is_mem(p.payload, p.len, text, strlen(text), "the payload");
	ok(!p.cut && p.wire_len == p.len && !p.fragment, "all of it");
}

static void is_kind(uint32_t link, enum packet_kind kind, const char *what)
{
	is_i64(parse(&p, link, &b, b.len), kind, "%s", what);
}

static void mac(void)
{
	b.len = 0;
	pad(&b, 12);
}

static void test_links(void)
{
	static const uint32_t families[] = { 24, 28, 30, 10 };

	mac();
	num(&b, 0x0800, 2);
	ip4(&b, IPPROTO_UDP, 13);
	udp(&b, "hello");
	carries(LINK_ETHERNET, IPPROTO_UDP, "hello", "Ethernet, IPv4, UDP");
	ok(p.flow.family == AF_INET && p.flow.sport == 1234 && p.flow.dport == 53, "ports");
	is_mem(p.flow.saddr, 16, "\x0a\0\0\1\0\0\0\0\0\0\0\0\0\0\0", 16,
	       "source, and zeros behind");
	is_mem(p.flow.daddr, 16, "\x0a\0\0\2\0\0\0\0\0\0\0\0\0\0\0", 16, "destination");

	mac();
	num(&b, 0x86dd, 2);
	ip6(&b, IPPROTO_TCP, 25);
	tcp(&b, 0xfffffffe, TCP_SYN | TCP_ACK, "hello");
	carries(LINK_ETHERNET, IPPROTO_TCP, "hello", "Ethernet, IPv6, TCP");
	ok(p.flow.family == AF_INET6 && p.flow.sport == 1234 && p.flow.dport == 53, "ports");
	ok(p.seq == 0xfffffffe && p.ack == 77 && p.tcp_flags == (TCP_SYN | TCP_ACK), "numbers");
	is_mem(p.flow.saddr, 16, "\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 16, "source");
	is_mem(p.flow.daddr, 16, "\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\2", 16, "destination");

	mac();
	num(&b, 0x810000058100ffff, 8);
	num(&b, 0x0800, 2);
	ip4(&b, IPPROTO_UDP, 13);
	udp(&b, "hello");
	carries(LINK_ETHERNET, IPPROTO_UDP, "hello", "two tags");
	set16(&b, 12, 0x88a8);
	carries(LINK_ETHERNET, IPPROTO_UDP, "hello", "802.1ad");
	set16(&b, 12, 0x9100);
	carries(LINK_ETHERNET, IPPROTO_UDP, "hello", "as before 802.1ad");
	b.len = 17;
	is_kind(LINK_ETHERNET, PACKET_BAD, "cut in a tag");

	mac();
	num(&b, 0x8864110000010000, 8);
	num(&b, 0x0021, 2);
	ip4(&b, IPPROTO_UDP, 13);
	udp(&b, "hello");
	carries(LINK_ETHERNET, IPPROTO_UDP, "hello", "PPPoE, IPv4");
	set16(&b, 20, 0xc021);
	is_kind(LINK_ETHERNET, PACKET_OTHER, "PPPoE, its own control protocol");
	set16(&b, 20, 0x57);
	is_kind(LINK_ETHERNET, PACKET_BAD, "PPPoE, IPv6 that is none");

	for (unsigned i = 0; i < 2; i++) {
		b.len = 0;
		num(&b, i ? 0x86dd : 3, 2);
		pad(&b, i ? 18 : 12);
		if (!i)
			num(&b, 0x86dd, 2);
		ip6(&b, IPPROTO_UDP, 13);
		udp(&b, "hello");
		carries(i ? LINK_SLL2 : LINK_SLL, IPPROTO_UDP, "hello", "cooked");
	}
	for (unsigned i = 0; i < 2 * COUNT(families); i++) {
		b.len = 0;
		b.little = i % 2;
		num(&b, families[i / 2], 4);
		b.little = false;
		ip6(&b, IPPROTO_UDP, 13);
		udp(&b, "hello");
		carries(i % 2 ? LINK_NULL : LINK_LOOP, IPPROTO_UDP, "hello", "loopback, IPv6");
	}
	b.len = 0;
	num(&b, 0x02000000, 4);
	ip4(&b, IPPROTO_UDP, 13);
	udp(&b, "hello");
	carries(LINK_NULL, IPPROTO_UDP, "hello", "loopback, IPv4");
	b.b[0] = 7;
	is_kind(LINK_NULL, PACKET_OTHER, "another family");

	b.len = 0;
	ip4(&b, IPPROTO_UDP, 13);
	udp(&b, "hello");
	carries(LINK_RAW, IPPROTO_UDP, "hello", "raw");
	carries(LINK_IPV4, IPPROTO_UDP, "hello", "raw, IPv4");
	is_kind(LINK_IPV6, PACKET_BAD, "but not IPv6");
	is_kind(147, PACKET_OTHER, "a link type that nobody knows");
	ok(!packet_link_known(147) && packet_link_known(LINK_NULL), "which can be asked");
	b.b[0] = 0x75;
	is_kind(LINK_RAW, PACKET_BAD, "version 7");
	mac();
	num(&b, 0x0806, 2);
	is_kind(LINK_ETHERNET, PACKET_OTHER, "ARP");
	ip4(&b, IPPROTO_UDP, 13);
	udp(&b, "hello");
	set16(&b, 12, 0x86dd);
	is_kind(LINK_ETHERNET, PACKET_BAD, "IPv4 where IPv6 was promised");
	set16(&b, 12, 100);
	is_kind(LINK_ETHERNET, PACKET_OTHER, "802.3 with a length");
}

static void test_ipv4(void)
{
	b.len = 0;
	ip4(&b, IPPROTO_UDP, 13);
	udp(&b, "hello");
	pad(&b, 13);
	carries(LINK_RAW, IPPROTO_UDP, "hello", "padding is cut off");
	b.len -= 13 + 2;
	is_i64(parse(&p, LINK_RAW, &b, b.len + 2), PACKET_IP, "cut by the snapshot length");
	ok(p.cut && p.len == 3 && p.wire_len == 5, "which is said");
	is_i64(parse(&p, LINK_RAW, &b, b.len), PACKET_IP, "more promised than there was");
	ok(p.cut && p.len == 3 && p.wire_len == 5, "which is the same");
	is_i64(parse(&p, LINK_RAW, &b, 0), PACKET_IP, "less than was captured");
	ok(p.cut && p.len == 3, "which is no matter");

	b.len = 0;
	ip4(&b, IPPROTO_TCP, 28);
	b.b[0] = 0x47;
	num(&b, 0x0101010101010101, 8);
	tcp(&b, 1, 0, "");
	carries(LINK_RAW, IPPROTO_TCP, "", "options of IPv4");
	b.b[0] = 0x44;
	is_kind(LINK_RAW, PACKET_BAD, "a header that is too short");
	b.b[0] = 0x4f;
	is_kind(LINK_RAW, PACKET_BAD, "a header longer than the packet");
	b.b[0] = 0x47;
	set16(&b, 2, 27);
	is_kind(LINK_RAW, PACKET_BAD, "a packet shorter than its header");

	b.len = 0;
	ip4(&b, IPPROTO_TCP, 20);
	set16(&b, 2, 0);
	tcp(&b, 1, 0, "long");
	carries(LINK_RAW, IPPROTO_TCP, "long", "a length of 0 is up to the end");
	is_i64(parse(&p, LINK_RAW, &b, 0), PACKET_IP, "even when that is told as 0");
	ok(!p.cut && p.len == 4 && p.wire_len == 4, "all that was captured");
	b.b[32] = 0x60;
	carries(LINK_RAW, IPPROTO_TCP, "", "options of TCP");
	b.b[32] = 0x70;
	is_kind(LINK_RAW, PACKET_BAD, "more than there is");
	b.b[32] = 0x40;
	is_kind(LINK_RAW, PACKET_BAD, "a header of TCP that is too short");

	b.len = 0;
	ip4(&b, IPPROTO_UDP, 13);
	udp(&b, "hello");
	set16(&b, 6, 0x2000);
	is_kind(LINK_RAW, PACKET_IP, "a first fragment");
	ok(p.fragment && p.frag_more && !p.frag_offset && p.len == 13 && !p.flow.sport,
	   "all of it");
	set16(&b, 6, 0x0003);
	set16(&b, 4, 0xabcd);
	is_kind(LINK_RAW, PACKET_IP, "a last fragment");
	ok(p.fragment && !p.frag_more && p.frag_offset == 24 && p.frag_id == 0xabcd, "its place");
	set16(&b, 6, 0x4000);
	carries(LINK_RAW, IPPROTO_UDP, "hello", "not to be fragmented is no fragment");

	set16(&b, 24, 0);
	carries(LINK_RAW, IPPROTO_UDP, "hello", "a length of UDP of 0");
	set16(&b, 24, 10);
	carries(LINK_RAW, IPPROTO_UDP, "he", "UDP that is shorter than IP");
	set16(&b, 24, 7);
	is_kind(LINK_RAW, PACKET_BAD, "UDP shorter than its header");
	set16(&b, 24, 14);
	is_kind(LINK_RAW, PACKET_IP, "UDP longer than IP");
	ok(p.cut && p.len == 5 && p.wire_len == 6, "counts as cut");
}

static void test_ipv6(void)
{
	b.len = 0;
	ip6(&b, IPPROTO_HOPOPTS, 61);
	num(&b, IPPROTO_DSTOPTS << 8, 2);
	pad(&b, 6);
	num(&b, IPPROTO_ROUTING << 8 | 1, 2);
	pad(&b, 14);
	num(&b, IPPROTO_AH << 8, 2);
	pad(&b, 6);
	num(&b, IPPROTO_FRAGMENT << 8 | 2, 2);
	pad(&b, 14);
	num(&b, IPPROTO_UDP << 8, 2);
	pad(&b, 6);
	udp(&b, "hello");
	set16(&b, 4, b.len - 40);
	carries(LINK_RAW, IPPROTO_UDP, "hello", "extension headers");
	set16(&b, 4, 0);
	carries(LINK_RAW, IPPROTO_UDP, "hello", "a length of 0 is up to the end");
	set16(&b, 4, b.len - 40);
	for (size_t len = b.len; len-- > 0;) {
		enum packet_kind kind;
		size_t whole = b.len;

		b.len = len;
		kind = parse(&p, LINK_RAW, &b, whole);
		b.len = whole;
		if (kind != (len < whole - 5 ? PACKET_BAD : PACKET_IP))
			ok(false, "cut after %zu bytes", len);
	}

	b.len = 0;
	ip6(&b, IPPROTO_FRAGMENT, 16);
	num(&b, IPPROTO_UDP << 8, 2);
	num(&b, 0x0011, 2);
	num(&b, 0xdeadbeef, 4);
	pad(&b, 8);
	is_kind(LINK_RAW, PACKET_IP, "a fragment");
	ok(p.fragment && p.frag_more && p.frag_offset == 16 && p.frag_id == 0xdeadbeef,
	   "its place");
	ok(p.len == 8 && p.flow.proto == IPPROTO_UDP, "its bytes");

	b.len = 0;
	ip6(&b, IPPROTO_NONE, 0);
	carries(LINK_RAW, IPPROTO_NONE, "", "no next header");
	b.len = 0;
	ip6(&b, IPPROTO_ICMPV6, 4);
	num(&b, 0x87020000, 4);
	is_kind(LINK_RAW, PACKET_IP, "ICMP");
	ok(p.flow.sport == 0x87 && p.flow.dport == 2, "type and code");

	/* As many headers as there is room for. */
	b.len = 0;
	ip6(&b, IPPROTO_FRAGMENT, 0);
	for (int i = 0; i < 30000; i++) {
		num(&b, IPPROTO_FRAGMENT << 8, 2);
		pad(&b, 6);
	}
	is_kind(LINK_RAW, PACKET_BAD, "nothing but headers");
}

/* Any change of any byte of these is survived, at any length. */
static void test_hostile(void)
{
	static uint8_t good[4][200];
	size_t whole[4];
	unsigned impossible = 0;

	for (int i = 0; i < 4; i++) {
		b.len = 0;
		pad(&b, 12);
		num(&b, i & 1 ? 0x86dd : 0x0800, 2);
		(i & 1 ? ip6 : ip4)(&b, i & 2 ? IPPROTO_TCP : IPPROTO_UDP, i & 2 ? 25 : 13);
		if (i & 2)
			tcp(&b, 1, 0, "hello");
		else
			udp(&b, "hello");
		memcpy(good[i], b.b, b.len);
		whole[i] = b.len;
	}
	for (int i = 0; i < 4; i++) {
		for (size_t len = 0; len <= whole[i]; len++) {
			for (size_t at = 0; at < len; at++) {
				memcpy(b.b, good[i], whole[i]);
				b.len = len;
				b.b[at] ^= 1 << (at + len) % 8;
				if (parse(&p, LINK_ETHERNET, &b, whole[i]) != PACKET_IP)
					continue;
				impossible += p.len > len || p.wire_len < p.len ||
					      p.cut != (p.len < p.wire_len) || p.payload < b.b ||
					      p.payload + p.len > b.b + len;
			}
		}
	}
	is_u64(impossible, 0, "changed and cut packets stay within their bytes");
}

int main(void)
{
	test_links();
	test_ipv4();
	test_ipv6();
	test_hostile();
	return done();
}
