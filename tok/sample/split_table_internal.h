/*
 * split_table_internal.h - the table of pairs as it lies in memory, for loops that cannot
 * afford a call for each look-up.
 */
#ifndef TOK_SAMPLE_SPLIT_TABLE_INTERNAL_H
#define TOK_SAMPLE_SPLIT_TABLE_INTERNAL_H

#include "tok/sample/splits.h"

/* The pairs of a token: `count` of them from `first` on. */
struct tok_splits_entry {
	uint32_t first, count;
};

struct tok_splits {
	struct tok_splits_entry *entries; /* by id; one more, of no pairs, at the end */
	struct tok_pair *pairs;           /* one more, that may be read but means nothing */
	size_t size, token_count, pair_count;
	struct tok_arena arena; /* of all of it */
};

/* Of an id that the tokenizer does not have: no pairs. */
static inline struct tok_splits_entry tok_splits_entry_of(const struct tok_splits *splits,
							  tok_id id)
{
	return splits->entries[id < splits->size ? id : splits->size];
}

#endif
