/* linear_eigen.c - eigenvalues and vectors of a symmetric matrix: to three diagonals by
 * Householder's reflections, to one by rotations, and back. */
#include <float.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "hypernet/transplant/linear_internal.h"
#include "hypernet/transplant/sums_internal.h"
#include "tok/base/threads.h"

enum {
	SWEEPS = 32,  /* rows of rotations that are applied together */
	TOGETHER = 16 /* vectors that are reflected at a time */
};

/* ---- three diagonals ---------------------------------------------------------------- */

/* y = a v, by the lower triangle. */
static void multiply_symmetric(struct hyper_linear a, const double *v, double *y,
			       const struct hyper_sums *sums)
{
	memset(y, 0, a.rows * sizeof *y);
	for (size_t i = 0; i < a.rows; i++) {
		const double *row = a.at + i * a.down;
		y[i] += sums->dot(row, v, i) + row[i] * v[i];
		sums->add(y, v[i], row, i);
	}
}

/* The reflection 1 - factor v v' that takes column `k` below its first element to zero: v, whose
 * first element is 1, goes to where row k lies to the right of the diagonal, which nobody reads.
 * What is left of the column comes back. */
static double reflect_column(struct hyper_linear a, size_t k, double *factor)
{
	const size_t count = a.rows - k - 1;
	double *v = a.at + k * a.down + k + 1;
	double square = 0;
	for (size_t i = 0; i < count; i++) {
		v[i] = a.at[(k + 1 + i) * a.down + k];
		square += i ? v[i] * v[i] : 0;
	}
	const double first = v[0];
	v[0] = 1;
	*factor = 0;
	if (square == 0)
		return first;
	const double left = -copysign(sqrt(first * first + square), first);
	*factor = (left - first) / left;
	for (size_t i = 1; i < count; i++)
		v[i] /= first - left;
	return left;
}

/* Diagonal and what is beside it; reflections in a's upper triangle, factors[k] of each. */
static void reduce(struct hyper_linear a, double *diagonal, double *beside, double *factors,
		   double *room, const struct hyper_sums *sums)
{
	const size_t n = a.rows;
	for (size_t k = 0; k + 1 < n; k++) {
		const size_t count = n - k - 1;
		const double *v = a.at + k * a.down + k + 1;
		const struct hyper_linear rest = hyper_linear_part(a, k + 1, k + 1, count, count);
		beside[k] = reflect_column(a, k, &factors[k]);
		if (factors[k] == 0)
			continue;
		multiply_symmetric(rest, v, room, sums);
		const double half = factors[k] * factors[k] * sums->dot(room, v, count) / 2;
		for (size_t i = 0; i < count; i++)
			room[i] = factors[k] * room[i] - half * v[i];
		for (size_t i = 0; i < count; i++) {
			sums->add(rest.at + i * rest.down, -v[i], room, i + 1);
			sums->add(rest.at + i * rest.down, -room[i], v, i + 1);
		}
	}
	for (size_t k = 0; k < n; k++)
		diagonal[k] = a.at[k * a.down + k];
}

/* ---- one diagonal ------------------------------------------------------------------- */

/* Rotations of rows i and i + 1, i falling from `end` - 1 to `begin`. */
struct sweep {
	size_t begin, end;
	double *cosines, *sines; /* by i */
};

/* The vectors-to-be are cut into stretches of HYPER_TURNED columns, each with all its rows: so a
 * stretch lies in the second cache while the sweeps go over it, whatever the size. */
struct turning {
	double *z;
	size_t rows, stretches;
	const struct hyper_sums *sums;
	struct sweep sweeps[SWEEPS];
	size_t held, threads;
	atomic_size_t next; /* stretch */
};

static size_t place_of(const struct turning *t, size_t row, size_t column)
{
	return (column / HYPER_TURNED * t->rows + row) * HYPER_TURNED + column % HYPER_TURNED;
}

static void turn_stretch(void *shared, size_t thread)
{
	struct turning *t = shared;
	(void)thread;
	for (;;) {
		const size_t stretch = atomic_fetch_add(&t->next, 1);
		if (stretch >= t->stretches)
			return;
		for (size_t s = 0; s < t->held; s++)
			t->sums->turn(t->z + stretch * t->rows * HYPER_TURNED, t->sweeps[s].cosines,
				      t->sweeps[s].sines, t->sweeps[s].begin, t->sweeps[s].end);
	}
}

static void turn_all(struct turning *t)
{
	atomic_store(&t->next, 0);
	tok_threads_run(t->threads, turn_stretch, t);
	t->held = 0;
}

