/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers whether an open file of the caller is watched. */
#include "bpf/lib/below.bpf.h"

SEC("syscall")
int ask(struct below_request *request)
{
	struct file *file = file_get(request->fd);

	if (!file)
		return 2;
	return is_below(file, (KERNEL_READ(file, f_inode, i_mode) & S_IFMT) == S_IFREG);
}

SEC("syscall")
int change(void *context)
{
	below_changed();
	return 0;
}
