#include "tok/model/model.h"

#include <stdlib.h>

#include "tok/model/bpe_internal.h"
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

static enum tok_status build_wordlevel(struct tok_model *model, const struct tok_model_spec *spec,
				       struct tok_error *err)
{
	model->types = tok_arena_array(&model->arena, spec->entry_count, 1);
	if (!model->types)
		return tok_fail_memory(err);
	for (size_t i = 0; i < spec->entry_count; i++)
		model->types[i] = (uint8_t)spec->entries[i].type;
	return TOK_OK;
}

static enum tok_status encode_wordlevel(const struct tok_model *model, struct tok_span text,
					struct tok_range piece, struct tok_tokens *out,
					struct tok_error *err)
{
	const struct tok_lexicon *lexicon = &model->lexicon;
	const uint32_t place =
	    tok_strings_find(&lexicon->by_text, tok_span_slice(text, piece.begin, piece.end));
	tok_id id = lexicon->unk;
	if (place != TOK_NO_ID && model->types[place] != TOK_PIECE_UNUSED) {
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
		return build_wordlevel(model, spec, err);
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
	tok_bpe_release(model->bpe);
	tok_unigram_release(model->unigram);
	tok_wordpiece_release(model->wordpiece);
	tok_arena_release(&model->arena);
	free(model);
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
		return tok_wordpiece_encode(model, text, piece, out, err);
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

static bool is_token(const struct tok_model *model, uint32_t code)
{
	const uint32_t symbol = tok_charmap_get(model->bpe->chars[0][0], code);
	return symbol < model->lexicon.count &&
	       (!model->bpe->roles || model->bpe->roles[symbol] == TOK_ROLE_TOKEN);
}

/* BPE: no token has `code` behind another character, so no merge crosses.  Both
 * are tokens by themselves, so that no unknown run and no run of bytes does.
 * Unigram adds scores from the beginning of the text on, and rounds. */
bool tok_model_breaks_before(const struct tok_model *model, uint32_t before, uint32_t code)
{
	if (model->kind != TOK_MODEL_BPE || !model->bpe->inner || model->bpe->raw_bytes ||
	    before == code || before >= TOK_BAD_BYTE || code >= TOK_BAD_BYTE)
		return false;
	return is_token(model, before) && is_token(model, code) &&
	       tok_charmap_get(model->bpe->inner, code) == TOK_SYMBOL_NONE;
}
