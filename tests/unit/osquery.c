/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>

#include "sink/osquery.h"
#include "tests/tap.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* A result of this text, of which nothing is wrong. */
static struct osquery_result split(const char *text)
{
	struct osquery_result r = { .text = strdup(text), .len = strlen(text) };
	size_t at;

	is_str(osquery_split(&r, &at), NULL, "%s", text);
	return r;
}

static void test_rows(void)
{
	static const char *const rows[] = { "{\"a\":\"1\"}", "{\"b\":\"}]\\\"{\"}", "{}",
					    "{\"c\":[{}]}" };
	struct osquery_result r = split("[\n  {\"a\":\"1\"},\n  {\"b\":\"}]\\\"{\"}\t,{},\r\n"
					"{\"c\":[{}]}\n]\n");

	is_u64(r.n, COUNT(rows), "as many rows");
	for (size_t i = 0; i < r.n && i < COUNT(rows); i++)
		is_mem(r.row[i].at, r.row[i].len, rows[i], strlen(rows[i]), "row %zu", i + 1);
	osquery_free(&r);
	ok(!r.text && !r.row && !r.n, "it is freed");
	r = split("[\n\n]\n");
	is_u64(r.n, 0, "none");
	osquery_free(&r);
	r = split(" []");
	is_u64(r.n, 0, "none either");
	osquery_free(&r);
}

static void test_what_is_no_result(void)
{
	static const struct {
		const char *text, *wrong;
		size_t at;
	} tests[] = {
		{ "", "is no JSON array", 0 },
		{ " \n", "is no JSON array", 2 },
		{ "{}", "is no JSON array", 0 },
		{ "Error: [", "is no JSON array", 0 },
		{ "[", "ends within the array", 1 },
		{ "[{}", "ends within the array", 3 },
		{ "[{},", "ends within the array", 4 },
		{ "[{},]", "has a row that is no object", 4 },
		{ "[,]", "has a row that is no object", 1 },
		{ "[1]", "has a row that is no object", 1 },
		{ "[{} {}]", "has something else than a comma behind a row", 4 },
		{ "[{\"a]", "ends within a row", 1 },
		{ "[{\"a\\", "ends within a row", 1 },
		{ "[{]", "ends within the array", 3 },
		{ "[{}] x", "goes on behind the array", 5 },
		{ "[{}][{}]", "goes on behind the array", 4 },
	};

	for (size_t i = 0; i < COUNT(tests); i++) {
		struct osquery_result r = { .text = (char *)tests[i].text,
					    .len = strlen(tests[i].text) };
		size_t at = 99;

		is_str(osquery_split(&r, &at), tests[i].wrong, "'%s'", tests[i].text);
		is_u64(at, tests[i].at, "and where");
		free(r.row);
	}
}

static void test_members(void)
{
	static const char bytes[] = "{\"\xff\":\"\xc3\xa9\xfe\\n\",\"b\":1,\"c\":null}";
	struct osquery_row row = { bytes, sizeof(bytes) - 1 };
	struct json_object o = {};
	char text[20];

	ok(osquery_scan_row(&o, &row), "what is no UTF-8 is no obstacle");
	is_u64(o.n, 3, "all members");
	is_mem(o.member[0].key.at, o.member[0].key.len, "\xff", 1, "the name of one");
	is_mem(text, json_text(&o.member[0].value, text), "\xc3\xa9\xfe\n", 4, "its bytes");
	is_mem(o.member[1].value.at, o.member[1].value.len, "1", 1, "a number");
	ok(o.member[2].value.type == JSON_NULL, "and null");

	for (const char *const *p =
		     (const char *const[]){ "{\"a\":{}}", "{\"a\":[]}", "{\"a\":\"\\u0000\"}",
					    "{\"a\":\xff}", "{\"a\":01}", "{]", NULL };
	     *p; p++) {
		row = (struct osquery_row){ *p, strlen(*p) };
		ok(!osquery_scan_row(&o, &row) && o.wrong, "%s: %s", *p, o.wrong);
	}
	row.len = OSQUERY_ROW_MAX + 1; /* which are not looked at */
	ok(!osquery_scan_row(&o, &row), "%s", o.wrong);
	json_free(&o);
}

