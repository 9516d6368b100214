/*
 * cuts.c - by the bytes of tokens where these are the text, else by the encoder's offsets.
 *
 * Offsets take the general path of the encoder.  Most tokenizers of today lose nothing: their
 * tokens, one behind the other, are the text, which is looked at, and then their lengths say it
 * all.
 */
#include "vocab/audit/cuts.h"

#include <stdlib.h>

#include "vocab/convert/token_bytes.h"

struct vocab_audit_cutter {
	struct vocab_token_bytes tokens;
	struct tok_encoder *encoder;
	bool by_tokens; /* spaces are in tokens, if anywhere */
	uint8_t *cuts;
	int32_t *across; /* tokens that begin to lie across a place, less those that end to */
	size_t capacity, across_capacity;
};

enum tok_status vocab_audit_cutter_new(const struct tok_tokenizer *tokenizer,
				       struct vocab_audit_cutter **out, struct tok_error *err)
{
	struct vocab_audit_cutter *cutter = calloc(1, sizeof *cutter);
	struct vocab_spelling spelling = { 0 };
	if (!cutter)
		return tok_fail_memory(err);
	enum tok_status status = vocab_token_bytes(tokenizer, &cutter->tokens, err);
	if (status == TOK_OK)
		status = vocab_spelling_find(tok_tokenizer_spec(tokenizer), &spelling, err);
	cutter->by_tokens = !spelling.starts && spelling.suffix.count == 0;
	if (status == TOK_OK) {
		cutter->encoder = tok_encoder_new(tokenizer);
		if (!cutter->encoder)
			status = tok_fail_memory(err);
	}
	if (status == TOK_OK)
		*out = cutter;
	else
		vocab_audit_cutter_free(cutter);
	return status;
}

void vocab_audit_cutter_free(struct vocab_audit_cutter *cutter)
{
	if (!cutter)
		return;
	tok_encoder_free(cutter->encoder);
	vocab_token_bytes_release(&cutter->tokens);
	free(cutter->cuts);
	free(cutter->across);
	free(cutter);
}

const struct vocab_token_bytes *vocab_audit_cutter_tokens(const struct vocab_audit_cutter *cutter)
{
	return &cutter->tokens;
}

static bool is_at(struct tok_span text, size_t at, struct tok_span token)
{
	return token.bytes && token.count <= text.count - at &&
	       memcmp(text.bytes + at, token.bytes, token.count) == 0;
}

/* False, with flags that say nothing, where the tokens are not the text. */
static bool cut_by_tokens(struct vocab_audit_cutter *cutter, struct tok_span text,
			  const struct tok_encoding *encoding)
{
	size_t at = 0;
	for (size_t i = 0; i < encoding->count; i++) {
		const struct tok_span token = cutter->tokens.bytes[encoding->ids[i]];
		if (!is_at(text, at, token))
			return false;
		if (at < text.count)
			cutter->cuts[at] = 1;
		at += token.count;
	}
	cutter->cuts[0] = 0;
	return at == text.count;
}

static void cut_by_ranges(struct vocab_audit_cutter *cutter, struct tok_span text,
			  const struct tok_encoding *encoding)
{
	memset(cutter->cuts, 0, text.count);
	memset(cutter->across, 0, (text.count + 1) * sizeof *cutter->across);
	for (size_t i = 0; i < encoding->count; i++) {
		const struct tok_range range = encoding->ranges[i];
		if (range.begin == range.end)
			continue;
		cutter->cuts[range.begin] = 1;
		if (range.end < text.count)
			cutter->cuts[range.end] = 1;
		cutter->across[range.begin + 1]++;
		cutter->across[range.end]--;
	}
	int32_t across = 0;
	for (size_t i = 0; i < text.count; i++) {
		across += cutter->across[i];
		cutter->cuts[i] &= across == 0;
	}
	cutter->cuts[0] = 0;
}

enum tok_status vocab_audit_cuts(struct vocab_audit_cutter *cutter, struct tok_span text,
				 const uint8_t **out, struct tok_error *err)
{
	struct tok_encode_options options = { 0 };
	struct tok_encoding encoding = { 0 };
	if (!tok_grow(&cutter->cuts, &cutter->capacity, text.count + 1, 1))
		return tok_fail_memory(err);
	*out = cutter->cuts;
	if (text.count == 0)
		return TOK_OK;
	memset(cutter->cuts, 0, text.count);
	enum tok_status status = tok_encode(cutter->encoder, text, &options, &encoding, err);
	if (status != TOK_OK || (cutter->by_tokens && cut_by_tokens(cutter, text, &encoding)))
		return status;
	options.offsets = true;
	if (!tok_grow(&cutter->across, &cutter->across_capacity, text.count + 1,
		      sizeof *cutter->across))
		return tok_fail_memory(err);
	status = tok_encode(cutter->encoder, text, &options, &encoding, err);
	if (status == TOK_OK)
		cut_by_ranges(cutter, text, &encoding);
	return status;
}
