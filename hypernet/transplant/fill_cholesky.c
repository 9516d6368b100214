/* fill_cholesky.c - the triangular root of a covariance, a panel of columns at a time. */
#include "hypernet/transplant/fill_internal.h"

#include <math.h>
#include <stdatomic.h>

#include "tok/base/threads.h"

enum {
	PANEL = 48,  /* columns: their transposed copy of a stretch stays in the first caches */
	STRETCH = 64 /* rows that a thread takes at a time, and columns that they are changed in */
};

struct root {
	double *square;
	size_t width, begin, end; /* columns of the panel */
	atomic_size_t next;       /* stretch of rows below it */
};

/* The triangle on the diagonal; false: not positive definite. */
static bool take_root(const struct root *r)
{
	for (size_t j = r->begin; j < r->end; j++) {
		double *row = r->square + j * r->width;
		for (size_t k = r->begin; k < j; k++) {
			const double *other = r->square + k * r->width;
			for (size_t p = r->begin; p < k; p++)
				row[k] -= row[p] * other[p];
			row[k] /= other[k];
		}
		for (size_t p = r->begin; p < j; p++)
			row[j] -= row[p] * row[p];
		if (!(row[j] > 0) || !isfinite(row[j]))
			return false;
		row[j] = sqrt(row[j]);
	}
	return true;
}

/* Row `i` below the panel: its numbers in the panel's columns. */
static void solve_row(const struct root *r, size_t i)
{
	double *row = r->square + i * r->width;
	for (size_t k = r->begin; k < r->end; k++) {
		const double *other = r->square + k * r->width;
		double sum = row[k];
		for (size_t p = r->begin; p < k; p++)
			sum -= row[p] * other[p];
		row[k] = sum / other[k];
	}
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Rows [first, last) less what the panel explains of columns [from, to), up to their diagonal. */
static void reduce(const struct root *r, size_t first, size_t last, size_t from, size_t to)
{
	double turned[PANEL][STRETCH];
	const size_t depth = r->end - r->begin;
	for (size_t p = 0; p < depth; p++)
		for (size_t j = from; j < to; j++)
			turned[p][j - from] = r->square[j * r->width + r->begin + p];
	for (size_t i = first; i < last; i++) {
		double *row = r->square + i * r->width;
		const size_t count = least(to, i + 1) - from;
		for (size_t p = 0; p < depth; p++) {
			const double weight = row[r->begin + p];
			for (size_t j = 0; j < count; j++)
				row[from + j] -= weight * turned[p][j];
		}
	}
}

static void solve(void *shared, size_t thread)
{
	struct root *r = shared;
	(void)thread;
	for (size_t i; (i = r->end + atomic_fetch_add(&r->next, 1)) < r->width;)
		solve_row(r, i);
}

static void reduce_all(void *shared, size_t thread)
{
	struct root *r = shared;
	(void)thread;
	for (size_t first; (first = r->end + atomic_fetch_add(&r->next, 1) * STRETCH) < r->width;) {
		const size_t last = least(first + STRETCH, r->width);
		for (size_t from = r->end; from < last; from += STRETCH)
			reduce(r, first > from ? first : from, last, from,
			       least(from + STRETCH, last));
	}
}

bool fill_cholesky(double *square, const double *diagonal, size_t width, size_t threads)
{
	struct root r = { .square = square, .width = width };
	for (size_t i = 0; i < width; i++) {
		for (size_t j = 0; j < i; j++)
			square[i * width + j] = square[j * width + i];
		square[i * width + i] = diagonal[i];
	}
	for (r.begin = 0; r.begin < width; r.begin = r.end) {
		r.end = least(r.begin + PANEL, width);
		if (!take_root(&r))
			return false;
		atomic_store(&r.next, 0);
		tok_threads_run(threads, solve, &r);
		atomic_store(&r.next, 0);
		tok_threads_run(threads, reduce_all, &r);
	}
	return true;
}
