/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * draft-ietf-opsawg-pcap and draft-ietf-opsawg-pcapng. Everything is read in the byte order of who
 * wrote it, which the first number of a file (pcap) or section (pcapng) tells.
 */
#include "net/capture.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

#define BLOCK_MAX      (2 * CAPTURE_PACKET_MAX) /* of pcapng, with options, when we need it whole */
#define READ_SIZE      (256 << 10)
#define INTERFACES_MAX 65536 /* as many as a packet block of old can name */

#define PCAP_US		 0xa1b2c3d4
#define PCAP_NS		 0xa1b23c4d
#define PCAP_OTHER	 0xa1b2cd34 /* Kuznetzov's patch to libpcap: 8 more bytes before a packet */
#define BYTE_ORDER_MAGIC 0x1a2b3c4d

enum {
	BLOCK_SECTION = 0x0a0d0d0a,
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET = 2, /* obsolete */
	BLOCK_SIMPLE = 3,
	BLOCK_ENHANCED = 6,
};

enum {
	OPTION_END = 0,
	OPTION_TSRESOL = 9,
	OPTION_TSOFFSET = 14,
};

/* Beside the public ones: go on with what follows. */
#define PASSED ((enum capture_status)(CAPTURE_END + 1))

struct interface {
	uint32_t link, snaplen;
	uint64_t multiply, divide; /* units of time to ns */
	uint8_t shift;		   /* likewise, when they are a power of two */
	int64_t offset;		   /* s */
};

struct capture {
	enum capture_status (*next)(struct capture *c, struct captured *p);
	uint64_t at;   /* byte of the capture that `bytes + used` is */
	uint64_t skip; /* bytes to come that nobody needs */
	bool swapped;  /* numbers are not in this machine's byte order */
	bool ended;    /* no more bytes come */

	uint32_t record_size; /* of what is before a packet (pcap) */
	uint32_t interfaces, interfaces_room;
	struct interface *interface; /* one of pcap */

	char error[160];
	size_t used, filled; /* bytes that were dealt with, and that are there */
	uint8_t bytes[BLOCK_MAX + READ_SIZE];
};

static enum capture_status first_bytes(struct capture *c, struct captured *p);

struct capture *capture_new(void)
{
	/* Not calloc(): most of the buffer may never be touched. */
	struct capture *c = malloc(sizeof(*c));

	if (!c)
		return NULL;
	memset(c, 0, offsetof(struct capture, bytes));
	c->next = first_bytes;
	return c;
}

void capture_free(struct capture *c)
{
	if (!c)
		return;
	free(c->interface);
	free(c);
}

const char *capture_error(const struct capture *c)
{
	return *c->error ? c->error : NULL;
}

uint8_t *capture_room(struct capture *c, size_t *n)
{
	if (c->used)
		memmove(c->bytes, c->bytes + c->used, c->filled - c->used);
	c->filled -= c->used;
	c->used = 0;
	*n = sizeof(c->bytes) - c->filled;
	return c->bytes + c->filled;
}

void capture_filled(struct capture *c, size_t n)
{
	c->filled += n;
	c->ended |= !n;
}

ssize_t capture_read(struct capture *c, int fd)
{
	size_t room;
	uint8_t *to = capture_room(c, &room);
	ssize_t n = read(fd, to, room < READ_SIZE ? room : READ_SIZE);

	if (n >= 0)
		capture_filled(c, n);
	return n;
}

/* No call after this gives a packet. */
static enum capture_status ended(struct capture *c, struct captured *p)
{
	(void)c, (void)p;
	return CAPTURE_END;
}

/* What is wrong with the bytes `past` the ones that were dealt with. */
static enum capture_status __attribute__((format(printf, 3, 4)))
wrong(struct capture *c, uint64_t past, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(c->error, sizeof(c->error), format, args);
	va_end(args);
	snprintf(c->error + n, sizeof(c->error) - n, " (byte %" PRIu64 ")", c->at + past);
	c->next = ended;
	return CAPTURE_END;
}

static enum capture_status out_of_memory(struct capture *c)
{
	return wrong(c, 0, "takes more memory than there is");
}

