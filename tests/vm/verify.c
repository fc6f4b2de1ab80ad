/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Linked to a tool, this makes it tell what the verifier did with each program that it loads, with
 * whatever options it is run: a line on standard error
 *
 *	@@ verified PROGRAM INSTRUCTIONS STATES STACK MICROSECONDS
 *
 * The linker's --wrap gives us the calls of the two functions of libbpf.
 */
#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOG_STATS 4 /* BPF_LOG_STATS in include/linux/bpf_verifier.h */

struct bpf_object *__real_bpf_object__open_mem(const void *bytes, size_t size,
					       const struct bpf_object_open_opts *opts);
libbpf_print_fn_t __real_libbpf_set_print(libbpf_print_fn_t print);

/* The number behind `what` in the log, or 0. */
static unsigned long number(const char *log, const char *what)
{
	const char *found = strstr(log, what);

	return found ? strtoul(found + strlen(what), NULL, 10) : 0;
}

/* libbpf prints the kernel's log of a program that loaded, at its lowest level. */
static int print(enum libbpf_print_level level, const char *format, va_list args)
{
	char *message = NULL, *log;
	const char *name, *stack;

	if (vasprintf(&message, format, args) < 0)
		return 0;
	log = strstr(message, "-- BEGIN PROG LOAD LOG --");
	name = strstr(message, "prog '");
	if (level == LIBBPF_DEBUG && log && name) {
		name += strlen("prog '");
		stack = strstr(log, "stack depth ");
		stack = stack ? stack + strlen("stack depth ") : "0"; /* "16+8": of each function */
		fprintf(stderr, "@@ verified %.*s %lu %lu %.*s %lu\n", (int)strcspn(name, "'"),
			name, number(log, "processed "), number(log, "total_states "),
			(int)strcspn(stack, " \n"), stack, number(log, "verification time "));
	} else if (level != LIBBPF_DEBUG) {
		fputs(message, stderr);
	}
	free(message);
	return 0;
}

libbpf_print_fn_t __wrap_libbpf_set_print(libbpf_print_fn_t wanted)
{
	(void)wanted;
	return __real_libbpf_set_print(print);
}

struct bpf_object *__wrap_bpf_object__open_mem(const void *bytes, size_t size,
					       const struct bpf_object_open_opts *opts)
{
	struct bpf_object_open_opts with = *opts;

	with.sz = sizeof(with);
	with.kernel_log_level = LOG_STATS;
	return __real_bpf_object__open_mem(bytes, size, &with);
}
