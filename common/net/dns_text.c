/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DNS as text: names, and the data of records as zone files have it. */
#include <string.h>

#include "base/num.h"
#include "net/dns_internal.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

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
	uint32_t v = dns_loc_angle(m, at, &negative);

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

static bool too_many_types(const struct dns_message *m, const struct dns_piece *p)
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

static char *put_piece(char *to, const struct dns_message *m, const struct dns_piece *p, bool dot)
{
	const uint8_t *b = m->bytes + p->at;

	switch (p->kind) {
	case RDATA_IPV4:
		return put_addr(to, b, 4);
	case RDATA_IPV6:
		return put_ipv6(to, b);
	case RDATA_NAME:
		return dns_put_name(to, m, p->at, dot);
	case RDATA_TYPE:
		return dns_put_type(to, dns_u16(m, p->at));
	case RDATA_RCODE: /* of TSIG */
		return dns_u16(m, p->at) == 16 ? mempcpy(to, "BADSIG", 6)
					       : dns_put_rcode(to, dns_u16(m, p->at));
	case RDATA_TIME:
		return put_time(to, dns_u32(m, p->at));
	case RDATA_GROUPS:
		return put_groups(to, b, 8, 2, ':');
	case RDATA_EUI48:
	case RDATA_EUI64:
		return put_groups(to, b, p->len, 1, '-');
	case RDATA_LOC:
		return put_loc(to, m, p->at);
	case RDATA_STRING:
	case RDATA_QUOTED:
		return put_quoted(to, b, p->len);
	case RDATA_STRINGS:
		return put_strings(to, b, p->len);
	case RDATA_WORD:
		return put_bytes(to, b, p->len, name_kinds);
	case RDATA_SALT:
		return put_salt(to, b, p->len);
	case RDATA_HASH:
		return put_base32hex(to, b, p->len);
	case RDATA_COUNTED:
		return put_counted(to, b, p->len);
	case RDATA_HEX:
		return put_hex(to, b, p->len);
	case RDATA_BASE64:
		return put_base64(to, b, p->len);
	case RDATA_TYPES:
		return put_types(to, b, p->len);
	case RDATA_PARAMS:
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
	struct dns_piece pieces[DNS_PIECES];
	const char *start = to;
	struct dns_fault fault;
	int n = 0;

	if (r->type == DNS_TYPE_OPT && !r->bad)
		return put_options(to, m);
	if (!r->bad)
		n = dns_split(m, r, pieces, &fault);
	if (n <= 0 || (pieces[n - 1].kind == RDATA_TYPES && too_many_types(m, &pieces[n - 1])))
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
