#include "vocab/train/unigram.h"

#include <math.h>
#include <stdlib.h>

#include "vocab/train/unigram_internal.h"

#define DEFAULT_SHRINKING 0.75
#define ENOUGH            1.1    /* times the size: then the best are kept */
#define UNSEEN_STEP       0.0001 /* between the scores of characters that died */
enum { DEFAULT_EM_STEPS = 2 };

/* ---- what is kept in the end ------------------------------------------------------- */

struct kept {
	double score;
	uint32_t begin, length;
};

static int by_score(const void *a, const void *b, void *context)
{
	const struct kept *x = a, *y = b;
	const uint8_t *text = context;
	if (x->score != y->score)
		return x->score < y->score ? 1 : -1;
	const uint32_t n = x->length < y->length ? x->length : y->length;
	const int order = memcmp(text + x->begin, text + y->begin, n);
	return order ? order : (int)x->length - (int)y->length;
}

static bool is_character(const struct unigram_runs *runs, struct tok_span text)
{
	return text.count == unigram_step(text.bytes[0], runs->bytes);
}

static const struct unigram_piece *find_piece(const struct unigram_model *model,
					      struct tok_span text)
{
	uint32_t node = 0;
	for (size_t i = 0; i < text.count; i++) {
		node = unigram_child(model->trie.units, node, text.bytes[i]);
		if (node == 0)
			return NULL;
	}
	const uint32_t piece = model->trie.units[node].piece;
	return piece == UNIGRAM_NONE ? NULL : &model->pieces.items[piece];
}

/* All characters, even those that died, which come after all others. */
static size_t keep_characters(const struct unigram_model *model, double least, struct kept *out)
{
	const struct unigram_runs *runs = model->runs;
	double penalty = 0;
	for (size_t i = 0; i < runs->character_count; i++) {
		const struct unigram_run *character = &runs->characters[i];
		const struct tok_span text = { runs->text.bytes + character->begin,
					       character->length };
		const struct unigram_piece *piece = find_piece(model, text);
		out[i] = (struct kept){ 0, character->begin, character->length };
		if (piece && isfinite(piece->score)) {
			out[i].score = piece->score;
		} else {
			penalty += UNSEEN_STEP;
			out[i].score = least - penalty;
		}
	}
	return runs->character_count;
}

static size_t keep_others(const struct unigram_model *model, size_t room, struct kept *out)
{
	const struct unigram_pieces *pieces = &model->pieces;
	size_t count = 0;
	for (size_t i = 0; i < pieces->count; i++) {
		const struct unigram_piece *piece = &pieces->items[i];
		if (isfinite(piece->score) &&
		    !is_character(model->runs, unigram_text(model->runs, piece)))
			out[count++] = (struct kept){ piece->score, piece->begin, piece->length };
	}
	qsort_r(out, count, sizeof *out, by_score, model->runs->text.bytes);
	return count < room ? count : room;
}

static bool put_entries(const struct unigram_model *model, const struct kept *kept, size_t count,
			struct vocab_learned *out)
{
	out->entries = tok_arena_array(&out->arena, count, sizeof *out->entries);
	for (size_t i = 0; out->entries && i < count; i++) {
		const struct tok_span text = tok_arena_copy(
		    &out->arena,
		    (struct tok_span){ model->runs->text.bytes + kept[i].begin, kept[i].length });
		if (!text.bytes)
			return false;
		out->entries[out->entry_count++] = (struct tok_vocab_entry){
			.text = text,
			.id = model->options->first_id + (tok_id)i,
			.type = TOK_PIECE_NORMAL,
			.score = kept[i].score,
		};
	}
	return out->entries != NULL;
}

