/*
 * toy_lm.h - a model of a few ids whose rows anybody can work out.
 *
 *	struct toy_lm toy;
 *	toy_init(&toy, (struct tok_lm_info){ .name = "toy", .size = 5, .batch = 4 });
 *	status = toy.base.rows(&toy.base, ...);
 *
 * After a context of n ids that ends in id c (0 if it is empty) id i has a probability in
 * proportion to 1 + (7 i + 3 c + n) mod 5; where .markov_order is 2, n does not count.
 * tests/providers does the same in Python.
 */
#ifndef TESTS_UNIT_TOY_LM_H
#define TESTS_UNIT_TOY_LM_H

#include <math.h>

#include "tok/bytes/model.h"

enum { TOY_SIZE_MAX = 20000 };

struct toy_lm {
	struct tok_lm base;
	struct tok_lm_info info;
	size_t asked; /* rows */
};

static inline void toy_row(const struct tok_lm_info *info, const tok_id *ids, size_t count,
			   double *row)
{
	const size_t last = count > 0 ? ids[count - 1] : 0;
	const size_t n = info->markov_order == 2 ? 0 : count;
	double total = 0;
	for (size_t i = 0; i < info->size; i++)
		total += row[i] = (double)(1 + (7 * i + 3 * last + n) % 5);
	for (size_t i = 0; i < info->size; i++)
		row[i] = log(row[i] / total);
}

/* The best two ids, of equals the first; the rest together. */
static inline void toy_best(const double *row, size_t size, struct tok_lm_row *out)
{
	double rest = 0;
	out->best_count = 2;
	for (size_t k = 0; k < 2; k++) {
		struct tok_lm_top best = { TOK_NO_ID, -INFINITY };
		for (size_t i = 0; i < size; i++)
			if (row[i] > best.log_p && (k == 0 || i != out->best[0].id))
				best = (struct tok_lm_top){ (tok_id)i, row[i] };
		out->best[k] = best;
	}
	for (size_t i = 0; i < size; i++)
		if (i != out->best[0].id && i != out->best[1].id)
			rest += exp(row[i]);
	out->log_rest = log(rest);
}

static inline enum tok_status toy_rows(struct tok_lm *lm, const struct tok_lm_request *requests,
				       size_t count, struct tok_lm_row *out, struct tok_error *err)
{
	static double row[TOY_SIZE_MAX];
	struct toy_lm *toy = (struct toy_lm *)lm;
	for (size_t i = 0; i < count; i++) {
		const struct tok_lm_request *r = &requests[i];
		if (r->count > 0 && r->ids[r->count - 1] == 3)
			return tok_fail(err, TOK_EIO, "nothing comes after 3");
		toy_row(&toy->info, r->ids, r->count, row);
		if (toy->info.top > 0)
			toy_best(row, toy->info.size, &out[i]);
		else
			memcpy(out[i].log_p, row, toy->info.size * sizeof *row);
		toy->asked++;
	}
	return TOK_OK;
}

static inline void toy_free(struct tok_lm *lm)
{
	(void)lm;
}

static inline void toy_init(struct toy_lm *toy, struct tok_lm_info info)
{
	*toy = (struct toy_lm){ .info = info };
	toy->base = (struct tok_lm){ &toy->info, toy_rows, toy_free };
}

#endif
