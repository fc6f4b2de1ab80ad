/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests of the kernel-side library have in common. */
#ifndef TEST_RUN_H
#define TEST_RUN_H

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/tap.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* For what can't fail, or leaves nothing to test: one that stops there is no success to prove(1).
 */
#define must(condition)                                                                            \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			printf("Bail out! %s:%d: %s: %s\n", __FILE__, __LINE__, #condition,        \
			       strerror(errno));                                                   \
			exit(1);                                                                   \
		}                                                                                  \
	} while (0)

/* Ends the test where there can't be BPF. */
__attribute__((unused)) static void need_root(void)
{
	if (!geteuid())
		return;
	skip("BPF needs root");
	exit(done());
}

/* Runs a SEC("syscall") program in the calling thread. Returns what it returns. */
__attribute__((unused)) static int run_program(int fd, void *context, size_t size)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .ctx_in = context, .ctx_size_in = size);
	int error = bpf_prog_test_run_opts(fd, &opts);

	if (error) {
		fprintf(stderr, "running a program: %s\n", strerror(errno));
		_exit(99); /* maybe of a child */
	}
	return opts.retval;
}

#endif
