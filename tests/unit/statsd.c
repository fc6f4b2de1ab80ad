/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdlib.h>

#include "tests/statsd.h"
#include "tests/tap.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* A literal and its length, NULs included. */
#define LITERAL(s) s, sizeof(s) - 1

static FILE *said;

static void say_bytes(const char *name, const struct statsd_bytes *b)
{
	if (b->at)
		fprintf(said, " %s(%.*s)", name, (int)b->len, b->at);
}

static void say_metric(const struct statsd_line *l)
{
	static const char *const types[] = { "counter", "gauge",     "timer",
					     "set",	"histogram", "distribution" };
	struct statsd_value v;

	fprintf(said, " %s", types[l->type]);
	for (size_t at = 0; statsd_value(l, &at, &v);) {
		if (l->type == STATSD_SET)
			fprintf(said, "(%.*s)", (int)v.text.len, v.text.at);
		else
			fprintf(said, " %s%.17g", v.has_sign && v.number >= 0 ? "+" : "", v.number);
	}
	if (l->rate != 1)
		fprintf(said, " @%.17g", l->rate);
}

static void say_line(const struct statsd_line *l)
{
	struct statsd_tag tag;

	fprintf(said, l->kind == STATSD_METRIC	? "metric"
		      : l->kind == STATSD_EVENT ? "event"
						: "check");
	fprintf(said, "(%.*s)", (int)l->name.len, l->name.at);
	if (l->kind == STATSD_METRIC)
		say_metric(l);
	if (l->kind == STATSD_CHECK)
		fprintf(said, " %d", l->status);
	say_bytes("text", &l->text);
	for (size_t at = 0; statsd_tag(l, &at, &tag);)
		fprintf(said, " #%.*s=%.*s", (int)tag.key.len, tag.key.at, (int)tag.value.len,
			tag.value.at);
	if (l->has_timestamp)
		fprintf(said, " T%" PRId64, l->timestamp);
	say_bytes("host", &l->host);
	say_bytes("key", &l->key);
	say_bytes("priority", &l->priority);
	say_bytes("source", &l->source);
	say_bytes("alert", &l->alert);
	say_bytes("message", &l->message);
	say_bytes("container", &l->container);
	say_bytes("external", &l->external);
	say_bytes("cardinality", &l->cardinality);
	putc('\n', said);
}

/* What the lines of a datagram are read as. */
static char *read_all(const char *bytes, size_t len)
{
	char *text;
	size_t size;
	struct statsd_reader r = { .at = bytes, .left = len };
	struct statsd_line line;
	enum statsd_found found;

	said = open_memstream(&text, &size);
	while ((found = statsd_next(&r, &line)) != STATSD_END) {
		if (found == STATSD_LINE)
			say_line(&line);
		else
			fprintf(said, "%zu %s\n", r.wrong_at, r.wrong);
	}
	fclose(said);
	return text;
}

/* A heap block of exactly these bytes, so that a sanitizer sees each access behind them. */
static char *exactly(const char *bytes, size_t len)
{
	return memcpy(malloc(len ?: 1), bytes, len);
}

