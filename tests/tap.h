/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The Test Anything Protocol for a C program, which prove(1) reads. Each check prints a line, a
 * failed one also what was expected; main() ends with `return done();`.
 */
#ifndef GRAIN_TAP_H
#define GRAIN_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* The last argument of each is the check's name, a format and what it needs. */
#define ok(condition, ...)	   tap_check(condition, __FILE__, __LINE__, __VA_ARGS__)
#define is_u64(got, expected, ...) tap_u64(got, expected, __FILE__, __LINE__, __VA_ARGS__)
#define is_i64(got, expected, ...) tap_i64(got, expected, __FILE__, __LINE__, __VA_ARGS__)
#define is_str(got, expected, ...) tap_str(got, expected, __FILE__, __LINE__, __VA_ARGS__)
#define is_mem(got, n, expected, m, ...)                                                           \
	tap_mem(got, n, expected, m, __FILE__, __LINE__, __VA_ARGS__)

static unsigned tap_done, tap_failed;

static void tap_name(const char *format, va_list args)
{
	char name[200];

	vsnprintf(name, sizeof(name), format, args);
	putchar(' ');
	for (const char *c = name; *c; c++)
		printf(*c == '#' || *c == '\\' ? "\\%c" : "%c", *c == '\n' ? ' ' : *c);
	putchar('\n');
}

/* One line, so that prove(1) shows all of it, and hostile bytes as what they are. */
static void tap_show(const char *what, const char *s, size_t n)
{
	printf("#   %s ", what);
	if (!s)
		printf("NULL");
	for (size_t i = 0; s && i < n; i++)
		printf((uint8_t)s[i] < ' ' || (uint8_t)s[i] >= 0x7f ? "\\x%02x" : "%c",
		       (uint8_t)s[i]);
	putchar('\n');
}

static bool tap_result(bool passed, const char *file, int line, const char *format, va_list args)
{
	printf("%sok %u -", passed ? "" : "not ", ++tap_done);
	tap_name(format, args);
	if (!passed) {
		tap_failed++;
		printf("#   at %s:%d\n", file, line);
	}
	return passed;
}

#define TAP_RESULT(passed)                                                                         \
	({                                                                                         \
		va_list args;                                                                      \
                                                                                                   \
		va_start(args, format);                                                            \
		bool result = tap_result(passed, file, line, format, args);                        \
		va_end(args);                                                                      \
		result;                                                                            \
	})

__attribute__((unused, format(printf, 4, 5))) static bool
tap_check(bool passed, const char *file, int line, const char *format, ...)
{
	return TAP_RESULT(passed);
}

__attribute__((unused, format(printf, 5, 6))) static bool
tap_u64(uint64_t got, uint64_t expected, const char *file, int line, const char *format, ...)
{
	bool passed = TAP_RESULT(got == expected);

	if (!passed)
		printf("#   got      %ju (0x%jx)\n#   expected %ju (0x%jx)\n", (uintmax_t)got,
		       (uintmax_t)got, (uintmax_t)expected, (uintmax_t)expected);
	return passed;
}

__attribute__((unused, format(printf, 5, 6))) static bool
tap_i64(int64_t got, int64_t expected, const char *file, int line, const char *format, ...)
{
	bool passed = TAP_RESULT(got == expected);

	if (!passed)
		printf("#   got      %jd\n#   expected %jd\n", (intmax_t)got, (intmax_t)expected);
	return passed;
}

__attribute__((unused, format(printf, 7, 8))) static bool tap_mem(const void *got, size_t n,
								  const void *expected, size_t m,
								  const char *file, int line,
								  const char *format, ...)
{
	bool passed = TAP_RESULT(n == m && !memcmp(got, expected, n));

	if (!passed) {
		tap_show("got     ", got, n);
		tap_show("expected", expected, m);
	}
	return passed;
}

__attribute__((unused, format(printf, 5, 6))) static bool
tap_str(const char *got, const char *expected, const char *file, int line, const char *format, ...)
{
	bool passed = TAP_RESULT(got && expected ? !strcmp(got, expected) : got == expected);

	if (!passed) {
		tap_show("got     ", got, got ? strlen(got) : 0);
		tap_show("expected", expected, expected ? strlen(expected) : 0);
	}
	return passed;
}

/* One check that can't be made here. */
__attribute__((unused)) static void skip(const char *reason)
{
	printf("ok %u # SKIP %s\n", ++tap_done, reason);
}

static int done(void)
{
	printf("1..%u\n", tap_done);
	if (tap_failed)
		printf("# %u of %u failed\n", tap_failed, tap_done);
	return tap_failed != 0;
}

#endif
