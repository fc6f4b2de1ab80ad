/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The calls that filemon looks at, by their numbers on each architecture, and where their arguments
 * are. Numbers: arch/x86/entry/syscalls/syscall_64.tbl and syscall_32.tbl, scripts/syscall.tbl
 * (arm64) and arch/arm/tools/syscall.tbl.
 */
#ifndef FILEMON_CALLS_H
#define FILEMON_CALLS_H

#include "bpf/filemon.h"
#include "bpf/lib/lookup.bpf.h"

/*
 * What a system call is. Of those that move bytes the arguments are told here, of the others in
 * `changes`.
 */
enum call {
	CALL_NONE,
	CALL_READ,  /* from */
	CALL_WRITE, /* to */
	CALL_SEND,  /* to, from */
	CALL_COPY,  /* from, offset, to */
	CALL_OPEN,  /* name, flags */
	CALL_CREAT, /* name */
	CALL_OPENAT,
	CALL_OPENAT2,	  /* the third one is a struct */
	CALL_OPEN_HANDLE, /* no name, handle, flags */
	CALL_MMAP,	  /* address, bytes, protection, flags, file, offset */
	CALL_MMAP2,	  /* the offset is in pages of 4 KiB */
	CALL_OLD_MMAP,	  /* they are in a struct */
	CALL_MOUNT,	  /* changes what is mounted where */
	CALL_CLONE,	  /* flags, that may ask for a new mount namespace */
	CALL_CLONE3,	  /* they are in a struct */
	CALL_CHANGE,	  /* those from here on are in `changes` */
	CALL_MKNOD = CALL_CHANGE,
	CALL_MKNODAT,
	CALL_UNLINK,
	CALL_UNLINKAT,
	CALL_RENAME,
	CALL_RENAMEAT,
	CALL_RENAMEAT2,
	CALL_LINK,
	CALL_LINKAT,
	CALL_SYMLINK,
	CALL_SYMLINKAT,
	CALL_MKDIR,
	CALL_MKDIRAT,
	CALL_RMDIR,
	CALL_CHMOD,
	CALL_FCHMOD,
	CALL_FCHMODAT,
	CALL_FCHMODAT2,
	CALL_CHOWN,
	CALL_LCHOWN,
	CALL_FCHOWN,
	CALL_FCHOWNAT,
	CALL_CHOWN16,
	CALL_LCHOWN16,
	CALL_FCHOWN16,
	CALL_TRUNCATE,
	CALL_FTRUNCATE,
	CALL_TRUNCATE64,
	CALL_FTRUNCATE64,
	CALL_FALLOCATE,
	CALL_FALLOCATE32,
	CALL_UTIMES,
	CALL_FUTIMESAT,
	CALL_UTIMENSAT,
	CALL_SETXATTR,
	CALL_LSETXATTR,
	CALL_FSETXATTR,
	CALL_SETXATTRAT,
	CALL_REMOVEXATTR,
	CALL_LREMOVEXATTR,
	CALL_FREMOVEXATTR,
	CALL_REMOVEXATTRAT,
	CALL_END
};

/* Of 64-bit programs, and of 32-bit ones. */
struct numbered {
	u8 native, compat;
};