/* One implicit QL step on [l, m] of the three diagonals; d has the diagonal, e what is beside. */
static void step(double *d, double *e, size_t l, size_t m, struct sweep *sweep)
{
	double g = (d[l + 1] - d[l]) / (2 * e[l]), c = 1, s = 1, p = 0;
	g = d[m] - d[l] + e[l] / (g + copysign(hypot(g, 1), g));
	*sweep = (struct sweep){ l, m, sweep->cosines, sweep->sines };
	for (size_t i = m; i-- > l;) {
		const double f = s * e[i], b = c * e[i];
		const double r = hypot(f, g);
		e[i + 1] = r;
		if (r == 0) {
			d[i + 1] -= p;
			e[m] = 0;
			sweep->begin = i + 1;
			return;
		}
		s = f / r;
		c = g / r;
		g = d[i + 1] - p;
		const double q = (d[i] - g) * s + 2 * c * b;
		p = s * q;
		d[i + 1] = g + p;
		g = c * q - b;
		sweep->cosines[i] = c;
		sweep->sines[i] = s;
	}
	d[l] -= p;
	e[l] = g;
	e[m] = 0;
}

/* d becomes the eigenvalues, z's rows the vectors; e has n places, the last one free. */
static void diagonalize(double *d, double *e, struct turning *t)
{
	const size_t n = t->rows;
	e[n - 1] = 0;
	for (size_t l = 0; l < n; l++)
		/* Three steps are many; a hundred never are. */
		for (size_t tries = 0; tries < 100; tries++) {
			size_t m = l;
			while (m + 1 < n &&
			       fabs(e[m]) > DBL_EPSILON * (fabs(d[m]) + fabs(d[m + 1])))
				m++;
			if (m == l)
				break;
			step(d, e, l, m, &t->sweeps[t->held++]);
			if (t->held == SWEEPS)
				turn_all(t);
		}
	turn_all(t);
}

/* ---- back --------------------------------------------------------------------------- */

struct back {
	struct hyper_linear a, vectors;
	const double *factors;
	const struct hyper_sums *sums;
	atomic_size_t next; /* vector */
};

static void reflect_vectors(void *shared, size_t thread)
{
	struct back *b = shared;
	(void)thread;
	for (;;) {
		const size_t first = atomic_fetch_add(&b->next, TOGETHER);
		if (first >= b->vectors.rows)
			return;
		const size_t left = b->vectors.rows - first;
		for (size_t k = b->a.rows - 1; k-- > 0;) {
			const size_t count = b->a.rows - k - 1;
			const double *v = b->a.at + k * b->a.down + k + 1;
			for (size_t i = first; i < first + (left < TOGETHER ? left : TOGETHER);
			     i++) {
				double *z = b->vectors.at + i * b->vectors.down + k + 1;
				b->sums->add(z, -b->factors[k] * b->sums->dot(v, z, count), v,
					     count);
			}
		}
	}
}

struct place {
	double value;
	size_t row;
};

static int largest_first(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	if (x->value != y->value)
		return x->value > y->value ? -1 : 1;
	return x->row < y->row ? -1 : x->row > y->row;
}

/* The vectors with the largest values. */
static void take_largest(const struct turning *t, const double *diagonal, size_t count,
			 struct place *places, double *values, struct hyper_linear vectors)
{
	for (size_t i = 0; i < t->rows; i++)
		places[i] = (struct place){ diagonal[i], i };
	qsort(places, t->rows, sizeof *places, largest_first);
	for (size_t i = 0; i < count; i++) {
		values[i] = places[i].value;
		for (size_t j = 0; j < t->rows; j++)
			vectors.at[i * vectors.down + j] = t->z[place_of(t, places[i].row, j)];
	}
}

enum tok_status hyper_linear_eigen(struct hyper_linear a, size_t count, size_t threads,
				   double *values, struct hyper_linear vectors,
				   struct tok_error *err)
{
	const size_t n = a.rows;
	const struct hyper_sums *sums = hyper_sums_best();
	struct turning t = { .rows = n,
			     .stretches = (n + HYPER_TURNED - 1) / HYPER_TURNED,
			     .sums = sums,
			     .threads = threads };
	double *numbers = hyper_linear_new(n, 4 + 2 * SWEEPS);
	t.z = hyper_linear_new(n, t.stretches * HYPER_TURNED);
	struct place *places = malloc(n * sizeof *places);
	if (!numbers || !t.z || !places) {
		free(numbers);
		free(t.z);
		free(places);
		return tok_fail_memory(err);
	}
	double *diagonal = numbers, *beside = numbers + n, *factors = numbers + 2 * n;
	for (size_t s = 0; s < SWEEPS; s++) {
		t.sweeps[s].cosines = numbers + (4 + 2 * s) * n;
		t.sweeps[s].sines = numbers + (5 + 2 * s) * n;
	}
	for (size_t i = 0; i < n; i++)
		t.z[place_of(&t, i, i)] = 1;
	reduce(a, diagonal, beside, factors, numbers + 3 * n, sums);
	diagonalize(diagonal, beside, &t);
	take_largest(&t, diagonal, count, places, values, vectors);
	struct back b = { .a = a, .vectors = vectors, .factors = factors, .sums = sums };
	tok_threads_run(threads, reflect_vectors, &b);
	free(numbers);
	free(t.z);
	free(places);
	return TOK_OK;
}
