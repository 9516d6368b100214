/* dynamic_laws.h - dynamic merging by its definition: everything is counted anew before
 * each merge, tokens are strings, and nothing is remembered but the vocabulary. */
#ifndef TESTS_UNIT_DYNAMIC_LAWS_H
#define TESTS_UNIT_DYNAMIC_LAWS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tok/dynamic/merger.h"
#include "tok/pipe/pretokens.h"
#include "tok/text/utf8.h"

enum { PLAIN_IDS = 4096, PLAIN_TEXT = 256, PLAIN_MADE = 4096 };

struct plain_token {
	tok_id id;
	bool joins;
	size_t count;
	uint8_t bytes[PLAIN_TEXT];
};

enum { PLAIN_CHAINS = 1 << 14 };

struct plain {
	const struct tok_tokenizer *tokenizer;
	struct tok_boundary *boundary;
	/* Tokens of the vocabulary that come of joining, in chains by first byte and length. */
	tok_id *next, chains[PLAIN_CHAINS];
	struct plain_token tokens[PLAIN_IDS]; /* all sequences, one behind the other */
	uint32_t parts[PLAIN_IDS];
	size_t starts[PLAIN_IDS], sequences;
	struct plain_token made[PLAIN_MADE];
	size_t made_count;
	struct tok_merge_step steps[PLAIN_IDS];
	size_t step_count;
};

static inline struct tok_span plain_span(const struct plain_token *token)
{
	return (struct tok_span){ token->bytes, token->count };
}

static inline struct plain_token plain_of(const struct tok_tokenizer *t, tok_id id)
{
	const struct tok_model_spec *model = &tok_tokenizer_spec(t)->model;
	struct plain_token token = { .id = id };
	struct tok_vocab_entry entry;
	unsigned byte;
	if (!tok_tokenizer_entry(t, id, &entry) || tok_tokenizer_is_special(t, id) ||
	    id == model->unk || entry.type == TOK_PIECE_CONTROL ||
	    entry.type == TOK_PIECE_UNKNOWN || entry.type == TOK_PIECE_UNUSED ||
	    entry.text.count == 0 || entry.text.count > PLAIN_TEXT)
		return token;
	token.joins = true;
	token.count = entry.text.count;
	memcpy(token.bytes, entry.text.bytes, token.count);
	for (byte = 0; byte < 256 && model->byte_fallback; byte++) {
		if (model->byte_ids[byte] != id)
			continue;
		token.count = 1;
		token.bytes[0] = (uint8_t)byte;
	}
	return token;
}

static inline void plain_put(struct plain_token *token, const uint8_t *bytes, size_t count)
{
	if (token->count + count > PLAIN_TEXT)
		abort();
	memcpy(token->bytes + token->count, bytes, count);
	token->count += count;
}

static inline bool plain_ends(const struct plain_token *token, struct tok_span suffix)
{
	return suffix.count > 0 && token->count > suffix.count &&
	       memcmp(token->bytes + token->count - suffix.count, suffix.bytes, suffix.count) == 0;
}

static inline tok_id *plain_chain(struct plain *p, struct tok_span text)
{
	return &p->chains[(text.bytes[0] * 64 + text.count) % PLAIN_CHAINS];
}

/* Of a tokenizer; free() p->next. */
static inline void plain_init(struct plain *p, const struct tok_tokenizer *t)
{
	const size_t size = tok_tokenizer_size(t);
	p->tokenizer = t;
	p->next = malloc(size * sizeof *p->next);
	memset(p->chains, 0xFF, sizeof p->chains);
	for (tok_id id = 0; p->next && id < size; id++) {
		const struct plain_token known = plain_of(t, id);
		struct tok_vocab_entry entry;
		if (!known.joins || !tok_tokenizer_entry(t, id, &entry) ||
		    !tok_span_equal(entry.text, plain_span(&known)))
			continue; /* the byte of a byte piece is not what it is called */
		p->next[id] = *plain_chain(p, plain_span(&known));
		*plain_chain(p, plain_span(&known)) = id;
	}
}

/* Marks of place, empty where there are none. */
static inline struct tok_span plain_prefix(const struct tok_model_spec *model)
{
	return model->kind == TOK_MODEL_BPE         ? model->as.bpe.prefix
	       : model->kind == TOK_MODEL_WORDPIECE ? model->as.wordpiece.prefix
						    : (struct tok_span){ NULL, 0 };
}

static inline struct tok_span plain_suffix(const struct tok_model_spec *model)
{
	return model->kind == TOK_MODEL_BPE ? model->as.bpe.suffix : (struct tok_span){ NULL, 0 };
}

static inline bool plain_begins(const struct plain_token *token, struct tok_span prefix)
{
	return prefix.count > 0 && token->count > prefix.count &&
	       memcmp(token->bytes, prefix.bytes, prefix.count) == 0;
}

/* What two tokens spell together. */
static inline struct plain_token plain_text(const struct plain *p, const struct plain_token *a,
					    const struct plain_token *b)
{
	const struct tok_spec *spec = tok_tokenizer_spec(p->tokenizer);
	const struct tok_span prefix = plain_prefix(&spec->model);
	const struct tok_span suffix = plain_suffix(&spec->model);
	struct plain_token token = *a;
	struct tok_span right = plain_span(b);
	bool space = spec->model.kind == TOK_MODEL_WORDLEVEL && !spec->sentencepiece;
	if (plain_begins(b, prefix))
		right = tok_span_slice(right, prefix.count, right.count);
	else
		space |= prefix.count > 0;
	if (plain_ends(a, suffix)) {
		token.count -= suffix.count;
		space = true;
	}
	if (space)
		plain_put(&token, (const uint8_t *)" ", 1);
	plain_put(&token, right.bytes, right.count);
	return token;
}

