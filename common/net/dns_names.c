/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers and their names, from IANA's registries of DNS parameters. */
#include <string.h>
#include <strings.h>

#include "base/num.h"
#include "net/dns.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

struct number_name {
	uint16_t number;
	const char *name;
};

/* Sorted by number. ANY is the registry's "*". */
static const struct number_name types[] = {
	{ 1, "A" },	    { 2, "NS" },      { 3, "MD" },	    { 4, "MF" },
	{ 5, "CNAME" },	    { 6, "SOA" },     { 7, "MB" },	    { 8, "MG" },
	{ 9, "MR" },	    { 10, "NULL" },   { 11, "WKS" },	    { 12, "PTR" },
	{ 13, "HINFO" },    { 14, "MINFO" },  { 15, "MX" },	    { 16, "TXT" },
	{ 17, "RP" },	    { 18, "AFSDB" },  { 19, "X25" },	    { 20, "ISDN" },
	{ 21, "RT" },	    { 22, "NSAP" },   { 23, "NSAP-PTR" },   { 24, "SIG" },
	{ 25, "KEY" },	    { 26, "PX" },     { 27, "GPOS" },	    { 28, "AAAA" },
	{ 29, "LOC" },	    { 30, "NXT" },    { 31, "EID" },	    { 32, "NIMLOC" },
	{ 33, "SRV" },	    { 34, "ATMA" },   { 35, "NAPTR" },	    { 36, "KX" },
	{ 37, "CERT" },	    { 38, "A6" },     { 39, "DNAME" },	    { 40, "SINK" },
	{ 41, "OPT" },	    { 42, "APL" },    { 43, "DS" },	    { 44, "SSHFP" },
	{ 45, "IPSECKEY" }, { 46, "RRSIG" },  { 47, "NSEC" },	    { 48, "DNSKEY" },
	{ 49, "DHCID" },    { 50, "NSEC3" },  { 51, "NSEC3PARAM" }, { 52, "TLSA" },
	{ 53, "SMIMEA" },   { 55, "HIP" },    { 56, "NINFO" },	    { 57, "RKEY" },
	{ 58, "TALINK" },   { 59, "CDS" },    { 60, "CDNSKEY" },    { 61, "OPENPGPKEY" },
	{ 62, "CSYNC" },    { 63, "ZONEMD" }, { 64, "SVCB" },	    { 65, "HTTPS" },
	{ 66, "DSYNC" },    { 67, "HHIT" },   { 68, "BRID" },	    { 99, "SPF" },
	{ 100, "UINFO" },   { 101, "UID" },   { 102, "GID" },	    { 103, "UNSPEC" },
	{ 104, "NID" },	    { 105, "L32" },   { 106, "L64" },	    { 107, "LP" },
	{ 108, "EUI48" },   { 109, "EUI64" }, { 128, "NXNAME" },    { 249, "TKEY" },
	{ 250, "TSIG" },    { 251, "IXFR" },  { 252, "AXFR" },	    { 253, "MAILB" },
	{ 254, "MAILA" },   { 255, "ANY" },   { 256, "URI" },	    { 257, "CAA" },
	{ 258, "AVC" },	    { 259, "DOA" },   { 260, "AMTRELAY" },  { 261, "RESINFO" },
	{ 262, "WALLET" },  { 263, "CLA" },   { 264, "IPN" },	    { 32768, "TA" },
	{ 32769, "DLV" },
};

static const struct number_name classes[] = {
	{ 1, "IN" }, { 3, "CH" }, { 4, "HS" }, { 254, "NONE" }, { 255, "ANY" },
};

