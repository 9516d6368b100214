/*
 * similarity.h - how alike two tokenizers are: their tokens as bytes, and what they make of texts.
 *
 *	struct vocab_audit_similarity s;
 *	status = vocab_audit_similarity_new(a, b, &work, &err);
 *	status = vocab_audit_similarity_line(work, line, &err);	// as many as there are
 *	vocab_audit_similarity_measure(work, &s);
 *	vocab_audit_similarity_free(work);
 *
 * One a thread; what several counted is added together.  Words are what stands between white space.
 * A word is cut alike if the same cuts (cuts.h) lie inside it.  Whether the space between two words
 * is a token, or belongs to the first or the second of them, is no difference: cuts at its two ends
 * and inside it are one.
 */
#ifndef VOCAB_AUDIT_SIMILARITY_H
#define VOCAB_AUDIT_SIMILARITY_H

#include "tok/pipe/encoder.h"

struct vocab_audit_similarity {
	double jaccard;     /* of the sets of tokens as bytes, special ones left out */
	double same_id;     /* of tokens in both, those with the same id in both */
	double same_words;  /* share of running words that both cut alike */
	double boundary_f1; /* of cuts inside lines, by byte offset */
};

/* The tokens of a vocabulary in the order of their bytes: who compares many sorts each once.
 * Borrows the tokenizer; shared by threads. */
struct vocab_audit_sorted;
TOK_API TOK_MUST_USE enum tok_status vocab_audit_sorted_new(const struct tok_tokenizer *tokenizer,
							    struct vocab_audit_sorted **out,
							    struct tok_error *err);
TOK_API void vocab_audit_sorted_free(struct vocab_audit_sorted *sorted);

struct vocab_audit_similarity_work;

/* Of vocabularies that are sorted, which are not needed afterwards, and of lines of which the cuts
 * are known: vocab_audit_similarity_line is not for it. */
TOK_API TOK_MUST_USE enum tok_status
vocab_audit_similarity_of(const struct vocab_audit_sorted *a, const struct vocab_audit_sorted *b,
			  struct vocab_audit_similarity_work **out, struct tok_error *err);
TOK_API TOK_MUST_USE enum tok_status
vocab_audit_similarity_new(const struct tok_tokenizer *a, const struct tok_tokenizer *b,
			   struct vocab_audit_similarity_work **out, struct tok_error *err);
TOK_API void vocab_audit_similarity_free(struct vocab_audit_similarity_work *work);
TOK_API TOK_MUST_USE enum tok_status
vocab_audit_similarity_line(struct vocab_audit_similarity_work *work, struct tok_span line,
			    struct tok_error *err);
/* The same for who has the cuts of both already. */
TOK_API void vocab_audit_similarity_cuts(struct vocab_audit_similarity_work *work,
					 struct tok_span line, const uint8_t *a, const uint8_t *b);
/* What `more` counted is counted in `into`; both of the same tokenizers. */
TOK_API void vocab_audit_similarity_add(struct vocab_audit_similarity_work *into,
					const struct vocab_audit_similarity_work *more);
TOK_API void vocab_audit_similarity_measure(const struct vocab_audit_similarity_work *work,
					    struct vocab_audit_similarity *out);

#endif
