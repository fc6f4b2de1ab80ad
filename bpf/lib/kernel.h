/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All that we know of the kernel: the types and fields that the programs touch, and the constants
 * of its BPF interface. Nothing comes from the machine that builds. Offsets and sizes are found
 * when a program is loaded, on the kernel that loads it (CO-RE), so only names matter here, not
 * order or what lies between. tests/bpf/kernel.c holds every line against a real kernel's BTF.
 */
#ifndef GRAIN_KERNEL_H
#define GRAIN_KERNEL_H

typedef unsigned char __u8;
typedef signed char __s8;
typedef unsigned short __u16;
typedef signed short __s16;
typedef unsigned int __u32;
typedef signed int __s32;
typedef unsigned long long __u64;
typedef signed long long __s64;
typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __s32 s32;
typedef __u64 u64;
typedef __s64 s64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;
typedef int pid_t;
typedef _Bool bool;
enum {
	false,
	true
};
#define NULL ((void *)0)

/* include/uapi/linux/bpf.h, which never changes a number. */
enum bpf_map_type {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_LRU_HASH = 9,
	BPF_MAP_TYPE_SK_STORAGE = 24,
	BPF_MAP_TYPE_RINGBUF = 27,
	BPF_MAP_TYPE_TASK_STORAGE = 29,
};
enum {
	BPF_ANY = 0,
	BPF_NOEXIST = 1,
	BPF_F_NO_PREALLOC = 1 << 0,
	BPF_F_CLONE = 1 << 9,
};
enum {
	BPF_LOCAL_STORAGE_GET_F_CREATE = 1 << 0,
	BPF_SK_STORAGE_GET_F_CREATE = 1 << 0,
};
enum {
	BPF_RB_NO_WAKEUP = 1 << 0,
	BPF_RB_FORCE_WAKEUP = 1 << 1,
};
enum {
	BPF_RB_AVAIL_DATA = 0,
};

/* The contexts of programs at packets and sockets, as far as they are used here. The kernel
 * translates their offsets, which are part of its interface. */
struct bpf_sock {
	__u32 bound_dev_if;
	__u32 family;
};

struct __sk_buff {
	__u32 len;
	__u32 pkt_type;
	__u32 mark;
	__u32 queue_mapping;
	__u32 protocol; /* network byte order */
	__u32 vlan_present;
	__u32 vlan_tci;
	__u32 vlan_proto;
	__u32 priority;
	__u32 ingress_ifindex;
	__u32 ifindex;
	__u32 tc_index;
	__u32 cb[5];
	__u32 hash;
	__u32 tc_classid;
	__u32 data;
	__u32 data_end;
	__u32 napi_id;
	__u32 family;
	__u32 remote_ip4;
	__u32 local_ip4;
	__u32 remote_ip6[4];
	__u32 local_ip6[4];
	__u32 remote_port;
	__u32 local_port;
	__u32 data_meta;
	__u64 flow_keys; /* a pointer */
	__u64 tstamp;
	__u32 wire_len;
	__u32 gso_segs;
	union {
		struct bpf_sock *sk;
		__u64 : 64;
	} __attribute__((aligned(8)));
	__u32 gso_size;
};

struct bpf_sock_addr {
	__u32 user_family;
	__u32 user_ip4;
	__u32 user_ip6[4];
	__u32 user_port;
	__u32 family;
	__u32 type;
	__u32 protocol;
	__u32 msg_src_ip4;
	__u32 msg_src_ip6[4];
	union {
		struct bpf_sock *sk;
		__u64 : 64;
	} __attribute__((aligned(8)));
};

/* include/uapi/linux/pkt_cls.h */
#define TC_ACT_UNSPEC (-1)

/* include/linux/socket.h, include/uapi/linux/if_ether.h, in.h, in6.h, tcp.h */
#define AF_INET		 2
#define AF_INET6	 10
#define MSG_PEEK	 2
#define ETH_P_IP	 0x0800
#define ETH_P_IPV6	 0x86DD
#define IPPROTO_HOPOPTS	 0
#define IPPROTO_TCP	 6
#define IPPROTO_UDP	 17
#define IPPROTO_ROUTING	 43
#define IPPROTO_FRAGMENT 44
#define IPPROTO_DSTOPTS	 60

/* include/uapi/asm-generic/signal.h */
#define SIGKILL 9
#define SIGSEGV 11

