/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GRAIN_FILE_H
#define GRAIN_FILE_H

#include <stddef.h>

/*
 * A small file's text, without the white space at its end, with a NUL; to be freed. NULL and errno
 * when it can't be read; EFBIG when it has `max` bytes or more.
 */
char *file_text(const char *name, size_t max);

#endif
