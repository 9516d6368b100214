/*
 * BPE where any two neighbours that make a token may join (tiktoken and
 * SentencePiece): every way to cut a token into two parts is a pair, if each
 * part is a token or a single unit.
 */
#include <stdlib.h>

#include "tok/model/bpe_internal.h"

struct splitter {
	struct tok_model *model;
	const struct tok_model_spec *spec;
	struct tok_trie forward; /* in `scratch` */
	struct tok_arena scratch;
	struct tok_span *texts; /* those that can merge, with their places: in `scratch` */
	uint32_t *places;
	size_t text_count;
	uint32_t *ranks; /* by place */
	struct tok_pair *pairs;
	size_t pair_count, pair_capacity;
};

static void release_splitter(struct splitter *s)
{
	tok_arena_release(&s->scratch);
	free(s->ranks);
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
	if (tok_charmap_get(&bpe->chars[0][0], unit.code) != TOK_SYMBOL_NONE)
		return true;
	return tok_charmap_set(&bpe->chars[0][0], unit.code, (uint32_t)bpe->symbol_count++);
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
	       tok_lexicon_text(&s->model->lexicon, place).count > 0;
}

/* Tokens first, so that a unit that is one gets its place. */
static enum tok_status add_units(struct splitter *s, struct tok_error *err)
{
	struct tok_model *model = s->model;
	struct tok_bpe *bpe = model->bpe;
	bpe->symbol_count = model->lexicon.count;
	for (uint32_t i = 0; i < model->lexicon.count; i++) {
		const struct tok_span text = tok_lexicon_text(&model->lexicon, i);
		if (!can_merge(s, i))
			continue;
		const struct tok_char unit = tok_bpe_unit(bpe, text, 0);
		if (unit.length == text.count && !tok_charmap_set(&bpe->chars[0][0], unit.code, i))
			return tok_fail_memory(err);
	}
	for (uint32_t i = 0; i < model->lexicon.count; i++) {
		const struct tok_span text = tok_lexicon_text(&model->lexicon, i);
		if (can_merge(s, i) && (!ensure_unit(model, tok_bpe_unit(bpe, text, 0)) ||
					!ensure_unit(model, last_unit(bpe, text))))
			return tok_fail_memory(err);
	}
	return TOK_OK;
}

static enum tok_status fill_trie(struct splitter *s, struct tok_error *err)
{
	const size_t count = s->model->lexicon.count;
	s->texts = tok_arena_array(&s->scratch, count, sizeof *s->texts);
	s->places = tok_arena_array(&s->scratch, count, sizeof *s->places);
	if (!s->texts || !s->places)
		return tok_fail_memory(err);
	for (uint32_t i = 0; i < count; i++) {
		if (!can_merge(s, i))
			continue;
		s->texts[s->text_count] = tok_lexicon_text(&s->model->lexicon, i);
		s->places[s->text_count++] = i;
	}
	return tok_trie_build(&s->forward, &s->scratch, s->texts, s->places, s->text_count, NULL,
			      err);
}

/* The symbol of a part, which may be a unit without a token. */
static uint32_t find_right(const struct splitter *s, struct tok_span part, struct tok_char last)
{
	if (part.count == last.length)
		return tok_charmap_get(&s->model->bpe->chars[0][0], last.code);
	return tok_lexicon_find(&s->model->lexicon, part);
}