/* The rows that are new and gone, as letters. */
static void compare(const char *before, const char *after, const char *gone, const char *added)
{
	struct osquery_result a = { .len = 0 }, b = { .len = 0 }, *both[] = { &a, &b };
	const char *rows[] = { before, after };
	char left[2][20] = {};

	for (int i = 0; i < 2; i++) {
		both[i]->row = calloc(20, sizeof(struct osquery_row));
		for (const char *p = rows[i]; *p; p++)
			both[i]->row[both[i]->n++] = (struct osquery_row){ p, 1, *p == '!' };
	}
	ok(osquery_compare(&a, &b), "'%s' and '%s'", before, after);
	for (int i = 0; i < 2; i++)
		for (size_t j = 0, n = 0; j < both[i]->n; j++)
			if (!both[i]->row[j].known && !both[i]->row[j].bad)
				left[i][n++] = *both[i]->row[j].at;
	is_str(left[0], gone, "gone");
	is_str(left[1], added, "added");
	free(a.row);
	free(b.row);
}

static void test_compare(void)
{
	compare("", "", "", "");
	compare("", "abc", "", "abc");
	compare("abc", "", "abc", "");
	compare("abc", "cab", "", "");
	compare("aabbc", "bacc", "ab", "c");
	compare("zya", "xzb", "ya", "xb");
	compare("!a", "a!b", "", "b");
}

static void test_compare_lengths(void)
{
	struct osquery_result a = split("[{\"a\":\"1\"},{\"a\":\"12\"}]");
	struct osquery_result b = split("[{\"a\":\"12\"},{\"a\":\"123\"}]");

	ok(osquery_compare(&a, &b), "rows that begin alike");
	ok(!a.row[0].known && a.row[1].known, "are told apart before");
	ok(b.row[0].known && !b.row[1].known, "and after");
	osquery_free(&a);
	osquery_free(&b);
}

static void test_numbers(void)
{
	static const char *const numbers[] = {
		"0",	 "1",	     "-1",	"10",	    "9007199254740992",
		"0.0",	 "0.5",	     "-0.5",	"100.0",    "-9007199254740992",
		"1.25",	 "1.0e+20",  "1.5e-07", "1.0e+308", "123456789012345.0",
		"0.001", "1.0e-308", "5.1e+15", "12.5",	    "0.12345678901234567",
	};
	static const char *const texts[] = {
		"",
		"-",
		"+1",
		"01",
		"-0",
		"-0.0",
		"1.",
		".5",
		"1.50",
		"5.10",
		"00.5",
		"1e5",
		"1.0e5",
		"1.0e+5",
		"1.0E+20",
		" 1",
		"1 ",
		"0x10",
		"nan",
		"inf",
		"1,5",
		"1_0",
		"1.2.3",
		"1.0e+400",
		"--1",
		"1.5e-400",
		"1.0e+",
		"1.0e+20x",
		"9007199254740993",
		"-9007199254740993",
		"18446744073709551616",
		"1.123456789012345678",
		"99999999999999999999999999999999999999999",
	};

	for (size_t i = 0; i < COUNT(numbers); i++)
		ok(osquery_is_number(numbers[i], strlen(numbers[i])), "%s is one", numbers[i]);
	for (size_t i = 0; i < COUNT(texts); i++)
		ok(!osquery_is_number(texts[i], strlen(texts[i])), "'%s' is none", texts[i]);
	ok(!osquery_is_number("1\0002", 3), "nor with a NUL");
	ok(osquery_is_number("12x", 2), "what is behind it doesn't matter");
}

static char found[1000];

static void on_query(void *ctx, struct osquery_query *q)
{
	(void)ctx;
	sprintf(found + strlen(found), "%s=%s/%u%s%s;", q->name, q->sql, (unsigned)q->interval,
		q->snapshot ? "s" : "", q->removed ? "r" : "");
	free((char *)q->name);
	free((char *)q->sql);
}

static void pack(const char *text, const char *expected, bool lacks)
{
	struct osquery_pack p = { .query = on_query };

	*found = '\0';
	ok(osquery_read_pack(&p, text, strlen(text)), "a pack: %s", text);
	is_str(p.wrong, NULL, "nothing is wrong");
	is_str(found, expected, "its queries");
	ok((p.discovery || p.shard || p.version) == lacks, "what has no effect");
}

