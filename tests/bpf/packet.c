/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bpf/lib/packet.bpf.h: what a packet is, against the reader of captures, and that what it carries
 * comes to user space, byte by byte.
 */
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <net/if.h>
#include <sys/socket.h>

#include "net/bytes.h"
#include "net/packet.h"
#include "tests/bpf/packet.h"
#include "tests/bpf/packet.skel.h"
#include "tests/bpf/run.h"
#include "tool/internal.h"

#define ETHER 14

static struct packet_bpf *bpf;
static struct ring_buffer *ring;

/* The last event. */
static union {
	struct packet_event e;
	uint8_t bytes[sizeof(struct packet_event) + PACKET_PAYLOAD_MAX];
} got;
static size_t got_size;
static unsigned got_n;

static int on_event(void *context, void *data, size_t size)
{
	(void)context;
	must(size <= sizeof(got));
	memcpy(&got, data, size);
	got_size = size;
	got_n++;
	return 0;
}

static void load(void)
{
	struct bpf_program *program;

	bpf = packet_bpf__open();
	must(bpf);
	/* Of the library's programs some are for newer kernels. */
	bpf_object__for_each_program (program, bpf->obj)
		if (strncmp(bpf_program__section_name(program), "cgroup_skb", 10))
			bpf_program__set_autoload(program, false);
	must(!packet_bpf__load(bpf));
	ring = ring_buffer__new(bpf_map__fd(bpf->maps.events), on_event, NULL, NULL);
	must(ring);
}

/*
 * Frames, each layer put behind the one before.
 */

static uint8_t frame[4096];
static size_t frame_len;

static void put(const void *bytes, size_t n)
{
	must(frame_len + n <= sizeof(frame));
	memcpy(frame + frame_len, bytes, n);
	frame_len += n;
}

static void put_bytes(size_t n, uint8_t first)
{
	for (size_t i = 0; i < n; i++)
		put(&(uint8_t){ first + i * 31 }, 1);
}

static void put_be16(size_t at, uint16_t n)
{
	frame[at] = n >> 8;
	frame[at + 1] = n;
}

static void ether(uint16_t type)
{
	frame_len = 0;
	put_bytes(ETHER, 2);
	put_be16(12, type);
}

/* `words` of 4 bytes, with what follows told in the end. */
static void ipv4(uint8_t words, uint8_t proto, uint16_t fragment)
{
	size_t at = frame_len;

	put_bytes(words * 4, 10);
	frame[at] = 0x40 | words;
	put_be16(at + 6, fragment);
	frame[at + 9] = proto;
}

static void ipv6(uint8_t next)
{
	size_t at = frame_len;

	put_bytes(40, 20);
	frame[at] = 0x60;
	frame[at + 6] = next;
}

static void extension(uint8_t next, uint8_t units)
{
	size_t at = frame_len;

	put_bytes((units + 1) * 8, 30);
	frame[at] = next;
	frame[at + 1] = units;
}

static void fragment(uint8_t next, uint16_t offset)
{
	size_t at = frame_len;

	put_bytes(8, 40);
	frame[at] = next;
	put_be16(at + 2, offset);
}

static void tcp(uint8_t words, size_t payload)
{
	size_t at = frame_len;

	put_bytes(words * 4, 200);
	frame[at + 12] = words << 4;
	put_bytes(payload, 77);
}

static void udp(size_t payload)
{
	size_t at = frame_len;

	put_bytes(8, 100);
	put_be16(at + 4, 8 + payload);
	put_bytes(payload, 55);
}

/* Says in the IP header how much there is. */
static void end(void)
{
	bool six = frame[ETHER] >> 4 == 6;

	put_be16(ETHER + (six ? 4 : 2), frame_len - ETHER - (six ? 40 : 0));
}

/* Whether the kernel side takes the first `len` bytes of the frame. */
static bool run_frame(size_t len)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = len);

	got_n = 0;
	/* Without at least an IP header some kernels run nothing. */
	if (bpf_prog_test_run_opts(bpf_program__fd(bpf->progs.parse), &opts)) {
		must(errno == EINVAL && len < ETHER + 40);
		return false;
	}
	ring_buffer__consume(ring);
	return opts.retval;
}

