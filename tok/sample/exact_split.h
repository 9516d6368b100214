/*
 * exact_split.h - every sequence that splitting a short one can give, with its
 * probability.
 *
 *	status = tok_split_exact(splits, &options, ids, count, 65536, &list, &err);
 *	for (size_t i = 0; i < list.count; i++)
 *		show(list.items[i].ids, list.items[i].count, list.items[i].probability);
 *	tok_split_outcomes_release(&list);
 *
 * For people who look at a word, and for tests: the number of sequences grows fast with
 * the attempts.
 */
#ifndef TOK_SAMPLE_EXACT_SPLIT_H
#define TOK_SAMPLE_EXACT_SPLIT_H

#include "tok/sample/split.h"

struct tok_split_outcome {
	const tok_id *ids;
	size_t count;
	double probability;
};

struct tok_split_outcomes {
	/* Most probable first, those that agree to 7 digits in the order of their ids. */
	struct tok_split_outcome *items;
	size_t count;
	struct tok_arena arena; /* of all of it */
};

/* TOK_ELIMIT where there are more than `limit` sequences at any step, or they have more than
 * 2^24 ids in all, TOK_EARG where the options are wrong; .seed and .generator are not looked at.
 * Release the result. */
TOK_API TOK_MUST_USE enum tok_status tok_split_exact(const struct tok_splits *splits,
						     const struct tok_split_options *options,
						     const tok_id *ids, size_t count, size_t limit,
						     struct tok_split_outcomes *out,
						     struct tok_error *err);
TOK_API void tok_split_outcomes_release(struct tok_split_outcomes *outcomes);

#endif
