/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "base/num.h"
#include "tests/tap.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* What a function must leave alone when it refuses. */
#define UNTOUCHED 0xdead

static uint64_t random_u64(void)
{
	uint64_t v = 0;

	for (int i = 0; i < 5; i++)
		v = v << 15 ^ random();
	/* of every length */
	return v >> random() % 64;
}

static void test_parse_u64(void)
{
	static const struct {
		const char *s;
		uint64_t min, max;
		bool good;
		uint64_t value;
	} cases[] = {
		{ "0", 0, UINT64_MAX, true, 0 },
		{ "7", 0, UINT64_MAX, true, 7 },
		{ "007", 0, UINT64_MAX, true, 7 },
		{ "18446744073709551615", 0, UINT64_MAX, true, UINT64_MAX },
		{ "18446744073709551616", 0, UINT64_MAX },
		{ "18446744073709551620", 0, UINT64_MAX },
		{ "99999999999999999999999", 0, UINT64_MAX },
		{ "4", 5, 9 },
		{ "5", 5, 9, true, 5 },
		{ "9", 5, 9, true, 9 },
		{ "10", 5, 9 },
		{ "", 0, UINT64_MAX },
		{ " 1", 0, UINT64_MAX },
		{ "1 ", 0, UINT64_MAX },
		{ "+1", 0, UINT64_MAX },
		{ "-1", 0, UINT64_MAX },
		{ "0x10", 0, UINT64_MAX },
		{ "1e3", 0, UINT64_MAX },
		{ "1.0", 0, UINT64_MAX },
		{ "1\n", 0, UINT64_MAX },
		{ "\xb2", 0, UINT64_MAX },
	};

	for (unsigned i = 0; i < COUNT(cases); i++) {
		uint64_t v = UNTOUCHED;
		bool good = parse_u64(cases[i].s, cases[i].min, cases[i].max, &v);

		ok(good == cases[i].good, "parse_u64 %s '%s'", cases[i].good ? "takes" : "refuses",
		   cases[i].s);
		is_u64(v, cases[i].good ? cases[i].value : UNTOUCHED, "parse_u64 of '%s'",
		       cases[i].s);
	}
}

static void test_parse_duration(void)
{
	static const struct {
		const char *s;
		bool good;
		uint64_t ns;
	} cases[] = {
		{ "0", true, 0 },
		{ "1", true, 1000000000 },
		{ "10s", true, 10000000000 },
		{ "1.5", true, 1500000000 },
		{ "1.5s", true, 1500000000 },
		{ "0.25ms", true, 250000 },
		{ "250us", true, 250000 },
		{ "3ns", true, 3 },
		{ "1.9ns", true, 1 },
		{ "2m", true, 120000000000 },
		{ "1.5h", true, 5400000000000 },
		{ "7d", true, 604800000000000 },
		{ "0.1d", true, 8640000000000 },
		{ "0.000000000000011575d", true, 1 },
		{ "0.333333333333333333333333333333s", true, 333333333 },
		{ "0.9999999999999999999999", true, 999999999 },
		{ "9223372036854775807ns", true, INT64_MAX },
		{ "9223372036854775808ns" },
		{ "9223372036.854775807", true, INT64_MAX },
		{ "9223372036.854775808" },
		{ "106751d", true, 106751 * 86400000000000 },
		{ "106752d" },
		{ "18446744073709551615d" },
		{ "18446744073709551616" },
		{ "" },
		{ "s" },
		{ "." },
		{ ".5" },
		{ "5." },
		{ "5.s" },
		{ "1..5" },
		{ "1.5.5" },
		{ "1,5" },
		{ "-1" },
		{ "+1" },
		{ " 1" },
		{ "1 s" },
		{ "1s " },
		{ "1S" },
		{ "1M" },
		{ "1min" },
		{ "1ss" },
		{ "1e3" },
		{ "0x1" },
		{ "inf" },
	};

	for (unsigned i = 0; i < COUNT(cases); i++) {
		uint64_t v = UNTOUCHED;
		bool good = parse_duration(cases[i].s, &v);

		ok(good == cases[i].good, "parse_duration %s '%s'",
		   cases[i].good ? "takes" : "refuses", cases[i].s);
		is_u64(v, cases[i].good ? cases[i].ns : UNTOUCHED, "parse_duration of '%s'",
		       cases[i].s);
	}
}

