/*
 * Let B take the tokens that can be split to what they are split into: an element is how
 * often t is in the pairs of u, divided by their number.  Generation 0 is the document,
 * generation g + 1 is B of the part of generation g that can be split.  Since each leaf
 * of it waits for its clock as long as any other, the number of leaves of generation g at
 * time s is
 *
 *	v_g pois(g, s)        of a token that can be split,
 *	v_g tail(g, s)        of one that cannot, where it stays for good,
 *
 * with pois(g, s) = e^-s s^g / g! and tail(g, s) the probability that a Poisson number of
 * mean s is g or more.  So v_g tail(g + 1, s) of the former have been split by s, and each
 * split is one leaf more.  The attempts made by s are the integral over all leaves, with
 * the integral of tail(g, .) being s tail(g, s) - g tail(g + 1, s).  They grow with s and
 * curve upwards, so that Newton's method finds the s of the attempts asked for from above
 * without fail.
 */
#include "tok/sample/predict.h"

#include <math.h>
#include <stdlib.h>

/* s is at most the proportion, since no leaf is ever lost: so many generations hold all
 * but 1e-20 of a Poisson number, and what is further does not count. */
static size_t count_generations(double proportion)
{
	return (size_t)(proportion + 12 * sqrt(proportion)) + 64;
}

struct prediction {
	const struct tok_splits *splits;
	size_t size;         /* ids */
	size_t generations;  /* with anything in them */
	double before;       /* leaves of generation 0 */
	double *splitting;   /* leaves of each that can be split */
	double *pois, *tail; /* of as many, and one, or two, more */
	double *from, *to;   /* of each id: a generation, the next */
	struct tok_arena arena;
};

/* ---- generations --------------------------------------------------------------------- */

static void start_generations(struct prediction *p, const uint64_t *counts)
{
	for (size_t id = 0; id < p->size; id++)
		p->from[id] = (double)counts[id];
}

/* The next generation from this one, which is emptied; the two change places. */
static void step_generation(struct prediction *p)
{
	for (size_t id = 0; id < p->size; id++) {
		const struct tok_pair *pairs;
		const double leaves = p->from[id];
		if (leaves == 0)
			continue;
		p->from[id] = 0;
		const size_t count = tok_splits_of(p->splits, (tok_id)id, &pairs);
		const double share = count ? leaves / (double)count : 0;
		for (size_t i = 0; i < count; i++) {
			p->to[pairs[i].left] += share;
			p->to[pairs[i].right] += share;
		}
	}
	double *swap = p->from;
	p->from = p->to;
	p->to = swap;
}

/* How many leaves of this generation can be split. */
static double count_splitting(const struct prediction *p)
{
	double leaves = 0;
	for (size_t id = 0; id < p->size; id++) {
		const struct tok_pair *pairs;
		if (p->from[id] != 0 && tok_splits_of(p->splits, (tok_id)id, &pairs))
			leaves += p->from[id];
	}
	return leaves;
}

static void sum_generations(struct prediction *p, const uint64_t *counts, size_t most)
{
	start_generations(p, counts);
	for (size_t id = 0; id < p->size; id++)
		p->before += p->from[id];
	for (size_t g = 0; g < most; g++) {
		p->splitting[g] = count_splitting(p);
		p->generations = g + 1;
		if (p->splitting[g] == 0)
			break;
		step_generation(p);
	}
}

/* ---- the time at which so many attempts are made --------------------------------------- */

/* Tails are summed from their small end, so that small ones are right, too. */
static void fill_poisson(struct prediction *p, double s)
{
	const size_t count = p->generations + 1; /* tails: one more */
	double log_term = -s, beyond = 0;        /* of the probability of g; of those not kept */
	for (size_t g = 0; g < count; g++) {
		p->pois[g] = exp(log_term);
		log_term += log(s) - log((double)g + 1);
	}
	for (size_t g = count; g < count + 64 + count_generations(s); g++) {
		beyond += exp(log_term);
		log_term += log(s) - log((double)g + 1);
	}
	p->tail[count] = beyond;
	for (size_t g = count; g-- > 1;)
		p->tail[g] = p->tail[g + 1] + p->pois[g];
	p->tail[0] = 1;
}

