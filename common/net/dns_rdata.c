/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the data of records has to be: of each type a word, a letter for each field. dns_split()
 * finds and checks the fields, and dns_text.c prints those: so what is printed was checked.
 */
#include "net/dns_internal.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

#define MISFIT "has a record whose data doesn't fit its type"

#define ANY_CLASS 0
#define ONLY_IN	  1

struct format {
	uint16_t type;
	bool only_in;
	const char *fields;
};

/* Sorted by type. */
static const struct format formats[] = {
	{ 1, ONLY_IN, "a" },		/* A */
	{ 2, ANY_CLASS, "n" },		/* NS */
	{ 3, ANY_CLASS, "n" },		/* MD */
	{ 4, ANY_CLASS, "n" },		/* MF */
	{ 5, ANY_CLASS, "n" },		/* CNAME */
	{ 6, ANY_CLASS, "nn44444" },	/* SOA */
	{ 7, ANY_CLASS, "n" },		/* MB */
	{ 8, ANY_CLASS, "n" },		/* MG */
	{ 9, ANY_CLASS, "n" },		/* MR */
	{ 12, ANY_CLASS, "n" },		/* PTR */
	{ 13, ANY_CLASS, "ss" },	/* HINFO */
	{ 14, ANY_CLASS, "nn" },	/* MINFO */
	{ 15, ANY_CLASS, "2n" },	/* MX */
	{ 16, ANY_CLASS, "S" },		/* TXT */
	{ 17, ANY_CLASS, "nn" },	/* RP */
	{ 18, ANY_CLASS, "2n" },	/* AFSDB */
	{ 19, ANY_CLASS, "s" },		/* X25 */
	{ 20, ANY_CLASS, "S" },		/* ISDN */
	{ 21, ANY_CLASS, "2n" },	/* RT */
	{ 24, ANY_CLASS, "t114dd2nb" }, /* SIG */
	{ 25, ANY_CLASS, "211b" },	/* KEY */
	{ 26, ONLY_IN, "2nn" },		/* PX */
	{ 28, ONLY_IN, "6" },		/* AAAA */
	{ 29, ANY_CLASS, "l" },		/* LOC */
	{ 33, ONLY_IN, "222n" },	/* SRV */
	{ 35, ONLY_IN, "22sssn" },	/* NAPTR */
	{ 36, ONLY_IN, "2n" },		/* KX */
	{ 37, ANY_CLASS, "221b" },	/* CERT */
	{ 39, ANY_CLASS, "n" },		/* DNAME */
	{ 43, ANY_CLASS, "211h" },	/* DS */
	{ 44, ANY_CLASS, "11h" },	/* SSHFP */
	{ 46, ANY_CLASS, "t114dd2nb" }, /* RRSIG */
	{ 47, ANY_CLASS, "nm" },	/* NSEC */
	{ 48, ANY_CLASS, "211b" },	/* DNSKEY */
	{ 49, ONLY_IN, "b" },		/* DHCID */
	{ 50, ANY_CLASS, "112xXm" },	/* NSEC3 */
	{ 51, ANY_CLASS, "112x" },	/* NSEC3PARAM */
	{ 52, ANY_CLASS, "111h" },	/* TLSA */
	{ 53, ANY_CLASS, "111h" },	/* SMIMEA */
	{ 56, ANY_CLASS, "S" },		/* NINFO */
	{ 59, ANY_CLASS, "211h" },	/* CDS */
	{ 60, ANY_CLASS, "211b" },	/* CDNSKEY */
	{ 61, ANY_CLASS, "b" },		/* OPENPGPKEY */
	{ 62, ANY_CLASS, "42m" },	/* CSYNC */
	{ 63, ANY_CLASS, "411h" },	/* ZONEMD */
	{ 64, ONLY_IN, "2np" },		/* SVCB */
	{ 65, ONLY_IN, "2np" },		/* HTTPS */
	{ 99, ANY_CLASS, "S" },		/* SPF */
	{ 104, ANY_CLASS, "2g" },	/* NID */
	{ 105, ANY_CLASS, "2a" },	/* L32 */
	{ 106, ANY_CLASS, "2g" },	/* L64 */
	{ 107, ANY_CLASS, "2n" },	/* LP */
	{ 108, ANY_CLASS, "e" },	/* EUI48 */
	{ 109, ANY_CLASS, "f" },	/* EUI64 */
	{ 250, ANY_CLASS, "nv2y2ry" },	/* TSIG */
	{ 256, ANY_CLASS, "22q" },	/* URI */
	{ 257, ANY_CLASS, "1wq" },	/* CAA */
	{ 258, ANY_CLASS, "S" },	/* AVC */
	{ 261, ANY_CLASS, "S" },	/* RESINFO */
	{ 262, ANY_CLASS, "S" },	/* WALLET */
	{ 32768, ANY_CLASS, "211h" },	/* TA */
	{ 32769, ANY_CLASS, "211h" },	/* DLV */
};

