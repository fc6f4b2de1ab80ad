/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/data/dns: NAME.bin has messages, two bytes of length before each, and NAME.tsv a row for
 * each with what dnspython made of it (frame, message, id, flags, the four sections, error). Those
 * of `made` were made with dnspython, the others were captured from common clients and servers.
 */
#include <stdlib.h>

#include "base/num.h"
#include "net/dns.h"
#include "tests/tap.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static const char *const sets[] = {
	"types", "edns", "tcp", "mdns", "made", "resolvers", "transfer"
};

/* Exactly the message on the heap, so that a sanitizer sees a byte more that is read. */
static uint8_t *exact(const void *bytes, size_t n)
{
	return memcpy(malloc(n), bytes, n);
}

static char *slurp(const char *name, const char *suffix, size_t *n)
{
	char path[100], *all;
	FILE *f;

	snprintf(path, sizeof(path), "tests/data/dns/%s%s", name, suffix);
	f = fopen(path, "r");
	if (!f) {
		perror(path);
		exit(1);
	}
	fseek(f, 0, SEEK_END);
	*n = ftell(f);
	rewind(f);
	all = calloc(1, *n + 1);
	*n = fread(all, 1, *n, f);
	fclose(f);
	return all;
}

static char *put(char *to, const char *s)
{
	return stpcpy(to, s);
}

/* Everything as dnspython's rows have it. */

static char *put_questions(char *to, const struct dns_message *m)
{
	struct dns_question q;
	uint16_t at = 0;
	const char *start = to;

	while (dns_next_question(m, &at, &q)) {
		if (to > start)
			to = put(to, " | ");
		to = put(dns_put_name(to, m, q.name, true), " ");
		to = put(dns_put_class(to, q.class), " ");
		to = dns_put_type(to, q.type);
	}
	return to;
}

static char *put_edns(char *to, const struct dns_message *m)
{
	struct dns_option o;
	uint16_t at = 0;

	to += sprintf(to, ". OPT size=%u ver=%u do=%d rcode=", m->edns.udp_size, m->edns.version,
		      m->edns.dnssec_ok);
	to = put(dns_put_rcode(to, m->rcode), " opts=");
	while (dns_next_option(m, &at, &o)) {
		if (to[-1] != '=')
			*to++ = ',';
		to = put(put_u64(to, o.code), ":");
		to = put_hex(to, m->bytes + o.at, o.len);
	}
	return to;
}

static char *put_record(char *to, const struct dns_message *m, const struct dns_record *r)
{
	if (r->type == DNS_TYPE_OPT)
		return put_edns(to, m);
	to = put(dns_put_name(to, m, r->name, true), " ");
	to = put(put_u64(to, r->ttl), " ");
	to = put(dns_put_class(to, r->class), " ");
	to = put(dns_put_type(to, r->type), " ");
	return dns_put_rdata(to, m, r, true);
}

static char *put_section(char *to, const struct dns_message *m, unsigned section)
{
	const char *start = to;

	for (unsigned i = 0; i < m->records; i++) {
		if (m->record[i].section != section)
			continue;
		if (to > start)
			to = put(to, " | ");
		to = put_record(to, m, &m->record[i]);
	}
	return to;
}

static char *put_header(char *to, const struct dns_message *m)
{
	static const struct {
		uint16_t flag;
		const char *name;
	} flags[] = {
		{ DNS_QR, "QR " }, { DNS_AA, "AA " }, { DNS_TC, "TC " }, { DNS_RD, "RD " },
		{ DNS_RA, "RA " }, { DNS_AD, "AD " }, { DNS_CD, "CD " },
	};
	const char *start = to;

	for (unsigned i = 0; i < COUNT(flags); i++)
		if (m->flags & flags[i].flag)
			to = put(to, flags[i].name);
	if (to == start)
		*to++ = ' ';
	to = put(dns_put_opcode(to, m->opcode), " ");
	return dns_put_rcode(to, m->rcode);
}

static char *put_message(char *to, const struct dns_message *m)
{
	to += sprintf(to, "%04x\t", m->id);
	to = put(put_header(to, m), "\t");
	to = put_questions(to, m);
	for (unsigned section = DNS_ANSWER; section < DNS_SECTIONS; section++) {
		*to++ = '\t';
		to = put_section(to, m, section);
	}
	return to;
}

