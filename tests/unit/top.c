/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "out/top.h"

#include <stdlib.h>

#include "tests/tap.h"

struct moved {
	struct event header;
	__u64 bytes;
	__u32 calls;
	struct span path;
};

struct failed {
	struct event header;
	__u32 error;
	struct span path;
};

#define MOVED(member)  FIELD_AT(struct moved, member)
#define FAILED(member) FIELD_AT(struct failed, member)

static const struct field moved_fields[] = {
	{ "calls", FIELD_UINT, MOVED(calls), .heading = "CALLS", .width = 5, .sum = true },
	{ "bytes", FIELD_BYTES, MOVED(bytes), .heading = "BYTES", .width = 6, .sum = true },
	{ "path", FIELD_STRING, MOVED(path), .heading = "PATH", .by = true },
	{},
};
static const struct field failed_fields[] = {
	{ "error", FIELD_ERRNO, FAILED(error), .heading = "ERROR", .width = 8 },
	{ "path", FIELD_STRING, FAILED(path), .heading = "PATH" },
	{},
};

static const struct event_desc events[] = {
	{ EVENT_TOOL, "test.moved", sizeof(struct moved), moved_fields, "Moved." },
	{ EVENT_TOOL + 1, "test.failed", sizeof(struct failed), failed_fields, "Failed." },
	{},
};

static char error[256];
static struct out *out;
static struct top *top;
static char text[OUT_LINE_MAX + (1 << 20)];

static void begin(struct out_config config)
{
	config.events = events;
	config.selected = config.selected ?: 3;
	config.by = config.by ?: top_default(&config);
	out = out_new(&config, error, sizeof(error));
	top = out ? top_new(out, &config, error, sizeof(error)) : NULL;
	if (out)
		out_set_clock(out, 1000000000000000000);
}

static void end(void)
{
	top_free(top);
	out_free(out);
}

static bool add(uint16_t type, uint64_t ts, uint64_t bytes, uint32_t calls, const char *path)
{
	static union {
		struct event header;
		struct moved moved;
		struct failed failed;
		char bytes[UINT16_MAX];
	} e;
	struct span *span = type == EVENT_TOOL ? &e.moved.path : &e.failed.path;
	size_t size = type == EVENT_TOOL ? sizeof(e.moved) : sizeof(e.failed), len = strlen(path);

	memset(&e, 0, size);
	e.header = (struct event){ .size = size + len, .type = type, .ts = ts, .uid = 7 };
	memcpy(e.header.comm, "prog", 5);
	if (type == EVENT_TOOL) {
		e.moved.bytes = bytes;
		e.moved.calls = calls;
	} else {
		e.failed.error = 2;
	}
	if (len)
		*span = (struct span){ size, len };
	memcpy(e.bytes + size, path, len);
	return top_add(top, &e.header, e.header.size);
}

static bool moved(uint64_t ts, uint64_t bytes, uint32_t calls, const char *path)
{
	return add(EVENT_TOOL, ts, bytes, calls, path);
}

static const char *view(struct top_view v)
{
	char *to = text, *line;

	top_begin(top, &v);
	while ((line = top_line(top, to)) != to)
		to = line;
	*to = '\0';
	return text;
}

#define TS "2001-09-09T01:46:40.00000000"

