/* draw.c - draws whose distribution is known. */
#include "tok/bytes/draw.h"

#include <math.h>
#include <stdlib.h>

#include "tok/bytes/draw_internal.h"
#include "tok/bytes/small_internal.h"

/* ---- numbers ----------------------------------------------------------------------- */

static double log_of(const struct tok_draw_law *law, size_t s)
{
	return tok_log_of(law->p[s], law->small_logs[s]);
}

/* What tells small numbers apart; others tell by themselves. */
static double log_small(const struct tok_draw_law *law, size_t s)
{
	return law->p[s] > 0.0 && tok_is_small(law->p[s]) ? law->small_logs[s] : 0.0;
}

static void set_log(struct tok_draw_law *law, size_t s, double log_p)
{
	law->p[s] = tok_exp_of(log_p);
	law->small_logs[s] = log_p;
}

static double sum_plain(const double p[TOK_MIX_SYMBOLS])
{
	double sum = 0.0;
	for (size_t s = 0; s < TOK_MIX_SYMBOLS; s++)
		sum += p[s];
	return sum;
}

double tok_draw_log_sum(const struct tok_draw_law *law)
{
	const double plain = sum_plain(law->p);
	struct tok_log_sum sum = tok_log_sum_none();
	if (!tok_is_small(plain))
		return log(plain);
	for (size_t s = 0; s < TOK_MIX_SYMBOLS; s++)
		tok_log_sum_add(&sum, log_of(law, s));
	return tok_log_sum_of(&sum);
}

double tok_draw_log_share(const struct tok_draw_law *some, const struct tok_draw_law *all)
{
	const double sum = sum_plain(some->p), whole = sum_plain(all->p);
	if (!tok_is_small(sum) && !tok_is_small(whole))
		return log(sum / whole);
	return sum > 0.0 ? tok_draw_log_sum(some) - tok_draw_log_sum(all) : -INFINITY;
}

static void make_whole(struct tok_draw_law *law)
{
	const double sum = sum_plain(law->p), log_sum = tok_draw_log_sum(law);
	for (size_t s = 0; sum > 0.0 && s < TOK_MIX_SYMBOLS; s++) {
		const double p = law->p[s], share = p / sum;
		if (p > 0.0 && (tok_is_small(p) || tok_is_small(share)))
			set_log(law, s, log_of(law, s) - log_sum);
		else
			law->p[s] = share;
	}
}

/* ---- shapes ------------------------------------------------------------------------ */

static size_t most_probable(const struct tok_draw_law *law)
{
	size_t best = 0;
	for (size_t s = 1; s < TOK_MIX_SYMBOLS; s++)
		if (law->p[s] > law->p[best] ||
		    (law->p[s] == law->p[best] && log_small(law, s) > log_small(law, best)))
			best = s;
	return best;
}

static void keep_one(struct tok_draw_law *law, size_t kept)
{
	const bool possible = law->p[kept] > 0.0;
	for (size_t s = 0; s < TOK_MIX_SYMBOLS; s++)
		law->p[s] = possible && s == kept ? 1.0 : 0.0;
}

/* Of shares of the greatest, so that no power leaves what a double can hold. */
static void sharpen(struct tok_draw_law *law, double temperature)
{
	const size_t best = most_probable(law);
	const double most = law->p[best], log_most = log_of(law, best);
	for (size_t s = 0; most > 0.0 && s < TOK_MIX_SYMBOLS; s++) {
		const double p = law->p[s], power = pow(p / most, 1.0 / temperature);
		if (p > 0.0 && (tok_is_small(p) || tok_is_small(power)))
			set_log(law, s, (log_of(law, s) - log_most) / temperature);
		else
			law->p[s] = power;
	}
}

struct ranked {
	double p, log_p;
	size_t symbol;
};

static int compare_ranked(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;
	if (x->p != y->p)
		return x->p < y->p ? 1 : -1;
	if (x->log_p != y->log_p)
		return x->log_p < y->log_p ? 1 : -1;
	return x->symbol < y->symbol ? -1 : x->symbol > y->symbol;
}

static void keep_top(struct tok_draw_law *law, double top_p)
{
	struct ranked order[TOK_MIX_SYMBOLS];
	for (size_t s = 0; s < TOK_MIX_SYMBOLS; s++)
		order[s] = (struct ranked){ law->p[s], log_small(law, s), s };
	qsort(order, TOK_MIX_SYMBOLS, sizeof order[0], compare_ranked);
	double sum = order[0].p;
	for (size_t i = 1; i < TOK_MIX_SYMBOLS; i++) {
		if (sum >= top_p)
			law->p[order[i].symbol] = 0.0;
		sum += order[i].p;
	}
}

void tok_draw_shape(struct tok_draw_law *law, double temperature, double top_p)
{
	if (temperature == 0.0)
		keep_one(law, most_probable(law));
	else if (temperature != 1.0)
		sharpen(law, temperature);
	make_whole(law);
	if (top_p < 1.0) {
		keep_top(law, top_p);
		make_whole(law);
	}
}

/* ---- draws ------------------------------------------------------------------------- */

static size_t draw_share(const double p[TOK_MIX_SYMBOLS], double all, struct tok_random *random)
{
	const double at = tok_random_real(random) * all;
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

/* Where all are small: shares of the most probable. */
size_t tok_draw(const struct tok_draw_law *law, struct tok_random *random)
{
	const double sum = sum_plain(law->p);
	double shares[TOK_MIX_SYMBOLS];
	if (!tok_is_small(sum))
		return draw_share(law->p, sum, random);
	const size_t best = most_probable(law);
	for (size_t s = 0; s < TOK_MIX_SYMBOLS; s++)
		shares[s] = law->p[s] > 0.0 ? exp(log_of(law, s) - log_of(law, best)) : 0.0;
	return draw_share(shares, sum_plain(shares), random);
}

size_t tok_draw_masked(const struct tok_draw_law *law, const bool allowed[TOK_MIX_SYMBOLS],
		       struct tok_random *random, double *log_weight)
{
	struct tok_draw_law left = *law;
	for (size_t s = 0; s < TOK_MIX_SYMBOLS; s++)
		left.p[s] = allowed[s] ? law->p[s] : 0.0;
	*log_weight = tok_draw_log_share(&left, law);
	return tok_draw(&left, random);
}
