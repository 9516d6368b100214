/*
 * From a specification to a tokenizer.
 */
#include "tok/pipe/tokenizer_internal.h"

#include <stdlib.h>

#include "tok/base/threads.h"

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

/* ---- added tokens ----------------------------------------------------------- */

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

static enum tok_status normalize_added(struct tok_tokenizer *t, struct tok_error *err)
{
	const size_t count = t->spec.added_count;
	struct tok_norm_scratch *scratch = tok_norm_scratch_new();
	enum tok_status status = TOK_OK;
	t->added_contents = tok_arena_array(&t->arena, count, sizeof *t->added_contents);
	if (!t->added_contents || !scratch)
		status = tok_fail_memory(err);
	for (size_t i = 0; i < count && status == TOK_OK; i++) {
		t->added_contents[i] = t->spec.added[i].content;
		if (t->spec.added[i].normalized)
			status = normalize_content(t, scratch, &t->added_contents[i], err);
	}
	tok_norm_scratch_free(scratch);
	return status;
}

/* ---- the whole -------------------------------------------------------------- */

static bool joins_bytes(const struct tok_spec *spec)
{
	return spec->decoder_count == 1 && spec->decoders[0].kind == TOK_DECODE_BYTE_LEVEL;
}

static bool has_single_bytes(const struct tok_spec *spec)
{
	for (size_t i = 0; i < spec->model.entry_count; i++)
		if (spec->model.entries[i].text.count > 1)
			return false;
	return spec->raw_vocabulary;
}

/* Names and model: neither needs the other, and both take long. */
struct halves {
	struct tok_tokenizer *t;
	enum tok_status status[2];
	struct tok_error err[2];
};

static void build_half(void *shared, size_t index)
{
	struct halves *halves = shared;
	halves->status[index] = index == 0 ? make_model(halves->t, &halves->err[0])
					   : tok_names_build(halves->t, &halves->err[1]);
}

static enum tok_status build_halves(struct tok_tokenizer *t, struct tok_error *err)
{
	struct halves halves = { .t = t };
	const size_t count = t->spec.model.entry_count;
	if (count >= TOK_THREADED_ENTRIES && tok_threads_available() > 1) {
		tok_threads_run(2, build_half, &halves);
	} else {
		build_half(&halves, 1);
		if (halves.status[1] == TOK_OK)
			build_half(&halves, 0);
	}
	for (size_t i = 2; i-- > 0;)
		if (halves.status[i] != TOK_OK)
			return tok_fail(err, halves.status[i], "%s", halves.err[i].message);
	return TOK_OK;
}

static enum tok_status compile(struct tok_tokenizer *t, struct tok_error *err)
{
	t->byte_decoder = joins_bytes(&t->spec);
	t->single_bytes = has_single_bytes(&t->spec);
	enum tok_status status =
	    tok_normalizer_new(t->spec.normalizers, t->spec.normalizer_count, &t->normalizer, err);
	if (status == TOK_OK)
		status = normalize_added(t, err);
	if (status == TOK_OK)
		status = build_halves(t, err);
	if (status == TOK_OK)
		status = tok_tokenizer_equip(t, err);
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
	/* From here on the tables speak for them, as in a tokenizer from an image. */
	t->spec.model.entries = NULL;
	if (t->spec.model.kind == TOK_MODEL_BPE)
		t->spec.model.as.bpe.merges = NULL;
	*spec = (struct tok_spec){ 0 };
	*out = t;
	return TOK_OK;
}

/* ---- one id a byte --------------------------------------------------------- */

enum tok_status tok_spec_bytes(struct tok_spec *out, struct tok_error *err)
{
	static const struct tok_decode_step join = { .kind = TOK_DECODE_BYTE_LEVEL };
	struct tok_spec spec = {
		.format = tok_span_of("bytes"),
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
	*out = spec;
	return TOK_OK;
}

enum tok_status tok_tokenizer_bytes(struct tok_tokenizer **out, struct tok_error *err)
{
	struct tok_spec spec;
	enum tok_status status = tok_spec_bytes(&spec, err);
	if (status != TOK_OK)
		return status;
	status = tok_tokenizer_new(&spec, out, err);
	tok_spec_release(&spec);
	return status;
}