static const struct {
	const char *bytes;
	size_t len;
	const char *lines;
} good[] = {
	{ LITERAL(""), "" },
	{ LITERAL("\n\r\n\r\n\n"), "" },
	{ LITERAL("\r"), "" },
	{ LITERAL("a:1|c"), "metric(a) counter 1\n" },
	{ LITERAL("a:1|c\n"), "metric(a) counter 1\n" },
	{ LITERAL("a:1|c\r\n\r\nb:2|c\r"), "metric(a) counter 1\nmetric(b) counter 2\n" },
	{ LITERAL("a:1|c\n\nb:2|m"), "metric(a) counter 1\nmetric(b) counter 2\n" },
	{ LITERAL("a:1|ms\na:2|h\na:3|d"),
	  "metric(a) timer 1\nmetric(a) histogram 2\nmetric(a) distribution 3\n" },
	{ LITERAL("a:1|g\na:+1|g\na:-1|g\na:-0|g"),
	  "metric(a) gauge 1\nmetric(a) gauge +1\nmetric(a) gauge -1\nmetric(a) gauge +-0\n" },
	{ LITERAL("a:x|s\na:x:y|s\na:-1|s"),
	  "metric(a) set(x)\nmetric(a) set(x:y)\nmetric(a) set(-1)\n" },
	{ LITERAL("a:1:2.5:-3|ms"), "metric(a) timer 1 2.5 -3\n" },
	{ LITERAL("a:1|c|@0.1\na:1|c|@1\na:1|c|@1e-3"),
	  "metric(a) counter 1 @0.10000000000000001\nmetric(a) counter 1\nmetric(a) counter 1 "
	  "@0.001\n" },
	{ LITERAL("a:1|c|#k:v,flag,l:m:n,,:x,z:"),
	  "metric(a) counter 1 #k=v #flag= #l=m:n #=x #z=\n" },
	{ LITERAL("a:1|c|#"), "metric(a) counter 1\n" },
	{ LITERAL("a:1|c|T1656581400|c:ci-1|e:it-x|card:low|@0.5|#k:v"),
	  "metric(a) counter 1 @0.5 #k=v T1656581400 container(ci-1) external(it-x) "
	  "cardinality(low)\n" },
	{ LITERAL("a;k=v;l=w:1|c\na,k=v,l=w=x:1|c\na#k=v,l=:1|c|#m:n"),
	  "metric(a) counter 1 #k=v #l=w\nmetric(a) counter 1 #k=v #l=w=x\n"
	  "metric(a) counter 1 #k=v #l= #m=n\n" },
	{ LITERAL("a;b:1|c\na,k=v,:1|c\na,=v:1|c\n;k=v:1|c\na;:1|c"),
	  "metric(a;b) counter 1\nmetric(a,k=v,) counter 1\nmetric(a,=v) counter 1\n"
	  "metric(;k=v) counter 1\nmetric(a;) counter 1\n" },
	{ LITERAL("_e:1|c\n_sc:1|c"), "metric(_e) counter 1\nmetric(_sc) counter 1\n" },
	{ LITERAL("a b/c\xff:1|c"), "metric(a b/c\xff) counter 1\n" },
	{ LITERAL("_e{5,4}:title|text"), "event(title) text(text)\n" },
	{ LITERAL("_e{5,0}:title|"), "event(title) text()\n" },
	{ LITERAL("_e{5,9}:title|two\nlines\r\na:1|c"),
	  "event(title) text(two\nlines)\nmetric(a) counter 1\n" },
	{ LITERAL("_e{3,3}:a|b|c|d|d:17|h:me|k:key|p:low|s:src|t:error|#a:b|c:id"),
	  "event(a|b) text(c|d) #a=b T17 host(me) key(key) priority(low) source(src) alert(error) "
	  "container(id)\n" },
	{ LITERAL("_e{5,3}:caf\xc3\xa9|h\xc3\xa9"), "event(caf\xc3\xa9) text(h\xc3\xa9)\n" },
	{ LITERAL("_e{4,4}:caf\xc3\xa9|\xf0\x9f\x90\xa7 \xe2\x82\xac|p:low"),
	  "event(caf\xc3\xa9) text(\xf0\x9f\x90\xa7 \xe2\x82\xac) priority(low)\n" },
	{ LITERAL("_sc|name|0"), "check(name) 0\n" },
	{ LITERAL("_sc|a:b c|3|d:17|h:me|#k:v|m:all: bad|c:id"),
	  "check(a:b c) 3 #k=v T17 host(me) message(all: bad) container(id)\n" },
};

