/*
 * The most probable way to cut a piece (Viterbi): encode_optimized of Hugging
 * Face's models/unigram and EncodeOptimized of SentencePiece's unigram_model.cc.
 * Both keep the first of equally good paths, and meet shorter tokens first and
 * earlier starts first; so does this.
 */
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "tok/model/model_internal.h"
#include "tok/model/trie_internal.h"
#include "tok/text/utf8.h"

#define UNKNOWN_PENALTY 10.0
#define NOWHERE         UINT32_MAX

struct tok_unigram {
	struct tok_trie trie;
	const double *scores; /* by place; as float where single_precision */
	double unknown_score;
	uint32_t unk_place; /* TOK_NO_ID: none */
	bool single_precision, fuse_unk;
};

/* The best path that ends here. */
struct step {
	double score;
	uint32_t start; /* of its last token; NOWHERE: no path ends here */
	uint32_t place;
};

struct tok_unigram_scratch {
	struct step *steps;
	size_t step_capacity;
	uint32_t *ends; /* of the tokens on the best path, last first */
	size_t end_capacity;
};

struct tok_unigram_scratch *tok_unigram_scratch_new(void)
{
	return calloc(1, sizeof(struct tok_unigram_scratch));
}

void tok_unigram_scratch_free(struct tok_unigram_scratch *scratch)
{
	if (!scratch)
		return;
	free(scratch->steps);
	free(scratch->ends);
	free(scratch);
}

/* SentencePiece gives user-defined pieces a bonus that grows with their bytes. */
static double score_entry(const struct tok_vocab_entry *entry, bool single_precision)
{
	if (!single_precision)
		return entry->score;
	if (entry->type == TOK_PIECE_USER_DEFINED)
		return (float)(0.1 * ((double)entry->text.count - 1.0));
	return (float)entry->score;
}

/* Hugging Face takes the least score of all tokens, SentencePiece of the normal
 * ones only. */
static double score_unknown(const struct tok_model_spec *spec)
{
	const bool single = spec->as.unigram.single_precision;
	double least = single ? (double)FLT_MAX : INFINITY;
	for (size_t i = 0; i < spec->entry_count; i++) {
		const struct tok_vocab_entry *entry = &spec->entries[i];
		if ((!single || entry->type == TOK_PIECE_NORMAL) && entry->score < least)
			least = single ? (float)entry->score : entry->score;
	}
	return single ? (double)((float)least - (float)UNKNOWN_PENALTY) : least - UNKNOWN_PENALTY;
}

enum tok_status tok_unigram_build(struct tok_model *model, const struct tok_model_spec *spec,
				  struct tok_error *err)
{
	struct tok_unigram *u = tok_arena_array(&model->arena, 1, sizeof *u);
	double *scores = tok_arena_array(&model->arena, spec->entry_count, sizeof *scores);
	if (!u || !scores)
		return tok_fail_memory(err);
	model->unigram = u;
	u->scores = scores;
	u->single_precision = spec->as.unigram.single_precision;
	u->fuse_unk = spec->as.unigram.fuse_unk;
	u->unknown_score = score_unknown(spec);
	u->unk_place =
	    spec->unk == TOK_NO_ID ? TOK_NO_ID : tok_lexicon_place(&model->lexicon, spec->unk);

	for (size_t i = 0; i < model->lexicon.count; i++) {
		const struct tok_vocab_entry *entry = &spec->entries[i];
		scores[i] = score_entry(entry, u->single_precision);
		if (isnan(scores[i]))
			return tok_fail(err, TOK_EFORMAT, "the score of token %u is not a number",
					entry->id);
	}
	return tok_lexicon_trie(&model->lexicon, &model->arena,
				TOK_TYPES_OF_TEXT & ~TOK_TYPE_BIT(TOK_PIECE_UNUSED), &u->trie, err);
}

static double add_scores(const struct tok_unigram *u, double token, double path)
{
	return u->single_precision ? (double)((float)token + (float)path) : token + path;
}

/* Offer a path to `step`; the first of equals stays. */
static bool improve_step(struct step *step, double score, uint32_t start, uint32_t place)
{
	if (step->start != NOWHERE && !(score > step->score))
		return false;
	*step = (struct step){ score, start, place };
	return true;
}

/* SentencePiece moves the zero when sums grow past what a float adds well. */
static void rebase_scores(struct step *steps, uint32_t at, uint32_t frontier)
{
	const float offset = (float)steps[at].score;
	for (uint32_t i = at; i <= frontier; i++) {
		if (i == at || steps[i].start != NOWHERE)
			steps[i].score = (double)((float)steps[i].score - offset);
	}
	steps[at].score = 0.0;
}

static enum tok_status find_path(const struct tok_unigram *u, struct step *steps,
				 struct tok_span word, struct tok_error *err)
{
	static const double rebase_threshold = 100000.0;
	const uint32_t size = (uint32_t)word.count;
	uint32_t frontier = 0;
	for (uint32_t i = 0; i <= size; i++)
		steps[i] = (struct step){ 0.0, NOWHERE, TOK_NO_ID };

