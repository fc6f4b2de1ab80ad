/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>

#include "sink/input.h"
#include "sink/mapping.h"
#include "tests/tap.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static bool key_is(const struct mapping_key *key, const char *expected)
{
	return key->len == strlen(expected) && !memcmp(key->at, expected, key->len);
}

/* Reads a mapping of which nothing is wrong. */
static struct mapping parsed(const char *text)
{
	struct mapping m;

	is_str(mapping_parse(&m, text), NULL, "%s", text);
	return m;
}

static void test_least(void)
{
	struct mapping m = parsed("file.*:c");

	is_str(m.when, "file.*", "the name of an event is tested");
	ok(!m.key.len, "and no field");
	ok(m.type == METRIC_COUNTER, "a counter");
	is_str(m.letter, "c", "of this letter");
	is_str(m.name, "*", "is called as the event is");
	ok(!m.value.len && !m.has_fallback && !m.tags && !m.milliseconds, "and has nothing else");
	mapping_free(&m);
	ok(!m.text, "it is freed");
	mapping_free(&m);

	m = parsed("a:c:::");
	ok(!strcmp(m.name, "*") && !m.value.len && !m.tags, "empty parts are as none");
	mapping_free(&m);
}

static void test_all_parts(void)
{
	struct mapping m = parsed("http.status=5??:ms:http.*.time:times.0.ns=-2.5:host,http.path");

	ok(key_is(&m.key, "http.status"), "the field that is tested");
	is_str(m.when, "5??", "its pattern");
	ok(m.type == METRIC_TIMER, "the type");
	is_str(m.letter, "ms", "its letters");
	is_str(m.name, "http.*.time", "the name");
	ok(key_is(&m.value, "times.0.ns"), "the field of the value");
	ok(m.has_fallback && m.fallback.real == -2.5 && !m.fallback.whole, "the number without");
	is_u64(m.tags, 2, "tags");
	ok(key_is(&m.tag[0], "host") && key_is(&m.tag[1], "http.path"), "in their order");
	mapping_free(&m);

	m = parsed("x=:c:n");
	ok(key_is(&m.key, "x") && !*m.when, "a pattern may be empty, ");
	mapping_free(&m);
	m = parsed("x=a=b:c:n");
	ok(key_is(&m.key, "x") && !strcmp(m.when, "a=b"), "or have a = in it");
	mapping_free(&m);
}

static void test_types(void)
{
	static const struct {
		const char *letter;
		enum metric_type type;
	} types[] = {
		{ "c", METRIC_COUNTER }, { "ms", METRIC_TIMER },    { "g", METRIC_GAUGE },
		{ "s", METRIC_SET },	 { "h", METRIC_HISTOGRAM }, { "d", METRIC_DISTRIBUTION },
	};

	for (size_t i = 0; i < COUNT(types); i++) {
		char text[32];
		struct mapping m;

		sprintf(text, "e:%s:n:v", types[i].letter);
		m = parsed(text);
		ok(m.type == types[i].type && !strcmp(m.letter, types[i].letter), "type %s",
		   types[i].letter);
		mapping_free(&m);
	}
}

/* Nanoseconds become what `ms` says, and of no other type. */
static void test_milliseconds(void)
{
	static const struct {
		const char *text;
		bool milliseconds;
	} cases[] = {
		{ "e:ms:n:latency_ns", true }, { "e:ms:n:a.b_ns=7", true },
		{ "e:ms:n:latency", false },   { "e:ms:n:_ns", false },
		{ "e:ms:n:ns", false },	       { "e:ms:n:x=1_ns", false },
		{ "e:h:n:latency_ns", false }, { "e:c:n:latency_ns", false },
		{ "e:g:n:latency_ns", false },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct mapping m;

		if (mapping_parse(&m, cases[i].text)) {
			ok(!cases[i].milliseconds, "%s is none", cases[i].text);
			continue;
		}
		ok(m.milliseconds == cases[i].milliseconds, "%s: %s", cases[i].text,
		   cases[i].milliseconds ? "from ns to ms" : "as it is");
		mapping_free(&m);
	}
}

