/*
 * sums_lanes_internal.h - struct hyper_sums, for a file that defines vectors and a name for it:
 *
 *	FLOATS, DOUBLES         numbers of a vector; FLOATS = 2 * DOUBLES
 *	floats, doubles         the vectors
 *	floats_of, _load, _store, _multiply_add (a b + c), _magnitude, _larger, _reaches (a bit
 *each) doubles_of, _load, _store, _multiply_add, _widen (of DOUBLES floats) TILE_ROWS, TILE_VECTORS
 *a tile's rows, and vectors of F64 of each COMBINED, COMBINE_VECTORS  sums that are made together,
 *and vectors of F32 of each: with a vector each and one more they stay in registers SUMS the table
 */
#include <math.h>
#include <string.h>

#include "hypernet/transplant/sums_internal.h"

enum {
	CHAINS = 4,       /* sums side by side, so that none waits for the one before */
	COMBINE_NEXT = 96 /* numbers ahead in each row that are asked for */
};

static double total(const doubles *sums)
{
	double each[DOUBLES], all = 0;
	doubles_store(each, sums[0] + sums[1] + (sums[2] + sums[3]));
	for (size_t i = 0; i < DOUBLES; i++)
		all += each[i];
	return all;
}

static double dot(const double *a, const double *b, size_t count)
{
	doubles sums[CHAINS] = { doubles_of(0), doubles_of(0), doubles_of(0), doubles_of(0) };
	size_t i = 0;
	for (; i + CHAINS * DOUBLES <= count; i += CHAINS * DOUBLES)
#pragma GCC unroll 4
		for (size_t j = 0; j < CHAINS; j++)
			sums[j] = doubles_multiply_add(doubles_load(a + i + DOUBLES * j),
						       doubles_load(b + i + DOUBLES * j), sums[j]);
	double all = total(sums);
	for (; i < count; i++)
		all += a[i] * b[i];
	return all;
}

static double dot_mixed(const double *a, const float *b, size_t count)
{
	doubles sums[CHAINS] = { doubles_of(0), doubles_of(0), doubles_of(0), doubles_of(0) };
	size_t i = 0;
	for (; i + CHAINS * DOUBLES <= count; i += CHAINS * DOUBLES)
#pragma GCC unroll 4
		for (size_t j = 0; j < CHAINS; j++)
			sums[j] = doubles_multiply_add(doubles_load(a + i + DOUBLES * j),
						       doubles_widen(b + i + DOUBLES * j), sums[j]);
	double all = total(sums);
	for (; i < count; i++)
		all += a[i] * (double)b[i];
	return all;
}

static void add(double *y, double factor, const double *x, size_t count)
{
	const doubles f = doubles_of(factor);
	size_t i = 0;
	for (; i + DOUBLES <= count; i += DOUBLES)
		doubles_store(y + i,
			      doubles_multiply_add(f, doubles_load(x + i), doubles_load(y + i)));
	for (; i < count; i++)
		y[i] += factor * x[i];
}

static void add_mixed(double *y, double factor, const float *x, size_t count)
{
	const doubles f = doubles_of(factor);
	size_t i = 0;
	for (; i + DOUBLES <= count; i += DOUBLES)
		doubles_store(y + i,
			      doubles_multiply_add(f, doubles_widen(x + i), doubles_load(y + i)));
	for (; i < count; i++)
		y[i] += factor * (double)x[i];
}

/* What a turn makes of its upper row the next one takes, so that it stays in registers. */
static void turn(double *rows, const double *c, const double *s, size_t begin, size_t end)
{
	for (size_t at = 0; at < HYPER_TURNED; at += CHAINS * DOUBLES) {
		doubles carried[CHAINS];
#pragma GCC unroll 4
		for (size_t j = 0; j < CHAINS; j++)
			carried[j] = doubles_load(rows + end * HYPER_TURNED + at + j * DOUBLES);
		for (size_t i = end; i-- > begin;) {
			const doubles cs = doubles_of(c[i]), ss = doubles_of(s[i]);
			double *row = rows + i * HYPER_TURNED + at;
#pragma GCC unroll 4
			for (size_t j = 0; j < CHAINS; j++) {
				const doubles x = doubles_load(row + j * DOUBLES);
				doubles_store(row + HYPER_TURNED + j * DOUBLES,
					      doubles_multiply_add(ss, x, cs * carried[j]));
				carried[j] = doubles_multiply_add(-ss, carried[j], cs * x);
			}
		}
#pragma GCC unroll 4
		for (size_t j = 0; j < CHAINS; j++)
			doubles_store(rows + begin * HYPER_TURNED + at + j * DOUBLES, carried[j]);
	}
}

