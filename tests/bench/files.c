/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What system calls on a file cost, in ns: the median of rounds.
 *
 *	files getppid|read|open FILE CALLS [wall]
 *						CALLS a round; read: 4 KiB; open: and close;
 *						in processor time of its own, or by the clock
 *	files pace FILE CALLS RATE		opens and closes it CALLS times, RATE a second
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 21

static char block[4096];

static long now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * 1000000000 + t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void open_and_close(const char *file)
{
	int fd = open(file, O_RDONLY);

	if (fd < 0) {
		perror(file);
		exit(1);
	}
	close(fd);
}

static void pace(const char *file, long calls, long rate)
{
	long begin = now(CLOCK_MONOTONIC);

	for (long i = 0; i < calls; i++) {
		while (rate && now(CLOCK_MONOTONIC) - begin < i * (1000000000 / rate))
			;
		open_and_close(file);
	}
	printf("%.0f\n", calls / ((now(CLOCK_MONOTONIC) - begin) / 1e9)); /* a second */
}

int main(int argc, char **argv)
{
	double ns[ROUNDS];
	long calls = argc > 3 ? atol(argv[3]) : 0;
	clockid_t clock = argc > 4 ? CLOCK_MONOTONIC : CLOCK_PROCESS_CPUTIME_ID;
	int fd;

	if (calls <= 0)
		return 2;
	if (!strcmp(argv[1], "pace") && argc == 5) {
		pace(argv[2], calls, atol(argv[4]));
		return 0;
	}
	fd = open(argv[2], O_RDONLY);
	for (int round = 0; round < ROUNDS; round++) {
		long begin = now(clock);

		for (long i = 0; i < calls; i++)
			switch (argv[1][0]) {
			case 'g':
				syscall(SYS_getppid);
				break;
			case 'r':
				if (pread(fd, block, sizeof(block), 0) != sizeof(block))
					return 1;
				break;
			case 'o':
				open_and_close(argv[2]);
				break;
			default:
				return 2;
			}
		ns[round] = (double)(now(clock) - begin) / calls;
	}
	qsort(ns, ROUNDS, sizeof(*ns), compare);
	printf("%.0f\n", ns[ROUNDS / 2]);
	return 0;
}
