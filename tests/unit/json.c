/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/json.h"
#include "tests/tap.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* A literal and its length, NULs included. */
#define LITERAL(s) s, sizeof(s) - 1

static struct json_object o;

/* Whether it is accepted, and jansson agrees on it and on all that is in it. */
static bool accepts(const char *text, size_t len)
{
	bool accepted;
	const char *differs = compare_line(&o, text, len, &accepted);

	ok(!differs, "as jansson has it: %.60s", text);
	if (differs)
		tap_show(differs, text, len);
	return accepted;
}

static const char event[] =
	"{\"ts\":\"2026-11-21T21:39:48.296379483Z\",\"event\":\"process.exec\",\"pid\":8495,"
	"\"comm\":\"dépl\\\"oy\\u00e9\",\"age\":-1.25e-3,\"cgroup_id\":\"4711\",\"fileless\":null,"
	"\"ancestors\":[{\"comm\":\"execwatch\",\"pid\":8492},{\"comm\":\"🐧\",\"pid\":8436}],"
	"\"ok\":true,\"no\":false,\"args\":[\"/bin/sh\",\"-e\",[],{},\"\"]}";

static void test_accepted(void)
{
	static const struct {
		const char *text;
		size_t len;
	} cases[] = {
		{ LITERAL(event) },
		{ LITERAL("{}") },
		{ LITERAL(" \t\r\n{ \t\r\n} \t\r\n") },
		{ LITERAL("{\"a\" : 1 , \"b\" : [ 1 , 2 ] , \"c\" : { \"d\" : 3 } }\r\n") },
		{ LITERAL("{\"\":\"\"}") },
		{ LITERAL("{\"a\":1,\"a\":\"2\",\"a\":[]}") },
		{ LITERAL("{\"a\":true,\"b\":false,\"c\":null}") },
		{ LITERAL("{\"a\":0,\"b\":-0,\"c\":0.0,\"d\":-0.0,\"e\":0e0,\"f\":0E+1}") },
		{ LITERAL("{\"a\":1.5,\"b\":1e5,\"c\":1E-5,\"d\":-1.5e+05,\"e\":0.1}") },
		{ LITERAL("{\"a\":9007199254740991,\"b\":9007199254740993,\"c\":0.3e23}") },
		{ LITERAL("{\"a\":9007199254740992e22,\"b\":9007199254740993e1,\"c\":1e-22}") },
		{ LITERAL("{\"a\":1.7976931348623157e308,\"b\":1.7976931348623158e308}") },
		{ LITERAL("{\"a\":4.9e-324,\"b\":2e-324,\"c\":1e-999,\"d\":1e-99999999999999}") },
		{ LITERAL("{\"a\":0e999,\"b\":0.0e99999999999999999999,\"c\":-0e999}") },
		{ LITERAL("{\"a\":18446744073709551616,\"b\":-9223372036854775809}") },
		{ LITERAL("{\"\\u0061\\\"\\\\\\/"
			  "\\b\\f\\n\\r\\t\":\"\\u00E9\\u20ac\\uD83D\\udc27\"}") },
		{ LITERAL("{\"a\":"
			  "\"\\u007f\\u0080\\u07ff\\u0800\\uffff\\ud800\\udc00\\udbff\\udfff\"}") },
		{ LITERAL("{\"a\":"
			  "\"\x7f\xc2\x80\u07ff\u0800\ud7ff\ue000\uffff\U00010000\U0010ffff\"}") },
		{ LITERAL("{\"a\":\"{[,:]}\",\"b\":\"\\\\\"}") },
		{ LITERAL("{\"a\":[[],{},[[]],[{}],{\"a\":[]}]}") },
	};

	for (unsigned i = 0; i < COUNT(cases); i++)
		ok(accepts(cases[i].text, cases[i].len), "accepted: %s", cases[i].text);
}

