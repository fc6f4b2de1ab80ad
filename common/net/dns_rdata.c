/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The data of records. What a type has is a word, a letter for each field; split_rdata() finds and
 * checks the fields, put_piece() prints one. So what is printed was checked, by the same table.
 */
#include <string.h>

#include "base/num.h"
#include "net/dns.h"
#include "net/dns_internal.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* The letters. From FIELD_STRING on a field's length is in the data, or it is all that is left. */
enum {
	FIELD_U8 = '1',
	FIELD_U16 = '2',
	FIELD_U32 = '4',
	FIELD_U48 = 'v',
	FIELD_IPV4 = 'a',
	FIELD_IPV6 = '6',
	FIELD_TYPE = 't',
	FIELD_TIME = 'd',
	FIELD_RCODE = 'r',
	FIELD_GROUPS = 'g', /* 8 bytes as four groups of hex */
	FIELD_EUI48 = 'e',
	FIELD_EUI64 = 'f',
	FIELD_LOC = 'l',
	FIELD_STRING = 's',  /* with a byte of length before it */
	FIELD_STRINGS = 'S', /* one or more, to the end */
	FIELD_WORD = 'w',    /* as FIELD_STRING, without quotes */
	FIELD_NAME = 'n',
	FIELD_SALT = 'x',    /* a byte of length, hex */
	FIELD_HASH = 'X',    /* a byte of length, base32hex */
	FIELD_COUNTED = 'y', /* two bytes of length, base64, and the length is printed */
	FIELD_QUOTED = 'q',  /* to the end, in quotes */
	FIELD_HEX = 'h',     /* to the end */
	FIELD_BASE64 = 'b',  /* to the end */
	FIELD_TYPES = 'm',   /* bitmap to the end (RFC 4034, 4.1.2) */
	FIELD_PARAMS = 'p',  /* to the end (RFC 9460, 2.2) */
};

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

#define PIECES 9 /* RRSIG has that many */

struct piece {
	char kind;
	uint16_t at, len; /* what prints, without a length before it */
};

