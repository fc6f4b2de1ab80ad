/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <math.h>
#include <stdlib.h>

#include "base/sample.h"
#include "tests/tap.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* In tenths, so that which rank it is needs no floating point. */
static const unsigned per_mille[] = { 1,   10,	50,  70,  140, 250, 280, 290, 333, 500,
				      550, 560, 570, 580, 750, 900, 950, 990, 999, 1000 };

/* Adds 0, 2, 4 … in a random order. */
static void add_even(struct sample *s, unsigned n)
{
	unsigned order[SAMPLE_MAX];

	for (unsigned i = 0; i < n; i++) {
		unsigned at = random() % (i + 1);

		order[i] = order[at];
		order[at] = i;
	}
	for (unsigned i = 0; i < n; i++)
		sample_add(s, 2 * order[i]);
}

static void test_nearest_rank(void)
{
	for (unsigned n = 1; n <= SAMPLE_MAX; n += n < 50 ? 1 : 50) {
		struct sample s = {};
		unsigned wrong = 0;

		add_even(&s, n);
		for (unsigned i = 0; i < COUNT(per_mille); i++) {
			unsigned rank = (n * per_mille[i] + 999) / 1000;
			double got = sample_percentile(&s, per_mille[i] / 10.0);

			if (got == 2.0 * (rank - 1))
				continue;
			wrong++;
			printf("# %u per mille of %u: %g\n", per_mille[i], n, got);
		}
		is_u64(wrong, 0, "percentiles of %u values", n);
		ok(s.n == n && s.kept == n, "of which all are kept");
		sample_reset(&s);
	}
}

static void test_order(void)
{
	struct sample s = {};

	sample_add(&s, 3);
	sample_add(&s, -1e300);
	is_i64(sample_percentile(&s, 100), 3, "the largest");
	sample_add(&s, INFINITY);
	ok(sample_percentile(&s, 100) == INFINITY, "of what came later, too");
	sample_add(&s, 0.25);
	ok(sample_percentile(&s, 50) == 0.25, "values stand in their order");
	ok(sample_percentile(&s, 1e-9) == -1e300, "the least of percents is the smallest value");
	sample_add(&s, 3);
	sample_add(&s, 3);
	ok(sample_percentile(&s, 50) == 3 && sample_percentile(&s, 75) == 3,
	   "equal values count each");
	sample_reset(&s);
	ok(!s.n && !s.kept && !s.value, "nothing is left after a reset");
	sample_add(&s, 5);
	ok(s.n == 1 && sample_percentile(&s, 1) == 5, "and it starts anew");
	sample_reset(&s);
}

/* Of many values, uniform between 0 and 1, those kept are so too: whatever order they came in. */
static void test_many(const char *name, unsigned n, double (*value)(unsigned i, unsigned n))
{
	struct sample s = {};
	double worst = 0, sum = 0;

	for (unsigned i = 0; i < n; i++) {
		sample_add(&s, value(i, n));
		/* The sorted ones must not be those that stay. */
		if (i % 1000 == 999)
			sample_percentile(&s, 50);
	}
	is_u64(s.n, n, "%s: all are counted", name);
	is_u64(s.kept, SAMPLE_MAX, "not all are kept");
	for (unsigned i = 1; i < 100; i++) {
		double off = fabs(sample_percentile(&s, i) - i / 100.0);

		worst = off > worst ? off : worst;
	}
	ok(worst < 0.05, "each percentile is near (%g off)", worst);
	for (unsigned i = 0; i < s.kept; i++)
		sum += s.value[i];
	ok(fabs(sum / s.kept - 0.5) < 0.04, "so is the mean (%g)", sum / s.kept);
	sample_reset(&s);
}

static double at_random(unsigned i, unsigned n)
{
	(void)i, (void)n;
	return random() / (RAND_MAX + 1.0);
}

static double rising(unsigned i, unsigned n)
{
	return (double)i / n;
}

static double falling(unsigned i, unsigned n)
{
	return 1 - (double)i / n;
}

int main(void)
{
	srandom(1);
	test_nearest_rank();
	test_order();
	test_many("in no order", 200000, at_random);
	test_many("rising", 200000, rising);
	test_many("falling", 200000, falling);
	test_many("few more than are kept", SAMPLE_MAX + SAMPLE_MAX / 4, rising);
	return done();
}
