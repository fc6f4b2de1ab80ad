/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Operations of io_uring, which are no system calls. What they were asked for is seen when they are
 * submitted, and what came of them when they complete. That is always in a thread of the process
 * that submitted them, which has its memory, descriptors and directories, or in one of the kernel
 * when the process is no more. In what order operations complete is no matter: each is known by the
 * address of its request until then.
 */
#ifndef GRAIN_URING_BPF_H
#define GRAIN_URING_BPF_H

#include "bpf/lib/file.bpf.h"
#include "bpf/lib/kernel.h"
#include "bpf/lib/path.bpf.h"
#include "bpf/lib/ring.bpf.h"

/* io_uring/io_uring_types.h: as io_kiocb.flags has them. */
#define REQ_F_FIXED_FILE (1 << 0)
#define REQ_F_CQE_SKIP	 (1 << 6) /* IOSQE_CQE_SKIP_SUCCESS: no completion unless it fails */

#define SPLICE_F_FD_IN_FIXED	(1u << 31) /* include/uapi/linux/io_uring.h */
#define IORING_FILE_INDEX_ALLOC (~0u)
#define URING_FILE_MASK		(~7ul) /* the lowest bits of io_fixed_file.file_ptr are flags */

/*
 * The names that a request has, copied by the kernel when it is submitted: from then on the
 * caller's memory may change. When it completes they are gone.
 */
struct uring_names {
	char name[2][PATH_LEN + 1]; /* the one that is made, opened or removed, and the other one */
};
SCRATCH(uring, struct uring_names);

#define URING_NAMES 1024 /* requests with names, at once */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, URING_NAMES);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, u64);
	__type(value, struct uring_names);
} uring_names SEC(".maps");

/* A name of a request that is `type`, by the name of its member. */
#define URING_NAME(request, type, member)                                                          \
	({                                                                                         \
		struct type *now_ = (void *)(request);                                             \
		struct type##___delayed *delayed_ = (void *)(request);                             \
		bpf_core_type_exists(struct delayed_filename)                                      \
			? KERNEL_READ(delayed_, member.__incomplete_filename, name)                \
			: KERNEL_READ(now_, member, name);                                         \
	})

/* Keeps the names of a request: addresses in memory of the kernel, or NULL. */
static __always_inline void uring_keep(u64 request, const char *name, const char *other)
{
	struct uring_names *names = uring_scratch_get();

	if (!names)
		return;
	names->name[0][0] = names->name[1][0] = '\0';
	bpf_probe_read_kernel_str(names->name[0], PATH_LEN + 1, name);
	bpf_probe_read_kernel_str(names->name[1], PATH_LEN + 1, other);
	bpf_map_update_elem(&uring_names, &request, names, BPF_ANY);
}

/* A file that is registered with the ring of the request. */
static __always_inline struct file *uring_file(struct io_kiocb *request, u32 slot)
{
	struct io_ring_ctx *ring = KERNEL_READ(request, ctx);
	struct io_file_table *table = &ring->file_table;
	struct io_fixed_file *files;
	struct io_rsrc_node *node;
	struct hlist_head *nodes;

	if (bpf_core_field_exists(table->data)) {
		nodes = (void *)KERNEL_READ(table, data.nodes);
		nodes += slot;
		node = (void *)KERNEL_READ(nodes, first);
		return (void *)(KERNEL_READ(node, file_ptr) & URING_FILE_MASK);
	}
	files = KERNEL_READ(table, files);
	files += slot;
	return (void *)(KERNEL_READ(files, file_ptr) & URING_FILE_MASK);
}

#endif
