/*
 * heal.h - what the usual ways to go on from a prompt say about its next byte: to be set
 * beside what is exact.
 *
 *	naive   the model behind the encoding of the prompt: its next token begins at the end
 *	heal    the last `back` tokens of the encoding are taken away; the tokens that come
 *	        instead must spell what they spelled before they may go on.  back = 1 is token
 *	        healing as guidance has it; as many as there are is the sum over all ways from there
 *
 * Each is a distribution over 256 bytes and the end.  Where no token spells what was taken away
 * and goes on, that is TOK_ETEXT.  Borrows everything.  One thread.
 */
#ifndef TOK_BYTES_HEAL_H
#define TOK_BYTES_HEAL_H

#include "tok/bytes/mix.h"

struct tok_heal {
	double p[TOK_MIX_SYMBOLS];
	double outside; /* the share of tokens that are no text, taken out */
	uint64_t rows;  /* that the model was asked for */
};

/* `ids` is the encoding of the prompt, with what stands before every text.  `back` 0 is naive. */
TOK_API TOK_MUST_USE enum tok_status tok_heal_next(const struct tok_byte_tokens *tokens,
						   struct tok_lm *lm, const tok_id *ids,
						   size_t count, size_t back, struct tok_heal *out,
						   struct tok_error *err);

#endif