static void test_rejected(void)
{
	static const struct {
		const char *text;
		size_t len;
		const char *wrong;
		size_t at;
	} cases[] = {
		{ LITERAL(""), "doesn't begin with {", 0 },
		{ LITERAL(" "), "doesn't begin with {", 1 },
		{ LITERAL("{"), "doesn't end with }", 1 },
		{ LITERAL("}"), "doesn't begin with {", 0 },
		{ LITERAL("\""), "doesn't begin with {", 0 },
		{ LITERAL("\0"), "doesn't begin with {", 0 },
		{ LITERAL("null"), "doesn't begin with {", 0 },
		{ LITERAL("[{}]"), "doesn't begin with {", 0 },
		{ LITERAL("\xef\xbb\xbf{}"), "doesn't begin with {", 0 },
		{ LITERAL("\f{}"), "doesn't begin with {", 0 },
		{ LITERAL("{\v}"), "has no string where a name should be", 1 },
		{ LITERAL("{\xc2\xa0}"), "has no string where a name should be", 1 },
		{ LITERAL("{,}"), "has no string where a name should be", 1 },
		{ LITERAL("{1:2}"), "has no string where a name should be", 1 },
		{ LITERAL("{\"a\":1,}"), "has no string where a name should be", 7 },
		{ LITERAL("{\"a\":1,,\"b\":2}"), "has no string where a name should be", 7 },
		{ LITERAL("{\"a\":{1}}"), "has no string where a name should be", 6 },
		{ LITERAL("{\"a\":{\"b\":1,}}"), "has no string where a name should be", 12 },
		{ LITERAL("{\"a\"}"), "has no colon behind a name", 4 },
		{ LITERAL("{\"a\" 1}"), "has no colon behind a name", 5 },
		{ LITERAL("{\"a\":[{\"b\"}]}"), "has no colon behind a name", 10 },
		{ LITERAL("{\"a\":}"), "has something that isn't a value", 5 },
		{ LITERAL("{\"a\":tru}"), "has something that isn't a value", 5 },
		{ LITERAL("{\"a\":t}"), "has something that isn't a value", 5 },
		{ LITERAL("{\"a\":f}"), "has something that isn't a value", 5 },
		{ LITERAL("{\"a\":n}"), "has something that isn't a value", 5 },
		{ LITERAL("{\"a\":True}"), "has something that isn't a value", 5 },
		{ LITERAL("{\"a\":NaN}"), "has something that isn't a value", 5 },
		{ LITERAL("{\"a\":Infinity}"), "has something that isn't a value", 5 },
		{ LITERAL("{\"a\":'b'}"), "has something that isn't a value", 5 },
		{ LITERAL("{\"a\":+1}"), "has something that isn't a value", 5 },
		{ LITERAL("{\"a\":.5}"), "has something that isn't a value", 5 },
		{ LITERAL("{\"a\":/**/1}"), "has something that isn't a value", 5 },
		{ LITERAL("{\"a\":[1,]}"), "has something that isn't a value", 8 },
		{ LITERAL("{\"a\":[,1]}"), "has something that isn't a value", 6 },
		{ LITERAL("{\"a\":\0}"), "has something that isn't a value", 5 },
		{ LITERAL("{\"a\":1 2}"), "has no comma behind a value", 7 },
		{ LITERAL("{\"a\":1\"b\":2}"), "has no comma behind a value", 6 },
		{ LITERAL("{\"a\":truex}"), "has no comma behind a value", 9 },
		{ LITERAL("{\"a\":0x1}"), "has no comma behind a value", 6 },
		{ LITERAL("{\"a\":1\0}"), "has no comma behind a value", 6 },
		{ LITERAL("{\"a\":true\0}"), "has no comma behind a value", 9 },
		{ LITERAL("{\"a\":[1 2]}"), "has no comma behind a value", 8 },
		{ LITERAL("{\"a\":[1}}"), "has no comma behind a value", 7 },
		{ LITERAL("{\"a\":[1}"), "has no comma behind a value", 7 },
		{ LITERAL("{\"a\":{\"b\":1]}"), "has no comma behind a value", 11 },
		{ LITERAL("{\"a\":1]}"), "has no comma behind a value", 6 },
		{ LITERAL("{\"a\":{}"), "ends before its object does", 7 },
		{ LITERAL("{\"a\":[{\"b\":1}"), "ends before its object does", 13 },
		{ LITERAL("{\"a\":{\"b\":{} } "), "ends before its object does", 14 },
		{ LITERAL("{}}"), "has something behind its object", 2 },
		{ LITERAL("{} {}"), "has something behind its object", 2 },
		{ LITERAL("{}\0{}"), "has something behind its object", 2 },
		{ LITERAL("{}\0"), "doesn't end with }", 3 },
		{ LITERAL("{\"a\":1} x"), "doesn't end with }", 9 },
		{ LITERAL("{\"a\":-}"), "has a number without digits", 6 },
		{ LITERAL("{\"a\":--1}"), "has a number without digits", 6 },
		{ LITERAL("{\"a\":01}"), "has a number with a zero in front", 5 },
		{ LITERAL("{\"a\":-00}"), "has a number with a zero in front", 6 },
		{ LITERAL("{\"a\":1.}"), "has a number without a digit behind the point", 7 },
		{ LITERAL("{\"a\":1.e5}"), "has a number without a digit behind the point", 7 },
		{ LITERAL("{\"a\":1e}"), "has a number without a digit in its exponent", 7 },
		{ LITERAL("{\"a\":1E+}"), "has a number without a digit in its exponent", 8 },
		{ LITERAL("{\"a\":1e-x}"), "has a number without a digit in its exponent", 8 },
		{ LITERAL("{\"a\":1e999}"), "has a number that is too large", 5 },
		{ LITERAL("{\"a\":-1e999}"), "has a number that is too large", 5 },
		{ LITERAL("{\"a\":[1.8e308]}"), "has a number that is too large", 6 },
		{ LITERAL("{\"a\":1.7976931348623159e308}"), "has a number that is too large", 5 },
		{ LITERAL("{\"a\":1e0000000000000000000309}"), "has a number that is too large",
		  5 },
		{ LITERAL("{\"a\":1e99999999999999999999}"), "has a number that is too large", 5 },
		{ LITERAL("{\"a}"), "has a string that doesn't end", 1 },
		{ LITERAL("{\"a\":\"b}"), "has a string that doesn't end", 5 },
		{ LITERAL("{\"a\":\"b\\\"}"), "has a string that doesn't end", 5 },
		{ LITERAL("{\"a\":\"\n\"}"), "has a control character in a string", 6 },
		{ LITERAL("{\"a\":\"\0\"}"), "has a control character in a string", 6 },
		{ LITERAL("{\"a\t\":\"\"}"), "has a control character in a string", 3 },
		{ LITERAL("{\"a\":\"0123456789\x1f\"}"), "has a control character in a string",
		  16 },
		{ LITERAL("{\"a\":\"\\x\"}"), "has an escape that isn't allowed", 6 },
		{ LITERAL("{\"a\":\"\\'\"}"), "has an escape that isn't allowed", 6 },
		{ LITERAL("{\"a\":\"\\\0\"}"), "has an escape that isn't allowed", 6 },
		{ LITERAL("{\"a\":\"\\}"), "has an escape that isn't allowed", 6 },
		{ LITERAL("{\"a\":\"\\u}"), "has an escape that isn't allowed", 6 },
		{ LITERAL("{\"a\":\"\\u123}"), "has an escape that isn't allowed", 6 },
		{ LITERAL("{\"a\":\"\\u12g4\"}"), "has an escape that isn't allowed", 6 },
		{ LITERAL("{\"a\":\"\\u 123\"}"), "has an escape that isn't allowed", 6 },
		{ LITERAL("{\"a\":\"\\U0061\"}"), "has an escape that isn't allowed", 6 },
		{ LITERAL("{\"a\":\"\\u0000\"}"), "has an escape that isn't allowed", 6 },
		{ LITERAL("{\"\\u0000\":1}"), "has an escape that isn't allowed", 2 },
		{ LITERAL("{\"a\":\"\\ud800\"}"), "has an escape that isn't allowed", 6 },
		{ LITERAL("{\"a\":\"\\udc00\\ud800\"}"), "has an escape that isn't allowed", 6 },
		{ LITERAL("{\"a\":\"\\ud800\\ud800\"}"), "has an escape that isn't allowed", 6 },
		{ LITERAL("{\"a\":\"\\ud800\\ue000\"}"), "has an escape that isn't allowed", 6 },
		{ LITERAL("{\"a\":\"\\ud800\\udbff\"}"), "has an escape that isn't allowed", 6 },
		{ LITERAL("{\"a\":\"\\ud800\\n\"}"), "has an escape that isn't allowed", 6 },
		{ LITERAL("{\"a\":\"\\ud800\\}"), "has an escape that isn't allowed", 6 },
		{ LITERAL("{\"a\":\"\\ud800\\udc}"), "has an escape that isn't allowed", 6 },
		{ LITERAL("{\"a\":\"\xff\"}"), "has invalid UTF-8", 6 },
		{ LITERAL("{\"a\":\"\x80\"}"), "has invalid UTF-8", 6 },
		{ LITERAL("{\"a\":\"\xc0\x80\"}"), "has invalid UTF-8", 6 },
		{ LITERAL("{\"a\":\"\xc1\xbf\"}"), "has invalid UTF-8", 6 },
		{ LITERAL("{\"a\":\"\xe0\x9f\xbf\"}"), "has invalid UTF-8", 6 },
		{ LITERAL("{\"a\":\"\xed\xa0\x80\"}"), "has invalid UTF-8", 6 },
		{ LITERAL("{\"a\":\"\xed\xbf\xbf\"}"), "has invalid UTF-8", 6 },
		{ LITERAL("{\"a\":\"\xf0\x8f\xbf\xbf\"}"), "has invalid UTF-8", 6 },
		{ LITERAL("{\"a\":\"\xf4\x90\x80\x80\"}"), "has invalid UTF-8", 6 },
		{ LITERAL("{\"a\":\"\xf8\x88\x80\x80\x80\"}"), "has invalid UTF-8", 6 },
		{ LITERAL("{\"a\":\"\xe2\x82\"}"), "has invalid UTF-8", 6 },
		{ LITERAL("{\"a\":\"\xe2\x82}"), "has invalid UTF-8", 6 },
		{ LITERAL("{\"\xf0\x9f\x90\":1}"), "has invalid UTF-8", 2 },
	};

	for (unsigned i = 0; i < COUNT(cases); i++) {
		ok(!accepts(cases[i].text, cases[i].len), "rejected, case %u", i);
		is_str(o.wrong, cases[i].wrong, "case %u: what is wrong", i);
		is_u64(o.wrong_at, cases[i].at, "case %u: and where", i);
	}
	ok(!json_scan(&o, event, (size_t)UINT32_MAX + 1), "over 4 GiB are rejected");
	is_str(o.wrong, "is too long", "and nothing of them is read");
}

