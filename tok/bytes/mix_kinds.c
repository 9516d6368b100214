/* mix_kinds.c - distributions over bytes and the end: made whole, mixed, compared.  Bounds are
 * carried along as sums and products of bounds, and only at the end divided. */
#include <float.h>
#include <math.h>

#include "tok/bytes/mix_internal.h"

static double sum_plain(const struct tok_next_bytes *next)
{
	double sum = next->end;
	for (size_t b = 0; b < 256; b++)
		sum += next->joint[b];
	return sum;
}

double tok_mix_log_whole(const struct tok_next_bytes *next)
{
	const double sum = sum_plain(next);
	double all = -INFINITY;
	if (!tok_is_small(sum))
		return log(sum);
	for (size_t s = 0; s < TOK_MIX_SYMBOLS; s++)
		all = tok_log_add(all, tok_next_log(next, s));
	return all;
}

static double share(double p, double of)
{
	const double share = p * of;
	return share == 0.0 && p > 0.0 && of > 0.0 ? DBL_TRUE_MIN : share;
}

double tok_mix_whole(const struct tok_next_bytes *next, double p[TOK_MIX_SYMBOLS])
{
	const double sum = sum_plain(next);
	memcpy(p, next->joint, sizeof next->joint);
	p[TOK_MIX_END] = next->end;
	for (size_t s = 0; s < TOK_MIX_SYMBOLS; s++)
		if (p[s] > 0.0)
			p[s] = tok_is_small(p[s])
				   ? tok_exp_of(tok_next_log(next, s) - tok_mix_log_whole(next))
				   : p[s] / sum;
	return sum;
}

double tok_mix_law_of(const struct tok_next_bytes *next, struct tok_mix_law *out)
{
	const double whole = tok_mix_whole(next, out->p);
	double low[TOK_MIX_SYMBOLS], high[TOK_MIX_SYMBOLS];
	if (next->known) {
		memcpy(out->low, out->p, sizeof out->low);
		memcpy(out->high, out->p, sizeof out->high);
		return whole;
	}
	memcpy(low, next->low, sizeof next->low);
	memcpy(high, next->high, sizeof next->high);
	low[TOK_MIX_END] = next->end_low;
	high[TOK_MIX_END] = next->end_high;
	tok_mix_divide(low, high, out->low, out->high);
	return whole;
}

/* ---- divergence ---------------------------------------------------------------------- */

static double diverge(double a, double b)
{
	const double middle = 0.5 * (a + b);
	const double of_a = a > 0.0 ? 0.5 * a * log2(a / middle) : 0.0,
		     of_b = b > 0.0 ? 0.5 * b * log2(b / middle) : 0.0;
	return of_a + of_b;
}

double tok_mix_divergence(const double a[TOK_MIX_SYMBOLS], const double b[TOK_MIX_SYMBOLS])
{
	double sum = 0.0;
	for (size_t i = 0; i < TOK_MIX_SYMBOLS; i++)
		sum += diverge(a[i], b[i]);
	return fmin(fmax(sum, 0.0), 1.0);
}

/* What a symbol adds is convex and not below 0, which it is where a and b are the same: it is
 * least where they are as near as they may be, and greatest where they are farthest apart. */
void tok_mix_divergence_bounds(const struct tok_mix_law *a, const struct tok_mix_law *b,
			       double *low, double *high)
{
	double least = 0.0, most = 0.0;
	for (size_t i = 0; i < TOK_MIX_SYMBOLS; i++) {
		if (a->low[i] > b->high[i])
			least += diverge(a->low[i], b->high[i]);
		else if (b->low[i] > a->high[i])
			least += diverge(a->high[i], b->low[i]);
		most += fmax(diverge(a->low[i], b->high[i]), diverge(a->high[i], b->low[i]));
	}
	*low = fmin(fmax(least, 0.0), 1.0);
	*high = fmin(most, 1.0);
}

/* ---- sums --------------------------------------------------------------------------- */

/* What is to be divided by the sum of .p; the true sum lies between low and high. */
struct mixed {
	struct tok_mix_law law;
	double small_logs[TOK_MIX_SYMBOLS]; /* of .p, where that is small */
	double low, high;
};

static void add_weighted(struct mixed *to, const struct tok_mix_law *law, double weight, double low,
			 double high)
{
	for (size_t s = 0; s < TOK_MIX_SYMBOLS; s++) {
		to->law.p[s] += share(law->p[s], weight);
		to->law.low[s] += low * law->low[s];
		to->law.high[s] += share(law->high[s], high);
	}
	to->low += low;
	to->high += high;
}

