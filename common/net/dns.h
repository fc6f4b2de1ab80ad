/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DNS messages (RFC 1035), also of multicast DNS (RFC 6762): bytes in, struct out, and what is in
 * the struct as text. Every byte is a stranger's. Nothing here allocates, recurses, calls the
 * kernel or keeps state, and nothing outside [bytes, bytes + len) is read.
 *
 * Positions are offsets into the message, which must stay where it was while the struct is used.
 */
#ifndef GRAIN_DNS_H
#define GRAIN_DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A message of 64 KiB has room for 5956 records; zone transfers come near. More are only counted.
 */
#define DNS_RECORDS 512

/* struct dns_message.flags: the second 16 bits of the header without opcode and rcode. */
#define DNS_QR 0x8000
#define DNS_AA 0x0400
#define DNS_TC 0x0200
#define DNS_RD 0x0100
#define DNS_RA 0x0080
#define DNS_Z  0x0040
#define DNS_AD 0x0020
#define DNS_CD 0x0010

enum dns_section {
	DNS_QUESTION,
	DNS_ANSWER,
	DNS_AUTHORITY,
	DNS_ADDITIONAL,
	DNS_SECTIONS,
};

/* Types that a caller may want to tell apart; the others have names and numbers only. */
enum dns_type {
	DNS_TYPE_A = 1,
	DNS_TYPE_NS = 2,
	DNS_TYPE_CNAME = 5,
	DNS_TYPE_SOA = 6,
	DNS_TYPE_PTR = 12,
	DNS_TYPE_MX = 15,
	DNS_TYPE_TXT = 16,
	DNS_TYPE_AAAA = 28,
	DNS_TYPE_SRV = 33,
	DNS_TYPE_DNAME = 39,
	DNS_TYPE_OPT = 41,
	DNS_TYPE_RRSIG = 46,
	DNS_TYPE_SVCB = 64,
	DNS_TYPE_HTTPS = 65,
	DNS_TYPE_IXFR = 251,
	DNS_TYPE_AXFR = 252,
	DNS_TYPE_ANY = 255,
};

struct dns_question {
	uint16_t name; /* where it is, for dns_put_name() */
	uint16_t type;
	uint16_t class; /* of mDNS: without the top bit */
	bool unicast;	/* mDNS: a unicast answer is asked for (RFC 6762, 5.4) */
};

struct dns_record {
	uint32_t ttl;
	uint16_t name;
	uint16_t type;
	uint16_t class; /* of mDNS: without the top bit; of OPT: the UDP size */
	uint16_t rdata;
	uint16_t rdata_len;
	uint8_t section;      /* enum dns_section */
	bool cache_flush : 1; /* mDNS: replaces what is cached (RFC 6762, 10.2) */
	bool bad : 1;	      /* the rdata doesn't fit its type: prints as \# LENGTH HEX */
};

/* An option of EDNS (RFC 6891). */
struct dns_option {
	uint16_t code;
	uint16_t len;
	uint16_t at; /* its data */
};

/* Codes of options. */
#define DNS_OPTION_NSID	     3
#define DNS_OPTION_ECS	     8
#define DNS_OPTION_COOKIE    10
#define DNS_OPTION_KEEPALIVE 11
#define DNS_OPTION_PADDING   12
#define DNS_OPTION_EDE	     15

/* The first OPT record. Of several options of one code the first; dns_next_option() has all. */
struct dns_edns {
	bool present, dnssec_ok;
	bool has_cookie, has_ecs, has_ede;
	uint8_t version;
	uint16_t flags; /* with DO, the top bit */
	uint16_t udp_size;
	uint16_t rdata, rdata_len; /* all options */
	uint16_t options;	   /* how many */
	struct dns_option cookie;  /* RFC 7873: 8 bytes of the client, then 8 to 32 of the server */
	struct dns_option ecs;	   /* RFC 7871, of IPv4 or IPv6; see dns_put_subnet() */
	uint16_t ede;		   /* RFC 8914: info code; see dns_ede_name() */
	struct dns_option ede_text; /* its extra text: UTF-8, if the sender is honest */
};