/* Numbers from `at` on, of some sums, which stay in registers while rows are added: `some` and
 * `vectors` are constants where this is called. */
static inline __attribute__((always_inline)) void
combine_tile(const float *first, const float *const *rows, size_t row_count, const float *factors,
	     size_t factor_stride, float *out, size_t out_stride, size_t at, size_t some,
	     size_t vectors)
{
	floats sums[COMBINED][COMBINE_VECTORS];
#pragma GCC unroll 8
	for (size_t s = 0; s < some; s++)
#pragma GCC unroll 4
		for (size_t v = 0; v < vectors; v++)
			sums[s][v] = floats_load(first + at + v * FLOATS);
	for (size_t r = 0; r < row_count; r++) {
		const float *from = rows[r] + at;
		floats row[COMBINE_VECTORS];
#pragma GCC unroll 4
		for (size_t v = 0; v < vectors; v++) {
			row[v] = floats_load(from + v * FLOATS);
			__builtin_prefetch(from + v * FLOATS + COMBINE_NEXT);
		}
#pragma GCC unroll 8
		for (size_t s = 0; s < some; s++) {
			const floats factor = floats_of(factors[s * factor_stride + r]);
#pragma GCC unroll 4
			for (size_t v = 0; v < vectors; v++)
				sums[s][v] = floats_multiply_add(factor, row[v], sums[s][v]);
		}
	}
#pragma GCC unroll 8
	for (size_t s = 0; s < some; s++)
#pragma GCC unroll 4
		for (size_t v = 0; v < vectors; v++)
			floats_store(out + s * out_stride + at + v * FLOATS, sums[s][v]);
}

static inline __attribute__((always_inline)) void
combine_some(const float *first, const float *const *rows, size_t row_count, size_t count,
	     const float *factors, size_t factor_stride, float *out, size_t out_stride, size_t some)
{
	enum { WIDE = COMBINE_VECTORS * FLOATS };
	size_t i = 0;
	for (; i + WIDE <= count; i += WIDE)
		combine_tile(first, rows, row_count, factors, factor_stride, out, out_stride, i,
			     some, COMBINE_VECTORS);
	for (; i + FLOATS <= count; i += FLOATS)
		combine_tile(first, rows, row_count, factors, factor_stride, out, out_stride, i,
			     some, 1);
	for (; i < count; i++)
		for (size_t s = 0; s < some; s++) {
			float sum = first[i];
			for (size_t r = 0; r < row_count; r++)
				sum += factors[s * factor_stride + r] * rows[r][i];
			out[s * out_stride + i] = sum;
		}
}

static void combine(const float *first, const float *const *rows, size_t row_count, size_t count,
		    const float *factors, size_t factor_stride, float *out, size_t out_stride,
		    size_t sums)
{
	size_t s = 0;
	for (; s + COMBINED <= sums; s += COMBINED)
		combine_some(first, rows, row_count, count, factors + s * factor_stride,
			     factor_stride, out + s * out_stride, out_stride, COMBINED);
	for (; s + 2 <= sums; s += 2)
		combine_some(first, rows, row_count, count, factors + s * factor_stride,
			     factor_stride, out + s * out_stride, out_stride, 2);
	if (s < sums)
		combine_some(first, rows, row_count, count, factors + s * factor_stride,
			     factor_stride, out + s * out_stride, out_stride, 1);
}

static float largest(floats a)
{
	float each[FLOATS], all;
	floats_store(each, a);
	all = each[0];
	for (size_t i = 1; i < FLOATS; i++)
		all = each[i] > all ? each[i] : all;
	return all;
}

