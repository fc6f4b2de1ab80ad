/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <linux/seccomp.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/escape.h"
#include "out/out.h"
#include "tests/tap.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/*
 * Two events that have every type of field between them.
 */

struct record {
	__u32 pid;
	char comm[16];
	__u16 type;
	__u8 flags;
	__u8 pad;
};

struct all {
	struct event header;
	__u8 u8;
	__s8 s8;
	__u16 port;
	__s32 error;
	__u64 id;
	__u64 time;
	__u64 duration;
	__u64 bytes;
	__s64 s64;
	__u32 signal;
	__u32 number;
	__u32 flags;
	__u8 addr4[4];
	__u8 addr6[16];
	__u8 digest[8];
	char chars[8];
	struct span string, args, list;
	__u32 pad;
};

struct small {
	struct event header;
	struct span path, other;
	__u64 bytes;
};

static const struct field_name numbers[] = {
	{ 0, "zero" }, { 1, "one" }, { 2, "two" }, { 40, "forty" }, {}
};
static const struct field_name bits[] = {
	{ 0, "NONE" }, { 6, "TWO_FOUR" }, { 2, "TWO" }, { 8, "EIGHT" }, {}
};

static const struct field record_fields[] = {
	{ "comm", FIELD_CHARS, FIELD_AT(struct record, comm), .help = "name" },
	{ "pid", FIELD_UINT, FIELD_AT(struct record, pid), OMIT_ZERO, .help = "process id" },
	{ "type", FIELD_EVENT, FIELD_AT(struct record, type), OMIT_MAX, .help = "event" },
	{ "bits", FIELD_FLAGS, FIELD_AT(struct record, flags), OMIT_ZERO, .names = bits },
	{},
};

#define ALL(member) FIELD_AT(struct all, member)

static const struct field all_fields[] = {
	{ "u8", FIELD_UINT, ALL(u8), OMIT_MAX, .heading = "U8", .width = 3, .help = "a \"byte\"" },
	{ "s8", FIELD_INT, ALL(s8), .heading = "S8", .width = 4 },
	{ "port", FIELD_PORT, ALL(port), OMIT_ZERO, .heading = "PORT", .width = 5 },
	{ "error", FIELD_ERRNO, ALL(error), .heading = "ERROR", .width = 8 },
	{ "id", FIELD_ID, ALL(id), OMIT_MAX, .heading = "ID", .width = 4 },
	{ "time", FIELD_TIME, ALL(time), OMIT_ZERO, .heading = "AT", .width = 12 },
	{ "duration_ns", FIELD_DURATION, ALL(duration), OMIT_ZERO, .heading = "TOOK", .width = 8 },
	{ "bytes", FIELD_BYTES, ALL(bytes), .heading = "BYTES", .width = 6 },
	{ "s64", FIELD_INT, ALL(s64), OMIT_MAX },
	{ "signal", FIELD_SIGNAL, ALL(signal), .heading = "SIGNAL", .width = 9 },
	{ "number", FIELD_ENUM, ALL(number), .names = numbers, .heading = "NUMBER", .width = 6 },
	{ "bits", FIELD_FLAGS, ALL(flags), .names = bits, .heading = "BITS", .width = 8 },
	{ "cut", FIELD_FLAG, .flag = 2, .heading = "CUT", .width = 3 },
	{ "addr4", FIELD_ADDR, ALL(addr4), OMIT_ZERO, .heading = "ADDR4", .width = 15 },
	{ "addr6", FIELD_ADDR, ALL(addr6), OMIT_MAX, .heading = "ADDR6", .width = 15 },
	{ "digest", FIELD_HEX, ALL(digest), OMIT_ZERO, .heading = "DIGEST", .width = 16 },
	{ "chars", FIELD_CHARS, ALL(chars), .heading = "CHARS", .width = 8 },
	{ "string", FIELD_STRING, ALL(string), .heading = "STRING", .width = 10 },
	{ "args", FIELD_ARGS, ALL(args), .heading = "ARGS" },
	{ "list", FIELD_LIST, ALL(list), .record = sizeof(struct record), .fields = record_fields,
	  .heading = "LIST", .width = 10 },
	{},
};

static const struct field small_fields[] = {
	{ "path", FIELD_STRING, FIELD_AT(struct small, path), .heading = "PATH" },
	{ "bytes", FIELD_BYTES, FIELD_AT(struct small, bytes), .heading = "BYTES", .width = 9 },
	{ "other", FIELD_STRING, FIELD_AT(struct small, other), .heading = "STRING", .width = 4 },
	{},
};

enum {
	ALL = EVENT_TOOL,
	SMALL = EVENT_TYPES - 1,
};

static const struct event_desc events[] = {
	{ ALL, "test.all", sizeof(struct all), all_fields, "Everything \\ at once." },
	{ SMALL, "test.small", sizeof(struct small), small_fields, "Little." },
	{},
};

/*
 * Making events and lines.
 */

static char line[OUT_LINE_MAX + 1];

union buffer {
	struct event header;
	struct all all;
	struct small small;
	struct lost_event lost;
	char bytes[UINT16_MAX + 1];
};
static union buffer event;

static void begin(uint16_t type, size_t size)
{
	memset(&event, 0, sizeof(event));
	event.header = (struct event){
		.size = size,
		.type = type,
		.ts = 123456789,
		.cgroup = 4294967297,
		.start = 5200000000,
		.pid = 321,
		.tid = 322,
		.ppid = 1,
		.uid = 1000,
		.comm = "bash",
	};
}

static void append(struct span *span, const void *bytes, size_t n)
{
	*span = (struct span){ event.header.size, n };
	memcpy(event.bytes + event.header.size, bytes, n);
	event.header.size += n;
}
#define APPEND(span, s) append(span, s, sizeof(s) - 1)

static char long_path[5001];

static const char *cgroup_path(uint64_t id)
{
	if (id == 5000)
		return memset(long_path, 0xff, sizeof(long_path) - 1);
	return id == 4294967297 ? "/system.slice/ssh.service" : NULL;
}

static char error[1000];

static bool redact_args;

static struct out *new_out(enum out_format format, uint64_t selected, const char *fields,
			   const struct out_tag *tags)
{
	struct out *o = out_new(
		&(struct out_config){
			.format = format,
			.events = events,
			.selected = selected,
			.fields = fields,
			.tags = tags,
			.redact = redact_args,
			.cgroup_path = cgroup_path,
		},
		error, sizeof(error));

	if (o)
		out_set_clock(o, 1700000000000000000);
	return o;
}

static const char *print(struct out *o)
{
	*out_line(o, line, &event.header, event.header.size) = '\0';
	return line;
}

static const char *heading(struct out *o)
{
	*out_heading(o, line) = '\0';
	return line;
}

/*
 * A strict reader of JSON. Each function returns what follows, NULL where it is wrong.
 */

static const char *json_value(const char *p);

static const char *json_string(const char *p)
{
	if (*p++ != '"')
		return NULL;
	for (; *p != '"'; p++) {
		if ((uint8_t)*p < 0x20 || *p == 0x7f)
			return NULL;
		if (*p != '\\')
			continue;
		if (*++p != 'u' && !(*p && strchr("\"\\/bfnrt", *p)))
			return NULL;
		if (*p == 'u' && strspn(p + 1, "0123456789abcdef") < 4)
			return NULL;
	}
	return p + 1;
}