static const struct {
	const char *bytes;
	size_t len;
	size_t at;
	const char *sentence; /* its beginning */
} bad[] = {
	{ LITERAL("a"), 1, "is not NAME:VALUE|TYPE: there is no |" },
	{ LITERAL("a:1"), 3, "is not NAME:VALUE|TYPE: there is no |" },
	{ LITERAL("a|c"), 1, "is not NAME:VALUE|TYPE: there is no :" },
	{ LITERAL("a|c|#k:v"), 1, "is not NAME:VALUE|TYPE: there is no :" },
	{ LITERAL(":1|c"), 0, "has no name" },
	{ LITERAL("a:|c"), 2, "has no value" },
	{ LITERAL("a:|s"), 2, "has no value" },
	{ LITERAL("a:1|"), 4, "has a type" },
	{ LITERAL("a:1|x"), 4, "has a type" },
	{ LITERAL("a:1|C"), 4, "has a type" },
	{ LITERAL("a:1|ms "), 4, "has a type" },
	{ LITERAL("a:x|c"), 2, "has a value that is not a number" },
	{ LITERAL("a:1x|c"), 2, "has a value that is not a number" },
	{ LITERAL("a: 1|c"), 2, "has a value that is not a number" },
	{ LITERAL("a:0x10|c"), 2, "has a value that is not a number" },
	{ LITERAL("a:inf|g"), 2, "has a value that is not a number" },
	{ LITERAL("a:nan|g"), 2, "has a value that is not a number" },
	{ LITERAL("a:-|g"), 2, "has a value that is not a number" },
	{ LITERAL("a:.|g"), 2, "has a value that is not a number" },
	{ LITERAL("a:--1|g"), 2, "has a value that is not a number" },
	{ LITERAL("a:1e|c"), 4, "has an exponent without digits" },
	{ LITERAL("a:1e+|c"), 5, "has an exponent without digits" },
	{ LITERAL("a:1e999|c"), 2, "has a number that is too large" },
	{ LITERAL("a:1:2:|ms"), 6, "has no number" },
	{ LITERAL("a:1::2|ms"), 4, "has no number" },
	{ LITERAL("a:1:x|ms"), 4, "has a value that is not a number" },
	{ LITERAL("a:1|c|"), 6, "has a field of no known kind" },
	{ LITERAL("a:1|c||#a"), 6, "has a field of no known kind" },
	{ LITERAL("a:1|c|x"), 6, "has a field of no known kind" },
	{ LITERAL("a:1|c|@"), 7, "has no number" },
	{ LITERAL("a:1|c|@0"), 7, "has a sample rate" },
	{ LITERAL("a:1|c|@-1"), 7, "has a sample rate" },
	{ LITERAL("a:1|c|@1.5"), 7, "has a sample rate" },
	{ LITERAL("a:1|c|@0.1|@0.1"), 11, "has a field twice" },
	{ LITERAL("a:1|c|#a|#b"), 9, "has a field twice" },
	{ LITERAL("a:1|c|T1|T2"), 9, "has a field twice" },
	{ LITERAL("a:1|c|T"), 7, "has no whole number" },
	{ LITERAL("a:1|c|T-1"), 7, "has no whole number" },
	{ LITERAL("a:1|c|T1234567890123456789"), 7, "has a number that is too large" },
	{ LITERAL("a\0:1|c"), 1, "has a NUL" },
	{ LITERAL("_e{5,4}:t"), 2, "has lengths that don't fit" },
	{ LITERAL("_e{5,4}:title text"), 2, "has lengths that don't fit" },
	{ LITERAL("_e{5,3}:title|text"), 2, "has lengths that don't fit" },
	{ LITERAL("_e{5,5}:title|text"), 2, "has lengths that don't fit" },
	{ LITERAL("_e{99999999999,4}:title|text"), 2, "has lengths that don't fit" },
	{ LITERAL("_e{0,4}:|text"), 8, "has no title" },
	{ LITERAL("_e{5,4}:title|text|x:y"), 19, "has a field of no known kind" },
	{ LITERAL("_e{5,4}:title|text|"), 19, "has a field of no known kind" },
	{ LITERAL("_e{5,4}:title|text|t:a|t:b"), 23, "has a field twice" },
	{ LITERAL("_e{5,4}:title|tex\0"), 17, "has a NUL" },
	{ LITERAL("_e{,4}:title|text"), 3, "has no whole number" },
	{ LITERAL("_e{5}:title|text"), 4, "has no whole number" },
	{ LITERAL("_e{5,4}title|text"), 7, "is not _e{LENGTH,LENGTH}" },
	{ LITERAL("_e{"), 3, "has no whole number" },
	{ LITERAL("_sc|name"), 8, "has a status" },
	{ LITERAL("_sc|name|4"), 9, "has a status" },
	{ LITERAL("_sc|name|10"), 9, "has a status" },
	{ LITERAL("_sc||0"), 4, "has no name" },
	{ LITERAL("_sc|name|0|x"), 11, "has a field of no known kind" },
	{ LITERAL("_sc|name|0|d:x"), 13, "has no whole number" },
};

static void test_good(void)
{
	for (size_t i = 0; i < COUNT(good); i++) {
		char *bytes = exactly(good[i].bytes, good[i].len);
		char *lines = read_all(bytes, good[i].len);

		is_str(lines, good[i].lines, "%.60s", good[i].bytes);
		free(lines);
		free(bytes);
	}
}

