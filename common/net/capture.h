/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Captures as tcpdump and Wireshark write them, pcap and pcapng, read as a stream: from a pipe too,
 * where packets are given as they come. Bounded in memory, whatever the bytes say.
 *
 *	while ((status = capture_next(c, &p)) != CAPTURE_END)
 *		if (status == CAPTURE_PACKET)
 *			take(&p);
 *		else if (status == CAPTURE_MORE && capture_read(c, fd) < 0)
 *			fail(errno);
 *	if (capture_error(c)) ...
 */
#ifndef GRAIN_CAPTURE_H
#define GRAIN_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CAPTURE_PACKET_MAX (256 << 10) /* libpcap's limit too; more is an error */

struct captured {
	int64_t ts;	      /* ns since the epoch; 0: the capture doesn't say */
	uint32_t link;	      /* LINK_… of packet.h, or another */
	uint32_t len;	      /* captured bytes */
	uint32_t orig_len;    /* bytes that the packet had */
	const uint8_t *bytes; /* until the next call with this capture */
};

enum capture_status {
	CAPTURE_PACKET, /* here it is */
	CAPTURE_MORE,	/* first more bytes are needed */
	CAPTURE_END,	/* no more packets; whether by an error says capture_error() */
};

struct capture;

/* NULL: out of memory. */
struct capture *capture_new(void);
void capture_free(struct capture *c);

/* Makes no system call. */
enum capture_status capture_next(struct capture *c, struct captured *p);

/* One read(2), to be made when more bytes are needed: what that returned, with errno. */
ssize_t capture_read(struct capture *c, int fd);

/* The same from memory: where bytes can be put, how many (1 at least), and that they were. 0: the
 * capture ends here. */
uint8_t *capture_room(struct capture *c, size_t *n);
void capture_filled(struct capture *c, size_t n);

/* What is wrong with the capture, and at which byte: "ends within a packet (byte 24)". NULL: none.
 * All packets before that were given. */
const char *capture_error(const struct capture *c);

#endif