/* include/linux/sched/signal.h */
#define SIGNAL_GROUP_EXIT 0x4

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct {
	int counter;
} atomic_t;

typedef struct {
	unsigned int val;
} kuid_t;

typedef struct {
	unsigned int val;
} kgid_t;

struct qstr {
	u32 hash;
	u32 len;
	const unsigned char *name;
};

struct list_head {
	struct list_head *next;
};

struct hlist_node {
	struct hlist_node *next;
};

struct hlist_head {
	struct hlist_node *first;
};

struct hlist_bl_node {
	struct hlist_bl_node *next;
	struct hlist_bl_node **pprev;
};

struct super_block {
	u32 s_dev; /* major << 20 | minor */
	unsigned long s_magic;
};

struct inode {
	u16 i_mode;
	unsigned int i_nlink;
	struct super_block *i_sb;
	unsigned long i_ino;
	u32 i_generation;
	char *i_link; /* of a symbolic link; not in all file systems */
};

enum dentry_flags {
	/* They were macros, with these values, before. */
	DCACHE_OP_HASH = 1 << 0,
	DCACHE_MOUNTED = 1 << 16,
};

struct dentry {
	unsigned int d_flags;
	struct hlist_bl_node d_hash;
	struct dentry *d_parent;
	struct qstr d_name;
	struct inode *d_inode;
	struct super_block *d_sb;
	struct hlist_node d_sib; /* these two since Linux 6.8, ... */
	struct hlist_head d_children;
	struct list_head d_child; /* ... these before */
	struct list_head d_subdirs;
};

struct vfsmount {
	struct dentry *mnt_root;
};

struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
	struct list_head mnt_mounts;
	struct list_head mnt_child;
};

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

struct file {
	struct path f_path;
	struct inode *f_inode;
	unsigned int f_mode;
	unsigned int f_flags;
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};

struct files_struct {
	struct fdtable *fdt;
};

struct fs_struct {
	struct path root;
	struct path pwd;
};

struct mm_struct {
	unsigned long arg_start;
	unsigned long arg_end;
};

struct cred {
	kuid_t uid;
	kgid_t gid;
	kuid_t euid;
	kgid_t egid;
};

struct tty_struct {
	char name[64];
};

struct sched_entity {
	u64 sum_exec_runtime;
};

struct upid {
	int nr;
};

struct pid {
	unsigned int level;
	struct upid numbers[1];
};

struct thread_info {
	unsigned long flags;
#if defined(__TARGET_ARCH_x86)
	u32 status;
#endif
};

struct pt_regs {
#if defined(__TARGET_ARCH_x86)
	unsigned long bp, bx, r10, r9, r8, cx, dx, si, di;
	unsigned long orig_ax;
#elif defined(__TARGET_ARCH_arm64)
	u64 regs[31];
	u64 orig_x0;
	s32 syscallno;
#endif
};

typedef struct {
	unsigned long sig[1]; /* there are 64 signals on all 64-bit architectures */
} sigset_t;

struct sigpending {
	sigset_t signal;
};

struct signal_struct {
	atomic_t live;
	int group_exit_code;
	unsigned int flags;
	struct tty_struct *tty;
	u64 utime;
	u64 stime;
	unsigned long long sum_sched_runtime;
};

struct task_struct {
	struct thread_info thread_info;
	pid_t pid;
	pid_t tgid;
	int exit_code;
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	struct signal_struct *signal;
	struct sigpending pending;
	struct pid *thread_pid;
	struct mm_struct *mm;
	struct fs_struct *fs;
	struct files_struct *files;
	u64 self_exec_id; /* counts what the process executes */
	const struct cred *cred;
	kuid_t loginuid; /* with CONFIG_AUDIT only */
	struct sched_entity se;
	u64 utime;
	u64 stime;
	u64 start_boottime;
	char comm[16];
};

typedef struct {
	int owned;
} socket_lock_t;

struct sock_common {
	unsigned short skc_family;
	u16 skc_num; /* local port, host byte order */
};

struct sock {
	struct sock_common __sk_common;
	socket_lock_t sk_lock;
};

struct socket {
	struct sock *sk;
};

struct inet_sock {
	struct sock sk;
};

struct inet_connection_sock {
	struct inet_sock icsk_inet;
};

struct tcp_sock {
	struct inet_connection_sock inet_conn;
};

struct linux_binprm {
	unsigned int secureexec : 1;
	struct file *file;
	const char *filename;
	const char *interp;
};