static void test_numbers(void)
{
	static const struct {
		const char *text;
		struct total expected;
	} good[] = {
		{ "0", {} },
		{ "-7", { .whole = -7 } },
		{ "18446744073709551615", { .whole = UINT64_MAX } },
		{ "1e3", { .real = 1000 } },
		{ "0.5", { .real = 0.5 } },
	};
	static const char *const bad[] = {
		"",
		"x",
		"+1",
		"01",
		".5",
		"1.",
		"0x10",
		"null",
		"\"1\"",
		"1,2",
		"1,\"v\":2",
		"1}",
		"{}",
		"[1]",
		"1e999",
		"nan1",
		"11111111111111111111111111111111111111111111111111",
	};
	char text[128];
	struct mapping m;

	for (size_t i = 0; i < COUNT(good); i++) {
		sprintf(text, "e:g:n:v=%s", good[i].text);
		m = parsed(text);
		ok(m.has_fallback && m.fallback.whole == good[i].expected.whole &&
			   m.fallback.real == good[i].expected.real,
		   "%s is its number", good[i].text);
		mapping_free(&m);
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		sprintf(text, "e:g:n:v=%s", bad[i]);
		is_str(mapping_parse(&m, text), "has a VALUE=NUMBER without a number", "v=%s",
		       bad[i]);
	}
}

static void test_errors(void)
{
	static const char name[] = "has a NAME of more than 200 bytes, or with more than one *",
			  type[] = "has none of the types c, ms, g, s, h and d",
			  when[] = "names no event and no field",
			  value[] = "needs a VALUE, as only c counts by itself",
			  tag[] = "has an empty name among its tags";
	static const struct {
		const char *text, *wrong;
	} cases[] = {
		{ "", when },
		{ ":c", when },
		{ "=x:c:n", when },
		{ "e", type },
		{ "e:", type },
		{ "e:C", type },
		{ "e:msx", type },
		{ "e: c", type },
		{ "e:c:n:v:t:more", "has more than five parts" },
		{ "e:c:n:v::", "has more than five parts" },
		{ "x=1:c", "tests a field and needs a NAME" },
		{ "x=1:c::v", "tests a field and needs a NAME" },
		{ "e:c:*.*", name },
		{ "e:ms", value },
		{ "e:g:n", value },
		{ "e:s:n::t", value },
		{ "e:h:n:", value },
		{ "e:d:n:", value },
		{ "e:c:n:=1", "has a =NUMBER without the field that it stands for" },
		{ "e:g:n:=1", "has a =NUMBER without the field that it stands for" },
		{ "e:s:n:v=1", "is a set, whose VALUE has no number in its place" },
		{ "e:c:n:v:,", tag },
		{ "e:c:n:v:,a", tag },
		{ "e:c:n:v:a,", tag },
		{ "e:c:n:v:a,,b", tag },
	};
	struct mapping m;

	for (size_t i = 0; i < COUNT(cases); i++) {
		is_str(mapping_parse(&m, cases[i].text), cases[i].wrong, "'%s'", cases[i].text);
		ok(!m.text, "leaves nothing to be freed");
	}
}

/* "e:c:", a name of this many bytes, and the end. */
static const char *parse_long(struct mapping *m, int name)
{
	char text[300];

	sprintf(text, "e:c:%0*d:v", name, 0);
	return mapping_parse(m, text);
}

static void test_limits(void)
{
	char tags[3 * (MAPPING_TAGS + 2)] = "", *to = tags;
	struct mapping m;

	is_str(parse_long(&m, MAPPING_NAME), NULL, "a name as long as it may be");
	mapping_free(&m);
	ok(parse_long(&m, MAPPING_NAME + 1), "and one byte longer");

	for (int i = 0; i < MAPPING_TAGS; i++)
		to += sprintf(to, i ? ",%02d" : "%02d", i);
	m = parsed("e:c:n:v");
	is_str(mapping_add_tags(&m, tags), NULL, "as many tags as there may be");
	is_u64(m.tags, MAPPING_TAGS, "are there");
	is_str(mapping_add_tags(&m, "00,31"), NULL, "the same again change nothing");
	is_u64(m.tags, MAPPING_TAGS, "as they are there once");
	is_str(mapping_add_tags(&m, "x"), "has more than 32 tags", "one more");
	mapping_free(&m);
}

