/*
 * split_vectors.h - a small part of GPT-2's table of pairs, and what the published program
 * makes of documents of it; and room for tables of any pairs, without a tokenizer.
 */
#ifndef TESTS_UNIT_SPLIT_VECTORS_H
#define TESTS_UNIT_SPLIT_VECTORS_H

#include <stdio.h>
#include <stdlib.h>

#include "tok/sample/split.h"
#include "tok/sample/split_table_internal.h"

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

/* A table of `size` ids; `pairs` are {token, left, right}, those of a token side by side. */
static inline struct tok_splits *vector_table(const tok_id pairs[][3], size_t count, size_t size)
{
	struct tok_splits *splits = calloc(1, sizeof *splits);
	if (!splits)
		abort();
	splits->size = size;
	splits->pair_count = count;
	splits->entries = tok_arena_array(&splits->arena, size + 1, sizeof *splits->entries);
	splits->pairs = tok_arena_array(&splits->arena, count + 1, sizeof *splits->pairs);
	if (!splits->entries || !splits->pairs)
		abort();
	for (size_t i = 0; i < count; i++) {
		struct tok_splits_entry *entry = &splits->entries[pairs[i][0]];
		if (!entry->count++) {
			entry->first = (uint32_t)i;
			splits->token_count++;
		}
		splits->pairs[i] = (struct tok_pair){ pairs[i][1], pairs[i][2] };
	}
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
	tok_id(*pairs)[3] = calloc(most, sizeof *pairs);
	size_t count = 0;
	for (tok_id id = 4; id < size; id++) {
		const unsigned length = 31 - (unsigned)__builtin_clz(id);
		for (unsigned left = 1; left < length; left++, count++) {
			const unsigned right = length - left;
			pairs[count][0] = id;
			pairs[count][1] = id >> right;
			pairs[count][2] = 1u << right | (id & ((1u << right) - 1));
		}
	}
	struct tok_splits *splits = vector_table(pairs, count, size);
	free(pairs);
	return splits;
}

#endif