/* dnspython cuts base64 into words of 32; a word of base32hex can be as long, in lower case. */
static void join_base64(char *s)
{
	const char *from = s;
	unsigned run = 0;
	bool base64 = false;

	for (; *from; from++) {
		if (*from == ' ' && run == 32 && base64 && from[1] && from[1] != '|') {
			run = 0;
			continue;
		}
		*s++ = *from;
		if (*from == ' ' || *from == '\t') {
			run = 0;
			base64 = false;
			continue;
		}
		run++;
		base64 |= (*from >= 'A' && *from <= 'Z') || *from == '+' || *from == '/';
	}
	*s = 0;
}

/* Cuts what comes after the records that are kept: the rows of zone transfers have all of them. */
static void cut_records(char *row, const struct dns_message *m)
{
	unsigned n = 0;

	if (!m->more)
		return;
	for (char *p = row; (p = strstr(p, " | ")); p += 3)
		if (++n == m->records) {
			strcpy(p, "\t\t");
			return;
		}
}

static void test_message(const char *set, char *row, const void *bytes, size_t n)
{
	static struct dns_message m;
	static char text[1 << 20];
	uint8_t *b = exact(bytes, n);
	char name[100], *columns;

	row = strchr(row, '\t') + 1;
	columns = strchr(row, '\t') + 1;
	snprintf(name, sizeof(name), "%s %.4s", set, columns);
	columns[strlen(columns) - 1] = 0; /* the tab before no error */
	ok(dns_parse(&m, b, n, false), "%s: nothing is wrong", name);
	is_u64(m.trailing, 0, "%s: nothing is left", name);
	*put_message(text, &m) = 0;
	join_base64(columns);
	cut_records(columns, &m);
	is_str(text, columns, "%s: as dnspython has it", name);
	is_u64(m.records + m.more,
	       m.counts[DNS_ANSWER] + m.counts[DNS_AUTHORITY] + m.counts[DNS_ADDITIONAL],
	       "%s: all records", name);
	free(b);
}

/* Calls `test` for each message with its row. */
static void each(void (*test)(const char *set, char *row, const void *bytes, size_t n))
{
	for (unsigned i = 0; i < COUNT(sets); i++) {
		size_t n, rows_n, at = 0;
		char *bytes = slurp(sets[i], ".bin", &n);
		char *rows = slurp(sets[i], ".tsv", &rows_n);

		for (char *row = rows, *end; (end = strchr(row, '\n')); row = end + 1) {
			size_t len = (uint8_t)bytes[at] << 8 | (uint8_t)bytes[at + 1];

			*end = 0;
			test(sets[i], row, bytes + at + 2, len);
			at += 2 + len;
		}
		if (at != n)
			ok(false, "%s: as many messages as rows", sets[i]);
		free(bytes);
		free(rows);
	}
}

/* What prints stays within what was promised, and is printable ASCII. */
static bool prints(const struct dns_message *m)
{
	static char text[DNS_RDATA_TEXT(65535)];
	bool good = true;

	for (unsigned i = 0; i < m->records; i++) {
		const struct dns_record *r = &m->record[i];
		char *end = dns_put_rdata(text, m, r, true);

		good &= r->rdata + r->rdata_len <= m->len && r->name < m->len;
		good &= (size_t)(end - text) <= DNS_RDATA_TEXT(r->rdata_len);
		for (const char *c = text; c < end; c++)
			good &= *c >= ' ' && *c < 0x7f;
		end = dns_put_name(text, m, r->name, false);
		good &= end > text && end - text <= DNS_NAME_TEXT;
	}
	return good && (m->wrong_at <= m->len);
}

/* The records that a message has, cut short, are the first ones that it has as a whole. */
static bool is_prefix(const struct dns_message *m, const struct dns_message *whole)
{
	for (unsigned i = 0; i < m->records; i++) {
		const struct dns_record *a = &m->record[i], *b = &whole->record[i];

		if (a->name != b->name || a->type != b->type || a->class != b->class ||
		    a->ttl != b->ttl || a->rdata != b->rdata || a->rdata_len != b->rdata_len ||
		    a->bad || a->section != b->section)
			return false;
	}
	return m->records <= whole->records && m->questions <= whole->questions;
}

