/* similar_knn.c - what neighbours weigh, as mergekit has it (a6e4028, common_interpolation.py). */
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "hypernet/transplant/dense_internal.h"
#include "hypernet/transplant/similar_internal.h"

/* By cosine: the cosines, negative ones as 0; by distance: one over it, from 1e-6 on. */
static void by_distance(bool euclid, const struct hyper_near *near, size_t count, double *weights)
{
	double sum = 0;
	for (size_t i = 0; i < count; i++) {
		weights[i] = euclid ? 1 / fmax(-near[i].nearness, 1e-6) : fmax(near[i].nearness, 0);
		sum += weights[i];
	}
	for (size_t i = 0; i < count; i++)
		weights[i] /= fmax(sum, 1e-6);
}

/* Equations a x = b, and room to solve them. */
struct equations {
	double *a, *spare, *b, *x;
	size_t count;
};

static bool equations_init(struct equations *e, size_t count)
{
	const size_t square = count * count;
	double *all = calloc(2 * square + 2 * count, sizeof *all);
	*e = (struct equations){ .count = count, .a = all };
	if (!all)
		return false;
	e->spare = all + square;
	e->b = all + 2 * square;
	e->x = e->b + count;
	return true;
}

/* P P' and P q, P the neighbours' rows. */
static void fill(struct equations *e, const struct hyper_candidates *c, const float *query,
		 const struct hyper_near *near, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const float *row = c->rows + near[i].place * c->stride;
		e->b[i] = hyper_dot64(row, query, c->width);
		for (size_t j = 0; j <= i; j++) {
			const double dot =
			    hyper_dot64(row, c->rows + near[j].place * c->stride, c->width);
			e->a[i * e->count + j] = e->a[j * e->count + i] = dot;
		}
	}
}

/* A pivot of Cholesky's below this may be nothing but rounding: eigenvalues then say what is. */
static const double clear_pivot = 1e-6;

/* Where singular values of a matrix of F32 are taken for zero (LAPACK's rule in torch). */
static double relative_least(size_t rows, size_t columns)
{
	return (double)FLT_EPSILON * (double)(rows > columns ? rows : columns);
}

/* min |P' w - q|: by P P' w = P q, whose eigenvalues are squares of P's singular values. */
static enum tok_status least_squares(const struct hyper_candidates *c, const float *query,
				     const struct hyper_near *near, size_t count, double *weights,
				     struct tok_error *err)
{
	const double least = relative_least(c->width, count);
	enum tok_status status = TOK_OK;
	struct equations e;
	if (!equations_init(&e, count))
		return tok_fail_memory(err);
	fill(&e, c, query, near, count);
	memcpy(e.spare, e.a, count * count * sizeof *e.a);
	if (hyper_cholesky(e.spare, count, clear_pivot)) {
		memcpy(e.x, e.b, count * sizeof *e.x);
		hyper_cholesky_solve(e.spare, count, e.x);
	} else {
		status = hyper_solve_shortest(e.a, count, least * least, e.b, e.x, err);
	}
	memcpy(weights, e.x, count * sizeof *weights);
	free(e.a);
	return status;
}

/* min |P' w - q| with weights that sum to 1: P P' w + m 1 = P q, 1' w = 1.  From u = (P P')^-1 P q
 * and v = (P P')^-1 1 it is u + (1 - sum u) / sum v  v; where P P' cannot be divided by, the
 * shortest solution of both equations together. */
static enum tok_status barycentric(const struct hyper_candidates *c, const float *query,
				   const struct hyper_near *near, size_t count, double *weights,
				   struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	struct equations e;
	double sum = 0, ones = 0;
	if (!equations_init(&e, count + 1))
		return tok_fail_memory(err);
	fill(&e, c, query, near, count);
	for (size_t i = 0; i < count; i++)
		memcpy(e.spare + i * count, e.a + i * e.count, count * sizeof *e.a);
	if (hyper_cholesky(e.spare, count, clear_pivot)) {
		for (size_t i = 0; i < count; i++)
			e.x[i] = 1;
		memcpy(weights, e.b, count * sizeof *weights);
		hyper_cholesky_solve(e.spare, count, weights);
		hyper_cholesky_solve(e.spare, count, e.x);
		for (size_t i = 0; i < count; i++) {
			sum += weights[i];
			ones += e.x[i];
		}
		for (size_t i = 0; i < count; i++)
			weights[i] += (1 - sum) / ones * e.x[i];
	} else {
		for (size_t i = 0; i < count; i++)
			e.a[i * e.count + count] = e.a[count * e.count + i] = 1;
		e.b[count] = 1;
		status = hyper_solve_shortest(e.a, e.count, relative_least(count + 1, count + 1),
					      e.b, e.x, err);
		memcpy(weights, e.x, count * sizeof *weights);
	}
	free(e.a);
	return status;
}

enum tok_status hyper_knn_weights(enum hyper_knn scheme, bool euclid,
				  const struct hyper_candidates *candidates, const float *query,
				  const struct hyper_near *near, size_t count,
				  struct hyper_answer *answer, struct tok_error *err)
{
	double *weights = malloc((count + 1) * sizeof *weights);
	enum tok_status status =
	    weights ? hyper_answer_room(answer, count, err) : tok_fail_memory(err);
	if (status == TOK_OK)
		switch (scheme) {
		case HYPER_KNN_DISTANCE:
			by_distance(euclid, near, count, weights);
			break;
		case HYPER_KNN_BARYCENTRIC:
			status = barycentric(candidates, query, near, count, weights, err);
			break;
		case HYPER_KNN_LEAST_SQUARES:
			status = least_squares(candidates, query, near, count, weights, err);
			break;
		}
	for (size_t i = 0; i < count && status == TOK_OK; i++)
		answer->shares[answer->count++] =
		    (struct hyper_share){ candidates->sources[near[i].place], weights[i] };
	free(weights);
	if (status == TOK_OK)
		hyper_answer_finish(answer, candidates->repeated);
	return status;
}