#define NR_CALLS 512 /* the last one stands for those beyond, too */
static const struct numbered calls[NR_CALLS] = {
#if defined(__TARGET_ARCH_x86)
	[0].native = CALL_READ,		  /* read */
	[1].native = CALL_WRITE,	  /* write */
	[2].native = CALL_OPEN,		  /* open */
	[9].native = CALL_MMAP,		  /* mmap */
	[17].native = CALL_READ,	  /* pread64 */
	[18].native = CALL_WRITE,	  /* pwrite64 */
	[19].native = CALL_READ,	  /* readv */
	[20].native = CALL_WRITE,	  /* writev */
	[40].native = CALL_SEND,	  /* sendfile */
	[76].native = CALL_TRUNCATE,	  /* truncate */
	[77].native = CALL_FTRUNCATE,	  /* ftruncate */
	[82].native = CALL_RENAME,	  /* rename */
	[83].native = CALL_MKDIR,	  /* mkdir */
	[84].native = CALL_RMDIR,	  /* rmdir */
	[85].native = CALL_CREAT,	  /* creat */
	[86].native = CALL_LINK,	  /* link */
	[87].native = CALL_UNLINK,	  /* unlink */
	[88].native = CALL_SYMLINK,	  /* symlink */
	[90].native = CALL_CHMOD,	  /* chmod */
	[91].native = CALL_FCHMOD,	  /* fchmod */
	[92].native = CALL_CHOWN,	  /* chown */
	[93].native = CALL_FCHOWN,	  /* fchown */
	[94].native = CALL_LCHOWN,	  /* lchown */
	[132].native = CALL_UTIMES,	  /* utime */
	[133].native = CALL_MKNOD,	  /* mknod */
	[188].native = CALL_SETXATTR,	  /* setxattr */
	[189].native = CALL_LSETXATTR,	  /* lsetxattr */
	[190].native = CALL_FSETXATTR,	  /* fsetxattr */
	[197].native = CALL_REMOVEXATTR,  /* removexattr */
	[198].native = CALL_LREMOVEXATTR, /* lremovexattr */
	[199].native = CALL_FREMOVEXATTR, /* fremovexattr */
	[235].native = CALL_UTIMES,	  /* utimes */
	[257].native = CALL_OPENAT,	  /* openat */
	[258].native = CALL_MKDIRAT,	  /* mkdirat */
	[259].native = CALL_MKNODAT,	  /* mknodat */
	[260].native = CALL_FCHOWNAT,	  /* fchownat */
	[261].native = CALL_FUTIMESAT,	  /* futimesat */
	[263].native = CALL_UNLINKAT,	  /* unlinkat */
	[264].native = CALL_RENAMEAT,	  /* renameat */
	[265].native = CALL_LINKAT,	  /* linkat */
	[266].native = CALL_SYMLINKAT,	  /* symlinkat */
	[268].native = CALL_FCHMODAT,	  /* fchmodat */
	[275].native = CALL_COPY,	  /* splice */
	[280].native = CALL_UTIMENSAT,	  /* utimensat */
	[285].native = CALL_FALLOCATE,	  /* fallocate */
	[295].native = CALL_READ,	  /* preadv */
	[304].native = CALL_OPEN_HANDLE,  /* open_by_handle_at */
	[296].native = CALL_WRITE,	  /* pwritev */
	[316].native = CALL_RENAMEAT2,	  /* renameat2 */
	[326].native = CALL_COPY,	  /* copy_file_range */
	[327].native = CALL_READ,	  /* preadv2 */
	[328].native = CALL_WRITE,	  /* pwritev2 */
	[30].compat = CALL_UTIMES,	  /* utime */
	[90].compat = CALL_OLD_MMAP,	  /* old_mmap */
	[271].compat = CALL_UTIMES,	  /* utimes */
	[295].compat = CALL_OPENAT,	  /* openat */
	[296].compat = CALL_MKDIRAT,	  /* mkdirat */
	[297].compat = CALL_MKNODAT,	  /* mknodat */
	[298].compat = CALL_FCHOWNAT,	  /* fchownat */
	[299].compat = CALL_FUTIMESAT,	  /* futimesat */
	[301].compat = CALL_UNLINKAT,	  /* unlinkat */
	[302].compat = CALL_RENAMEAT,	  /* renameat */
	[303].compat = CALL_LINKAT,	  /* linkat */
	[304].compat = CALL_SYMLINKAT,	  /* symlinkat */
	[306].compat = CALL_FCHMODAT,	  /* fchmodat */
	[313].compat = CALL_COPY,	  /* splice */
	[320].compat = CALL_UTIMENSAT,	  /* utimensat */
	[324].compat = CALL_FALLOCATE32,  /* fallocate32 */
	[333].compat = CALL_READ,	  /* preadv */
	[334].compat = CALL_WRITE,	  /* pwritev */
	[342].compat = CALL_OPEN_HANDLE,  /* open_by_handle_at */
	[353].compat = CALL_RENAMEAT2,	  /* renameat2 */
	[377].compat = CALL_COPY,	  /* copy_file_range */
	[378].compat = CALL_READ,	  /* preadv2 */
	[379].compat = CALL_WRITE,	  /* pwritev2 */
	[56].native = CALL_CLONE,	  /* clone */
	[155].native = CALL_MOUNT,	  /* pivot_root */
	[165].native = CALL_MOUNT,	  /* mount */
	[166].native = CALL_MOUNT,	  /* umount2 */
	[272].native = CALL_CLONE,	  /* unshare */
	[217].compat = CALL_MOUNT,	  /* pivot_root */
	[310].compat = CALL_CLONE,	  /* unshare */
#elif defined(__TARGET_ARCH_arm64)
	[5].native = CALL_SETXATTR,	 /* setxattr */
	[6].native = CALL_LSETXATTR,	 /* lsetxattr */
	[7].native = CALL_FSETXATTR,	 /* fsetxattr */
	[14].native = CALL_REMOVEXATTR,	 /* removexattr */
	[15].native = CALL_LREMOVEXATTR, /* lremovexattr */
	[16].native = CALL_FREMOVEXATTR, /* fremovexattr */
	[33].native = CALL_MKNODAT,	 /* mknodat */
	[34].native = CALL_MKDIRAT,	 /* mkdirat */
	[35].native = CALL_UNLINKAT,	 /* unlinkat */
	[36].native = CALL_SYMLINKAT,	 /* symlinkat */
	[37].native = CALL_LINKAT,	 /* linkat */
	[38].native = CALL_RENAMEAT,	 /* renameat */
	[45].native = CALL_TRUNCATE,	 /* truncate */
	[46].native = CALL_FTRUNCATE,	 /* ftruncate */
	[47].native = CALL_FALLOCATE,	 /* fallocate */
	[52].native = CALL_FCHMOD,	 /* fchmod */
	[53].native = CALL_FCHMODAT,	 /* fchmodat */
	[54].native = CALL_FCHOWNAT,	 /* fchownat */
	[55].native = CALL_FCHOWN,	 /* fchown */
	[56].native = CALL_OPENAT,	 /* openat */
	[63].native = CALL_READ,	 /* read */
	[64].native = CALL_WRITE,	 /* write */
	[65].native = CALL_READ,	 /* readv */
	[66].native = CALL_WRITE,	 /* writev */
	[67].native = CALL_READ,	 /* pread64 */
	[68].native = CALL_WRITE,	 /* pwrite64 */
	[69].native = CALL_READ,	 /* preadv */
	[70].native = CALL_WRITE,	 /* pwritev */
	[71].native = CALL_SEND,	 /* sendfile */
	[76].native = CALL_COPY,	 /* splice */
	[88].native = CALL_UTIMENSAT,	 /* utimensat */
	[222].native = CALL_MMAP,	 /* mmap */
	[265].native = CALL_OPEN_HANDLE, /* open_by_handle_at */
	[276].native = CALL_RENAMEAT2,	 /* renameat2 */
	[285].native = CALL_COPY,	 /* copy_file_range */
	[286].native = CALL_READ,	 /* preadv2 */
	[287].native = CALL_WRITE,	 /* pwritev2 */
	[269].compat = CALL_UTIMES,	 /* utimes */
	[322].compat = CALL_OPENAT,	 /* openat */
	[323].compat = CALL_MKDIRAT,	 /* mkdirat */
	[324].compat = CALL_MKNODAT,	 /* mknodat */
	[325].compat = CALL_FCHOWNAT,	 /* fchownat */
	[326].compat = CALL_FUTIMESAT,	 /* futimesat */
	[328].compat = CALL_UNLINKAT,	 /* unlinkat */
	[329].compat = CALL_RENAMEAT,	 /* renameat */
	[330].compat = CALL_LINKAT,	 /* linkat */
	[331].compat = CALL_SYMLINKAT,	 /* symlinkat */
	[333].compat = CALL_FCHMODAT,	 /* fchmodat */
	[340].compat = CALL_COPY,	 /* splice */
	[348].compat = CALL_UTIMENSAT,	 /* utimensat */
	[352].compat = CALL_FALLOCATE32, /* fallocate32 */
	[361].compat = CALL_READ,	 /* preadv */
	[362].compat = CALL_WRITE,	 /* pwritev */
	[371].compat = CALL_OPEN_HANDLE, /* open_by_handle_at */
	[382].compat = CALL_RENAMEAT2,	 /* renameat2 */
	[391].compat = CALL_COPY,	 /* copy_file_range */
	[392].compat = CALL_READ,	 /* preadv2 */
	[393].compat = CALL_WRITE,	 /* pwritev2 */
	[39].native = CALL_MOUNT,	 /* umount2 */
	[40].native = CALL_MOUNT,	 /* mount */
	[41].native = CALL_MOUNT,	 /* pivot_root */
	[97].native = CALL_CLONE,	 /* unshare */
	[220].native = CALL_CLONE,	 /* clone */
	[218].compat = CALL_MOUNT,	 /* pivot_root */
	[337].compat = CALL_CLONE,	 /* unshare */
#endif
	/* The oldest ones of both, and the newest ones. */
	[3].compat = CALL_READ,		   /* read */
	[4].compat = CALL_WRITE,	   /* write */
	[5].compat = CALL_OPEN,		   /* open */
	[8].compat = CALL_CREAT,	   /* creat */
	[9].compat = CALL_LINK,		   /* link */
	[10].compat = CALL_UNLINK,	   /* unlink */
	[14].compat = CALL_MKNOD,	   /* mknod */
	[15].compat = CALL_CHMOD,	   /* chmod */
	[16].compat = CALL_LCHOWN16,	   /* lchown16 */
	[38].compat = CALL_RENAME,	   /* rename */
	[39].compat = CALL_MKDIR,	   /* mkdir */
	[40].compat = CALL_RMDIR,	   /* rmdir */
	[83].compat = CALL_SYMLINK,	   /* symlink */
	[92].compat = CALL_TRUNCATE,	   /* truncate */
	[93].compat = CALL_FTRUNCATE,	   /* ftruncate */
	[94].compat = CALL_FCHMOD,	   /* fchmod */
	[95].compat = CALL_FCHOWN16,	   /* fchown16 */
	[145].compat = CALL_READ,	   /* readv */
	[146].compat = CALL_WRITE,	   /* writev */
	[180].compat = CALL_READ,	   /* pread64 */
	[181].compat = CALL_WRITE,	   /* pwrite64 */
	[182].compat = CALL_CHOWN16,	   /* chown16 */
	[187].compat = CALL_SEND,	   /* sendfile */
	[192].compat = CALL_MMAP2,	   /* mmap2 */
	[193].compat = CALL_TRUNCATE64,	   /* truncate64 */
	[194].compat = CALL_FTRUNCATE64,   /* ftruncate64 */
	[198].compat = CALL_LCHOWN,	   /* lchown32 */
	[207].compat = CALL_FCHOWN,	   /* fchown32 */
	[212].compat = CALL_CHOWN,	   /* chown32 */
	[226].compat = CALL_SETXATTR,	   /* setxattr */
	[227].compat = CALL_LSETXATTR,	   /* lsetxattr */
	[228].compat = CALL_FSETXATTR,	   /* fsetxattr */
	[235].compat = CALL_REMOVEXATTR,   /* removexattr */
	[236].compat = CALL_LREMOVEXATTR,  /* lremovexattr */
	[237].compat = CALL_FREMOVEXATTR,  /* fremovexattr */
	[239].compat = CALL_SEND,	   /* sendfile64 */
	[412].compat = CALL_UTIMENSAT,	   /* utimensat_time64 */
	[437].compat = CALL_OPENAT2,	   /* openat2 */
	[452].compat = CALL_FCHMODAT2,	   /* fchmodat2 */
	[463].compat = CALL_SETXATTRAT,	   /* setxattrat */
	[466].compat = CALL_REMOVEXATTRAT, /* removexattrat */
	[437].native = CALL_OPENAT2,	   /* openat2 */
	[452].native = CALL_FCHMODAT2,	   /* fchmodat2 */
	[463].native = CALL_SETXATTRAT,	   /* setxattrat */
	[466].native = CALL_REMOVEXATTRAT, /* removexattrat */
	[21].compat = CALL_MOUNT,	   /* mount */
	[22].compat = CALL_MOUNT,	   /* umount */
	[52].compat = CALL_MOUNT,	   /* umount2 */
	[120].compat = CALL_CLONE,	   /* clone */
	[428].compat = CALL_MOUNT,	   /* open_tree */
	[428].native = CALL_MOUNT,	   /* open_tree */
	[429].compat = CALL_MOUNT,	   /* move_mount */
	[429].native = CALL_MOUNT,	   /* move_mount */
	[432].compat = CALL_MOUNT,	   /* fsmount */
	[432].native = CALL_MOUNT,	   /* fsmount */
	[435].compat = CALL_CLONE3,	   /* clone3 */
	[435].native = CALL_CLONE3,	   /* clone3 */
	[467].compat = CALL_MOUNT,	   /* open_tree_attr */
	[467].native = CALL_MOUNT,	   /* open_tree_attr */
};

