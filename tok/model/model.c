#include "tok/model/model.h"

#include <stdlib.h>

#include "tok/model/model_internal.h"

bool tok_tokens_reserve(struct tok_tokens *tokens, size_t more)
{
	if (more > SIZE_MAX - tokens->count)
		return false;
	const size_t want = tokens->count + more;
	if (!tok_grow(&tokens->ids, &tokens->capacity, want, sizeof *tokens->ids))
		return false;
	return !tokens->ranged ||
	       tok_grow(&tokens->ranges, &tokens->range_capacity, want, sizeof *tokens->ranges);
}

bool tok_tokens_add(struct tok_tokens *tokens, tok_id id, struct tok_range range)
{
	if (!tok_tokens_reserve(tokens, 1))
		return false;
	tok_tokens_put(tokens, id, range.begin, range.end);
	return true;
}

bool tok_tokens_put_bytes(struct tok_tokens *tokens, const struct tok_lexicon *lexicon,
			  struct tok_span text, struct tok_range range)
{
	if (!tok_tokens_reserve(tokens, range.end - range.begin))
		return false;
	for (uint32_t at = range.begin; at < range.end; at++)
		tok_tokens_put(tokens, lexicon->byte_ids[text.bytes[at]], range.begin,
			       at + 1 == range.end ? range.end : range.begin);
	return true;
}

void tok_tokens_release(struct tok_tokens *tokens)
{
	free(tokens->ids);
	free(tokens->ranges);
	*tokens = (struct tok_tokens){ .ranged = tokens->ranged };
}

static enum tok_status encode_wordlevel(const struct tok_model *model, struct tok_span text,
					struct tok_range piece, struct tok_tokens *out,
					struct tok_error *err)
{
	const struct tok_lexicon *lexicon = &model->lexicon;
	const uint32_t place =
	    tok_lexicon_find(lexicon, tok_span_slice(text, piece.begin, piece.end));
	tok_id id = lexicon->unk;
	if (place != TOK_NO_ID && lexicon->types[place] != TOK_PIECE_UNUSED) {
		id = lexicon->ids[place];
	} else if (lexicon->byte_fallback && lexicon->all_bytes) {
		return tok_tokens_put_bytes(out, lexicon, text, piece) ? TOK_OK
								       : tok_fail_memory(err);
	} else if (id == TOK_NO_ID) {
		return tok_fail(err, TOK_ETEXT,
				"bytes %u to %u are no word of the vocabulary, which has no "
				"unknown token",
				piece.begin, piece.end);
	}
	return tok_tokens_add(out, id, piece) ? TOK_OK : tok_fail_memory(err);
}

static enum tok_status build_model(struct tok_model *model, const struct tok_model_spec *spec,
				   struct tok_error *err)
{
	const enum tok_status status = tok_lexicon_init(&model->lexicon, spec, &model->arena, err);
	if (status != TOK_OK)
		return status;

	switch (spec->kind) {
	case TOK_MODEL_BPE:
		return tok_bpe_build(model, spec, err);
	case TOK_MODEL_UNIGRAM:
		return tok_unigram_build(model, spec, err);
	case TOK_MODEL_WORDPIECE:
		return tok_wordpiece_build(model, spec, err);
	case TOK_MODEL_WORDLEVEL:
		return TOK_OK; /* the lexicon is all it needs */
	}
	return tok_fail(err, TOK_EARG, "there is no such kind of model");
}

enum tok_status tok_model_new(const struct tok_model_spec *spec, struct tok_model **out,
			      struct tok_error *err)
{
	struct tok_model *model = calloc(1, sizeof *model);
	if (!model)
		return tok_fail_memory(err);
	model->kind = spec->kind;
	model->kernel = tok_kernel_best();

	const enum tok_status status = build_model(model, spec, err);
	if (status != TOK_OK)
		tok_model_free(model);
	else
		*out = model;
	return status;
}

void tok_model_free(struct tok_model *model)
{
	if (!model)
		return;
	tok_arena_release(&model->arena);
	free(model);
}

void tok_model_use_kernel(struct tok_model *model, enum tok_kernel kernel)
{
	model->kernel = kernel;
}

struct tok_model_scratch *tok_model_scratch_new(void)
{
	return calloc(1, sizeof(struct tok_model_scratch));
}

