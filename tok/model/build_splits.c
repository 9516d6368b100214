/*
 * BPE where any two neighbours that make a token may join (tiktoken and
 * SentencePiece): every way to cut a token into two parts is a pair, if each
 * part is a token or a single unit.  One trie from the front and one from the
 * back find all cuts of a token in one walk each.
 */
#include <stdlib.h>

#include "tok/model/bpe_internal.h"

struct splitter {
	struct tok_model *model;
	const struct tok_model_spec *spec;
	struct tok_trie forward, backward;
	uint32_t *ranks; /* by place */
	uint32_t *lefts; /* of the token at hand: symbol of its first n bytes */
	size_t left_capacity;
	struct tok_pair *pairs;
	size_t pair_count, pair_capacity;
};

static void release_splitter(struct splitter *s)
{
	tok_trie_release(&s->forward);
	tok_trie_release(&s->backward);
	free(s->ranks);
	free(s->lefts);
	free(s->pairs);
}

/* Orders scores from the highest to the lowest as SentencePiece compares them:
 * by bits, so that -0 is below +0. */
static uint32_t score_key(double score)
{
	const float single = (float)score;
	uint32_t bits;
	memcpy(&bits, &single, sizeof bits);
	return bits >> 31 ? bits : INT32_MAX - bits;
}

static int compare_keys(const void *a, const void *b)
{
	uint64_t x, y;
	memcpy(&x, a, sizeof x);
	memcpy(&y, b, sizeof y);
	return x < y ? -1 : x > y;
}

/* Equal scores are equal ranks. */
static enum tok_status rank_scores(struct splitter *s, struct tok_error *err)
{
	const size_t count = s->spec->entry_count;
	uint64_t *keys = malloc((count + 1) * sizeof *keys);
	if (!keys)
		return tok_fail_memory(err);
	for (size_t i = 0; i < count; i++)
		keys[i] = (uint64_t)score_key(s->spec->entries[i].score) << 32 | i;
	qsort(keys, count, sizeof *keys, compare_keys);

	uint32_t rank = 0;
	for (size_t i = 0; i < count; i++) {
		if (i > 0 && keys[i] >> 32 != keys[i - 1] >> 32)
			rank++;
		s->ranks[(uint32_t)keys[i]] = rank;
	}
	s->model->bpe->rank_limit = rank;
	free(keys);
	return TOK_OK;
}

static enum tok_status rank_entries(struct splitter *s, struct tok_error *err)
{
	struct tok_bpe *bpe = s->model->bpe;
	const size_t count = s->spec->entry_count;
	s->ranks = malloc((count + 1) * sizeof *s->ranks);
	if (!s->ranks)
		return tok_fail_memory(err);
	if (bpe->order == TOK_BPE_SCORES)
		return rank_scores(s, err);
	for (size_t i = 0; i < count; i++) {
		s->ranks[i] = s->spec->entries[i].id;
		if (s->ranks[i] > bpe->rank_limit)
			bpe->rank_limit = s->ranks[i];
	}
	return TOK_OK;
}

/* The symbol of a single unit, a virtual one if it is no token. */
static bool ensure_unit(struct tok_model *model, struct tok_char unit)
{
	struct tok_bpe *bpe = model->bpe;
	if (tok_charmap_get(bpe->chars[0][0], unit.code) != TOK_SYMBOL_NONE)
		return true;
	return tok_charmap_set(bpe->chars[0][0], &model->arena, unit.code,
			       (uint32_t)bpe->symbol_count++);
}

static struct tok_char last_unit(const struct tok_bpe *bpe, struct tok_span text)
{
	if (bpe->raw_bytes)
		return (struct tok_char){ text.bytes[text.count - 1], 1 };
	return tok_utf8_before(text, text.count);
}

static bool can_merge(const struct splitter *s, size_t place)
{
	return tok_piece_matches(s->spec->entries[place].type) &&
	       s->model->lexicon.texts[place].count > 0;
}

/* Tokens first, so that a unit that is one gets its place. */
static enum tok_status add_units(struct splitter *s, struct tok_error *err)
{
	struct tok_model *model = s->model;
	struct tok_bpe *bpe = model->bpe;
	bpe->symbol_count = model->lexicon.count;
	for (uint32_t i = 0; i < model->lexicon.count; i++) {
		const struct tok_span text = model->lexicon.texts[i];
		if (!can_merge(s, i))
			continue;
		const struct tok_char unit = tok_bpe_unit(bpe, text, 0);
		if (unit.length == text.count &&
		    !tok_charmap_set(bpe->chars[0][0], &model->arena, unit.code, i))
			return tok_fail_memory(err);
	}
	for (uint32_t i = 0; i < model->lexicon.count; i++) {
		const struct tok_span text = model->lexicon.texts[i];
		if (can_merge(s, i) && (!ensure_unit(model, tok_bpe_unit(bpe, text, 0)) ||
					!ensure_unit(model, last_unit(bpe, text))))
			return tok_fail_memory(err);
	}
	return TOK_OK;
}

