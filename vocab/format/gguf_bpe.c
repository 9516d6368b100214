#include "vocab/format/gguf_internal.h"

#include "vocab/format/hf_internal.h"
#include "vocab/format/sentencepiece_internal.h"

/* llama.cpp knows no normalisers here, so none are put in.  Text is split by the
 * patterns of the models' own tokenizers, which llama.cpp rewrites for its
 * engine; they differ only in rare characters. */

static bool split_merge(struct tok_span text, struct tok_span *left, struct tok_span *right)
{
	const uint8_t *space = text.count > 1 ? memchr(text.bytes + 1, ' ', text.count - 1) : NULL;
	if (!space)
		return false;
	const size_t at = (size_t)(space - text.bytes);
	*left = tok_span_slice(text, 0, at);
	*right = tok_span_slice(text, at + 1, text.count);
	return right->count > 0;
}

static enum tok_status read_merge(struct hf_reader *r, struct tok_span text,
				  struct hf_merges *known, struct tok_merge *out)
{
	struct tok_span left, right;
	if (!split_merge(text, &left, &right))
		return tok_fail(r->err, TOK_EFORMAT,
				"it must be two tokens with a space between, not '%s'",
				tok_show(text).text);
	return hf_find_merge(r, known, left, right, out, r->err);
}

static void read_merges(struct hf_reader *r, const struct tok_gguf_value *value)
{
	struct tok_bytes_reader items = { .bytes = value->bytes };
	struct tok_merge *merges = hf_array(r, (size_t)value->count, sizeof *merges);
	struct hf_merges known = { 0 };
	for (size_t i = 0; i < value->count && r->status == TOK_OK; i++) {
		const struct tok_span text = tok_bytes_take(&items, tok_bytes_u64(&items));
		r->status = read_merge(r, text, &known, &merges[i]);
		if (r->status != TOK_OK)
			tok_fail_in(r->err, r->status, "merge %zu", i);
	}
	tok_buffer_release(&known.joined);
	r->out->model.as.bpe.merges = merges;
	r->out->model.as.bpe.merge_count = (size_t)value->count;
}

static void name_tokens(struct hf_reader *r)
{
	const struct tok_model_spec *model = &r->out->model;
	if (!tok_strings_init(&r->ids, &r->scratch, model->entry_count)) {
		r->status = tok_fail_memory(r->err);
		return;
	}
	for (size_t i = 0; i < model->entry_count; i++) {
		const struct tok_vocab_entry *entry = &model->entries[i];
		if (tok_strings_add(&r->ids, entry->text, entry->id))
			continue;
		r->status = tok_fail(r->err, TOK_EFORMAT, "tokens %u and %u are both '%s'",
				     tok_strings_find(&r->ids, entry->text), entry->id,
				     tok_show(entry->text).text);
		return;
	}
}

static void set_pretokenizers(struct hf_reader *r, const struct gguf_pre *pre)
{
	struct tok_pretok_step *steps = hf_array(r, GGUF_SPLITS + 1, sizeof *steps);
	size_t count = 0;
	if (!steps)
		return;
	for (; pre->splits[count]; count++) {
		steps[count].kind = TOK_PRETOK_SPLIT;
		steps[count].as.split.pattern = tok_span_of(pre->splits[count]);
		steps[count].as.split.dialect = TOK_REGEX_ONIGURUMA;
		steps[count].as.split.behavior = TOK_ISOLATED;
	}
	steps[count++].kind = TOK_PRETOK_BYTE_LEVEL;
	r->out->pretokenizers = steps;
	r->out->pretokenizer_count = count;
}

static void set_decoder(struct hf_reader *r)
{
	struct tok_decode_step *step = hf_array(r, 1, sizeof *step);
	if (!step)
		return;
	step->kind = TOK_DECODE_BYTE_LEVEL;
	r->out->decoders = step;
	r->out->decoder_count = 1;
	r->out->has_decoder = true;
}

/* Control tokens are special, user-defined ones are matched in any text. */
static void set_added(struct hf_reader *r)
{
	const struct tok_model_spec *model = &r->out->model;
	size_t count = 0;
	for (size_t i = 0; i < model->entry_count; i++)
		count += model->entries[i].type == TOK_PIECE_CONTROL ||
			 model->entries[i].type == TOK_PIECE_USER_DEFINED;
	struct tok_added_token *added = hf_array(r, count, sizeof *added);
	if (!added)
		return;
	r->out->added = added;
	r->out->added_count = count;
	for (size_t i = 0; i < model->entry_count; i++) {
		const struct tok_vocab_entry *entry = &model->entries[i];
		if (entry->type == TOK_PIECE_CONTROL || entry->type == TOK_PIECE_USER_DEFINED)
			*added++ =
			    (struct tok_added_token){ .content = entry->text,
						      .id = entry->id,
						      .special = entry->type == TOK_PIECE_CONTROL };
	}
}

/* The model itself tells no types apart but control, which no text matches. */
static void forget_types(struct tok_vocab_entry *entries, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (entries[i].type != TOK_PIECE_CONTROL)
			entries[i].type = TOK_PIECE_NORMAL;
}

enum tok_status gguf_build_bpe(const struct gguf_metadata *meta, struct tok_spec *out,
			       struct tok_vocab_entry *entries, struct tok_error *err)
{
	struct hf_reader r = { .out = out, .err = err };
	struct tok_model_spec *model = &out->model;
	const struct tok_span name = meta->values[GGUF_PRE].bytes;
	const struct gguf_pre *pre = gguf_find_pre(name);
	if (!pre)
		return tok_fail(err, TOK_EFORMAT,
				"the pre-tokenizer '%s' is not known, only those of "
				"llama.cpp: " GGUF_PRE_EXAMPLES,
				tok_show(name).text);
	if (!meta->values[GGUF_MERGES].there)
		return tok_fail(err, TOK_EFORMAT, "'%s' is missing", gguf_key_name(GGUF_MERGES));

	model->kind = TOK_MODEL_BPE;
	model->unk = TOK_NO_ID;
	memset(model->byte_ids, 0xFF, sizeof model->byte_ids);
	model->as.bpe.order = TOK_BPE_MERGES;
	model->as.bpe.ignore_merges = pre->ignore_merges;
	name_tokens(&r);
	read_merges(&r, &meta->values[GGUF_MERGES]);
	set_pretokenizers(&r, pre);
	set_decoder(&r);
	set_added(&r);
	forget_types(entries, model->entry_count);
	tok_arena_release(&r.scratch);
	if (r.status != TOK_OK)
		return r.status;
	const bool bos = gguf_flag(meta, GGUF_ADD_BOS, pre->add_bos);
	const bool eos = gguf_flag(meta, GGUF_ADD_EOS, false);
	return spm_add_template(out, bos ? gguf_id(meta, GGUF_BOS_ID, TOK_NO_ID) : TOK_NO_ID,
				eos ? gguf_id(meta, GGUF_EOS_ID, TOK_NO_ID) : TOK_NO_ID, err);
}
