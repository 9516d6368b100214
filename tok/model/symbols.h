/*
 * symbols.h - a piece of text as the symbols that BPE joins, for those who join them by
 * another rule than the model's.
 *
 *	struct tok_symbols s;
 *	status = tok_symbols_begin(model, scratch, text, piece, &s, &err);
 *	if (tok_symbols_join(model, scratch, s.symbols[0], s.symbols[1], &join))
 *		s.symbols[0] = join.result, s.lengths[0] += s.lengths[1], ...
 *	status = tok_symbols_write(model, scratch, text, piece, s.count, &tokens, &err);
 *
 * Joined by least rank first, the leftmost of equals, until no two join, they are what
 * tok_model_encode gives, save that it takes a piece that is a token at once where the
 * model says so (tiktoken's, and ignore_merges).
 *
 * The arrays belong to the scratch and live until it is used for something else.
 */
#ifndef TOK_MODEL_SYMBOLS_H
#define TOK_MODEL_SYMBOLS_H

#include "tok/model/model.h"

struct tok_symbols {
	uint32_t *symbols; /* numbers without a meaning elsewhere */
	uint32_t *lengths; /* bytes of text that each stands for */
	size_t count;
};

struct tok_join {
	uint32_t rank, result;
	bool unused; /* the result is written as what it was last asked to be joined from */
};

/* Characters or bytes, as the model's kind has them: byte fallback, unknown text, affixes
 * and user-defined pieces are seen to.  TOK_EARG where the model is not BPE; else fails as
 * tok_model_encode does. */
TOK_API TOK_MUST_USE enum tok_status tok_symbols_begin(const struct tok_model *model,
						       struct tok_model_scratch *scratch,
						       struct tok_span text, struct tok_range piece,
						       struct tok_symbols *out,
						       struct tok_error *err);

/* Do the two join?  Only after tok_symbols_begin of this model. */
TOK_API bool tok_symbols_join(const struct tok_model *model, struct tok_model_scratch *scratch,
			      uint32_t left, uint32_t right, struct tok_join *out);

/* Append the first `count` symbols of the arrays as tokens of `piece`, as tok_model_encode
 * would write them; `out` is as it was on failure. */
TOK_API TOK_MUST_USE enum tok_status tok_symbols_write(const struct tok_model *model,
						       struct tok_model_scratch *scratch,
						       struct tok_span text, struct tok_range piece,
						       size_t count, struct tok_tokens *out,
						       struct tok_error *err);

#endif
