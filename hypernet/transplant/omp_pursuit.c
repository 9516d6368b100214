/* omp_pursuit.c - one token's sum, in F64: the products of the chosen with each other, and their
 * Cholesky factor, which grows by a row a step. */
#include <math.h>
#include <string.h>

#include "hypernet/transplant/omp_internal.h"

/* Squares: what is left of x is rounding, and a row that adds nothing to the chosen.  The row that
 * is chosen is at right angles to the chosen but for at least the largest cosine with what is left,
 * so that only a row that is of no use comes near the second. */
#define REST_LEAST  1e-14
#define PIVOT_LEAST 1e-12

/* Rows with smaller cosines are at right angles to what is left, but for rounding. */
#define COSINE_LEAST 1e-10

static void widen(const float *row, double *wide, size_t width)
{
	for (size_t i = 0; i < width; i++)
		wide[i] = (double)row[i];
}

void omp_pursuit_begin(struct omp_pursuit *p, const float *x, const struct hyper_sums *sums,
		       double *wide, size_t width)
{
	widen(x, wide, width);
	p->x = x;
	p->square = p->rest = sums->dot(wide, wide, width);
	p->held = 0;
	p->ended = p->square == 0;
}

enum tok_status omp_pursuit_left(const struct omp_pursuit *p, const struct omp_atoms *atoms,
				 float *room, double *left, struct tok_error *err)
{
	widen(p->x, left, atoms->width);
	for (size_t i = 0; i < p->held; i++) {
		const float *row;
		const enum tok_status status = omp_atoms_row(atoms, p->chosen[i], room, &row, err);
		if (status != TOK_OK)
			return status;
		atoms->sums->add_mixed(left, -p->factors[i], row, atoms->width);
	}
	return TOK_OK;
}

static bool holds(const struct omp_pursuit *p, size_t place)
{
	for (size_t i = 0; i < p->held; i++)
		if (p->chosen[i] == place)
			return true;
	return false;
}

/* Those whose score may be the largest, in rising order. */
static size_t find_near(const struct omp_pursuit *p, const struct omp_atoms *atoms,
			const float *products, float error, struct omp_desk *desk)
{
	const float lower = atoms->sums->bounds(products, atoms->factors_float, atoms->slacks,
						error, atoms->count, desk->uppers);
	size_t near = 0;
	for (size_t b = 0; b * HYPER_BOUNDS < atoms->count; b++) {
		const size_t begin = b * HYPER_BOUNDS;
		const size_t left = atoms->count - begin;
		const size_t end = begin + (left < HYPER_BOUNDS ? left : HYPER_BOUNDS);
		if (desk->uppers[b] < lower)
			continue;
		for (size_t i = begin; i < end; i++)
			if (fabsf(products[i]) * atoms->factors_float[i] +
				    error * atoms->slacks[i] >=
				lower &&
			    !holds(p, i))
				desk->near[near++] = (uint32_t)i;
	}
	return near;
}

/* The one of them with the largest score in F64, of equals the first; OMP_NONE: what is left is at
 * right angles to all. */
static enum tok_status decide(const struct omp_pursuit *p, const struct omp_atoms *atoms,
			      size_t near, struct omp_desk *desk, uint32_t *out,
			      struct tok_error *err)
{
	double best = 0, length;
	enum tok_status status = omp_pursuit_left(p, atoms, desk->room, desk->left, err);
	length = sqrt(atoms->sums->dot(desk->left, desk->left, atoms->width));
	desk->recomputed++;
	*out = OMP_NONE;
	for (size_t i = 0; i < near && status == TOK_OK; i++) {
		const uint32_t place = desk->near[i];
		const float *row;
		status = omp_atoms_row(atoms, place, desk->room, &row, err);
		if (status != TOK_OK)
			break;
		const double score = fabs(atoms->sums->dot_mixed(desk->left, row, atoms->width)) *
				     atoms->factors[place];
		if (score > best && score > COSINE_LEAST * length * (double)atoms->slacks[place]) {
			best = score;
			*out = place;
		}
	}
	return status;
}

