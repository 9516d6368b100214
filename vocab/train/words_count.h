/*
 * words_count.h - count the words of texts, in bounded memory.
 *
 *	struct vocab_counter *c;             // one a thread
 *	status = vocab_counter_new(&options, &c, &err);
 *	status = vocab_counter_add(c, text, words, count, &err);
 *	...
 *	struct vocab_word_stream *stream;    // all threads' words, in order
 *	status = vocab_counted_new(counters, count, recipe, &counted, &err);
 *	... vocab_words_next(vocab_counted_stream(counted), ...)
 *	vocab_counted_free(counted);
 *
 * When a counter's table reaches its share of memory, its words are sorted and
 * written to a file of its own without a name in `spill_folder` (a run); in the end
 * runs and tables are merged.  Neither the number of threads nor of runs changes
 * what comes out.
 */
#ifndef VOCAB_TRAIN_WORDS_COUNT_H
#define VOCAB_TRAIN_WORDS_COUNT_H

#include <stddef.h>

#include "vocab/train/words.h"

struct vocab_counter;

struct vocab_counter_options {
	size_t memory_bytes;      /* of this counter; 0: no limit; less than 1 MiB is 1 MiB */
	const char *spill_folder; /* where runs go; used only with a limit */
};

TOK_API TOK_MUST_USE enum tok_status vocab_counter_new(const struct vocab_counter_options *options,
						       struct vocab_counter **out,
						       struct tok_error *err);
TOK_API void vocab_counter_free(struct vocab_counter *counter);

/* Add `words`, ranges of `text`, once each. */
TOK_API TOK_MUST_USE enum tok_status vocab_counter_add(struct vocab_counter *counter,
						       struct tok_span text,
						       const struct tok_range *words, size_t count,
						       struct tok_error *err);

/* Add one word `times` times: who has counts already. */
TOK_API TOK_MUST_USE enum tok_status vocab_counter_add_count(struct vocab_counter *counter,
							     struct tok_span word, uint64_t times,
							     struct tok_error *err);

/* Words in memory that differ: all, as long as nothing was written to a run. */
TOK_API size_t vocab_counter_size(struct vocab_counter *counter);

/* What the totals say besides words. */
TOK_API void vocab_counter_add_text(struct vocab_counter *counter, uint64_t documents,
				    uint64_t bytes);

/* Sort what is in memory now, in the thread that calls; nothing is added afterwards.
 * Otherwise vocab_counted_new does it, one counter after the other. */
TOK_API TOK_MUST_USE enum tok_status vocab_counter_seal(struct vocab_counter *counter,
							struct tok_error *err);

struct vocab_counted;

/* Sorts and merges what the counters hold; they are used up and may only be freed,
 * after `out`.  `count` is at least 1; `recipe` is borrowed. */
TOK_API TOK_MUST_USE enum tok_status vocab_counted_new(struct vocab_counter *const *counters,
						       size_t count, struct tok_span recipe,
						       struct vocab_counted **out,
						       struct tok_error *err);
TOK_API struct vocab_word_stream *vocab_counted_stream(struct vocab_counted *counted);
TOK_API void vocab_counted_free(struct vocab_counted *counted);

#endif
