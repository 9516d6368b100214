/*
 * sums_internal.h - sums of products in F64, and what looks through long rows of F32, by the
 * instruction set that runs here.
 *
 * Tables agree to rounding; for one table a number is always the same sum in the same order.
 */
#ifndef HYPER_TRANSPLANT_SUMS_INTERNAL_H
#define HYPER_TRANSPLANT_SUMS_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

enum {
	HYPER_BOUNDS = 128, /* products whose bounds are told together: hyper_sums.bounds */
	HYPER_TURNED = 32,  /* numbers of a row: hyper_sums.turn */
	HYPER_PEAKS = 256   /* groups: hyper_sums.peaks */
};

struct hyper_sums {
	/* The sum of a[i] b[i]. */
	double (*dot)(const double *a, const double *b, size_t count);
	double (*dot_mixed)(const double *a, const float *b, size_t count);

	/* y[i] += factor * x[i] */
	void (*add)(double *y, double factor, const double *x, size_t count);
	void (*add_mixed)(double *y, double factor, const float *x, size_t count);

	/* Rows of HYPER_TURNED numbers, one behind the other, turned two by two: i from `end` - 1
	 * down to `begin`, of row x = i and y = i + 1: x' = c[i] x - s[i] y, y' = s[i] x + c[i] y.
	 */
	void (*turn)(double *rows, const double *c, const double *s, size_t begin, size_t end);

	/* out[i] = first[i] + the sum of factors[r] rows[r][i], r rising, in F32; `sums` of them,
	 * whose factors and numbers lie so far apart. */
	void (*combine)(const float *first, const float *const *rows, size_t row_count,
			size_t count, const float *factors, size_t factor_stride, float *out,
			size_t out_stride, size_t sums);

	/* A score is |products[i]| factors[i], give or take error * slacks[i].  Comes back what
	 * the largest is at least; uppers[b]: what those of i in [b, b + 1) HYPER_BOUNDS are at
	 * most. */
	float (*bounds)(const float *products, const float *factors, const float *slacks,
			float error, size_t count, float *uppers);

	/* The largest |products[i]| factors[i] of each of HYPER_PEAKS groups that have no i in
	 * common; 0 of an empty one.  No factor is negative. */
	void (*peaks)(const float *products, const float *factors, size_t count, float *peaks);

	/* Every i, rising, whose |products[i]| factors[i] is `least` or more; how many. */
	size_t (*reach)(const float *products, const float *factors, float least, size_t count,
			uint32_t *places);

	/* c[tile_rows][tile_columns] (rows c_stride apart) += alpha times the product of a, packed
	 * [depth][tile_rows], and b, packed [depth][tile_columns]. */
	size_t tile_rows, tile_columns;
	void (*tile)(const double *a, const double *b, size_t depth, double alpha, double *c,
		     size_t c_stride);
};

extern const struct hyper_sums hyper_sums_plain, hyper_sums_avx2, hyper_sums_avx512;

const struct hyper_sums *hyper_sums_best(void);

#endif
