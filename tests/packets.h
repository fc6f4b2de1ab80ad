/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets and captures put together byte by byte, and read from blocks of exactly their size, so
 * that a sanitizer sees what reads behind them. */
#ifndef GRAIN_TESTS_PACKETS_H
#define GRAIN_TESTS_PACKETS_H

#include <netinet/in.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "net/capture.h"
#include "net/packet.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

struct bytes {
	size_t len;
	bool little; /* the order of numbers; big without it */
	uint8_t b[1 << 20];
};

__attribute__((unused)) static void put(struct bytes *to, const void *from, size_t n)
{
	memcpy(to->b + to->len, from, n);
	to->len += n;
}

/* A number of n bytes. */
__attribute__((unused)) static void num(struct bytes *to, uint64_t v, int n)
{
	for (int i = 0; i < n; i++)
		to->b[to->len++] = v >> 8 * (to->little ? i : n - 1 - i);
}

__attribute__((unused)) static void pad(struct bytes *to, size_t n)
{
	memset(to->b + to->len, 0, n);
	to->len += n;
}

/* Big-endian numbers of 2 bytes at a place. */
__attribute__((unused)) static void set16(struct bytes *to, size_t at, uint16_t v)
{
	to->b[at] = v >> 8;
	to->b[at + 1] = v;
}

/* From 10.0.0.1 to 10.0.0.2, `len` bytes to follow. */
__attribute__((unused)) static void ip4(struct bytes *to, int proto, uint16_t len)
{
	num(to, 0x4500, 2);
	num(to, 20 + len, 2);
	num(to, 0, 4);
	num(to, 64, 1);
	num(to, proto, 1);
	num(to, 0, 2);
	num(to, 0x0a000001, 4);
	num(to, 0x0a000002, 4);
}

/* From fd00::1 to fd00::2. */
__attribute__((unused)) static void ip6(struct bytes *to, int next, uint16_t len)
{
	num(to, 0x60000000, 4);
	num(to, len, 2);
	num(to, next, 1);
	num(to, 64, 1);
	for (int i = 1; i <= 2; i++) {
		num(to, 0xfd00, 2);
		pad(to, 13);
		num(to, i, 1);
	}
}

__attribute__((unused)) static void udp(struct bytes *to, const char *text)
{
	num(to, 1234, 2);
	num(to, 53, 2);
	num(to, 8 + strlen(text), 2);
	num(to, 0, 2);
	put(to, text, strlen(text));
}

__attribute__((unused)) static void tcp(struct bytes *to, uint32_t seq, uint8_t flags,
					const char *text)
{
	num(to, 1234, 2);
	num(to, 53, 2);
	num(to, seq, 4);
	num(to, 77, 4);
	num(to, 0x50, 1);
	num(to, flags, 1);
	pad(to, 6);
	put(to, text, strlen(text));
}

/* A copy that ends where its memory does. */
__attribute__((unused)) static uint8_t *exact(const void *from, size_t n)
{
	uint8_t *copy = malloc(n ? n : 1);

	if (n)
		memcpy(copy, from, n);
	return n ? copy : copy + 1;
}

__attribute__((unused)) static void free_exact(uint8_t *copy, size_t n)
{
	free(n ? copy : copy - 1);
}

/* The payload points into what was freed: callers look at its length, or keep the bytes. */
__attribute__((unused)) static enum packet_kind parse(struct packet *p, uint32_t link,
						      const struct bytes *from, uint32_t orig_len)
{
	uint8_t *copy = exact(from->b, from->len);
	enum packet_kind kind = packet_parse(p, link, copy, from->len, orig_len);

	if (kind == PACKET_IP)
		p->payload = from->b + (p->payload - copy);
	free_exact(copy, from->len);
	return kind;
}

/* The next packet of a capture in memory, which is fed `step` bytes at a time. */
__attribute__((unused)) static enum capture_status
next_fed(struct capture *c, struct captured *p, const struct bytes *from, size_t *at, size_t step)
{
	enum capture_status status;

	while ((status = capture_next(c, p)) == CAPTURE_MORE) {
		size_t room, n = from->len - *at < step ? from->len - *at : step;
		uint8_t *to = capture_room(c, &room);

		if (n > room)
			n = room;
		memcpy(to, from->b + *at, n);
		capture_filled(c, n);
		*at += n;
	}
	return status;
}

#endif
