#include "vocab/train/finish.h"

#include <stdio.h>

#include "tok/pipe/byte_level.h"
#include "vocab/train/recipe.h"

enum { WORD_CHARS_MAX = 100, FALLBACK = 256 };

/* ---- before learning --------------------------------------------------------- */

static const struct tok_added_token *find_added(const struct tok_spec *spec, struct tok_span text)
{
	for (size_t i = 0; i < spec->added_count; i++)
		if (tok_span_equal(spec->added[i].content, text))
			return &spec->added[i];
	return NULL;
}

enum tok_status vocab_finish_begin(const struct vocab_finish_options *options,
				   struct tok_spec *spec, tok_id *first_id, struct tok_error *err)
{
	const bool bytes = vocab_recipe_has_bytes(spec);
	if (options->model == VOCAB_TRAIN_WORDPIECE && bytes)
		return tok_fail(
		    err, TOK_EARG,
		    "WordPiece joins characters, and these words are bytes: count words "
		    "of another kind, as 'bert'");
	if (bytes && options->byte_fallback)
		return tok_fail(err, TOK_EARG,
				"words are bytes here: there is nothing to fall back to");
	if (options->model != VOCAB_TRAIN_BPE && !options->unk.bytes)
		return tok_fail(err, TOK_EARG, "the model needs an unknown token");
	enum tok_status status = TOK_OK;
	if (options->unk.bytes)
		status = vocab_recipe_add_special(spec, options->unk, err);
	if (status == TOK_OK)
		*first_id = (tok_id)(spec->added_count + (options->byte_fallback ? FALLBACK : 0));
	return status;
}

struct vocab_learned vocab_learned_front(const struct vocab_learned *learned, size_t vocab_size)
{
	struct vocab_learned front = *learned;
	front.entry_count = 0;
	while (front.entry_count < learned->entry_count &&
	       learned->entries[front.entry_count].id < vocab_size)
		front.entry_count++;
	/* The run would have ended with the merge that made the last of them. */
	size_t made = learned->merge_count;
	for (size_t i = 0; i < learned->merge_count && made == learned->merge_count; i++)
		if (learned->merges[i].result + (size_t)1 >= vocab_size)
			made = learned->merges[i].result < vocab_size ? i + 1 : i;
	front.merge_count = made;
	return front;
}

/* ---- entries -------------------------------------------------------------------- */

struct building {
	const struct vocab_finish_options *options;
	const struct vocab_learned *learned;
	struct tok_spec *spec;
	struct tok_vocab_entry *entries;
	size_t count;
	bool bytes;  /* the words are */
	bool raises; /* what is added is bytes, which files write in an alphabet */
};

static bool add_entry(struct building *b, struct tok_span text, tok_id id, double score)
{
	const struct tok_span copy = b->raises ? tok_raise_bytes(text, &b->spec->arena)
					       : tok_arena_copy(&b->spec->arena, text);
	b->entries[b->count++] = (struct tok_vocab_entry){
		.text = copy, .id = id, .type = TOK_PIECE_NORMAL, .score = score
	};
	return copy.bytes != NULL;
}

/* Unigram lists every id; else the model knows none but the unknown token, and the
 * others stay what they are, added tokens. */
static bool add_specials(struct building *b)
{
	for (size_t i = 0; i < b->spec->added_count; i++) {
		const struct tok_added_token *added = &b->spec->added[i];
		if (b->options->model != VOCAB_TRAIN_UNIGRAM &&
		    !(b->options->unk.bytes && tok_span_equal(added->content, b->options->unk)))
			continue;
		if (!add_entry(b, added->content, added->id, 0))
			return false;
	}
	return true;
}

static bool add_fallback(struct building *b)
{
	const tok_id first = (tok_id)b->spec->added_count;
	for (unsigned i = 0; b->options->byte_fallback && i < FALLBACK; i++) {
		char name[8];
		snprintf(name, sizeof name, "<0x%02X>", i);
		if (!add_entry(b, tok_span_of(name), first + i, 0))
			return false;
		b->spec->model.byte_ids[i] = first + i;
	}
	return true;
}

static bool add_learned(struct building *b)
{
	b->raises = b->bytes;
	for (size_t i = 0; i < b->learned->entry_count; i++) {
		const struct tok_vocab_entry *entry = &b->learned->entries[i];
		if (!add_entry(b, entry->text, entry->id, entry->score))
			return false;
	}
	return true;
}

static bool add_merges(struct building *b)
{
	struct tok_model_spec *model = &b->spec->model;
	struct tok_merge *merges =
	    tok_arena_array(&b->spec->arena, b->learned->merge_count, sizeof *merges);
	if (!merges)
		return false;
	if (b->learned->merge_count)
		memcpy(merges, b->learned->merges, b->learned->merge_count * sizeof *merges);
	model->as.bpe.merges = merges;
	model->as.bpe.merge_count = b->learned->merge_count;
	return true;
}