static const char *json_number(const char *p)
{
	size_t n;

	p += *p == '-';
	n = strspn(p, "0123456789");
	return n && (n == 1 || *p != '0') ? p + n : NULL;
}

static const char *json_group(const char *p, char end)
{
	if (*++p == end)
		return p + 1;
	for (;; p++) {
		if (end == '}') {
			p = json_string(p);
			if (!p || *p++ != ':')
				return NULL;
		}
		p = json_value(p);
		if (!p || *p == end)
			return p ? p + 1 : NULL;
		if (*p != ',')
			return NULL;
	}
}

static const char *json_value(const char *p)
{
	switch (*p) {
	case '{':
		return json_group(p, '}');
	case '[':
		return json_group(p, ']');
	case '"':
		return json_string(p);
	case 't':
		return strncmp(p, "true", 4) ? NULL : p + 4;
	case 'n':
		return strncmp(p, "null", 4) ? NULL : p + 4;
	default:
		return json_number(p);
	}
}

/* Whether s, of n bytes with a NUL behind, is one JSON object and one line. */
static bool is_json_line(const char *s, size_t n)
{
	const char *end = *s == '{' ? json_value(s) : NULL;

	return end && end == s + n - 1 && *end == '\n' && !s[n] && valid_utf8(s, n);
}

static bool is_table_line(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((uint8_t)s[i] < 0x20 && i != n - 1)
			return false;
	return n && s[n - 1] == '\n' && valid_utf8(s, n);
}

static void fill_all(void)
{
	struct record records[] = {
		{ 320, "sshd", ALL, 0, 0 },
		{ 0, "", SMALL, 14, 0 },
		{ 1, "a\xff", 99, 0, 0 },
	};

	begin(ALL, sizeof(struct all));
	event.header.flags = 2;
	event.all.u8 = 254;
	event.all.s8 = -128;
	event.all.port = 53;
	event.all.error = -13;
	event.all.id = 18446744073709551614u;
	event.all.time = 987654321;
	event.all.duration = 12345678;
	event.all.bytes = 4096;
	event.all.s64 = INT64_MIN;
	event.all.signal = 9;
	event.all.number = 40;
	event.all.flags = 0x1e;
	memcpy(event.all.addr4, "\xc0\x00\x02\x01", 4);
	memcpy(event.all.addr6, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16);
	memcpy(event.all.digest, "\x00\x01\x02\x03\x04\x05\xfe\xff", 8);
	memcpy(event.all.chars, "eight888", 8);
	APPEND(&event.all.string, "a\"\x1b"
				  "é");
	APPEND(&event.all.args, "ls\0-l\0\0it's\0");
	append(&event.all.list, records, sizeof(records));
}

#define ALL_HEADER                                                                                 \
	"{\"ts\":\"2023-11-14T22:13:20.123456789Z\",\"event\":\"test.all\",\"pid\":321,\"tid\":"   \
	"322,\"ppid\":1,\"uid\":1000,\"comm\":\"bash\",\"proc\":\"321.5200000000\",\"cgroup\":"    \
	"\"/system.slice/ssh.service\",\"cgroup_id\":\"4294967297\""

static void test_json(void)
{
	struct out *o = new_out(OUT_JSON, 3, NULL, NULL);

	fill_all();
	is_str(print(o),
	       ALL_HEADER
	       ",\"u8\":254,\"s8\":-128,\"port\":53,\"error\":\"EACCES\","
	       "\"id\":\"18446744073709551614\",\"time\":\"2023-11-14T22:13:20.987654321Z\","
	       "\"duration_ns\":12345678,\"bytes\":4096,\"s64\":-9223372036854775808,"
	       "\"signal\":\"SIGKILL\",\"number\":\"forty\",\"bits\":[\"TWO_FOUR\",\"EIGHT\","
	       "\"0x10\"],\"cut\":true,\"addr4\":\"192.0.2.1\",\"addr6\":\"2001:db8::1\","
	       "\"digest\":\"000102030405feff\",\"chars\":\"eight888\",\"string\":"
	       "\"a\\\"\\u001bé\",\"args\":[\"ls\",\"-l\",\"\",\"it's\"],\"list\":[{\"comm\":"
	       "\"sshd\",\"pid\":320,\"type\":\"test.all\"},{\"type\":\"test.small\",\"bits\":"
	       "[\"TWO_FOUR\",\"EIGHT\"]},{\"comm\":\"a\xef\xbf\xbd\",\"comm_hex\":\"61ff\","
	       "\"pid\":1,\"type\":\"99\"}]}\n",
	       "JSON of every type of field");
	is_str(heading(o), "", "JSON has no heading");

	/* All that can be absent is. */
	begin(ALL, sizeof(struct all));
	event.header.cgroup = 4;
	event.header.flags = (uint16_t)~2;
	event.header.comm[0] = '\0';
	event.header.pid = event.header.tid = event.header.ppid = 0;
	event.header.uid = UINT32_MAX;
	event.header.start = 0;
	event.all.u8 = UINT8_MAX;
	event.all.id = UINT64_MAX;
	event.all.s64 = -1;
	memset(event.all.addr6, 0xff, 16);
	is_str(print(o),
	       "{\"ts\":\"2023-11-14T22:13:20.123456789Z\",\"event\":\"test.all\",\"cgroup_id\":"
	       "\"4\",\"s8\":0,\"bytes\":0,\"number\":\"zero\",\"bits\":[\"NONE\"]}\n",
	       "JSON leaves out what is absent");
	/* One bit less or more and it is there. */
	event.all.addr4[3] = event.all.digest[7] = 1;
	event.all.addr6[15] = 0xfe;
	event.all.flags = 1;
	event.all.number = 3;
	event.all.error = 4095;
	event.all.signal = 34;
	event.all.list.off = event.all.args.off = event.all.string.off = sizeof(struct all);
	is_str(print(o),
	       "{\"ts\":\"2023-11-14T22:13:20.123456789Z\",\"event\":\"test.all\",\"cgroup_id\":"
	       "\"4\",\"s8\":0,\"error\":\"4095\",\"bytes\":0,\"signal\":\"SIGRTMIN\",\"number\":"
	       "\"3\",\"bits\":[\"0x1\"],\"addr4\":\"0.0.0.1\",\"addr6\":"
	       "\"ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe\",\"digest\":\"0000000000000001\","
	       "\"string\":\"\",\"args\":[],\"list\":[]}\n",
	       "JSON of empty spans and nameless numbers");
	out_free(o);

	o = new_out(OUT_JSON, 3, "list", NULL);
	begin(ALL, sizeof(struct all));
	append(&event.all.list, &(struct record){ .type = UINT16_MAX }, sizeof(struct record));
	is_str(print(o), "{\"list\":[{}]}\n", "JSON of a record that has nothing");
	out_free(o);

	o = new_out(OUT_JSON, 3, "bits", NULL);
	begin(ALL, sizeof(struct all));
	event.all.flags = 0x62;
	is_str(print(o), "{\"bits\":[\"TWO\",\"0x60\"]}\n", "half of a name's bits is not it");
	event.all.flags = 0x80000004;
	is_str(print(o), "{\"bits\":[\"0x80000004\"]}\n", "bits without names");
	out_free(o);
}

