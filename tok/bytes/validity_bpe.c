/*
 * validity_bpe.c - a piece that is merged: each two neighbours are what their text is merged
 * to, and that is all (tok/model/spine.c).
 *
 * With ignore_merges a piece that is a token is that token, merged or not: where the bytes of
 * the piece lead to is kept, and a row of several tokens does not end there.
 *
 * SentencePiece spells characters that have no token by bytes.  Nothing merges with those; and
 * a character that has a token is not spelled.
 */
#include "tok/bytes/validity_internal.h"

#include <stdlib.h>

#include "tok/text/utf8.h"

/* ---- pairs --------------------------------------------------------------------------- */

/* 24 bits each; `| 1 << 49` tells a slot from an empty one. */
static uint64_t pair_key(tok_id left, tok_id right)
{
	return UINT64_C(1) << 49 | (uint64_t)left << 25 | (uint64_t)right << 1;
}

static size_t pair_slot(uint64_t key)
{
	return (size_t)(key * UINT64_C(0x9E3779B97F4A7C15) >> 40) % VALID_SLOTS;
}

static bool adjoins(const struct tok_validity *v, tok_id left, tok_id right)
{
	const uint64_t key = pair_key(left, right);
	uint64_t *slot = &v->pairs[pair_slot(key)];
	bool answer = false;
	if ((*slot & ~UINT64_C(1)) == key)
		return *slot & 1;
	/* Memory cannot be out: longer tokens were asked about in the beginning. */
	if (tok_model_adjoins(v->model, v->scratch, left, right, &answer, NULL) == TOK_OK)
		*slot = key | answer;
	return answer;
}

/* ---- characters spelled by bytes ------------------------------------------------------- */

static bool has_token(const struct tok_validity *v, struct tok_span text)
{
	uint32_t node = 0;
	for (size_t i = 0; i < text.count; i++) {
		node = tok_byte_tokens_child(v->tokens, node, text.bytes[i]);
		if (node == 0)
			return false;
	}
	return valid_is_token_text(v, node);
}

/* While a character is spelled, .last holds its bytes. */
static bool spell(const struct tok_validity *v, struct valid_guess *guess, tok_id id)
{
	const uint32_t before = guess->spelled ? guess->last : 0, count = guess->spelled + 1u;
	const uint32_t code = before << 8 | tok_byte_tokens_text(v->tokens, id).bytes[0];
	if (guess->follow.held > 0) {
		guess->spelled = (uint8_t)count;
		guess->last = code;
		return guess->follow.held == count;
	}
	const uint8_t bytes[4] = { (uint8_t)(code >> 24), (uint8_t)(code >> 16),
				   (uint8_t)(code >> 8), (uint8_t)code };
	guess->spelled = 0;
	guess->last = VALID_FREE;
	return !has_token(v, (struct tok_span){ bytes + 4 - count, count });
}

/* ---- rules ------------------------------------------------------------------------------- */

/* A token that merging does not make is a piece of its own. */
static bool is_open(const struct tok_validity *v, const struct valid_guess *guess)
{
	return guess->spelled || guess->last >= v->size ||
	       (v->facts[guess->last] & VALID_STANDS) != 0;
}

static bool go_on_byte(const struct tok_validity *v, struct valid_guess *guess, uint8_t byte)
{
	if (!v->ignore_merges)
		return true;
	if (!is_open(v, guess))
		return false;
	if (guess->node != VALID_DEAD) {
		const uint32_t child = tok_byte_tokens_child(v->tokens, guess->node, byte);
		guess->node = child ? child : VALID_DEAD;
	}
	return true;
}

static bool go_on_token(const struct tok_validity *v, struct valid_guess *guess, tok_id id)
{
	const uint8_t fact = v->facts[id];
	if (fact & VALID_BYTE)
		return spell(v, guess, id);
	/* Inside a character of which other tokens are the rest. */
	if (guess->spelled || (!tok_tokenizer_takes_bytes(v->tokenizer) && guess->follow.held))
		return false;
	const tok_id last = guess->last;
	const bool first = last == VALID_NONE;
	if (!(fact & VALID_STANDS) && !(v->ignore_merges && first))
		return false;
	guess->last = id;
	if (first)
		return true;
	guess->many = 1;
	return last == VALID_FREE || adjoins(v, last, id);
}