static void test_parse_size(void)
{
	static const struct {
		const char *s;
		bool good;
		uint64_t bytes;
	} cases[] = {
		{ "0", true, 0 },
		{ "4096", true, 4096 },
		{ "1K", true, 1024 },
		{ "4M", true, 4194304 },
		{ "3G", true, 3221225472 },
		{ "2T", true, 2199023255552 },
		{ "18446744073709551615", true, UINT64_MAX },
		{ "18446744073709551616" },
		{ "18014398509481983K", true, UINT64_MAX - 1023 },
		{ "18014398509481984K" },
		{ "16777215T", true, UINT64_MAX << 40 },
		{ "16777216T" },
		{ "" },
		{ "K" },
		{ "1k" },
		{ "1kB" },
		{ "1KB" },
		{ "1KiB" },
		{ "1KK" },
		{ "1 K" },
		{ "1.5K" },
		{ "-1K" },
		{ "1P" },
		{ " 1" },
	};

	for (unsigned i = 0; i < COUNT(cases); i++) {
		uint64_t v = UNTOUCHED;
		bool good = parse_size(cases[i].s, &v);

		ok(good == cases[i].good, "parse_size %s '%s'", cases[i].good ? "takes" : "refuses",
		   cases[i].s);
		is_u64(v, cases[i].good ? cases[i].bytes : UNTOUCHED, "parse_size of '%s'",
		       cases[i].s);
	}
}

/* Whether both ways of printing agree with printf(3) about v, and write nothing behind the end. */
static bool agrees(uint64_t v)
{
	char got[64], expected[64];
	int n = sprintf(expected, "%" PRIu64 "~~", v);
	bool same;

	memset(got, '~', sizeof(got));
	same = put_u64(got, v) == got + n - 2 && !memcmp(got, expected, n);
	n = sprintf(expected, "%" PRId64 "~~", (int64_t)v);
	memset(got, '~', sizeof(got));
	return same && put_i64(got, v) == got + n - 2 && !memcmp(got, expected, n);
}

static void test_put_numbers(void)
{
	uint64_t power = 1, wrong = 0;
	char buf[64];

	for (int i = 0; i < 20; i++, power *= 10)
		ok(agrees(power - 1) && agrees(power) && agrees(power + 1) && agrees(-power),
		   "put_u64 and put_i64 around 10^%d", i);
	for (int i = 0; i < 64; i++)
		ok(agrees((1ull << i) - 1) && agrees(1ull << i) && agrees((1ull << i) + 1),
		   "put_u64 and put_i64 around 2^%d", i);
	ok(agrees(UINT64_MAX), "put_u64 of the largest");
	for (int i = 0; i < 100000; i++)
		wrong += !agrees(random_u64());
	is_u64(wrong, 0, "put_u64 and put_i64 of random numbers");

	wrong = 0;
	for (int i = 0; i < 100000; i++) {
		int digits = 1 + random() % 20;
		char expected[64];
		uint64_t v = random_u64();
		int n = sprintf(expected, "%020" PRIu64, v);

		memset(buf, '~', sizeof(buf));
		wrong += put_digits(buf, v, digits) != buf + digits || buf[digits] != '~' ||
			 memcmp(buf, expected + n - digits, digits);
	}
	is_u64(wrong, 0, "put_digits: the last digits of random numbers");
	is_mem(buf, put_digits(buf, 7, 9) - buf, "000000007", 9, "put_digits fills up with zeros");
	is_mem(buf, put_digits(buf, 0, 1) - buf, "0", 1, "put_digits of 0");
	is_mem(buf, put_hex(buf, "\x00\x01\x7f\x80\xab\xff", 6) - buf, "00017f80abff", 12,
	       "put_hex");
	is_mem(buf, put_hex(buf, "", 0) - buf, "", 0, "put_hex of nothing");
}

static void test_put_duration(void)
{
	static const struct {
		uint64_t ns;
		const char *text;
	} cases[] = {
		{ 0, "0" },
		{ 1, "1ns" },
		{ 999, "999ns" },
		{ 1000, "1.00us" },
		{ 1999, "1.99us" },
		{ 9999, "9.99us" },
		{ 12345, "12.3us" },
		{ 99999, "99.9us" },
		{ 456789, "456us" },
		{ 999999, "999us" },
		{ 1000000, "1.00ms" },
		{ 12345678, "12.3ms" },
		{ 999999999, "999ms" },
		{ 1000000000, "1.000s" },
		{ 1234567890, "1.234s" },
		{ 59999999999, "59.999s" },
		{ 60000000000, "1m00s" },
		{ 123999999999, "2m03s" },
		{ 3599999999999, "59m59s" },
		{ 3600000000000, "1h00m" },
		{ 3720000000000, "1h02m" },
		{ 360000000000000, "100h00m" },
		{ UINT64_MAX, "5124095h34m" },
	};
	char buf[64];

	for (unsigned i = 0; i < COUNT(cases); i++)
		is_mem(buf, put_duration(buf, cases[i].ns) - buf, cases[i].text,
		       strlen(cases[i].text), "put_duration of %" PRIu64, cases[i].ns);
}

