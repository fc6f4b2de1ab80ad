/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sink/total.h"
#include "tests/tap.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* A number that a line of JSON could have, which an object around it makes whole. */
static bool add(struct total *t, const char *number)
{
	struct json_object o = {};
	char line[512];
	int n = snprintf(line, sizeof(line), "{\"n\":%s}", number);
	bool added = json_scan(&o, line, n) && total_add(t, &o.member[0].value);

	json_free(&o);
	return added;
}

/* Numbers, separated by spaces. */
static struct total sum_of(const char *numbers)
{
	struct total t = {};
	char copy[1024];

	snprintf(copy, sizeof(copy), "%s", numbers);
	for (char *n = strtok(copy, " "); n; n = strtok(NULL, " "))
		if (!add(&t, n))
			printf("# no number: %s\n", n);
	return t;
}

static void is_printed(const struct total *t, const char *expected, const char *of)
{
	char text[64], *end;

	memset(text, 'x', sizeof(text));
	end = put_total(text, t);
	ok(end <= text + 40 && *end == 'x', "%s: at most 40 bytes, and none behind them", of);
	is_mem(text, end - text, expected, strlen(expected), "%s: %s", of, expected);
}

static void test_sums(void)
{
	static const char *const sums[][2] = {
		{ "", "0" },
		{ "0", "0" },
		{ "-0", "0" },
		{ "1 2 -4", "-1" },
		/* What a double can't hold. */
		{ "9007199254740993", "9007199254740993" },
		{ "9007199254740993 0", "9007199254740993" },
		{ "9007199254740992 1", "9007199254740993" },
		{ "9223372036854775807", "9223372036854775807" },
		{ "-9223372036854775808", "-9223372036854775808" },
		{ "18446744073709551615", "18446744073709551615" },
		/* What 64 bits can't hold. */
		{ "9223372036854775807 1", "9223372036854775808" },
		{ "-9223372036854775808 -1", "-9223372036854775809" },
		{ "18446744073709551615 1", "18446744073709551616" },
		{ "18446744073709551615 -9223372036854775808", "9223372036854775807" },
		{ "18446744073709551615 18446744073709551615", "36893488147419103230" },
		{ "18446744073709551615 18446744073709551615 -9223372036854775808 "
		  "-9223372036854775808 -9223372036854775808 -9223372036854775808",
		  "-2" },
		/* On both sides of where the digits are printed in two parts. */
		{ "999999999999999999", "999999999999999999" },
		{ "1000000000000000000", "1000000000000000000" },
		{ "1000000000000000001", "1000000000000000001" },
		{ "-999999999999999999 -1", "-1000000000000000000" },
		/* Not integers. */
		{ "0.5", "0.5" },
		{ "0.5 0.25 1", "1.75" },
		{ "1.0 2.0", "3" },
		{ "1e3", "1000" },
		{ "-2.5 5", "2.5" },
		{ "0.5 -0.5 9007199254740993", "9007199254740993" },
		/* Integers over 64 bits are the nearest double. */
		{ "18446744073709551616", "1.8446744073709552e+19" },
		{ "-9223372036854775809", "-9.223372036854776e+18" },
		/* JSON has no infinity. */
		{ "1e308 1e308", "1.7976931348623157e+308" },
		{ "-1e308 -1e308 -1e308", "-1.7976931348623157e+308" },
		{ "1e308 1e308 -1e308", "1.7976931348623157e+308" },
	};

	for (unsigned i = 0; i < COUNT(sums); i++) {
		struct total t = sum_of(sums[i][0]);

		is_printed(&t, sums[i][1], sums[i][0]);
	}
}

