/*
 * sentencepiece_write.c - a ModelProto of SentencePiece 0.2.
 *
 * A specification keeps what the library needs to encode and decode.  What only says how
 * the model was trained gets the library's defaults; which pieces bos, eos and pad are
 * is told by the template, then by the names in the file that it was read from, then by usual ones.
 */
#include "vocab/format/write_internal.h"

#include "tok/text/utf8.h"
#include "tok/text/json.h"
#include "vocab/format/protobuf_internal.h"
#include "vocab/format/sentencepiece_internal.h"

struct spm_writer {
	const struct tok_spec *spec;
	struct tok_arena scratch;
	const struct tok_vocab_entry **pieces; /* by id */
	struct tok_buffer message;             /* the one that is being put together */
	bool full;                             /* memory is out */
	struct vocab_losses *losses;
	struct tok_error *err;
};

/* ---- the wire format ------------------------------------------------------------------ */

static void put_varint(struct tok_buffer *out, uint64_t value, bool *full)
{
	while (value >= 0x80) {
		*full |= !tok_buffer_add_byte(out, (uint8_t)(value | 0x80));
		value >>= 7;
	}
	*full |= !tok_buffer_add_byte(out, (uint8_t)value);
}

static void put_number(struct spm_writer *w, uint32_t field, uint64_t value)
{
	put_varint(&w->message, (uint64_t)field << 3 | PROTO_VARINT, &w->full);
	put_varint(&w->message, value, &w->full);
}

static void put_bytes(struct spm_writer *w, uint32_t field, struct tok_span bytes)
{
	put_varint(&w->message, (uint64_t)field << 3 | PROTO_BYTES, &w->full);
	put_varint(&w->message, bytes.count, &w->full);
	w->full |= bytes.count && !tok_buffer_add(&w->message, bytes.bytes, bytes.count);
}

static void put_float(struct spm_writer *w, uint32_t field, float value)
{
	uint32_t bits;
	memcpy(&bits, &value, sizeof bits);
	put_varint(&w->message, (uint64_t)field << 3 | PROTO_FIXED32, &w->full);
	for (unsigned i = 0; i < 4; i++)
		w->full |= !tok_buffer_add_byte(&w->message, (uint8_t)(bits >> (8 * i)));
}

/* Put the message together so far into `out` as a field, and begin another. */
static void put_message(struct spm_writer *w, uint32_t field, struct tok_buffer *out)
{
	put_varint(out, (uint64_t)field << 3 | PROTO_BYTES, &w->full);
	put_varint(out, w->message.count, &w->full);
	w->full |= w->message.count && !tok_buffer_add(out, w->message.bytes, w->message.count);
	tok_buffer_clear(&w->message);
}

/* ---- pieces ---------------------------------------------------------------------------- */

static enum tok_status sort_pieces(struct spm_writer *w)
{
	const struct tok_model_spec *model = &w->spec->model;
	w->pieces = tok_arena_array(&w->scratch, model->entry_count, sizeof *w->pieces);
	if (!w->pieces)
		return tok_fail_memory(w->err);
	for (size_t i = 0; i < model->entry_count; i++) {
		const tok_id id = model->entries[i].id;
		if (id >= model->entry_count || w->pieces[id])
			return tok_fail(w->err, TOK_EARG,
					"model: the ids must be 0 to %zu, the places of the pieces",
					model->entry_count - 1);
		w->pieces[id] = &model->entries[i];
	}
	return TOK_OK;
}

static void put_pieces(struct spm_writer *w, struct tok_buffer *out)
{
	static const uint8_t types[] = {
		[TOK_PIECE_NORMAL] = 1,       [TOK_PIECE_UNKNOWN] = 2, [TOK_PIECE_CONTROL] = 3,
		[TOK_PIECE_USER_DEFINED] = 4, [TOK_PIECE_UNUSED] = 5,  [TOK_PIECE_BYTE] = 6,
	};
	for (size_t id = 0; id < w->spec->model.entry_count; id++) {
		const struct tok_vocab_entry *piece = w->pieces[id];
		put_bytes(w, 1, piece->text);
		put_float(w, 2, (float)piece->score);
		if (piece->type != TOK_PIECE_NORMAL)
			put_number(w, 3, types[piece->type]);
		put_message(w, 1, out);
	}
}

/* ---- what kind of model ------------------------------------------------------------------ */

/* Nothing of more than one character: merging finds nothing. */
static bool has_characters_only(const struct tok_model_spec *model)
{
	for (size_t i = 0; i < model->entry_count; i++) {
		const struct tok_span text = model->entries[i].text;
		if ((model->entries[i].type == TOK_PIECE_NORMAL ||
		     model->entries[i].type == TOK_PIECE_UNUSED) &&
		    tok_utf8_count(text) != 1)
			return false;
	}
	return true;
}