static void test_put_addr(void)
{
	static const char *const cases[] = {
		"::",
		"::1",
		"1::",
		"2001:db8::1",
		"2001:db8:0:1:1:1:1:1",
		"2001:0:0:1::1",
		"2001:db8::1:0:0:1",
		"::1:2:3:4:5:6:7",
		"1:2:3:4:5:6:7::",
		"1:2:3:4:5:6:7:8",
		"fe80::1234:5678:9abc:def0",
		"ff02::fb",
		"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
		"64:ff9b::102:304",
		"0:1::",
		"::ffff:0:1:2",
	};
	uint8_t addr[16];
	char got[64], expected[64];
	unsigned wrong = 0;

	for (unsigned i = 0; i < COUNT(cases); i++) {
		char name[64] = "";

		inet_pton(AF_INET6, cases[i], addr);
		*put_addr(got, addr, 16) = '\0';
		/* RFC 5952 leaves a single zero group, inet_pton(3) takes it either way. */
		strcpy(name, !strcmp(cases[i], "::1:2:3:4:5:6:7")   ? "0:1:2:3:4:5:6:7"
			     : !strcmp(cases[i], "1:2:3:4:5:6:7::") ? "1:2:3:4:5:6:7:0"
								    : cases[i]);
		is_str(got, name, "put_addr of %s", cases[i]);
	}
	inet_pton(AF_INET6, "::ffff:192.0.2.33", addr);
	*put_addr(got, addr, 16) = '\0';
	is_str(got, "192.0.2.33", "put_addr of a v4-mapped address");
	*put_addr(got, "\x00\x09\x63\xff", 4) = '\0';
	is_str(got, "0.9.99.255", "put_addr of an IPv4 address");

	for (int i = 0; i < 100000; i++) {
		int family = i % 8 ? AF_INET6 : AF_INET;

		/* Many zeros, in the groups and within them. */
		for (int b = 0; b < 16; b++)
			addr[b] = random() % 3 ? 0 : random() >> 8;
		/* inet_ntop(3) still shows the long obsolete "v4-compatible" ones in IPv4's way. */
		addr[0] |= 0x20;
		inet_ntop(family, addr, expected, sizeof(expected));
		*put_addr(got, addr, family == AF_INET ? 4 : 16) = '\0';
		wrong += strcmp(got, expected) != 0;
	}
	is_u64(wrong, 0, "put_addr and inet_ntop agree on random addresses");
}

/* The seconds since 1970 of the text, by the C library; -1: it is none. */
static int64_t read_rfc3339(const char *s, unsigned *ns)
{
	struct tm tm = {};
	const char *end = strptime(s, "%Y-%m-%dT%H:%M:%S", &tm);
	int n = 0;

	if (!end || end != s + 19 || sscanf(end, ".%9u%n", ns, &n) != 1 || n != 10 ||
	    strcmp(end + n, "Z"))
		return -1;
	return timegm(&tm);
}

static void test_put_rfc3339(void)
{
	static const struct {
		uint64_t ns;
		const char *text;
	} cases[] = {
		{ 0, "1970-01-01T00:00:00.000000000Z" },
		{ 1, "1970-01-01T00:00:00.000000001Z" },
		{ 999999999, "1970-01-01T00:00:00.999999999Z" },
		{ 1000000000, "1970-01-01T00:00:01.000000000Z" },
		{ 951782400000000000, "2000-02-29T00:00:00.000000000Z" },
		{ 1709251199999999999, "2024-02-29T23:59:59.999999999Z" },
		{ 1709251200000000000, "2024-03-01T00:00:00.000000000Z" },
		{ 1709251199000000007, "2024-02-29T23:59:59.000000007Z" },
		{ 2147483648000000000, "2038-01-19T03:14:08.000000000Z" },
		{ UINT64_MAX, "2554-07-21T23:34:33.709551615Z" },
		{ 0, "1970-01-01T00:00:00.000000000Z" },
	};
	char buf[64];
	unsigned wrong = 0;

	for (unsigned i = 0; i < COUNT(cases); i++) {
		memset(buf, '~', sizeof(buf));
		is_mem(buf, put_rfc3339(buf, cases[i].ns) - buf, cases[i].text, 30,
		       "put_rfc3339 of %" PRIu64, cases[i].ns);
		ok(buf[30] == '~', "and nothing behind it");
	}
	for (int i = 0; i < 20000; i++) {
		uint64_t t = random_u64();
		unsigned ns = 0;

		*put_rfc3339(buf, t) = '\0';
		wrong +=
			read_rfc3339(buf, &ns) != (int64_t)(t / 1000000000) || ns != t % 1000000000;
	}
	is_u64(wrong, 0, "put_rfc3339 of random times is what timegm reads");
}

