/*
 * predict.h - how long ids get when they are split, without splitting them.
 *
 *	status = tok_predict(splits, counts, 0.1, &p, &err);
 *	printf("%.3f times as many ids\n", p.length_ratio);
 *	tok_prediction_release(&p);
 *
 * What is expected, in closed form, and not a simulation.  Give every leaf of the trees
 * of splits an independent clock of rate 1 that says when it is attempted, and let N_t(s)
 * be the expected number of tokens t at time s.  Then
 *
 *	dN_t/ds = -[t can be split] N_t + sum over u of N_u (how often t is in the pairs of
 *	u, by their number),
 *
 * and the attempts made by s are the integral of all N.  All tokens that can be split
 * leave at the same rate, so those that came to be by g splits of one another are a
 * Poisson probability of s times a vector that does not depend on s; predict.c says more.
 * It is exact for long documents; of a document of n ids the ratio is off by about 1/n.
 */
#ifndef TOK_SAMPLE_PREDICT_H
#define TOK_SAMPLE_PREDICT_H

#include "tok/sample/split.h"

#define TOK_PREDICT_PROPORTION_MAX TOK_SPLIT_PROPORTION_MAX

struct tok_prediction {
	double length_ratio;  /* ids after by ids before; 1 where there are none */
	double success_rate;  /* splits by attempts; 0 where there are no attempts */
	double *token_counts; /* expected number of each id, tok_splits_size of them */
};

/* `counts`: how often each of the tok_splits_size ids occurs before.  TOK_EARG where
 * `proportion` is below 0 or above TOK_PREDICT_PROPORTION_MAX.  Release the result. */
TOK_API TOK_MUST_USE enum tok_status tok_predict(const struct tok_splits *splits,
						 const uint64_t *counts, double proportion,
						 struct tok_prediction *out, struct tok_error *err);
TOK_API void tok_prediction_release(struct tok_prediction *prediction);

#endif
