/*
 * morphology.h - does a tokenizer cut words where their parts meet?
 *
 *	status = vocab_morphology_new(tokenizer, &work, &err);
 *	status = vocab_morphology_word(work, "lighted", "light", "ed", &err);	// as spans
 *	vocab_morphology_measure(work, &m);
 *	vocab_morphology_free(work);
 *
 * MorphScore (Arnett and Bergen 2025) on byte offsets: each word has one place where two parts
 * meet, and is encoded by itself, without special tokens and without a space in front.  Tokens
 * are never decoded one by one, which of byte-level vocabularies gives U+FFFD instead of the
 * letters of most scripts.
 *
 * Recall alone is best for who cuts everywhere: read it beside precision, and beside what as many
 * cuts put at random between the characters of each word would find.
 */
#ifndef VOCAB_AUDIT_MORPHOLOGY_H
#define VOCAB_AUDIT_MORPHOLOGY_H

#include "tok/pipe/encoder.h"

struct vocab_morphology {
	uint64_t rows;
	uint64_t bad; /* rows of which a part is empty, or the parts are not the word: left out */
	uint64_t single; /* words that are not cut at all */
	uint64_t scored; /* the others */
	uint64_t found;  /* of these, with a cut where the parts meet */
	uint64_t cuts;   /* of these, all cuts */
	/* NAN without rows. */
	double recall;     /* found / scored: MorphScore */
	double recall_all; /* found / (scored + single): not cut is not found */
	double precision;  /* found / cuts */
	double f1;         /* of recall and precision */
	double random_recall, random_precision, random_f1; /* expected */
};

struct vocab_morphology_work;

TOK_API TOK_MUST_USE enum tok_status vocab_morphology_new(const struct tok_tokenizer *tokenizer,
							  struct vocab_morphology_work **out,
							  struct tok_error *err);
TOK_API void vocab_morphology_free(struct vocab_morphology_work *work);
TOK_API TOK_MUST_USE enum tok_status
vocab_morphology_word(struct vocab_morphology_work *work, struct tok_span word,
		      struct tok_span first, struct tok_span rest, struct tok_error *err);
TOK_API void vocab_morphology_measure(const struct vocab_morphology_work *work,
				      struct vocab_morphology *out);

#endif