struct dns_message {
	const uint8_t *bytes;
	uint16_t len;
	bool mdns;

	uint16_t id;
	uint16_t flags; /* DNS_QR … */
	uint8_t opcode;
	uint16_t rcode;		       /* with the upper bits of EDNS */
	uint16_t counts[DNS_SECTIONS]; /* as the header says */

	uint16_t questions; /* read; the first one is `question`, dns_next_question() has all */
	uint16_t questions_end;
	struct dns_question question;
	uint16_t records;  /* in `record` */
	uint16_t more;	   /* records read after those, not kept */
	uint16_t trailing; /* bytes after the last record */
	struct dns_edns edns;

	/*
	 * NULL, or what is wrong, the first time that something is: a sentence without its
	 * subject, like "ends inside a name", and at which byte. All that was read
	 * before it is here and right. Where a record's data is wrong (.bad) the records after it
	 * are read too; else `wrong_at` is where reading ended.
	 */
	const char *wrong;
	uint16_t wrong_at;

	struct dns_record record[DNS_RECORDS]; /* what lies behind .records is not set */
};

/*
 * Reads a message: of TCP without the two bytes of length before it. `mdns`: it came by multicast
 * DNS, where the top bit of a class is no part of it. True when nothing is wrong; *m is filled
 * either way.
 */
bool dns_parse(struct dns_message *m, const void *bytes, size_t len, bool mdns);

/* The question (option) after *at, which is 0 for the first; false when there is none left. */
bool dns_next_question(const struct dns_message *m, uint16_t *at, struct dns_question *q);
bool dns_next_option(const struct dns_message *m, uint16_t *at, struct dns_option *o);

/*
 * Text. Each writes without NUL and returns the end. It is ASCII without control characters.
 *
 * A name prints as RFC 1035 (5.1) has it: \. and the like for what means something in a zone file,
 * \DDD for what isn't printable; A-labels stay as they are; the root is ".". With `dot` other names
 * end with a dot, too, as in dig and in zone files; without it they don't.
 */
#define DNS_NAME_TEXT 1024
char *dns_put_name(char *to, const struct dns_message *m, uint16_t at, bool dot);

/*
 * The data of a record that dns_parse() gave, in zone file format as dnspython and dig print it:
 * hex and base32 in lower case, base64 without spaces, numbers where a registry has mnemonics for
 * algorithms. A type that isn't known here, and data that doesn't fit its type, print as
 * \# LENGTH HEX (RFC 3597). Of OPT the options print: NSID=HEX ECS=ADDRESS/24/0 COOKIE=HEX
 * EDE=18 "TEXT" OPT65001=HEX. Names end as `dot` says.
 */
#define DNS_RDATA_TEXT(rdata_len) (5 * (size_t)(rdata_len) + 4096)
char *dns_put_rdata(char *to, const struct dns_message *m, const struct dns_record *r, bool dot);

/* The client's subnet (.has_ecs): ADDRESS/SOURCE/SCOPE, as dig has it. */
#define DNS_SUBNET_TEXT 48
char *dns_put_subnet(char *to, const struct dns_message *m);

/* Mnemonics of IANA's registries, else TYPE65280, CLASS2, and for the others the number alone. */
#define DNS_WORD_TEXT 16
char *dns_put_type(char *to, uint16_t type);
char *dns_put_class(char *to, uint16_t class);
char *dns_put_rcode(char *to, uint16_t rcode);
char *dns_put_opcode(char *to, uint8_t opcode);

/* "Stale Answer" of 3 (RFC 8914), NULL for a code that has no name. */
const char *dns_ede_name(uint16_t code);

/* What a user typed, in any case: "https", "TYPE65" or "nxdomain"; a number does for an rcode. */
bool dns_parse_type(const char *s, uint16_t *type);
bool dns_parse_rcode(const char *s, uint16_t *rcode);

#endif
