/* Merged symbols as tokens. */
#include "tok/model/bpe_internal.h"

/* SentencePiece stops taking unused pieces apart at this depth. */
enum { SPLIT_DEPTH_MAX = 100 };

static uint32_t lesser(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* Ranges follow from the lengths of the symbols, as in Hugging Face: where text
 * has vanished, they lag behind. */
static enum tok_status write_tokens(const struct tok_model *model, struct tok_bpe_scratch *scratch,
				    struct tok_span text, uint32_t limit, struct tok_tokens *out,
				    struct tok_error *err)
{
	if (!tok_tokens_reserve(out, scratch->count))
		return tok_fail_memory(err);
	for (size_t i = 0; i < scratch->count; i++) {
		const uint32_t symbol = scratch->symbols[i], begin = scratch->position;
		if (symbol >= model->lexicon.count)
			return tok_fail(err, TOK_ETEXT, "byte 0x%02X at %u has no token",
					text.bytes[begin], begin);
		scratch->position = begin + lesser(scratch->lengths[i], limit - begin);
		tok_tokens_put(out, model->lexicon.ids[symbol], begin, scratch->position);
	}
	return TOK_OK;
}

static enum tok_status write_unknown(const struct tok_model *model, struct tok_bpe_scratch *scratch,
				     struct tok_span text, struct tok_range range,
				     struct tok_tokens *out, struct tok_error *err)
{
	const struct tok_lexicon *lexicon = &model->lexicon;
	if (lexicon->byte_fallback && lexicon->all_bytes)
		return tok_tokens_put_bytes(out, lexicon, text, range) ? TOK_OK
								       : tok_fail_memory(err);
	if (lexicon->unk == TOK_NO_ID)
		return tok_fail(err, TOK_ETEXT,
				"bytes %u to %u are no token, and there is no unknown token",
				range.begin, range.end);
	if (model->bpe->fuse_unk && scratch->after_unknown) {
		if (out->ranged)
			out->ranges[out->count - 1].end = range.end;
		return TOK_OK;
	}
	scratch->after_unknown = true;
	return tok_tokens_add(out, lexicon->unk, range) ? TOK_OK : tok_fail_memory(err);
}

/* Bytes that a symbol takes at `at`; a virtual one is one character. */
static uint32_t symbol_length(const struct tok_model *model, uint32_t symbol, struct tok_span text,
			      uint32_t at)
{
	if (symbol < model->lexicon.count)
		return (uint32_t)tok_lexicon_text(&model->lexicon, symbol).count;
	return at < text.count ? tok_utf8_at(text, at).length : 0;
}

/* One symbol of `length` bytes, an unused piece as the pieces that it was last
 * seen merged from. */
static enum tok_status write_piece(const struct tok_model *model, struct tok_bpe_scratch *scratch,
				   struct tok_span text, uint32_t symbol, uint32_t length,
				   struct tok_tokens *out, struct tok_error *err)
{
	const struct tok_bpe *bpe = model->bpe;
	struct {
		uint32_t symbol, length;
		unsigned depth;
	} stack[SPLIT_DEPTH_MAX + 2] = { { symbol, length, 0 } };
	size_t count = 1;
	while (count > 0) {
		const uint32_t top = stack[count - 1].symbol, bytes = stack[count - 1].length;
		const unsigned depth = stack[count - 1].depth;
		const struct tok_range range = { scratch->position, scratch->position + bytes };
		const bool is_entry = top < model->lexicon.count;
		if (is_entry && bpe->roles[top] == TOK_ROLE_SPLIT && depth <= SPLIT_DEPTH_MAX) {
			const struct tok_merge_split split = scratch->splits[top];
			const uint32_t left =
			    lesser(bytes, symbol_length(model, split.left, text, range.begin));
			stack[count - 1].symbol = split.right;
			stack[count - 1].length = bytes - left;
			stack[count - 1].depth = depth + 1;
			stack[count].symbol = split.left;
			stack[count].length = left;
			stack[count++].depth = depth + 1;
			continue;
		}
		count--;
		scratch->position = range.end;
		if (is_entry && (bpe->roles[top] == TOK_ROLE_TOKEN || depth > SPLIT_DEPTH_MAX)) {
			scratch->after_unknown = false;
			if (!tok_tokens_add(out, model->lexicon.ids[top], range))
				return tok_fail_memory(err);
			continue;
		}
		const enum tok_status status = write_unknown(model, scratch, text, range, out, err);
		if (status != TOK_OK)
			return status;
	}
	return TOK_OK;
}

enum tok_status tok_bpe_write(const struct tok_model *model, struct tok_bpe_scratch *scratch,
			      struct tok_span text, uint32_t limit, struct tok_tokens *out,
			      struct tok_error *err)
{
	if (model->bpe->order != TOK_BPE_SCORES)
		return write_tokens(model, scratch, text, limit, out, err);

	for (size_t i = 0; i < scratch->count; i++) {
		uint32_t symbol = scratch->symbols[i];
		if (symbol != TOK_SYMBOL_NONE)
			symbol &= ~TOK_SYMBOL_FROZEN;
		const enum tok_status status =
		    write_piece(model, scratch, text, symbol, scratch->lengths[i], out, err);
		if (status != TOK_OK)
			return status;
	}
	return TOK_OK;
}