void tok_model_scratch_free(struct tok_model_scratch *scratch)
{
	if (!scratch)
		return;
	tok_bpe_scratch_free(scratch->bpe);
	tok_unigram_scratch_free(scratch->unigram);
	tok_wordpiece_scratch_free(scratch->wordpiece);
	free(scratch);
}

static enum tok_status encode_piece(const struct tok_model *model,
				    struct tok_model_scratch *scratch, struct tok_span text,
				    struct tok_range piece, struct tok_tokens *out,
				    struct tok_error *err)
{
	switch (model->kind) {
	case TOK_MODEL_BPE:
		if (!scratch->bpe)
			scratch->bpe = tok_bpe_scratch_new();
		return scratch->bpe ? tok_bpe_encode(model, scratch->bpe, text, piece, out, err)
				    : tok_fail_memory(err);
	case TOK_MODEL_UNIGRAM:
		if (!scratch->unigram)
			scratch->unigram = tok_unigram_scratch_new();
		return scratch->unigram
			   ? tok_unigram_encode(model, scratch->unigram, text, piece, out, err)
			   : tok_fail_memory(err);
	case TOK_MODEL_WORDPIECE:
		if (!scratch->wordpiece)
			scratch->wordpiece = tok_wordpiece_scratch_new();
		return scratch->wordpiece ? tok_wordpiece_encode(model, scratch->wordpiece, text,
								 &piece, 1, out, err)
					  : tok_fail_memory(err);
	case TOK_MODEL_WORDLEVEL:
		return encode_wordlevel(model, text, piece, out, err);
	}
	return tok_fail(err, TOK_EARG, "there is no such kind of model");
}

enum tok_status tok_model_encode(const struct tok_model *model, struct tok_model_scratch *scratch,
				 struct tok_span text, struct tok_range piece,
				 struct tok_tokens *out, struct tok_error *err)
{
	if (piece.begin >= piece.end)
		return TOK_OK;

	const size_t before = out->count;
	const enum tok_status status = encode_piece(model, scratch, text, piece, out, err);
	if (status != TOK_OK)
		out->count = before;
	return status;
}

enum tok_status tok_model_encode_pieces(const struct tok_model *model,
					struct tok_model_scratch *scratch, struct tok_span text,
					const struct tok_range *pieces, size_t count,
					struct tok_tokens *out, struct tok_error *err)
{
	const size_t before = out->count;
	enum tok_status status = TOK_OK;
	if (model->kind == TOK_MODEL_WORDPIECE) {
		if (!scratch->wordpiece)
			scratch->wordpiece = tok_wordpiece_scratch_new();
		status = scratch->wordpiece ? tok_wordpiece_encode(model, scratch->wordpiece, text,
								   pieces, count, out, err)
					    : tok_fail_memory(err);
	} else {
		for (size_t i = 0; status == TOK_OK && i < count; i++)
			status = tok_model_encode(model, scratch, text, pieces[i], out, err);
	}
	if (status != TOK_OK)
		out->count = before;
	return status;
}

static enum tok_status encode_each(const struct tok_model *model, struct tok_model_scratch *scratch,
				   struct tok_span text, uint32_t begin, const uint32_t *ends,
				   size_t count, struct tok_tokens *out, struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	for (size_t i = 0; i < count && status == TOK_OK; i++) {
		const struct tok_range piece = { begin, ends[i] };
		status = encode_piece(model, scratch, text, piece, out, err);
		begin = ends[i];
	}
	return status;
}

enum tok_status tok_model_encode_run(const struct tok_model *model,
				     struct tok_model_scratch *scratch, struct tok_span text,
				     uint32_t begin, const uint32_t *ends, size_t count,
				     struct tok_tokens *out, struct tok_error *err)
{
	const size_t before = out->count;
	enum tok_status status;
	if (model->kind == TOK_MODEL_BPE && !out->ranged) {
		if (!scratch->bpe)
			scratch->bpe = tok_bpe_scratch_new();
		status = scratch->bpe ? tok_bpe_encode_run(model, scratch->bpe, text, begin, ends,
							   count, out, err)
				      : tok_fail_memory(err);
	} else {
		status = encode_each(model, scratch, text, begin, ends, count, out, err);
	}
	if (status != TOK_OK)
		out->count = before;
	return status;
}