/* What a field of each kind takes, where that is always the same. */
static const uint8_t sizes[128] = {
	[RDATA_U8] = 1,	   [RDATA_U16] = 2,    [RDATA_U32] = 4,	  [RDATA_U48] = 6,
	[RDATA_IPV4] = 4,  [RDATA_IPV6] = 16,  [RDATA_TYPE] = 2,  [RDATA_TIME] = 4,
	[RDATA_RCODE] = 2, [RDATA_GROUPS] = 8, [RDATA_EUI48] = 6, [RDATA_EUI64] = 8,
	[RDATA_LOC] = 16,
};

static const char *find_format(const struct dns_record *r)
{
	const struct format *table = formats;
	size_t n = COUNT(formats);

	/* The types of most records are among the first; class NONE is in updates (RFC 2136). */
	while (n) {
		size_t half = n / 2;

		if (table[half].type == r->type) {
			table += half;
			return table->only_in && r->class != DNS_CLASS_IN &&
					       r->class != DNS_CLASS_NONE
				       ? NULL
				       : table->fields;
		}
		if (table[half].type < r->type) {
			table += half + 1;
			n -= half + 1;
		} else {
			n = half;
		}
	}
	return NULL;
}

/* ---- Checks. Each returns where the field ends, or 0 if it isn't one. ---- */

/* A length of `bytes` bytes and so many bytes after it. */
static uint32_t counted(const struct dns_message *m, struct dns_piece *p, uint32_t end,
			unsigned bytes)
{
	uint32_t n;

	if (end - p->at < bytes)
		return 0;
	n = bytes == 1 ? m->bytes[p->at] : dns_u16(m, p->at);
	if (n > end - p->at - bytes)
		return 0;
	p->at += bytes;
	p->len = n;
	return p->at + n;
}

static uint32_t check_strings(const struct dns_message *m, uint32_t at, uint32_t end)
{
	if (at == end)
		return 0;
	while (at < end)
		at += 1 + m->bytes[at];
	return at == end ? end : 0;
}

/* Blocks in order, none empty (RFC 4034, 4.1.2). */
static uint32_t check_types(const struct dns_message *m, uint32_t at, uint32_t end)
{
	for (int last = -1; at < end; at += 2 + m->bytes[at + 1]) {
		if (end - at < 3 || m->bytes[at] <= last)
			return 0;
		if (!m->bytes[at + 1] || m->bytes[at + 1] > 32 || m->bytes[at + 1] > end - at - 2)
			return 0;
		last = m->bytes[at];
	}
	return end;
}

/* ALPN: ids of at least one byte (RFC 9460, 7.1.1). */
static bool check_alpn(const struct dns_message *m, uint32_t at, uint32_t end)
{
	for (uint32_t a = at; a < end; a += 1 + m->bytes[a])
		if (!m->bytes[a])
			return false;
	return check_strings(m, at, end);
}

static bool check_param(const struct dns_message *m, uint16_t key, uint32_t at, uint32_t len)
{
	switch (key) {
	case PARAM_MANDATORY:
		return len && len % 2 == 0;
	case PARAM_ALPN:
		return check_alpn(m, at, at + len);
	case PARAM_NO_DEFAULT_ALPN:
	case PARAM_OHTTP:
		return !len;
	case PARAM_PORT:
		return len == 2;
	case PARAM_IPV4HINT:
		return len && len % 4 == 0;
	case PARAM_IPV6HINT:
		return len && len % 16 == 0;
	case PARAM_ECH:
		return len;
	}
	return true;
}