/* No line that is cut says anything, nor do two in one. */
static void test_cut(void)
{
	size_t len = strlen(event);
	unsigned accepted = 0, differ = 0;
	char twice[2 * sizeof(event)];
	bool is_accepted;

	for (size_t n = 0; n < len; n++) {
		differ += !!compare_line(&o, event, n, &is_accepted);
		accepted += is_accepted;
	}
	is_u64(accepted, 0, "no beginning of a line is accepted");
	is_u64(differ, 0, "nor by jansson");
	memcpy(twice, event, len);
	memcpy(twice + len, event, len);
	ok(!accepts(twice, 2 * len), "nor are two lines");
}

/* An object, arrays in it up to that depth, and what is in the innermost. */
static bool accepts_depth(unsigned depth, char open, char close, const char *inner)
{
	char *text = malloc(8 * depth + strlen(inner)), *to = stpcpy(text, "{\"a\":");
	bool accepted;

	for (unsigned i = 1; i < depth; i++)
		to = open == '[' ? stpcpy(to, "[") : stpcpy(to, "{\"a\":");
	to = stpcpy(to, inner);
	for (unsigned i = 1; i < depth; i++)
		*to++ = close;
	*to++ = '}';
	accepted = accepts(text, to - text);
	free(text);
	return accepted;
}

