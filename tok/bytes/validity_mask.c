/* validity_mask.c - guesses one by one, and without the last token of each. */
#include "tok/bytes/validity_mask_internal.h"

#include "tok/bytes/validity_internal.h"

/* Is the state a few guesses? */
static bool is_guesses(const struct tok_validity *v)
{
	return v->rules != NULL;
}

size_t tok_validity_split(const struct tok_validity *v, const struct tok_valid_state *state,
			  struct tok_valid_state out[TOK_VALID_SPLIT_MAX])
{
	struct valid_guesses all, one = { .count = 1 };
	if (!is_guesses(v))
		return 0;
	memcpy(&all, state, sizeof all);
	for (uint32_t i = 0; i < all.count; i++) {
		one.at[0] = all.at[i];
		out[i] = (struct tok_valid_state){ { 0 } };
		memcpy(&out[i], &one, sizeof one);
	}
	return all.count;
}

bool tok_validity_relax(const struct tok_validity *v, const struct tok_valid_state *state,
			struct tok_valid_state *out)
{
	struct valid_guesses guesses;
	if (!is_guesses(v) || !v->pairs)
		return false;
	memcpy(&guesses, state, sizeof guesses);
	struct valid_guess *guess = &guesses.at[0];
	if (guesses.count != 1 || guess->spelled || guess->last >= v->size)
		return false;
	guess->last = VALID_FREE;
	if (v->ignore_merges)
		guess->node = VALID_DEAD;
	*out = (struct tok_valid_state){ { 0 } };
	memcpy(out, &guesses, sizeof guesses);
	return true;
}

/* Is the piece with the rest of this token a token itself? */
static bool completes_token(const struct tok_validity *v, const struct valid_guess *guess,
			    struct tok_span rest)
{
	uint32_t node = guess->node;
	for (size_t i = 0; i < rest.count; i++) {
		node = tok_byte_tokens_child(v->tokens, node, rest.bytes[i]);
		if (node == 0)
			return false;
	}
	return valid_is_token_text(v, node);
}

static bool is_valid(const struct tok_validity *v, const struct tok_valid_state *state, tok_id id,
		     struct tok_span rest)
{
	struct tok_valid_state inside = *state, next;
	for (size_t i = 0; i < rest.count; i++)
		if (!tok_validity_byte(v, &inside, rest.bytes[i]))
			return false;
	return tok_validity_token(v, &inside, id, &next);
}

bool tok_validity_confirm(const struct tok_validity *v, const struct tok_valid_state *state,
			  tok_id id, size_t walked)
{
	const struct tok_span text = tok_byte_tokens_text(v->tokens, id),
			      rest = tok_span_slice(text, walked, text.count);
	struct valid_guesses guesses;
	bool answer = false;
	memcpy(&guesses, state, sizeof guesses);
	const struct valid_guess *guess = &guesses.at[0];
	if (v->facts[id] & VALID_BYTE)
		return true;
	/* Memory cannot be out: longer tokens were asked about in the beginning. */
	if (tok_model_adjoins(v->model, v->scratch, guess->last, id, &answer, NULL) != TOK_OK ||
	    !answer)
		return false;
	return !v->ignore_merges || guess->node == VALID_DEAD || !completes_token(v, guess, rest) ||
	       is_valid(v, state, id, rest);
}
