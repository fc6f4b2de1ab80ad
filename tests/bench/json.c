/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How many lines of JSON one core reads a second, five members of each included, and how many
 * jansson does. The lines differ in their lengths, as a processor learns one line by heart.
 */
#include "tests/json.h"

#include <time.h>

#define LINES	1024
#define SECONDS 1

static char line[LINES][800];
static size_t length[LINES];

static struct json_object object;
static uint64_t sum; /* of what was found, for the compiler to leave nothing out */

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static const char *const keys[] = { "event", "comm", "pid", "cgroup", "exe" };

static void read_in_place(const char *text, size_t len)
{
	if (!json_scan(&object, text, len))
		exit(1);
	for (unsigned i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		sum += json_find(&object, keys[i], strlen(keys[i]))->len;
}

static void scan_only(const char *text, size_t len)
{
	if (!json_scan(&object, text, len))
		exit(1);
	sum += object.n;
}

static void read_with_jansson(const char *text, size_t len)
{
	json_t *json = json_loadb(text, len, JSON_DECODE_INT_AS_REAL, NULL);

	for (unsigned i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		sum += !!json_string_value(json_object_get(json, keys[i]));
	json_decref(json);
}

static void measure(const char *what, void (*read)(const char *text, size_t len))
{
	double start = seconds(), took;
	size_t bytes = 0;
	long lines = 0;

	do {
		for (int i = 0; i < LINES; i++) {
			read(line[i], length[i]);
			bytes += length[i];
		}
		lines += LINES;
		took = seconds() - start;
	} while (took < SECONDS);
	printf("  %-40s %.2f million lines/s (%zu bytes a line, %.0f MB/s)\n", what,
	       lines / took / 1e6, bytes / lines, bytes / took / 1e6);
}

static unsigned below(unsigned n)
{
	return random() % n;
}

/* A word of between `least` and `most` letters. */
static const char *word(unsigned least, unsigned most)
{
	static char words[16][100];
	static unsigned next;
	char *to = words[next++ % 16];
	unsigned n = least + below(most - least + 1);

	for (unsigned i = 0; i < n; i++)
		to[i] = 'a' + below(26);
	to[n] = 0;
	return to;
}

/* What every tool's events begin with. */
static size_t put_start(char *to, const char *event)
{
	unsigned pid = 1 + below(100000);

	return sprintf(to,
		       "{\"ts\":\"2026-11-21T21:%02u:%02u.%09uZ\",\"event\":\"%s\",\"pid\":%u,"
		       "\"tid\":%u,\"ppid\":%u,\"uid\":%u,\"comm\":\"%s\",\"proc\":\"%u.%u\","
		       "\"cgroup\":\"/system.slice/%s.service\",\"cgroup_id\":\"%u\","
		       "\"exe\":\"/usr/bin/%s\"",
		       below(60), below(60), below(1000000000), event, pid, pid, 1 + below(pid),
		       below(2) * below(2000), word(2, 15), pid, 1000000000 + below(1000000000),
		       word(4, 12), below(100000), word(2, 12));
}

static size_t put_short(char *to)
{
	size_t n = put_start(to, "process.exit");

	return n + sprintf(to + n, ",\"exit_code\":%u,\"age_ns\":%u,\"parent_comm\":\"%s\"}",
			   below(2), below(2000000000), word(2, 15));
}

static size_t put_long(char *to)
{
	size_t n = put_start(to, "process.exec");

	return n + sprintf(to + n,
			   ",\"filename\":\"./%s\",\"interpreter\":\"/bin/sh\",\"script\":\"./%s\","
			   "\"cwd\":\"/srv/%s\",\"parent_comm\":\"%s\",\"ancestors\":[{\"comm\":"
			   "\"%s\",\"pid\":%u},{\"comm\":\"%s\",\"pid\":%u},{\"comm\":\"systemd\","
			   "\"pid\":1}],\"gid\":%u,\"euid\":0,\"egid\":0,\"args\":[\"/bin/sh\","
			   "\"-e\",\"./%s\",\"%s\",\"\"]}",
			   word(4, 12), word(4, 12), word(8, 30), word(2, 15), word(2, 15),
			   below(100000), word(2, 15), below(100000), below(2000), word(4, 12),
			   word(40, 60));
}

static void compare(const char *what, size_t (*put)(char *to))
{
	srandom(1);
	for (int i = 0; i < LINES; i++)
		length[i] = put(line[i]);
	printf("%s:\n", what);
	measure("scanned", scan_only);
	measure("scanned, 5 members found", read_in_place);
	measure("jansson, 5 members found", read_with_jansson);
}

int main(void)
{
	compare("an event", put_short);
	compare("an event of execwatch with arguments", put_long);
	json_free(&object);
	return !sum;
}