/* What a field of each kind takes, where that is always the same. */
static const uint8_t sizes[128] = {
	[FIELD_U8] = 1,	   [FIELD_U16] = 2,    [FIELD_U32] = 4,	  [FIELD_U48] = 6,
	[FIELD_IPV4] = 4,  [FIELD_IPV6] = 16,  [FIELD_TYPE] = 2,  [FIELD_TIME] = 4,
	[FIELD_RCODE] = 2, [FIELD_GROUPS] = 8, [FIELD_EUI48] = 6, [FIELD_EUI64] = 8,
	[FIELD_LOC] = 16,
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
static uint32_t counted(const struct dns_message *m, struct piece *p, uint32_t end, unsigned bytes)
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

enum {
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

/* Thousandths of a second of arc from the equator, or from the first meridian. */
static uint32_t loc_angle(const struct dns_message *m, uint32_t at, bool *negative)
{
	uint32_t v = dns_u32(m, at);

	*negative = v < 1u << 31;
	return *negative ? (1u << 31) - v : v - (1u << 31);
}

static bool check_loc(const struct dns_message *m, uint32_t at)
{
	bool negative;

	return !m->bytes[at] && loc_size(m->bytes[at + 1]) && loc_size(m->bytes[at + 2]) &&
	       loc_size(m->bytes[at + 3]) && loc_angle(m, at + 4, &negative) <= 90 * 3600000 &&
	       loc_angle(m, at + 8, &negative) <= 180 * 3600000;
}

static uint32_t check_name(const struct dns_message *m, uint32_t at, uint32_t end)
{
	struct dns_walk w = dns_walk(at, end);
	int n;

	do
		n = dns_label(m, &w);
	while (n > 0);
	return n < 0 ? 0 : w.after;
}

static uint32_t check_piece(const struct dns_message *m, struct piece *p, uint32_t end)
{
	uint32_t n = sizes[(uint8_t)p->kind];

	p->len = n ? n : end - p->at;
	switch (p->kind) {
	case FIELD_NAME:
		return check_name(m, p->at, end);
	case FIELD_STRING:
	case FIELD_WORD:
	case FIELD_SALT:
	case FIELD_HASH:
		return counted(m, p, end, 1);
	case FIELD_COUNTED:
		return counted(m, p, end, 2);
	case FIELD_STRINGS:
		return check_strings(m, p->at, end);
	case FIELD_TYPES:
		return check_types(m, p->at, end);
	case FIELD_PARAMS:
		return check_params(m, p->at, end);
	case FIELD_HEX:
		return p->len ? end : 0;
	case FIELD_BASE64:
	case FIELD_QUOTED:
		return end;
	}
	if (n > end - p->at || (p->kind == FIELD_LOC && !check_loc(m, p->at)))
		return 0;
	return p->at + n;
}

/* Returns how many pieces; -1, with *wrong_at, where the data isn't what `fields` says. */
static int split_rdata(const struct dns_message *m, const struct dns_record *r, const char *fields,
		       struct piece *pieces, uint32_t *wrong_at)
{
	uint32_t at = r->rdata, end = at + r->rdata_len;
	int n = 0;

	for (; fields[n]; n++) {
		pieces[n] = (struct piece){ fields[n], at };
		*wrong_at = at;
		at = check_piece(m, &pieces[n], end);
		if (!at)
			return -1;
	}
	*wrong_at = at;
	return at == end ? n : -1;
}

/* Updates name a type with no data (RFC 2136, 2.4 and 2.5). */
static bool without_data(const struct dns_record *r)
{
	return !r->rdata_len && (r->class == DNS_CLASS_ANY || r->class == DNS_CLASS_NONE);
}

bool dns_check_rdata(const struct dns_message *m, const struct dns_record *r, uint32_t *wrong_at)
{
	struct piece pieces[PIECES];
	const char *fields;

	*wrong_at = r->rdata;
	if (r->type == DNS_TYPE_A && r->class == DNS_CLASS_IN)
		return r->rdata_len == 4;
	fields = find_format(r);
	return !fields || without_data(r) || split_rdata(m, r, fields, pieces, wrong_at) >= 0;
}

/* ---- Text. ---- */

/* What a byte is inside a name: 0 prints, 1 has a backslash before it, 2 prints as \DDD. */
static const uint8_t name_kinds[256] = {
	[0 ... ' '] = 2, ['"'] = 1, ['$'] = 1, ['('] = 1,  [')'] = 1,
	['.'] = 1,	 [';'] = 1, ['@'] = 1, ['\\'] = 1, [0x7f ... 0xff] = 2,
};

static const uint8_t string_kinds[256] = {
	[0 ... ' ' - 1] = 2,
	['"'] = 1,
	['\\'] = 1,
	[0x7f ... 0xff] = 2,
};

static char *put_bytes(char *to, const uint8_t *b, uint32_t n, const uint8_t kinds[256])
{
	for (; n--; b++) {
		if (kinds[*b])
			*to++ = '\\';
		if (kinds[*b] < 2)
			*to++ = *b;
		else
			to = put_digits(to, *b, 3);
	}
	return to;
}

char *dns_put_name(char *to, const struct dns_message *m, uint16_t at, bool dot)
{
	struct dns_walk w = dns_walk(at, m->len);
	const char *start = to;
	int n;

	while ((n = dns_label(m, &w)) > 0) {
		if (to > start)
			*to++ = '.';
		to = put_bytes(to, m->bytes + w.at - n, n, name_kinds);
	}
	if (dot || to == start)
		*to++ = '.';
	return to;
}

static char *put_quoted(char *to, const uint8_t *b, uint32_t n)
{
	*to++ = '"';
	to = put_bytes(to, b, n, string_kinds);
	*to++ = '"';
	return to;
}

static char *put_strings(char *to, const uint8_t *b, uint32_t n)
{
	for (const uint8_t *end = b + n; b < end; b += 1 + *b) {
		to = put_quoted(to, b + 1, *b);
		*to++ = ' ';
	}
	return to - 1;
}

static char *put_base64(char *to, const uint8_t *b, uint32_t n)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (uint32_t i = 0; i < n; i += 3) {
		uint32_t left = n - i;
		uint32_t v =
			b[i] << 16 | (left > 1 ? b[i + 1] << 8 : 0) | (left > 2 ? b[i + 2] : 0);

		*to++ = digits[v >> 18];
		*to++ = digits[v >> 12 & 63];
		*to++ = left > 1 ? digits[v >> 6 & 63] : '=';
		*to++ = left > 2 ? digits[v & 63] : '=';
	}
	return to;
}

/* RFC 4648, 7, without padding, as RFC 5155 wants it. */
static char *put_base32hex(char *to, const uint8_t *b, uint32_t n)
{
	static const char digits[] = "0123456789abcdefghijklmnopqrstuv";
	unsigned bits = 0, v = 0;

	for (; n--; b++) {
		v = v << 8 | *b;
		for (bits += 8; bits >= 5; bits -= 5)
			*to++ = digits[v >> (bits - 5) & 31];
	}
	if (bits)
		*to++ = digits[v << (5 - bits) & 31];
	return to;
}

/* With ::ffff: where put_addr() has a mapped address as IPv4: an AAAA record isn't an A record. */
static char *put_ipv6(char *to, const uint8_t *b)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (!memcmp(b, mapped, sizeof(mapped)))
		to = mempcpy(to, "::ffff:", 7);
	return put_addr(to, b, 16);
}

