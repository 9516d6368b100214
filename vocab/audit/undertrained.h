/*
 * undertrained.h - tokens that a model has hardly been trained on, told from its embeddings.
 *
 *	status = vocab_undertrained_new(rows, width, kinds, &u, &err);
 *	for (...) vocab_undertrained_measure(u, first, count, floats);   // all rows, in any order
 *	vocab_undertrained_turn(u);
 *	for (...) vocab_undertrained_compare(u, first, count, floats);   // all of them again
 *	status = vocab_undertrained_finish(u, 0.02, &found, &err);
 *	use(found.suspects, found.suspect_count);
 *	vocab_undertrained_free(u);
 *
 * A row that no text has trained keeps what it was made of: it is short where weights decay, and
 * it points where rows of tokens point that are known to be unused.  So each row of a token has two
 * numbers: its length (the L2 norm) and its cosine to the mean of the unused rows.  A suspect is
 * below the given part of all lengths, or above that part of all cosines: a part of any vocabulary
 * is, so suspects are candidates to be looked at, not findings.  Rows with the very number of the
 * threshold are suspects too, however many they are, but none that have the number of the middle
 * one of all tokens: where rows do not differ there are no suspects.
 *
 * Rows come in blocks, so that memory does not hold a model: 16 bytes a row and 16 a column are
 * kept.  Sums are of doubles.  One thread.
 *
 * Source: Land and Bartolo 2024 (arXiv 2405.05417), section 2; without their removal of the first
 * principal component.
 */
#ifndef VOCAB_AUDIT_UNDERTRAINED_H
#define VOCAB_AUDIT_UNDERTRAINED_H

#include "tok/base/span.h"
#include "tok/base/status.h"

enum vocab_row_kind {
	VOCAB_ROW_TOKEN,  /* may be a suspect */
	VOCAB_ROW_UNUSED, /* known to be unused: what others are compared with */
	VOCAB_ROW_OTHER   /* neither: special tokens */
};

struct vocab_suspect {
	tok_id id;
	double norm, cosine; /* cosine: NAN where nothing is known to be unused, or of a zero row */
	bool is_short, is_alike; /* which of the two numbers makes it one; one does */
};

struct vocab_suspects {
	const struct vocab_suspect *suspects; /* the shortest first; borrowed */
	size_t suspect_count;
	size_t token_count, unused_count; /* rows of each kind */
	double norm_threshold;            /* suspects are not above; NAN where there is no token */
	double cosine_threshold; /* suspects are not below; NAN where there are no cosines */
	double norm_median, cosine_median; /* of all tokens */
};

struct vocab_undertrained;

/* `kinds`: enum vocab_row_kind of each row, copied.  TOK_ENOMEM. */
TOK_API TOK_MUST_USE enum tok_status vocab_undertrained_new(size_t rows, size_t width,
							    const uint8_t *kinds,
							    struct vocab_undertrained **out,
							    struct tok_error *err);
TOK_API void vocab_undertrained_free(struct vocab_undertrained *u); /* NULL is fine */

/* Rows [first, first + count), row by row.  Each row comes once before the turn and once behind
 * it.  Rows that hold numbers that are not finite have a norm of NAN and are no suspects. */
TOK_API void vocab_undertrained_measure(struct vocab_undertrained *u, size_t first, size_t count,
					const float *rows);
TOK_API void vocab_undertrained_turn(struct vocab_undertrained *u);
TOK_API void vocab_undertrained_compare(struct vocab_undertrained *u, size_t first, size_t count,
					const float *rows);

/* `part` from 0 to 1, of the tokens; percentiles lie between numbers as numpy's do (linear).  The
 * result lives as long as `u`. */
TOK_API TOK_MUST_USE enum tok_status vocab_undertrained_finish(struct vocab_undertrained *u,
							       double part,
							       struct vocab_suspects *out,
							       struct tok_error *err);

#endif