static double count_splits(const struct prediction *p)
{
	double splits = 0;
	for (size_t g = 0; g < p->generations; g++)
		splits += p->splitting[g] * p->tail[g + 1];
	return splits;
}

static double count_attempts(const struct prediction *p, double s)
{
	double attempts = p->before * s;
	for (size_t g = 0; g < p->generations; g++)
		attempts +=
		    p->splitting[g] * (s * p->tail[g + 1] - (double)(g + 1) * p->tail[g + 2]);
	return attempts;
}

/* fill_poisson is done for the time at which so many attempts are made. */
static void find_time(struct prediction *p, double proportion, double attempts)
{
	double s = proportion;
	for (int i = 0; i < 100; i++) {
		fill_poisson(p, s);
		const double less =
		    (count_attempts(p, s) - attempts) / (p->before + count_splits(p));
		if (!(less > s * 1e-14))
			break;
		s -= less;
	}
}

/* ---- all of it ----------------------------------------------------------------------- */

static bool set_up(struct prediction *p, size_t most)
{
	double **arrays[] = { &p->splitting, &p->pois, &p->tail };
	for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++)
		if (!(*arrays[i] = tok_arena_array(&p->arena, most + 2, sizeof(double))))
			return false;
	p->from = tok_arena_array(&p->arena, p->size, sizeof *p->from);
	p->to = tok_arena_array(&p->arena, p->size, sizeof *p->to);
	return p->from && p->to;
}

/* The number of each token at the time that fill_poisson was done for: the generations
 * once more, since all of them together would be too many to keep. */
static void count_tokens(struct prediction *p, const uint64_t *counts, double *out)
{
	for (size_t id = 0; id < p->size; id++)
		p->to[id] = 0;
	start_generations(p, counts);
	for (size_t g = 0; g < p->generations; g++) {
		for (size_t id = 0; id < p->size; id++) {
			const struct tok_pair *pairs;
			if (p->from[id] == 0)
				continue;
			const bool splits = tok_splits_of(p->splits, (tok_id)id, &pairs) != 0;
			out[id] += p->from[id] * (splits ? p->pois[g] : p->tail[g]);
		}
		step_generation(p);
	}
}

static void predict(struct prediction *p, const uint64_t *counts, double proportion, size_t most,
		    struct tok_prediction *out)
{
	sum_generations(p, counts, most);
	const double attempts = p->before * proportion;
	if (attempts == 0) {
		for (size_t id = 0; id < p->size; id++)
			out->token_counts[id] = (double)counts[id];
		out->length_ratio = 1;
		return;
	}
	find_time(p, proportion, attempts);
	const double splits = count_splits(p);
	count_tokens(p, counts, out->token_counts);
	out->length_ratio = 1 + splits / p->before;
	out->success_rate = splits / attempts;
}

enum tok_status tok_predict(const struct tok_splits *splits, const uint64_t *counts,
			    double proportion, struct tok_prediction *out, struct tok_error *err)
{
	struct prediction p = { .splits = splits, .size = tok_splits_size(splits) };
	if (!(proportion >= 0 && proportion <= TOK_PREDICT_PROPORTION_MAX))
		return tok_fail(err, TOK_EARG,
				"the proportion of attempts must be from 0 to %g, not %g",
				TOK_PREDICT_PROPORTION_MAX, proportion);
	const size_t most = count_generations(proportion);
	struct tok_prediction made = { 0 };
	enum tok_status status = TOK_OK;
	made.token_counts = calloc(p.size ? p.size : 1, sizeof *made.token_counts);
	if (!made.token_counts || !set_up(&p, most)) {
		free(made.token_counts);
		status = tok_fail_memory(err);
	} else {
		predict(&p, counts, proportion, most, &made);
		*out = made;
	}
	tok_arena_release(&p.arena);
	return status;
}

void tok_prediction_release(struct tok_prediction *prediction)
{
	free(prediction->token_counts);
	*prediction = (struct tok_prediction){ 0 };
}
