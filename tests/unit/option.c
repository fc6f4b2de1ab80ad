/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/glob.h"
#include "base/message.h"
#include "base/option.h"
#include "tests/tap.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define SUMMARY	     "Tries the command line."

/* Two tables with a struct each, as commands have them. */
static struct {
	bool flag;
	uint64_t number, duration, size;
	const char *string;
	struct list list;
	struct glob pattern;
} own = { .number = 5 };

static struct {
	bool other;
	uint64_t any, maybe;
} shared;

#define AT(member) .offset = offsetof(typeof(own), member)

static const struct option_row own_rows[] = {
	{ .type = OPTION_HEADING, .help = "First:" },
	{ "flag", 'f', OPTION_FLAG, NULL, AT(flag), .help = "a flag" },
	{ "number", 'n', OPTION_NUMBER, "N", AT(number), .min = 2, .max = 10, .help = "a number" },
	{ "duration", 'd', OPTION_DURATION, "TIME", AT(duration), .min = 1000, .help = "a time" },
	{ "size", 0, OPTION_SIZE, "SIZE", AT(size), .min = 4096, .max = 1 << 20, .help = "a size" },
	{ "string", 's', OPTION_STRING, "TEXT", AT(string), .help = "a text" },
	{ "list", 'l', OPTION_LIST, "ITEM", AT(list), .help = "a list" },
	{ "pattern", 0, OPTION_PATTERN, "PATTERN", AT(pattern), .max = 8, .help = "a pattern" },
	{},
};

static const struct option_row shared_rows[] = {
	{ .type = OPTION_HEADING, .help = "Second:" },
	{ "other", 'o', OPTION_FLAG, NULL, offsetof(typeof(shared), other), .help = "another one" },
	{ "any", 0, OPTION_NUMBER, "N", offsetof(typeof(shared), any), .max = UINT64_MAX,
	  .help = "any number" },
	{ "maybe", 0, OPTION_NUMBER, "N", offsetof(typeof(shared), maybe), .min = 1, .max = 9,
	  .help = "a number, or none", .optional = true },
	OPTIONS_ABOUT,
	{},
};

static const struct option_set sets[] = { { own_rows, &own }, { shared_rows, &shared }, {} };

/* What a process ended with and wrote. */
static struct {
	int status;
	char out[4096], err[4096];
} ran;

/* Whether the disk is that its output goes to. */
static bool full;

static void print_list(const char *name, const struct list *list)
{
	printf(" %s=", name);
	for (size_t i = 0; i < list->n; i++)
		printf("%s%s", i ? "," : "", list->item[i]);
}

/* Each process that is run would else look for leaks at its end, which takes a while. */
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
	return 1;
}

/* Only what is not zero. */
static void print_values(const struct list *operands)
{
	printf("number=%ju", (uintmax_t)own.number);
	if (own.flag)
		printf(" flag");
	if (own.duration)
		printf(" duration=%ju", (uintmax_t)own.duration);
	if (own.size)
		printf(" size=%ju", (uintmax_t)own.size);
	if (own.string)
		printf(" string=%s", own.string);
	if (own.list.n)
		print_list("list", &own.list);
	if (own.pattern.used)
		printf(" pattern");
	if (shared.other)
		printf(" other");
	if (shared.any)
		printf(" any=%ju", (uintmax_t)shared.any);
	if (shared.maybe)
		printf(" maybe=%ju", (uintmax_t)shared.maybe);
	if (operands && operands->n)
		print_list("operands", operands);
	fflush(stdout);
}

static void read_all(int fd, char *to, size_t room)
{
	ssize_t n = pread(fd, to, room - 1, 0);

	to[n < 0 ? 0 : n] = '\0';
	close(fd);
}