/* Of sums: the members' logarithms, and those of their weights. */
static void add_small_logs(const struct tok_mix *mix, const double *log_weights, struct mixed *to)
{
	for (size_t s = 0; s < TOK_MIX_SYMBOLS; s++) {
		struct tok_log_sum sum = tok_log_sum_none();
		if (!tok_is_small(to->law.p[s]) || to->law.p[s] == 0.0)
			continue;
		for (size_t i = 0; i < mix->count; i++)
			if (log_weights[i] > -INFINITY)
				tok_log_sum_add(&sum, log_weights[i] +
							  tok_mix_logs_of(&mix->members[i], s).p);
		to->small_logs[s] = tok_log_sum_of(&sum);
	}
}

/* Whoever has nothing to say about bytes or the end is not heard this time. */
static bool speaks(const struct tok_mix_member *m)
{
	return m->used && (m->whole > 0.0 || !m->known);
}

static bool mix_linear(const struct tok_mix *mix, struct mixed *to, double *weights)
{
	double sum = 0.0, log_weights[TOK_MIX_MOST];
	for (size_t i = 0; i < mix->count; i++)
		if (speaks(&mix->members[i]))
			sum += weights[i] = mix->members[i].weight;
	for (size_t i = 0; i < mix->count; i++) {
		log_weights[i] = log(weights[i]) - log(sum);
		if (weights[i] == 0.0)
			continue;
		const struct tok_mix_member *m = &mix->members[i];
		weights[i] /= sum;
		add_weighted(to, &m->next, weights[i], m->certain ? weights[i] : 0.0, weights[i]);
	}
	add_small_logs(mix, log_weights, to);
	return sum > 0.0;
}

static bool mix_bayes(const struct tok_mix *mix, struct mixed *to, double *weights)
{
	double most = -INFINITY, sum = 0.0, log_weights[TOK_MIX_MOST];
	for (size_t i = 0; i < mix->count; i++)
		if (speaks(&mix->members[i]))
			most = fmax(most, mix->members[i].log_p);
	if (most == -INFINITY)
		return false;
	for (size_t i = 0; i < mix->count; i++) {
		const struct tok_mix_member *m = &mix->members[i];
		log_weights[i] = speaks(m) ? m->log_p - most : -INFINITY;
		if (!speaks(m))
			continue;
		sum += weights[i] = tok_exp_of(m->log_p - most);
		add_weighted(to, &m->next, weights[i], m->certain ? exp(m->log_low - most) : 0.0,
			     tok_exp_of(m->log_high - most));
	}
	for (size_t i = 0; i < mix->count; i++)
		weights[i] /= sum;
	add_small_logs(mix, log_weights, to);
	return true;
}

void tok_mix_sum_bounds(const struct tok_mix *mix, double *low, double *high)
{
	double most = -INFINITY, sum_low = 0.0, sum_high = 0.0;
	for (size_t i = 0; i < mix->count; i++)
		if (mix->members[i].used)
			most = fmax(most, mix->members[i].log_high);
	for (size_t i = 0; i < mix->count && most > -INFINITY; i++) {
		const struct tok_mix_member *m = &mix->members[i];
		sum_low += m->used ? exp(m->log_low - most) : 0.0;
		sum_high += m->used ? exp(m->log_high - most) : 0.0;
	}
	*low = mix->origin + most + log(sum_low);
	*high = mix->origin + most + log(sum_high);
}

/* ---- products ------------------------------------------------------------------------ */

struct tok_mix_logs tok_mix_logs_of(const struct tok_mix_member *m, size_t s)
{
	const double low = m->next.low[s], log_p = tok_log_of(m->next.p[s], m->small_logs[s]);
	if (m->known)
		return (struct tok_mix_logs){ log_p, log_p, log_p };
	return (struct tok_mix_logs){ log_p, tok_is_small(low) ? -INFINITY : log(low),
				      log(m->next.high[s]) };
}

/* Of whatever else it is a product: 0 stays 0. */
static void multiply(double *to, double log_p, double power)
{
	if (*to > -INFINITY)
		*to = log_p > -INFINITY ? *to + power * log_p : -INFINITY;
}

/* Logarithms of products of the members' p, low and high of each symbol. */
struct products {
	double p[TOK_MIX_SYMBOLS], low[TOK_MIX_SYMBOLS], high[TOK_MIX_SYMBOLS];
};

/* A quotient is low where what it is divided by is high; where that may be 0 without having to, it
 * may be 0, being impossible, or without bound. */
static void multiply_law(struct products *to, const struct tok_mix_member *m)
{
	const bool divides = m->weight < 0.0;
	for (size_t s = 0; s < TOK_MIX_SYMBOLS; s++) {
		const struct tok_mix_logs logs = tok_mix_logs_of(m, s);
		const bool open = divides && logs.low == -INFINITY;
		multiply(&to->p[s], logs.p, m->weight);
		multiply(&to->low[s], divides && !open ? logs.high : logs.low, m->weight);
		if (open && logs.high > -INFINITY && to->high[s] > -INFINITY)
			to->high[s] = INFINITY;
		else
			multiply(&to->high[s], divides ? logs.low : logs.high, m->weight);
	}
}

