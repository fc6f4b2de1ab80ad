/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What dns.c and dns_rdata.c have between them. */
#ifndef GRAIN_DNS_INTERNAL_H
#define GRAIN_DNS_INTERNAL_H

#include "net/dns.h"

#define DNS_HEADER     12
#define DNS_CLASS_IN   1
#define DNS_CLASS_NONE 254
#define DNS_CLASS_ANY  255

static inline uint16_t dns_u16(const struct dns_message *m, uint32_t at)
{
	return m->bytes[at] << 8 | m->bytes[at + 1];
}

static inline uint32_t dns_u32(const struct dns_message *m, uint32_t at)
{
	return (uint32_t)dns_u16(m, at) << 16 | dns_u16(m, at + 2);
}

/* Keeps the first thing that is wrong. Always false. */
static inline bool dns_wrong(struct dns_message *m, uint32_t at, const char *what)
{
	if (!m->wrong) {
		m->wrong = what;
		m->wrong_at = at;
	}
	return false;
}

/* As many as a name has labels: more would only cost time, with every record that uses them. */
#define DNS_POINTERS 128

/* A way through a name, label by label. */
struct dns_walk {
	uint32_t at;	/* the next label's length */
	uint32_t end;	/* what is behind isn't the name's */
	uint32_t start; /* of these labels: a pointer after them must go before it */
	uint32_t after; /* where the name ends in its own place, once that is known */
	uint32_t size;	/* so far, on the wire, without pointers */
	uint32_t pointers;
	const char *wrong;
};

static inline struct dns_walk dns_walk(uint32_t at, uint32_t end)
{
	return (struct dns_walk){ .at = at, .end = end, .start = at, .size = 1 };
}

/*
 * Follows a pointer (RFC 1035, 4.1.4). It has to go to before the labels that it ends, so each one
 * goes further back than the one before it, and a name must end.
 */
static inline bool dns_jump(const struct dns_message *m, struct dns_walk *w)
{
	uint32_t to;

	if (w->end - w->at < 2) {
		w->wrong = "ends inside a name";
		return false;
	}
	to = dns_u16(m, w->at) & 0x3fff;
	if (to >= w->start || to < DNS_HEADER) {
		w->wrong = to < DNS_HEADER ? "has a name that points into the header"
					   : "has a name that doesn't point backwards";
		return false;
	}
	if (++w->pointers > DNS_POINTERS) {
		w->wrong = "has a name of too many pointers";
		return false;
	}
	if (!w->after)
		w->after = w->at + 2;
	w->at = w->start = to;
	w->end = m->len;
	return true;
}

/*
 * Steps over a label, and over pointers before it. Returns its length, and it lies before w->at;
 * 0 at the end of the name, then w->after is set; -1 when that isn't a name.
 */
static inline int dns_label(const struct dns_message *m, struct dns_walk *w)
{
	while (w->at < w->end) {
		unsigned n = m->bytes[w->at];

		if (n >= 0xc0) {
			if (!dns_jump(m, w))
				return -1;
			continue;
		}
		if (n > 63) {
			w->wrong = "has a label of an unknown kind";
			return -1;
		}
		if (n >= w->end - w->at)
			break;
		w->at += n + 1;
		if (!n) {
			if (!w->after)
				w->after = w->at;
			return 0;
		}
		w->size += n + 1;
		if (w->size <= 255)
			return n;
		w->wrong = "has a name of more than 255 bytes";
		w->at -= n + 1;
		return -1;
	}
	w->wrong = "ends inside a name";
	return -1;
}

/*
 * Whether the record's data is what its type has (a type that isn't known here may have anything),
 * else at which byte it isn't.
 */
bool dns_check_rdata(const struct dns_message *m, const struct dns_record *r, uint32_t *wrong_at);

#endif