/* YYYYMMDDHHmmSS, UTC (RFC 4034, 3.2). Of 2106 on it is the era's that the number is in. */
static char *put_time(char *to, uint32_t seconds)
{
	char text[32];

	put_rfc3339(text, seconds * 1000000000ull);
	for (int i = 0; i < 19; i++)
		if (text[i] >= '0' && text[i] <= '9')
			*to++ = text[i];
	return to;
}

/* The groups of bytes of an identifier. */
static char *put_groups(char *to, const uint8_t *b, unsigned n, unsigned group, char between)
{
	for (unsigned i = 0; i < n; i += group) {
		if (i)
			*to++ = between;
		to = put_hex(to, b + i, group);
	}
	return to;
}

/* ---- LOC (RFC 1876) ---- */

static char *put_angle(char *to, const struct dns_message *m, uint32_t at, const char *signs)
{
	bool negative;
	uint32_t v = loc_angle(m, at, &negative);

	to = put_u64(to, v / 3600000);
	*to++ = ' ';
	to = put_u64(to, v / 60000 % 60);
	*to++ = ' ';
	to = put_u64(to, v / 1000 % 60);
	*to++ = '.';
	to = put_digits(to, v % 1000, 3);
	*to++ = ' ';
	*to++ = signs[negative];
	*to++ = ' ';
	return to;
}

static char *put_metres(char *to, int64_t centimetres)
{
	if (centimetres < 0) {
		*to++ = '-';
		centimetres = -centimetres;
	}
	to = put_u64(to, centimetres / 100);
	*to++ = '.';
	to = put_digits(to, centimetres % 100, 2);
	*to++ = 'm';
	return to;
}

static char *put_loc(char *to, const struct dns_message *m, uint32_t at)
{
	to = put_angle(to, m, at + 4, "NS");
	to = put_angle(to, m, at + 8, "EW");
	/* From 100 km below the ellipsoid. */
	to = put_metres(to, (int64_t)dns_u32(m, at + 12) - 10000000);
	for (int i = 1; i <= 3; i++) {
		int64_t size = m->bytes[at + i] >> 4;

		for (int power = m->bytes[at + i] & 15; power; power--)
			size *= 10;
		*to++ = ' ';
		to = put_metres(to, size);
	}
	return to;
}

/* ---- Bitmaps of types, parameters of SVCB ---- */

/* More print as \#: one byte of a bitmap can be 80 of text. No zone has as many types at a name. */
#define TYPES_MAX 128

static bool too_many_types(const struct dns_message *m, const struct piece *p)
{
	uint32_t types = 0, end = p->at + p->len;

	for (uint32_t at = p->at; at < end; at += 2 + m->bytes[at + 1])
		for (unsigned i = 0; i < m->bytes[at + 1]; i++)
			types += __builtin_popcount(m->bytes[at + 2 + i]);
	return types > TYPES_MAX;
}

static char *put_types(char *to, const uint8_t *b, uint32_t n)
{
	const char *start = to;

	for (const uint8_t *end = b + n; b < end; b += 2 + b[1]) {
		for (unsigned bit = 0; bit < b[1] * 8u; bit++) {
			if (!(b[2 + bit / 8] & 0x80 >> bit % 8))
				continue;
			to = dns_put_type(to, b[0] << 8 | bit);
			*to++ = ' ';
		}
	}
	return to > start ? to - 1 : to;
}

static const char *const param_names[] = {
	[PARAM_MANDATORY] = "mandatory",
	[PARAM_ALPN] = "alpn",
	[PARAM_NO_DEFAULT_ALPN] = "no-default-alpn",
	[PARAM_PORT] = "port",
	[PARAM_IPV4HINT] = "ipv4hint",
	[PARAM_ECH] = "ech",
	[PARAM_IPV6HINT] = "ipv6hint",
	[PARAM_DOHPATH] = "dohpath",
	[PARAM_OHTTP] = "ohttp",
};