/* ---- the model -------------------------------------------------------------------- */

static bool set_model(struct building *b)
{
	const struct vocab_finish_options *options = b->options;
	struct tok_model_spec *model = &b->spec->model;
	const struct tok_added_token *unk =
	    options->unk.bytes ? find_added(b->spec, options->unk) : NULL;
	model->unk = unk ? unk->id : TOK_NO_ID;
	model->byte_fallback = options->byte_fallback;
	switch (options->model) {
	case VOCAB_TRAIN_BPE:
		model->kind = TOK_MODEL_BPE;
		model->as.bpe.order = TOK_BPE_MERGES;
		model->as.bpe.fuse_unk = options->byte_fallback;
		model->as.bpe.prefix = options->prefix;
		model->as.bpe.suffix = options->suffix;
		return add_merges(b);
	case VOCAB_TRAIN_WORDPIECE:
		model->kind = TOK_MODEL_WORDPIECE;
		model->as.wordpiece.prefix = options->prefix;
		model->as.wordpiece.max_chars = WORD_CHARS_MAX;
		return true;
	case VOCAB_TRAIN_UNIGRAM:
		model->kind = TOK_MODEL_UNIGRAM;
		model->as.unigram.fuse_unk = true;
		return true;
	}
	return false;
}

/* Byte tokens become bytes, and U+2581 a space, as Llama's files say it. */
static bool set_fallback_decoder(struct tok_spec *spec)
{
	struct tok_decode_step *steps = tok_arena_array(&spec->arena, 4, sizeof *steps);
	if (!steps)
		return false;
	steps[0].kind = TOK_DECODE_REPLACE;
	steps[0].as.replace.pattern = tok_span_of("\u2581");
	steps[0].as.replace.content = tok_span_of(" ");
	steps[0].as.replace.dialect = TOK_REGEX_LITERAL;
	steps[1].kind = TOK_DECODE_BYTE_FALLBACK;
	steps[2].kind = TOK_DECODE_FUSE;
	steps[3].kind = TOK_DECODE_STRIP;
	steps[3].as.strip.content = ' ';
	steps[3].as.strip.start = 1;
	spec->decoders = steps;
	spec->decoder_count = 4;
	spec->has_decoder = true;
	return true;
}

static bool set_decoder(struct building *b)
{
	const struct vocab_finish_options *options = b->options;
	struct tok_decode_step step = { 0 };
	if (options->byte_fallback)
		return set_fallback_decoder(b->spec);
	if (options->model == VOCAB_TRAIN_WORDPIECE) {
		step.kind = TOK_DECODE_WORDPIECE;
		step.as.wordpiece.prefix = options->prefix;
		step.as.wordpiece.cleanup = true;
	} else if (options->suffix.bytes) {
		step.kind = TOK_DECODE_BPE;
		step.as.bpe_suffix = options->suffix;
	} else {
		return true; /* the recipe's */
	}
	struct tok_decode_step *kept = tok_arena_array(&b->spec->arena, 1, sizeof *kept);
	if (!kept)
		return false;
	*kept = step;
	b->spec->decoders = kept;
	b->spec->decoder_count = 1;
	b->spec->has_decoder = true;
	return true;
}

enum tok_status vocab_finish(const struct vocab_finish_options *options,
			     const struct vocab_learned *learned, struct tok_spec *spec,
			     struct tok_error *err)
{
	struct vocab_finish_options kept = *options;
	struct building b = { .options = &kept,
			      .learned = learned,
			      .spec = spec,
			      .bytes = vocab_recipe_has_bytes(spec) };
	if (kept.prefix.bytes)
		kept.prefix = tok_arena_copy(&spec->arena, kept.prefix);
	if (kept.suffix.bytes)
		kept.suffix = tok_arena_copy(&spec->arena, kept.suffix);
	const size_t most = spec->added_count + FALLBACK + learned->entry_count;
	b.entries = tok_arena_array(&spec->arena, most, sizeof *b.entries);
	spec->model = (struct tok_model_spec){ 0 };
	for (size_t i = 0; i < 256; i++)
		spec->model.byte_ids[i] = TOK_NO_ID;
	if (!b.entries || !add_specials(&b) || !add_fallback(&b) || !add_learned(&b) ||
	    !set_model(&b) || !set_decoder(&b))
		return tok_fail_memory(err);
	spec->model.entries = b.entries;
	spec->model.entry_count = b.count;
	return TOK_OK;
}