static bool mix_products(const struct tok_mix *mix, struct mixed *to, double *weights)
{
	struct products products = { 0 };
	double most = -INFINITY;
	for (size_t i = 0; i < mix->count; i++) {
		const struct tok_mix_member *m = &mix->members[i];
		weights[i] = m->weight;
		if (m->used)
			multiply_law(&products, m);
	}
	for (size_t s = 0; s < TOK_MIX_SYMBOLS; s++)
		most = fmax(most, products.p[s]);
	if (most == -INFINITY)
		return false;
	for (size_t s = 0; s < TOK_MIX_SYMBOLS; s++) {
		to->law.p[s] = tok_exp_of(products.p[s] - most);
		to->law.low[s] = exp(products.low[s] - most);
		to->law.high[s] = tok_exp_of(products.high[s] - most);
		to->small_logs[s] = products.p[s] - most;
	}
	to->high = INFINITY; /* nothing but the symbols tells what they are together */
	return true;
}

/* ---- whole ------------------------------------------------------------------------------ */

static double sum_but(const double *numbers, size_t left_out)
{
	double sum = 0.0;
	for (size_t s = 0; s < TOK_MIX_SYMBOLS; s++)
		if (s != left_out)
			sum += numbers[s];
	return sum;
}

/* a / (a + b); `unknown` where that cannot be told because one of them is infinite. */
static double share_of(double a, double b, double unknown)
{
	if (a <= 0.0)
		return 0.0;
	return a < INFINITY && b < INFINITY ? a / (a + b) : unknown;
}

void tok_mix_divide(const double *low, const double *high, double *out_low, double *out_high)
{
	for (size_t s = 0; s < TOK_MIX_SYMBOLS; s++) {
		out_low[s] = share_of(low[s], sum_but(high, s), 0.0);
		out_high[s] = share_of(high[s], sum_but(low, s), 1.0);
	}
}

static void bound(const struct mixed *from, struct tok_mix_next *out)
{
	tok_mix_divide(from->law.low, from->law.high, out->low, out->high);
	for (size_t s = 0; s < TOK_MIX_SYMBOLS; s++) {
		if (from->high < INFINITY)
			out->low[s] = fmax(out->low[s], from->law.low[s] / from->high);
		if (from->low > 0.0)
			out->high[s] = fmin(out->high[s], from->law.high[s] / from->low);
		out->low[s] = fmin(out->low[s], out->p[s]); /* by a rounding */
		out->high[s] = fmax(out->high[s], out->p[s]);
	}
}

/* The share that a symbol has of the sum. */
static void write_share(const struct mixed *from, size_t s, double sum, struct tok_mix_next *out)
{
	const double p = from->law.p[s];
	out->p[s] = p > 0.0 ? fmax(p / sum, DBL_TRUE_MIN) : 0.0;
	out->low[s] = out->high[s] = out->p[s];
	if (p > 0.0 && tok_is_small(out->p[s]))
		out->small_logs[s] = tok_log_of(p, from->small_logs[s]) - log(sum);
}

bool tok_mix_combine(const struct tok_mix *mix, struct tok_mix_next *out)
{
	struct mixed mixed = { 0 };
	double *weights = out->weights;
	bool possible = false;
	memset(out->weights, 0, sizeof out->weights);
	switch (mix->kind) {
	case TOK_MIX_LINEAR:
		possible = mix_linear(mix, &mixed, weights);
		break;
	case TOK_MIX_BAYES:
		possible = mix_bayes(mix, &mixed, weights);
		break;
	case TOK_MIX_GEOMETRIC:
	case TOK_MIX_PROXY:
		possible = mix_products(mix, &mixed, weights);
		break;
	}
	const double sum = sum_but(mixed.law.p, TOK_MIX_SYMBOLS);
	if (!possible || !(sum > 0.0))
		return false;
	out->exact = out->known = true;
	for (size_t i = 0; i < mix->count; i++) {
		out->exact &= mix->members[i].exact || !mix->members[i].used;
		out->known &= mix->members[i].known || !mix->members[i].used;
	}
	for (size_t s = 0; s < TOK_MIX_SYMBOLS; s++)
		write_share(&mixed, s, sum, out);
	if (!out->known)
		bound(&mixed, out);
	for (size_t s = 0; !out->exact && s < TOK_MIX_SYMBOLS; s++)
		if (out->known)
			tok_hold_small(&out->low[s], &out->high[s]);
	return true;
}
