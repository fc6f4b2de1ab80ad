/* SPDX-License-Identifier: GPL-2.0-or-later */
/* alive KIND ID...: prints which of these BPF objects the kernel still has;
 * KIND is prog_id, map_id or link_id, as in /proc/PID/fdinfo. */
#include <errno.h>
#include <error.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	const char *kind = argc > 1 ? argv[1] : "";
	int command = !strcmp(kind, "prog_id")	? BPF_PROG_GET_FD_BY_ID
		      : !strcmp(kind, "map_id") ? BPF_MAP_GET_FD_BY_ID
						: BPF_LINK_GET_FD_BY_ID;

	for (int i = 2; i < argc; i++) {
		union bpf_attr attr = { .prog_id =
						atoi(argv[i]) }; /* all kinds begin with the id */
		int fd = syscall(SYS_bpf, command, &attr, sizeof(attr));

		if (fd >= 0) {
			printf("%s %s\n", kind, argv[i]);
			close(fd);
		} else if (errno != ENOENT) {
			error(1, errno, "%s %s", kind, argv[i]);
		}
	}
	return 0;
}
