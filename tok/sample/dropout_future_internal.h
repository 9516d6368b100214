/*
 * dropout_future_internal.h - which merges a piece may still come to, so that states of
 * Hugging Face's queue that differ in nothing to come are one.
 *
 * An entry that is stale does one thing when its turn comes: what stands before it and was
 * dropped is offered again.  So it matters only which merges, of those that are on offer
 * or still may be, stand before it: it is put right behind the last of them, and where
 * there is none it is forgotten.
 */
#ifndef TOK_SAMPLE_DROPOUT_FUTURE_INTERNAL_H
#define TOK_SAMPLE_DROPOUT_FUTURE_INTERNAL_H

#include "tok/sample/dropout_merge_internal.h"

struct tok_future_span;
struct tok_future_join;

struct tok_future {
	struct tok_future_span *spans;     /* what merges of first symbols can make, by beginning */
	struct tok_future_join *joins;     /* how, by beginning */
	size_t *first_spans, *first_joins; /* by beginning, which sinks */
	size_t span_count, span_capacity, join_count, join_capacity;
	size_t *ends;      /* by end: the last span that has it, plus 1 */
	size_t work, most; /* done since the beginning, in words; its limit */
	uint64_t *keys;    /* of the state at hand, rising */
	size_t key_count, key_capacity;
	uint8_t *begins; /* of the state at hand: does a symbol begin there? */
};

/* Of the piece that tok_dropout_start was called for.  Where .work is above `most` it was given
 * up: the pairs that a long piece may come to are as many as its bytes by the square of those of
 * the longest token.  Release it also after a failure, which is that memory is out. */
TOK_MUST_USE bool tok_future_init(struct tok_future *future, const struct tok_dropout *dropout,
				  struct tok_dropout_scratch *scratch, size_t most);
void tok_future_release(struct tok_future *future);

/* Look at a state. */
TOK_MUST_USE bool tok_future_look(struct tok_future *future,
				  const struct tok_dropout_scratch *scratch);

/* Where a stale entry of it is put, or 0: forgotten. */
uint64_t tok_future_place(const struct tok_future *future, uint64_t stale);

#endif