static void test_prefixes(const char *set, char *row, const void *bytes, size_t n)
{
	static struct dns_message m, whole;
	size_t step = n > 2000 ? 37 : 1, bad = 0;

	dns_parse(&whole, bytes, n, false);
	for (size_t len = 0; len < n; len += step) {
		uint8_t *b = exact(bytes, len);

		bad += dns_parse(&m, b, len, false) || !m.wrong || m.wrong_at > len ||
		       !is_prefix(&m, &whole);
		bad += (len < 1000 || len % 10 == 0) && !prints(&m);
		free(b);
	}
	is_u64(bad, 0, "%s %.4s: each prefix is wrong, and right up to there", set,
	       strchr(strchr(row, '\t') + 1, '\t') + 1);
}

static void test_mutations(const char *set, char *row, const void *bytes, size_t n)
{
	static const uint8_t values[] = { 0, 1, 0x3f, 0x40, 0x80, 0xc0, 0xff };
	static struct dns_message m;
	uint8_t *b = exact(bytes, n);
	size_t step = n > 2000 ? 101 : 1, bad = 0;

	for (size_t at = 0; at < n; at += step) {
		uint8_t was = b[at];

		for (unsigned i = 0; i < COUNT(values) + 1; i++) {
			b[at] = i < COUNT(values) ? values[i] : was + 1;
			dns_parse(&m, b, n, at % 2);
			bad += !prints(&m);
		}
		b[at] = was;
	}
	is_u64(bad, 0, "%s %.4s: any byte another one", set,
	       strchr(strchr(row, '\t') + 1, '\t') + 1);
	free(b);
}

/* A header with these counts, and what follows it. */
static struct dns_message *parse(bool mdns, int qd, int an, int ar, const void *rest, size_t n)
{
	static struct dns_message m;
	static uint8_t *b;

	free(b);
	b = calloc(1, 12 + n);
	b[0] = 0x12;
	b[1] = 0x34;
	b[5] = qd;
	b[7] = an;
	b[11] = ar;
	memcpy(b + 12, rest, n);
	dns_parse(&m, b, 12 + n, mdns);
	return &m;
}

#define PARSE(mdns, qd, an, ar, literal) parse(mdns, qd, an, ar, literal, sizeof(literal) - 1)

/* "a" IN A as the question, and what an answer has before its length. */
#define QUESTION "\1a\0\0\1\0\1"
#define A_IN	 "\300\14\0\1\0\1\0\0\0\7"