static void test_json(void)
{
	begin((struct out_config){ .format = OUT_JSON });
	is_str(view((struct top_view){}), "", "nothing of nothing");
	ok(moved(3, 10, 1, "/a") && moved(1, 5, 2, "/b") && moved(2, 7, 4, "/a"), "are taken");
	ok(add(EVENT_TOOL + 1, 4, 0, 0, "/b") && moved(5, 0, 0, ""), "others too");
	is_u64(top_events(top), 5, "all are counted");
	is_str(view((struct top_view){}),
	       "{\"ts\":\"" TS "2Z\",\"event\":\"top\",\"path\":\"/a\",\"count\":2,\"calls_sum\":5,"
	       "\"bytes_sum\":17,\"ts_last\":\"" TS "3Z\"}\n"
	       "{\"ts\":\"" TS "1Z\",\"event\":\"top\",\"path\":\"/b\",\"count\":2,\"calls_sum\":2,"
	       "\"bytes_sum\":5,\"ts_last\":\"" TS "4Z\"}\n"
	       "{\"ts\":\"" TS "5Z\",\"event\":\"top\",\"count\":1,\"calls_sum\":0,\"bytes_sum\":0,"
	       "\"ts_last\":\"" TS "5Z\"}\n",
	       "rows, by the first sum, and what has no key");
	is_str(view((struct top_view){}), "", "and begin anew");
	is_u64(top_events(top), 0, "also their count");
	end();

	begin((struct out_config){ .format = OUT_JSON,
				   .by = "event,uid",
				   .tags = (const struct out_tag[]){ { "a", "\"1\"" }, {} } });
	moved(1, 1, 1, "/a");
	for (int i = 0; i < 3; i++)
		add(EVENT_TOOL + 1, 2, 0, 0, "/b");
	is_str(view((struct top_view){ .rows = 1 }),
	       "{\"ts\":\"" TS "1Z\",\"event\":\"top\",\"of\":\"test.moved\",\"uid\":7,\"count\":1,"
	       "\"calls_sum\":1,\"bytes_sum\":1,\"ts_last\":\"" TS "1Z\",\"a\":\"\\\"1\\\"\"}\n"
	       "{\"ts\":\"" TS "2Z\",\"event\":\"top\",\"other\":true,\"count\":3,\"calls_sum\":0,"
	       "\"bytes_sum\":0,\"ts_last\":\"" TS "2Z\",\"a\":\"\\\"1\\\"\"}\n",
	       "the event's name is a key, tags are in each row, and what is not in one in the "
	       "last");
	end();
}

static void test_table(void)
{
	begin((struct out_config){ .format = OUT_TABLE, .by = "uid,path" });
	moved(1, 5, 1, "/b");
	moved(2, 123456789, 7, "/a\n");
	add(EVENT_TOOL + 1, 3, 0, 0, "/c");
	is_str(view((struct top_view){ .took = 1500000000, .lost = 3 }),
	       "3 events in 1.500s, 3 rows, 3 lost\n"
	       "CALLS  BYTES    COUNT   UID PATH\n"
	       "    7 123456789        1     7 /a\\x0a\n"
	       "    1      5        1     7 /b\n"
	       "    0      0        1     7 /c\n",
	       "a table");
	moved(1, 5, 1, "/b");
	moved(1, 5, 1, "/c");
	is_str(view((struct top_view){ .rows = 1 }),
	       "\n2 events, 2 rows, 0 lost\n"
	       "CALLS  BYTES    COUNT   UID PATH\n"
	       "    1      5        1     7 /b\n"
	       "    1      5        1 (others)\n",
	       "the next one, with others; what is the same stays in order");
	end();

	begin((struct out_config){ .format = OUT_TABLE,
				   .selected = 2,
				   .tags = (const struct out_tag[]){ { "a", "\033[1m" }, {} },
				   .color = true });
	add(EVENT_TOOL + 1, 3, 0, 0, "/c");
	is_str(view((struct top_view){ .lost = 1 }),
	       "\033[33m1 event, 1 row, 1 lost, a=\\x1b[1m\033[0m\n"
	       "\033[1m   COUNT COMM\033[0m\n"
	       "       1 prog\n",
	       "colours, tags, and no sums where the events have none");
	end();
}

