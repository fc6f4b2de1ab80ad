/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Programs at an interface: by links where the kernel has tcx (Linux 6.6), which end with the
 * process, else as filters of the queueing discipline clsact, which stay until somebody removes
 * them.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <net/if.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "tool/internal.h"

/* include/uapi/linux/bpf.h since Linux 6.6 */
#define TCX_INGRESS 46
#define TCX_EGRESS  47

#define WAYS 2 /* in and out */

static int links[WAYS];
static size_t n_links;

static struct filter {
	enum bpf_tc_attach_point point;
	uint32_t handle, priority;
} filters[WAYS];
static size_t n_filters;
static bool made_hook;
static int janitor = -1; /* when this is closed, what remains is removed */

unsigned interface_l3(const char *interface)
{
	char path[64 + IFNAMSIZ], type[16] = "";
	FILE *f;

	if (!if_nametoindex(interface))
		die(STATUS_USAGE, "-i: there is no interface '%s' here", interface);
	snprintf(path, sizeof(path), "/sys/class/net/%s/type", interface);
	f = fopen(path, "re");
	if (f) {
		if (!fgets(type, sizeof(type), f))
			*type = '\0';
		fclose(f);
	}
	/* ARPHRD_ETHER and ARPHRD_LOOPBACK; others (tun, WireGuard, ppp) begin with IP. Where sysfs
	 * is that of another network namespace an interface is likely an Ethernet one, too. */
	return !*type || !strcmp(type, "1\n") || !strcmp(type, "772\n") ? 14 : 0;
}

/* Filters outlive us, and once we are in the sandbox we can't remove them any more. */
static void start_janitor(const char *interface, unsigned index)
{
	struct bpf_tc_hook hook = { .sz = sizeof(hook), .ifindex = index };
	int alive[2];
	pid_t pid;
	char byte;

	if (pipe(alive) || (pid = fork()) < 0)
		die(STATUS_FAILED, "%s: can't start a process: %s", interface, strerror(errno));
	if (pid) {
		close(alive[0]);
		janitor = alive[1];
		return;
	}
	signal(SIGINT, SIG_IGN); /* of the terminal; the pipe tells */
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	close(alive[1]);
	/* Nobody's reader waits for this process. */
	for (int fd = 0; fd < 1024; fd++)
		if (fd != alive[0] && fd != STDERR_FILENO)
			close(fd);
	while (read(alive[0], &byte, 1) < 0 && errno == EINTR)
		;
	for (size_t i = 0; i < n_filters; i++) {
		LIBBPF_OPTS(bpf_tc_opts, opts, .handle = filters[i].handle,
			    .priority = filters[i].priority);

		hook.attach_point = filters[i].point;
		bpf_tc_detach(&hook, &opts);
	}
	hook.attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS;
	if (made_hook)
		bpf_tc_hook_destroy(&hook);
	_exit(0);
}

static void attach_filter(int program, const char *interface, unsigned index, bool egress)
{
	struct bpf_tc_hook hook = {
		.sz = sizeof(hook),
		.ifindex = index,
		.attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS,
	};
	LIBBPF_OPTS(bpf_tc_opts, opts, .prog_fd = program);
	int error = bpf_tc_hook_create(&hook);

	if (!error)
		made_hook = true;
	else if (error != -EEXIST)
		die(STATUS_FAILED, "-i %s: no clsact: %s", interface, strerror(-error));
	hook.attach_point = egress ? BPF_TC_EGRESS : BPF_TC_INGRESS;
	error = bpf_tc_attach(&hook, &opts);
	if (error)
		die(STATUS_FAILED, "-i %s: %s", interface, strerror(-error));
	filters[n_filters++] = (struct filter){ hook.attach_point, opts.handle, opts.priority };
	if (n_filters == WAYS)
		start_janitor(interface, index);
}

void interface_attach(int program, const char *interface, bool egress)
{
	unsigned index = if_nametoindex(interface);
	int link = bpf_link_create(program, index, egress ? TCX_EGRESS : TCX_INGRESS, NULL);

	if (link >= 0)
		links[n_links++] = link;
	else if (errno == EPERM)
		die(STATUS_NOT_PERMITTED, "-i %s: not permitted: CAP_NET_ADMIN is needed too",
		    interface);
	else
		attach_filter(program, interface, index, egress);
}

void interface_detach(void)
{
	while (n_links)
		close(links[--n_links]);
	if (janitor >= 0)
		close(janitor);
	janitor = -1;
}
