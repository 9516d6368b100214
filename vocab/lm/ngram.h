/*
 * ngram.h - a model of tokens from counts: interpolated modified Kneser-Ney.
 *
 *	struct vocab_ngram_options o = { .order = 3, .spill_folder = "/tmp" };
 *	status = vocab_ngram_train(&o, tokenizer, documents, context, &control, "m.tlm", &err);
 *	status = vocab_ngram_open("m.tlm", tokenizer, &lm, &err);       // a struct tok_lm, mapped
 *	lm->free(lm);
 *
 *	p(w|h) = max(c(hw) - D(c(hw)), 0) / c(h) + g(h) p(w|h')
 *
 * with D1, D2, D3+ of each order from its counts of counts; .5, 1, 1.5, and said so, where one of
 * the first four is 0 or a discount would lie outside of 0 .. its count.  Below the highest order
 * counts are how many tokens were seen in front (continuation counts); below order 1 all ids
 * and the end are alike.  Source: S. Chen, J. Goodman, "An empirical study of smoothing
 * techniques for language modeling" (1998), section 4.
 *
 * A document is preceded by one beginning and followed by one end, as SRILM and KenLM do it: the
 * end is predicted, the beginning is not.  What begins with the beginning has nothing in
 * front, so its count is the plain one in every order.
 *
 * Ids of a row are those of the tokenizer and one more, the end, which is the model's only eos.
 * There are no start ids: a context with fewer ids than order - 1 is the beginning of a document.
 * Rows sum to one within 1e-12.
 *
 * Training takes memory_bytes and not much more, whatever the text: n-grams are sorted in
 * memory, written as runs to files without names, and merged.  The result depends on the
 * documents only.  The file is mapped and used where it lies (ngram_internal.h); numbers are
 * those of the machine that wrote it.
 */
#ifndef VOCAB_LM_NGRAM_H
#define VOCAB_LM_NGRAM_H

#include "tok/bytes/model.h"
#include "tok/pipe/tokenizer.h"
#include "vocab/train/learned.h"

enum { VOCAB_NGRAM_ORDER_MAX = 5 };

struct vocab_ngram_options {
	unsigned order;           /* 1 .. 5 */
	bool keep_counts;         /* in the file, for whoever computes them again */
	uint64_t memory_bytes;    /* 0: 768 MiB; less than 1 MiB is 1 MiB */
	const char *spill_folder; /* some 60 bytes a token for a time */
};

/* Documents, one a call; *ids NULL: no more.  The ids live until the next call. */
typedef enum tok_status vocab_ngram_source(void *context, const tok_id **ids, size_t *count,
					   struct tok_error *err);

/* Write a model of the documents to `path`, which is there whole or not at all.  TOK_EARG for an id
 * that the tokenizer does not have.  `control` may be NULL; when it is stopped, the model is of the
 * documents until then. */
TOK_API TOK_MUST_USE enum tok_status vocab_ngram_train(const struct vocab_ngram_options *options,
						       const struct tok_tokenizer *tokenizer,
						       vocab_ngram_source *source, void *context,
						       struct vocab_train_control *control,
						       const char *path, struct tok_error *err);

/* The same for who has documents to give, and cannot be asked for them:
 *
 *	status = vocab_ngram_trainer_new(&o, tokenizer, &control, &trainer, &err);
 *	status = vocab_ngram_trainer_add(trainer, ids, count, true, &err);      // often
 *	status = vocab_ngram_trainer_write(trainer, "m.tlm", &err);             // once
 *	vocab_ngram_trainer_free(trainer);
 *
 * `control` may be NULL; only its progress is looked at. */
struct vocab_ngram_trainer;
TOK_API TOK_MUST_USE enum tok_status
vocab_ngram_trainer_new(const struct vocab_ngram_options *options,
			const struct tok_tokenizer *tokenizer, struct vocab_train_control *control,
			struct vocab_ngram_trainer **out, struct tok_error *err);
TOK_API void vocab_ngram_trainer_free(struct vocab_ngram_trainer *trainer);

/* A document, or with `last` false a part of one.  After a failure there is nothing to be made of
 * it all. */
TOK_API TOK_MUST_USE enum tok_status vocab_ngram_trainer_add(struct vocab_ngram_trainer *trainer,
							     const tok_id *ids, size_t count,
							     bool last, struct tok_error *err);

/* The current document, if there is one, ends here without an end: the rest of it was lost. */
TOK_API void vocab_ngram_trainer_cut(struct vocab_ngram_trainer *trainer);

TOK_API TOK_MUST_USE enum tok_status vocab_ngram_trainer_write(struct vocab_ngram_trainer *trainer,
							       const char *path,
							       struct tok_error *err);

/* TOK_EARG where the file is of another tokenizer; TOK_EFORMAT where it is damaged, or no
 * model.  The file's tables are read once for their checksum. */
TOK_API TOK_MUST_USE enum tok_status vocab_ngram_open(const char *path,
						      const struct tok_tokenizer *tokenizer,
						      struct tok_lm **out, struct tok_error *err);

struct vocab_ngram_info {
	unsigned order;
	size_t size; /* numbers in a row: ids of the tokenizer and the end */
	uint64_t ngrams[VOCAB_NGRAM_ORDER_MAX]; /* that were seen, of each order */
	double discounts[VOCAB_NGRAM_ORDER_MAX][3];
	bool fallback[VOCAB_NGRAM_ORDER_MAX]; /* discounts were not to be had from the counts */
	bool has_counts;
	uint64_t documents, tokens; /* trained on, without ends; 0, 0 from ARPA */
};
TOK_API TOK_MUST_USE enum tok_status
vocab_ngram_info(const char *path, struct vocab_ngram_info *out, struct tok_error *err);

/* ---- ARPA: logarithms to base 10, with tabs ----
 *
 * Words are ids in decimal, or texts of tokens as their file writes them: bytes outside of '!' ..
 * '~', '%' and '<' as %XX, and %#ID for an id that cannot be told by its text.  <s> is the
 * beginning,
 * </s> the end, <unk> what is not in the file. */

struct vocab_arpa_options {
	bool texts;      /* words are texts, not ids */
	bool spread_unk; /* reading: <unk>'s share goes to all ids that are missing, in equal
			    parts; else it is dropped, and the rows are made whole without it */
};

/* What reading did that somebody should know. */
struct vocab_arpa_report {
	uint64_t renormalised; /* rows whose sum was further than 1e-9 from one */
	double worst;          /* the greatest such distance */
	double unk;            /* what <unk> had */
	uint64_t missing;      /* ids without a unigram */
};

/* Read `text` into a model file at `path`.  TOK_EFORMAT, with the line, for what is no ARPA;
 * TOK_EARG for words that the tokenizer does not have. */
TOK_API TOK_MUST_USE enum tok_status
vocab_arpa_read(struct tok_span text, const struct vocab_arpa_options *options,
		const struct tok_tokenizer *tokenizer, const char *path,
		struct vocab_arpa_report *report, struct tok_error *err);

/* Gets the file, piece by piece. */
typedef enum tok_status vocab_arpa_sink(void *context, struct tok_span text, struct tok_error *err);

/* Write the model at `path` as ARPA, with twelve digits. */
TOK_API TOK_MUST_USE enum tok_status vocab_arpa_write(const char *path,
						      const struct vocab_arpa_options *options,
						      const struct tok_tokenizer *tokenizer,
						      vocab_arpa_sink *sink, void *context,
						      struct tok_error *err);

#endif
