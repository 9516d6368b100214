/* validity_mask.c - guesses one by one, and without the last token of each. */
#include "tok/bytes/validity_mask_internal.h"

#include <stdlib.h>

#include "tok/bytes/validity_internal.h"
#include "tok/model/neighbours.h"

struct tok_valid_shared {
	const struct tok_validity *validity;
	const struct tok_byte_tokens *tokens;
	struct tok_neighbours *neighbours;
	uint32_t *ranks;  /* of the neighbours' ids; UINT32_MAX: it is no text */
	uint64_t *others; /* a bit a rank: text that they say nothing of */
	size_t words;
};

/* ---- building ------------------------------------------------------------------- */

static bool number_ranks(struct tok_valid_shared *s)
{
	const struct tok_byte_tokens *t = s->tokens;
	const tok_id *ids;
	const size_t count = tok_neighbours_ids(s->neighbours, &ids);
	s->words = (t->text_count + 63) / 64;
	s->ranks = calloc(count + 1, sizeof *s->ranks);
	s->others = calloc(s->words + 1, sizeof *s->others);
	if (!s->ranks || !s->others)
		return false;
	for (uint32_t rank = 0; rank < t->text_count; rank++)
		s->others[rank / 64] |= UINT64_C(1) << rank % 64;
	for (size_t i = 0; i < count; i++) {
		const uint32_t rank = ids[i] < t->size ? t->rank_of[ids[i]] : UINT32_MAX;
		s->ranks[i] = rank < t->text_count ? rank : UINT32_MAX;
		if (rank < t->text_count)
			s->others[rank / 64] &= ~(UINT64_C(1) << rank % 64);
	}
	return true;
}

enum tok_status tok_valid_shared_new(const struct tok_validity *validity,
				     const struct tok_byte_tokens *tokens,
				     struct tok_valid_shared **out, struct tok_error *err)
{
	*out = NULL;
	if (!validity->pairs) /* states are no guesses, or not of merges */
		return TOK_OK;
	struct tok_valid_shared *s = calloc(1, sizeof *s);
	if (!s)
		return tok_fail_memory(err);
	s->validity = validity;
	s->tokens = tokens;
	enum tok_status status = tok_neighbours_new(validity->model, &s->neighbours, err);
	if (status == TOK_OK && s->neighbours && !number_ranks(s))
		status = tok_fail_memory(err);
	if (status != TOK_OK || !s->neighbours) {
		tok_valid_shared_free(s);
		return status;
	}
	*out = s;
	return TOK_OK;
}

void tok_valid_shared_free(struct tok_valid_shared *s)
{
	if (!s)
		return;
	tok_neighbours_free(s->neighbours);
	free(s->ranks);
	free(s->others);
	free(s);
}

/* ---- fewer states ------------------------------------------------------------------ */

size_t tok_valid_split(const struct tok_valid_shared *s, const struct tok_valid_state *state,
		       struct tok_valid_state out[TOK_VALID_SPLIT_MAX])
{
	struct valid_guesses all, one = { .count = 1 };
	size_t count = 0;
	memcpy(&all, state, sizeof all);
	if (s->validity->added && valid_added_claim(state, &out[0]))
		count++;
	for (uint32_t i = 0; i < all.count; i++, count++) {
		one.at[0] = all.at[i];
		if (s->validity->added)
			valid_added_unclaim(state, &out[count]);
		else
			out[count] = (struct tok_valid_state){ { 0 } };
		memcpy(&out[count], &one, sizeof one);
	}
	return count;
}

bool tok_valid_relax(const struct tok_valid_shared *s, const struct tok_valid_state *state,
		     struct tok_valid_state *out)
{
	struct valid_guesses guesses;
	memcpy(&guesses, state, sizeof guesses);
	struct valid_guess *guess = &guesses.at[0];
	if (guesses.count != 1 || guess->spelled || guess->last >= s->validity->size)
		return false;
	guess->last = VALID_FREE;
	if (s->validity->ignore_merges)
		guess->node = VALID_DEAD;
	*out = *state;
	memcpy(out, &guesses, sizeof guesses);
	return true;
}

/* ---- what the last token does not let follow ------------------------------------------ */

struct clearing {
	const struct tok_valid_shared *shared;
	uint64_t *bits;
};

static void clear_rank(uint64_t *bits, uint32_t rank)
{
	bits[rank / 64] &= ~(UINT64_C(1) << rank % 64);
}