static void test_arrays(void)
{
	static const struct {
		const char *args;
		size_t n;
		const char *json, *text;
	} cases[] = {
#define ARGS(s) s, sizeof(s) - 1
		{ ARGS(""), "[]", "-" },
		{ ARGS("\0"), "[\"\"]", "''" },
		{ ARGS("a"), "[\"a\"]", "a" },
		{ ARGS("a\0"), "[\"a\"]", "a" },
		{ ARGS("a\0\0b\0"), "[\"a\",\"\",\"b\"]", "a '' b" },
		{ ARGS("a\0\0b"), "[\"a\",\"\",\"b\"]", "a '' b" },
		{ ARGS("\0\0"), "[\"\",\"\"]", "'' ''" },
		{ ARGS("\xff\0ok\0\xe9t"),
		  "[\"\xef\xbf\xbd\",\"ok\",\"\xef\xbf\xbdt\"],\"args_hex\":[\"ff\",null,\"e974\"]",
		  "$'\\xff' ok $'\\xe9t'" },
	};
	struct out *json = new_out(OUT_JSON, 1, "args", NULL);
	struct out *table = new_out(OUT_TABLE, 1, "args", NULL);
	char expected[200];

	for (unsigned i = 0; i < COUNT(cases); i++) {
		begin(ALL, sizeof(struct all));
		append(&event.all.args, cases[i].args, cases[i].n);
		snprintf(expected, sizeof(expected), "{\"args\":%s}\n", cases[i].json);
		is_str(print(json), expected, "arguments in JSON, case %u", i);
		snprintf(expected, sizeof(expected), "%s\n", cases[i].text);
		is_str(print(table), expected, "arguments in the table, case %u", i);
	}
	out_free(json);
	out_free(table);
}

static void test_redacted(void)
{
	static const struct {
		const char *args;
		size_t n;
		const char *json, *text;
	} cases[] = {
		{ ARGS("ls\0-l\0"), "[\"ls\",\"-l\"]", "ls -l" },
		{ ARGS("curl\0-u\0joe:secret\0h\0"),
		  "[\"curl\",\"-u\",\"joe:***\",\"h\"],\"args_redacted\":true",
		  "curl -u 'joe:***' h" },
		{ ARGS("x\0--token\0\"\\\x01"),
		  "[\"x\",\"--token\",\"***\"],\"args_redacted\":true", "x --token '***'" },
		/* What is secret is in no companion either. */
		{ ARGS("x\0--token=\xffsecret\0y"),
		  "[\"x\",\"--token=***\",\"y\"],\"args_redacted\":true", "x '--token=***' y" },
		{ ARGS("x\xff\0\xfe--token=\xffsecret\0y"),
		  "[\"x\xef\xbf\xbd\",\"\xef\xbf\xbd--token=***\",\"y\"],\"args_hex\":[\"78ff\","
		  "\"fe2d2d746f6b656e3d2a2a2a\",null],\"args_redacted\":true",
		  "$'x\\xff' $'\\xfe--token=***' y" },
	};
	struct out *json, *table, *whole = new_out(OUT_JSON, 1, "args", NULL);
	const struct out_tag tags[] = { { "tag", "x" }, {} };
	char expected[200];

	redact_args = true;
	json = new_out(OUT_JSON, 1, "args,tag", tags);
	table = new_out(OUT_TABLE, 1, "args", NULL);
	for (unsigned i = 0; i < COUNT(cases); i++) {
		begin(ALL, sizeof(struct all));
		append(&event.all.args, cases[i].args, cases[i].n);
		snprintf(expected, sizeof(expected), "{\"args\":%s,\"tag\":\"x\"}\n",
			 cases[i].json);
		is_str(print(json), expected, "redacted arguments in JSON, case %u", i);
		snprintf(expected, sizeof(expected), "%s\n", cases[i].text);
		is_str(print(table), expected, "redacted arguments in the table, case %u", i);
	}
	begin(ALL, sizeof(struct all));
	APPEND(&event.all.args, "x\0--token=secret\0");
	is_str(print(whole), "{\"args\":[\"x\",\"--token=secret\"]}\n",
	       "arguments that are not to be redacted");
	redact_args = false;
	out_free(whole);
	out_free(json);
	out_free(table);
}

static void test_strings(void)
{
	struct out *o = new_out(OUT_JSON, 3, "chars,path", NULL);

	begin(SMALL, sizeof(struct small));
	APPEND(&event.small.path, "/tmp/\xff\0x");
	is_str(print(o),
	       "{\"path\":\"/tmp/\xef\xbf\xbd\\u0000x\",\"path_hex\":\"2f746d702fff0078\"}\n",
	       "raw bytes follow a string that is not UTF-8");
	begin(ALL, sizeof(struct all));
	memcpy(event.all.chars, "ab\0\xff", 4);
	is_str(print(o), "{\"chars\":\"ab\"}\n",
	       "what is behind the NUL of chars is not looked at");
	memcpy(event.all.chars, "\xffxxxxxxx", 8);
	is_str(print(o), "{\"chars\":\"\xef\xbf\xbdxxxxxxx\",\"chars_hex\":\"ff78787878787878\"}\n",
	       "chars without NUL");
	out_free(o);
}

static void test_contradictions(void)
{
	struct out *o = new_out(OUT_JSON, 3, "pid", NULL);
	unsigned refused = 0;

#define REFUSED(name) ok(out_line(o, line, &event.header, event.header.size) == line, name)
#define TAKEN(name)   is_str(print(o), "{\"pid\":321}\n", name)

	begin(SMALL, sizeof(struct small));
	TAKEN("an event without its strings is taken");
	event.header.size--;
	REFUSED("an event shorter than its fixed part");
	event.header.size = sizeof(struct event) - 1;
	REFUSED("an event shorter than the header");
	event.header.size = sizeof(struct small);
	ok(out_line(o, line, &event.header, sizeof(struct small) + 1) == line,
	   "an event whose size is not what was received");
	for (unsigned n = 0; n < sizeof(struct event); n++) {
		struct event *e = memcpy(malloc(n ?: 1), &event, n);

		refused += out_line(o, line, e, n) == line;
		free(e);
	}
	is_u64(refused, sizeof(struct event), "less than a header");
	begin(EVENT_CGROUP_MKDIR, sizeof(struct cgroup_event));
	REFUSED("a type without description");
	begin(EVENT_TYPES, 1000);
	REFUSED("the first type that can't be");
	begin(UINT16_MAX, 1000);
	REFUSED("the last type that can't be");

	/* The spans are checked even if their fields aren't asked for. */
	begin(SMALL, sizeof(struct small) + 10);
	event.small.path = (struct span){ sizeof(struct small), 10 };
	TAKEN("a span up to the end");
	event.small.path.len++;
	REFUSED("a span one byte too long");
	event.small.path = (struct span){ sizeof(struct small) + 10, 0 };
	TAKEN("an empty span at the end");
	event.small.path.off++;
	REFUSED("an empty span behind the end");
	event.small.path = (struct span){ UINT16_MAX, UINT16_MAX };
	REFUSED("the largest span");
	event.small.path = (struct span){ 0, UINT16_MAX };
	TAKEN("an absent span has no length");

	begin(ALL, sizeof(struct all) + 2 * sizeof(struct record));
	event.all.list = (struct span){ sizeof(struct all), 2 * sizeof(struct record) };
	TAKEN("whole records");
	event.all.list.len--;
	REFUSED("half a record");

	begin(SMALL, UINT16_MAX);
	TAKEN("the largest event");
	begin(SMALL, UINT16_MAX + 1);
	REFUSED("an event of 64 KiB");
	out_free(o);
}