/* Whether the last event is what the reader of captures says. */
static bool agrees(const struct packet *p)
{
	const struct packet_event *e = &got.e;

	return got_n == 1 && got_size >= sizeof(*e) && e->header.type == PACKET &&
	       e->header.size == sizeof(*e) + e->captured && e->cookie == 7 && e->ifindex == 9 &&
	       !memcmp(e->saddr, p->flow.saddr, 16) && !memcmp(e->daddr, p->flow.daddr, 16) &&
	       e->sport == p->flow.sport && e->dport == p->flow.dport &&
	       e->family == p->flow.family && e->proto == p->flow.proto &&
	       e->tcp_flags == p->tcp_flags && e->seq == p->seq && e->ack == p->ack &&
	       e->len == p->len && e->captured == p->len && !memcmp(e + 1, p->payload, p->len);
}

/*
 * The frame, and what is left of it when it ends sooner. Where not even the headers are whole,
 * nothing is said, or nothing of what they are followed by.
 */
static void test_frame(bool expected, const char *what)
{
	unsigned wrong = 0, taken = 0;

	for (size_t len = ETHER; len <= frame_len; len++) {
		bool took = run_frame(len);
		enum packet_kind kind;
		struct packet p;

		kind = packet_parse(&p, LINK_ETHERNET, frame, len, len);
		taken += took;
		if (kind == PACKET_IP && !p.fragment && expected)
			wrong += !took || !agrees(&p);
		else
			wrong += took && (!expected || got_n != 1 || got.e.captured);
	}
	is_u64(wrong, 0, "%s: the same as in a capture, however much of it there is", what);
	ok(!!taken == expected, "%s: is %s", what, expected ? "taken" : "left out");
}

static void test_ipv4(void)
{
	for (uint8_t words = 5; words <= 15; words += 5) {
		ether(0x0800);
		ipv4(words, IPPROTO_UDP, 0);
		udp(30);
		end();
		test_frame(true, "UDP in IPv4");
		ether(0x0800);
		ipv4(words, IPPROTO_TCP, 0);
		tcp(words, 30);
		end();
		test_frame(true, "TCP in IPv4");
	}
	ether(0x0800);
	ipv4(5, IPPROTO_UDP, 0x4000 /* don't fragment */);
	udp(30);
	end();
	put_bytes(10, 1);
	test_frame(true, "with padding behind it");
	ether(0x0800);
	ipv4(5, IPPROTO_UDP, 0);
	udp(30);
	put_bytes(10, 1);
	end();
	test_frame(true, "with more than UDP says");
	ether(0x0800);
	ipv4(5, IPPROTO_UDP, 0);
	udp(30);
	put_be16(ETHER + 2, 0);
	test_frame(true, "without a length");
}

/* Several datagrams in one packet: the kernel knows their size, the packet does not. */
static void test_gso(void)
{
	struct __sk_buff context = { .gso_size = 100 };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .ctx_in = &context,
		    .ctx_size_in = sizeof(context));

	ether(0x0800);
	ipv4(5, IPPROTO_UDP, 0);
	udp(350);
	end();
	opts.data_size_in = frame_len;
	got_n = 0;
	must(!bpf_prog_test_run_opts(bpf_program__fd(bpf->progs.parse), &opts));
	ring_buffer__consume(ring);
	ok(got_n == 1 && got.e.gso_size == 100 && got.e.len == 350,
	   "a packet that stands for several says how many bytes each of them has");
	ok(run_frame(frame_len) && !got.e.gso_size, "one that does not says nothing");
}

static void test_ipv4_left_out(void)
{
	ether(0x0800);
	ipv4(5, IPPROTO_UDP, 185);
	udp(30);
	end();
	test_frame(false, "a later fragment");
	ether(0x0800);
	ipv4(5, IPPROTO_ICMP, 0);
	udp(30);
	end();
	test_frame(false, "ICMP");
	ether(0x0800);
	ipv4(5, IPPROTO_UDP, 0);
	udp(30);
	end();
	frame[ETHER] = 0x44;
	test_frame(false, "a header that is too short");
	ether(0x0800);
	ipv4(5, IPPROTO_TCP, 0);
	tcp(5, 30);
	frame[ETHER + 20 + 12] = 0x40;
	end();
	test_frame(false, "a header of TCP that is too short");
	ether(0x0806);
	ipv4(5, IPPROTO_UDP, 0);
	udp(30);
	end();
	test_frame(false, "ARP");
}

/* It has the ports, and the front of the message. */
static void test_first_fragment(void)
{
	ether(0x0800);
	ipv4(5, IPPROTO_UDP, 0x2000);
	udp(1000);
	frame_len -= 500;
	end();
	ok(run_frame(frame_len) && got_n == 1 && got.e.len == 500 && got.e.sport && got.e.dport,
	   "the first fragment is taken, as far as it goes");
}

