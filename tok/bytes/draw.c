/* draw.c - draws whose distribution is known. */
#include "tok/bytes/draw.h"

#include <math.h>
#include <stdlib.h>

double tok_draw_sum(const double p[TOK_MIX_SYMBOLS])
{
	double sum = 0.0;
	for (size_t s = 0; s < TOK_MIX_SYMBOLS; s++)
		sum += p[s];
	return sum;
}

static void make_whole(double p[TOK_MIX_SYMBOLS])
{
	const double sum = tok_draw_sum(p);
	for (size_t s = 0; sum > 0.0 && s < TOK_MIX_SYMBOLS; s++)
		p[s] /= sum;
}

/* ---- shapes ------------------------------------------------------------------------ */

static size_t most_probable(const double p[TOK_MIX_SYMBOLS])
{
	size_t best = 0;
	for (size_t s = 1; s < TOK_MIX_SYMBOLS; s++)
		if (p[s] > p[best])
			best = s;
	return best;
}

static void keep_one(double p[TOK_MIX_SYMBOLS], size_t kept)
{
	const bool possible = p[kept] > 0.0;
	for (size_t s = 0; s < TOK_MIX_SYMBOLS; s++)
		p[s] = possible && s == kept ? 1.0 : 0.0;
}

/* Of shares of the greatest, so that no power leaves what a double can hold. */
static void sharpen(double p[TOK_MIX_SYMBOLS], double temperature)
{
	const double most = p[most_probable(p)];
	for (size_t s = 0; most > 0.0 && s < TOK_MIX_SYMBOLS; s++)
		p[s] = pow(p[s] / most, 1.0 / temperature);
}

struct ranked {
	double p;
	size_t symbol;
};

static int compare_ranked(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;
	if (x->p != y->p)
		return x->p < y->p ? 1 : -1;
	return x->symbol < y->symbol ? -1 : x->symbol > y->symbol;
}

static void keep_top(double p[TOK_MIX_SYMBOLS], double top_p)
{
	struct ranked order[TOK_MIX_SYMBOLS];
	for (size_t s = 0; s < TOK_MIX_SYMBOLS; s++)
		order[s] = (struct ranked){ p[s], s };
	qsort(order, TOK_MIX_SYMBOLS, sizeof order[0], compare_ranked);
	double sum = order[0].p;
	for (size_t i = 1; i < TOK_MIX_SYMBOLS; i++) {
		if (sum >= top_p)
			p[order[i].symbol] = 0.0;
		sum += order[i].p;
	}
}

void tok_draw_shape(double p[TOK_MIX_SYMBOLS], double temperature, double top_p)
{
	if (temperature == 0.0)
		keep_one(p, most_probable(p));
	else if (temperature != 1.0)
		sharpen(p, temperature);
	make_whole(p);
	if (top_p < 1.0) {
		keep_top(p, top_p);
		make_whole(p);
	}
}

/* ---- draws ------------------------------------------------------------------------- */

size_t tok_draw(const double p[TOK_MIX_SYMBOLS], struct tok_random *random)
{
	const double at = tok_random_real(random) * tok_draw_sum(p);
	size_t drawn =
	    TOK_MIX_SYMBOLS; /* the last possible one, should `at` be rounded up to all */
	double sum = 0.0;
	for (size_t s = 0; s < TOK_MIX_SYMBOLS; s++) {
		if (!(p[s] > 0.0))
			continue;
		drawn = s;
		sum += p[s];
		if (at < sum)
			break;
	}
	return drawn;
}

size_t tok_draw_masked(const double p[TOK_MIX_SYMBOLS], const bool allowed[TOK_MIX_SYMBOLS],
		       struct tok_random *random, double *log_weight)
{
	double left[TOK_MIX_SYMBOLS];
	for (size_t s = 0; s < TOK_MIX_SYMBOLS; s++)
		left[s] = allowed[s] ? p[s] : 0.0;
	const double sum = tok_draw_sum(left);
	*log_weight = sum > 0.0 ? log(sum / tok_draw_sum(p)) : -INFINITY;
	return tok_draw(left, random);
}
