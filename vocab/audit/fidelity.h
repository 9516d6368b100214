/*
 * fidelity.h - does a text come back as it was, and do its ids survive another spelling of it?
 *
 *	status = vocab_audit_fidelity_new(tokenizer, &work, &err);
 *	status = vocab_audit_fidelity_line(work, line, ids, count, &err);	// its ids
 *	vocab_audit_fidelity_measure(work, &f);
 *	vocab_audit_fidelity_free(work);
 *
 * One a thread; those of one tokenizer can be added together.  `ids` are what the line
 * was encoded to without special tokens.  Characters are code points; a byte that is not UTF-8 is
 * one of its own.
 *
 * Errors are Levenshtein's: characters put in, left out and changed.  Where what differs, from the
 * first character to the last one, is longer than VOCAB_AUDIT_FIDELITY_MAX characters, all of it
 * counts as wrong: no less than it is, and .bounded says of how many lines.
 *
 * NFC and NFD are those of Unicode 9.0 (tok/text/normalize.h).
 */
#ifndef VOCAB_AUDIT_FIDELITY_H
#define VOCAB_AUDIT_FIDELITY_H

#include "tok/pipe/encoder.h"

enum { VOCAB_AUDIT_FIDELITY_MAX = 4096 };

struct vocab_audit_fidelity {
	double round_trip;      /* share of lines that decode to themselves */
	double error_rate;      /* errors a character: 0 all came back; above 1 more came */
	double spaces_kept;     /* white space that comes back: the same characters in the same
				   order, of those of the lines */
	double normalizer_loss; /* share of characters that the tokenizer's own normaliser changes;
				   what only stands for a space in it has not changed */
	double nfc_stable;      /* of lines that NFC changes, those with the same ids after it; a
				   form that the tokenizer refuses has none */
	double nfd_stable;
	uint64_t bounded; /* lines */
};

struct vocab_audit_fidelity_work;

TOK_API TOK_MUST_USE enum tok_status
vocab_audit_fidelity_new(const struct tok_tokenizer *tokenizer,
			 struct vocab_audit_fidelity_work **out, struct tok_error *err);
TOK_API void vocab_audit_fidelity_free(struct vocab_audit_fidelity_work *work);
TOK_API TOK_MUST_USE enum tok_status
vocab_audit_fidelity_line(struct vocab_audit_fidelity_work *work, struct tok_span line,
			  const tok_id *ids, size_t count, struct tok_error *err);
/* NFC and NFD of the line: costs as much as encoding it several times, so not every line of a
 * long text needs it. */
TOK_API TOK_MUST_USE enum tok_status
vocab_audit_fidelity_forms(struct vocab_audit_fidelity_work *work, struct tok_span line,
			   const tok_id *ids, size_t count, struct tok_error *err);
/* Nothing is counted yet. */
TOK_API void vocab_audit_fidelity_clear(struct vocab_audit_fidelity_work *work);
/* What `more` counted is counted in `into`. */
TOK_API void vocab_audit_fidelity_add(struct vocab_audit_fidelity_work *into,
				      const struct vocab_audit_fidelity_work *more);
TOK_API void vocab_audit_fidelity_measure(const struct vocab_audit_fidelity_work *work,
					  struct vocab_audit_fidelity *out);

/* Levenshtein's distance of two texts in characters, or, of what is longer than
 * VOCAB_AUDIT_FIDELITY_MAX where it differs, the longer side: *exact is false then. */
TOK_API TOK_MUST_USE enum tok_status vocab_audit_distance(struct tok_span a, struct tok_span b,
							  uint64_t *out, bool *exact,
							  struct tok_error *err);

/* White_Space of a line, and how much of it `back` has in the same order.  Of what differs, from
 * the first white space to the last one, none where that is more than VOCAB_AUDIT_FIDELITY_MAX. */
TOK_API TOK_MUST_USE enum tok_status vocab_audit_spaces(struct tok_span line, struct tok_span back,
							uint64_t *spaces, uint64_t *kept,
							struct tok_error *err);

#endif