static void test_depth(void)
{
	ok(accepts_depth(JSON_DEPTH_MAX - 1, '[', ']', "1"), "arrays that are just not too deep");
	ok(accepts_depth(JSON_DEPTH_MAX - 1, '{', '}', "\"\""), "objects, the same");
	ok(accepts_depth(JSON_DEPTH_MAX - 1, '{', '}', "[]"), "an empty array in them");
	ok(!accepts_depth(JSON_DEPTH_MAX - 1, '{', '}', "[1]"), "not one with something in it");
	is_str(o.wrong, "is nested too deeply", "and it says so");
	ok(!accepts_depth(JSON_DEPTH_MAX, '[', ']', "1"), "arrays that are too deep");
	ok(!accepts_depth(JSON_DEPTH_MAX, '[', ']', "[]"), "an array in them");
	ok(!accepts_depth(JSON_DEPTH_MAX, '{', '}', "null"), "objects that are too deep");
	ok(!accepts_depth(100 * JSON_DEPTH_MAX, '[', ']', ""), "arrays that are far too deep");
	ok(accepts_depth(64, '{', '}', "[{},[{\"a\":[]},{}],1]"), "both, around a word of bits");
}

/* Scans a line and takes its member "a". */
static const struct json_value *value_of(const char *text)
{
	char line[100];
	int len = snprintf(line, sizeof(line), "{\"a\":%s}", text);
	static char *copy;

	free(copy);
	copy = exact_copy(line, len);
	return json_scan(&o, copy, len) ? json_find(&o, "a", 1) : NULL;
}