/* Which argument is which: CWD and NO stand behind those that there are. */
#define ARGS 6
#define CWD  6 /* AT_FDCWD */
#define NO   7 /* 0 */

/* How to take them, beside LOOKUP_… of the name. */
enum {
	TAKE_16BIT = 1 << 4,  /* owners of 16 bits */
	TAKE_PAIR = 1 << 5,   /* each value in two arguments */
	TAKE_REMOVE = 1 << 6, /* an attribute is removed */
};
#define NEW  (LOOKUP_PARENT | LOOKUP_LAST)
#define GONE LOOKUP_PARENT

struct change {
	u8 type;
	u8 dir, name; /* without a name, dir is the file */
	u8 old_dir, old_name;
	u8 value; /* the first of what else it has */
	u8 flags;
	u8 how;
};

#if defined(__TARGET_ARCH_arm64)
#define PAIR 2 /* pairs are aligned */
#else
#define PAIR 1
#endif

static const struct change changes[] = {
	[CALL_MKNOD - CALL_CHANGE] = { FILE_CREATE, CWD, 0, NO, NO, NO, NO, NEW },
	[CALL_MKNODAT - CALL_CHANGE] = { FILE_CREATE, 0, 1, NO, NO, NO, NO, NEW },
	[CALL_UNLINK - CALL_CHANGE] = { FILE_DELETE, CWD, 0, NO, NO, NO, NO, GONE },
	[CALL_UNLINKAT - CALL_CHANGE] = { FILE_DELETE, 0, 1, NO, NO, NO, 2, GONE },
	[CALL_RENAME - CALL_CHANGE] = { FILE_RENAME, CWD, 1, CWD, 0, NO, NO, NEW },
	[CALL_RENAMEAT - CALL_CHANGE] = { FILE_RENAME, 2, 3, 0, 1, NO, NO, NEW },
	[CALL_RENAMEAT2 - CALL_CHANGE] = { FILE_RENAME, 2, 3, 0, 1, NO, 4, NEW },
	[CALL_LINK - CALL_CHANGE] = { FILE_LINK, CWD, 1, CWD, 0, NO, NO, NEW },
	[CALL_LINKAT - CALL_CHANGE] = { FILE_LINK, 2, 3, 0, 1, NO, 4, NEW },
	[CALL_SYMLINK - CALL_CHANGE] = { FILE_SYMLINK, CWD, 1, NO, NO, 0, NO, NEW },
	[CALL_SYMLINKAT - CALL_CHANGE] = { FILE_SYMLINK, 1, 2, NO, NO, 0, NO, NEW },
	[CALL_MKDIR - CALL_CHANGE] = { FILE_MKDIR, CWD, 0, NO, NO, NO, NO, NEW },
	[CALL_MKDIRAT - CALL_CHANGE] = { FILE_MKDIR, 0, 1, NO, NO, NO, NO, NEW },
	[CALL_RMDIR - CALL_CHANGE] = { FILE_RMDIR, CWD, 0, NO, NO, NO, NO, GONE },
	[CALL_CHMOD - CALL_CHANGE] = { FILE_CHMOD, CWD, 0, NO, NO, 1, NO, LOOKUP_FOLLOW },
	[CALL_FCHMOD - CALL_CHANGE] = { FILE_CHMOD, 0, NO, NO, NO, 1, NO, 0 },
	[CALL_FCHMODAT - CALL_CHANGE] = { FILE_CHMOD, 0, 1, NO, NO, 2, NO, LOOKUP_FOLLOW },
	[CALL_FCHMODAT2 - CALL_CHANGE] = { FILE_CHMOD, 0, 1, NO, NO, 2, 3, LOOKUP_FOLLOW },
	[CALL_CHOWN - CALL_CHANGE] = { FILE_CHOWN, CWD, 0, NO, NO, 1, NO, LOOKUP_FOLLOW },
	[CALL_LCHOWN - CALL_CHANGE] = { FILE_CHOWN, CWD, 0, NO, NO, 1, NO, 0 },
	[CALL_FCHOWN - CALL_CHANGE] = { FILE_CHOWN, 0, NO, NO, NO, 1, NO, 0 },
	[CALL_FCHOWNAT - CALL_CHANGE] = { FILE_CHOWN, 0, 1, NO, NO, 2, 4, LOOKUP_FOLLOW },
	[CALL_CHOWN16 -
		CALL_CHANGE] = { FILE_CHOWN, CWD, 0, NO, NO, 1, NO, LOOKUP_FOLLOW | TAKE_16BIT },
	[CALL_LCHOWN16 - CALL_CHANGE] = { FILE_CHOWN, CWD, 0, NO, NO, 1, NO, TAKE_16BIT },
	[CALL_FCHOWN16 - CALL_CHANGE] = { FILE_CHOWN, 0, NO, NO, NO, 1, NO, TAKE_16BIT },
	[CALL_TRUNCATE - CALL_CHANGE] = { FILE_TRUNCATE, CWD, 0, NO, NO, 1, NO, LOOKUP_FOLLOW },
	[CALL_FTRUNCATE - CALL_CHANGE] = { FILE_TRUNCATE, 0, NO, NO, NO, 1, NO, 0 },
	[CALL_TRUNCATE64 - CALL_CHANGE] = { FILE_TRUNCATE, CWD, 0, NO, NO, PAIR, NO,
					    LOOKUP_FOLLOW | TAKE_PAIR },
	[CALL_FTRUNCATE64 - CALL_CHANGE] = { FILE_TRUNCATE, 0, NO, NO, NO, PAIR, NO, TAKE_PAIR },
	[CALL_FALLOCATE - CALL_CHANGE] = { FILE_TRUNCATE, 0, NO, NO, NO, 2, 1, 0 },
	[CALL_FALLOCATE32 - CALL_CHANGE] = { FILE_TRUNCATE, 0, NO, NO, NO, 2, 1, TAKE_PAIR },
	[CALL_UTIMES - CALL_CHANGE] = { FILE_UTIMENS, CWD, 0, NO, NO, NO, NO, LOOKUP_FOLLOW },
	[CALL_FUTIMESAT - CALL_CHANGE] = { FILE_UTIMENS, 0, 1, NO, NO, NO, NO, LOOKUP_FOLLOW },
	[CALL_UTIMENSAT - CALL_CHANGE] = { FILE_UTIMENS, 0, 1, NO, NO, NO, 3, LOOKUP_FOLLOW },
	[CALL_SETXATTR - CALL_CHANGE] = { FILE_XATTR, CWD, 0, NO, NO, 1, NO, LOOKUP_FOLLOW },
	[CALL_LSETXATTR - CALL_CHANGE] = { FILE_XATTR, CWD, 0, NO, NO, 1, NO, 0 },
	[CALL_FSETXATTR - CALL_CHANGE] = { FILE_XATTR, 0, NO, NO, NO, 1, NO, 0 },
	[CALL_SETXATTRAT - CALL_CHANGE] = { FILE_XATTR, 0, 1, NO, NO, 3, 2, LOOKUP_FOLLOW },
	[CALL_REMOVEXATTR -
		CALL_CHANGE] = { FILE_XATTR, CWD, 0, NO, NO, 1, NO, LOOKUP_FOLLOW | TAKE_REMOVE },
	[CALL_LREMOVEXATTR - CALL_CHANGE] = { FILE_XATTR, CWD, 0, NO, NO, 1, NO, TAKE_REMOVE },
	[CALL_FREMOVEXATTR - CALL_CHANGE] = { FILE_XATTR, 0, NO, NO, NO, 1, NO, TAKE_REMOVE },
	[CALL_REMOVEXATTRAT -
		CALL_CHANGE] = { FILE_XATTR, 0, 1, NO, NO, 3, 2, LOOKUP_FOLLOW | TAKE_REMOVE },
};

