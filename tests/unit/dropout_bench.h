/* dropout_bench.h - distributions of small models, and whether draws are of one: for
 * test_dropout*.c. */
#ifndef TESTS_UNIT_DROPOUT_BENCH_H
#define TESTS_UNIT_DROPOUT_BENCH_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/plain_dropout.h"

enum { OUTCOMES_MAX = 4096, OUTCOME_IDS = 64 };

static const enum tok_sample_method dropout_methods[] = {
	TOK_SAMPLE_BPE_DROPOUT,
	TOK_SAMPLE_BPE_DROPOUT_HF,
	TOK_SAMPLE_BPE_DROPOUT_SP,
};

/* (cmocka compares as float.) */
#define assert_near(found, wanted, most) assert_true(fabs((found) - (wanted)) <= (most))

struct distribution {
	tok_id ids[OUTCOMES_MAX][OUTCOME_IDS];
	size_t lengths[OUTCOMES_MAX];
	double probabilities[OUTCOMES_MAX];
	size_t counts[OUTCOMES_MAX]; /* of the draws */
	size_t count, draws, strangers;
};

static inline size_t find_outcome(const struct distribution *d, const tok_id *ids, size_t count)
{
	size_t i = 0;
	while (i < d->count && (d->lengths[i] != count ||
				(count && memcmp(d->ids[i], ids, count * sizeof *ids) != 0)))
		i++;
	return i;
}

static inline enum tok_status add_outcome(void *context, const tok_id *ids, size_t count,
					  double log_probability, struct tok_error *err)
{
	struct distribution *d = context;
	(void)err;
	assert_true(d->count < OUTCOMES_MAX && count <= OUTCOME_IDS);
	assert_int_equal(find_outcome(d, ids, count), d->count); /* each once */
	if (count)
		memcpy(d->ids[d->count], ids, count * sizeof *ids);
	d->lengths[d->count] = count;
	d->counts[d->count] = 0;
	d->probabilities[d->count++] = exp(log_probability);
	return TOK_OK;
}

static inline struct tok_range all_of(struct tok_span text)
{
	return (struct tok_range){ 0, (uint32_t)text.count };
}

static inline enum tok_status find_exact(const struct tok_dropout *dropout,
					 struct tok_dropout_scratch *scratch, struct tok_span text,
					 size_t limit, struct distribution *out,
					 struct tok_error *err)
{
	out->count = out->draws = out->strangers = 0;
	return tok_dropout_exact(dropout, scratch, text, all_of(text), limit, add_outcome, out,
				 err);
}

static inline void count_draw(struct distribution *d, const struct tok_tokens *tokens)
{
	const size_t at = find_outcome(d, tokens->ids, tokens->count);
	if (at < d->count)
		d->counts[at]++;
	else
		d->strangers++;
	d->draws++;
}

/* How likely draws from the distribution are to be as far from it as these: chi-square,
 * rare outcomes together, by Wilson and Hilferty's approximation. */
static inline double chi_square(const struct distribution *d)
{
	double sum = 0, rare = 0, rare_counted = 0;
	int cells = 0;
	if (d->strangers)
		return 0;
	for (size_t i = 0; i < d->count; i++) {
		const double expected = d->probabilities[i] * (double)d->draws;
		const double counted = (double)d->counts[i];
		if (expected < 8) {
			rare += expected;
			rare_counted += counted;
			continue;
		}
		sum += (counted - expected) * (counted - expected) / expected;
		cells++;
	}
	if (rare >= 1) {
		sum += (rare_counted - rare) * (rare_counted - rare) / rare;
		cells++;
	}
	if (cells < 2)
		return 1;
	const double k = cells - 1;
	const double z = (cbrt(sum / k) - (1 - 2 / (9 * k))) / sqrt(2 / (9 * k));
	return erfc(z / sqrt(2)) / 2;
}

static inline double expected_length(const struct distribution *d)
{
	double sum = 0;
	for (size_t i = 0; i < d->count; i++)
		sum += d->probabilities[i] * (double)d->lengths[i];
	return sum;
}

static inline double total_probability(const struct distribution *d)
{
	double sum = 0;
	for (size_t i = 0; i < d->count; i++)
		sum += d->probabilities[i];
	return sum;
}

#endif
