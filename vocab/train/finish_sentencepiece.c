#include "vocab/train/finish_sentencepiece.h"

#include <stdio.h>

#include "tok/text/utf8.h"

enum { METASPACE = 0x2581, CONTROLS = 3, FALLBACK = 256 };

/* ---- what the recipe says, as SentencePiece would ----------------------------------- */

struct manner {
	struct tok_span charsmap;
	bool dummy_prefix, trims;
};

static bool is_trim(const struct tok_norm_step *strip, const struct tok_norm_step *squeeze)
{
	return strip->kind == TOK_NORM_STRIP && strip->as.strip.left && strip->as.strip.right &&
	       squeeze->kind == TOK_NORM_REPLACE &&
	       tok_span_equal(squeeze->as.replace.pattern, tok_span_of(" {2,}")) &&
	       tok_span_equal(squeeze->as.replace.content, tok_span_of(" "));
}

static enum tok_status read_normalizers(const struct tok_spec *spec, struct manner *out,
					struct tok_error *err)
{
	const struct tok_norm_step *steps = spec->normalizers;
	size_t at = 0;
	if (at < spec->normalizer_count && steps[at].kind == TOK_NORM_PRECOMPILED)
		out->charsmap = steps[at++].as.precompiled;
	if (spec->normalizer_count - at >= 2 && is_trim(&steps[at], &steps[at + 1])) {
		out->trims = true;
		at += 2;
	}
	if (at == spec->normalizer_count)
		return TOK_OK;
	return tok_fail(err, TOK_EARG,
			"a SentencePiece model cannot say this normalizer: take none, or with "
			"--like that of a SentencePiece model");
}

static enum tok_status read_manner(const struct tok_spec *spec, struct manner *out,
				   struct tok_error *err)
{
	const struct tok_pretok_step *step = spec->pretokenizers;
	*out = (struct manner){ 0 };
	if (spec->pretokenizer_count != 1 || step->kind != TOK_PRETOK_METASPACE ||
	    step->as.metaspace.replacement != METASPACE || !step->as.metaspace.split ||
	    step->as.metaspace.prepend == TOK_PREPEND_FIRST)
		return tok_fail(err, TOK_EARG,
				"words of a SentencePiece model begin with U+2581: count them with "
				"--pretok metaspace");
	out->dummy_prefix = step->as.metaspace.prepend == TOK_PREPEND_ALWAYS;
	return read_normalizers(spec, out, err);
}

/* ---- before learning ------------------------------------------------------------------ */

static struct tok_span unknown_name(const struct vocab_finish_options *options)
{
	return options->unk.bytes ? options->unk : tok_span_of("<unk>");
}

/* The unknown token, bos and eos in front of the others, which keep their order. */
static enum tok_status order_added(const struct vocab_finish_options *options,
				   struct tok_spec *spec, struct tok_error *err)
{
	const struct tok_span first[CONTROLS] = { unknown_name(options), tok_span_of("<s>"),
						  tok_span_of("</s>") };
	struct tok_added_token *added =
	    tok_arena_array(&spec->arena, spec->added_count + CONTROLS, sizeof *added);
	if (!added)
		return tok_fail_memory(err);
	size_t count = 0;
	for (; count < CONTROLS; count++) {
		const struct tok_span copy = tok_arena_copy(&spec->arena, first[count]);
		if (!copy.bytes)
			return tok_fail_memory(err);
		added[count] = (struct tok_added_token){ .content = copy,
							 .id = (tok_id)count,
							 .special = true };
	}
	for (size_t i = 0; i < spec->added_count; i++) {
		bool control = false;
		for (size_t c = 0; c < CONTROLS; c++)
			control |= tok_span_equal(spec->added[i].content, first[c]);
		if (control)
			continue;
		added[count] = spec->added[i];
		added[count].id = (tok_id)count;
		count++;
	}
	spec->added = added;
	spec->added_count = count;
	return TOK_OK;
}

enum tok_status vocab_finish_sentencepiece_begin(const struct vocab_finish_options *options,
						 struct tok_spec *spec, tok_id *first_id,
						 struct tok_error *err)
{
	struct manner manner;
	if (options->model == VOCAB_TRAIN_WORDPIECE || options->prefix.bytes ||
	    options->suffix.bytes)
		return tok_fail(err, TOK_EARG,
				"a SentencePiece model is BPE without prefix and suffix, or "
				"Unigram");
	enum tok_status status = read_manner(spec, &manner, err);
	if (status == TOK_OK)
		status = order_added(options, spec, err);
	if (status == TOK_OK)
		*first_id = (tok_id)(spec->added_count + (options->byte_fallback ? FALLBACK : 0));
	return status;
}

/* ---- pieces ------------------------------------------------------------------------------ */

struct building {
	const struct vocab_finish_options *options;
	const struct vocab_learned *learned;
	struct tok_spec *spec;
	struct tok_vocab_entry *entries;
	size_t count;
};

static bool add_piece(struct building *b, struct tok_span text, enum tok_piece_type type,
		      double score)
{
	const struct tok_span copy = tok_arena_copy(&b->spec->arena, text);
	b->entries[b->count] = (struct tok_vocab_entry){
		.text = copy, .id = (tok_id)b->count, .type = type, .score = score
	};
	b->count++;
	return copy.bytes != NULL;
}