static void clear_refused(void *context, struct tok_range refused)
{
	const struct clearing *c = context;
	for (uint32_t i = refused.begin; i < refused.end; i++)
		if (c->shared->ranks[i] != UINT32_MAX)
			clear_rank(c->bits, c->shared->ranks[i]);
}

static bool adjoins(const struct tok_validity *v, tok_id left, tok_id right)
{
	bool answer = false;
	/* Memory cannot be out: longer tokens were asked about in the beginning. */
	return tok_model_adjoins(v->model, v->scratch, left, right, &answer, NULL) == TOK_OK &&
	       answer;
}

/* Ask about those whose bit is in `some`; NULL: about all. */
static void clear_one_by_one(const struct tok_valid_shared *s, tok_id left, const uint64_t *some,
			     uint64_t *bits)
{
	const struct tok_validity *v = s->validity;
	for (size_t word = 0; word < s->words; word++) {
		uint64_t asked = bits[word] & (some ? some[word] : UINT64_MAX);
		for (; asked; asked &= asked - 1) {
			const uint32_t rank =
			    (uint32_t)(word * 64) + (uint32_t)__builtin_ctzll(asked);
			const tok_id id = s->tokens->by_rank[rank];
			if (!(v->facts[id] & VALID_BYTE) && !adjoins(v, left, id))
				clear_rank(bits, rank);
		}
	}
}

/* ---- pieces that are tokens --------------------------------------------------------------- */

static bool is_valid(const struct tok_validity *v, const struct tok_valid_state *state, tok_id id)
{
	const struct tok_span text = tok_byte_tokens_text(v->tokens, id);
	struct tok_valid_state inside = *state, next;
	for (size_t i = 0; i < text.count; i++)
		if (!tok_validity_byte(v, &inside, text.bytes[i]))
			return false;
	return tok_validity_token(v, &inside, id, &next);
}

enum { DEPTH_MOST = 256 };

static void clear_invalid(const struct tok_valid_shared *s, const struct tok_valid_state *state,
			  size_t begin, size_t end, uint64_t *bits)
{
	for (size_t rank = begin; rank < end; rank++)
		if ((bits[rank / 64] >> rank % 64 & 1) &&
		    !is_valid(s->validity, state, s->tokens->by_rank[rank]))
			clear_rank(bits, (uint32_t)rank);
}

/* The piece leads to node `whole`, and an id that is read along to `part`; where both are tokens,
 * the relaxed state did not know that the piece is one.  Nor did it where the id ends in a
 * contraction, at most one byte `behind` its apostrophe, the end of which would make the piece
 * one.  Deeper than DEPTH_MOST all ids are asked. */
static void clear_whole(const struct tok_valid_shared *s, const struct tok_valid_state *state,
			uint32_t whole, uint32_t part, unsigned depth, unsigned behind,
			uint64_t *bits)
{
	const struct tok_byte_tokens *t = s->tokens;
	const size_t begin = t->rank[part];
	if (depth == DEPTH_MOST) {
		clear_invalid(s, state, begin, begin + t->through[part], bits);
		return;
	}
	if (part && (behind <= 1 || valid_is_token_text(s->validity, whole)))
		clear_invalid(s, state, begin, begin + t->ending[part], bits);
	for (uint32_t child = t->first[whole]; child < t->first[whole + 1]; child++) {
		const uint32_t along = tok_byte_tokens_child(t, part, t->bytes[child]);
		if (along)
			clear_whole(s, state, child, along, depth + 1,
				    t->bytes[child] == '\'' ? 0 : behind + 1, bits);
	}
}

void tok_valid_confirm(const struct tok_valid_shared *s, const struct tok_valid_state *state,
		       uint64_t *bits)
{
	const struct tok_validity *v = s->validity;
	struct valid_guesses guesses;
	memcpy(&guesses, state, sizeof guesses);
	const struct valid_guess *guess = &guesses.at[0];
	struct clearing clearing = { s, bits };
	if (tok_neighbours_refused(s->neighbours, guess->last, clear_refused, &clearing))
		clear_one_by_one(s, guess->last, s->others, bits);
	else
		clear_one_by_one(s, guess->last, NULL, bits);
	if (v->ignore_merges && guess->node != VALID_DEAD)
		clear_whole(s, state, guess->node, 0, 0, 0, bits);
}