/* A bad line is left out, those around it are not. */
static void test_bad(void)
{
	for (size_t i = 0; i < COUNT(bad); i++) {
		char text[200], expected[300], *lines, *bytes;
		size_t len;

		len = snprintf(text, sizeof(text), "x:1|c\n");
		memcpy(text + len, bad[i].bytes, bad[i].len);
		len += bad[i].len;
		len += snprintf(text + len, sizeof(text) - len, "\ny:1|c");
		bytes = exactly(text, len);
		lines = read_all(bytes, len);
		snprintf(expected, sizeof(expected), "metric(x) counter 1\n%zu %s", bad[i].at + 6,
			 bad[i].sentence);
		ok(!strncmp(lines, expected, strlen(expected)), "%.60s %s", bad[i].bytes,
		   bad[i].sentence);
		if (strncmp(lines, expected, strlen(expected)))
			tap_show("got     ", lines, strlen(lines));
		ok(strlen(lines) > 20 &&
			   !strcmp(lines + strlen(lines) - 20, "metric(y) counter 1\n"),
		   "%.60s: the next line is read", bad[i].bytes);
		free(lines);
		free(bytes);
	}
}

static void test_long_number(void)
{
	static char text[400] = "a:";
	char *lines;

	memset(text + 2, '0', 99);
	strcpy(text + 101, "7|c");
	lines = read_all(text, strlen(text));
	is_str(lines, "metric(a) counter 7\n", "a number of 100 bytes");
	free(lines);
	memset(text + 2, '0', 100);
	strcpy(text + 102, "7|c");
	lines = read_all(text, strlen(text));
	is_str(lines, "2 has a number of more than 100 bytes\n", "a number of 101 bytes");
	free(lines);
}

/* The nearest double, as the C library finds it. */
static void test_numbers(void)
{
	unsigned wrong = 0;

	for (int i = 0; i < 200000; i++) {
		char number[80], line[100];
		struct statsd_reader r = { .at = line };
		struct statsd_line l;
		struct statsd_value v;
		size_t at = 0;
		int n = 0, whole = random() % 20, fraction = random() % 20;

		if (random() % 3 == 0)
			number[n++] = "+-"[random() % 2];
		for (int d = 0; d < whole; d++)
			number[n++] = '0' + random() % 10;
		if (fraction)
			number[n++] = '.';
		for (int d = 0; d < fraction; d++)
			number[n++] = '0' + random() % 10;
		if (whole + fraction == 0)
			number[n++] = '5';
		number[n] = '\0';
		if (random() % 2)
			sprintf(number + n, "e%d", (int)(random() % 60) - 30);
		r.left = sprintf(line, "a:%s|g", number);
		if (statsd_next(&r, &l) != STATSD_LINE || !statsd_value(&l, &at, &v) ||
		    v.number != strtod(number, NULL))
			wrong++;
	}
	is_u64(wrong, 0, "random numbers are read as strtod(3) does");
}

/* Each beginning, and each byte changed into each that means something and some others. */
static void test_mutations(void)
{
	static const char bytes[] = { '\0', '\n', '\r', ' ', ':',  '|',	   '@',	   '#',
				      ',',  ';',  '=',	'{', '}',  '+',	   '-',	   '.',
				      '0',  '9',  'e',	'_', '\\', 'c',	   'g',	   's',
				      'm',  'T',  'd',	'x', 0x7f, '\x80', '\xc3', '\xff' };
	unsigned wrong = 0, tried = 0;

	for (size_t i = 0; i < COUNT(good) + COUNT(bad); i++) {
		bool is_good = i < COUNT(good);
		const char *text = is_good ? good[i].bytes : bad[i - COUNT(good)].bytes;
		size_t len = is_good ? good[i].len : bad[i - COUNT(good)].len;

		for (size_t n = 0; n <= len; n++, tried++) {
			char *part = exactly(text, n);

			wrong += examine_datagram(part, n) != NULL;
			free(part);
		}
		for (size_t n = 0; n < len * sizeof(bytes); n++, tried++) {
			char *changed = exactly(text, len);
			const char *why;

			changed[n / sizeof(bytes)] = bytes[n % sizeof(bytes)];
			why = examine_datagram(changed, len);
			if (why)
				tap_show(why, changed, len);
			wrong += why != NULL;
			free(changed);
		}
	}
	ok(tried > 20000 && !wrong, "beginnings and changed bytes: %u wrong of %u", wrong, tried);
}

int main(void)
{
	srandom(1);
	test_good();
	test_bad();
	test_long_number();
	test_numbers();
	test_mutations();
	return done();
}
