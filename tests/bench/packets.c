/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * packets: how many ns dnssnoop's programs take for a packet, by test runs.
 * packets PORT N: sends N datagrams of 60 bytes to a socket at that port and receives them, one
 * after the other. Prints how many ns of processor time that took for each: all that the kernel
 * does for it is done within these calls.
 */
#define main dnssnoop_main
#include "tools/dnssnoop.c"
#undef main

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "tool/internal.h"

#define ROUNDS 200
#define REPEAT 2000 /* packets of DNS that the ring has room for */

/* Ethernet, IPv4, TCP or UDP, and `payload` bytes. Returns its length. */
static size_t make_frame(uint8_t *frame, uint8_t proto, uint16_t port, size_t payload)
{
	size_t header = proto == IPPROTO_UDP ? 8 : 20, len = 20 + header + payload;
	uint8_t *ip = frame + 14, *l4 = ip + 20;

	memset(frame, 0, 14 + len);
	memcpy(frame + 12, (uint8_t[]){ 8, 0 }, 2);
	memcpy(ip, (uint8_t[]){ 0x45, 0, len >> 8, len }, 4);
	memcpy(ip + 8, (uint8_t[]){ 64, proto, 0, 0, 127, 0, 0, 1, 127, 0, 0, 1 }, 12);
	memcpy(l4, (uint8_t[]){ 0x9c, 0x40, port >> 8, port }, 4);
	if (proto == IPPROTO_UDP)
		memcpy(l4 + 4, (uint8_t[]){ (8 + payload) >> 8, 8 + payload }, 2);
	else
		memcpy(l4 + 12, (uint8_t[]){ 0x50, 0x10 }, 2);
	return 14 + len;
}

static int drop(void *context, void *event, size_t size)
{
	(void)context, (void)event, (void)size;
	return 0;
}

/* The least of many, as there is always something else that takes time. */
static void measure(const struct kernel *k, struct ring_buffer *ring, const char *program,
		    const char *what, uint8_t proto, uint16_t port, size_t payload)
{
	struct bpf_program *p = bpf_object__find_program_by_name(k->object, program);
	uint8_t frame[2048];
	uint32_t best = UINT32_MAX;

	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .repeat = REPEAT);
	opts.data_size_in = make_frame(frame, proto, port, payload);
	for (int i = 0; i < ROUNDS; i++) {
		if (bpf_prog_test_run_opts(bpf_program__fd(p), &opts))
			die(STATUS_FAILED, "a test run: %s", strerror(errno));
		best = opts.duration < best ? opts.duration : best;
		ring_buffer__consume(ring);
	}
	printf("  %-42s %u ns\n", what, best);
}

static void test_runs(void)
{
	struct options o = { .buffer = 4 << 20, .selected = 3 };
	struct ring_buffer *ring;
	struct kernel kernel;

	start(&o.selected);
	kernel_load(&kernel, &dnssnoop, &o);
	ring = ring_buffer__new(kernel_map_fd(&kernel, "events"), drop, NULL, NULL);
	if (!ring)
		die(STATUS_FAILED, "there is no ring");
	measure(&kernel, ring, "on_egress", "UDP, 60 bytes, another port", IPPROTO_UDP, 5000, 60);
	measure(&kernel, ring, "on_egress", "TCP, an acknowledgement", IPPROTO_TCP, 5000, 0);
	measure(&kernel, ring, "on_egress", "TCP, 1400 bytes, another port", IPPROTO_TCP, 5000,
		1400);
	measure(&kernel, ring, "on_egress", "DNS over UDP, 60 bytes", IPPROTO_UDP, 53, 60);
	measure(&kernel, ring, "on_egress", "DNS over UDP, 500 bytes", IPPROTO_UDP, 53, 500);
	measure(&kernel, ring, "on_ingress", "DNS over UDP, 60 bytes, in", IPPROTO_UDP, 53, 60);
}

static void send_and_receive(uint16_t port, long n)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons(port),
				  .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int in = socket(AF_INET, SOCK_DGRAM, 0), out = socket(AF_INET, SOCK_DGRAM, 0);
	/* A question, so that it is one of DNS at its port. */
	char bytes[60] = { [2] = 1, [5] = 1, [12] = 41 };
	int64_t from;

	memset(bytes + 13, 'x', 41);
	bytes[56] = bytes[58] = 1;
	if (bind(in, (struct sockaddr *)&to, sizeof(to)) ||
	    connect(out, (struct sockaddr *)&to, sizeof(to)))
		die(STATUS_FAILED, "port %u: %s", port, strerror(errno));
	from = read_clock(CLOCK_PROCESS_CPUTIME_ID);
	for (long i = 0; i < n; i++) {
		bytes[0] = i >> 8;
		bytes[1] = i;
		if (send(out, bytes, sizeof(bytes), 0) < 0 || recv(in, bytes, sizeof(bytes), 0) < 0)
			die(STATUS_FAILED, "a datagram: %s", strerror(errno));
	}
	from = read_clock(CLOCK_PROCESS_CPUTIME_ID) - from;
	printf("%lld\n", (long long)from / n);
}

int main(int argc, char **argv)
{
	if (argc == 3)
		send_and_receive(atoi(argv[1]), atol(argv[2]));
	else
		test_runs();
	return 0;
}
