/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tells the paths of all open files of one process. */
#include "bpf/lib/path.bpf.h"
#include "bpf/lib/process.bpf.h"
#include "tests/bpf/path.h"

/* Its name in the kernel ends before the underscores. */
struct bpf_iter__task_file___path {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	u32 fd;
	struct file *file;
} __attribute__((preserve_access_index));

struct path_scratch {
	struct open_file f;
	char path[PATH_LEN];
	struct path_walk walk;
};
SCRATCH(path, struct path_scratch);

__u32 wanted_pid; /* as the reader sees it */

SEC("iter/task_file")
int paths(struct bpf_iter__task_file___path *ctx)
{
	struct path_scratch *s = path_scratch_get();
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	u32 level = pid_level(bpf_get_current_task_btf());
	struct fs_struct *fs;
	u16 len = 0;
	u64 size;

	if (!s || !file || !task || pid_at_level(task, level) != wanted_pid)
		return 0;
	fs = BPF_CORE_READ(task, fs);
	s->f.fd = ctx->fd;
	s->f.flags = path_copy(s->path, &len, &file->f_path, &fs->root, &s->walk);
	s->f.len = len;
	size = sizeof(s->f) + len;
	CLAMP(size, sizeof(s->f) + PATH_LEN);
	bpf_seq_write(ctx->meta->seq, s, size);
	return 0;
}
