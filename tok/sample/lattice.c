/*
 * The tables of a lattice, its edges, and what a path is written as.
 */
#include "tok/sample/lattice_internal.h"

#include <float.h>
#include <stdlib.h>

#include "tok/base/buffer.h"

/* What SentencePiece and Hugging Face take off the least score for unknown text. */
#define UNKNOWN_PENALTY 10.0

/* Uniform: as small as that even the number of ways through a stretch of
 * TOK_STRETCH_MAX bytes does not make up for one unknown symbol more. */
#define UNKNOWN_EXPONENT (-(INT64_C(1) << 31))

/* Scores are held to this, so that sums of them are numbers. */
#define SCORE_MAX 1e9

/* ---- scores ------------------------------------------------------------------ */

static double hold(double score)
{
	return score > SCORE_MAX ? SCORE_MAX : score < -SCORE_MAX ? -SCORE_MAX : score;
}

/* SentencePiece 0.2.3 gives a user-defined piece a bonus that grows with its characters in the
 * lattice, and with its bytes where the best path alone is searched; 0.2.1 another one. */
static double score_of(const struct tok_spec *spec, const struct tok_vocab_entry *entry)
{
	if (!spec->model.as.unigram.single_precision)
		return hold(entry->score);
	if (entry->type == TOK_PIECE_USER_DEFINED)
		return hold((float)(0.1 * ((double)tok_utf8_count(entry->text) - 1.0)));
	return hold((float)entry->score);
}

static double score_unknown(const struct tok_tokenizer *tokenizer)
{
	const struct tok_spec *spec = tok_tokenizer_spec(tokenizer);
	const bool single = spec->model.as.unigram.single_precision;
	double least = INFINITY;
	for (tok_id id = 0; id < tok_tokenizer_size(tokenizer); id++) {
		struct tok_vocab_entry entry;
		if (tok_tokenizer_entry(tokenizer, id, &entry) &&
		    (!single || entry.type == TOK_PIECE_NORMAL) && entry.score < least)
			least = entry.score;
	}
	if (least == INFINITY)
		least = single ? (double)FLT_MAX : 0.0;
	return hold(single ? (double)((float)least - (float)UNKNOWN_PENALTY)
			   : least - UNKNOWN_PENALTY);
}

static enum tok_status add_scores(struct tok_lattice *l, const struct tok_tokenizer *tokenizer,
				  size_t count, double alpha, struct tok_error *err)
{
	double *scores = tok_arena_array(&l->arena, count, sizeof *scores);
	struct tok_scaled *weights = tok_arena_array(&l->arena, count, sizeof *weights);
	if (!scores || !weights)
		return tok_fail_memory(err);
	for (size_t i = 0; i < count; i++) {
		struct tok_vocab_entry entry = { 0 };
		if (tok_tokenizer_entry(tokenizer, l->tokens[i].id, &entry))
			scores[i] = score_of(tok_tokenizer_spec(tokenizer), &entry);
		weights[i] = tok_scaled_exp(alpha * scores[i]);
	}
	l->unknown_score = score_unknown(tokenizer);
	l->unknown_weight = tok_scaled_exp(alpha * l->unknown_score);
	l->scores = scores;
	l->weights = weights;
	return TOK_OK;
}

/* ---- tokens ------------------------------------------------------------------ */

/* Value of a text that is not in the trie, since an equal one is. */
#define NOT_FOUND (TOK_NO_ID - 1)

static uint32_t find_value(const struct tok_trie *trie, struct tok_span text)
{
	uint32_t node = TOK_TRIE_ROOT;
	for (size_t i = 0; i < text.count; i++)
		node = tok_trie_child(trie, node, text.bytes[i]);
	return tok_trie_value(trie, node);
}

/* Of tokens that spell the same one is in the trie; the others are chained to it. */
static void chain_tokens(struct tok_lattice *l, struct tok_lattice_token *tokens,
			 const struct tok_span *texts, const uint32_t *above, size_t count)
{
	l->plain = true;
	for (uint32_t i = 0; i < count; i++) {
		l->plain = l->plain && above[i] != NOT_FOUND && tokens[i].places == TOK_PLACE_ANY;
		if (above[i] != NOT_FOUND)
			continue;
		struct tok_lattice_token *first = &tokens[find_value(&l->trie, texts[i])];
		tokens[i].next = first->next;
		first->next = i;
	}
}

static uint32_t count_chain(const struct tok_lattice_token *tokens, uint32_t i)
{
	uint32_t count = 0;
	for (; i != TOK_NO_ID; i = tokens[i].next)
		count++;
	return count;
}

/* The most tokens that begin one text.  fans[i]: those that are the text of token i, or
 * begin it; a chain of texts that begin each other is gone up once to count, and once to note. */
static uint32_t find_fan(const struct tok_lattice_token *tokens, const uint32_t *above,
			 uint32_t *fans, size_t count)
{
	uint32_t most = 0;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t fan = 0, at = i;
		if (above[i] == NOT_FOUND)
			continue;
		for (; at != TOK_NO_ID && fans[at] == 0; at = above[at])
			fan += count_chain(tokens, at);
		fan += at == TOK_NO_ID ? 0 : fans[at];
		most = fan > most ? fan : most;
		for (at = i; at != TOK_NO_ID && fans[at] == 0; at = above[at]) {
			fans[at] = fan;
			fan -= count_chain(tokens, at);
		}
	}
	return most;
}

