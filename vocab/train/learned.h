/*
 * learned.h - what every trainer gives, and what all of them are told.
 *
 * A learned vocabulary is plain data: entries in the order of their ids, which
 * begin behind those kept for special tokens, and for BPE the merges with the
 * count that each had when it was chosen.
 */
#ifndef VOCAB_TRAIN_LEARNED_H
#define VOCAB_TRAIN_LEARNED_H

#include <stdatomic.h>

#include "tok/pipe/spec.h"

struct vocab_learned {
	struct tok_arena arena; /* holds everything */
	enum tok_model_kind kind;
	/* Text as the model matches it: raw bytes where words were counted as bytes. */
	struct tok_vocab_entry *entries;
	size_t entry_count;
	struct tok_merge *merges; /* BPE only */
	uint64_t *merge_counts;
	size_t merge_count;
};

TOK_API void vocab_learned_release(struct vocab_learned *learned);

/* How a run is watched and stopped. */
struct vocab_train_control {
	/* Set by anybody: what has been learned so far is the result, valid and smaller,
	 * and `stopped` says so.  Looked at some times a second at least. */
	atomic_bool stop;
	bool stopped;
	size_t threads; /* at least 1; never changes a result */
	void *context;
	/* May be NULL.  Called by one thread, often: it is for the callee to look at the
	 * clock. */
	void (*progress)(void *context, const char *stage, uint64_t done, uint64_t total);
	/* May be NULL.  BPE: called with what there is so far when `checkpoint_due` was
	 * set, which is then cleared; a failure ends the run. */
	enum tok_status (*checkpoint)(void *context, const struct vocab_learned *so_far,
				      struct tok_error *err);
	bool checkpoint_due;
};

#endif