/* When fewer than `need` bytes are there, of which at least one must come. */
static enum capture_status short_of(struct capture *c, const char *what)
{
	if (!c->ended)
		return CAPTURE_MORE;
	return wrong(c, c->filled - c->used, "ends within %s", what);
}

static inline const uint8_t *here(const struct capture *c)
{
	return c->bytes + c->used;
}

static inline bool has(const struct capture *c, size_t n)
{
	return c->filled - c->used >= n;
}

/* Done with these. */
static inline void pass(struct capture *c, size_t n)
{
	c->used += n;
	c->at += n;
}

static inline uint16_t get16(const struct capture *c, const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return c->swapped ? __builtin_bswap16(v) : v;
}

static inline uint32_t get32(const struct capture *c, const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return c->swapped ? __builtin_bswap32(v) : v;
}

static inline uint64_t get64(const struct capture *c, const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return c->swapped ? __builtin_bswap64(v) : v;
}

static struct interface *add_interface(struct capture *c)
{
	if (c->interfaces == c->interfaces_room) {
		uint32_t room = c->interfaces_room ? c->interfaces_room * 2 : 4;
		struct interface *i = reallocarray(c->interface, room, sizeof(*i));

		if (!i)
			return NULL;
		c->interface = i;
		c->interfaces_room = room;
	}
	c->interface[c->interfaces] = (struct interface){ .multiply = 1000, .divide = 1 };
	return &c->interface[c->interfaces++];
}

/* Times are bounded by what they are stored in, and never before 1970. */
static int64_t time_of(const struct interface *i, uint64_t units)
{
	__int128 ns = (__int128)units * i->multiply;

	ns = i->shift ? ns >> i->shift : i->divide > 1 ? (__int128)(units / i->divide) : ns;
	ns += (__int128)i->offset * SECOND;
	return ns < 0 ? 0 : ns > INT64_MAX ? INT64_MAX : (int64_t)ns;
}

static enum capture_status give(struct captured *p, const struct interface *i, uint32_t len,
				uint32_t orig_len, const uint8_t *bytes)
{
	p->link = i->link;
	p->len = len;
	p->orig_len = orig_len;
	p->bytes = bytes;
	return CAPTURE_PACKET;
}

static enum capture_status too_large(struct capture *c, uint64_t size)
{
	return wrong(c, 0, "has a packet of %" PRIu64 " bytes, more than %d", size,
		     CAPTURE_PACKET_MAX);
}

/* pcap */

static enum capture_status next_record(struct capture *c, struct captured *p)
{
	const struct interface *i = c->interface;
	const uint8_t *record = here(c);
	uint32_t len;

	if (!has(c, 1) && c->ended)
		return CAPTURE_END;
	if (!has(c, c->record_size))
		return short_of(c, "the header of a packet");
	len = get32(c, record + 8);
	if (len > CAPTURE_PACKET_MAX)
		return too_large(c, len);
	if (!has(c, c->record_size + len))
		return short_of(c, "a packet");
	p->ts = get32(c, record) * SECOND + (int64_t)(get32(c, record + 4) * i->multiply);
	pass(c, c->record_size + len);
	return give(p, i, len, get32(c, record + 12), record + c->record_size);
}

static enum capture_status begin_pcap(struct capture *c, struct captured *p, uint32_t magic)
{
	const uint8_t *header = here(c);
	struct interface *i;

	if (!has(c, 24))
		return short_of(c, "its header");
	/* Version 2.4 is of 1998; before it, lengths may come in the other order. */
	if (get16(c, header + 4) != 2 || get16(c, header + 6) < 4)
		return wrong(c, 4, "is pcap version %u.%u, not 2.4", get16(c, header + 4),
			     get16(c, header + 6));
	i = add_interface(c);
	if (!i)
		return out_of_memory(c);
	i->multiply = magic == PCAP_NS ? 1 : 1000;
	/* Above it is the length of the frame check sequence. */
	i->link = get32(c, header + 20) & 0xffff;
	c->record_size = magic == PCAP_OTHER ? 24 : 16;
	pass(c, 24);
	c->next = next_record;
	return c->next(c, p);
}

/* pcapng */

