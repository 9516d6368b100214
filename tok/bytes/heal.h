/*
 * heal.h - what the usual ways to go on from a prompt say about its next byte: to be set
 * beside what is exact.
 *
 *	naive     (back = 0) the model behind the encoding of the prompt: its next token begins at
 *	          the end
 *	heal one  (back = 1) the last token is taken away; the one that comes instead begins with
 *	          what that one spelled, or is it.  Token healing as guidance has it
 *	heal n    (back > 1) the last n are taken away; those that come instead spell what they
 *	          spelled, however they divide it, before they may go on
 *
 * Tokens that do not fit are struck from the row of each step, and the others made whole, as
 * programs do that draw token by token: so even all tokens taken back are not the sum over all rows
 * of tokens, where some of them end in a step in which little fits.
 *
 *	const size_t back = tok_heal_longest(tokens, ids, count);
 *	status = tok_heal_next(tokens, lm, ids, count, back, &heal, &err);
 *
 * Each is a distribution over 256 bytes and the end.  However small probabilities are, they count
 * for what they are; what a double cannot hold is told as the least that it can, and its logarithm
 * as it is.  Where a row was looked at through a second window, it is exact of the law through
 * windows only.  Where a row has lost digits, bounds hold the truth.  Needs whole rows: TOK_EARG
 *where the model tells the best ids only.  TOK_ETEXT where no token spells what was taken away and
 *goes on; TOK_ELIMIT where that is divided in more than 4096 ways.  Borrows everything.  One
 *thread.
 *
 * Sources: S. Lundberg, "The art of prompt design: prompt boundaries and token healing" (2023);
 * Athiwaratkun et al., "Token alignment via character matching" (2024, arXiv 2403.08688).
 */
#ifndef TOK_BYTES_HEAL_H
#define TOK_BYTES_HEAL_H

#include "tok/base/buffer.h"
#include "tok/bytes/mix.h"

struct tok_heal {
	double p[TOK_MIX_SYMBOLS];
	double log_p[TOK_MIX_SYMBOLS]; /* natural logarithms of it, with all their digits */
	/* p itself where a double holds it, and rows have all their digits (model.h) */
	double low[TOK_MIX_SYMBOLS], high[TOK_MIX_SYMBOLS];
	bool exact;
	struct tok_machine_windows windows; /* the most that were gone through */
	double outside;                     /* the share of tokens that are no text, taken out */
	uint64_t rows;                      /* that the model was asked for */
	size_t back; /* tokens that were taken away: not beyond one that is no text */
};

/* `ids` is the encoding of the prompt, with what stands before every text. */
TOK_API TOK_MUST_USE enum tok_status tok_heal_next(const struct tok_byte_tokens *tokens,
						   struct tok_lm *lm, const tok_id *ids,
						   size_t count, size_t back, struct tok_heal *out,
						   struct tok_error *err);

/* The most tokens that one token can stand for: how many at the end together spell the beginning
 * of a token, or one.  0 where the last is no text. */
TOK_API size_t tok_heal_longest(const struct tok_byte_tokens *tokens, const tok_id *ids,
				size_t count);

/* What greedy decoding writes: of the tokens that may come the most probable, again and again, the
 * least id of equals.  Adds to `out` the `limit` bytes behind the prompt, or fewer before an end
 * (*ended) or where nothing may come. */
TOK_API TOK_MUST_USE enum tok_status tok_heal_greedy(const struct tok_byte_tokens *tokens,
						     struct tok_lm *lm, const tok_id *ids,
						     size_t count, size_t back, size_t limit,
						     struct tok_buffer *out, bool *ended,
						     struct tok_error *err);

#endif
