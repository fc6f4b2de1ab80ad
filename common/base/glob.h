/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GRAIN_GLOB_COMPILE_H
#define GRAIN_GLOB_COMPILE_H

#include <stdbool.h>
#include <stddef.h>

#include "bpf/lib/glob.h"

/*
 * Adds a shell pattern (fnmatch(3) without flags: * ? [a-z] [!a] \x, no special treatment of "/" or
 * a leading ".") to what `g` matches; `g` starts as all zeros. NULL, or what is wrong, as a
 * sentence without subject; then `g` is not to be used.
 */
const char *glob_add(struct glob *g, const char *pattern);

#endif
