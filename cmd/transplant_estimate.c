#include "cmd/transplant_estimate.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "cmd/transplant_features.h"

enum {
	TOKEN = 300, /* bytes of a token in its tokenizer, about */
	ENTRY = sizeof(tok_id) + sizeof(float),
	PIECES = 4,     /* of a token, about */
	SPARSEMAX = 256 /* tokens that one is made of by cosines as they are, about */
};

/* Sizes that all of it goes by. */
struct sizes {
	const struct transplant_options *options;
	double wanted, shared, old; /* tokens */
	double width, donor;        /* numbers of a row; donor: 0 without one */
	double features;
};

static struct sizes sizes_of(const struct transplant_case *c, size_t features)
{
	const struct hyper_matches *m = &c->matches;
	const size_t apart = m->counts[HYPER_MATCH_NEW] + m->counts[HYPER_MATCH_NONE];
	return (struct sizes){
		.options = c->options,
		.wanted = (double)m->counts[HYPER_MATCH_NEW],
		.shared = (double)(m->count - apart),
		.old = (double)c->source.vocab.count,
		.width = (double)c->embeddings.input->shape[1],
		.donor = c->donor ? (double)c->donor_embeddings.input->shape[1] : 0,
		.features = (double)features,
	};
}

static double atoms_of(const struct sizes *s)
{
	return (double)transplant_atoms(s->options, (size_t)s->donor, (size_t)s->shared);
}

/* ---- operations ---------------------------------------------------------------------- */

/* As omp.c decides; each step is then a sum that takes a tenth of a product's time. */
static bool keeps_products(const struct sizes *s)
{
	return !s->options->screen && 4 * s->shared * s->shared <= TRANSPLANT_OMP_MEMORY &&
	       s->wanted * (atoms_of(s) - 1) * .8 > s->shared;
}

static double operations_of_omp(const struct sizes *s)
{
	const double product = 2 * s->wanted * s->shared * s->donor, steps = atoms_of(s) - 1;
	if (s->options->screen)
		return product + 2 * s->wanted * steps * (double)s->options->screen * s->donor;
	if (keeps_products(s))
		return 2 * s->shared * s->shared * s->donor + product * (1 + steps / 10);
	return product * (1 + steps);
}

static double operations_of(const struct sizes *s, enum transplant_method method)
{
	const double smaller = s->donor < s->width ? s->donor : s->width;
	if (method == TRANSPLANT_HYBRID || method == TRANSPLANT_GLOBAL ||
	    method == TRANSPLANT_WECHSEL)
		return 2 * s->wanted * s->old * s->features;
	if (method == TRANSPLANT_FOCUS || method == TRANSPLANT_CLP)
		return 2 * s->wanted * s->shared * s->features;
	if (method == TRANSPLANT_KNN)
		return 2 * s->wanted * s->shared * (s->donor > 0 ? s->donor : s->features);
	if (method == TRANSPLANT_OMP)
		return operations_of_omp(s);
	if (method == TRANSPLANT_RIDGE || method == TRANSPLANT_PROCRUSTES)
		return 2 * s->shared * s->donor * (s->donor + s->width) +
		       2 * s->wanted * s->donor * s->width +
		       (method == TRANSPLANT_RIDGE ? 1 : 20) * s->donor * s->donor * smaller;
	if (method == TRANSPLANT_HEWITT)
		return (s->old + s->wanted + s->width) * s->width * s->width;
	return 2 * s->wanted * s->width;
}

/* ---- memory -------------------------------------------------------------------------- */

/* What a side's recipe has at the end: rows, or sums. */
static double kept_by(const struct transplant_case *c, const struct sizes *s,
		      enum transplant_method method)
{
	double entries = PIECES;
	if (!transplant_method_sums(method))
		return s->wanted * s->width * sizeof(float);
	if (method == TRANSPLANT_OMP)
		entries = atoms_of(s);
	else if (method == TRANSPLANT_FOCUS || method == TRANSPLANT_CLP)
		entries = SPARSEMAX;
	else if (method == TRANSPLANT_KNN)
		entries = c->options->topk ? (double)c->options->topk : 64;
	return s->wanted * entries * ENTRY;
}

/* What it takes while it runs, features aside: rows that are compared with, as they are and
 * packed; sums of squares. */
