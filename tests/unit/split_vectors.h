/*
 * split_vectors.h - a small part of GPT-2's table of pairs, and what the published program
 * makes of documents of it; and room for tables of any pairs, without a tokenizer.
 */
#ifndef TESTS_UNIT_SPLIT_VECTORS_H
#define TESTS_UNIT_SPLIT_VECTORS_H

#include <stdio.h>
#include <stdlib.h>

#include "tok/sample/split.h"
#include "tok/sample/splits_internal.h"

struct vector_pair {
	tok_id token, left, right;
};

struct run {
	const tok_id *in, *out;
	size_t in_count, out_count;
	uint64_t seed;
	double proportion;
	uint64_t max_splits;
	enum tok_split_round round;
};

#define VECTOR_COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define RUN(n, seed_, proportion_, max_splits_, round_)                                            \
	{                                                                                          \
		.in = run_##n##_in, .out = run_##n##_out, .in_count = VECTOR_COUNT(run_##n##_in),  \
		.out_count = VECTOR_COUNT(run_##n##_out), .seed = seed_,                           \
		.proportion = proportion_, .max_splits = max_splits_, .round = round_              \
	}

#include "tests/unit/split_table.inc"

/* A table of `size` ids; `pairs` by rising token. */
static inline struct tok_splits *vector_table(const struct vector_pair *pairs, size_t count,
					      size_t size)
{
	struct tok_splits *splits = calloc(1, sizeof *splits);
	uint32_t *starts = calloc(size + 1, sizeof *starts);
	struct tok_pair *list = calloc(count ? count : 1, sizeof *list);
	if (!splits || !starts || !list)
		abort();
	size_t at = 0, tokens = 0;
	for (tok_id id = 0; id < size; id++) {
		tokens += at < count && pairs[at].token == id;
		for (; at < count && pairs[at].token == id; at++)
			list[at] = (struct tok_pair){ pairs[at].left, pairs[at].right };
		starts[id + 1] = (uint32_t)at;
	}
	*splits = (struct tok_splits){ starts, list, size, tokens };
	return splits;
}

static inline struct tok_splits *vector_gpt2(void)
{
	return vector_table(split_pairs, VECTOR_COUNT(split_pairs), 50257);
}

/* Words over two letters: token w is the letters of w without its leading 1, so 2 and 3
 * are the letters, 4 to 7 words of two, and so on up to `letters`; all pairs. */
static inline struct tok_splits *vector_binary(unsigned letters)
{
	const size_t size = (size_t)2 << letters, most = size * letters;
	struct vector_pair *pairs = calloc(most, sizeof *pairs);
	size_t count = 0;
	if (!pairs)
		abort();
	for (tok_id id = 4; id < size; id++) {
		const unsigned length = 31 - (unsigned)__builtin_clz(id);
		for (unsigned left = 1; left < length; left++, count++) {
			const unsigned right = length - left;
			const tok_id rest = 1u << right | (id & ((1u << right) - 1));
			pairs[count] = (struct vector_pair){ id, id >> right, rest };
		}
	}
	struct tok_splits *splits = vector_table(pairs, count, size);
	free(pairs);
	return splits;
}

#endif