/* if_tsresol: a power of ten, or of two. */
static void set_resolution(struct interface *i, uint8_t value)
{
	uint8_t n = value & 0x7f;

	i->multiply = i->divide = 1;
	i->shift = 0;
	if (value & 0x80) {
		i->multiply = SECOND;
		i->shift = n;
		return;
	}
	for (int k = n; k < 9; k++)
		i->multiply *= 10;
	/* No more digits than a number of 64 bits has. */
	for (int k = 9; k < n && i->divide <= UINT64_MAX / 10; k++)
		i->divide *= 10;
}

/* The options of an interface that matter. False: one is longer than what they lie in. */
static bool take_options(struct capture *c, struct interface *i, const uint8_t *o,
			 const uint8_t *end)
{
	while (end - o >= 4) {
		uint16_t code = get16(c, o), len = get16(c, o + 2);
		uint32_t padded = (len + 3u) & ~3u;

		if (code == OPTION_END)
			return true;
		o += 4;
		if (end - o < padded)
			return false;
		if (code == OPTION_TSRESOL && len == 1)
			set_resolution(i, *o);
		if (code == OPTION_TSOFFSET && len == 8)
			i->offset = (int64_t)get64(c, o);
		o += padded;
	}
	return true;
}

/* The functions below get what is between the lengths at a block's front and its end. */

static enum capture_status take_section(struct capture *c, const uint8_t *body, uint32_t len)
{
	if (len < 16)
		return wrong(c, 4, "has a section header that is too short");
	if (get16(c, body + 4) != 1)
		return wrong(c, 12, "is pcapng version %u.%u, not 1.0", get16(c, body + 4),
			     get16(c, body + 6));
	c->interfaces = 0;
	return PASSED;
}

static enum capture_status take_interface(struct capture *c, const uint8_t *body, uint32_t len)
{
	struct interface *i;

	if (len < 8)
		return wrong(c, 4, "describes an interface in too few bytes");
	if (c->interfaces == INTERFACES_MAX)
		return wrong(c, 0, "describes more than %d interfaces", INTERFACES_MAX);
	i = add_interface(c);
	if (!i)
		return out_of_memory(c);
	i->link = get16(c, body);
	i->snaplen = get32(c, body + 4);
	if (!take_options(c, i, body + 8, body + len))
		return wrong(c, 16, "has options of an interface that are longer than their block");
	return PASSED;
}

/* Blocks of packets, old and new, differ in how they name the interface. */
static enum capture_status take_packet(struct capture *c, struct captured *p, uint32_t number,
				       const uint8_t *body, uint32_t len)
{
	const struct interface *i;
	uint32_t captured = get32(c, body + 12);

	if (number >= c->interfaces)
		return wrong(c, 8, "has a packet of interface %u, which it doesn't describe",
			     number);
	i = &c->interface[number];
	if (captured > CAPTURE_PACKET_MAX)
		return too_large(c, captured);
	if (captured > len - 20)
		return wrong(c, 20, "has a packet that is longer than its block");
	p->ts = time_of(i, (uint64_t)get32(c, body + 4) << 32 | get32(c, body + 8));
	return give(p, i, captured, get32(c, body + 16), body + 20);
}

/* It has no time, and what was captured of it is what the snapshot length left. */
static enum capture_status take_simple(struct capture *c, struct captured *p, const uint8_t *body,
				       uint32_t len)
{
	const struct interface *i = c->interface;
	uint32_t orig_len, captured;

	if (len < 4)
		return wrong(c, 4, "has a packet block that is too short");
	if (!c->interfaces)
		return wrong(c, 8, "has a packet of interface 0, which it doesn't describe");
	captured = orig_len = get32(c, body);
	if (i->snaplen && captured > i->snaplen)
		captured = i->snaplen;
	if (captured > CAPTURE_PACKET_MAX)
		return too_large(c, captured);
	if (captured > len - 4)
		return wrong(c, 8, "has a packet that is longer than its block");
	p->ts = 0;
	return give(p, i, captured, orig_len, body + 4);
}