static void test_table(void)
{
	const struct out_tag tags[] = { { "host", "web1" }, { "k", "a very long ä" }, {} };
	struct out *o = new_out(OUT_TABLE, 2, NULL, NULL);

	begin(SMALL, sizeof(struct small));
	is_str(heading(o), "TIME             PID COMM                BYTES STRING PATH\n",
	       "heading: the free-running column goes last");
	event.small.bytes = 4096;
	APPEND(&event.small.path, "/tmp/a b\\\n\xff ");
	is_str(print(o),
	       "22:13:20.123     321 bash                 4096 -      /tmp/a b\\\\\\x0a\\xff \n",
	       "a line of the table");
	event.header.pid = 0;
	event.header.comm[0] = '\0';
	event.small.path.off = 0;
	event.small.bytes = 12345678901;
	is_str(print(o), "22:13:20.123       - -               12345678901 -      -\n",
	       "what is missing shows as -, what is wide is not cut");
	event.small.path = (struct span){ sizeof(struct small), 0 };
	is_str(print(o), "22:13:20.123       - -               12345678901 -      -\n",
	       "an empty string shows as -, too");
	strcpy(event.header.comm, "é");
	event.header.pid = 12345678;
	event.small.bytes = 1;
	is_str(print(o), "22:13:20.123 12345678 é                       1 -      -\n",
	       "columns are characters, not bytes");
	out_free(o);

	o = new_out(OUT_TABLE, 3, NULL, tags);
	is_str(heading(o),
	       "TIME             PID COMM            EVENT       U8   S8  PORT ERROR      ID "
	       "AT               TOOK     BYTES SIGNAL    NUMBER BITS     CUT ADDR4           "
	       "ADDR6           DIGEST           CHARS    STRING     ARGS LIST       HOST "
	       "K             PATH\n",
	       "heading of two events and tags");
	fill_all();
	is_str(print(o),
	       "22:13:20.123     321 bash            test.all   254 -128    53 EACCES   "
	       "18446744073709551614 22:13:20.987   12.3ms      4096 SIGKILL   forty  "
	       "TWO_FOUR|EIGHT|0x10 cut 192.0.2.1       2001:db8::1     000102030405feff "
	       "eight888 a\"\\x1bé    ls -l '' 'it'\\''s' sshd(320),-,a\\xff(1) web1 "
	       "a very long ä -\n",
	       "table of every type of field");
	begin(SMALL, sizeof(struct small));
	APPEND(&event.small.path, "/etc");
	is_str(print(o),
	       "22:13:20.123     321 bash            test.small   -    -     - -           - "
	       "-                   -         0 -         -      -        -   -               "
	       "-               -                -        -          -    -          web1 "
	       "a very long ä /etc\n",
	       "the other event in the same columns");
	out_free(o);
}

static void test_fields(void)
{
	const struct out_tag tags[] = { { "host", "a\"b" }, { "void", "" }, {} };
	struct out *o = new_out(OUT_JSON, 3, "path,host,pid,s8,event", tags);

	begin(SMALL, sizeof(struct small));
	APPEND(&event.small.path, "/etc");
	is_str(print(o),
	       "{\"path\":\"/etc\",\"host\":\"a\\\"b\",\"pid\":321,\"event\":\"test.small\"}\n",
	       "--fields in JSON: these, in this order");
	fill_all();
	is_str(print(o), "{\"host\":\"a\\\"b\",\"pid\":321,\"s8\":-128,\"event\":\"test.all\"}\n",
	       "--fields in JSON: of another event");
	out_free(o);

	o = new_out(OUT_JSON, 3, "path", NULL);
	is_str(print(o), "{}\n", "--fields in JSON: none of them");
	out_free(o);

	o = new_out(OUT_JSON, 1, NULL, tags);
	begin(SMALL, sizeof(struct small));
	print(o);
	ok(strstr(line, ",\"bytes\":0,\"host\":\"a\\\"b\",\"void\":\"\"}\n") != NULL,
	   "tags are the last in JSON");
	out_free(o);

	o = new_out(OUT_TABLE, 3, "other,path,uid,s64,void,cgroup,ts,list,event,host", tags);
	is_str(heading(o),
	       "STRING PATH   UID S64 VOID CGROUP                                   TIME         "
	       "LIST       EVENT      HOST\n",
	       "--fields in the table: heading");
	APPEND(&event.small.path, "/etc/passwd");
	is_str(print(o),
	       "-      /etc/passwd  1000   - -    /system.slice/ssh.service                "
	       "22:13:20.123 -          test.small a\"b\n",
	       "--fields in the table: line");
	out_free(o);
	o = new_out(OUT_TABLE, 3, "ts,pid", NULL);
	is_str(print(o), "22:13:20.123     321\n", "--fields in the table: a number is last");
	event.header.pid = 1;
	is_str(print(o), "22:13:20.123       1\n", "--fields in the table: and still to the right");
	out_free(o);

	/* What is put together of parts is as wide as it looks, too. */
	o = new_out(OUT_TABLE, 3, "list,args,uid", NULL);
	begin(ALL, sizeof(struct all));
	append(&event.all.list, (struct record[]){ { 3, "é", 0, 0, 0 }, { 0, "", 0, 0, 0 } },
	       2 * sizeof(struct record));
	APPEND(&event.all.args, "a\0b");
	is_str(print(o), "é(3),-     a b   1000\n", "--fields in the table: list and arguments");
	out_free(o);
}