static enum tok_status make_result(const struct unigram_model *model, struct vocab_learned *out)
{
	const struct unigram_runs *runs = model->runs;
	const size_t room =
	    model->options->vocab_size - model->options->first_id - runs->character_count;
	struct vocab_learned learned = { .kind = TOK_MODEL_UNIGRAM };
	struct kept *kept =
	    malloc((runs->character_count + model->pieces.count + 1) * sizeof *kept);
	bool ok = kept != NULL;
	if (ok) {
		size_t count = keep_characters(model, unigram_least(&model->pieces), kept);
		count += keep_others(model, room, kept + count);
		qsort_r(kept, count, sizeof *kept, by_score, runs->text.bytes);
		ok = put_entries(model, kept, count, &learned);
	}
	free(kept);
	if (ok)
		*out = learned;
	else
		vocab_learned_release(&learned);
	return ok ? TOK_OK : tok_fail_memory(model->err);
}

/* ---- rounds ------------------------------------------------------------------------- */

static enum tok_status do_em_step(struct unigram_model *model, uint64_t *expected, bool *stopped)
{
	const enum tok_status status = unigram_expect(model, expected, stopped);
	if (status == TOK_OK && !*stopped)
		unigram_maximize(model, expected);
	return status;
}

static size_t shrink(const struct unigram_model *model, size_t enough)
{
	const double shrinking =
	    model->options->shrinking > 0 ? model->options->shrinking : DEFAULT_SHRINKING;
	const size_t target = (size_t)(shrinking * (double)model->pieces.living);
	return target > enough ? target : enough;
}

static uint64_t foresee(const struct unigram_model *model, size_t enough, size_t em_steps)
{
	size_t rounds = 1;
	for (double size = (double)model->pieces.count; size > (double)enough && rounds < 1000;
	     rounds++)
		size *=
		    model->options->shrinking > 0 ? model->options->shrinking : DEFAULT_SHRINKING;
	return rounds * (em_steps + 1);
}

/* A round that neither leaves fewer pieces nor could is the last. */
static enum tok_status learn(struct unigram_model *model)
{
	const struct vocab_unigram_options *options = model->options;
	const size_t enough = (size_t)((double)options->vocab_size * ENOUGH);
	const size_t em_steps = options->em_steps ? options->em_steps : DEFAULT_EM_STEPS;
	uint64_t *expected = calloc(model->pieces.count + 1, sizeof *expected);
	bool stopped = false;
	enum tok_status status =
	    expected ? unigram_trie_build(&model->trie, model->runs, &model->pieces, model->err)
		     : tok_fail_memory(model->err);
	model->steps = foresee(model, enough, em_steps);
	for (size_t before = SIZE_MAX; status == TOK_OK && !stopped;) {
		for (size_t i = 0; i < em_steps && status == TOK_OK && !stopped; i++)
			status = do_em_step(model, expected, &stopped);
		if (model->pieces.living <= enough || model->pieces.living >= before)
			break;
		before = model->pieces.living;
		if (status == TOK_OK && !stopped)
			status = unigram_prune(model, shrink(model, enough), &stopped);
	}
	model->control->stopped |= stopped;
	free(expected);
	return status;
}

static enum tok_status check(const struct unigram_model *model)
{
	const struct vocab_unigram_options *options = model->options;
	const size_t characters = model->runs->character_count;
	if (options->vocab_size >= options->first_id &&
	    characters <= options->vocab_size - options->first_id)
		return TOK_OK;
	return tok_fail(model->err, TOK_EARG,
			"%u special tokens and %zu characters are more than the %zu tokens asked "
			"for: ask for more, or cover fewer characters",
			options->first_id, characters, options->vocab_size);
}

enum tok_status vocab_train_unigram(struct vocab_word_stream *words,
				    const struct vocab_unigram_options *options,
				    struct vocab_train_control *control, struct vocab_learned *out,
				    struct tok_error *err)
{
	struct unigram_runs runs = { 0 };
	struct unigram_model model = {
		.runs = &runs, .options = options, .control = control, .err = err
	};
	enum tok_status status = unigram_runs_read(&runs, words, options, control, err);
	if (status == TOK_OK)
		status = check(&model);
	if (status == TOK_OK)
		status = unigram_seeds(&runs, options, control, &model.pieces, err);
	if (status == TOK_OK)
		status = learn(&model);
	if (status == TOK_OK)
		status = make_result(&model, out);
	free(model.pieces.items);
	unigram_trie_release(&model.trie);
	unigram_runs_release(&runs);
	return status;
}