/* RFC 8259's grammar, which strtod(3) is wider than. */
static bool is_json_number(const char *s)
{
	const char *digits = "0123456789";
	size_t n;

	s += *s == '-';
	n = strspn(s, digits);
	if (!n || (n > 1 && *s == '0'))
		return false;
	s += n;
	if (*s == '.') {
		n = strspn(++s, digits);
		if (!n)
			return false;
		s += n;
	}
	if (*s == 'e' || *s == 'E') {
		s++;
		s += *s == '+' || *s == '-';
		n = strspn(s, digits);
		if (!n)
			return false;
		s += n;
	}
	return !*s;
}

/* Its significant digits, less zeros at either end. */
static int significant(const char *s)
{
	int n = 0, zeros = 0;

	for (; *s && *s != 'e'; s++) {
		if (*s < '0' || *s > '9' || (!n && *s == '0'))
			continue;
		n++;
		zeros = *s == '0' ? zeros + 1 : 0;
	}
	return n - zeros;
}

/* The fewest digits that are read back as v. */
static int least_digits(double v)
{
	char text[64];
	int digits = 0;

	do
		snprintf(text, sizeof(text), "%.*e", digits++, v);
	while (strtod(text, NULL) != v);
	return v == 0 ? 0 : digits;
}

static bool double_agrees(double v)
{
	char got[64];
	char *end;

	memset(got, '~', sizeof(got));
	end = put_double(got, v);
	if (end - got > 24 || *end != '~')
		return false;
	*end = '\0';
	return is_json_number(got) && strtod(got, NULL) == v && significant(got) == least_digits(v);
}

static void test_put_double(void)
{
	static const struct {
		double v;
		const char *text;
	} cases[] = {
		{ 0, "0" },
		{ 1, "1" },
		{ -1, "-1" },
		{ 100000, "100000" },
		{ 1e15, "1000000000000000" },
		{ 0x1p53, "9007199254740992" },
		{ -0x1p53, "-9007199254740992" },
		{ 0x1p53 + 2, "9007199254740994" },
		{ -0x1p53 - 2, "-9007199254740994" },
		{ 0.1, "0.1" },
		{ -0.5, "-0.5" },
		{ 1.5e-5, "1.5e-05" },
		{ 1.0 / 3, "0.3333333333333333" },
		{ 0.1 + 0.2, "0.30000000000000004" },
		{ 1e300, "1e+300" },
		{ 5e-324, "5e-324" },
		{ 2.2250738585072014e-308, "2.2250738585072014e-308" },
		{ -1.7976931348623157e308, "-1.7976931348623157e+308" },
	};
	char buf[64];
	unsigned wrong = 0;

	for (unsigned i = 0; i < COUNT(cases); i++) {
		*put_double(buf, cases[i].v) = '\0';
		is_str(buf, cases[i].text, "put_double of %.17g", cases[i].v);
		ok(double_agrees(cases[i].v), "it is read back as it was");
	}
	ok(double_agrees(-0.0), "put_double of -0.0");
	for (int i = 0; i < 10000; i++) {
		/* Any bits; a few of them, as small numbers have; and decimal fractions. */
		uint64_t bits[] = { random_u64(), random_u64() >> 12, random_u64() << 40 };

		for (unsigned k = 0; k < COUNT(bits); k++) {
			double v;

			memcpy(&v, &bits[k], sizeof(v));
			wrong += v - v == 0 && !double_agrees(v);
		}
		wrong += !double_agrees((int64_t)random_u64() / 1000.0);
	}
	is_u64(wrong, 0, "put_double of random numbers");
}

int main(void)
{
	srandom(1);
	test_parse_u64();
	test_parse_duration();
	test_parse_size();
	test_put_numbers();
	test_put_duration();
	test_put_addr();
	test_put_rfc3339();
	test_put_double();
	return done();
}