static void test_wrong(void)
{
	static const struct {
		int qd, an, ar;
		const char *rest;
		size_t n;
		const char *wrong;
		unsigned at;
	} cases[] = {
#define WRONG(qd, an, ar, rest, wrong, at) { qd, an, ar, rest, sizeof(rest) - 1, wrong, at }
		WRONG(0, 0, 0, "", NULL, 0),
		WRONG(1, 0, 0, "", "has fewer questions than its header says", 12),
		WRONG(2, 0, 0, QUESTION, "has fewer questions than its header says", 19),
		WRONG(1, 1, 0, QUESTION, "has fewer records than its header says", 19),
		WRONG(1, 0, 0, "\1a", "ends inside a name", 14),
		WRONG(1, 0, 0, "\2a", "ends inside a name", 12),
		WRONG(1, 0, 0, "\300", "ends inside a name", 12),
		WRONG(1, 0, 0, "\1a\0\0\1\0", "ends inside a question", 15),
		WRONG(1, 0, 0, "\300\14\0\1\0\1", "has a name that doesn't point backwards", 12),
		WRONG(1, 0, 0, "\300\20\0\1\0\1", "has a name that doesn't point backwards", 12),
		WRONG(1, 0, 0, "\1a\300\14\0\1\0\1", "has a name that doesn't point backwards", 14),
		WRONG(1, 0, 0, "\300\0\0\1\0\1", "has a name that points into the header", 12),
		WRONG(1, 0, 0, "\100a\0\0\1\0\1", "has a label of an unknown kind", 12),
		WRONG(1, 0, 0, "\200a\0\0\1\0\1", "has a label of an unknown kind", 12),
		WRONG(1, 1, 0, QUESTION A_IN "\0", "ends inside a record", 21),
		WRONG(1, 1, 0, QUESTION A_IN "\0\5\1\2\3\4",
		      "has a record longer than the rest of the message", 29),
		WRONG(1, 1, 0, QUESTION A_IN "\0\4\1\2\3\4", NULL, 0),
		WRONG(1, 1, 0, QUESTION A_IN "\0\3\1\2\3",
		      "has a record whose data doesn't fit its type", 31),
		WRONG(1, 1, 0, QUESTION "\300\14\0\5\0\1\0\0\0\7\0\2\300\37",
		      "has a name that doesn't point backwards", 31),
		WRONG(1, 1, 0, QUESTION "\300\14\0\17\0\1\0\0\0\7\0\6\0\12\1x\300\100",
		      "has a name that doesn't point backwards", 35),
		WRONG(1, 1, 0, QUESTION "\300\14\0\5\0\1\0\0\0\7\0\1\300",
		      "has a record whose data doesn't fit its type", 31),
		WRONG(0, 0, 1, "\0\0\51\4\320\0\0\0\0\0\0", NULL, 0),
		WRONG(0, 1, 0, "\0\0\51\4\320\0\0\0\0\0\0",
		      "has an OPT record outside the additional section", 12),
		WRONG(0, 0, 1, "\1a\0\0\51\4\320\0\0\0\0\0\0",
		      "has an OPT record whose name isn't the root", 12),
		WRONG(0, 0, 2, "\0\0\51\4\320\0\0\0\0\0\0\0\0\51\4\320\0\0\0\0\0\0",
		      "has two OPT records", 23),
		WRONG(0, 0, 1, "\0\0\51\4\320\0\0\0\0\0\3\0\3\0",
		      "has an option longer than its OPT record", 23),
		WRONG(0, 0, 1, "\0\0\51\4\320\0\0\0\0\0\4\0\3\0\1",
		      "has an option longer than its OPT record", 23),
		WRONG(0, 0, 1, "\0\0\51\4\320\0\0\0\0\0\5\0\12\0\1x",
		      "has a cookie of a wrong length", 27),
		WRONG(0, 0, 1, "\0\0\51\4\320\0\0\0\0\0\6\0\10\0\2\0\1",
		      "has a client subnet that is too short", 27),
		WRONG(0, 0, 1, "\0\0\51\4\320\0\0\0\0\0\12\0\10\0\6\0\1\30\0\1\2",
		      "has a client subnet of a wrong length", 27),
		WRONG(0, 0, 1, "\0\0\51\4\320\0\0\0\0\0\5\0\17\0\1x",
		      "has an extended error without a code", 27),
	};

	for (unsigned i = 0; i < COUNT(cases); i++) {
		struct dns_message *m = parse(false, cases[i].qd, cases[i].an, cases[i].ar,
					      cases[i].rest, cases[i].n);

		is_str(m->wrong, cases[i].wrong, "wrong %u", i);
		is_u64(m->wrong_at, cases[i].at, "wrong %u: where", i);
		is_u64(m->id, 0x1234, "wrong %u: the id is there", i);
	}
}

static void test_lengths(void)
{
	static uint8_t big[70000];
	static struct dns_message m;
	char name[400] = "", text[DNS_NAME_TEXT];
	int n = 0;

	/* 3 * 64 + 62 + 1 = 255, and one more. */
	for (int i = 0; i < 3; i++, n += 64) {
		name[n] = 63;
		memset(name + n + 1, 0xff, 63);
	}
	name[n] = 61;
	memset(name + n + 1, 0xff, 61);
	memcpy(name + 254, "\0\0\1\0\1", 5);
	ok(!parse(false, 1, 0, 0, name, 259)->wrong, "a name of 255 bytes");
	is_u64(dns_put_name(text, parse(false, 1, 0, 0, name, 259), 12, true) - text, 250 * 4 + 4,
	       "the longest text of a name");
	name[n] = 62;
	memcpy(name + 255, "\0\0\1\0\1", 5);
	is_str(parse(false, 1, 0, 0, name, 260)->wrong, "has a name of more than 255 bytes",
	       "a name of 256 bytes");
	for (unsigned i = 0; i < 12; i++) {
		dns_parse(&m, big, i, false);
		is_str(m.wrong, "is shorter than a header", "%u bytes", i);
	}
	big[7] = 1;
	dns_parse(&m, big, 65536, false);
	is_str(m.wrong, "is longer than 65535 bytes", "65536 bytes");
	is_u64(m.records, 1, "what was read is there");
	/* As many records as fit. */
	big[6] = big[7] = 0xff;
	dns_parse(&m, big, 65535, false);
	is_u64(m.records, DNS_RECORDS, "as many records as there is room for");
	is_u64(m.records + m.more, (65535 - 12) / 11, "the others are counted");
	is_str(m.wrong, "ends inside a record", "then it ends");
	big[6] = big[7] = 0;
	dns_parse(&m, big, 100, false);
	is_u64(m.trailing, 88, "what is behind is counted");
	ok(!m.wrong, "and isn't wrong");
}

