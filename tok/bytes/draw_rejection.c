/* draw_rejection.c - a draw among symbols that must be asked for one by one, with its weight.
 *
 * Think of draws from p, again and again, until the second one that is allowed.  The first of the
 * two is the answer: it has the distribution p restricted to what is allowed and made whole, and is
 * independent of the number F of draws in vain.  With two successes 1 / (F + 1) is an unbiased
 * estimate of the chance Z of a success (Haldane 1945; with one success only 1{F = 0} is), so the
 * expectation of weight times 1{answer = s} is Z p(s) / Z = p(s).
 *
 * What was rejected need not be drawn again: between two draws of something else the number of
 * repeats is geometric, with the share that was rejected so far as its chance.  So the mean of
 * 1 / (F + 1) over all repeats that might have been is known; it has the same expectation and less
 * variance.  With k symbols rejected, and r_e the share not yet rejected when draw e of the k + 2
 * was made,
 *
 *	mean of 1 / (F + 1) = integral of E[t^F] over t in [0, 1]
 *	                    = integral of t^k * product of r_e / (1 - (1 - r_e) t)
 *
 * Its variance is at most Z^2 (-log Z / (1 - Z) - 1).  A second success that is the first one again
 * costs no question; with all symbols alike, about as many are asked again as for the answer.
 *
 * Where all that is left is small, only its proportions to what was left before count: the integral
 * over t near 1 is in proportion to them, so rests are made greater together, and the weight less.
 */
#include "tok/bytes/draw.h"

#include <math.h>

#include "tok/bytes/draw_internal.h"

/* The integral, with t = 1 / (1 + exp(z)): smooth, and as good as 0 far out on both sides, so equal
 * steps are exact up to rounding (error about exp(-2 pi^2 / step)). */
static double mean_weight(const double *rests, size_t draws)
{
	const double step = 0.25, far = 40.0, least = rests[draws - 1];
	double sum = 0.0;
	for (double z = floor(log(least)) - far; z <= far; z += step) {
		const double t = 1.0 / (1.0 + exp(z)), x = exp(z) * t; /* 1 - t */
		double term = x;
		for (size_t e = 0; e < draws; e++)
			term *= rests[e] / (rests[e] + (1.0 - rests[e]) * x);
		sum += term * pow(t, (double)draws - 1.0);
	}
	return sum * step;
}

/* Of logarithms.  Below so little, which is less than any double tells beside 1, weights are in
 * proportion to rests. */
static double log_mean_weight(const double *log_rests, size_t draws)
{
	static const double little = -100.0;
	double rests[TOK_MIX_SYMBOLS + 2];
	const double more = fmax(0.0, little - log_rests[draws - 1]);
	for (size_t e = 0; e < draws; e++)
		rests[e] = fmin(1.0, exp(log_rests[e] + more));
	return log(mean_weight(rests, draws)) - more;
}

enum tok_status tok_draw_rejection(const struct tok_draw_law *law, tok_draw_question *question,
				   void *context, struct tok_random *random, size_t *symbol,
				   double *log_weight, struct tok_error *err)
{
	struct tok_draw_law left = *law;       /* what was not rejected */
	double log_rests[TOK_MIX_SYMBOLS + 2]; /* its share, at each draw */
	bool allowed[TOK_MIX_SYMBOLS] = { false };
	size_t draws = 0, first = TOK_MIX_SYMBOLS;

	for (size_t found = 0; found < 2;) {
		const size_t drawn = tok_draw(&left, random);
		if (drawn == TOK_MIX_SYMBOLS) {
			*symbol = drawn;
			*log_weight = -INFINITY;
			return TOK_OK;
		}
		log_rests[draws++] = tok_draw_log_share(&left, law);
		if (!allowed[drawn]) {
			const enum tok_status status =
			    question(context, drawn, &allowed[drawn], err);
			if (status != TOK_OK)
				return status;
		}
		if (!allowed[drawn])
			left.p[drawn] = 0.0;
		else if (found++ == 0)
			first = drawn;
	}
	*symbol = first;
	*log_weight = log_mean_weight(log_rests, draws);
	return TOK_OK;
}