static bool find_kind(const struct tok_spec *spec, enum spm_kind *out)
{
	const struct tok_model_spec *model = &spec->model;
	const bool words = spec->pretokenizer_count == 1 &&
			   spec->pretokenizers->kind == TOK_PRETOK_SENTENCEPIECE_WORDS;
	switch (model->kind) {
	case TOK_MODEL_UNIGRAM:
		*out = SPM_UNIGRAM;
		return spec->pretokenizer_count == 0 && model->as.unigram.single_precision &&
		       model->as.unigram.fuse_unk;
	case TOK_MODEL_BPE:
		*out = has_characters_only(model) ? SPM_CHAR : SPM_BPE;
		return spec->pretokenizer_count == 0 && model->as.bpe.order == TOK_BPE_SCORES &&
		       model->as.bpe.fuse_unk;
	case TOK_MODEL_WORDLEVEL:
		*out = SPM_WORD;
		return words;
	case TOK_MODEL_WORDPIECE:
		break;
	}
	return false;
}

/* ---- bos, eos and pad ---------------------------------------------------------------------- */

static tok_id find_control(const struct spm_writer *w, struct tok_span name)
{
	for (size_t id = 0; id < w->spec->model.entry_count; id++)
		if (w->pieces[id]->type == TOK_PIECE_CONTROL &&
		    tok_span_equal(w->pieces[id]->text, name))
			return (tok_id)id;
	return TOK_NO_ID;
}

/* What the file said, else the first of these that is a control piece, else the first. */
static struct tok_span choose_name(const struct spm_writer *w, struct tok_span said,
				   const char *const *names)
{
	if (said.count)
		return said;
	for (size_t i = 0; names[i]; i++)
		if (find_control(w, tok_span_of(names[i])) != TOK_NO_ID)
			return tok_span_of(names[i]);
	return tok_span_of(names[0]);
}

/* The token before the text and that behind it, if that is all there is. */
static bool read_template(const struct tok_spec *spec, const struct tok_template_item **first,
			  const struct tok_template_item **last)
{
	const struct tok_post_step *step = spec->posts;
	*first = *last = NULL;
	if (spec->post_count == 0)
		return true;
	if (spec->post_count > 1 || step->kind != TOK_POST_TEMPLATE || step->item_count != 2)
		return false;
	const bool text_first = step->items[0].kind == TOK_TEMPLATE_TEXT;
	if (text_first == (step->items[1].kind == TOK_TEMPLATE_TEXT))
		return false;
	*(text_first ? last : first) = &step->items[text_first ? 1 : 0];
	return true;
}

struct names {
	struct tok_span bos, eos, pad;
};

/* What the file said if it is no control piece, else the first of these that is none, else the
 * last. */
static struct tok_span choose_absent(const struct spm_writer *w, struct tok_span said,
				     const char *const *names)
{
	if (said.count && find_control(w, said) == TOK_NO_ID)
		return said;
	while (names[1] && find_control(w, tok_span_of(names[0])) != TOK_NO_ID)
		names++;
	return tok_span_of(names[0]);
}

static void tell_lost(struct spm_writer *w, const char *role, struct tok_span had,
		      struct tok_span has)
{
	if (had.count && find_control(w, had) != TOK_NO_ID && !tok_span_equal(had, has))
		vocab_losses_add(
		    w->losses,
		    "post_processor: '%s' is %s no more: a model is read as one that puts "
		    "bos before a text, or where it has none eos behind it",
		    tok_show(had).text, role);
}

/* The name that the file it came from has is kept, unless the template says otherwise: where
 * nothing is put around a text, nothing may be called so.  Where there was no such file, which
 * piece is eos is told by its name. */
static void find_names(struct spm_writer *w, struct names *out)
{
	static const char *const begins[] = { "<s>", "<bos>", "[BOS]", NULL };
	static const char *const ends[] = { "</s>", "<eos>", "[SEP]", "<|endoftext|>", NULL };
	static const char *const pads[] = { "<pad>", "[PAD]", NULL };
	const struct tok_spec *spec = w->spec;
	const struct tok_template_item *first, *last;
	const bool simple = read_template(spec, &first, &last);
	out->bos = first ? first->content : choose_absent(w, spec->bos_name, begins);
	out->eos = last    ? last->content
		   : first ? choose_name(w, spec->eos_name, ends)
			   : choose_absent(w, spec->eos_name, ends);
	out->pad = choose_name(w, spec->pad_name, pads);
	tell_lost(w, "bos", spec->bos_name, out->bos);
	tell_lost(w, "eos", spec->eos_name, out->eos);
	const tok_id bos = find_control(w, out->bos), eos = find_control(w, out->eos);
	if (simple && bos == (first ? first->id : TOK_NO_ID) &&
	    (first || eos == (last ? last->id : TOK_NO_ID)))
		return;
	vocab_losses_add(w->losses,
			 "post_processor: a model is read as one that puts bos before a text, or "
			 "where it has none eos behind it");
}

/* ---- the other two messages -------------------------------------------------------------------
 */

static void put_id(struct spm_writer *w, uint32_t field, tok_id id)
{
	put_number(w, field, id == TOK_NO_ID ? UINT64_MAX : id); /* int32: -1 */
}