static char *put_key(char *to, uint16_t key)
{
	if (key < COUNT(param_names))
		return stpcpy(to, param_names[key]);
	return put_u64(mempcpy(to, "key", 3), key);
}

/* A comma or backslash in an id is escaped twice: as in a list, then as in a string (RFC 9460, A).
 */
static char *put_alpn(char *to, const uint8_t *b)
{
	for (unsigned n = *b++; n--; b++) {
		if (*b == ',' || *b == '\\')
			to = mempcpy(to, "\\\\", 2);
		to = put_bytes(to, b, 1, string_kinds);
	}
	return to;
}

/* The values of a list, each followed by a comma. */
static char *put_list(char *to, uint16_t key, const uint8_t *b, uint32_t n)
{
	for (const uint8_t *end = b + n; b < end;) {
		switch (key) {
		case PARAM_MANDATORY:
			to = put_key(to, b[0] << 8 | b[1]);
			b += 2;
			break;
		case PARAM_ALPN:
			to = put_alpn(to, b);
			b += 1 + *b;
			break;
		case PARAM_IPV4HINT:
			to = put_addr(to, b, 4);
			b += 4;
			break;
		default:
			to = put_ipv6(to, b);
			b += 16;
		}
		*to++ = ',';
	}
	return to;
}

static char *put_value(char *to, uint16_t key, const uint8_t *b, uint32_t n)
{
	switch (key) {
	case PARAM_MANDATORY:
	case PARAM_ALPN:
	case PARAM_IPV4HINT:
	case PARAM_IPV6HINT:
		return put_list(to, key, b, n) - 1;
	case PARAM_PORT:
		return put_u64(to, b[0] << 8 | b[1]);
	case PARAM_ECH:
		return put_base64(to, b, n);
	}
	return put_bytes(to, b, n, string_kinds);
}

static char *put_params(char *to, const uint8_t *b, uint32_t n)
{
	const char *start = to;

	for (const uint8_t *end = b + n; b < end;) {
		uint16_t key = b[0] << 8 | b[1], len = b[2] << 8 | b[3];

		to = put_key(to, key);
		if (len) {
			to = mempcpy(to, "=\"", 2);
			to = put_value(to, key, b + 4, len);
			*to++ = '"';
		}
		*to++ = ' ';
		b += 4 + len;
	}
	return to > start ? to - 1 : to;
}

/* ---- A record ---- */

static char *put_number(char *to, const uint8_t *b, unsigned n)
{
	uint64_t v = 0;

	while (n--)
		v = v << 8 | *b++;
	return put_u64(to, v);
}

static char *put_salt(char *to, const uint8_t *b, uint32_t n)
{
	if (n)
		return put_hex(to, b, n);
	*to++ = '-';
	return to;
}

static char *put_counted(char *to, const uint8_t *b, uint32_t n)
{
	to = put_u64(to, n);
	if (n)
		*to++ = ' ';
	return put_base64(to, b, n);
}

static char *put_piece(char *to, const struct dns_message *m, const struct piece *p, bool dot)
{
	const uint8_t *b = m->bytes + p->at;

	switch (p->kind) {
	case FIELD_IPV4:
		return put_addr(to, b, 4);
	case FIELD_IPV6:
		return put_ipv6(to, b);
	case FIELD_NAME:
		return dns_put_name(to, m, p->at, dot);
	case FIELD_TYPE:
		return dns_put_type(to, dns_u16(m, p->at));
	case FIELD_RCODE: /* of TSIG */
		return dns_u16(m, p->at) == 16 ? mempcpy(to, "BADSIG", 6)
					       : dns_put_rcode(to, dns_u16(m, p->at));
	case FIELD_TIME:
		return put_time(to, dns_u32(m, p->at));
	case FIELD_GROUPS:
		return put_groups(to, b, 8, 2, ':');
	case FIELD_EUI48:
	case FIELD_EUI64:
		return put_groups(to, b, p->len, 1, '-');
	case FIELD_LOC:
		return put_loc(to, m, p->at);
	case FIELD_STRING:
	case FIELD_QUOTED:
		return put_quoted(to, b, p->len);
	case FIELD_STRINGS:
		return put_strings(to, b, p->len);
	case FIELD_WORD:
		return put_bytes(to, b, p->len, name_kinds);
	case FIELD_SALT:
		return put_salt(to, b, p->len);
	case FIELD_HASH:
		return put_base32hex(to, b, p->len);
	case FIELD_COUNTED:
		return put_counted(to, b, p->len);
	case FIELD_HEX:
		return put_hex(to, b, p->len);
	case FIELD_BASE64:
		return put_base64(to, b, p->len);
	case FIELD_TYPES:
		return put_types(to, b, p->len);
	case FIELD_PARAMS:
		return put_params(to, b, p->len);
	}
	return put_number(to, b, p->len);
}