static void test_ipv6(void)
{
	static const uint8_t headers[] = { IPPROTO_HOPOPTS, IPPROTO_ROUTING, IPPROTO_DSTOPTS };

	ether(0x86dd);
	ipv6(IPPROTO_UDP);
	udp(30);
	end();
	test_frame(true, "UDP in IPv6");
	for (size_t i = 0; i < COUNT(headers); i++)
		for (uint8_t units = 0; units < 3; units++) {
			ether(0x86dd);
			ipv6(headers[i]);
			extension(IPPROTO_TCP, units);
			tcp(8, 30);
			end();
			test_frame(true, "with a header between");
		}
	ether(0x86dd);
	ipv6(IPPROTO_HOPOPTS);
	extension(IPPROTO_DSTOPTS, 1);
	extension(IPPROTO_ROUTING, 0);
	extension(IPPROTO_FRAGMENT, 2);
	fragment(IPPROTO_DSTOPTS, 0);
	extension(IPPROTO_UDP, 0);
	udp(30);
	end();
	test_frame(true, "with five headers between");
}

static void test_ipv6_left_out(void)
{
	ether(0x86dd);
	ipv6(IPPROTO_FRAGMENT);
	fragment(IPPROTO_UDP, 1448 | 1);
	udp(30);
	end();
	test_frame(false, "a later fragment of IPv6");
	ether(0x86dd);
	ipv6(IPPROTO_ICMPV6);
	udp(30);
	end();
	test_frame(false, "ICMPv6");
	ether(0x86dd);
	ipv6(IPPROTO_DSTOPTS);
	for (int i = 0; i < 40; i++)
		extension(IPPROTO_DSTOPTS, 0);
	end();
	test_frame(false, "headers without an end");
}

/*
 * Sizes. A test run's frames end at a page: these are sent.
 */

static void loopback_up(void)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	must(fd >= 0 && !ioctl(fd, SIOCSIFFLAGS, &lo));
	close(fd);
}

static bool send_size(int family, size_t size)
{
	static uint8_t payload[65536];
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(9),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct sockaddr_in6 to6 = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(9),
		.sin6_addr = IN6ADDR_LOOPBACK_INIT,
	};
	int fd = socket(family, SOCK_DGRAM, 0);
	const void *address = family == AF_INET ? (void *)&to : &to6;
	size_t captured = size < PACKET_PAYLOAD_MAX ? size : PACKET_PAYLOAD_MAX;

	for (size_t i = 0; i < size; i++)
		payload[i] = (size * 7 + i * 13 + (i >> 8)) % 251;
	must(fd >= 0);
	must(!setsockopt(fd, SOL_SOCKET, SO_MARK, &(int){ MARK }, sizeof(int)));
	must(!setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &(int){ 1 << 20 }, sizeof(int)));
	got_n = 0;
	must(sendto(fd, payload, size, 0, address, family == AF_INET ? sizeof(to) : sizeof(to6)) ==
	     (ssize_t)size);
	close(fd);
	ring_buffer__consume(ring);
	return got_n == 1 && got.e.len == size && got.e.captured == captured &&
	       got.e.header.size == sizeof(got.e) + captured && got_size >= got.e.header.size &&
	       !memcmp(got.bytes + sizeof(got.e), payload, captured);
}

static void test_sizes(void)
{
	static const uint16_t sizes[] = {
		0,    1,    127,  128,	129,  511,   512,   513,   2047,
		2048, 2049, 8191, 8192, 8193, 32767, 32768, 32769, 65507
	};
	int root = cgroup_open_root();
	struct bpf_link *link;

	if (root < 0) {
		skip("there is no cgroup hierarchy of version 2");
		return;
	}
	must(!unshare(CLONE_NEWNET));
	loopback_up();
	link = bpf_program__attach_cgroup(bpf->progs.on_egress, root);
	must(link);
	for (size_t i = 0; i < COUNT(sizes); i++) {
		ok(send_size(AF_INET, sizes[i]), "%u bytes arrive over IPv4", sizes[i]);
		ok(send_size(AF_INET6, sizes[i]), "%u bytes arrive over IPv6", sizes[i]);
	}
	ok(send_size(AF_INET6, 65527), "the largest datagram arrives");
	bpf_link__destroy(link);
	close(root);
}

int main(void)
{
	need_root();
	load();
	test_ipv4();
	test_gso();
	test_ipv4_left_out();
	test_first_fragment();
	test_ipv6();
	test_ipv6_left_out();
	test_sizes();
	ring_buffer__free(ring);
	packet_bpf__destroy(bpf);
	return done();
}