/* What two tokens are together, which may be one that is known. */
static inline struct plain_token plain_join(struct plain *p, const struct plain_token *a,
					    const struct plain_token *b)
{
	struct plain_token token = plain_text(p, a, b);
	for (tok_id id = *plain_chain(p, plain_span(&token)); id != TOK_NO_ID; id = p->next[id]) {
		const struct plain_token known = plain_of(p->tokenizer, id);
		if (tok_span_equal(plain_span(&known), plain_span(&token)))
			return known;
	}
	for (size_t i = 0; i < p->made_count; i++)
		if (tok_span_equal(plain_span(&p->made[i]), plain_span(&token)))
			return p->made[i];
	token.id = (tok_id)(tok_tokenizer_size(p->tokenizer) + p->made_count);
	p->made[p->made_count++] = token;
	return token;
}

/* How often the mark for a space stands in it, where that is more than a byte. */
static inline size_t plain_spaces(const struct plain *p, const struct plain_token *token)
{
	uint8_t mark[4];
	const size_t count = tok_utf8_put(tok_pretokens_space(p->tokenizer), mark);
	size_t spaces = 0;
	for (size_t i = 0; count > 1 && i + count <= token->count; i++)
		spaces += memcmp(token->bytes + i, mark, count) == 0;
	return spaces;
}

/* As one they have the marks that the two have, and no other. */
static inline bool plain_keeps(const struct plain *p, const struct plain_token *a,
			       const struct plain_token *b)
{
	const struct tok_model_spec *model = &tok_tokenizer_spec(p->tokenizer)->model;
	const struct plain_token both = plain_text(p, a, b);
	if (tok_span_equal(plain_span(&both), plain_prefix(model)) ||
	    tok_span_equal(plain_span(&both), plain_suffix(model)))
		return false;
	return plain_begins(&both, plain_prefix(model)) == plain_begins(a, plain_prefix(model)) &&
	       plain_ends(&both, plain_suffix(model)) == plain_ends(b, plain_suffix(model)) &&
	       plain_spaces(p, &both) == plain_spaces(p, a) + plain_spaces(p, b);
}

static inline bool plain_allows(struct plain *p, const struct plain_token *a,
				const struct plain_token *b)
{
	struct tok_error err = { 0 };
	bool allowed;
	if (!a->joins || !b->joins || !plain_keeps(p, a, b))
		return false;
	if (tok_boundary_allows(p->boundary, plain_span(a), plain_span(b), &allowed, &err) !=
	    TOK_OK)
		abort();
	return allowed;
}

/* How often the tokens at `i` and behind it stand side by side. */
static inline size_t plain_count(const struct plain *p, size_t i)
{
	size_t count = 0;
	for (size_t s = 0; s < p->sequences; s++)
		for (size_t k = p->starts[s]; k + 1 < p->starts[s + 1]; k++)
			count += p->tokens[k].id == p->tokens[i].id &&
				 p->tokens[k + 1].id == p->tokens[i + 1].id;
	return count;
}

/* False if nothing may be joined. */
static inline bool plain_merge(struct plain *p)
{
	size_t best = SIZE_MAX, most = 0, to = 0;
	for (size_t s = 0; s < p->sequences; s++)
		for (size_t i = p->starts[s]; i + 1 < p->starts[s + 1]; i++) {
			const size_t count = plain_count(p, i);
			if (count <= most || !plain_allows(p, &p->tokens[i], &p->tokens[i + 1]))
				continue;
			best = i;
			most = count;
		}
	if (best == SIZE_MAX)
		return false;
	const struct plain_token a = p->tokens[best], b = p->tokens[best + 1];
	const struct plain_token result = plain_join(p, &a, &b);
	for (size_t s = 0; s < p->sequences; s++) {
		const size_t end = p->starts[s + 1];
		size_t i = p->starts[s];
		p->starts[s] = to;
		while (i < end) {
			const bool joined =
			    i + 1 < end && p->tokens[i].id == a.id && p->tokens[i + 1].id == b.id;
			p->parts[to] = p->parts[i] + (joined ? p->parts[i + 1] : 0);
			p->tokens[to++] = joined ? result : p->tokens[i];
			i += joined ? 2 : 1;
		}
	}
	p->starts[p->sequences] = to;
	p->steps[p->step_count++] = (struct tok_merge_step){ a.id, b.id, result.id, most, to };
	return true;
}

static inline void plain_load(struct plain *p, const struct tok_sequences *batch)
{
	p->sequences = batch->count;
	p->made_count = p->step_count = 0;
	for (size_t s = 0; s <= batch->count; s++)
		p->starts[s] = batch->offsets[s];
	for (size_t i = 0; i < batch->offsets[batch->count]; i++) {
		p->tokens[i] = plain_of(p->tokenizer, batch->ids[i]);
		p->parts[i] = 1;
	}
}

#endif