static void test_errors(void)
{
	static const char known[] = "ts, event, pid, tid, ppid, uid, comm, proc, cgroup, "
				    "cgroup_id, path, bytes, other, "
				    "host";
	static const struct {
		const char *fields, *complaint;
	} cases[] = {
		{ "pid,nonsense", "'nonsense'" },
		{ "pid,string", "'string'" }, /* of the event that isn't selected */
		{ "PID", "'PID'" },
		{ "pi", "'pi'" },
		{ "pidd", "'pidd'" },
		{ "pid, comm", "' comm'" },
		{ "pid,comm,pid", "'pid'" },
		{ "host,host", "'host'" },
		{ "", "empty" },
		{ "pid,", "empty" },
		{ ",pid", "empty" },
		{ "pid,,comm", "empty" },
	};
	static char long_value[10000];
	const struct out_tag host[] = { { "host", "h" }, {} };
	const struct {
		struct out_tag tags[3];
		const char *complaint;
	} bad_tags[] = {
		{ { { "pid", "1" } }, "'pid'" },
		{ { { "list", "1" } }, "'list'" },
		{ { { "count", "1" } }, "'count'" }, /* of lost */
		{ { { "comm_hex", "1" } }, "'comm_hex'" },
		{ { { "args_redacted", "1" } }, "'args_redacted'" },
		{ { { "a", "1" }, { "a", "2" } }, "'a'" },
		{ { { "", "1" } }, "name" },
		{ { { "a", "\xff" } }, "'a'" },
		{ { { "a\xff", "" } }, "UTF-8" },
		{ { { "a", long_value } }, "too long" },
	};
	struct out *o;

	memset(long_value, 'x', sizeof(long_value) - 1);
	for (unsigned i = 0; i < COUNT(cases); i++) {
		o = new_out(i % 2, 2, cases[i].fields, host);
		ok(!o && strstr(error, cases[i].complaint) && strstr(error, known) &&
			   !strchr(error, '\n'),
		   "--fields %s: %s", cases[i].fields, error);
		out_free(o);
	}
	for (unsigned i = 0; i < COUNT(bad_tags); i++) {
		o = new_out(i % 2, 3, NULL, bad_tags[i].tags);
		ok(!o && strstr(error, bad_tags[i].complaint) && !strchr(error, '\n'),
		   "--tag %u: %.100s", i, error);
		out_free(o);
	}
	memset(error, 'x', sizeof(error));
	o = out_new(&(struct out_config){ .events = events, .selected = 3, .fields = "nonsense" },
		    error, 20);
	ok(!o && strlen(error) == 19 && error[20] == 'x', "a short buffer for the error is enough");
	o = out_new(&(struct out_config){ .events = events, .selected = 3 }, error, sizeof(error));
	ok(o && !*error, "no error where all is well");
	begin(SMALL, sizeof(struct small));
	ok(!strstr(print(o), "cgroup\""), "without paths of cgroups none is printed");
	out_free(o);
}

static void test_lost(void)
{
	const struct out_tag tags[] = { { "host", "web1" }, {} };
	static const struct lost_by by[] = {
		{ 10, ALL, {} }, { 2, SMALL, {} }, { 1, EVENT_TREE, {} }, { 1, 15, {} }
	};
	static const char json[] =
		"{\"ts\":\"2023-11-14T22:13:20.123456789Z\",\"event\":\"lost\",\"count\":14,\"by\":"
		"[{\"event\":\"test.all\",\"count\":10},{\"event\":\"test.small\",\"count\":2},"
		"{\"event\":\"process.tree\",\"count\":1},{\"event\":\"15\",\"count\":1}],"
		"\"host\":\"web1\"}\n";
	static const char text[] =
		"22:13:20.123       - -               lost 14 events (test.all 10, test.small 2, "
		"process.tree 1, 15 1)\n";
	struct out *o;

	begin(EVENT_LOST, sizeof(struct lost_event));
	event.lost.count = 14;
	append(&event.lost.by, by, sizeof(by));
	for (int named = 0; named < 2; named++) {
		o = new_out(OUT_JSON, 1, named ? "pid,s8" : NULL, tags);
		is_str(print(o), json, "a lost event in JSON, %s --fields",
		       named ? "with" : "without");
		out_free(o);
		o = new_out(OUT_TABLE, 1, named ? "pid,s8" : NULL, tags);
		is_str(print(o), text, "a lost event in the table, %s --fields",
		       named ? "with" : "without");
		out_free(o);
	}
	o = new_out(OUT_TABLE, 1, NULL, NULL);
	begin(EVENT_LOST, sizeof(struct lost_event));
	event.lost.count = 1;
	is_str(print(o), "22:13:20.123       - -               lost 1 event\n",
	       "a single lost event, of nobody knows which kind");
	event.lost.by.len = 16;
	is_str(print(o), "22:13:20.123       - -               lost 1 event\n",
	       "a lost event whose list is absent");
	event.lost.by = (struct span){ sizeof(struct lost_event), 16 };
	ok(out_line(o, line, &event.header, event.header.size) == line,
	   "a lost event that points behind its end");
	out_free(o);
}

/*
 * What terminals are for: alarms in colour, and depth. Two events share the column RESULT.
 */

struct ended {
	struct event header;
	__s32 code;
	__u32 signal;
	__s32 error;
	struct span list, args;
};

#define ENDED(member) FIELD_AT(struct ended, member)

static const struct field ended_fields[] = {
	{ "code", FIELD_INT, ENDED(code), OMIT_MAX, .heading = "RESULT", .width = 7,
	  .alarm = true },
	{ "signal", FIELD_SIGNAL, ENDED(signal), .heading = "RESULT", .width = 9, .alarm = true },
	{ "error", FIELD_ERRNO, ENDED(error), .heading = "RESULT", .alarm = true },
	{ "cut", FIELD_FLAG, .flag = 2, .alarm = true },
	{ "list", FIELD_LIST, ENDED(list), .record = sizeof(struct record), .fields = record_fields,
	  .depth = true },
	{ "args", FIELD_ARGS, ENDED(args), .heading = "ARGS" },
	{},
};

static const struct field failed_fields[] = {
	{ "args", FIELD_ARGS, ENDED(args), .heading = "ARGS" },
	{ "error", FIELD_ERRNO, ENDED(error), .heading = "RESULT", .width = 3, .alarm = true },
	{ "code", FIELD_INT, ENDED(code), .heading = "CODE", .width = 5 },
	{},
};

static const struct event_desc ends[] = {
	{ ALL, "test.ended", sizeof(struct ended), ended_fields, "Ended." },
	{ SMALL, "test.failed", sizeof(struct ended), failed_fields, "Failed." },
	{},
};

static struct out *new_terminal(const char *fields, bool color, bool tree)
{
	struct out *o = out_new(
		&(struct out_config){
			.format = OUT_TABLE,
			.events = ends,
			.selected = 3,
			.fields = fields,
			.color = color,
			.tree = tree,
		},
		error, sizeof(error));

	out_set_clock(o, 1700000000000000000);
	return o;
}

static struct ended *begin_end(uint16_t type)
{
	begin(type, sizeof(struct ended));
	((struct ended *)&event)->code = -1;
	return (struct ended *)&event;
}

static void test_shared_heading(void)
{
	struct out *o = new_terminal(NULL, false, false);
	struct ended *e;

	is_str(heading(o),
	       "TIME             PID COMM            EVENT          RESULT  CODE ARGS\n",
	       "shared heading: one column, as wide as the widest field that is the first of its "
	       "event");
	e = begin_end(ALL);
	is_str(print(o), "22:13:20.123     321 bash            test.ended          -     - -\n",
	       "shared heading: no field has a value");
	e->code = 0;
	e->signal = 9;
	is_str(print(o), "22:13:20.123     321 bash            test.ended          0     - -\n",
	       "shared heading: the first value counts, 0 too");
	e->code = -1;
	is_str(print(o), "22:13:20.123     321 bash            test.ended    SIGKILL     - -\n",
	       "shared heading: the second field where the first one has no value");
	e->signal = 0;
	e->error = 13;
	is_str(print(o), "22:13:20.123     321 bash            test.ended     EACCES     - -\n",
	       "shared heading: the third one");
	e = begin_end(SMALL);
	e->error = 2;
	is_str(print(o), "22:13:20.123     321 bash            test.failed    ENOENT    -1 -\n",
	       "shared heading: another event, with another field for it and one of its own");
	out_free(o);

	/* By name there is no sharing. */
	o = new_terminal("signal,code,error", false, false);
	e = begin_end(ALL);
	e->signal = 9;
	is_str(heading(o), "SIGNAL       CODE ERROR\n", "shared heading: not by --fields");
	is_str(print(o), "SIGKILL         - -\n", "shared heading: each field by itself");
	out_free(o);
}

