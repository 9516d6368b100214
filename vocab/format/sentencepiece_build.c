/* sentencepiece_build.c - a SentencePiece model as a tokenizer.
 *
 * --add-special: the library leaves bos and eos to the caller; here a model
 * with a bos piece begins with it (Llama, Gemma, Mistral), one that has only an
 * eos piece ends with it (T5).  Control pieces and the unknown piece are never
 * matched in text unless special tokens are looked for. */
#include "vocab/format/sentencepiece_internal.h"

struct building {
	const struct spm_model *model;
	struct tok_spec *out;
	struct tok_vocab_entry *entries; /* of out */
};

static bool copy_entries(struct building *b)
{
	size_t bytes = 0;
	for (size_t i = 0; i < b->model->count; i++)
		bytes += b->model->entries[i].text.count;
	b->entries = tok_arena_array(&b->out->arena, b->model->count, sizeof *b->entries);
	uint8_t *room = tok_arena_array(&b->out->arena, bytes, 1);
	if (!b->entries || !room)
		return false;
	for (size_t i = 0; i < b->model->count; i++) {
		b->entries[i] = b->model->entries[i];
		const struct tok_span text = b->entries[i].text;
		memcpy(room, text.bytes, text.count);
		b->entries[i].text.bytes = room;
		room += text.count;
	}
	return true;
}

/* Characters that stand for bytes without a piece; no text has such a byte left. */
static void serve_bytes(struct building *b)
{
	tok_id *ids = b->out->model.byte_ids;
	if (!b->model->characters_serve || !b->model->byte_fallback)
		return;
	for (size_t i = 0; i < b->model->count; i++) {
		const struct tok_vocab_entry *entry = &b->entries[i];
		if (entry->text.count == 1 && ids[entry->text.bytes[0]] == TOK_NO_ID &&
		    (entry->type == TOK_PIECE_NORMAL || entry->type == TOK_PIECE_USER_DEFINED))
			ids[entry->text.bytes[0]] = entry->id;
	}
}

static void set_model(struct building *b)
{
	struct tok_model_spec *spec = &b->out->model;
	spec->entries = b->entries;
	spec->entry_count = b->model->count;
	spec->unk = TOK_NO_ID;
	spec->byte_fallback = b->model->byte_fallback;
	memset(spec->byte_ids, 0xFF, sizeof spec->byte_ids);
	for (size_t i = 0; i < b->model->count; i++) {
		const struct tok_vocab_entry *entry = &b->entries[i];
		if (entry->type == TOK_PIECE_UNKNOWN)
			spec->unk = entry->id;
		if (entry->type == TOK_PIECE_BYTE)
			spec->byte_ids[spm_byte_of_name(entry->text)] = entry->id;
	}
	serve_bytes(b);
	switch (b->model->kind) {
	case SPM_UNIGRAM:
		spec->kind = TOK_MODEL_UNIGRAM;
		spec->as.unigram.single_precision = true;
		spec->as.unigram.fuse_unk = true;
		break;
	case SPM_BPE:
	case SPM_CHAR: /* all pieces are one character: there is nothing to merge */
		spec->kind = TOK_MODEL_BPE;
		spec->as.bpe.order = TOK_BPE_SCORES;
		spec->as.bpe.fuse_unk = true;
		break;
	case SPM_WORD:
		spec->kind = TOK_MODEL_WORDLEVEL;
		break;
	}
}

static size_t count_type(const struct building *b, enum tok_piece_type type)
{
	size_t count = 0;
	for (size_t i = 0; i < b->model->count; i++)
		count += b->entries[i].type == type;
	return count;
}

static bool set_normalizer(struct building *b)
{
	const struct spm_model *model = b->model;
	const size_t count = count_type(b, TOK_PIECE_USER_DEFINED);
	struct tok_norm_step *step = tok_arena_array(&b->out->arena, 1, sizeof *step);
	struct tok_span *taken = tok_arena_array(&b->out->arena, count, sizeof *taken);
	const struct tok_span charsmap = tok_arena_copy(&b->out->arena, model->charsmap);
	if (!step || !taken || !charsmap.bytes)
		return false;
	for (size_t i = 0, n = 0; i < model->count; i++)
		if (b->entries[i].type == TOK_PIECE_USER_DEFINED)
			taken[n++] = b->entries[i].text;

	step->kind = TOK_NORM_SENTENCEPIECE;
	step->as.sentencepiece.charsmap = charsmap;
	step->as.sentencepiece.add_dummy_prefix = model->add_dummy_prefix;
	step->as.sentencepiece.remove_extra_whitespaces = model->remove_extra_whitespaces;
	step->as.sentencepiece.escape_whitespaces = model->escape_whitespaces;
	step->as.sentencepiece.whitespace_as_suffix = model->whitespace_as_suffix;
	step->as.sentencepiece.protected_pieces = taken;
	step->as.sentencepiece.protected_count = count;
	b->out->normalizers = step;
	b->out->normalizer_count = 1;
	return true;
}