static void test_integers(void)
{
	static const struct {
		const char *text;
		bool is_i64, is_u64;
		int64_t i64;
		uint64_t u64;
	} cases[] = {
		{ "0", true, true, 0, 0 },
		{ "-0", true, true, 0, 0 },
		{ "1", true, true, 1, 1 },
		{ "-1", true, false, -1 },
		{ "9223372036854775806", true, true, INT64_MAX - 1, INT64_MAX - 1 },
		{ "9223372036854775807", true, true, INT64_MAX, INT64_MAX },
		{ "9223372036854775808", false, true, 0, UINT64_C(1) << 63 },
		{ "-9223372036854775807", true, false, -INT64_MAX },
		{ "-9223372036854775808", true, false, INT64_MIN },
		{ "-9223372036854775809", false, false },
		{ "18446744073709551614", false, true, 0, UINT64_MAX - 1 },
		{ "18446744073709551615", false, true, 0, UINT64_MAX },
		{ "18446744073709551616", false, false },
		{ "-18446744073709551615", false, false },
		{ "18446744073709551620", false, false },
		{ "99999999999999999999", false, false },
		{ "1000000000000000000000000000000000000000", false, false },
		{ "1.0", false, false },
		{ "1e0", false, false },
		{ "\"1\"", false, false },
		{ "null", false, false },
		{ "true", false, false },
		{ "[1]", false, false },
	};

	for (unsigned i = 0; i < COUNT(cases); i++) {
		const struct json_value *v = value_of(cases[i].text);
		int64_t i64 = 0;
		uint64_t u64 = 0;

		is_u64(v && json_i64(v, &i64), cases[i].is_i64, "%s as int64_t", cases[i].text);
		is_u64(v && json_u64(v, &u64), cases[i].is_u64, "%s as uint64_t", cases[i].text);
		if (cases[i].is_i64)
			is_i64(i64, cases[i].i64, "%s is the same", cases[i].text);
		if (cases[i].is_u64)
			is_u64(u64, cases[i].u64, "%s is the same without sign", cases[i].text);
	}
}

/* A line with one number: a before, n digits or zeros, and what follows. */
static bool accepts_long(const char *before, char digit, unsigned n, const char *after)
{
	char *text = malloc(n + 100), *to = stpcpy(stpcpy(text, "{\"a\":"), before);
	bool accepted;

	memset(to, digit, n);
	to = stpcpy(stpcpy(to + n, after), "}");
	accepted = accepts(text, to - text);
	free(text);
	return accepted;
}

/* The digits of the middle between two doubles, zeros, one more digit, and the exponent. */
static bool same_middle(const char *digits, unsigned zeros, const char *last, const char *exponent)
{
	char text[4000], *to = stpcpy(stpcpy(text, "{\"a\":"), digits);
	bool accepted;

	memset(to, '0', zeros);
	to = stpcpy(stpcpy(stpcpy(to + zeros, last), exponent), "}");
	return !compare_line(&o, text, to - text, &accepted) && accepted;
}

