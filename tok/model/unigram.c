/*
 * Unigram: a text is cut where no token crosses, and each word between two cuts
 * is recalled if its path is certain (unigram_words.c), or searched for
 * (unigram_path.c).  The sum of scores is carried from word to word as the
 * reference programs add it up.
 */
#include "tok/model/unigram_internal.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define UNKNOWN_PENALTY 10.0

struct tok_unigram_scratch *tok_unigram_scratch_new(void)
{
	struct tok_unigram_scratch *scratch = calloc(1, sizeof *scratch);
	if (scratch && !tok_words_init(&scratch->words)) {
		free(scratch);
		return NULL;
	}
	return scratch;
}

void tok_unigram_scratch_free(struct tok_unigram_scratch *scratch)
{
	if (!scratch)
		return;
	tok_words_release(&scratch->words);
	free(scratch->steps);
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

/* The one path of a character that is a word: its own token, or unknown.  Where
 * there may be neither, and where the unknown token is a token like others, it
 * is left to the search. */
static void fill_bytes(struct tok_unigram *u)
{
	memset(u->bytes, 0xFF, sizeof u->bytes);
	for (uint32_t c = 0; c < 128; c++) {
		const uint32_t node = tok_trie_child(&u->trie, TOK_TRIE_ROOT, (uint8_t)c);
		const uint32_t place = node ? tok_trie_value(&u->trie, node) : TOK_NO_ID;
		if (!tok_unigram_holds(u->cuts, c))
			u->bytes[c] = u->unk_place;
		else if (place != u->unk_place)
			u->bytes[c] = place;
	}
}

/* Note the tokens, and index what text can match. */
static enum tok_status add_tokens(struct tok_model *model, const struct tok_model_spec *spec,
				  struct tok_unigram_token *tokens, double *scores,
				  struct tok_error *err)
{
	const unsigned types = TOK_TYPES_OF_TEXT & ~TOK_TYPE_BIT(TOK_PIECE_UNUSED);
	struct tok_unigram *u = model->unigram;
	for (uint32_t i = 0; i < model->lexicon.count; i++) {
		const struct tok_vocab_entry *entry = &spec->entries[i];
		const uint32_t length = (uint32_t)entry->text.count;
		const double score = score_entry(entry, u->single_precision);
		if (isnan(score))
			return tok_fail(err, TOK_EFORMAT, "the score of token %u is not a number",
					entry->id);
		tokens[i] = (struct tok_unigram_token){ scores ? 0.0f : (float)score, entry->id };
		if (scores)
			scores[i] = score;
		if (types & TOK_TYPE_BIT(entry->type)) {
			u->greatest = fmax(u->greatest, fabs(score));
			u->longest = u->longest > length ? u->longest : length;
		}
	}
	enum tok_status status =
	    tok_unigram_cuts_build(u->cuts, &model->arena, &model->lexicon, types, err);
	if (status == TOK_OK)
		status =
		    tok_lexicon_trie(&model->lexicon, &model->arena, types, &u->trie, NULL, err);
	if (status == TOK_OK)
		fill_bytes(u);
	return status;
}

enum tok_status tok_unigram_build(struct tok_model *model, const struct tok_model_spec *spec,
				  struct tok_error *err)
{
	struct tok_unigram *u = tok_arena_array(&model->arena, 1, sizeof *u);
	struct tok_unigram_token *tokens =
	    tok_arena_array(&model->arena, spec->entry_count, sizeof *tokens);
	struct tok_unigram_cuts *cuts = tok_arena_array(&model->arena, 1, sizeof *cuts);
	const bool single = spec->as.unigram.single_precision;
	double *scores =
	    single ? NULL : tok_arena_array(&model->arena, spec->entry_count, sizeof *scores);
	if (!u || !tokens || !cuts || (!single && !scores))
		return tok_fail_memory(err);
	model->unigram = u;
	u->tokens = tokens;
	u->cuts = cuts;
	u->scores = scores;
	u->single_precision = single;
	u->fuse_unk = spec->as.unigram.fuse_unk;
	u->unknown_score = score_unknown(spec);
	u->unk_place =
	    spec->unk == TOK_NO_ID ? TOK_NO_ID : tok_lexicon_place(&model->lexicon, spec->unk);
	const uint64_t facts[] = { model->lexicon.fingerprint, spec->unk, u->single_precision };
	u->fingerprint = XXH3_64bits(facts, sizeof facts);
	return add_tokens(model, spec, tokens, scores, err);
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

static enum tok_status write_pending(struct tok_unigram_writer *writer, struct tok_error *err)
{
	const struct tok_range run = writer->unknown;
	writer->unknown = (struct tok_range){ 0, 0 };
	return run.begin == run.end
		   ? TOK_OK
		   : add_unknown(writer->model, writer->text, run, writer->out, err);
}

enum tok_status tok_unigram_write(struct tok_unigram_writer *writer, uint32_t place, uint32_t begin,
				  uint32_t end, struct tok_error *err)
{
	const struct tok_unigram *u = writer->model->unigram;
	const bool unknown = place == u->unk_place;
	if (unknown && writer->fuses && writer->unknown.end == begin &&
	    writer->unknown.begin < begin) {
		writer->unknown.end = end;
		return TOK_OK;
	}
	if (writer->unknown.begin != writer->unknown.end) {
		const enum tok_status status = write_pending(writer, err);
		if (status != TOK_OK)
			return status;
	}
	if (unknown) {
		writer->unknown = (struct tok_range){ begin, end };
		return TOK_OK;
	}
	if (!tok_tokens_make_room(writer->out, 1))
		return tok_fail_memory(err);
	tok_tokens_put(writer->out, u->tokens[place].id, begin, end);
	return TOK_OK;
}

/* Write a word that was met before, and add up its scores. */
static enum tok_status recall_word(struct tok_unigram_writer *writer,
				   const struct tok_word_slot *slot, uint32_t at, double *sum,
				   struct tok_error *err)
{
	const struct tok_unigram *u = writer->model->unigram;
	if (writer->unknown.begin != writer->unknown.end) {
		const enum tok_status status = write_pending(writer, err);
		if (status != TOK_OK)
			return status;
	}
	if (!tok_tokens_make_room(writer->out, TOK_WORD_TOKENS))
		return tok_fail_memory(err);
	double score = *sum;
	for (uint32_t i = 0; i < slot->count; i++) {
		const uint32_t place = slot->tokens[i];
		uint32_t end = at;
		score = tok_unigram_add(u, tok_unigram_score(u, place), score);
		if (writer->out->ranged)
			end += (uint32_t)tok_lexicon_text(&writer->model->lexicon, place).count;
		if (end > writer->text.count) /* the texts of a hostile image */
			end = (uint32_t)writer->text.count;
		tok_tokens_put(writer->out, u->tokens[place].id, at, end);
		at = end;
	}
	*sum = score;
	return TOK_OK;
}

/* The word's path, if the sum before it leaves no doubt; or NULL. */
static const struct tok_word_slot *find_word(const struct tok_unigram *u,
					     const struct tok_unigram_word *word,
					     struct tok_span text, double sum)
{
	if (!word->pair)
		return NULL;
	struct tok_word_slot *slot = tok_words_find(word->pair, &word->key);
	if (!slot) {
		struct tok_word_slot made = { .key = word->key };
		if (!tok_unigram_learn(u, tok_span_slice(text, word->begin, word->end), &made))
			return NULL;
		slot = tok_words_put(word->pair, &made);
	}
	return fabs(sum) <= slot->of.limit ? slot : NULL;
}

static enum tok_status encode_word(struct tok_unigram_scratch *scratch,
				   struct tok_unigram_writer *writer,
				   const struct tok_unigram_word *word, uint32_t origin,
				   double *sum, struct tok_error *err)
{
	const struct tok_unigram *u = writer->model->unigram;
	if (u->single_precision && fabs(*sum) > TOK_UNIGRAM_REBASE)
		*sum = 0.0;
	if (word->place != TOK_NO_ID) {
		const double score = word->place == u->unk_place
					 ? u->unknown_score
					 : tok_unigram_score(u, word->place);
		*sum = tok_unigram_add(u, score, *sum);
		return tok_unigram_write(writer, word->place, word->begin, word->end, err);
	}
	const struct tok_word_slot *slot = find_word(u, word, writer->text, *sum);
	return slot ? recall_word(writer, slot, word->begin, sum, err)
		    : tok_unigram_search(scratch, writer,
					 (struct tok_range){ word->begin, word->end }, origin, sum,
					 err);
}

enum tok_status tok_unigram_encode(const struct tok_model *model,
				   struct tok_unigram_scratch *scratch, struct tok_span text,
				   struct tok_range piece, struct tok_tokens *out,
				   struct tok_error *err)
{
	const struct tok_span head = { text.bytes, piece.end };
	struct tok_unigram_writer writer = {
		.model = model, .out = out, .text = head, .fuses = does_fuse(model)
	};
	enum tok_status status = TOK_OK;
	double sum = 0.0;
	tok_words_claim(&scratch->words, model->unigram->fingerprint);
	for (uint32_t at = piece.begin; status == TOK_OK && at < piece.end;) {
		const size_t count =
		    tok_unigram_cut(model, &scratch->words, head, at, scratch->batch);
		for (size_t i = 0; status == TOK_OK && i < count; i++)
			status = encode_word(scratch, &writer, &scratch->batch[i], piece.begin,
					     &sum, err);
		at = scratch->batch[count - 1].end;
	}
	return status == TOK_OK ? write_pending(&writer, err) : status;
}