static void test_add_tags(void)
{
	struct mapping m = parsed("e:c:n:v:a,b,a");

	is_u64(m.tags, 2, "the same tag twice is one");
	is_str(mapping_add_tags(&m, ""), NULL, "no tags are added");
	is_str(mapping_add_tags(&m, "b,ab,c.d"), NULL, "tags are added");
	is_u64(m.tags, 4, "that it hasn't yet");
	ok(key_is(&m.tag[2], "ab") && key_is(&m.tag[3], "c.d"), "behind its own");
	is_str(mapping_add_tags(&m, "x,"), "has an empty name among its tags", "none is empty");
	mapping_free(&m);
}

static void test_event_names(void)
{
	static const struct {
		const char *when, *event;
		bool matches;
	} cases[] = {
		{ "file.write", "file.write", true },
		{ "file.write", "file.writes", false },
		{ "file.*", "file.", true },
		{ "file.*", "file", false },
		{ "*", "", true },
		{ "?", "", false },
		{ "[a-c]x", "bx", true },
		{ "a/*", "a/.b/c", true },
	};
	struct mapping m;
	char text[32];

	for (size_t i = 0; i < COUNT(cases); i++) {
		sprintf(text, "%s:c", cases[i].when);
		m = parsed(text);
		ok(mapping_matches_event(&m, cases[i].event) == cases[i].matches, "%s '%s'",
		   cases[i].matches ? "matches" : "does not match", cases[i].event);
		mapping_free(&m);
	}
	m = parsed("x=*:c:n");
	ok(!mapping_matches_event(&m, "x"), "a test of a field is about no event's name");
	mapping_free(&m);
}

static bool field_matches(const char *when, const char *line)
{
	struct json_object o = {};
	struct mapping m;
	char text[64];
	bool matches;

	sprintf(text, "%s:c:n", when);
	m = parsed(text);
	matches = json_scan(&o, line, strlen(line)) && mapping_matches_field(&m, &o);
	json_free(&o);
	mapping_free(&m);
	return matches;
}

static void test_fields(void)
{
	char *line = malloc(INPUT_LINE_MAX + 1);

	ok(field_matches("a=x*", "{\"a\":\"xy\"}"), "a string");
	ok(!field_matches("a=x*", "{\"b\":\"xy\"}"), "of this name");
	ok(field_matches("a=?", "{\"a\":\"\\u0041\"}"), "without its escapes");
	ok(field_matches("a=5??", "{\"a\":503}"), "a number");
	ok(field_matches("a=true", "{\"a\":true}"), "a truth");
	ok(field_matches("a=null", "{\"a\":null}"), "nothing");
	ok(field_matches("a.1.b=x", "{\"a\":[0,{\"b\":\"x\"}]}"), "deeper down");
	ok(field_matches("a.b=x", "{\"a.b\":\"x\"}"), "with dots in its name");
	ok(field_matches("a=", "{\"a\":\"\"}"), "an empty one");
	ok(!field_matches("a=", "{\"a\":\"x\"}"), "and no other");
	ok(!field_matches("event*=*", "{\"event\":\"x\"}"), "its name is no pattern");
	ok(!field_matches("e", "{\"e\":\"e\"}"), "the name of an event is about no field");

	/* The longest line that is read. */
	strcpy(line, "{\"a\":\"");
	memset(line + 6, 'x', INPUT_LINE_MAX - 8);
	strcpy(line + INPUT_LINE_MAX - 2, "\"}");
	ok(field_matches("a=*x", line), "a value of a megabyte");
	memcpy(line + 6, "\\\\", 2);
	ok(field_matches("a=\\\\*x*x*x", line), "and escaped");
	free(line);
}

int main(void)
{
	test_least();
	test_all_parts();
	test_types();
	test_milliseconds();
	test_numbers();
	test_errors();
	test_limits();
	test_add_tags();
	test_event_names();
	test_fields();
	return done();
}
