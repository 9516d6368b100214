/*
 * validity_longest.c - longest match: a row is valid while no longer token could have been
 * taken where one of its own begins.
 *
 * A token that has ended leaves a match open while the bytes that follow go on inside another
 * token of the vocabulary.  Several may be open, but the longest tells the others: greedy search
 * from where it begins makes the row's own tokens of its text, so that all later places
 * where a token begins lie in that text and can be found again.  Kept are the node of the
 * longest open match (.node) and how many bytes have come since the last token ended (.last).
 */
#include "tok/bytes/validity_internal.h"

#include <stdlib.h>

/* The text of a node of the trie: the beginning of a token's. */
static struct tok_span node_text(const struct tok_validity *v, uint32_t node)
{
	const struct tok_span text = tok_byte_tokens_text(v->tokens, v->owners[node]);
	return tok_span_slice(text, 0, v->depths[node]);
}

/* Where the longest token at the front of `text` ends; 0: there is none. */
static size_t match_longest(const struct tok_validity *v, struct tok_span text)
{
	size_t end = 0;
	uint32_t node = 0;
	for (size_t i = 0; i < text.count; i++) {
		node = tok_byte_tokens_child(v->tokens, node, text.bytes[i]);
		if (node == 0)
			break;
		if (valid_is_token_text(v, node))
			end = i + 1;
	}
	return end;
}

/* 0: no token of the model begins like that. */
static uint32_t find_node(const struct tok_validity *v, struct tok_span text, uint8_t byte)
{
	uint32_t node = 0;
	for (size_t i = 0; i < text.count; i++) {
		node = tok_byte_tokens_child(v->tokens, node, text.bytes[i]);
		if (node == 0)
			return 0;
	}
	node = tok_byte_tokens_child(v->tokens, node, byte);
	return v->depths[node] > 0 ? node : 0;
}

static bool go_on_byte(const struct tok_validity *v, struct valid_guess *guess, uint8_t byte)
{
	if (guess->node == 0)
		return true;
	const struct tok_span open = node_text(v, guess->node);
	const size_t ended = open.count - guess->last;
	uint32_t longest = 0;
	for (size_t at = 0; at < ended;) {
		const struct tok_span text = tok_span_slice(open, at, open.count);
		const uint32_t node = find_node(v, text, byte);
		if (node && valid_is_token_text(v, node))
			return false;
		longest = longest ? longest : node;
		at += match_longest(v, text);
	}
	guess->last = longest ? guess->last + 1 : 0;
	guess->node = longest;
	return true;
}

static bool go_on_token(const struct tok_validity *v, struct valid_guess *guess, tok_id id)
{
	/* The text so far is UTF-8, and tokens are. */
	guess->last = 0;
	if (guess->node == 0) {
		const struct tok_span text = tok_byte_tokens_text(v->tokens, id);
		guess->node = find_node(v, tok_span_slice(text, 0, text.count - 1),
					text.bytes[text.count - 1]);
	}
	return true;
}

static bool always(const struct tok_validity *v, const struct valid_guess *guess)
{
	(void)v, (void)guess;
	return true;
}

static const struct valid_model valid_longest = { go_on_byte, go_on_token, always, always };

/* ---- building ------------------------------------------------------------------------ */

static void claim_nodes(struct tok_validity *v, tok_id id)
{
	const struct tok_span text = tok_byte_tokens_text(v->tokens, id);
	uint32_t node = 0;
	for (size_t i = 0; i < text.count; i++) {
		node = tok_byte_tokens_child(v->tokens, node, text.bytes[i]);
		v->owners[node] = id;
		v->depths[node] = (uint32_t)i + 1;
	}
}

enum tok_status valid_longest_init(struct tok_validity *v, struct tok_error *err)
{
	const struct tok_model_spec *model = &tok_tokenizer_spec(v->tokenizer)->model;
	const size_t nodes = tok_byte_tokens_node_count(v->tokens);
	if (model->as.wordpiece.prefix.count)
		return tok_fail(err, TOK_EARG,
				"tokens inside a word are written with '%.*s' in front",
				(int)model->as.wordpiece.prefix.count,
				(const char *)model->as.wordpiece.prefix.bytes);
	if (model->as.wordpiece.max_chars < UINT32_MAX)
		return tok_fail(err, TOK_EARG,
				"words of more than %zu characters are unknown (here a whole text "
				"is a word: %u would be as good as no limit)",
				model->as.wordpiece.max_chars, UINT32_MAX);
	v->rules = &valid_longest;
	v->owners = calloc(nodes, sizeof *v->owners);
	v->depths = calloc(nodes, sizeof *v->depths);
	if (!v->owners || !v->depths)
		return tok_fail_memory(err);
	for (tok_id id = 0; id < v->size; id++) {
		struct tok_vocab_entry entry;
		if (tok_byte_tokens_kind(v->tokens, id) != TOK_BYTE_TEXT ||
		    !tok_tokenizer_entry(v->tokenizer, id, &entry))
			continue;
		v->facts[id] = VALID_IN_MODEL;
		claim_nodes(v, id);
	}
	return TOK_OK;
}
