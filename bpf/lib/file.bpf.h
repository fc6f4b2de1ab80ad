/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Open files of the current task. */
#ifndef GRAIN_FILE_BPF_H
#define GRAIN_FILE_BPF_H

#include "bpf/lib/kernel.h"

/* include/uapi/linux/stat.h */
#define S_IFMT	0170000
#define S_IFDIR 0040000
#define S_IFREG 0100000
#define S_IFLNK 0120000

/* What a descriptor stands for; NULL where there is no such. */
static __always_inline struct file *file_get(u32 fd)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct fdtable *table = KERNEL_READ(task, files, fdt);
	/* No element of an array can be loaded directly, but what is alone in a struct. */
	struct hlist_head *files = (void *)KERNEL_READ(table, fd);

	if (fd >= KERNEL_READ(table, max_fds))
		return NULL;
	files += fd;
	return (void *)KERNEL_READ(files, first);
}

#endif