static void test_doubles(void)
{
	/* Between 1 and the next double; `longest` is one of those that have the most digits. */
	static const char middle[] = "1.00000000000000011102230246251565404236316680908203125";
	char longest[800], tail[20], *exponent;
	double d = 0;
	bool same = true;

	ok(json_double(value_of("1e3"), &d) && d == 1000, "a real");
	ok(json_double(value_of("-7"), &d) && d == -7, "an integer");
	ok(json_double(value_of("-0"), &d) && d == 0 && __builtin_signbit(d), "-0");
	ok(!json_double(value_of("\"1\""), &d), "no string");
	ok(!json_double(value_of("true"), &d), "no truth");

	ok(accepts_long("1", '0', 307, ""), "308 digits");
	ok(accepts_long("1", '0', 308, ""), "309 digits");
	ok(accepts_long("1", '7', 308, ""), "309 digits, nearly too large");
	ok(!accepts_long("1", '8', 308, ""), "309 digits, too large");
	ok(!accepts_long("1", '0', 309, ""), "310 digits");
	ok(!accepts_long("-", '4', 400, ""), "400 digits");
	ok(accepts_long("-", '4', 400, "e-92"), "400 digits, taken back");
	ok(accepts_long("0.", '0', 400, "1"), "400 zeros behind a point");
	ok(accepts_long("0.", '0', 400, "17e709"), "400 zeros, taken back");
	ok(!accepts_long("0.", '0', 400, "18e709"), "400 zeros, more than taken back");
	ok(accepts_long("0.", '0', 5000, "17e5309"), "5000 zeros, taken back");
	ok(!accepts_long("0.", '0', 5000, "18e5309"), "5000 zeros, more than taken back");
	ok(accepts_long("0.", '0', 20000, "17e20309"), "20000 zeros, taken back");
	ok(!accepts_long("0.", '0', 20000, "18e20309"), "20000 zeros, more than taken back");
	ok(accepts_long("", '3', 5000, "e-4692"), "5000 digits, taken back");
	ok(!accepts_long("", '3', 5000, "e-4691"), "5000 digits, not enough taken back");
	ok(accepts_long("0e", '0', 5000, "1"), "5000 digits of an exponent");
	ok(accepts_long("1e-", '9', 5000, ""), "5000 digits of a negative exponent");
	ok(!accepts_long("1e", '9', 5000, ""), "5000 digits of a positive exponent");

	snprintf(longest, sizeof(longest), "%.766Le", 0x1.fffffffffffff8p-1022L);
	exponent = strchr(longest, 'e');
	*exponent++ = 0;
	snprintf(tail, sizeof(tail), "e%s", exponent);
	is_u64(strlen(longest), 768, "767 digits and a point");
	for (unsigned zeros = 0; zeros < 1000; zeros++) {
		for (unsigned i = 0; i < 3; i++) {
			const char *last = (const char *[]){ "", "0", "1" }[i];

			same = same && same_middle(middle, zeros, last, "") &&
			       same_middle(longest, zeros, last, tail);
		}
	}
	longest[767]--; /* the last digit, a 5 */
	same = same && same_middle(longest, 0, "9", tail);
	ok(same, "a digit at any distance decides to which double it is rounded");
}

/* Some member's name, its first value and whether it was found. */
static bool finds(const char *path, const char *text)
{
	struct json_value v;

	if (!json_find_path(&o, path, strlen(path), &v))
		return !text;
	return text && v.len == strlen(text) && !memcmp(v.at, text, v.len);
}

static void test_find(void)
{
	static const char line[] = "{\"a\":1,\"b\":2,\"a\":3,\"\\u0063\\n\":4,\"\":5,\"d\\\\\":6,"
				   "\"é\":7,\"\\u00e9\\ud83d"
				   "\\udc27\":8,\"\\t\":9}";
	static const struct {
		const char *key, *value;
	} cases[] = {
		{ "a", "3" },	{ "b", "2" },	{ "c\n", "4" },	  { "", "5" },
		{ "d\\", "6" }, { "é", "7" },	{ "é🐧", "8" },	  { "\t", "9" },
		{ "c", NULL },	{ "ab", NULL }, { "c\nx", NULL }, { "\\t", NULL },
		{ "A", NULL },	{ "d", NULL },	{ "é🐦", NULL },	  { "\\u0063\\n", NULL },
	};
	struct json_object empty = { 0 };

	ok(!json_find(&empty, "a", 1), "nothing is found before anything was read");
	ok(json_scan(&o, line, strlen(line)), "members are read");
	is_u64(o.n, 9, "each of them, twice the same included");
	is_mem(o.member[0].value.at, o.member[0].value.len, "1", 1, "in their order");
	ok(o.member[3].key.escaped && !o.member[0].key.escaped, "escaped or not");
	for (unsigned i = 0; i < COUNT(cases); i++) {
		const struct json_value *v = json_find(&o, cases[i].key, strlen(cases[i].key));

		is_mem(v ? v->at : "", v ? v->len : 0, cases[i].value ?: "", cases[i].value ? 1 : 0,
		       "json_find, case %u", i);
	}
	json_scan(&o, "nothing}", 8);
	ok(!json_find(&o, "a", 1), "nothing is found after an error");
}