/* PASSED: it was no packet. */
static enum capture_status take_block(struct capture *c, struct captured *p, uint32_t type,
				      const uint8_t *body, uint32_t len)
{
	switch (type) {
	case BLOCK_SECTION:
		return take_section(c, body, len);
	case BLOCK_INTERFACE:
		return take_interface(c, body, len);
	case BLOCK_SIMPLE:
		return take_simple(c, p, body, len);
	case BLOCK_PACKET:
	case BLOCK_ENHANCED:
		if (len < 20)
			return wrong(c, 4, "has a packet block that is too short");
		return take_packet(c, p, type == BLOCK_PACKET ? get16(c, body) : get32(c, body),
				   body, len);
	}
	return PASSED;
}

static bool is_packet(uint32_t type)
{
	return type == BLOCK_PACKET || type == BLOCK_SIMPLE || type == BLOCK_ENHANCED;
}

static bool is_needed(uint32_t type)
{
	return type == BLOCK_SECTION || type == BLOCK_INTERFACE || is_packet(type);
}

/* A section says itself in which byte order it is. False: it doesn't. */
static bool set_order(struct capture *c, const uint8_t *magic)
{
	c->swapped = false;
	if (get32(c, magic) == BYTE_ORDER_MAGIC)
		return true;
	c->swapped = true;
	return get32(c, magic) == BYTE_ORDER_MAGIC;
}

/* What is here of bytes that nobody needs. */
static void skip_some(struct capture *c)
{
	uint64_t n = c->filled - c->used;

	if (n > c->skip)
		n = c->skip;
	pass(c, n);
	c->skip -= n;
}

/* A block that is whole. */
static enum capture_status take_whole(struct capture *c, struct captured *p, uint32_t type,
				      uint32_t size)
{
	const uint8_t *block = here(c);
	uint32_t again = get32(c, block + size - 4);
	enum capture_status status;

	if (again != size)
		return wrong(c, size - 4, "has a block of %u bytes that ends as one of %u", size,
			     again);
	status = take_block(c, p, type, block + 8, size - 12);
	if (status != CAPTURE_END)
		pass(c, size);
	return status;
}

/* PASSED: it was no packet. */
static enum capture_status one_block(struct capture *c, struct captured *p)
{
	const uint8_t *block = here(c);
	uint32_t type, size;

	if (!has(c, 12))
		return short_of(c, "the header of a block");
	type = get32(c, block);
	if (type == BLOCK_SECTION && !set_order(c, block + 8))
		return wrong(c, 8, "has a section without a byte order");
	size = get32(c, block + 4);
	if (size < 12 || size % 4)
		return wrong(c, 4, "has a block of %u bytes", size);
	if (size > BLOCK_MAX && is_needed(type))
		return wrong(c, 4, "has a block of %u bytes, more than %d", size, BLOCK_MAX);
	if (size > BLOCK_MAX) {
		c->skip = size;
		return PASSED;
	}
	if (!has(c, size))
		return short_of(c, is_packet(type) ? "a packet" : "a block");
	return take_whole(c, p, type, size);
}

static enum capture_status next_block(struct capture *c, struct captured *p)
{
	enum capture_status status;

	do {
		skip_some(c);
		if (c->skip)
			return short_of(c, "a block");
		if (!has(c, 1) && c->ended)
			return CAPTURE_END;
		status = one_block(c, p);
	} while (status == PASSED);
	return status;
}

static enum capture_status first_bytes(struct capture *c, struct captured *p)
{
	if (!has(c, 4)) {
		if (c->ended && !has(c, 1))
			return wrong(c, 0, "is empty");
		return short_of(c, "its first number");
	}
	if (get32(c, here(c)) == BLOCK_SECTION) {
		c->next = next_block;
		return c->next(c, p);
	}
	for (int i = 0; i < 2; i++, c->swapped = true) {
		uint32_t magic = get32(c, here(c));

		if (magic == PCAP_US || magic == PCAP_NS || magic == PCAP_OTHER)
			return begin_pcap(c, p, magic);
	}
	if (!memcmp(here(c), "\x1f\x8b", 2))
		return wrong(c, 0, "is compressed; unpack it with gzip -d");
	return wrong(c, 0, "is neither pcap nor pcapng");
}

enum capture_status capture_next(struct capture *c, struct captured *p)
{
	return c->next(c, p);
}