static bool add_added(struct building *b)
{
	for (size_t i = 0; i < b->spec->added_count; i++) {
		const enum tok_piece_type type = i == 0         ? TOK_PIECE_UNKNOWN
						 : i < CONTROLS ? TOK_PIECE_CONTROL
								: TOK_PIECE_USER_DEFINED;
		if (!add_piece(b, b->spec->added[i].content, type, 0))
			return false;
	}
	return true;
}

static bool add_bytes(struct building *b)
{
	for (unsigned i = 0; b->options->byte_fallback && i < FALLBACK; i++) {
		char name[8];
		snprintf(name, sizeof name, "<0x%02X>", i);
		b->spec->model.byte_ids[i] = (tok_id)b->count;
		if (!add_piece(b, tok_span_of(name), TOK_PIECE_BYTE, 0))
			return false;
	}
	return true;
}

static bool add_learned(struct building *b)
{
	for (size_t i = 0; i < b->learned->entry_count; i++) {
		const struct tok_vocab_entry *entry = &b->learned->entries[i];
		if (!tok_utf8_valid(entry->text) || memchr(entry->text.bytes, 0, entry->text.count))
			continue;
		if (!add_piece(b, entry->text, TOK_PIECE_NORMAL, entry->score))
			return false;
	}
	return true;
}

/* ---- the other parts ------------------------------------------------------------------ */

static void set_model(struct building *b)
{
	struct tok_model_spec *model = &b->spec->model;
	model->entries = b->entries;
	model->entry_count = b->count;
	model->unk = 0;
	model->byte_fallback = b->options->byte_fallback;
	if (b->options->model == VOCAB_TRAIN_UNIGRAM) {
		model->kind = TOK_MODEL_UNIGRAM;
		model->as.unigram.single_precision = true;
		model->as.unigram.fuse_unk = true;
	} else {
		model->kind = TOK_MODEL_BPE;
		model->as.bpe.order = TOK_BPE_SCORES;
		model->as.bpe.fuse_unk = true;
	}
}

static bool set_normalizer(struct building *b, const struct manner *manner)
{
	struct tok_spec *spec = b->spec;
	const size_t count = spec->added_count - CONTROLS;
	struct tok_norm_step *step = tok_arena_array(&spec->arena, 1, sizeof *step);
	struct tok_span *taken = tok_arena_array(&spec->arena, count, sizeof *taken);
	if (!step || !taken)
		return false;
	for (size_t i = 0; i < count; i++)
		taken[i] = spec->added[CONTROLS + i].content;
	step->kind = TOK_NORM_SENTENCEPIECE;
	step->as.sentencepiece.charsmap = manner->charsmap;
	step->as.sentencepiece.add_dummy_prefix = manner->dummy_prefix;
	step->as.sentencepiece.remove_extra_whitespaces = manner->trims;
	step->as.sentencepiece.escape_whitespaces = true;
	step->as.sentencepiece.protected_pieces = taken;
	step->as.sentencepiece.protected_count = count;
	spec->normalizers = step;
	spec->normalizer_count = 1;
	spec->pretokenizers = NULL;
	spec->pretokenizer_count = 0;
	spec->added_count = CONTROLS; /* the others are pieces that text is matched with */
	return true;
}

static bool set_decoder(struct building *b, const struct manner *manner)
{
	static const char unknown_surface[] = " \xE2\x81\x87 ";
	struct tok_decode_step *step = tok_arena_array(&b->spec->arena, 1, sizeof *step);
	if (!step)
		return false;
	step->kind = TOK_DECODE_SENTENCEPIECE;
	step->as.sentencepiece.add_dummy_prefix = manner->dummy_prefix;
	step->as.sentencepiece.remove_extra_whitespaces = manner->trims;
	step->as.sentencepiece.unk_surface = tok_span_of(unknown_surface);
	b->spec->decoders = step;
	b->spec->decoder_count = 1;
	b->spec->has_decoder = true;
	return true;
}

/* "<s>" in front of a text, where special tokens are asked for. */
static bool set_template(struct building *b)
{
	struct tok_template_item *items = tok_arena_array(&b->spec->arena, 2, sizeof *items);
	struct tok_post_step *step = tok_arena_array(&b->spec->arena, 1, sizeof *step);
	if (!items || !step)
		return false;
	items[0] = (struct tok_template_item){ TOK_TEMPLATE_TOKEN, 1, b->entries[1].text };
	items[1] = (struct tok_template_item){ .kind = TOK_TEMPLATE_TEXT };
	*step =
	    (struct tok_post_step){ .kind = TOK_POST_TEMPLATE, .items = items, .item_count = 2 };
	b->spec->posts = step;
	b->spec->post_count = 1;
	return true;
}

enum tok_status vocab_finish_sentencepiece(const struct vocab_finish_options *options,
					   const struct vocab_learned *learned,
					   struct tok_spec *spec, struct tok_error *err)
{
	struct building b = { .options = options, .learned = learned, .spec = spec };
	struct manner manner;
	const enum tok_status status = read_manner(spec, &manner, err);
	if (status != TOK_OK)
		return status;
	b.entries = tok_arena_array(
	    &spec->arena, spec->added_count + FALLBACK + learned->entry_count, sizeof *b.entries);
	spec->model = (struct tok_model_spec){ 0 };
	memset(spec->model.byte_ids, 0xFF, sizeof spec->model.byte_ids);
	spec->sentencepiece = true;
	if (!b.entries || !add_added(&b) || !add_bytes(&b) || !add_learned(&b) ||
	    !set_normalizer(&b, &manner) || !set_decoder(&b, &manner) || !set_template(&b))
		return tok_fail_memory(err);
	set_model(&b);
	return TOK_OK;
}
