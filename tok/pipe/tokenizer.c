#include "tok/pipe/tokenizer_internal.h"

#include <stdlib.h>

/* ---- which vocabulary the model sees -------------------------------------- */

/* A ByteLevel step at the very end feeds a BPE whose symbols are then single
 * bytes: the detour through the printable alphabet can be left out. */
static bool ends_in_bytes(const struct tok_spec *spec)
{
	const struct tok_model_spec *model = &spec->model;
	if (model->kind != TOK_MODEL_BPE || model->byte_fallback || spec->pretokenizer_count == 0 ||
	    model->as.bpe.prefix.count || model->as.bpe.suffix.count)
		return false;
	for (size_t i = 0; i < spec->normalizer_count; i++)
		if (spec->normalizers[i].kind == TOK_NORM_BYTE_LEVEL)
			return false;
	for (size_t i = 0; i + 1 < spec->pretokenizer_count; i++)
		if (spec->pretokenizers[i].kind == TOK_PRETOK_BYTE_LEVEL)
			return false;
	return spec->pretokenizers[spec->pretokenizer_count - 1].kind == TOK_PRETOK_BYTE_LEVEL;
}

static enum tok_status make_model(struct tok_tokenizer *t, struct tok_error *err)
{
	struct tok_model_spec model = t->spec.model;
	struct tok_arena scratch = { 0 };

	t->byte_model = t->spec.raw_vocabulary;
	if (ends_in_bytes(&t->spec)) {
		struct tok_vocab_entry *lowered =
		    tok_arena_array(&scratch, model.entry_count, sizeof *lowered);
		const size_t count =
		    lowered ? tok_lower_entries(model.entries, model.entry_count, &scratch, lowered)
			    : SIZE_MAX;
		if (count == SIZE_MAX) {
			tok_arena_release(&scratch);
			return tok_fail_memory(err);
		}
		model.entries = lowered;
		model.entry_count = count;
		model.as.bpe.raw_bytes = true;
		t->byte_model = true;
	}
	const enum tok_status status = tok_model_new(&model, &t->model, err);
	tok_arena_release(&scratch);
	return status;
}

static enum tok_status make_pretokenizer(struct tok_tokenizer *t, struct tok_error *err)
{
	const size_t count = t->spec.pretokenizer_count;
	struct tok_pretok_step *steps = tok_arena_array(&t->arena, count, sizeof *steps);
	if (!steps)
		return tok_fail_memory(err);
	if (count)
		memcpy(steps, t->spec.pretokenizers, count * sizeof *steps);
	if (t->byte_model && count && steps[count - 1].kind == TOK_PRETOK_BYTE_LEVEL)
		steps[count - 1].as.byte_level.raw = true;
	return tok_pretokenizer_new(steps, count, &t->pretokenizer, err);
}

/* ---- what each id is ------------------------------------------------------ */

static enum tok_status measure(struct tok_tokenizer *t, struct tok_error *err)
{
	tok_id top = 0;
	bool any = false;
	for (size_t i = 0; i < t->spec.model.entry_count; i++, any = true)
		if (t->spec.model.entries[i].id > top)
			top = t->spec.model.entries[i].id;
	for (size_t i = 0; i < t->spec.added_count; i++, any = true)
		if (t->spec.added[i].id > top)
			top = t->spec.added[i].id;
	if (top > TOK_ID_MAX)
		return tok_fail(err, TOK_ELIMIT, "id %u is too large: ids go up to %u", top,
				TOK_ID_MAX);
	t->size = any ? (size_t)top + 1 : 0;
	t->tokens = tok_arena_array(&t->arena, t->size, sizeof *t->tokens);
	if (!t->tokens || !tok_strings_init(&t->by_text, &t->arena,
					    t->spec.model.entry_count + t->spec.added_count))
		return tok_fail_memory(err);
	return TOK_OK;
}

static enum tok_status name_entries(struct tok_tokenizer *t, struct tok_error *err)
{
	for (size_t i = 0; i < t->spec.model.entry_count; i++) {
		const struct tok_vocab_entry *entry = &t->spec.model.entries[i];
		struct tok_span text = entry->text;
		if (t->spec.raw_vocabulary)
			text = tok_raise_bytes(text, &t->arena);
		if (!text.bytes)
			return tok_fail_memory(err);
		t->tokens[entry->id] = (struct tok_token_info){
			.text = text,
			.decode = t->spec.raw_vocabulary ? entry->text : text,
			.entry = entry,
			.special = entry->type == TOK_PIECE_CONTROL ||
				   (t->spec.sentencepiece && entry->type == TOK_PIECE_UNKNOWN),
		};
		tok_strings_put(&t->by_text, text, entry->id);
	}
	return TOK_OK;
}