/* 16 is BADSIG, too, in a TSIG record; here it is what EDNS has. */
static const struct number_name rcodes[] = {
	{ 0, "NOERROR" },  { 1, "FORMERR" }, { 2, "SERVFAIL" },	 { 3, "NXDOMAIN" },
	{ 4, "NOTIMP" },   { 5, "REFUSED" }, { 6, "YXDOMAIN" },	 { 7, "YXRRSET" },
	{ 8, "NXRRSET" },  { 9, "NOTAUTH" }, { 10, "NOTZONE" },	 { 11, "DSOTYPENI" },
	{ 16, "BADVERS" }, { 17, "BADKEY" }, { 18, "BADTIME" },	 { 19, "BADMODE" },
	{ 20, "BADNAME" }, { 21, "BADALG" }, { 22, "BADTRUNC" }, { 23, "BADCOOKIE" },
};

static const struct number_name opcodes[] = {
	{ 0, "QUERY" },	 { 1, "IQUERY" }, { 2, "STATUS" },
	{ 4, "NOTIFY" }, { 5, "UPDATE" }, { 6, "DSO" },
};

static const char *const ede_names[] = {
	"Other",
	"Unsupported DNSKEY Algorithm",
	"Unsupported DS Digest Type",
	"Stale Answer",
	"Forged Answer",
	"DNSSEC Indeterminate",
	"DNSSEC Bogus",
	"Signature Expired",
	"Signature Not Yet Valid",
	"DNSKEY Missing",
	"RRSIGs Missing",
	"No Zone Key Bit Set",
	"NSEC Missing",
	"Cached Error",
	"Not Ready",
	"Blocked",
	"Censored",
	"Filtered",
	"Prohibited",
	"Stale NXDomain Answer",
	"Not Authoritative",
	"Not Supported",
	"No Reachable Authority",
	"Network Error",
	"Invalid Data",
	"Signature Expired before Valid",
	"Too Early",
	"Unsupported NSEC3 Iterations Value",
	"Unable to conform to policy",
	"Synthesized",
	"Invalid Query Type",
};

/* By halves, and most numbers that are asked for are low. */
static const char *find_name(const struct number_name *table, size_t n, uint16_t number)
{
	while (n) {
		size_t half = n / 2;

		if (table[half].number == number)
			return table[half].name;
		if (table[half].number < number) {
			table += half + 1;
			n -= half + 1;
		} else {
			n = half;
		}
	}
	return NULL;
}

static char *put_name_or_number(char *to, const char *name, const char *prefix, uint16_t number)
{
	if (name)
		return stpcpy(to, name);
	return put_u64(stpcpy(to, prefix), number);
}

char *dns_put_type(char *to, uint16_t type)
{
	return put_name_or_number(to, find_name(types, COUNT(types), type), "TYPE", type);
}

char *dns_put_class(char *to, uint16_t class)
{
	return put_name_or_number(to, find_name(classes, COUNT(classes), class), "CLASS", class);
}

char *dns_put_rcode(char *to, uint16_t rcode)
{
	return put_name_or_number(to, find_name(rcodes, COUNT(rcodes), rcode), "", rcode);
}

char *dns_put_opcode(char *to, uint8_t opcode)
{
	return put_name_or_number(to, find_name(opcodes, COUNT(opcodes), opcode), "", opcode);
}

const char *dns_ede_name(uint16_t code)
{
	return code < COUNT(ede_names) ? ede_names[code] : NULL;
}

static bool parse_name(const struct number_name *table, size_t n, const char *s, uint16_t *number)
{
	for (size_t i = 0; i < n; i++) {
		if (strcasecmp(table[i].name, s))
			continue;
		*number = table[i].number;
		return true;
	}
	return false;
}

static bool parse_number(const char *s, uint16_t max, uint16_t *number)
{
	uint64_t v;

	if (!parse_u64(s, 0, max, &v))
		return false;
	*number = v;
	return true;
}

bool dns_parse_type(const char *s, uint16_t *type)
{
	if (!strncasecmp(s, "TYPE", 4))
		return parse_number(s + 4, UINT16_MAX, type);
	return parse_name(types, COUNT(types), s, type);
}

/* 12 bits, eight of them from EDNS. */
bool dns_parse_rcode(const char *s, uint16_t *rcode)
{
	return parse_name(rcodes, COUNT(rcodes), s, rcode) || parse_number(s, 4095, rcode);
}
