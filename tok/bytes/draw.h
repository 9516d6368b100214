/*
 * draw.h - draws from distributions over bytes, and what a constraint does to their weight.
 *
 *	struct tok_draw_law law;                      // .p, and .small_logs of what is small
 *	tok_draw_shape(&law, temperature, top_p);
 *	symbol = tok_draw(&law, &random);
 *
 * Constrained draws are properly weighted: the expectation of weight times any function of what was
 * drawn is the sum over allowed symbols of p times the function.  So weights multiplied along
 * a text make means over texts those of the model given the constraint, whatever each step knew of
 * the future.
 *
 *	masked     the constraint is known for every symbol (an automaton): weight = allowed mass
 *	rejection  it can only be asked (a process): symbols are drawn without replacement until
 *	           one is allowed, which is exact; the weight is an unbiased estimate of the
 *	           allowed mass from further draws.  Adaptive weighted rejection sampling:
 *	           Lipkin et al. 2025 (arXiv 2504.05410)
 *
 * However small probabilities are, all of them or those that are allowed, draws have their
 * distribution, and logarithms of weights all their digits.
 */
#ifndef TOK_BYTES_DRAW_H
#define TOK_BYTES_DRAW_H

#include "tok/base/random.h"
#include "tok/bytes/mix.h"

/* .p need not sum to one.  Where it is below TOK_DRAW_SMALL and not 0, its natural logarithm is in
 * .small_logs, which nobody reads elsewhere: as of struct tok_next_bytes and struct tok_mix_next.
 */
struct tok_draw_law {
	double p[TOK_MIX_SYMBOLS], small_logs[TOK_MIX_SYMBOLS];
};
#define TOK_DRAW_SMALL 1e-280

/* p to the power 1 / temperature, made whole; temperature 0 is the most probable alone.  Then the
 * fewest symbols that together have at least top_p, made whole. */
TOK_API void tok_draw_shape(struct tok_draw_law *law, double temperature, double top_p);

/* Natural logarithm of the sum of p. */
TOK_API double tok_draw_log_sum(const struct tok_draw_law *law);

/* A symbol in proportion to p; all zero: TOK_MIX_SYMBOLS. */
TOK_API size_t tok_draw(const struct tok_draw_law *law, struct tok_random *random);

/* The same among symbols whose `allowed` is true; *log_weight gets the logarithm of their share. */
TOK_API size_t tok_draw_masked(const struct tok_draw_law *law, const bool allowed[TOK_MIX_SYMBOLS],
			       struct tok_random *random, double *log_weight);

/* Whether `symbol` may come next; asked at most once for each symbol and step. */
typedef enum tok_status tok_draw_question(void *context, size_t symbol, bool *allowed,
					  struct tok_error *err);

/* *symbol is TOK_MIX_SYMBOLS and *log_weight -INFINITY where nothing is allowed. */
TOK_API TOK_MUST_USE enum tok_status tok_draw_rejection(const struct tok_draw_law *law,
							tok_draw_question *question, void *context,
							struct tok_random *random, size_t *symbol,
							double *log_weight, struct tok_error *err);

#endif