/* Which call an operation of io_uring is like; numbers: include/uapi/linux/io_uring.h. */
#define NR_OPERATIONS 64 /* the last one stands for those beyond, too */
static const u8 operations[NR_OPERATIONS] = {
	[1] = CALL_READ,       /* IORING_OP_READV */
	[2] = CALL_WRITE,      /* IORING_OP_WRITEV */
	[4] = CALL_READ,       /* IORING_OP_READ_FIXED */
	[5] = CALL_WRITE,      /* IORING_OP_WRITE_FIXED */
	[17] = CALL_FALLOCATE, /* IORING_OP_FALLOCATE */
	[18] = CALL_OPENAT,    /* IORING_OP_OPENAT */
	[22] = CALL_READ,      /* IORING_OP_READ */
	[23] = CALL_WRITE,     /* IORING_OP_WRITE */
	[28] = CALL_OPENAT2,   /* IORING_OP_OPENAT2 */
	[30] = CALL_COPY,      /* IORING_OP_SPLICE */
	[35] = CALL_RENAMEAT2, /* IORING_OP_RENAMEAT */
	[36] = CALL_UNLINKAT,  /* IORING_OP_UNLINKAT */
	[37] = CALL_MKDIRAT,   /* IORING_OP_MKDIRAT */
	[38] = CALL_SYMLINKAT, /* IORING_OP_SYMLINKAT */
	[39] = CALL_LINKAT,    /* IORING_OP_LINKAT */
	[41] = CALL_FSETXATTR, /* IORING_OP_FSETXATTR */
	[42] = CALL_SETXATTR,  /* IORING_OP_SETXATTR */
	[55] = CALL_FTRUNCATE, /* IORING_OP_FTRUNCATE */
	[60] = CALL_READ,      /* IORING_OP_READV_FIXED */
	[61] = CALL_WRITE,     /* IORING_OP_WRITEV_FIXED */
};

#endif