/* Keys in order, each once, and a value that the key can have (RFC 9460, 2.2). */
static uint32_t check_params(const struct dns_message *m, uint32_t at, uint32_t end)
{
	for (int last = -1; at < end;) {
		uint32_t len;

		if (end - at < 4 || dns_u16(m, at) <= last)
			return 0;
		len = dns_u16(m, at + 2);
		last = dns_u16(m, at);
		if (len > end - at - 4 || !check_param(m, last, at + 4, len))
			return 0;
		at += 4 + len;
	}
	return end;
}

/* A size is a digit times a power of ten, each in four bits (RFC 1876, 2). */
static bool loc_size(uint8_t size)
{
	return size >> 4 <= 9 && (size & 15) <= 9;
}

static bool check_loc(const struct dns_message *m, uint32_t at)
{
	bool negative;

	return !m->bytes[at] && loc_size(m->bytes[at + 1]) && loc_size(m->bytes[at + 2]) &&
	       loc_size(m->bytes[at + 3]) && dns_loc_angle(m, at + 4, &negative) <= 90 * 3600000 &&
	       dns_loc_angle(m, at + 8, &negative) <= 180 * 3600000;
}

static uint32_t check_name(const struct dns_message *m, uint32_t at, uint32_t end,
			   struct dns_fault *fault)
{
	struct dns_walk w = dns_walk(at, end);
	int n;

	do
		n = dns_label(m, &w);
	while (n > 0);
	if (n == 0)
		return w.after;
	if (w.wrong)
		*fault = (struct dns_fault){ w.wrong, w.at };
	return 0;
}

static uint32_t check_piece(const struct dns_message *m, struct dns_piece *p, uint32_t end,
			    struct dns_fault *fault)
{
	uint32_t n = sizes[(uint8_t)p->kind];

	p->len = n ? n : end - p->at;
	switch (p->kind) {
	case RDATA_NAME:
		return check_name(m, p->at, end, fault);
	case RDATA_STRING:
	case RDATA_WORD:
	case RDATA_SALT:
	case RDATA_HASH:
		return counted(m, p, end, 1);
	case RDATA_COUNTED:
		return counted(m, p, end, 2);
	case RDATA_STRINGS:
		return check_strings(m, p->at, end);
	case RDATA_TYPES:
		return check_types(m, p->at, end);
	case RDATA_PARAMS:
		return check_params(m, p->at, end);
	case RDATA_HEX:
		return p->len ? end : 0;
	case RDATA_BASE64:
	case RDATA_QUOTED:
		return end;
	}
	if (n > end - p->at || (p->kind == RDATA_LOC && !check_loc(m, p->at)))
		return 0;
	return p->at + n;
}

/* Updates name a type with no data (RFC 2136, 2.4 and 2.5). */
static bool without_data(const struct dns_record *r)
{
	return !r->rdata_len && (r->class == DNS_CLASS_ANY || r->class == DNS_CLASS_NONE);
}

int dns_split(const struct dns_message *m, const struct dns_record *r, struct dns_piece *pieces,
	      struct dns_fault *fault)
{
	const char *fields = without_data(r) ? NULL : find_format(r);
	uint32_t at = r->rdata, end = at + r->rdata_len;
	int n = 0;

	for (; fields && fields[n]; n++) {
		pieces[n] = (struct dns_piece){ fields[n], at };
		*fault = (struct dns_fault){ MISFIT, at };
		at = check_piece(m, &pieces[n], end, fault);
		if (!at)
			return -1;
	}
	*fault = (struct dns_fault){ MISFIT, at };
	return !n || at == end ? n : -1;
}

bool dns_check_rdata(const struct dns_message *m, const struct dns_record *r,
		     struct dns_fault *fault)
{
	struct dns_piece pieces[DNS_PIECES];

	if (r->type == DNS_TYPE_A && r->class == DNS_CLASS_IN && r->rdata_len == 4)
		return true;
	return dns_split(m, r, pieces, fault) >= 0;
}
