/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The C library's and kernel's names of numbers. */
#ifndef GRAIN_NAMES_H
#define GRAIN_NAMES_H

/* "ENOENT" of 2, "ERESTARTSYS" of 512 (the kernel's own); NULL for a number that has no name. */
const char *errno_name(int number);

/*
 * Writes "SIGKILL", "SIGRTMIN+3", "SIGRTMAX-1" as `kill -l` does, "SIG70" for what has no name;
 * returns the end. At most 16 bytes.
 */
char *put_signal(char *to, int number);

#endif