/* All pairs that make the token `place`. */
static bool split_token(struct splitter *s, uint32_t place)
{
	const struct tok_bpe *bpe = s->model->bpe;
	const struct tok_span text = tok_lexicon_text(&s->model->lexicon, place);
	const struct tok_char first = tok_bpe_unit(bpe, text, 0), last = last_unit(bpe, text);
	uint32_t node = TOK_TRIE_ROOT;
	for (size_t cut = 1; cut < text.count; cut++) {
		node = tok_trie_child(&s->forward, node, text.bytes[cut - 1]);
		const uint32_t left = cut == first.length
					  ? tok_charmap_get(&bpe->chars[0][0], first.code)
					  : tok_trie_value(&s->forward, node);
		if (left == TOK_SYMBOL_NONE)
			continue;
		const uint32_t right = find_right(s, tok_span_slice(text, cut, text.count), last);
		if (right == TOK_SYMBOL_NONE)
			continue;
		if (!tok_grow(&s->pairs, &s->pair_capacity, s->pair_count + 1, sizeof *s->pairs))
			return false;
		s->pairs[s->pair_count++] =
		    (struct tok_pair){ left, right, s->ranks[place], place };
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
	for (size_t i = 0; i < s->pair_count; i++) {
		enum { AHEAD = 12 }; /* as in build_merges.c */
		if (s->pair_count - i > AHEAD)
			tok_pairs_expect(&model->bpe->pairs, s->pairs[i + AHEAD].left,
					 s->pairs[i + AHEAD].right);
		tok_pairs_put(&model->bpe->pairs, s->pairs[i]);
	}
	return TOK_OK;
}

static enum tok_status add_user_pieces(struct splitter *s, struct tok_error *err)
{
	size_t kept = 0; /* the trie of all is made by now */
	for (size_t i = 0; i < s->text_count; i++) {
		if (s->spec->entries[s->places[i]].type != TOK_PIECE_USER_DEFINED)
			continue;
		s->texts[kept] = s->texts[i];
		s->places[kept++] = s->places[i];
	}
	return tok_trie_build(&s->model->bpe->user, &s->model->arena, s->texts, s->places, kept,
			      NULL, err);
}

/* SentencePiece: what each symbol is written as, and which pieces are taken
 * whole wherever they stand. */
static enum tok_status add_roles(struct splitter *s, struct tok_error *err)
{
	struct tok_model *model = s->model;
	struct tok_bpe *bpe = model->bpe;
	bool has_user = false;
	uint8_t *roles = tok_arena_array(&model->arena, bpe->symbol_count, 1);
	if (!roles)
		return tok_fail_memory(err);
	bpe->roles = memset(roles, TOK_ROLE_UNKNOWN, bpe->symbol_count);
	for (uint32_t i = 0; i < model->lexicon.count; i++) {
		const enum tok_piece_type type = s->spec->entries[i].type;
		if (!can_merge(s, i))
			continue;
		if (type != TOK_PIECE_UNUSED) {
			roles[i] = TOK_ROLE_TOKEN;
		} else if (tok_bpe_unit(bpe, tok_lexicon_text(&model->lexicon, i), 0).length <
			   tok_lexicon_text(&model->lexicon, i).count) {
			roles[i] = TOK_ROLE_SPLIT;
			bpe->has_split = true;
		}
		has_user = has_user || type == TOK_PIECE_USER_DEFINED;
	}
	return has_user ? add_user_pieces(s, err) : TOK_OK;
}

enum tok_status tok_bpe_build_splits(struct tok_model *model, const struct tok_model_spec *spec,
				     struct tok_error *err)
{
	struct tok_bpe *bpe = model->bpe;
	struct tok_charmap *units = &bpe->chars[0][0];
	if (!tok_charmap_init(units, &model->arena)) {
		tok_charmap_discard(units);
		return tok_fail_memory(err);
	}
	bpe->exact = true;

	struct splitter s = { .model = model, .spec = spec };
	enum tok_status status = rank_entries(&s, err);
	if (status == TOK_OK)
		status = add_units(&s, err);
	if (status == TOK_OK)
		status = fill_trie(&s, err);
	if (status == TOK_OK)
		status = add_pairs(&s, err);
	if (status == TOK_OK && bpe->order == TOK_BPE_SCORES)
		status = add_roles(&s, err);
	if (status == TOK_OK && !tok_charmap_freeze(units, &model->arena))
		status = tok_fail_memory(err);
	if (status != TOK_OK)
		tok_charmap_discard(units);
	release_splitter(&s);
	return status;
}