static bool set_pretokenizer(struct building *b)
{
	if (b->model->kind != SPM_WORD)
		return true;
	struct tok_pretok_step *words = tok_arena_array(&b->out->arena, 1, sizeof *words);
	if (!words)
		return false;
	/* Whatever the model says about white space, words begin with it. */
	words->kind = TOK_PRETOK_SENTENCEPIECE_WORDS;
	b->out->pretokenizers = words;
	b->out->pretokenizer_count = 1;
	return true;
}

static bool set_decoder(struct building *b)
{
	struct tok_decode_step *step = tok_arena_array(&b->out->arena, 1, sizeof *step);
	const struct tok_span surface = tok_arena_copy(&b->out->arena, b->model->unk_surface);
	if (!step || !surface.bytes)
		return false;
	step->kind = TOK_DECODE_SENTENCEPIECE;
	step->as.sentencepiece.add_dummy_prefix = b->model->add_dummy_prefix;
	step->as.sentencepiece.remove_extra_whitespaces = b->model->remove_extra_whitespaces;
	step->as.sentencepiece.whitespace_as_suffix = b->model->whitespace_as_suffix;
	step->as.sentencepiece.unk_surface = surface;
	b->out->decoders = step;
	b->out->decoder_count = 1;
	b->out->has_decoder = true;
	return true;
}

static bool set_added(struct building *b)
{
	const size_t most = count_type(b, TOK_PIECE_CONTROL) + count_type(b, TOK_PIECE_UNKNOWN);
	struct tok_added_token *added = tok_arena_array(&b->out->arena, most, sizeof *added);
	if (!added)
		return false;
	size_t count = 0;
	for (size_t i = 0; i < b->model->count; i++) {
		const struct tok_vocab_entry *entry = &b->entries[i];
		if (entry->type == TOK_PIECE_CONTROL || entry->type == TOK_PIECE_UNKNOWN)
			added[count++] = (struct tok_added_token){ .content = entry->text,
								   .id = entry->id,
								   .special = true };
	}
	b->out->added = added;
	b->out->added_count = count;
	return true;
}

static tok_id find_control(const struct building *b, struct tok_span name)
{
	for (size_t i = 0; i < b->model->count; i++)
		if (b->entries[i].type == TOK_PIECE_CONTROL &&
		    tok_span_equal(b->entries[i].text, name))
			return b->entries[i].id;
	return TOK_NO_ID;
}

enum tok_status spm_add_template(struct tok_spec *out, tok_id first, tok_id last,
				 struct tok_error *err)
{
	const tok_id around[] = { first, TOK_NO_ID, last };
	struct tok_template_item *items = tok_arena_array(&out->arena, 3, sizeof *items);
	struct tok_post_step *step = tok_arena_array(&out->arena, 1, sizeof *step);
	if (!items || !step)
		return tok_fail_memory(err);
	for (size_t i = 0; i < 3; i++) {
		struct tok_template_item *item = &items[step->item_count];
		if (i == 1) {
			item->kind = TOK_TEMPLATE_TEXT;
		} else if (around[i] < out->model.entry_count) {
			item->kind = TOK_TEMPLATE_TOKEN;
			item->id = around[i];
			item->content = out->model.entries[around[i]].text;
		} else {
			continue;
		}
		step->item_count++;
	}
	step->kind = TOK_POST_TEMPLATE;
	step->items = items;
	out->posts = step;
	out->post_count = step->item_count > 1; /* the text alone needs no step */
	return TOK_OK;
}

enum tok_status spm_build(const struct spm_model *model, struct tok_spec *out,
			  struct tok_error *err)
{
	struct building b = { .model = model, .out = out };

	if (!copy_entries(&b) || !set_normalizer(&b) || !set_pretokenizer(&b) || !set_decoder(&b) ||
	    !set_added(&b))
		return tok_fail_memory(err);
	set_model(&b);
	out->sentencepiece = true;
	const tok_id bos = find_control(&b, model->bos_piece);
	const tok_id eos = find_control(&b, model->eos_piece);
	return spm_add_template(out, bos, bos == TOK_NO_ID ? eos : TOK_NO_ID, err);
}
