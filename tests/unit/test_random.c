/* test_random.c - random numbers: the published sequence, even draws, streams apart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tok/base/random.h"

/* With the usual gamma it is SplitMix64; these are the numbers that its authors' program gives
 * for seed 1234567. */
static void numbers_are_the_published_ones(void **state)
{
	static const uint64_t expected[] = { 6457827717110365317u, 3203168211198807973u,
					     9817491932198370423u, 4593380528125082431u,
					     16408922859458223821u };
	struct tok_random r = { 1234567, 0x9E3779B97F4A7C15u };
	(void)state;
	for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
		assert_true(tok_random_next(&r) == expected[i]);
}

/* Chi-square of `count` boxes that should be equally full; the bound is about six deviations. */
static void assert_even(const uint32_t *boxes, size_t count, size_t draws)
{
	const double expected = (double)draws / (double)count, freedom = (double)count - 1;
	double sum = 0;
	for (size_t i = 0; i < count; i++)
		sum += ((double)boxes[i] - expected) * ((double)boxes[i] - expected) / expected;
	const double excess = sum - freedom;
	assert_true(excess * excess < 36 * 2 * freedom);
}

static void draws_are_even(void **state)
{
	enum { DRAWS = 1 << 20, MOST = 1000 };
	static const uint64_t limits[] = { 2, 3, 7, 64, 97, 1000 };
	(void)state;
	for (size_t l = 0; l < sizeof limits / sizeof limits[0]; l++) {
		uint32_t boxes[MOST] = { 0 };
		struct tok_random r = tok_random_of(5, l);
		for (size_t i = 0; i < DRAWS; i++) {
			const uint64_t drawn = tok_random_below(&r, limits[l]);
			assert_true(drawn < limits[l]);
			boxes[drawn]++;
		}
		assert_even(boxes, limits[l], DRAWS);
	}
}

/* Of numbers below 3 * 2^62 a plain remainder would draw the first third twice as often. */
static void large_limits_are_even_too(void **state)
{
	enum { DRAWS = 1 << 18 };
	const uint64_t third = (uint64_t)1 << 62;
	uint32_t boxes[3] = { 0 };
	struct tok_random r = tok_random_of(1, 1);
	(void)state;
	for (size_t i = 0; i < DRAWS; i++)
		boxes[tok_random_below(&r, 3 * third) / third]++;
	assert_even(boxes, 3, DRAWS);
}

static void reals_fill_the_unit_interval(void **state)
{
	enum { DRAWS = 1 << 20, BOXES = 100 };
	uint32_t boxes[BOXES] = { 0 };
	struct tok_random r = tok_random_of(2, 3);
	(void)state;
	for (size_t i = 0; i < DRAWS; i++) {
		const double drawn = tok_random_real(&r);
		assert_true(drawn >= 0 && drawn < 1);
		boxes[(size_t)(drawn * BOXES)]++;
	}
	assert_even(boxes, BOXES, DRAWS);
}

/* The first numbers of neighbouring streams, and of one stream under neighbouring seeds, are as
 * good as those of one stream. */
static void streams_have_nothing_in_common(void **state)
{
	enum { STREAMS = 1 << 18, BOXES = 64 };
	uint32_t by_stream[BOXES] = { 0 }, by_seed[BOXES] = { 0 }, pairs[BOXES] = { 0 };
	uint64_t before = 0;
	(void)state;
	for (uint64_t i = 0; i < STREAMS; i++) {
		struct tok_random a = tok_random_of(7, i), b = tok_random_of(i, 7);
		const uint64_t drawn = tok_random_below(&a, BOXES);
		by_stream[drawn]++;
		by_seed[tok_random_below(&b, BOXES)]++;
		pairs[(drawn + BOXES - before) % BOXES]++;
		before = drawn;
		assert_true(a.gamma & 1 && b.gamma & 1);
	}
	assert_even(by_stream, BOXES, STREAMS);
	assert_even(by_seed, BOXES, STREAMS);
	assert_even(pairs, BOXES, STREAMS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_the_published_ones),
		cmocka_unit_test(draws_are_even),
		cmocka_unit_test(large_limits_are_even_too),
		cmocka_unit_test(reals_fill_the_unit_interval),
		cmocka_unit_test(streams_have_nothing_in_common),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