	for (uint32_t at = 0, length; at < size; at += length) {
		length = tok_utf8_at(word, at).length;
		if (u->single_precision && fabs(steps[at].score) > rebase_threshold)
			rebase_scores(steps, at, frontier);

		const double so_far = steps[at].score;
		bool has_single = false;
		uint32_t node = TOK_TRIE_ROOT;
		for (uint32_t i = at; i < size; i++) {
			node = tok_trie_child(&u->trie, node, word.bytes[i]);
			if (node == 0)
				break;
			const uint32_t place = tok_trie_value(&u->trie, node);
			if (place == TOK_NO_ID)
				continue;
			if (i + 1 > frontier)
				frontier = i + 1;
			improve_step(&steps[i + 1], add_scores(u, u->scores[place], so_far), at,
				     place);
			has_single = has_single || i + 1 - at == length;
		}
		if (has_single)
			continue;
		if (at + length > frontier)
			frontier = at + length;
		if (improve_step(&steps[at + length], add_scores(u, u->unknown_score, so_far), at,
				 u->unk_place) &&
		    u->unk_place == TOK_NO_ID && !u->single_precision)
			return tok_fail(err, TOK_ETEXT,
					"byte %u begins a character that no token has, and there "
					"is no unknown token",
					at);
	}
	return TOK_OK;
}

/* Hugging Face looks the text of an unknown run up once more, and spells it in
 * bytes that all have the range of the run. */
static enum tok_status add_unknown(const struct tok_model *model, struct tok_span text,
				   struct tok_range run, struct tok_tokens *out,
				   struct tok_error *err)
{
	const struct tok_lexicon *lexicon = &model->lexicon;
	bool spelled = lexicon->byte_fallback;
	if (model->unigram->single_precision) {
		if (spelled && lexicon->all_bytes)
			return tok_tokens_put_bytes(out, lexicon, text, run) ? TOK_OK
									     : tok_fail_memory(err);
		if (lexicon->unk == TOK_NO_ID)
			return tok_fail(err, TOK_ETEXT,
					"bytes %u to %u are no token, and there is no unknown "
					"token",
					run.begin, run.end);
		return tok_tokens_add(out, lexicon->unk, run) ? TOK_OK : tok_fail_memory(err);
	}

	const uint32_t place = tok_lexicon_find(lexicon, tok_span_slice(text, run.begin, run.end));
	for (uint32_t i = run.begin; i < run.end && spelled; i++)
		spelled = lexicon->byte_ids[text.bytes[i]] != TOK_NO_ID;
	if (place != TOK_NO_ID || !spelled)
		return tok_tokens_add(out, place != TOK_NO_ID ? lexicon->ids[place] : lexicon->unk,
				      run)
			   ? TOK_OK
			   : tok_fail_memory(err);
	if (!tok_tokens_reserve(out, run.end - run.begin))
		return tok_fail_memory(err);
	for (uint32_t i = run.begin; i < run.end; i++)
		tok_tokens_put(out, lexicon->byte_ids[text.bytes[i]], run.begin, run.end);
	return TOK_OK;
}

/* May the unknown run go on behind the token that it holds now? */
static bool does_fuse(const struct tok_model *model)
{
	const bool by_byte = model->unigram->single_precision && model->lexicon.byte_fallback &&
			     model->lexicon.all_bytes;
	return model->unigram->fuse_unk && !by_byte;
}

enum tok_status tok_unigram_encode(const struct tok_model *model,
				   struct tok_unigram_scratch *scratch, struct tok_span text,
				   struct tok_range piece, struct tok_tokens *out,
				   struct tok_error *err)
{
	const struct tok_unigram *u = model->unigram;
	const size_t size = piece.end - piece.begin;
	if (!tok_grow(&scratch->steps, &scratch->step_capacity, size + 1, sizeof *scratch->steps) ||
	    !tok_grow(&scratch->ends, &scratch->end_capacity, size, sizeof *scratch->ends))
		return tok_fail_memory(err);

	const struct step *steps = scratch->steps;
	enum tok_status status =
	    find_path(u, scratch->steps, tok_span_slice(text, piece.begin, piece.end), err);
	if (status != TOK_OK)
		return status;

	size_t count = 0;
	for (uint32_t end = (uint32_t)size; end > 0; end = steps[end].start)
		scratch->ends[count++] = end;
	if (!tok_tokens_reserve(out, count))
		return tok_fail_memory(err);

	const bool fuses = does_fuse(model);
	for (size_t i = count; status == TOK_OK && i > 0;) {
		const struct step *step = &steps[scratch->ends[--i]];
		struct tok_range range = { piece.begin + step->start,
					   piece.begin + scratch->ends[i] };
		if (step->place != u->unk_place) {
			if (!tok_tokens_add(out, model->lexicon.ids[step->place], range))
				return tok_fail_memory(err);
			continue;
		}
		while (fuses && i > 0 && steps[scratch->ends[i - 1]].place == u->unk_place)
			range.end = piece.begin + scratch->ends[--i];
		status = add_unknown(model, text, range, out, err);
	}
	return status;
}