static float bounds(const float *products, const float *factors, const float *slacks, float error,
		    size_t count, float *uppers)
{
	const floats e = floats_of(error), minus = floats_of(-error);
	float least = -INFINITY;
	floats lower = floats_of(-INFINITY);
	for (size_t b = 0; b * HYPER_BOUNDS < count; b++) {
		const size_t left = count - b * HYPER_BOUNDS;
		const size_t end = b * HYPER_BOUNDS + (left < HYPER_BOUNDS ? left : HYPER_BOUNDS);
		floats upper = floats_of(-INFINITY);
		size_t i = b * HYPER_BOUNDS;
		for (; i + FLOATS <= end; i += FLOATS) {
			const floats score =
			    floats_magnitude(floats_load(products + i)) * floats_load(factors + i);
			const floats slack = floats_load(slacks + i);
			upper = floats_larger(upper, floats_multiply_add(e, slack, score));
			lower = floats_larger(lower, floats_multiply_add(minus, slack, score));
		}
		uppers[b] = largest(upper);
		for (; i < end; i++) {
			const float score = fabsf(products[i]) * factors[i];
			uppers[b] = fmaxf(uppers[b], score + error * slacks[i]);
			least = fmaxf(least, score - error * slacks[i]);
		}
	}
	return fmaxf(least, largest(lower));
}

static void peaks(const float *products, const float *factors, size_t count, float *out)
{
	size_t i = 0;
	memset(out, 0, HYPER_PEAKS * sizeof *out);
	for (; i + FLOATS <= count; i += FLOATS) {
		float *peak = out + i % HYPER_PEAKS;
		const floats score =
		    floats_magnitude(floats_load(products + i)) * floats_load(factors + i);
		floats_store(peak, floats_larger(score, floats_load(peak)));
	}
	for (; i < count; i++)
		out[i % HYPER_PEAKS] = fmaxf(out[i % HYPER_PEAKS], fabsf(products[i]) * factors[i]);
}

static size_t reach(const float *products, const float *factors, float least, size_t count,
		    uint32_t *places)
{
	const floats wanted = floats_of(least);
	size_t i = 0, found = 0;
	for (; i + FLOATS <= count; i += FLOATS) {
		const floats score =
		    floats_magnitude(floats_load(products + i)) * floats_load(factors + i);
		for (unsigned bits = floats_reaches(score, wanted); bits; bits &= bits - 1)
			places[found++] = (uint32_t)i + (uint32_t)__builtin_ctz(bits);
	}
	for (; i < count; i++)
		if (fabsf(products[i]) * factors[i] >= least)
			places[found++] = (uint32_t)i;
	return found;
}

static void tile(const double *a, const double *b, size_t depth, double alpha, double *c,
		 size_t c_stride)
{
	doubles sums[TILE_ROWS][TILE_VECTORS];
#pragma GCC unroll 8
	for (size_t r = 0; r < TILE_ROWS; r++)
#pragma GCC unroll 4
		for (size_t v = 0; v < TILE_VECTORS; v++)
			sums[r][v] = doubles_of(0);
	for (size_t d = 0; d < depth; d++) {
		doubles right[TILE_VECTORS];
#pragma GCC unroll 4
		for (size_t v = 0; v < TILE_VECTORS; v++)
			right[v] = doubles_load(b + (d * TILE_VECTORS + v) * DOUBLES);
#pragma GCC unroll 8
		for (size_t r = 0; r < TILE_ROWS; r++) {
			const doubles left = doubles_of(a[d * TILE_ROWS + r]);
#pragma GCC unroll 4
			for (size_t v = 0; v < TILE_VECTORS; v++)
				sums[r][v] = doubles_multiply_add(left, right[v], sums[r][v]);
		}
	}
#pragma GCC unroll 8
	for (size_t r = 0; r < TILE_ROWS; r++)
#pragma GCC unroll 4
		for (size_t v = 0; v < TILE_VECTORS; v++) {
			double *at = c + r * c_stride + v * DOUBLES;
			doubles_store(at, doubles_multiply_add(doubles_of(alpha), sums[r][v],
							       doubles_load(at)));
		}
}

const struct hyper_sums SUMS = {
	.dot = dot,
	.dot_mixed = dot_mixed,
	.add = add,
	.add_mixed = add_mixed,
	.turn = turn,
	.combine = combine,
	.bounds = bounds,
	.peaks = peaks,
	.reach = reach,
	.tile_rows = TILE_ROWS,
	.tile_columns = TILE_VECTORS * DOUBLES,
	.tile = tile,
};