/* What tokens spell while the tables are made. */
struct spelled {
	struct tok_lattice_token *tokens;
	struct tok_span *texts;
	uint32_t *values, *above, *fans;
	size_t count;
};

static bool spelled_init(struct spelled *s, struct tok_lattice *l,
			 const struct tok_surfaces *surfaces)
{
	const size_t size = tok_surfaces_count(surfaces);
	s->tokens = tok_arena_array(&l->arena, size, sizeof *s->tokens);
	s->texts = malloc((size + 1) * sizeof *s->texts);
	s->values = malloc((size + 1) * sizeof *s->values);
	s->above = malloc((size + 1) * sizeof *s->above);
	s->fans = calloc(size + 1, sizeof *s->fans);
	if (!s->tokens || !s->texts || !s->values || !s->above || !s->fans)
		return false;
	for (tok_id id = 0; id < size; id++) {
		const struct tok_surface *surface = tok_surfaces_at(surfaces, id);
		if (!surface->text.bytes)
			continue;
		s->tokens[s->count] = (struct tok_lattice_token){ id, TOK_NO_ID, surface->places };
		s->texts[s->count] = surface->text;
		s->values[s->count] = (uint32_t)s->count;
		s->above[s->count++] = NOT_FOUND;
	}
	return true;
}

static void spelled_release(struct spelled *s)
{
	free(s->texts);
	free(s->values);
	free(s->above);
	free(s->fans);
}

static enum tok_status add_tokens(struct tok_lattice *l, const struct tok_tokenizer *tokenizer,
				  const struct tok_sample_options *options, struct tok_error *err)
{
	struct spelled s = { 0 };
	struct tok_surfaces *surfaces;
	enum tok_status status = tok_surfaces_new(tokenizer, &surfaces, err);
	if (status != TOK_OK)
		return status;
	l->are_bytes = tok_surfaces_are_bytes(surfaces);
	status = spelled_init(&s, l, surfaces) ? TOK_OK : tok_fail_memory(err);
	if (status == TOK_OK)
		status =
		    tok_trie_build(&l->trie, &l->arena, s.texts, s.values, s.count, s.above, err);
	if (status == TOK_OK) {
		chain_tokens(l, s.tokens, s.texts, s.above, s.count);
		l->fan = find_fan(s.tokens, s.above, s.fans, s.count) + 1;
		l->tokens = s.tokens;
		if (options->method == TOK_SAMPLE_UNIGRAM)
			status = add_scores(l, tokenizer, s.count, options->alpha, err);
	}
	spelled_release(&s);
	tok_surfaces_free(surfaces);
	return status;
}

/* ---- all of it --------------------------------------------------------------- */

/* How the model treats what it does not know. */
static void note_unknown(struct tok_lattice *l, const struct tok_spec *spec)
{
	const struct tok_model_spec *model = &spec->model;
	bool all = true;
	l->kind = model->kind;
	l->sentencepiece = spec->sentencepiece;
	l->unk = model->unk;
	l->fuses = spec->sentencepiece;
	switch (model->kind) {
	case TOK_MODEL_BPE:
		l->fuses = l->fuses || model->as.bpe.fuse_unk;
		l->vanishes = !spec->sentencepiece && !model->as.bpe.unk_missing;
		break;
	case TOK_MODEL_UNIGRAM:
		l->fuses = l->fuses || model->as.unigram.fuse_unk;
		break;
	case TOK_MODEL_WORDPIECE:
		l->max_chars = model->as.wordpiece.max_chars;
		l->whole_words = true;
		break;
	case TOK_MODEL_WORDLEVEL:
		l->whole_words = true;
		break;
	}
	for (size_t i = 0; i < 256; i++) {
		l->byte_ids[i] = model->byte_fallback ? model->byte_ids[i] : TOK_NO_ID;
		all = all && l->byte_ids[i] != TOK_NO_ID;
	}
	l->spells_bytes = model->byte_fallback && (all || !spec->sentencepiece);
}

enum tok_status tok_lattice_new(const struct tok_tokenizer *tokenizer,
				const struct tok_sample_options *options, struct tok_lattice **out,
				struct tok_error *err)
{
	struct tok_lattice *l = calloc(1, sizeof *l);
	if (!l)
		return tok_fail_memory(err);
	l->method = options->method;
	l->p = options->p;
	l->unknown_weight = tok_scaled_of(0.5, UNKNOWN_EXPONENT);
	note_unknown(l, tok_tokenizer_spec(tokenizer));
	const enum tok_status status = add_tokens(l, tokenizer, options, err);
	if (status != TOK_OK)
		tok_lattice_free(l);
	else
		*out = l;
	return status;
}

void tok_lattice_free(struct tok_lattice *l)
{
	if (!l)
		return;
	tok_arena_release(&l->arena);
	free(l);
}

struct tok_lattice_scratch *tok_lattice_scratch_new(void)
{
	return calloc(1, sizeof(struct tok_lattice_scratch));
}

void tok_lattice_scratch_free(struct tok_lattice_scratch *s)
{
	if (!s)
		return;
	free(s->edges.items);
	free(s->path.items);
	free(s->sums);
	free(s->best);
	free(s->shares);
	free(s->tallies);
	free(s->measured);
	tok_tokens_release(&s->written);
	tok_agenda_free(s->agenda);
	free(s);
}
