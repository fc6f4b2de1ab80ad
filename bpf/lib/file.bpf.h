/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Open files of the current task. */
#ifndef GRAIN_FILE_BPF_H
#define GRAIN_FILE_BPF_H

#include "bpf/lib/kernel.h"

/* include/uapi/linux/stat.h */
#define S_IFMT	0170000
#define S_IFREG 0100000
#define S_IFLNK 0120000

/* What a descriptor stands for; NULL where there is no such. */
static __always_inline struct file *file_get(u32 fd)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct file **files = BPF_CORE_READ(table, fd), *file = NULL;

	if (fd < BPF_CORE_READ(table, max_fds))
		bpf_probe_read_kernel(&file, sizeof(file), files + fd);
	return file;
}

#endif