static void test_find_path(void)
{
	static const char line[] =
		"{\"a.b\":0,\"a\":{\"b\":1,\"c\":[10,{\"d\":11},[12]],\"c.d\":2,\"\":{\"\":3},"
		"\"e\":4,"
		"\"e\":5,\"\\u0066\":{\"g\":[ ]}}, \"h\" : [ { \"i\" : [ 6 , 7 ] } ] , "
		"\"\":{\"\":8},"
		"\"1\":{\"0\":9},\"s\":\"a.b\",\"a.c\":null,\"l\":[0,1,2,3,4,5,6,7,8,9,\"x\"]}";
	static const struct {
		const char *path, *value;
	} cases[] = {
		{ "a.b", "0" },		  { "a.e", "5" },
		{ "a.c", "null" },	  { "a.c.0", "10" },
		{ "a.c.1.d", "11" },	  { "a.c.2.0", "12" },
		{ "a.c.2", "[12]" },	  { "a.c.3", NULL },
		{ "a.c.d", NULL },	  { "a.f.g", "[ ]" },
		{ "a.f.g.0", NULL },	  { "a..", "3" },
		{ "a.", "{\"\":3}" },	  { ".", "8" },
		{ "", "{\"\":8}" },	  { "..", NULL },
		{ "h.0.i.1", "7" },	  { "h.0.i.2", NULL },
		{ "h.00.i.1", NULL },	  { "h.-0.i", NULL },
		{ "h.+0.i", NULL },	  { "h. 0.i", NULL },
		{ "h..i", NULL },	  { "h.4294967296.i", NULL },
		{ "h.4294967295", NULL }, { "h.99999999999999999999", NULL },
		{ "l.9", "9" },		  { "l.10", "x" },
		{ "l.11", NULL },	  { "1.0", "9" },
		{ "s", "a.b" },		  { "s.0", NULL },
		{ "a.b.c", NULL },	  { "x", NULL },
		{ "x.y", NULL },
	};
	struct json_value v = { .len = 77 };
	char *copy = exact_copy(line, strlen(line));

	ok(accepts(line, strlen(line)), "an object with depths");
	json_scan(&o, copy, strlen(line));
	for (unsigned i = 0; i < COUNT(cases); i++)
		ok(finds(cases[i].path, cases[i].value), "json_find_path: %s", cases[i].path);
	ok(!json_find_path(&o, "a.x", 3, &v) && v.len == 77, "what isn't found changes nothing");
	ok(json_find_path(&o, "a.cut", 3, &v), "a path has a length, and no NUL");
	free(copy);
}

static void test_text(void)
{
	static const struct {
		const char *text;
		const char *bytes;
	} cases[] = {
		{ "\"\"", "" },
		{ "\"plain\"", "plain" },
		{ "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t" },
		{ "\"a\\u0041z\"", "aAz" },
		{ "\"\\u007f\\u0080\\u07FF\\u0800\\uffff\"", "\x7f\xc2\x80\u07ff\u0800\uffff" },
		{ "\"\\ud800\\udc00\\uDBFF\\uDFFF\"", "\U00010000\U0010ffff" },
		{ "\"é\\n🐧\"", "é\n🐧" },
		{ "-1.50", "-1.50" },
		{ "[\"\\n\"]", "[\"\\n\"]" },
		{ "{ }", "{ }" },
		{ "true", "true" },
		{ "false", "false" },
		{ "null", "null" },
	};

	for (unsigned i = 0; i < COUNT(cases); i++) {
		const struct json_value *v = value_of(cases[i].text);

		ok(v && text_is(v, cases[i].bytes, strlen(cases[i].bytes)), "json_text of %s",
		   cases[i].text);
	}
}

/* The bytes that end a run of eight, at any place of strings of any length around it. */
static void test_places(void)
{
	unsigned differ = 0;
	char text[100];

	for (unsigned len = 0; len <= 24; len++) {
		for (unsigned at = 0; at <= len; at++) {
			for (unsigned c = 0; c < 256; c++) {
				char *to = stpcpy(text, "{\"");
				bool accepted;

				memset(to, 'x', len);
				to[at] = at < len ? c : 'x';
				to = stpcpy(to + len, "\":\"");
				memset(to, 'y', len);
				to[at] = at < len ? c : '"';
				to = stpcpy(to + len, "\"}");
				differ += !!compare_line(&o, text, to - text, &accepted);
			}
		}
	}
	is_u64(differ, 0, "any byte at any place of a string");
}