/* Pointers to pointers, each two bytes further back; the record's name is the last one. */
static void test_pointers(void)
{
	for (unsigned pointers = 127; pointers <= 130; pointers++) {
		uint8_t rest[400] = "\0\0\1\0\1\0\377\0\0\1\0\0\0\0";
		unsigned at = 28, to = 12;
		struct dns_message *m;
		char text[DNS_NAME_TEXT];

		rest[15] = 2 * pointers - 2; /* all but one are the data of the record before it */
		rest[14] = (2 * pointers - 2) >> 8;
		for (unsigned i = 0; i < pointers; i++, to = at, at += 2) {
			rest[at - 12] = 0xc0 | to >> 8;
			rest[at - 11] = to;
		}
		m = parse(false, 1, 2, 0, rest, at - 12 + 10);
		if (pointers > 128) {
			is_str(m->wrong, "has a name of too many pointers", "%u pointers",
			       pointers);
			is_u64(m->wrong_at, at - 2 - 2 * 128, "%u pointers: at the last one",
			       pointers);
			continue;
		}
		is_str(m->wrong, NULL, "a chain of %u pointers ends", pointers);
		*dns_put_name(text, m, m->record[1].name, true) = 0;
		is_str(text, ".", "a chain of %u pointers: at the root", pointers);
	}
}

static void test_mdns(void)
{
	static const char message[] = "\1a\0\0\377\200\1"
				      "\300\14\0\1\200\1\0\0\0\x78\0\4\1\2\3\4"
				      "\0\0\51\205\240\0\0\0\0\0\0";
	struct dns_message *m = PARSE(true, 1, 1, 1, message);
	char text[DNS_RDATA_TEXT(4)];

	ok(!m->wrong, "mDNS");
	is_u64(m->question.class, 1, "mDNS: the question's class");
	ok(m->question.unicast, "mDNS: a unicast answer is asked for");
	is_u64(m->record[0].class, 1, "mDNS: the record's class");
	ok(m->record[0].cache_flush, "mDNS: flushes");
	*dns_put_rdata(text, m, &m->record[0], true) = 0;
	is_str(text, "1.2.3.4", "mDNS: its data");
	is_u64(m->edns.udp_size, 0x85a0, "mDNS: OPT has no class");
	m = PARSE(false, 1, 1, 1, message);
	is_u64(m->question.class, 0x8001, "the same outside mDNS: its class");
	ok(!m->question.unicast && !m->record[0].cache_flush, "no bits");
	*dns_put_rdata(text, m, &m->record[0], true) = 0;
	is_str(text, "\\# 4 01020304", "and the data of a class that isn't known");
}

static void test_edns(void)
{
	static const char message[] = "\0\0\51\4\320\1\0\200\0\0\x3c"
				      "\0\10\0\7\0\1\30\20\300\0\2"
				      "\0\12\0\10\1\2\3\4\5\6\7\10"
				      "\0\17\0\7\0\22\"\n\\x\377"
				      "\0\17\0\2\0\3"
				      "\0\10\0\4\0\7\1\2"
				      "\0\3\0\0"
				      "\375\351\0\4\336\255\276\357";
	struct dns_message *m = PARSE(false, 0, 0, 1, message);
	char text[DNS_RDATA_TEXT(60)], word[DNS_WORD_TEXT];

	is_str(m->wrong, NULL, "EDNS");
	ok(m->edns.present && m->edns.dnssec_ok && m->edns.has_cookie && m->edns.has_ecs &&
		   m->edns.has_ede,
	   "EDNS: all of it is there");
	is_u64(m->edns.udp_size, 1232, "EDNS: size");
	is_u64(m->edns.options, 7, "EDNS: options");
	*dns_put_rcode(word, m->rcode) = 0;
	is_str(word, "BADVERS", "EDNS: the upper bits of rcode");
	*dns_put_subnet(text, m) = 0;
	is_str(text, "192.0.2.0/24/16", "EDNS: subnet");
	is_u64(m->edns.ede, 18, "EDNS: extended error");
	is_str(dns_ede_name(m->edns.ede), "Prohibited", "EDNS: its name");
	is_mem(m->bytes + m->edns.ede_text.at, m->edns.ede_text.len, "\"\n\\x\377", 5,
	       "EDNS: its text");
	*dns_put_rdata(text, m, &m->record[0], true) = 0;
	is_str(text,
	       "ECS=192.0.2.0/24/16 COOKIE=0102030405060708 EDE=18 \"\\\"\\010\\\\x\\255\" "
	       "EDE=0003 ECS=00070102 NSID= OPT65001=deadbeef",
	       "EDNS: as text");
}