static char *put_unknown(char *to, const struct dns_message *m, const struct dns_record *r)
{
	to = put_u64(mempcpy(to, "\\# ", 3), r->rdata_len);
	if (!r->rdata_len)
		return to;
	*to++ = ' ';
	return put_hex(to, m->bytes + r->rdata, r->rdata_len);
}

static char *put_subnet(char *to, const struct dns_message *m, const struct dns_option *o)
{
	uint8_t address[16] = { 0 };

	memcpy(address, m->bytes + o->at + 4, o->len - 4);
	to = dns_u16(m, o->at) == 1 ? put_addr(to, address, 4) : put_ipv6(to, address);
	*to++ = '/';
	to = put_u64(to, m->bytes[o->at + 2]);
	*to++ = '/';
	return put_u64(to, m->bytes[o->at + 3]);
}

char *dns_put_subnet(char *to, const struct dns_message *m)
{
	return m->edns.has_ecs ? put_subnet(to, m, &m->edns.ecs) : to;
}

static const char *option_name(uint16_t code)
{
	switch (code) {
	case DNS_OPTION_NSID:
		return "NSID";
	case DNS_OPTION_ECS:
		return "ECS";
	case DNS_OPTION_COOKIE:
		return "COOKIE";
	case DNS_OPTION_KEEPALIVE:
		return "KEEPALIVE";
	case DNS_OPTION_PADDING:
		return "PADDING";
	case DNS_OPTION_EDE:
		return "EDE";
	}
	return NULL;
}

static char *put_ede(char *to, const struct dns_message *m)
{
	const struct dns_option *text = &m->edns.ede_text;

	to = put_u64(to, m->edns.ede);
	if (!text->len)
		return to;
	*to++ = ' ';
	return put_quoted(to, m->bytes + text->at, text->len);
}

/* The first subnet and error were looked at; others of theirs, and all other options, are hex. */
static char *put_option(char *to, const struct dns_message *m, const struct dns_option *o)
{
	const struct dns_edns *e = &m->edns;
	const char *name = option_name(o->code);

	to = name ? stpcpy(to, name) : put_u64(mempcpy(to, "OPT", 3), o->code);
	*to++ = '=';
	if (e->has_ecs && o->at == e->ecs.at)
		return put_subnet(to, m, o);
	if (e->has_ede && o->code == DNS_OPTION_EDE && o->at + 2 == e->ede_text.at)
		return put_ede(to, m);
	return put_hex(to, m->bytes + o->at, o->len);
}

static char *put_options(char *to, const struct dns_message *m)
{
	struct dns_option o;
	uint16_t at = 0;

	while (dns_next_option(m, &at, &o)) {
		if (o.at > m->edns.rdata + 4)
			*to++ = ' ';
		to = put_option(to, m, &o);
	}
	return to;
}

char *dns_put_rdata(char *to, const struct dns_message *m, const struct dns_record *r, bool dot)
{
	const char *fields = find_format(r), *start = to;
	struct piece pieces[PIECES];
	uint32_t wrong_at;
	int n = -1;

	if (r->type == DNS_TYPE_OPT && !r->bad)
		return put_options(to, m);
	if (fields && !r->bad && !without_data(r))
		n = split_rdata(m, r, fields, pieces, &wrong_at);
	if (n < 0 || (pieces[n - 1].kind == FIELD_TYPES && too_many_types(m, &pieces[n - 1])))
		return put_unknown(to, m, r);
	for (int i = 0; i < n; i++) {
		char *next = to;

		if (to > start)
			*next++ = ' ';
		next = put_piece(next, m, &pieces[i], dot);
		/* What is empty has no space before it either. */
		if (next > to + (to > start))
			to = next;
	}
	return to;
}