#define RED(s)	"\033[31m" s "\033[0m\n"
#define BOLD(s) "\033[1m" s "\033[0m\n"

static void test_color(void)
{
	struct out *o = new_terminal("code,signal,error,args", true, false);
	struct ended *e = begin_end(ALL);

	is_str(heading(o), BOLD("   CODE SIGNAL    ERROR ARGS"), "colour: the heading");
	is_str(print(o), "      - -         -     -\n", "colour: none without a value");
	e->code = 0;
	is_str(print(o), "      0 -         -     -\n", "colour: none for 0");
	e->code = 1;
	is_str(print(o), RED("      1 -         -     -"), "colour: a code");
	e->code = -2;
	is_str(print(o), RED("     -2 -         -     -"), "colour: a negative one");
	e->code = 0;
	e->signal = 15;
	is_str(print(o), RED("      0 SIGTERM   -     -"), "colour: a signal, behind a 0");
	e->signal = 0;
	e->error = -2;
	is_str(print(o), RED("      0 -         ENOENT -"), "colour: an error");
	e->error = 0;
	e->header.flags = 2;
	is_str(print(o), "      0 -         -     -\n", "colour: none for what is not shown");
	APPEND(&e->args, "\033[31m\0\xc2\x9b"
			 "31m\0");
	is_str(print(o), "      0 -         -     $'\\x1b[31m' $'\\xc2\\x9b'$'31m'\n",
	       "colour: none by what is printed");
	e->code = 7;
	is_str(print(o), RED("      7 -         -     $'\\x1b[31m' $'\\xc2\\x9b'$'31m'"),
	       "colour: the whole line, to its end");
	e = begin_end(SMALL);
	e->code = 1;
	is_str(print(o), "      1 -         -     -\n", "colour: none for what is no alarm here");
	out_free(o);

	o = new_terminal("cut", true, false);
	e = begin_end(ALL);
	is_str(print(o), "-\n", "colour: a flag that is not set");
	e->header.flags = 2;
	is_str(print(o), RED("cut"), "colour: a flag that is set");
	out_free(o);

	/* Whichever of those that share a column shows. */
	o = new_terminal(NULL, true, false);
	e = begin_end(ALL);
	e->signal = 9;
	is_str(print(o), RED("22:13:20.123     321 bash            test.ended    SIGKILL     - -"),
	       "colour: in a shared column");
	e->code = 0;
	is_str(print(o), "22:13:20.123     321 bash            test.ended          0     - -\n",
	       "colour: none in a shared column for what does not show");
	begin(EVENT_LOST, sizeof(struct lost_event));
	event.lost.count = 14;
	is_str(print(o), "\033[33m22:13:20.123       - -               lost 14 events\033[0m\n",
	       "colour: lost events");
	out_free(o);

	o = new_terminal(NULL, false, false);
	e = begin_end(ALL);
	e->signal = 9;
	ok(!strchr(heading(o), '\033') && !strchr(print(o), '\033'), "no colour if not asked for");
	out_free(o);
}

/* The line of a process that has so many ancestors. */
static const char *at_depth(struct out *o, int depth, const char *args, size_t n)
{
	static const struct record records[100];
	struct ended *e = begin_end(ALL);

	append(&e->list, records, depth * sizeof(*records));
	append(&e->args, args, n);
	return print(o);
}

static void test_tree(void)
{
	static const struct {
		int depth, indent;
	} cases[] = {
		{ 5, 0 }, { 6, 2 },   { 8, 6 },	  { 5, 0 },   { 3, 0 },
		{ 5, 4 }, { 35, 64 }, { 36, 64 }, { 99, 64 }, { 3, 0 },
	};
	struct out *o = new_terminal("pid,args", false, true);
	char expected[200];

	for (unsigned i = 0; i < COUNT(cases); i++) {
		sprintf(expected, "%7d %*sa b\n", 321, cases[i].indent, "");
		is_str(at_depth(o, cases[i].depth, "a\0b", 4), expected,
		       "tree: a process with %d ancestors, case %u", cases[i].depth, i);
	}
	is_str(at_depth(o, 4, "", 0), "    321   -\n", "tree: without a value");
	begin_end(SMALL);
	is_str(print(o), "    321 -\n", "tree: an event that does not know its ancestors");
	begin_end(ALL);
	is_str(print(o), "    321 -\n", "tree: nor does this one, this time");
	out_free(o);

	o = new_terminal("args,pid", true, true);
	at_depth(o, 1, "a", 1);
	is_str(at_depth(o, 3, "a", 1), "a            321\n", "tree: a number in the last column");
	out_free(o);
	o = new_terminal("pid,args", false, false);
	at_depth(o, 1, "a", 1);
	is_str(at_depth(o, 3, "a", 1), "    321 a\n", "no tree if not asked for");
	out_free(o);
}

static void test_long_cgroup(void)
{
	struct out *o = new_out(OUT_JSON, 3, "cgroup", NULL);

	begin(SMALL, sizeof(struct small));
	event.header.cgroup = 5000;
	print(o);
	/* Each byte is three of U+FFFD, and two digits in cgroup_hex. */
	is_u64(strlen(line), sizeof("{\"cgroup\":\"\",\"cgroup_hex\":\"\"}\n") - 1 + 5 * 4096,
	       "no more of a cgroup's path than the kernel allows");
	ok(is_json_line(line, strlen(line)), "and the line is whole");
	out_free(o);
}

/* Both against what the C library makes of it. */
static void test_time(void)
{
	struct out *json = new_out(OUT_JSON, 2, "ts", NULL);
	struct out *table = new_out(OUT_TABLE, 2, "ts", NULL);
	unsigned wrong = 0;

	begin(SMALL, sizeof(struct small));
	for (int i = 0; i < 20000; i++) {
		/* Up to the year 2554, now and then a second time within the same second. */
		uint64_t ns = (uint64_t)random() << 33 ^ (uint64_t)random() << 11 ^ random();
		int64_t clock = ((int64_t)random() << 32 ^ random()) * (i % 2 ? 1 : -1);
		char expected[100], date[50];

		for (int again = 0; again < 2; again++, ns ^= 1 << 20) {
			time_t second = ns / 1000000000;

			event.header.ts = ns - (uint64_t)clock;
			out_set_clock(json, clock);
			out_set_clock(table, clock);
			strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", gmtime(&second));
			sprintf(expected, "{\"ts\":\"%s.%09uZ\"}\n", date,
				(unsigned)(ns % 1000000000));
			wrong += strcmp(print(json), expected) != 0;
			strftime(date, sizeof(date), "%H:%M:%S", localtime(&second));
			sprintf(expected, "%s.%03u\n", date, (unsigned)(ns / 1000000 % 1000));
			wrong += strcmp(print(table), expected) != 0;
		}
	}
	is_u64(wrong, 0, "times agree with strftime(3), in UTC and in a zone with summer time");
	out_free(json);
	out_free(table);
}