/* L one row longer.  False: the row adds nothing. */
static bool grow(struct omp_pursuit *p, const double *with, double square, double product, size_t k)
{
	const size_t t = p->held;
	double *row = p->triangle + t * k;
	double sum = 0, solved = product;
	for (size_t i = 0; i < t; i++) {
		const double *above = p->triangle + i * k;
		double value = with[i];
		for (size_t j = 0; j < i; j++)
			value -= above[j] * row[j];
		row[i] = value / above[i];
		sum += row[i] * row[i];
		solved -= row[i] * p->solved[i];
	}
	if (!(square - sum > PIVOT_LEAST * square))
		return false;
	row[t] = sqrt(square - sum);
	for (size_t i = 0; i < t; i++)
		p->triangle[i * k + t] = with[i];
	p->products[t] = product;
	p->solved[t] = solved / row[t];
	p->rest -= p->solved[t] * p->solved[t];
	return true;
}

/* L' factors = solved */
static void solve_back(const double *triangle, const double *solved, size_t count, size_t k,
		       double *factors)
{
	for (size_t i = count; i-- > 0;) {
		double value = solved[i];
		for (size_t j = i + 1; j < count; j++)
			value -= triangle[j * k + i] * factors[j];
		factors[i] = value / triangle[i * k + i];
	}
}

enum tok_status omp_pursuit_choose(const struct omp_pursuit *p, const struct omp_atoms *atoms,
				   const float *products, double error, struct omp_desk *desk,
				   uint32_t *place, struct tok_error *err)
{
	/* A little more: the bounds are themselves computed in F32. */
	const size_t near = find_near(p, atoms, products, (float)(error * 1.01), desk);
	*place = near ? desk->near[0] : OMP_NONE;
	return near > 1 ? decide(p, atoms, near, desk, place, err) : TOK_OK;
}

enum tok_status omp_pursuit_add(struct omp_pursuit *p, const struct omp_atoms *atoms,
				uint32_t place, size_t k, struct omp_desk *desk,
				struct tok_error *err)
{
	/* Until L has grown, the place of the new factors is free. */
	double *with = p->factors;
	const float *row;
	if (place == OMP_NONE) {
		p->ended = true;
		return TOK_OK;
	}
	enum tok_status status = omp_atoms_row(atoms, place, desk->room, &row, err);
	if (status != TOK_OK)
		return status;
	widen(row, desk->wide, atoms->width);
	for (size_t i = 0; i < p->held && status == TOK_OK; i++) {
		status = omp_atoms_row(atoms, p->chosen[i], desk->room, &row, err);
		if (status == TOK_OK)
			with[i] = atoms->sums->dot_mixed(desk->wide, row, atoms->width);
	}
	if (status != TOK_OK)
		return status;
	const double product = atoms->sums->dot_mixed(desk->wide, p->x, atoms->width);
	if (grow(p, with, atoms->squares[place], product, k))
		p->chosen[p->held++] = place;
	else
		p->ended = true;
	solve_back(p->triangle, p->solved, p->held, k, p->factors);
	if (p->held == k || !(p->rest > REST_LEAST * p->square))
		p->ended = true;
	return TOK_OK;
}

/* L of the chosen's products with a larger diagonal. */
static void factor_again(struct omp_pursuit *p, const struct omp_atoms *atoms, size_t k,
			 double ridge)
{
	double mean = 0;
	for (size_t i = 0; i < p->held; i++)
		mean += atoms->squares[p->chosen[i]] / (double)p->held;
	for (size_t t = 0; t < p->held; t++) {
		double *row = p->triangle + t * k;
		double sum = 0, solved = p->products[t];
		for (size_t i = 0; i < t; i++) {
			const double *above = p->triangle + i * k;
			double value = above[t];
			for (size_t j = 0; j < i; j++)
				value -= above[j] * row[j];
			row[i] = value / above[i];
			sum += row[i] * row[i];
			solved -= row[i] * p->solved[i];
		}
		row[t] = sqrt(atoms->squares[p->chosen[t]] + ridge * mean - sum);
		p->solved[t] = solved / row[t];
	}
	solve_back(p->triangle, p->solved, p->held, k, p->factors);
}

void omp_pursuit_end(struct omp_pursuit *p, const struct omp_atoms *atoms, size_t k, double ridge,
		     double *cosine)
{
	double product = 0, square = 0;
	if (ridge > 0)
		factor_again(p, atoms, k, ridge);
	for (size_t i = 0; i < p->held; i++) {
		product += p->factors[i] * p->products[i];
		square += p->factors[i] * p->factors[i] * atoms->squares[p->chosen[i]];
		for (size_t j = i + 1; j < p->held; j++)
			square += 2 * p->factors[i] * p->factors[j] * p->triangle[i * k + j];
	}
	*cosine = p->held && square > 0 ? product / sqrt(square * p->square) : 0;
}
