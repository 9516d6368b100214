/* text_tokens.c - what the tokens of a vocabulary add to a text, and in which script. */
#include <stdlib.h>

#include "tok/text/utf8.h"
#include "vocab/audit/text_internal.h"
#include "vocab/convert/token_bytes.h"

static int16_t script_of(struct tok_span bytes)
{
	for (size_t at = 0; at < bytes.count;) {
		const struct tok_char c = tok_utf8_at(bytes, at);
		UScriptCode script;
		if (vocab_audit_has_script(c.code, &script))
			return (int16_t)script;
		at += c.length;
	}
	return -1;
}

enum tok_status vocab_audit_tokens_init(struct vocab_audit_tokens *out,
					const struct tok_tokenizer *tokenizer,
					struct tok_error *err)
{
	struct vocab_token_bytes texts = { 0 };
	enum tok_status status = vocab_token_bytes(tokenizer, &texts, err);
	*out = (struct vocab_audit_tokens){
		.size = tok_tokenizer_size(tokenizer),
		.unknown = tok_tokenizer_spec(tokenizer)->model.unk,
	};
	if (status != TOK_OK)
		return status;
	out->lengths = calloc(out->size + 1, sizeof *out->lengths);
	out->scripts = calloc(out->size + 1, sizeof *out->scripts);
	if (!out->lengths || !out->scripts)
		status = tok_fail_memory(err);
	for (size_t i = 0; i < out->size && status == TOK_OK; i++) {
		out->lengths[i] = (uint32_t)texts.bytes[i].count;
		out->scripts[i] =
		    texts.kinds[i] == VOCAB_TOKEN_SPECIAL ? (int16_t)-1 : script_of(texts.bytes[i]);
		out->present += texts.kinds[i] != VOCAB_TOKEN_NONE;
		if (out->scripts[i] >= 0)
			out->entries[out->scripts[i]]++;
	}
	vocab_token_bytes_release(&texts);
	if (status != TOK_OK)
		vocab_audit_tokens_release(out);
	return status;
}

void vocab_audit_tokens_release(struct vocab_audit_tokens *tokens)
{
	free(tokens->lengths);
	free(tokens->scripts);
	*tokens = (struct vocab_audit_tokens){ 0 };
}
