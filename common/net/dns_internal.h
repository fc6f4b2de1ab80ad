/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What dns.c, dns_rdata.c and dns_text.c have between them. */
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
	const char *wrong; /* NULL for a name that doesn't end */
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

	if (w->end - w->at < 2)
		return false;
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
	return -1;
}

/* Kinds of fields. From RDATA_STRING on the length is in the data, or it is all that is left. */
enum dns_field {
	RDATA_U8 = '1',
	RDATA_U16 = '2',
	RDATA_U32 = '4',
	RDATA_U48 = 'v',
	RDATA_IPV4 = 'a',
	RDATA_IPV6 = '6',
	RDATA_TYPE = 't',
	RDATA_TIME = 'd',
	RDATA_RCODE = 'r',
	RDATA_GROUPS = 'g', /* 8 bytes as four groups of hex */
	RDATA_EUI48 = 'e',
	RDATA_EUI64 = 'f',
	RDATA_LOC = 'l',
	RDATA_STRING = 's',  /* with a byte of length before it */
	RDATA_STRINGS = 'S', /* one or more, to the end */
	RDATA_WORD = 'w',    /* as RDATA_STRING, without quotes */
	RDATA_NAME = 'n',
	RDATA_SALT = 'x',    /* a byte of length, hex */
	RDATA_HASH = 'X',    /* a byte of length, base32hex */
	RDATA_COUNTED = 'y', /* two bytes of length, base64, and the length is printed */
	RDATA_QUOTED = 'q',  /* to the end, in quotes */
	RDATA_HEX = 'h',     /* to the end */
	RDATA_BASE64 = 'b',  /* to the end */
	RDATA_TYPES = 'm',   /* bitmap to the end (RFC 4034, 4.1.2) */
	RDATA_PARAMS = 'p',  /* to the end (RFC 9460, 2.2) */
};

#define DNS_PIECES 9 /* RRSIG has that many */

struct dns_piece {
	char kind;
	uint16_t at, len; /* what prints, without a length before it */
};

/* Keys of SVCB parameters (RFC 9460, 14.3.2). */
enum dns_param {
	PARAM_MANDATORY,
	PARAM_ALPN,
	PARAM_NO_DEFAULT_ALPN,
	PARAM_PORT,
	PARAM_IPV4HINT,
	PARAM_ECH,
	PARAM_IPV6HINT,
	PARAM_DOHPATH,
	PARAM_OHTTP,
};

/* Thousandths of a second of arc from the equator, or from the first meridian. */
static inline uint32_t dns_loc_angle(const struct dns_message *m, uint32_t at, bool *negative)
{
	uint32_t v = dns_u32(m, at);

	*negative = v < 1u << 31;
	return *negative ? (1u << 31) - v : v - (1u << 31);
}

/* What is wrong with a record's data, and where. */
struct dns_fault {
	const char *what;
	uint32_t at;
};

/*
 * Splits a record's data. Returns how many pieces, 0 for a type that isn't known here; -1, and
 * tells why, where the data doesn't fit the type.
 */
int dns_split(const struct dns_message *m, const struct dns_record *r, struct dns_piece *pieces,
	      struct dns_fault *fault);

/* Whether the data fits the type (one that isn't known here may have anything). */
bool dns_check_rdata(const struct dns_message *m, const struct dns_record *r,
		     struct dns_fault *fault);

#endif