static double taken_by(const struct transplant_case *c, const struct sizes *s,
		       enum transplant_method method)
{
	const bool among_shared =
	    method == TRANSPLANT_FOCUS || method == TRANSPLANT_CLP || method == TRANSPLANT_KNN;
	if (method == TRANSPLANT_LOCAL)
		return 0;
	if (transplant_method_compares(c, method))
		return 2 * sizeof(float) * (among_shared ? s->shared : s->old) * s->features;
	if (method == TRANSPLANT_KNN)
		return 2 * sizeof(float) * s->shared * s->donor;
	if (method == TRANSPLANT_OMP)
		return sizeof(float) * s->shared * (s->donor + (keeps_products(s) ? s->shared : 0));
	if (method == TRANSPLANT_RIDGE || method == TRANSPLANT_PROCRUSTES)
		return 2 * sizeof(double) * s->donor * (s->donor + s->width);
	return method == TRANSPLANT_HEWITT ? sizeof(double) * s->width * s->width : 0;
}

/* ---- speed --------------------------------------------------------------------------- */

enum { TRIED = 512, TRIED_ROWS = 256, TRIED_NANOSECONDS = 4000000 };

/* Of this thread: what others take of its processor is no part of its speed. */
static double nanoseconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return 1e9 * (double)now.tv_sec + (double)now.tv_nsec;
}

/* Operations a second of one thread: a product of matrices, as often as fits into some
 * milliseconds, the quickest counting; the first fills caches. */
static double try_product(const struct hyper_matrix *w, const float *x, float *y, void *scratch)
{
	const struct hyper_epilogue plain = { 0 };
	const double begun = nanoseconds();
	double now = begun, least = INFINITY;
	while (now - begun < TRIED_NANOSECONDS || !isfinite(least)) {
		const double before = now;
		hyper_gemm(w, x, TRIED, TRIED_ROWS, y, TRIED, &plain, scratch);
		now = nanoseconds();
		if (now > before && now - before < least)
			least = now - before;
	}
	return 2.0 * TRIED * TRIED * TRIED_ROWS / least * 1e9;
}

static enum tok_status find_speed(const struct hyper_kernel *kernel, double *out,
				  struct tok_error *err)
{
	struct hyper_matrix w = { 0 };
	float *numbers = calloc((size_t)TRIED * TRIED, sizeof *numbers);
	float *x = calloc((size_t)TRIED * TRIED_ROWS, sizeof *x);
	float *y = calloc((size_t)TRIED * TRIED_ROWS, sizeof *y);
	void *scratch = NULL;
	enum tok_status status = numbers && x && y ? TOK_OK : tok_fail_memory(err);
	if (status == TOK_OK)
		status = hyper_kernel_enter(kernel, err);
	if (status == TOK_OK)
		status = hyper_matrix_pack(kernel, HYPER_MODE_F32, numbers, TRIED, TRIED, &w, err);
	if (status == TOK_OK && !(scratch = hyper_scratch_new(hyper_gemm_scratch(&w, TRIED_ROWS))))
		status = tok_fail_memory(err);
	if (status == TOK_OK)
		*out = try_product(&w, x, y, scratch);
	free(scratch);
	hyper_matrix_release(&w);
	free(numbers);
	free(x);
	free(y);
	return status;
}

/* ---- all ----------------------------------------------------------------------------- */

enum tok_status transplant_estimate(const struct transplant_case *c,
				    const struct transplant_choice *choice,
				    struct transplant_estimate *out, struct tok_error *err)
{
	size_t width;
	enum tok_status status = transplant_features_width(c, &width, err);
	if (status != TOK_OK)
		return status;
	const struct sizes s = sizes_of(c, width);
	const int sides =
	    transplant_matrix(c, TRANSPLANT_OUT) == c->embeddings.input ? 1 : TRANSPLANT_SIDES;
	double operations = 0, kept = 0, taken = 0, features = 0, speed = 1;
	for (int side = 0; side < sides; side++) {
		const enum transplant_method method = choice->method[side];
		if (side == TRANSPLANT_IN || !transplant_is_asked_once(c, choice))
			operations += operations_of(&s, method);
		kept += kept_by(c, &s, method);
		taken = fmax(taken, taken_by(c, &s, method));
		if (transplant_method_compares(c, method))
			features = s.features;
	}
	const double tokens = s.old + (double)c->target.vocab.count;
	status = find_speed(c->kernel, &speed, err);
	*out = (struct transplant_estimate){
		.operations = operations,
		.seconds = (uint64_t)ceil(operations / speed / (double)c->threads),
		.memory = (uint64_t)(tokens * (TOKEN + features * sizeof(float)) + kept + taken),
	};
	return status;
}