/* Words are separated by single spaces. `operands`: as --help shows them, NULL: there are none. */
static void run(const char *words, const char *operands, bool allowed)
{
	const struct command_line line = { "thing", SUMMARY, operands, sets };
	int out = memfd_create("out", 0), err = memfd_create("err", 0), status;
	char copy[500], *argv[50] = { "/usr/bin/thing" };
	struct list list = {};
	int argc = 1;
	pid_t pid;

	snprintf(copy, sizeof(copy), "%s", words);
	for (char *rest = copy, *word; *words && (word = strsep(&rest, " "));)
		argv[argc++] = word;
	fflush(stdout);
	pid = fork();
	if (!pid) {
		dup2(full ? open("/dev/full", O_WRONLY) : out, 1);
		dup2(err, 2);
		program_invocation_name = program_invocation_short_name = "thing";
		options_read(&line, argc, argv, allowed ? &list : NULL);
		print_values(&list);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	ran.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	read_all(out, ran.out, sizeof(ran.out));
	read_all(err, ran.err, sizeof(ran.err));
}

static void test_values(void)
{
	static const char *const cases[][2] = {
		{ "", "number=5" },
		{ "-f", "number=5 flag" },
		{ "--flag --other", "number=5 flag other" },
		{ "-fon3", "number=3 flag other" },
		{ "-n 2", "number=2" },
		{ "--number=10", "number=10" },
		{ "--number 7 -n8", "number=8" },
		{ "--any 18446744073709551615", "number=5 any=18446744073709551615" },
		{ "--maybe=9", "number=5 maybe=9" },
		{ "--maybe -n3", "number=3 maybe=18446744073709551615" },
		{ "-d 5", "number=5 duration=5000000000" },
		{ "--duration=1us", "number=5 duration=1000" },
		{ "-d1.5ms", "number=5 duration=1500000" },
		{ "--size 4K", "number=5 size=4096" },
		{ "--size=1M", "number=5 size=1048576" },
		{ "--size=5000", "number=5 size=5000" },
		{ "-s -f", "number=5 string=-f" },
		{ "--string=a=b", "number=5 string=a=b" },
		{ "-s a -s b", "number=5 string=b" },
		{ "-l a --list=b -lc --list d", "number=5 list=a,b,c,d" },
		{ "-l a,b", "number=5 list=a,b" },
		{ "--pattern a* --pattern=12345678 --pattern *23456789*", "number=5 pattern" },
	};

	for (unsigned i = 0; i < COUNT(cases); i++) {
		run(cases[i][0], NULL, false);
		is_str(ran.out, cases[i][1], "'%s'", cases[i][0]);
		is_i64(ran.status, 0, "it ends well");
		is_str(ran.err, "", "and says nothing");
	}
}

static void test_errors(void)
{
	static const char number[] = "is not a whole number from 2 to 10\n",
			  size[] = "is not a size from 4096 to 1048576 bytes, such as 64K or 4M\n",
			  time[] = "is not a time above 0, such as 5, 1.5s, 200ms, 10m or 1h\n";
	static const struct {
		const char *words, *begin, *end;
	} cases[] = {
		{ "-n 1", "thing: --number: '1' ", number },
		{ "-n 11", "thing: --number: '11' ", number },
		{ "--number=5x", "thing: --number: '5x' ", number },
		{ "--number=", "thing: --number: '' ", number },
		{ "-n -3", "thing: --number: '-3' ", number },
		{ "--any 18446744073709551616", "thing: --any: '18446744073709551616' ",
		  "is not a whole number from 0 to 18446744073709551615\n" },
		{ "--maybe=0", "thing: --maybe: '0' ", "is not a whole number from 1 to 9\n" },
		{ "--maybe 5", "thing: unexpected operand '5'\n", "" },
		{ "-d 0", "thing: --duration: '0' ", time },
		{ "-d 999ns", "thing: --duration: '999ns' ", time },
		{ "-d 5y", "thing: --duration: '5y' ", time },
		{ "--size 4095", "thing: --size: '4095' ", size },
		{ "--size 1025K", "thing: --size: '1025K' ", size },
		{ "--size 4KiB", "thing: --size: '4KiB' ", size },
		{ "--pattern 123456789",
		  "thing: --pattern: '123456789' is longer than the 8 bytes ",
		  "that there are to match\n" },
		{ "--pattern [a", "thing: --pattern: '[a' ", "\n" },
		{ "--nonsense", "/usr/bin/thing: unrecognized option '--nonsense'\n", "" },
		{ "-z", "/usr/bin/thing: invalid option -- 'z'\n", "" },
		{ "-n", "/usr/bin/thing: option requires an argument -- 'n'\n", "" },
		{ "--number", "/usr/bin/thing: option '--number' requires an argument\n", "" },
		{ "--flag=5", "/usr/bin/thing: option '--flag' doesn't allow an argument\n", "" },
		/* What comes before doesn't help. */
		{ "--help -n 1", "thing: --number: '1' ", number },
		{ "--version operand", "thing: unexpected operand 'operand'\n", "" },
	};

	for (unsigned i = 0; i < COUNT(cases); i++) {
		size_t end = strlen(cases[i].end), len;

		run(cases[i].words, NULL, false);
		len = strlen(ran.err);
		is_i64(ran.status, STATUS_USAGE, "'%s' is an error", cases[i].words);
		ok(!strncmp(ran.err, cases[i].begin, strlen(cases[i].begin)) && len >= end &&
			   !strcmp(ran.err + len - end, cases[i].end),
		   "it is told: %s", ran.err);
		is_str(ran.out, "", "nothing is printed");
	}
}

static void test_operands(void)
{
	run("a", NULL, false);
	is_i64(ran.status, STATUS_USAGE, "operands that nobody asked for");
	is_str(ran.err, "thing: unexpected operand 'a'\n", "are an error");
	run("-f a -o", "[-- COMMAND [ARG...]]", false);
	is_i64(ran.status, STATUS_USAGE, "so is a command without --");
	is_str(ran.err, "thing: unexpected operand 'a' (a command to run goes behind --)\n",
	       "which is told");
	run("a -f b -n 3 c", "FILE...", true);
	is_str(ran.out, "number=3 flag operands=a,b,c", "operands that are asked for");
	is_i64(ran.status, 0, "are none");
	run("a -- -f --", "FILE...", true);
	is_str(ran.out, "number=5 operands=a,-f,--", "behind -- all are operands");
	run("- -f", "FILE...", true);
	is_str(ran.out, "number=5 flag operands=-", "and so is -");
	run("-f", "FILE...", true);
	is_str(ran.out, "number=5 flag", "there may be none");
}

static bool has(const char *line)
{
	return strstr(ran.out, line);
}

static void test_about(void)
{
	static const char *const help[] = { "-h", "--help", "--help --version --help" };

	for (unsigned i = 0; i < COUNT(help); i++) {
		run(help[i], "FILE...", true);
		is_i64(ran.status, 0, "'%s'", help[i]);
		is_str(ran.err, "", "it is no error");
		ok(has("Usage: thing [OPTION...] FILE...\n") && has("\n" SUMMARY "\n"),
		   "how to use it, and what for");
		ok(has("\n First:\n  -d, --duration=TIME ") && has("\n Second:\n") &&
			   has("  -f, --flag ") && has("      --size=SIZE ") && has(" a size\n") &&
			   has("  -V, --version "),
		   "all options, under their headings");
		ok(strstr(ran.out, "First:") < strstr(ran.out, "--number") &&
			   strstr(ran.out, "--number") < strstr(ran.out, "Second:") &&
			   strstr(ran.out, "Second:") < strstr(ran.out, "--any"),
		   "each under its own");
		ok(!has("Mandatory"), "nothing of what argp(3) would add");
	}
	run("--usage", "FILE...", true);
	ok(!ran.status && !strncmp(ran.out, "Usage: thing [-", 15) && has("[--size=SIZE]"),
	   "--usage is short");
	run("-V", NULL, false);
	is_str(ran.out, "thing (graintools) " VERSION "\n", "-V prints the version");
	is_i64(ran.status, 0, "and ends well");
	run("-f --version", NULL, false);
	is_str(ran.out, "thing (graintools) " VERSION "\n", "so does --version, and nothing else");

	full = true;
	run("--help", NULL, false);
	is_i64(ran.status, STATUS_FAILED, "what can't be printed is a failure");
	is_str(ran.err, "thing: can't write: No space left on device\n", "which is told");
	full = false;
}

/* Each part in brackets. */
static void append(void *ctx, const char *part, size_t len)
{
	sprintf(ctx + strlen(ctx), "[%.*s]", (int)len, part);
}

static void test_lists(void)
{
	static const char *const cases[][2] = { { "a", "[a]" },		{ "a,b,cc", "[a][b][cc]" },
						{ "", "[]" },		{ ",", "[][]" },
						{ "a,,b", "[a][][b]" }, { ",a,", "[][a][]" },
						{ "a b", "[a b]" } };
	static char numbers[1000][8];
	struct list list = {};
	unsigned wrong = 0;

	for (unsigned i = 0; i < COUNT(cases); i++) {
		char got[100] = "";

		list_split(cases[i][0], append, got);
		is_str(got, cases[i][1], "the parts of '%s'", cases[i][0]);
	}
	for (unsigned i = 0; i < COUNT(numbers); i++) {
		sprintf(numbers[i], "%u", i);
		list_add(&list, numbers[i]);
	}
	is_u64(list.n, COUNT(numbers), "a list of many");
	for (unsigned i = 0; i < list.n; i++)
		wrong += list.item[i] != numbers[i];
	is_u64(wrong, 0, "in their order");
	free(list.item);
}

int main(void)
{
	unsetenv("ARGP_HELP_FMT");
	test_values();
	test_errors();
	test_operands();
	test_about();
	test_lists();
	return done();
}
