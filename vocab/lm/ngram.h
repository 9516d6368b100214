/*
 * ngram.h - a model of tokens from counts: interpolated modified Kneser-Ney.
 *
 *	struct vocab_ngram_options o = { .order = 3 };
 *	status = vocab_ngram_train(&o, documents, &control, "m.tlm", &err);
 *	status = vocab_ngram_open("m.tlm", tokenizer, &lm, &err);       // a struct tok_lm, mapped
 *
 *	p(w|h) = max(c(hw) - D(c(hw)), 0) / c(h) + g(h) p(w|h')
 *
 * with D1, D2, D3+ of each order from its counts of counts (.5, 1, 1.5 where one is 0, and
 * said so), continuation counts below the highest order, and below order 1 uniform over all
 * ids and the end.  A document is preceded by beginnings and ends with one end symbol, which is
 * predicted; beginnings are not.  Source: S. Chen, J. Goodman, "An empirical study of
 * smoothing techniques for language modeling" (1998), section 4.
 *
 * Trained like words are counted: n-grams in memory, runs on disk, merged.  The file is one block:
 * header with magic, version, byte order, checksums and the hash of the tokenizer's tokens, then
 * per order the contexts with their back-off and their successors (id, probability), found by
 * binary search in what is mapped.  A row costs its context's successors and those of its
 * back-offs.  Integer counts stay in the file where asked for.
 */
#ifndef VOCAB_LM_NGRAM_H
#define VOCAB_LM_NGRAM_H

#include "tok/bytes/model.h"
#include "tok/pipe/tokenizer.h"
#include "vocab/train/bpe.h"

enum { VOCAB_NGRAM_ORDER_MAX = 5 };

struct vocab_ngram_options {
	unsigned order; /* 1 .. 5 */
	bool keep_counts;
	uint64_t memory_bytes; /* 0: no limit */
	const char *spill_folder;
};

/* Documents, one a call; *count 0 and *ids NULL: no more.  The ids live until the next call. */
typedef enum tok_status vocab_ngram_source(void *context, const tok_id **ids, size_t *count,
					   struct tok_error *err);

TOK_API TOK_MUST_USE enum tok_status
vocab_ngram_train(const struct vocab_ngram_options *options, const struct tok_tokenizer *tokenizer,
		  vocab_ngram_source *source, void *context, struct vocab_train_control *control,
		  const char *path, struct tok_error *err);

/* TOK_EARG where the file is of another tokenizer. */
TOK_API TOK_MUST_USE enum tok_status vocab_ngram_open(const char *path,
						      const struct tok_tokenizer *tokenizer,
						      struct tok_lm **out, struct tok_error *err);

struct vocab_ngram_info {
	unsigned order;
	uint64_t ngrams[VOCAB_NGRAM_ORDER_MAX]; /* of each order */
	double discounts[VOCAB_NGRAM_ORDER_MAX][3];
	bool fallback[VOCAB_NGRAM_ORDER_MAX]; /* discounts were not to be had from the counts */
	uint64_t documents, tokens;
};
TOK_API TOK_MUST_USE enum tok_status vocab_ngram_info(const char *path,
						      struct vocab_ngram_info *out,
						      struct tok_error *err);

/* ARPA (log10; words are ids or bytes with % escapes): read into a .tlm, and written. */
TOK_API TOK_MUST_USE enum tok_status vocab_arpa_read(const char *arpa,
						     const struct tok_tokenizer *tokenizer,
						     const char *path, struct tok_error *err);
TOK_API TOK_MUST_USE enum tok_status vocab_arpa_write(const char *path,
						      const struct tok_tokenizer *tokenizer,
						      struct tok_buffer *out,
						      struct tok_error *err);

#endif