static void put_trainer(struct spm_writer *w, enum spm_kind kind, const struct names *names,
			struct tok_buffer *out)
{
	const struct tok_model_spec *model = &w->spec->model;
	const struct tok_norm_step *norm = w->spec->normalizers;
	put_number(w, 3, kind);
	put_number(w, 4, model->entry_count);
	put_number(w, 24, norm->as.sentencepiece.whitespace_as_suffix);
	put_number(w, 35, model->byte_fallback);
	put_id(w, 40, model->unk);
	put_id(w, 41, find_control(w, names->bos));
	put_id(w, 42, find_control(w, names->eos));
	put_id(w, 43, find_control(w, names->pad));
	put_bytes(w, 44, w->spec->decoders->as.sentencepiece.unk_surface);
	if (model->unk != TOK_NO_ID)
		put_bytes(w, 45, w->pieces[model->unk]->text);
	put_bytes(w, 46, names->bos);
	put_bytes(w, 47, names->eos);
	put_bytes(w, 48, names->pad);
	put_message(w, 2, out);
}

static void put_normalizer(struct spm_writer *w, struct tok_buffer *out)
{
	const struct tok_norm_step *norm = w->spec->normalizers;
	const struct tok_span charsmap = norm->as.sentencepiece.charsmap;
	put_bytes(w, 1, tok_span_of(charsmap.count ? "user_defined" : "identity"));
	put_bytes(w, 2, charsmap);
	put_number(w, 3, norm->as.sentencepiece.add_dummy_prefix);
	put_number(w, 4, norm->as.sentencepiece.remove_extra_whitespaces);
	put_number(w, 5, norm->as.sentencepiece.escape_whitespaces);
	put_message(w, 3, out);
}

/* ---- what there is no saying
 * --------------------------------------------------------------------- */

static bool is_set_apart(const struct spm_writer *w, const struct tok_added_token *token)
{
	if (!token->special || token->id >= w->spec->model.entry_count)
		return false;
	const struct tok_vocab_entry *piece = w->pieces[token->id];
	return tok_span_equal(piece->text, token->content) &&
	       (piece->type == TOK_PIECE_CONTROL || piece->type == TOK_PIECE_UNKNOWN);
}

static enum tok_status check_parts(struct spm_writer *w)
{
	const struct tok_spec *spec = w->spec;
	if (!spec->sentencepiece)
		return tok_fail(
		    w->err, TOK_EARG,
		    "model: a SentencePiece model is written from one that SentencePiece "
		    "made or tok learned as such");
	if (spec->normalizer_count != 1 || spec->normalizers->kind != TOK_NORM_SENTENCEPIECE)
		return tok_fail(w->err, TOK_EARG, "normalizer: it must be SentencePiece's own");
	if (spec->decoder_count != 1 || spec->decoders->kind != TOK_DECODE_SENTENCEPIECE)
		return tok_fail(w->err, TOK_EARG, "decoder: it must be SentencePiece's own");
	for (size_t i = 0; i < spec->added_count; i++) {
		if (!is_set_apart(w, &spec->added[i]))
			vocab_losses_add(w->losses,
					 "added_tokens: '%s' is no control piece of the model",
					 tok_show(spec->added[i].content).text);
	}
	return TOK_OK;
}

/* The library refuses what our reader refuses. */
static enum tok_status check_file(struct tok_span file, struct tok_error *err)
{
	struct spm_model model = spm_defaults();
	struct tok_arena scratch = { 0 };
	enum tok_status status = spm_parse(file, &model, &scratch, err);
	if (status == TOK_OK)
		status = spm_check(&model, err);
	tok_arena_release(&scratch);
	if (status != TOK_EFORMAT)
		return status;
	tok_fail_in(err, status, "model");
	if (err)
		err->status = TOK_EARG;
	return TOK_EARG;
}

static enum tok_status put_file(struct spm_writer *w, struct tok_buffer *out)
{
	const size_t before = out->count;
	struct names names;
	enum spm_kind kind;
	find_names(w, &names);
	if (!find_kind(w->spec, &kind))
		return tok_fail(w->err, TOK_EARG, "model: it must be one that SentencePiece has");
	put_pieces(w, out);
	put_trainer(w, kind, &names, out);
	put_normalizer(w, out);
	if (w->full)
		return tok_fail_memory(w->err);
	return check_file((struct tok_span){ out->bytes + before, out->count - before }, w->err);
}

enum tok_status vocab_write_sentencepiece(const struct tok_spec *spec, struct tok_buffer *out,
					  struct vocab_losses *losses, struct tok_error *err)
{
	struct spm_writer w = { .spec = spec, .losses = losses, .err = err };
	enum tok_status status = sort_pieces(&w);
	if (status == TOK_OK)
		status = check_parts(&w);
	if (status == TOK_OK)
		status = put_file(&w, out);
	tok_buffer_release(&w.message);
	tok_arena_release(&w.scratch);
	return status;
}
