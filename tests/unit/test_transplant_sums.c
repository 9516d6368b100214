/* Sums over long rows, of every table that runs here, beside their definitions: lengths that are no
 * whole number of vectors, sums that are no whole number of tiles. */
#include "hypernet/transplant/sums_internal.h"

#include <math.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tok/base/cpu.h"

enum { LONGEST = 1100, ROWS = 7, SUMS = 11, STRIDE = ROWS + 2, GUARD = 16 };

static const size_t lengths[] = { 1, 3, 15, 16, 17, 47, 48, 50, 97, 255, 256, 300, LONGEST };

static float number(uint32_t i)
{
	i = (i ^ 61) ^ (i >> 16);
	i *= 9;
	i = (i ^ i >> 4) * 0x27D4EB2Du;
	i ^= i >> 15;
	return (float)(i >> 8) / (float)(1 << 23) - 1;
}

static void fill(float *out, size_t count, uint32_t stream)
{
	for (size_t i = 0; i < count; i++)
		out[i] = number(stream * 100003u + (uint32_t)i);
}

/* Every table, at every length. */
static void for_each(void (*check)(const struct hyper_sums *, size_t))
{
	const struct hyper_sums *tables[] = {
		&hyper_sums_plain,
#if defined(__x86_64__)
		tok_kernel_multiplies(TOK_KERNEL_AVX2) ? &hyper_sums_avx2 : NULL,
		tok_kernel_multiplies(TOK_KERNEL_AVX512) ? &hyper_sums_avx512 : NULL,
#endif
	};
	for (size_t t = 0; t < sizeof tables / sizeof *tables; t++)
		for (size_t i = 0; i < sizeof lengths / sizeof *lengths && tables[t]; i++)
			check(tables[t], lengths[i]);
}

static void check_combine(const struct hyper_sums *sums, size_t count)
{
	static float first[LONGEST], data[ROWS][LONGEST], factors[SUMS * STRIDE];
	static float out[SUMS][LONGEST + GUARD];
	const float *rows[ROWS];
	fill(first, count, 1);
	fill(factors, SUMS * STRIDE, 2);
	for (size_t r = 0; r < ROWS; r++) {
		fill(data[r], count, 3 + (uint32_t)r);
		rows[r] = data[r];
	}
	for (size_t some = 1; some <= SUMS; some++) {
		fill(out[0], SUMS * (LONGEST + GUARD), 99);
		sums->combine(first, rows, some % (ROWS + 1), count, factors, STRIDE, out[0],
			      LONGEST + GUARD, some);
		for (size_t s = 0; s < SUMS; s++)
			for (size_t i = 0; i < LONGEST + GUARD; i++) {
				double want = (double)first[i < count ? i : 0];
				for (size_t r = 0; r < some % (ROWS + 1) && i < count; r++)
					want += (double)factors[s * STRIDE + r] * data[r][i];
				if (s < some && i < count)
					assert_true(fabs(out[s][i] - want) < 2e-6);
				else
					assert_true(out[s][i] ==
						    number(99 * 100003u +
							   (uint32_t)(s * (LONGEST + GUARD) + i)));
			}
	}
}

static void combinations(void **state)
{
	(void)state;
	for_each(check_combine);
}

/* As many peaks as groups, each a score, and the largest among them. */
static void check_peaks(const struct hyper_sums *sums, size_t count)
{
	static float products[LONGEST], factors[LONGEST];
	float peaks[HYPER_PEAKS], largest = 0;
	size_t full = 0;
	fill(products, count, 5);
	for (size_t i = 0; i < count; i++) {
		factors[i] = fabsf(number((uint32_t)i)) + .5F;
		largest = fmaxf(largest, fabsf(products[i]) * factors[i]);
	}
	sums->peaks(products, factors, count, peaks);
	float top = 0;
	for (size_t p = 0; p < HYPER_PEAKS; p++) {
		bool is_score = peaks[p] == 0;
		for (size_t i = 0; i < count; i++)
			is_score |= peaks[p] == fabsf(products[i]) * factors[i];
		assert_true(is_score);
		full += peaks[p] > 0;
		top = fmaxf(top, peaks[p]);
	}
	assert_true(top == largest);
	assert_int_equal(full, count < HYPER_PEAKS ? count : HYPER_PEAKS);
}

static void groups_have_peaks(void **state)
{
	(void)state;
	for_each(check_peaks);
}

static void check_reach(const struct hyper_sums *sums, size_t count)
{
	static float products[LONGEST], factors[LONGEST];
	static uint32_t places[LONGEST];
	fill(products, count, 6);
	for (size_t i = 0; i < count; i++)
		factors[i] = i % 5 ? 1 : 0;
	for (int least = 0; least < 4; least++) {
		/* A score itself, too: it reaches what it is. */
		const float wanted = least < 3 ? (float)least / 2 : fabsf(products[count - 1]);
		const size_t found = sums->reach(products, factors, wanted, count, places);
		size_t next = 0;
		for (size_t i = 0; i < count; i++)
			if (fabsf(products[i]) * factors[i] >= wanted) {
				assert_true(next < found);
				assert_int_equal(places[next++], i);
			}
		assert_int_equal(next, found);
	}
}

static void places_that_reach(void **state)
{
	(void)state;
	for_each(check_reach);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(combinations),
		cmocka_unit_test(groups_have_peaks),
		cmocka_unit_test(places_that_reach),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