static void test_reuse(void)
{
	char text[20000], *to = text;
	struct json_member *member;

	for (unsigned i = 0; i < 1000; i++)
		to += sprintf(to, "%c\"m%u\":%u", i ? ',' : '{', i, i);
	*to++ = '}';
	ok(json_scan(&o, text, to - text), "a thousand members");
	is_u64(o.n, 1000, "each of them");
	ok(finds("m0", "0") && finds("m31", "31") && finds("m32", "32") && finds("m999", "999"),
	   "with its value");
	member = o.member;
	ok(json_scan(&o, "{\"a\":1}", 7) && o.n == 1 && o.member == member, "used again");
	json_free(&o);
	ok(!o.member && !o.room && !o.n, "freed");
	json_free(&o);
	ok(json_scan(&o, "{\"a\":1}", 7) && o.n == 1, "used after that");
}

/* Changes a line here and there: bytes, pieces of JSON, cuts and repetitions. */
static size_t mutate(char *line, size_t len, size_t max)
{
	static const char *const pieces[] = {
		"\"",
		"\\",
		"{",
		"}",
		"[",
		"]",
		":",
		",",
		" ",
		"\\u0000",
		"\\ud83d",
		"\\udc27",
		"\\n",
		"\\u00e9",
		"0",
		"-",
		".",
		"e",
		"E+",
		"1e308",
		"9",
		"null",
		"true",
		"é",
		"🐧",
		"\xc3",
		"\xed\xa0\x80",
		"\t",
		"\n",
		"\x01",
		"\"a\":",
		"[{}]",
		"{\"pid\":",
		"18446744073709551616",
	};

	for (unsigned n = random() % 4; n && len; n--) {
		const char *piece = pieces[random() % COUNT(pieces)];
		size_t at = random() % len, size = strlen(piece);

		switch (random() % 5) {
		case 0:
			line[at] = random();
			break;
		case 1:
			line[at] = *piece;
			break;
		case 2:
			size = random() % (len - at);
			size = size < 8 ? size : 8;
			memmove(line + at, line + at + size, len - at - size);
			len -= size;
			break;
		case 3:
			piece = line + random() % len;
			size = random() % (line + len - piece);
			/* fall through */
		case 4:
			if (len + size > max || size > 64)
				break;
			char copy[64];

			memcpy(copy, piece, size);
			memmove(line + at + size, line + at, len - at);
			memcpy(line + at, copy, size);
			len += size;
			break;
		}
	}
	return len;
}

static void test_mutations(void)
{
	static const char *const corpus[] = {
		event,
		"{\"a\":1,\"b\":[true,false,null,{\"c\":\"d\"}],\"e\":{\"f\":{\"g\":[1.5,-2e10,0]}}"
		"}",
		"{\"\\u0061\":\"\\ud83d\\udc27\\n\\\\\",\"é\":\"🐧 €\",\"a\":\"\\\"\"}",
		"{\"n\":[0,-0,9007199254740993,1e22,1e-22,1.7976931348623157e308,5e-324,0.1]}",
		" { \"pid\" : 1 , \"pid\" : 18446744073709551615 , \"x\" : [ ] , \"y\" : { } } \n",
		"{\"path\":\"/usr/lib/x86_64-linux-gnu/libc.so.6\",\"uid\":0,\"addr\":\"::1\"}",
	};
	unsigned accepted = 0, differ = 0;

	for (unsigned i = 0; i < 30000; i++) {
		const char *from = corpus[random() % COUNT(corpus)], *differs;
		char line[1000];
		size_t len = mutate(memcpy(line, from, strlen(from)), strlen(from), sizeof(line));
		bool is_accepted;

		differs = compare_line(&o, line, len, &is_accepted);
		accepted += is_accepted;
		differ += !!differs;
		if (differs && differ < 10)
			tap_show(differs, line, len);
	}
	is_u64(differ, 0, "lines changed at random are as jansson has them");
	ok(accepted > 8000 && accepted < 22000, "%u of them are JSON", accepted);
}

int main(void)
{
	srandom(1);
	test_accepted();
	test_rejected();
	test_cut();
	test_depth();
	test_integers();
	test_doubles();
	test_find();
	test_find_path();
	test_text();
	test_places();
	test_reuse();
	test_mutations();
	json_free(&o);
	return done();
}
