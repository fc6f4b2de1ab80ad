/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A workload that can't do what it is for ends, and says why. */
#include <stdio.h>
#include <stdlib.h>

static inline void __attribute__((noreturn)) fail(const char *what)
{
	perror(what);
	exit(1);
}

/* The result of a system call, which may not have failed. */
static inline long must(long result, const char *what)
{
	if (result < 0)
		fail(what);
	return result;
}