struct kernfs_node {
	u64 id;
};

struct cgroup_root {
	int hierarchy_id;
};

struct cgroup {
	struct kernfs_node *kn;
	struct cgroup_root *root;
};

struct filename {
	const char *name;
};

/* Since Linux 7.0 the operations below have these. */
struct delayed_filename {
	struct filename *__incomplete_filename;
};

struct io_fixed_file {
	unsigned long file_ptr;
};

struct io_rsrc_node {
	unsigned long file_ptr;
};

struct io_rsrc_data {
	struct io_rsrc_node **nodes;
};

struct io_file_table {
	struct io_fixed_file *files; /* before Linux 6.13, ... */
	struct io_rsrc_data data;    /* ... and since */
};

struct io_ring_ctx {
	struct io_file_table file_table;
};

struct io_cqe {
	s32 res;
	int fd; /* until there is a result */
};

struct io_kiocb {
	struct file *file;
	u8 opcode;
	unsigned int flags;
	struct io_cqe cqe;
	struct io_ring_ctx *ctx;
};

struct open_how {
	u64 flags;
};

struct io_open {
	int dfd;
	u32 file_slot;
	struct filename *filename;
	struct open_how how;
};

struct io_open___delayed {
	struct delayed_filename filename;
};

struct io_unlink {
	int dfd;
	int flags;
	struct filename *filename;
};

struct io_unlink___delayed {
	struct delayed_filename filename;
};

struct io_mkdir {
	int dfd;
	u16 mode;
	struct filename *filename;
};

struct io_mkdir___delayed {
	struct delayed_filename filename;
};

struct io_rename {
	int old_dfd;
	int new_dfd;
	struct filename *oldpath;
	struct filename *newpath;
	int flags;
};

struct io_rename___delayed {
	struct delayed_filename oldpath;
	struct delayed_filename newpath;
};

struct io_link {
	int old_dfd;
	int new_dfd;
	struct filename *oldpath;
	struct filename *newpath;
	int flags;
};

struct io_link___delayed {
	struct delayed_filename oldpath;
	struct delayed_filename newpath;
};

struct xattr_name;

struct kernel_xattr_ctx { /* just xattr_ctx before Linux 6.13 */
	struct xattr_name *kname;
};

struct io_xattr {
	struct kernel_xattr_ctx ctx;
	struct filename *filename;
};

struct io_xattr___delayed {
	struct delayed_filename filename;
};

struct io_sync {
	s64 len;
	s64 off;
	int mode;
};

struct io_ftrunc {
	s64 len;
};

struct io_splice {
	int splice_fd_in;
	unsigned int flags;
};

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	struct file *file;
};

#pragma clang attribute pop

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

/* The functions that the verifier itself knows, by name (kernel/bpf/verifier.c). */
enum special_kfunc_type {
	KF_bpf_rdonly_cast,
};
extern void *bpf_rdonly_cast(const void *object, u32 type) __ksym __weak;

/*
 * KERNEL_READ(p, a, b.c) is p->a->b.c, as BPF_CORE_READ() is, but where the kernel has
 * bpf_rdonly_cast() (Linux 6.2) these are loads, not helper calls, which take three times as long.
 * With both, what lies behind a bad address is 0.
 */
#define KERNEL_READ(p, ...)                                                                        \
	({                                                                                         \
		typeof(p) from_ = (p);                                                             \
		___type(from_, __VA_ARGS__) value_;                                                \
		if (bpf_core_enum_value_exists(enum special_kfunc_type, KF_bpf_rdonly_cast)) {     \
			from_ = bpf_rdonly_cast(from_, bpf_core_type_id_kernel(typeof(*from_)));   \
			value_ = ___arrow(from_, __VA_ARGS__);                                     \
		} else {                                                                           \
			BPF_CORE_READ_INTO(&value_, from_, __VA_ARGS__);                           \
		}                                                                                  \
		value_;                                                                            \
	})

/* A pointer as a number to the verifier too: so it may be given to a global function. */
#define NUMBER(pointer)                                                                            \
	({                                                                                         \
		u64 number_ = (u64)(pointer);                                                      \
		asm volatile("%0 = -%0; %0 = -%0" : "+r"(number_));                                \
		number_;                                                                           \
	})

/* Of every program; most of the kernel's helpers ask for it. */
char LICENSE[] SEC("license") = "GPL";

#endif
