/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How many lines of JSON one core formats a second, from events that execwatch's kernel side really
 * sent: records those of a shell script, then formats them over and over.
 */
#define main execwatch_main
#include "tools/execwatch.c"
#undef main

#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tool/internal.h"

#define RECORDS 1000
#define SECONDS 3

static struct {
	const struct event *event;
	size_t size;
} record[RECORDS];
static int records;

static int keep(void *context, void *event, size_t size)
{
	void *copy;

	(void)context;
	if (((struct event *)event)->type != PROCESS_EXEC || records == RECORDS)
		return 0;
	copy = malloc(size);
	if (!copy)
		die(STATUS_FAILED, "out of memory");
	memcpy(copy, event, size);
	record[records].event = copy;
	record[records++].size = size;
	return 0;
}

static double seconds(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void record_events(char **script)
{
	struct options o = { .command = script, .buffer = 4 << 20, .selected = 1 };
	struct ring_buffer *ring;
	struct command command;
	struct kernel kernel;

	kernel_load(&kernel, &execwatch, &o);
	command_prepare(&command, o.command, false);
	kernel_set_add(&kernel, "tree_roots", &(uint32_t){ command.pid });
	kernel_attach(&kernel, &execwatch, &o);
	cgroup_scan();
	command_go(&command);
	waitpid(command.pid, NULL, 0);
	kernel_detach(&kernel);
	ring = ring_buffer__new(kernel_map_fd(&kernel, "events"), keep, NULL, NULL);
	ring_buffer__consume(ring);
	ring_buffer__free(ring);
}

int main(void)
{
	char *script[] = { "sh", "-c",
			   "for i in 1 2 3 4 5 6 7 8; do env LC_ALL=C grep -rl needle /dev/null; "
			   "ls -l --color=never /proc/self; done >/dev/null",
			   NULL };
	static char line[OUT_LINE_MAX];
	char error[256];
	struct out *out = out_new(&(struct out_config){ .format = OUT_JSON,
							.events = events,
							.selected = 1,
							.redact = true,
							.cgroup_path = cgroup_path },
				  error, sizeof(error));
	double start, took;
	size_t bytes = 0;
	long lines = 0;

	record_events(script);
	if (!records || !out)
		die(STATUS_FAILED, "nothing was recorded");
	start = seconds(CLOCK_THREAD_CPUTIME_ID);
	do {
		for (int i = 0; i < records; i++)
			bytes += out_line(out, line, record[i].event, record[i].size) - line;
		lines += records;
		took = seconds(CLOCK_THREAD_CPUTIME_ID) - start;
	} while (took < SECONDS);
	printf("%.2f million lines/s (%d events recorded, %zu bytes a line, %.0f ns each)\n",
	       lines / took / 1e6, records, bytes / lines, took / lines * 1e9);
	return 0;
}
