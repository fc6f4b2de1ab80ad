/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hostile bytes made harmless. File names, arguments and packets are an attacker's: what goes to
 * a terminal must not steer it, what goes into JSON must stay valid and lose nothing.
 */
#ifndef GRAIN_ESCAPE_H
#define GRAIN_ESCAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether all of it is valid UTF-8: no overlong forms, no surrogates, nothing over U+10FFFF. */
bool valid_utf8(const char *s, size_t n);

/*
 * The content of a JSON string (no quotes around it) for `n` bytes. Invalid UTF-8 bytes become
 * U+FFFD each; then *valid is set to false, else it is left alone. Control characters, C1
 * included, are escaped. Writes at most 6 bytes for each byte; returns the end.
 */
char *put_json(char *to, const char *s, size_t n, bool *valid);

/*
 * For a table: control characters (C0, DEL, C1), invalid UTF-8 and the characters that reorder or
 * break lines (U+2028, U+2029, bidirectional controls) as \xNN for each of their bytes, a
 * backslash doubled. At most 4 bytes for each byte; returns the end. *columns, where not NULL,
 * grows by the columns taken (one for each character written).
 */
char *put_text(char *to, const char *s, size_t n, size_t *columns);

/*
 * One word for a POSIX shell: as it is when that is safe, else in '…', and as $'…' with \xNN (bash,
 * ksh, zsh, POSIX 2024) where put_text() shows one. Empty is ''. At most 4 bytes for each byte and
 * 3 more. *columns as above.
 */
char *put_shell(char *to, const char *s, size_t n, size_t *columns);

#endif