static void test_schema(void)
{
	char *schema;
	size_t n;
	FILE *f = open_memstream(&schema, &n);
	static const char *const parts[] = {
		"\"title\":\"tool \\\"x\\\"\"",
		"\"$schema\":\"https://json-schema.org/draft/2020-12/schema\"",
		"\"oneOf\":[",
		"\"event\":{\"const\":\"test.all\"",
		"\"event\":{\"const\":\"test.small\"",
		"\"event\":{\"const\":\"lost\"",
		"\"description\":\"a \\\"byte\\\"\"",
		"\"description\":\"Everything \\\\ at once.\"",
		"\"enum\":[\"zero\",\"one\",\"two\",\"forty\"]",
		"\"enum\":[\"NONE\",\"TWO_FOUR\",\"TWO\",\"EIGHT\"]",
		"\"comm_hex\":",
		"\"cgroup_hex\":",
		"\"args_hex\":",
		"\"args_redacted\":{\"const\":true,",
		"\"required\":[\"ts\",\"event\"]",
	};

	out_schema(f, "tool \"x\"", events);
	fclose(f);
	ok(is_json_line(schema, n), "the schema is JSON");
	for (unsigned i = 0; i < COUNT(parts); i++)
		ok(strstr(schema, parts[i]) != NULL, "the schema has %s", parts[i]);
	for (const struct event_desc *d = events; d->name; d++) {
		for (const struct field *field = d->fields; field->name; field++) {
			char key[100];

			sprintf(key, "\"%s\":{", field->name);
			ok(strstr(schema, key) != NULL, "the schema has %s", field->name);
		}
	}
	free(schema);
}

/*
 * Hostile events.
 */

/* The line of an event with no byte to spare behind it, for the address sanitizer. */
static size_t hostile_line(struct out *o, bool json, unsigned *wrong)
{
	size_t size = event.header.size, n;
	struct event *e = memcpy(malloc(size), &event, size);

	n = out_line(o, line, e, size) - line;
	line[n] = '\0';
	free(e);
	if (n && !(json ? is_json_line(line, n) : is_table_line(line, n))) {
		if (!*wrong)
			tap_show("line", line, n);
		++*wrong;
	}
	return n;
}

static void random_bytes(char *p, size_t n)
{
	int kind = random() % 4;

	for (size_t i = 0; i < n; i++)
		p[i] = kind == 0   ? random()
		       : kind == 1 ? "\0\xff\x01\"\\\xc2\x9b\xe2\x80\xae'a"[random() % 12]
		       : kind == 2 ? "abcdefg /-\n"[random() % 11]
				   : "\0\xff"[random() % 2];
}

static struct span random_span(size_t fixed, size_t size)
{
	struct span span = { random(), random() };

	if (random() % 8 == 0)
		return span;
	span.off = fixed + random() % (size - fixed + 1);
	span.len = random() % (size - span.off + 1);
	return span;
}

static void test_fuzz(void)
{
	static const char *const fields[] = { NULL, "list,args,ts,chars,other,host,path,addr6" };
	const struct out_tag tags[] = { { "host", "\u00e9\"" }, {} };
	unsigned wrong = 0, printed = 0;

	for (int kind = 0; kind < 8; kind++) {
		enum out_format format = kind % 2 ? OUT_TABLE : OUT_JSON;
		struct out *o;

		redact_args = kind / 4;
		o = new_out(format, 3, fields[kind / 2 % 2], tags);

		for (int i = 0; i < 10000; i++) {
			struct event *e = &event.header;
			size_t fixed = i % 2   ? sizeof(struct all)
				       : i % 3 ? sizeof(struct small)
					       : sizeof(struct lost_event);
			size_t size = fixed + (i % 50 ? random() % 300 : random() % 60000);

			random_bytes(event.bytes, size);
			e->size = size;
			e->type = i % 2 ? ALL : i % 3 ? SMALL : EVENT_LOST;
			if (i % 2) {
				event.all.string = random_span(fixed, size);
				event.all.args = random_span(fixed, size);
				event.all.list = random_span(fixed, size);
				if (random() % 8)
					event.all.list.len -=
						event.all.list.len % sizeof(struct record);
			} else if (i % 3) {
				event.small.path = random_span(fixed, size);
				event.small.other = random_span(fixed, size);
			} else {
				event.lost.by = random_span(fixed, size);
				event.lost.by.len &= ~15;
			}
			printed += hostile_line(o, format == OUT_JSON, &wrong) > 0;
		}
		out_free(o);
	}
	redact_args = false;
	is_u64(wrong, 0, "lines of random events are whole");
	ok(printed > 40000, "most random events are printed: %u", printed);
}

/* The longest events, of the bytes that take most room. */
static void test_room(void)
{
	static const char *const fills[] = { "\x01", "\xff", "\"", "\xc2\x80", "\x01\xff",
					     "a",    "'",    "\\", "\u202e",   "f\xff" };
	static char value[8000];
	const struct out_tag tags[] = { { "tag", value }, {} };
	unsigned wrong = 0, refused = 0;
	size_t longest = 0;

	memset(value, 1, sizeof(value) - 1);
	for (unsigned i = 0; i < 3 * COUNT(fills) * 4; i++) {
		bool json = i % 2;
		const char *fill = fills[i / 12 % COUNT(fills)];
		size_t end = UINT16_MAX, n;
		struct out *o = new_out(json ? OUT_JSON : OUT_TABLE, 3, NULL, tags);
		struct span *span;

		begin(i / 4 % 3 ? ALL : SMALL,
		      i / 4 % 3 ? sizeof(struct all) : sizeof(struct small));
		span = i / 4 % 3 == 0	? &event.small.path
		       : i / 4 % 3 == 1 ? &event.all.args
					: &event.all.list;
		*span = (struct span){ event.header.size, end - event.header.size };
		/* No tool has so many records, and a full event of them would not fit. */
		if (span == &event.all.list)
			span->len = 1500 * sizeof(struct record);
		for (size_t k = span->off; k < end; k++)
			event.bytes[k] = fill[(k - span->off) % strlen(fill)];
		/* The arguments once as one, and once as many as there can be. */
		for (size_t k = span->off; k < end && i / 2 % 2 && span == &event.all.args; k += 2)
			event.bytes[k] = '\0';
		event.header.size = end;
		n = hostile_line(o, json, &wrong);
		refused += n == 0;
		longest = n > longest ? n : longest;
		out_free(o);
	}
	is_u64(wrong, 0, "lines of the longest events are whole");
	is_u64(refused, 0, "the longest events are printed");
	ok(longest > 65536 * 7 && longest <= OUT_LINE_MAX, "the longest line: %zu", longest);
}

