/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers: strict parsing of what a user typed, fast printing. */
#ifndef GRAIN_NUM_H
#define GRAIN_NUM_H

#include <stdbool.h>
#include <stdint.h>

/* Decimal digits only, all of `s`, between min and max. */
bool parse_u64(const char *s, uint64_t min, uint64_t max, uint64_t *value);

/*
 * A time: a decimal number, maybe with a fraction, and a unit: ns us ms s m h d; none means
 * seconds. `*ns` in nanoseconds, cut; false when malformed or more than an int64_t holds.
 */
bool parse_duration(const char *s, uint64_t *ns);

/* A size in bytes: a whole number and maybe K, M, G or T, powers of 1024 (not "KiB", not "kB"). */
bool parse_size(const char *s, uint64_t *bytes);

/* Writes without NUL, returns the end. At most 20 bytes. */
char *put_u64(char *to, uint64_t v);
char *put_i64(char *to, int64_t v);

/* Exactly the last `digits` decimal digits of v, zeros in front. */
char *put_digits(char *to, uint64_t v, int digits);

/* Two lower-case hex digits a byte. */
char *put_hex(char *to, const void *bytes, uint32_t n);

/*
 * A duration for people, cut: "0", "999ns", "456us", "12.3ms", "1.234s", "2m03s", "1h02m". At most
 * 16 bytes.
 */
char *put_duration(char *to, uint64_t ns);

/*
 * A time of CLOCK_REALTIME, in ns, as RFC 3339 has it, in UTC with nine digits of a second. 30
 * bytes.
 */
char *put_rfc3339(char *to, uint64_t ns);

/*
 * A finite number as JSON has it, in the fewest digits that are read back as the same (17 at
 * most). At most 24 bytes.
 */
char *put_double(char *to, double v);

/*
 * An address in network byte order: IPv4 of 4 bytes, IPv6 of 16 (as RFC 5952 wants it; v4-mapped
 * prints as IPv4). At most 39 bytes.
 */
char *put_addr(char *to, const void *addr, uint32_t size);

#endif