static bool is_whole(const struct tok_validity *v, const struct valid_guess *guess)
{
	return guess->spelled == 0 &&
	       (!v->ignore_merges || !guess->many || guess->node == VALID_DEAD ||
		!valid_is_token_text(v, guess->node));
}

static const struct valid_model valid_bpe = { go_on_byte, go_on_token, is_open, is_whole };

/* ---- building -------------------------------------------------------------------------------- */

static enum tok_status find_facts(struct tok_validity *v, struct tok_error *err)
{
	const struct tok_model_spec *model = &tok_tokenizer_spec(v->tokenizer)->model;
	for (tok_id id = 0; id < v->size; id++) {
		struct tok_vocab_entry entry;
		bool stands = false;
		if (tok_byte_tokens_kind(v->tokens, id) != TOK_BYTE_TEXT ||
		    !tok_tokenizer_entry(v->tokenizer, id, &entry))
			continue;
		if (valid_is_byte_id(model, id)) {
			if (tok_byte_tokens_text(v->tokens, id).count == 1)
				v->facts[id] = VALID_BYTE;
			continue;
		}
		if (entry.type != TOK_PIECE_NORMAL ||
		    (v->marks && memchr(entry.text.bytes, ' ', entry.text.count)))
			continue;
		const enum tok_status status =
		    tok_model_adjoins(v->model, v->scratch, TOK_NO_ID, id, &stands, err);
		if (status != TOK_OK)
			return status;
		v->facts[id] = (uint8_t)(VALID_IN_MODEL | (stands ? VALID_STANDS : 0));
	}
	return TOK_OK;
}

/* A character that is no token but part of one merges before it would be spelled. */
static enum tok_status check_characters(const struct tok_validity *v, struct tok_error *err)
{
	for (tok_id id = 0; id < v->size; id++) {
		if (!(v->facts[id] & VALID_IN_MODEL))
			continue;
		const struct tok_span text = tok_byte_tokens_text(v->tokens, id);
		for (size_t at = 0; at < text.count;) {
			const uint32_t length = tok_utf8_at(text, at).length;
			if (!has_token(v, tok_span_slice(text, at, at + length)))
				return tok_fail(err, TOK_EARG,
						"a character of the token of id %u is no token",
						id);
			at += length;
		}
	}
	return TOK_OK;
}

/* The two longest that can come together: afterwards there is room for any two. */
static enum tok_status make_room(struct tok_validity *v, struct tok_error *err)
{
	tok_id longest = TOK_NO_ID;
	size_t most = 0;
	bool answer;
	for (tok_id id = 0; id < v->size; id++) {
		const size_t count = tok_byte_tokens_text(v->tokens, id).count;
		if ((v->facts[id] & VALID_IN_MODEL) && count > most) {
			most = count;
			longest = id;
		}
	}
	return longest == TOK_NO_ID
		   ? TOK_OK
		   : tok_model_adjoins(v->model, v->scratch, longest, longest, &answer, err);
}

enum tok_status valid_bpe_init(struct tok_validity *v, struct tok_error *err)
{
	const struct tok_model_spec *model = &tok_tokenizer_spec(v->tokenizer)->model;
	if (!tok_model_pairs_decide(v->model))
		return tok_fail(err, TOK_EARG,
				"the BPE model has pieces that are unused, or tokens that "
				"depend on their place in the word");
	v->rules = &valid_bpe;
	v->ignore_merges = model->as.bpe.ignore_merges || model->as.bpe.order == TOK_BPE_RANKS;
	v->scratch = tok_model_scratch_new();
	v->pairs = calloc(VALID_SLOTS, sizeof *v->pairs);
	if (!v->scratch || !v->pairs)
		return tok_fail_memory(err);
	enum tok_status status = find_facts(v, err);
	if (status == TOK_OK && !tok_tokenizer_takes_bytes(v->tokenizer))
		status = check_characters(v, err);
	return status == TOK_OK ? make_room(v, err) : status;
}