/* What an added token that is matched in normalised text looks like there. */
static enum tok_status normalize_content(struct tok_tokenizer *t, struct tok_norm_scratch *scratch,
					 struct tok_span *content, struct tok_error *err)
{
	struct tok_text text = { 0 };
	if (!tok_text_set(&text, *content, 0))
		return tok_fail_memory(err);
	enum tok_status status = tok_normalize(t->normalizer, scratch, &text, err);
	if (status == TOK_OK) {
		*content = tok_arena_copy(&t->arena, tok_text_span(&text));
		if (!content->bytes)
			status = tok_fail_memory(err);
	}
	tok_text_release(&text);
	return status;
}

/* Added tokens lie over the vocabulary: theirs is the id's text from then on.
 * A later token with the same content or id replaces an earlier one. */
static enum tok_status name_added(struct tok_tokenizer *t, struct tok_norm_scratch *scratch,
				  struct tok_error *err)
{
	const size_t count = t->spec.added_count;
	struct tok_added_entry *raw = tok_arena_array(&t->arena, count, sizeof *raw);
	struct tok_added_entry *normalized = tok_arena_array(&t->arena, count, sizeof *normalized);
	size_t raw_count = 0, normalized_count = 0;
	if (!raw || !normalized)
		return tok_fail_memory(err);

	for (size_t i = 0; i < count; i++) {
		const struct tok_added_token *token = &t->spec.added[i];
		struct tok_token_info *info = &t->tokens[token->id];
		struct tok_span content = token->content;
		if (content.count == 0)
			return tok_fail(err, TOK_EFORMAT, "added token %u is empty", token->id);
		if (token->normalized) {
			const enum tok_status status = normalize_content(t, scratch, &content, err);
			if (status != TOK_OK)
				return status;
		}
		info->text = token->content;
		info->decode = content;
		info->special = token->special;
		info->added = true;
		tok_strings_put(&t->by_text, token->content, token->id);
		if (content.count == 0)
			continue; /* normalised away: nothing to look for */
		if (token->normalized)
			normalized[normalized_count++] = (struct tok_added_entry){ content, token };
		else
			raw[raw_count++] = (struct tok_added_entry){ content, token };
	}
	tok_added_set_init(&t->added, raw, raw_count);
	tok_added_set_init(&t->added_normalized, normalized, normalized_count);
	return TOK_OK;
}

/* Hugging Face asks whether the string that decoding starts from is a special
 * token's content: a special token that normalisation changes is not skipped. */
static void mark_skipped(struct tok_tokenizer *t)
{
	for (size_t id = 0; id < t->size; id++)
		t->tokens[id].skipped = t->tokens[id].special;
	for (size_t i = 0; i < t->spec.added_count; i++) {
		struct tok_token_info *info = &t->tokens[t->spec.added[i].id];
		if (tok_span_equal(info->decode, info->text))
			continue;
		const tok_id same = tok_strings_find(&t->by_text, info->decode);
		info->skipped =
		    same != TOK_NO_ID && t->tokens[same].added && t->tokens[same].special;
	}
}

/* ---- decoding tables ------------------------------------------------------ */

static enum tok_status make_decode_regexes(struct tok_tokenizer *t, struct tok_error *err)
{
	t->decode_regexes =
	    tok_arena_array(&t->arena, t->spec.decoder_count, sizeof(struct tok_regex *));
	if (!t->decode_regexes)
		return tok_fail_memory(err);
	t->decode_regex_count = t->spec.decoder_count;
	for (size_t i = 0; i < t->spec.decoder_count; i++) {
		const struct tok_decode_step *step = &t->spec.decoders[i];
		if (step->kind != TOK_DECODE_REPLACE || step->as.replace.pattern.count == 0)
			continue;
		const enum tok_status status = tok_regex_new(
		    step->as.replace.pattern, step->as.replace.dialect, &t->decode_regexes[i], err);
		if (status != TOK_OK)
			return status;
	}
	return TOK_OK;
}

/* A lone ByteLevel decoder joins bytes that can be worked out here, once. */
static enum tok_status make_byte_decoder(struct tok_tokenizer *t, struct tok_error *err)
{
	if (t->spec.decoder_count != 1 || t->spec.decoders[0].kind != TOK_DECODE_BYTE_LEVEL)
		return TOK_OK;
	t->byte_decoder = true;
	for (size_t id = 0; id < t->size; id++) {
		struct tok_token_info *info = &t->tokens[id];
		if (!info->text.bytes || (t->spec.raw_vocabulary && info->entry && !info->added))
			continue;
		if (t->spec.raw_vocabulary)
			continue; /* an added token of a raw vocabulary is text */
		bool all;
		const struct tok_span bytes = tok_lower_text(info->decode, &t->arena, &all);
		if (!bytes.bytes)
			return tok_fail_memory(err);
		if (all)
			info->decode = bytes;
	}
	return TOK_OK;
}

