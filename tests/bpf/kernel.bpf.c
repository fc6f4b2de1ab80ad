/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Has all of bpf/lib/kernel.h in its BTF, for kernel.c to look at; it is never loaded. kernel.c
 * also sees to it that nothing is forgotten here.
 */
#include "bpf/lib/kernel.h"

/* BTF has no macros, and no enumerators of an enum without a name that no variable is of. */
#define CONSTANT(name) IS_##name = name
enum constants {
	CONSTANT(BPF_ANY),
	CONSTANT(BPF_NOEXIST),
	CONSTANT(BPF_F_NO_PREALLOC),
	CONSTANT(BPF_F_CLONE),
	CONSTANT(BPF_LOCAL_STORAGE_GET_F_CREATE),
	CONSTANT(BPF_SK_STORAGE_GET_F_CREATE),
	CONSTANT(BPF_RB_NO_WAKEUP),
	CONSTANT(BPF_RB_FORCE_WAKEUP),
	CONSTANT(BPF_RB_AVAIL_DATA),
	CONSTANT(IPPROTO_FRAGMENT),
	CONSTANT(SIGKILL),
	CONSTANT(SIGSEGV),
	CONSTANT(SIGNAL_GROUP_EXIT),
	CONSTANT(DCACHE_OP_HASH),
	CONSTANT(DCACHE_MOUNTED),
};

struct all {
	enum constants constants;
	enum bpf_map_type map_type;

	__u8 has___u8;
	__s8 has___s8;
	__u16 has___u16;
	__s16 has___s16;
	__u32 has___u32;
	__s32 has___s32;
	__u64 has___u64;
	__s64 has___s64;
	u8 has_u8;
	u16 has_u16;
	u32 has_u32;
	s32 has_s32;
	u64 has_u64;
	s64 has_s64;
	__be16 has___be16;
	__be32 has___be32;
	__wsum has___wsum;
	pid_t has_pid_t;
	bool has_bool;
	atomic_t has_atomic_t;
	kuid_t has_kuid_t;
	kgid_t has_kgid_t;

	struct qstr qstr;
	struct list_head list_head;
	struct hlist_node hlist_node;
	struct hlist_head hlist_head;
	struct hlist_bl_node hlist_bl_node;
	struct super_block super_block;
	struct inode inode;
	struct dentry dentry;
	struct vfsmount vfsmount;
	struct mount mount;
	struct path path;
	struct file file;
	struct fdtable fdtable;
	struct files_struct files_struct;
	struct fs_struct fs_struct;
	struct mm_struct mm_struct;
	struct cred cred;
	struct tty_struct tty_struct;
	struct sched_entity sched_entity;
	struct upid upid;
	struct pid pid;
	struct thread_info thread_info;
	struct pt_regs pt_regs;
	sigset_t has_sigset_t;
	struct sigpending sigpending;
	struct signal_struct signal_struct;
	struct task_struct task_struct;
	socket_lock_t has_socket_lock_t;
	struct sock_common sock_common;
	struct sock sock;
	struct socket socket;
	struct inet_sock inet_sock;
	struct inet_connection_sock inet_connection_sock;
	struct tcp_sock tcp_sock;
	struct linux_binprm linux_binprm;
	struct kernfs_node kernfs_node;
	struct cgroup_root cgroup_root;
	struct cgroup cgroup;
	struct filename filename;
	struct delayed_filename delayed_filename;
	struct io_fixed_file io_fixed_file;
	struct io_rsrc_node io_rsrc_node;
	struct io_rsrc_data io_rsrc_data;
	struct io_file_table io_file_table;
	struct io_ring_ctx io_ring_ctx;
	struct io_cqe io_cqe;
	struct io_kiocb io_kiocb;
	struct open_how open_how;
	struct io_open io_open;
	struct io_open___delayed io_open___delayed;
	struct io_unlink io_unlink;
	struct io_unlink___delayed io_unlink___delayed;
	struct io_mkdir io_mkdir;
	struct io_mkdir___delayed io_mkdir___delayed;
	struct io_rename io_rename;
	struct io_rename___delayed io_rename___delayed;
	struct io_link io_link;
	struct io_link___delayed io_link___delayed;
	struct kernel_xattr_ctx kernel_xattr_ctx;
	struct io_xattr io_xattr;
	struct io_xattr___delayed io_xattr___delayed;
	struct io_sync io_sync;
	struct io_ftrunc io_ftrunc;
	struct io_splice io_splice;
	struct bpf_iter_meta bpf_iter_meta;
	struct bpf_iter__task bpf_iter__task;
	struct bpf_iter__task_file bpf_iter__task_file;

	struct bpf_sock bpf_sock;
	struct __sk_buff __sk_buff;
	struct bpf_sock_addr bpf_sock_addr;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct all);
} all SEC(".maps");