/* As many secrets as there can be, each shorter than what it is printed as. */
static void test_redacted_room(void)
{
	static const struct {
		const char *s;
		size_t n;
	} fills[] = {
		{ ARGS("pwd=1\0") },
		{ ARGS("\xffpwd=1\0") },
		{ ARGS(" pwd=1") },
		{ ARGS("\xffpwd=1 ") },
		{ ARGS("\x01\xff pwd=\xff ") },
		{ ARGS("-p\xff\xff ") },
		{ ARGS("\xffpwd=1;\xff\0") },
		{ ARGS("--pwd\0\x01\0") },
	};
	unsigned wrong = 0, refused = 0;
	size_t longest = 0, n;

	redact_args = true;
	for (unsigned i = 0; i < 2 * COUNT(fills); i++) {
		struct out *o = new_out(i % 2 ? OUT_JSON : OUT_TABLE, 3, NULL, NULL);
		struct span *args = &event.all.args;
		const char *fill = fills[i / 2].s;

		begin(ALL, sizeof(struct all));
		*args = (struct span){ event.header.size, UINT16_MAX - event.header.size };
		for (size_t k = 0; k < args->len; k++)
			event.bytes[args->off + k] = fill[k % fills[i / 2].n];
		memcpy(event.bytes + args->off, "mysql x\xff ", strlen("mysql x\xff "));
		event.header.size = UINT16_MAX;
		n = hostile_line(o, i % 2, &wrong);
		refused += n == 0;
		longest = n > longest ? n : longest;
		out_free(o);
	}
	redact_args = false;
	is_u64(wrong, 0, "lines of many secrets are whole");
	is_u64(refused, 0, "lines of many secrets are printed");
	ok(longest <= OUT_LINE_MAX, "the longest of them: %zu", longest);
}

/* Fields may refer to the same bytes, but not without limit. */
static void test_overlap(void)
{
	enum {
		FIELDS = 16
	};
	struct many {
		struct event header;
		struct span spans[FIELDS];
	};
	static char names[FIELDS][8];
	static struct field fields[FIELDS + 1];
	const struct event_desc descs[] = { { ALL, "test.many", sizeof(struct many), fields }, {} };
	unsigned wrong = 0, printed = 0;

	for (int i = 0; i < FIELDS; i++) {
		sprintf(names[i], "f%d", i);
		fields[i] = (struct field){ names[i], i % 2 ? FIELD_STRING : FIELD_ARGS,
					    offsetof(struct many, spans[i]), sizeof(struct span) };
	}
	for (int n = 0; n <= FIELDS; n++) {
		struct out *o = out_new(&(struct out_config){ .events = descs, .selected = 1 },
					error, sizeof(error));

		begin(ALL, UINT16_MAX);
		memset(event.bytes + sizeof(struct many), 0xff, UINT16_MAX - sizeof(struct many));
		for (int i = 0; i < n; i++)
			((struct many *)&event)->spans[i] =
				(struct span){ sizeof(struct many),
					       UINT16_MAX - sizeof(struct many) };
		printed += hostile_line(o, true, &wrong) > 0;
		out_free(o);
	}
	is_u64(wrong, 0, "spans over the same bytes: whole lines");
	ok(printed >= 2 && printed < FIELDS, "spans over the same bytes: not too often");
}

/* In the sandbox a system call other than read(2), write(2) and exit(2) is the end. */
static void test_no_system_calls(void)
{
	struct out *json, *table;
	int status = -1;
	pid_t child;

	redact_args = true;
	json = new_out(OUT_JSON, 3, NULL, NULL);
	table = new_out(OUT_TABLE, 3, NULL, NULL);
	redact_args = false;

	fflush(stdout);
	child = fork();
	if (child == 0) {
		if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT))
			_exit(1);
		for (int i = 0; i < 100; i++) {
			fill_all();
			APPEND(&event.all.args, "x\0--token=secret\0");
			event.header.ts = i * 987654321098765;
			print(json);
			print(table);
		}
		syscall(SYS_exit, 0);
	}
	waitpid(child, &status, 0);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 1)
		skip("no seccomp here");
	else
		is_i64(status, 0, "an event is printed without a system call");
	out_free(json);
	out_free(table);
}

/*
 * Records that refer to strings.
 */

struct named {
	struct span name;
	__u32 n;
};

struct names_event {
	struct event header;
	struct span list;
	__u32 pad;
};

static const struct field named_fields[] = {
	{ "name", FIELD_STRING, FIELD_AT(struct named, name) },
	{ "n", FIELD_UINT, FIELD_AT(struct named, n) },
	{},
};

static const struct field names_fields[] = {
	{ "list", FIELD_LIST, FIELD_AT(struct names_event, list), .record = sizeof(struct named),
	  .fields = named_fields, .heading = "LIST" },
	{},
};

static const struct event_desc names_events[] = {
	{ EVENT_TOOL, "test.names", sizeof(struct names_event), names_fields, "Names." },
	{},
};

static void set_named(unsigned i, uint16_t off, uint16_t len, uint32_t n)
{
	const struct named record = { { off, len }, n };

	memcpy((char *)&event + sizeof(struct names_event) + i * sizeof(record), &record,
	       sizeof(record));
}

static void test_strings_of_records(void)
{
	struct out_config config = { .events = names_events, .selected = 1, .fields = "list" };
	const uint16_t texts = sizeof(struct names_event) + 3 * sizeof(struct named);
	char error[200];
	struct out *o = out_new(&config, error, sizeof(error)), *table;
	struct names_event *e = (struct names_event *)&event;

	config.format = OUT_TABLE;
	table = out_new(&config, error, sizeof(error));
	begin(EVENT_TOOL, texts + 5);
	e->list = (struct span){ sizeof(*e), 3 * sizeof(struct named) };
	memcpy((char *)&event + texts,
	       "ab\"\xff"
	       "c",
	       5);
	set_named(0, texts, 3, 7);
	set_named(1, texts + 3, 1, 8);
	set_named(2, 0, 99, 9);
	is_str(print(o),
	       "{\"list\":[{\"name\":\"ab\\\"\",\"n\":7},{\"name\":\"\xef\xbf\xbd\",\"name_hex\":"
	       "\"ff\",\"n\":8},{\"n\":9}]}\n",
	       "strings in records; an absent one has no length");
	is_str(print(table), "ab\"(7),\\xff(8),-(9)\n", "the same in a table");

	set_named(2, texts, 5, 9);
	ok(out_line(o, line, &event.header, event.header.size) > line, "a string up to the end");
	set_named(2, texts, 6, 9);
	REFUSED("a record's string one byte too long");
	set_named(2, texts + 5, 0, 9);
	ok(out_line(o, line, &event.header, event.header.size) > line, "an empty one at the end");
	set_named(2, UINT16_MAX, UINT16_MAX, 9);
	REFUSED("the largest span in a record");

	/* Many records, each with the same long string, would not fit into a line. */
	begin(EVENT_TOOL, 60000);
	e->list = (struct span){ sizeof(*e), 40 * sizeof(struct named) };
	for (unsigned i = 0; i < 40; i++)
		set_named(i, 2000, 20, i);
	ok(out_line(o, line, &event.header, event.header.size) > line, "short strings fit");
	for (unsigned i = 0; i < 40; i++)
		set_named(i, 2000, 50000, i);
	REFUSED("a line's worth of bytes again and again");
	out_free(o);
	out_free(table);
}

int main(void)
{
	srandom(1);
	unsetenv("TZ");
	test_no_system_calls(); /* first, before anything has loaded the zone */
	setenv("TZ", "UTC0", 1);
	test_json();
	test_arrays();
	test_redacted();
	test_strings();
	test_contradictions();
	test_strings_of_records();
	test_table();
	test_fields();
	test_errors();
	test_lost();
	test_shared_heading();
	test_color();
	test_tree();
	test_long_cgroup();
	test_schema();
	test_fuzz();
	test_room();
	test_redacted_room();
	test_overlap();
	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	test_time();
	return done();
}
