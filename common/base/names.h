/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The C library's and kernel's names of numbers. */
#ifndef GRAIN_NAMES_H
#define GRAIN_NAMES_H

/* "ENOENT" of 2; NULL for a number that has no name. From glibc's strerrorname_np(3). */
const char *errno_name(int number);

/* Writes "SIGKILL", "SIGRTMIN+3" or "SIG70" (kernel numbering: real-time signals start at 32... see
 * signal(7)) and returns the end. At most 16 bytes. */
char *put_signal(char *to, int number);

#endif
