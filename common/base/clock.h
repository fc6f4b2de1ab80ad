/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GRAIN_CLOCK_H
#define GRAIN_CLOCK_H

#include <stdint.h>
#include <time.h>

#define MS     1000000ll /* in ns, as all times are */
#define SECOND (1000 * MS)

static inline int64_t read_clock(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * SECOND + t.tv_nsec;
}

static inline int64_t now(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

/* A time, `ns` after another; no sum of them is too large. */
static inline int64_t later(int64_t since, uint64_t ns)
{
	return since + (int64_t)(ns < INT64_MAX / 4 ? ns : INT64_MAX / 4);
}

/* The nearer of two times, 0 being none. */
static inline int64_t sooner(int64_t a, int64_t b)
{
	return !a || (b && b < a) ? b : a;
}

/* The timeout of epoll_wait(2) and poll(2) for something due at a time of now(); 0: nothing is. */
static inline int timeout_until(int64_t due)
{
	int64_t left = (due - now()) / MS + 1;

	if (!due)
		return -1;
	return left < 0 ? 0 : left < 1000000 ? left : 1000000;
}

#endif