/* ---- handles -------------------------------------------------------------- */

static enum tok_status compile(struct tok_tokenizer *t, struct tok_error *err)
{
	enum tok_status status = measure(t, err);
	if (status == TOK_OK)
		status = tok_normalizer_new(t->spec.normalizers, t->spec.normalizer_count,
					    &t->normalizer, err);
	if (status == TOK_OK)
		status = make_model(t, err);
	if (status == TOK_OK)
		status = make_pretokenizer(t, err);
	if (status == TOK_OK)
		status = name_entries(t, err);
	if (status == TOK_OK) {
		struct tok_norm_scratch *scratch = tok_norm_scratch_new();
		status = scratch ? name_added(t, scratch, err) : tok_fail_memory(err);
		tok_norm_scratch_free(scratch);
	}
	if (status == TOK_OK)
		mark_skipped(t);
	if (status == TOK_OK)
		status = make_decode_regexes(t, err);
	if (status == TOK_OK)
		status = make_byte_decoder(t, err);
	if (status == TOK_OK) {
		t->needs_origin = tok_pretokenizer_needs_origin(t->pretokenizer);
		for (int match_special = 0; match_special < 2; match_special++)
			tok_cuts_init(&t->cuts[match_special], t, match_special);
	}
	return status;
}

enum tok_status tok_tokenizer_new(struct tok_spec *spec, struct tok_tokenizer **out,
				  struct tok_error *err)
{
	struct tok_tokenizer *t = calloc(1, sizeof *t);
	if (!t)
		return tok_fail_memory(err);

	t->spec = *spec;
	const enum tok_status status = compile(t, err);
	if (status != TOK_OK) {
		t->spec = (struct tok_spec){ 0 }; /* still the caller's */
		tok_tokenizer_free(t);
		return status;
	}
	*spec = (struct tok_spec){ 0 };
	*out = t;
	return TOK_OK;
}

void tok_tokenizer_free(struct tok_tokenizer *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->decode_regex_count; i++)
		tok_regex_free(t->decode_regexes[i]);
	tok_normalizer_free(t->normalizer);
	tok_pretokenizer_free(t->pretokenizer);
	tok_model_free(t->model);
	tok_arena_release(&t->arena);
	tok_spec_release(&t->spec);
	free(t);
}

/* ---- the built-in tokenizer ----------------------------------------------- */

enum tok_status tok_tokenizer_bytes(struct tok_tokenizer **out, struct tok_error *err)
{
	static const struct tok_decode_step join = { .kind = TOK_DECODE_BYTE_LEVEL };
	struct tok_spec spec = {
		.format = tok_span_of("built in"),
		.raw_vocabulary = true,
		.decoders = &join,
		.decoder_count = 1,
		.has_decoder = true,
	};
	struct tok_vocab_entry *entries = tok_arena_array(&spec.arena, 256, sizeof *entries);
	uint8_t *bytes = tok_arena_array(&spec.arena, 256, 1);
	if (!entries || !bytes) {
		tok_spec_release(&spec);
		return tok_fail_memory(err);
	}
	for (unsigned i = 0; i < 256; i++) {
		bytes[i] = (uint8_t)i;
		entries[i] = (struct tok_vocab_entry){ .text = { bytes + i, 1 }, .id = i };
	}
	spec.model = (struct tok_model_spec){
		.kind = TOK_MODEL_BPE,
		.entries = entries,
		.entry_count = 256,
		.unk = TOK_NO_ID,
		.as.bpe = { .order = TOK_BPE_RANKS, .raw_bytes = true },
	};
	const enum tok_status status = tok_tokenizer_new(&spec, out, err);
	tok_spec_release(&spec);
	return status;
}

/* ---- questions ------------------------------------------------------------ */

size_t tok_tokenizer_size(const struct tok_tokenizer *t)
{
	return t->size;
}

struct tok_span tok_tokenizer_token(const struct tok_tokenizer *t, tok_id id)
{
	return id < t->size ? t->tokens[id].text : (struct tok_span){ NULL, 0 };
}

tok_id tok_tokenizer_find(const struct tok_tokenizer *t, struct tok_span token)
{
	return tok_strings_find(&t->by_text, token);
}

bool tok_tokenizer_is_special(const struct tok_tokenizer *t, tok_id id)
{
	return id < t->size && t->tokens[id].special;
}

const struct tok_spec *tok_tokenizer_spec(const struct tok_tokenizer *t)
{
	return &t->spec;
}