/* 2^127 - 1 is not reached by fewer lines than fit into a lifetime. */
static void test_extremes(void)
{
	static const char most[] = "170141183460469231731687303715884105727";
	unsigned __int128 bits = ((unsigned __int128)1 << 127) - 1;
	struct total t = { .whole = bits };

	is_printed(&t, most, "2^127 - 1");
	t.whole = -t.whole;
	is_printed(&t, "-170141183460469231731687303715884105727", "1 - 2^127");
	t.whole--;
	is_printed(&t, "-170141183460469231731687303715884105728", "-2^127");
	t.whole = (__int128)1000000000000000000 * 1000000000000000000;
	is_printed(&t, "1000000000000000000000000000000000000", "zeros in all parts");
}

static void test_many(void)
{
	struct total t = {}, u = {};

	for (unsigned i = 0; i < 1000; i++)
		add(&t, "18446744073709551615");
	is_printed(&t, "18446744073709551615000", "a thousand of the largest");
	for (unsigned i = 0; i < 1000; i++)
		add(&t, "-9223372036854775808");
	is_printed(&t, "9223372036854775807000", "and of the smallest");
	for (unsigned i = 0; i < 1000; i++)
		total_add_integer(&u, INT64_MIN);
	total_add_integer(&u, INT64_MAX);
	is_printed(&u, "-9214148664817921032193", "without text");
}

static void test_no_numbers(void)
{
	static const char *const values[] = {
		"\"1\"", "true", "false", "null", "[1]", "{\"a\":1}"
	};
	struct total t = sum_of("7");

	for (unsigned i = 0; i < COUNT(values); i++)
		ok(!add(&t, values[i]), "%s is no number", values[i]);
	is_printed(&t, "7", "which leaves the sum alone");
}

/* Each is less than the next one. */
static void test_order(void)
{
	static const char *const rising[] = {
		"-1.7e308",
		"-18446744073709551616",
		"-9223372036854775809.0 -4096.0",
		"-9223372036854775808",
		"-9223372036854775807",
		"-1.5",
		"-1",
		"-0.5",
		"0",
		"5e-324",
		"0.5",
		"1",
		"1.5",
		"9007199254740991",
		"9007199254740992",
		"9007199254740993", /* as doubles these two are the same */
		"9007199254740994.0",
		"9007199254740995",
		"9223372036854774784.0",
		"9223372036854775807",
		"9223372036854775808",
		"18446744073709551614",
		"18446744073709551615",
		"18446744073709551616",
		"1e30",
		"1.7e308",
	};

	for (unsigned i = 0; i < COUNT(rising); i++) {
		unsigned wrong = 0;

		for (unsigned j = 0; j < COUNT(rising); j++) {
			struct total a = sum_of(rising[i]), b = sum_of(rising[j]);
			int expected = (i > j) - (i < j), got = total_compare(&a, &b);

			if (got == expected)
				continue;
			wrong++;
			printf("# %s against %s: %d\n", rising[i], rising[j], got);
		}
		is_u64(wrong, 0, "%s has its place among the others", rising[i]);
	}
}

static void test_equal(void)
{
	static const char *const equal[][2] = {
		{ "0", "-0" },
		{ "0", "-0.0" },
		{ "1", "1.0" },
		{ "-3", "-3e0" },
		{ "9007199254740992", "9007199254740992.0" },
		{ "18446744073709551616", "18446744073709551615 1" },
		{ "0.5", "1 -0.5" },
	};

	for (unsigned i = 0; i < COUNT(equal); i++) {
		struct total a = sum_of(equal[i][0]), b = sum_of(equal[i][1]);

		ok(!total_compare(&a, &b) && !total_compare(&b, &a), "%s is %s", equal[i][0],
		   equal[i][1]);
	}
}

static void test_double(void)
{
	struct total t = sum_of("18446744073709551615 0.5");

	ok(total_double(&t) == 18446744073709551616.0, "the nearest double of all");
	t = sum_of("3 -0.25");
	ok(total_double(&t) == 2.75, "both parts are in it");
}

int main(void)
{
	test_sums();
	test_extremes();
	test_many();
	test_no_numbers();
	test_order();
	test_equal();
	test_double();
	return done();
}