static enum tok_status fill_tries(struct splitter *s, struct tok_error *err)
{
	enum tok_status status = tok_trie_init(&s->forward, err);
	if (status == TOK_OK)
		status = tok_trie_init(&s->backward, err);
	for (uint32_t i = 0; i < s->model->lexicon.count && status == TOK_OK; i++) {
		const struct tok_span text = s->model->lexicon.texts[i];
		if (!can_merge(s, i))
			continue;
		status = tok_trie_add(&s->forward, text, i, err);
		if (status == TOK_OK)
			status = tok_trie_add_reversed(&s->backward, text, i, err);
	}
	return status;
}

/* All pairs that make the token `place`. */
static bool split_token(struct splitter *s, uint32_t place)
{
	const struct tok_bpe *bpe = s->model->bpe;
	const struct tok_charmap *units = bpe->chars[0][0];
	const struct tok_span text = s->model->lexicon.texts[place];
	if (!tok_grow(&s->lefts, &s->left_capacity, text.count, sizeof *s->lefts))
		return false;

	const struct tok_char first = tok_bpe_unit(bpe, text, 0), last = last_unit(bpe, text);
	uint32_t node = TOK_TRIE_ROOT;
	for (size_t cut = 1; cut < text.count; cut++) {
		node = tok_trie_child(&s->forward, node, text.bytes[cut - 1]);
		s->lefts[cut] = cut == first.length ? tok_charmap_get(units, first.code)
						    : s->forward.values[node];
	}
	node = TOK_TRIE_ROOT;
	for (size_t cut = text.count - 1; cut > 0; cut--) {
		node = tok_trie_child(&s->backward, node, text.bytes[cut]);
		const uint32_t right = text.count - cut == last.length
					   ? tok_charmap_get(units, last.code)
					   : s->backward.values[node];
		if (right == TOK_SYMBOL_NONE || s->lefts[cut] == TOK_SYMBOL_NONE)
			continue;
		if (!tok_grow(&s->pairs, &s->pair_capacity, s->pair_count + 1, sizeof *s->pairs))
			return false;
		s->pairs[s->pair_count++] =
		    (struct tok_pair){ s->lefts[cut], right, s->ranks[place], place };
	}
	return true;
}

static enum tok_status add_pairs(struct splitter *s, struct tok_error *err)
{
	struct tok_model *model = s->model;
	for (uint32_t i = 0; i < model->lexicon.count; i++) {
		if (can_merge(s, i) && !split_token(s, i))
			return tok_fail_memory(err);
	}
	if (!tok_pairs_init(&model->bpe->pairs, &model->arena, s->pair_count))
		return tok_fail_memory(err);
	for (size_t i = 0; i < s->pair_count; i++)
		tok_pairs_put(&model->bpe->pairs, s->pairs[i]);
	return TOK_OK;
}

/* SentencePiece: what each symbol is written as, and which pieces are taken
 * whole wherever they stand. */
static enum tok_status add_roles(struct splitter *s, struct tok_error *err)
{
	struct tok_model *model = s->model;
	struct tok_bpe *bpe = model->bpe;
	bool has_user = false;
	bpe->roles = tok_arena_array(&model->arena, bpe->symbol_count, 1);
	if (!bpe->roles)
		return tok_fail_memory(err);
	memset(bpe->roles, TOK_ROLE_UNKNOWN, bpe->symbol_count);
	for (uint32_t i = 0; i < model->lexicon.count; i++) {
		const enum tok_piece_type type = s->spec->entries[i].type;
		if (!can_merge(s, i))
			continue;
		if (type != TOK_PIECE_UNUSED) {
			bpe->roles[i] = TOK_ROLE_TOKEN;
		} else if (tok_bpe_unit(bpe, model->lexicon.texts[i], 0).length <
			   model->lexicon.texts[i].count) {
			bpe->roles[i] = TOK_ROLE_SPLIT;
			bpe->has_split = true;
		}
		has_user = has_user || type == TOK_PIECE_USER_DEFINED;
	}
	if (!has_user)
		return TOK_OK;

	enum tok_status status = tok_trie_init(&bpe->user, err);
	for (uint32_t i = 0; i < model->lexicon.count && status == TOK_OK; i++) {
		if (s->spec->entries[i].type == TOK_PIECE_USER_DEFINED && can_merge(s, i))
			status = tok_trie_add(&bpe->user, model->lexicon.texts[i], i, err);
	}
	return status;
}

enum tok_status tok_bpe_build_splits(struct tok_model *model, const struct tok_model_spec *spec,
				     struct tok_error *err)
{
	struct tok_bpe *bpe = model->bpe;
	struct tok_charmap *units = tok_arena_array(&model->arena, 1, sizeof *units);
	if (!units || !tok_charmap_init(units, &model->arena))
		return tok_fail_memory(err);
	bpe->chars[0][0] = units;
	bpe->exact = true;

	struct splitter s = { .model = model, .spec = spec };
	enum tok_status status = rank_entries(&s, err);
	if (status == TOK_OK)
		status = add_units(&s, err);
	if (status == TOK_OK)
		status = fill_tries(&s, err);
	if (status == TOK_OK)
		status = add_pairs(&s, err);
	if (status == TOK_OK && bpe->order == TOK_BPE_SCORES)
		status = add_roles(&s, err);
	release_splitter(&s);
	return status;
}
