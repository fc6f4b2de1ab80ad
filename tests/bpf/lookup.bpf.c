/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looks up a name for its caller. */
#include "bpf/lib/lookup.bpf.h"
#include "bpf/lib/ring.bpf.h"
#include "tests/bpf/lookup.h"

#define AT_FDCWD (-100)

struct lookup_scratch {
	struct lookup lookup;
	struct path_walk walk;
};
SCRATCH(lookup, struct lookup_scratch);

struct question question;
struct answer answer;

SEC("syscall")
int look_up(void *ctx)
{
	struct lookup_scratch *s = lookup_scratch_get();
	struct task_struct *task = bpf_get_current_task_btf();
	struct fs_struct *fs = BPF_CORE_READ(task, fs);
	struct path *from = &fs->pwd;
	struct dentry *object;
	struct file *file;
	u16 len = 0;

	if (!s)
		return 1;
	if (question.dir != AT_FDCWD) {
		file = file_get(question.dir);
		from = file ? &file->f_path : NULL;
	}
	answer.ino = answer.len = 0;
	answer.found =
		lookup(&s->lookup, question.name, question.len, from, &fs->root, question.how);
	if (!answer.found)
		return 0;
	object = question.how & LOOKUP_PARENT ? s->lookup.last : s->lookup.at.dentry;
	if (object)
		answer.ino = BPF_CORE_READ(object, d_inode, i_ino);
	path_copy_at(answer.path, &len, &s->lookup.at, s->lookup.name,
		     question.how & LOOKUP_PARENT ? s->lookup.len : 0, &fs->root, &s->walk);
	answer.len = len;
	return 0;
}
