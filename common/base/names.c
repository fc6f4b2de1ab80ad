/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/names.h"

#include <string.h>

#include "base/num.h"

const char *errno_name(int number)
{
	/* Never seen by a program, but by whoever looks on as its call returns: <linux/errno.h>. */
	static const char *const internal[] = {
		[512 - 512] = "ERESTARTSYS",
		[513 - 512] = "ERESTARTNOINTR",
		[514 - 512] = "ERESTARTNOHAND",
		[515 - 512] = "ENOIOCTLCMD",
		[516 - 512] = "ERESTART_RESTARTBLOCK",
		[517 - 512] = "EPROBE_DEFER",
		[518 - 512] = "EOPENSTALE",
		[519 - 512] = "ENOPARAM",
		[521 - 512] = "EBADHANDLE",
		[522 - 512] = "ENOTSYNC",
		[523 - 512] = "EBADCOOKIE",
		[524 - 512] = "ENOTSUPP",
		[525 - 512] = "ETOOSMALL",
		[526 - 512] = "ESERVERFAULT",
		[527 - 512] = "EBADTYPE",
		[528 - 512] = "EJUKEBOX",
		[529 - 512] = "EIOCBQUEUED",
		[530 - 512] = "ERECALLCONFLICT",
	};

	if (number >= 512 && number < 512 + (int)(sizeof(internal) / sizeof(*internal)))
		return internal[number - 512];
	return number > 0 ? strerrorname_np(number) : NULL;
}

/*
 * The kernel's real-time signals are 32 to 64. glibc keeps 32 and 33 to itself and lets its
 * SIGRTMIN be 34, which is what kill -l, systemd and every manual count from; so do we.
 */
char *put_signal(char *to, int number)
{
	const int min = 34, max = 64;
	const char *name = sigabbrev_np(number);

	to = mempcpy(to, "SIG", 3);
	if (name)
		return mempcpy(to, name, strlen(name));
	if (number < min || number > max)
		return put_i64(to, number);
	/* From the nearer end, as kill -l does. */
	if (number - min <= 15) {
		to = mempcpy(to, "RTMIN", 5);
		number -= min;
		if (number)
			*to++ = '+';
	} else {
		to = mempcpy(to, "RTMAX", 5);
		number = max - number;
		if (number)
			*to++ = '-';
	}
	return number ? put_u64(to, number) : to;
}