/* Data that isn't its type's prints as it is, and the records behind it are read. */
static void test_bad_rdata(void)
{
	static const struct {
		const char *what;
		unsigned type;
		const char *rdata;
		size_t n;
	} cases[] = {
#define BAD(what, type, rdata) { what, type, rdata, sizeof(rdata) - 1 }
		BAD("CNAME: nothing", 5, ""),
		BAD("CNAME: more", 5, "\0x"),
		BAD("CNAME: over its end", 5, "\1"),
		BAD("AAAA: short", 28, "123456789012345"),
		BAD("TXT: nothing", 16, ""),
		BAD("TXT: over its end", 16, "\1a\2b"),
		BAD("MX: without a name", 15, "\0\12"),
		BAD("SOA: short", 6, "\0\0\0\0\0\1"),
		BAD("NSEC: a block twice", 47, "\0\0\1\100\0\1\100"),
		BAD("NSEC: an empty block", 47, "\0\0\0"),
		BAD("NSEC: a block of 33", 47, "\0\0\41aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
		BAD("NSEC: over its end", 47, "\0\0\2a"),
		BAD("NSEC3: salt over its end", 50, "\1\0\0\0\4ab"),
		BAD("DS: without a digest", 43, "\1\2\3\4"),
		BAD("LOC: another version", 29, "\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
		BAD("LOC: no digit", 29, "\0\240\22\22\200\0\0\0\200\0\0\0\200\0\0\0"),
		BAD("LOC: over the pole", 29, "\0\22\22\22\1\0\0\0\200\0\0\0\200\0\0\0"),
		BAD("SVCB: keys out of order", 64, "\0\1\0\0\6\0\0\0\4\0\4\1\2\3\4"),
		BAD("SVCB: a key twice", 64, "\0\1\0\0\2\0\0\0\2\0\0"),
		BAD("SVCB: over its end", 64, "\0\1\0\0\7\0\2x"),
		BAD("SVCB: port of one byte", 64, "\0\1\0\0\3\0\1x"),
		BAD("SVCB: half an address", 64, "\0\1\0\0\4\0\2xx"),
		BAD("SVCB: no-default-alpn with a value", 64, "\0\1\0\0\2\0\1x"),
		BAD("SVCB: an empty id", 64, "\0\1\0\0\1\0\1\0"),
		BAD("SVCB: ids over their end", 64, "\0\1\0\0\1\0\2\2a"),
		BAD("SVCB: mandatory without keys", 64, "\0\1\0\0\0\0\0"),
		BAD("CAA: tag over its end", 257, "\0\5a"),
		BAD("TSIG: code over its end", 250, "\0\0\0\0\0\0\0\0\0\0\5a"),
	};

	for (unsigned i = 0; i < COUNT(cases); i++) {
		char rest[200], text[DNS_RDATA_TEXT(100)], expected[250];
		size_t n = cases[i].n;
		struct dns_message *m;

		memcpy(rest, QUESTION "\300\14", 9);
		memcpy(rest + 9, "\0\0\0\1\0\0\0\7\0", 9);
		rest[9] = cases[i].type >> 8;
		rest[10] = cases[i].type;
		rest[18] = n;
		memcpy(rest + 19, cases[i].rdata, n);
		memcpy(rest + 19 + n, A_IN "\0\4\1\2\3\4", 16);
		m = parse(false, 1, 2, 0, rest, 19 + n + 16);
		is_str(m->wrong, "has a record whose data doesn't fit its type", "%s",
		       cases[i].what);
		ok(m->wrong_at >= 31 && m->wrong_at <= 31 + n, "%s: where", cases[i].what);
		ok(m->records == 2 && m->record[0].bad && !m->record[1].bad,
		   "%s: the next one is read", cases[i].what);
		*dns_put_rdata(text, m, &m->record[0], true) = 0;
		sprintf(expected, "\\# %zu%s", n, n ? " " : "");
		*put_hex(expected + strlen(expected), cases[i].rdata, n) = 0;
		is_str(text, expected, "%s: as it is", cases[i].what);
	}
}

/* What dnspython's rows don't have. */
static void test_rdata(void)
{
	static const char update[] = QUESTION "\300\14\0\1\0\377\0\0\0\0\0\0"
					      "\300\14\0\1\0\376\0\0\0\0\0\4\1\2\3\4";
	static const char tsig[] = "\1k\0\0\372\0\377\0\0\0\0\0\x1a"
				   "\4hmac\0\0\0\x65\x53\xf1\0\1\54\0\2\1\2\x12\x34\0\20\0\2xy";
	struct dns_message *m = PARSE(false, 1, 2, 0, update);
	char text[DNS_RDATA_TEXT(600)], many[600] = "\0";

	ok(!m->wrong, "an update");
	*dns_put_rdata(text, m, &m->record[0], true) = 0;
	is_str(text, "\\# 0", "an update: no data");
	*dns_put_rdata(text, m, &m->record[1], true) = 0;
	is_str(text, "1.2.3.4", "an update: a record to delete");

	m = PARSE(false, 0, 0, 1, tsig);
	is_str(m->wrong, NULL, "TSIG");
	*dns_put_rdata(text, m, &m->record[0], false) = 0;
	is_str(text, "hmac 1700000000 300 2 AQI= 4660 BADSIG 2 eHk=", "TSIG as text, without dots");

	/* As many types as are written out, and one more. */
	memcpy(many, "\0\0\57\0\1\0\0\0\0\0\x23\0\0\40", 14);
	memset(many + 14, 0xff, 16);
	m = parse(false, 0, 1, 0, many, 11 + 0x23);
	is_str(m->wrong, NULL, "NSEC with 128 types");
	*dns_put_rdata(text, m, &m->record[0], true) = 0;
	ok(!strncmp(text, ". TYPE0 A NS ", 13), "NSEC with 128 types is written out");
	many[14 + 31] = 1;
	m = parse(false, 0, 1, 0, many, 11 + 0x23);
	*dns_put_rdata(text, m, &m->record[0], true) = 0;
	ok(!m->wrong && !strncmp(text, "\\# 35 000020ffff", 16), "with 129 it isn't");
}

static void test_names(void)
{
	char text[DNS_NAME_TEXT];
	uint16_t v = 0;
	struct dns_message *m = PARSE(false, 1, 0, 0, "\3a.b\2\t\377\0\0\1\0\1");

	*dns_put_name(text, m, 12, false) = 0;
	is_str(text, "a\\.b.\\009\\255", "a name without a dot at its end");
	*dns_put_name(text, m, 12, true) = 0;
	is_str(text, "a\\.b.\\009\\255.", "and with one");
	*dns_put_name(text, PARSE(false, 1, 0, 0, "\0\0\1\0\1"), 12, false) = 0;
	is_str(text, ".", "the root has one always");

	for (unsigned i = 0; i <= UINT16_MAX; i++) {
		*dns_put_type(text, i) = 0;
		if (!dns_parse_type(text, &v) || v != i)
			break;
	}
	is_u64(v, UINT16_MAX, "every type is read as it prints");
	ok(dns_parse_type("https", &v) && v == 65, "https");
	ok(dns_parse_type("type65", &v) && v == 65, "type65");
	ok(!dns_parse_type("TYPE65536", &v) && !dns_parse_type("TYPE", &v) &&
		   !dns_parse_type("", &v) && !dns_parse_type("65", &v),
	   "what isn't a type");
	ok(dns_parse_rcode("nxdomain", &v) && v == 3, "nxdomain");
	ok(dns_parse_rcode("3841", &v) && v == 3841 && !dns_parse_rcode("4096", &v),
	   "an rcode of 12 bits");
	*dns_put_type(text, 65280) = 0;
	is_str(text, "TYPE65280", "a private type");
	*dns_put_class(text, 2) = 0;
	is_str(text, "CLASS2", "a class without a name");
	*dns_put_opcode(text, 3) = 0;
	is_str(text, "3", "an opcode without a name");
	*dns_put_rcode(text, 12) = 0;
	is_str(text, "12", "an rcode without a name");
	is_str(dns_ede_name(31), NULL, "an error without a name");
}

int main(void)
{
	each(test_message);
	each(test_prefixes);
	each(test_mutations);
	test_wrong();
	test_lengths();
	test_pointers();
	test_mdns();
	test_edns();
	test_bad_rdata();
	test_rdata();
	test_names();
	return done();
}