static void no_pack(const char *text, const char *wrong, const char *where, size_t line)
{
	struct osquery_pack p = { .query = on_query };

	*found = '\0';
	ok(!osquery_read_pack(&p, text, strlen(text)), "no pack: %s", text);
	if (wrong)
		is_str(p.wrong, wrong, "why");
	is_str(p.where, where, "of which query");
	is_u64(p.line, line, "in which line");
}

static void test_packs(void)
{
	pack("{\"queries\":{}}", "", false);
	pack("{\"queries\":{\"a\":{\"query\":\"b\"}},\"x\":[1]}", "a=b/3600r;", false);
	pack("{\"queries\":{\"a\":{\"query\":\"b\",\"interval\":\"5\",\"snapshot\":\"true\","
	     "\"removed\":0},\"\\u00e9\":{\"query\":\"\\\"\",\"interval\":604800}}}",
	     "a=b/5s;\xc3\xa9=\"/604800r;", false);
	pack("# \\\n{\n//\n \t// x\n{\"queries\":{}}", "", false);
	pack("# {\n//\n \t// x\n{\"queries\":\n{\"a\":{\"query\":\"b \\\nc // d\"}}}\n#",
	     "a=b c // d/3600r;", false);
	pack("{\"shard\":1,\"queries\":{\"a\":{\"query\":\"b\"}}}", "a=b/3600r;", true);
	pack("{\"queries\":{\"a\":{\"query\":\"b\",\"version\":\"1\"}}}", "a=b/3600r;", true);
	pack("{\"discovery\":[],\"queries\":{}}", "", true);
	pack("{\"platform\":\"darwin\",\"queries\":3}", "", false);
	for (const char *const *p =
		     (const char *const[]){ "linux", "posix", "all", "any", "", "null",
					    "darwin, linux", "linux,windows", NULL };
	     *p; p++) {
		char text[100];

		sprintf(text, "{\"queries\":{\"a\":{\"query\":\"b\",\"platform\":\"%s\"}}}", *p);
		pack(text, "a=b/3600r;", false);
	}
	pack("{\"queries\":{\"a\":{\"query\":\"b\",\"platform\":\"linuxes\"}}}", "", false);
	pack("{\"queries\":{\"a\":{\"query\":\"b\",\"platform\":\"windows\",\"shard\":1}}}", "",
	     false);
}

static void test_what_is_no_pack(void)
{
	no_pack("", NULL, "", 1);
	no_pack("#\n\n[]", NULL, "", 3);
	no_pack("{\n#\n\"a\\\n\":\n1,}", NULL, "", 5);
	no_pack("{}", "has no object called queries", "", 0);
	no_pack("{\"queries\":[]}", "has no object called queries", "", 0);
	no_pack("{\"queries\":{\"a\":[]}}", "is no object", "a", 0);
	no_pack("{\"queries\":{\"a\":{\"query\":1}}}", "has no text as query", "a", 0);
	no_pack("{\"queries\":{\"\x1b\":{}}}", NULL, "", 1);
	no_pack("{\"queries\":{\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\":{\"query\":\"\"}}}",
		"has no text as query", "aaaaaaaaaaaaaaaaaaaa", 0);
	no_pack("{\"queries\":{\"b\":{\"query\":\"b\",\"interval\":1.5}}}",
		"has an interval that is no number of seconds from 1 to 604800", "b", 0);
	no_pack("{\"queries\":{\"b\":{\"query\":\"b\",\"interval\":\"12345678901234567890123\"}}}",
		"has an interval that is no number of seconds from 1 to 604800", "b", 0);
	no_pack("{\"queries\":{\"b\":{\"query\":\"b\",\"snapshot\":\"\"}}}",
		"has a snapshot that is neither true nor false", "b", 0);
}

int main(void)
{
	test_rows();
	test_what_is_no_result();
	test_members();
	test_compare();
	test_compare_lengths();
	test_numbers();
	test_packs();
	test_what_is_no_pack();
	return done();
}