static void test_terminal(void)
{
	struct top_view v = { .height = 7, .width = 30, .redraw = true };
	char long_name[62] = "/";

	begin((struct out_config){ .format = OUT_TABLE, .by = "path" });
	for (int i = 0; i < 4; i++)
		moved(1, 1, 9 - i, (const char *[]){ "/a", "/b", "/c", "/d" }[i]);
	is_str(view(v),
	       "\n\n\n\n\n\n\n\033[H4 events, 4 rows, 0 lost\033[K\n"
	       "CALLS  BYTES    COUNT PATH\033[K\n"
	       "    9      1        1 /a\033[K\n"
	       "    8      1        1 /b\033[K\n"
	       "    7      1        1 /c\033[K\n"
	       "    6      1        1 /d\033[K\n\033[J",
	       "rows that just fit");
	for (int i = 0; i < 5; i++)
		moved(1, 1, 9 - i, (const char *[]){ "/a", "/b", "/c", "/d", "/e" }[i]);
	is_str(view(v),
	       "\033[H5 events, 5 rows, 0 lost\033[K\n"
	       "CALLS  BYTES    COUNT PATH\033[K\n"
	       "    9      1        1 /a\033[K\n"
	       "    8      1        1 /b\033[K\n"
	       "    7      1        1 /c\033[K\n"
	       "   11      2        2 (others)\n\033[J",
	       "over these, one row too many; a full line is not cleared behind its end");
	memset(long_name + 1, 'x', 60);
	moved(1, 1, 9, "/a");
	moved(1, 1, 8, long_name);
	moved(1, 1, 7, "/b");
	is_str(view(v),
	       "\033[H3 events, 3 rows, 0 lost\033[K\n"
	       "CALLS  BYTES    COUNT PATH\033[K\n"
	       "    9      1        1 /a\033[K\n"
	       "   15      2        2 (others)\n\033[J",
	       "one of three lines has no room with another");
	moved(1, 1, 9, "/a");
	moved(1, 1, 8, long_name);
	view(v);
	ok(strstr(text, long_name) && !strstr(text, "others"), "but with one before it");
	moved(1, 1, 1, "/z");
	v.redraw = false;
	is_str(view(v),
	       "\n1 event, 1 row, 0 lost\n"
	       "CALLS  BYTES    COUNT PATH\n"
	       "    1      1        1 /z\n",
	       "the last view stands below");
	for (v.height = 1; v.height < 5; v.height++) {
		moved(1, 1, 1, "/y");
		moved(1, 1, 1, "/z");
		view(v);
		is_u64(!!strstr(text, "/z"), 0, "a terminal of %u rows has no room", v.height);
	}
	end();
}

/* More keys, and longer ones, than there is room for. */
static void test_bounds(void)
{
	static char name[40001];
	char *last;

	begin((struct out_config){ .format = OUT_JSON });
	for (unsigned round = 0; round < 2; round++)
		for (unsigned i = 0; i < TOP_KEYS_MAX + 5; i++) {
			snprintf(name, sizeof(name), "/%u", i);
			moved(1, 1, 1, name);
		}
	is_u64(top_without_room(top), 10, "keys that are too many are told");
	is_u64(top_events(top), 2 * (TOP_KEYS_MAX + 5), "none is missing");
	view((struct top_view){ .rows = 100 });
	last = strstr(text, "\"other\":true,\"count\":");
	ok(last && strtoul(last + 21, NULL, 10) == 2 * (TOP_KEYS_MAX + 5) - 200,
	   "the others are all but what is shown");

	memset(name, 1, sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	for (unsigned i = 0; i < 200; i++) {
		name[0] = 'a' + i % 26;
		name[1] = 'a' + i / 26;
		moved(1, 1, 1, name);
	}
	ok(top_without_room(top) > 10 && top_without_room(top) < 210 && top_events(top) == 200,
	   "keys of more than 32 MiB are among the others");
	end();
}

static void test_wrong(void)
{
	struct event e = { .size = sizeof(e), .type = EVENT_TOOL };
	static const char *const taken[] = { "of", "count", "other", "ts_last", "bytes_sum" };

	begin((struct out_config){ .format = OUT_JSON });
	ok(!top_add(top, &e, sizeof(e)) && !top_events(top), "an event that is too short");
	end();
	begin((struct out_config){ .by = "path,nothing" });
	is_str(error,
	       "--by: 'nothing' is unknown; there are event, pid, tid, ppid, uid, comm, proc, "
	       "cgroup, "
	       "cgroup_id, calls, bytes, path, error",
	       "an unknown field");
	end();
	for (size_t i = 0; i < sizeof(taken) / sizeof(*taken); i++) {
		begin((struct out_config){
			.tags = (const struct out_tag[]){ { taken[i], "x" }, {} } });
		ok(!top && strstr(error, taken[i]), "a tag can't be called %s", taken[i]);
		end();
	}
}

int main(void)
{
	test_json();
	test_table();
	test_terminal();
	test_bounds();
	test_wrong();
	return done();
}
