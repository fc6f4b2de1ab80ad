/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GRAIN_PROGRESS_H
#define GRAIN_PROGRESS_H

#include <stdint.h>

#include "sink/deliver.h"

/*
 * How far a delivery is, as a line at the bottom of the terminal that stderr is; nothing if it is
 * none, if what is typed or passed on would get mixed with it, or with --quiet. Rewritten when it
 * is something else, a few times a second at most. Returns the time of now() when that may be
 * again; 0: it is shown.
 */
int64_t progress_show(const struct deliver *d);

#endif
