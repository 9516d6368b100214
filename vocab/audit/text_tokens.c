/* text_tokens.c - what the tokens of a vocabulary add to a text, and in which script. */
#include <stdlib.h>

#include "tok/pipe/byte_level.h"
#include "tok/text/utf8.h"
#include "vocab/audit/text_internal.h"

/* The bytes of an id; in the arena if they had to be made.  .bytes NULL: no token has it.  *memory:
 * there was enough. */
static struct tok_span bytes_of(const struct tok_tokenizer *t, tok_id id, struct tok_arena *arena,
				bool *memory)
{
	struct tok_vocab_entry entry;
	if (!tok_tokenizer_entry(t, id, &entry))
		return tok_tokenizer_token(t, id); /* an added token, or a hole */
	if (!tok_tokenizer_takes_bytes(t) || tok_tokenizer_spec(t)->raw_vocabulary)
		return entry.text;
	bool all;
	const struct tok_span bytes = tok_lower_text(entry.text, arena, &all);
	*memory = *memory && bytes.bytes;
	return all ? bytes : entry.text;
}

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
	struct tok_arena arena = { 0 };
	bool memory = true;
	*out = (struct vocab_audit_tokens){
		.size = tok_tokenizer_size(tokenizer),
		.unknown = tok_tokenizer_spec(tokenizer)->model.unk,
		.known = tok_tokenizer_takes_bytes(tokenizer),
	};
	out->lengths = calloc(out->size + 1, sizeof *out->lengths);
	out->scripts = calloc(out->size + 1, sizeof *out->scripts);
	memory = out->lengths && out->scripts;
	for (size_t i = 0; i < out->size && memory; i++) {
		const struct tok_span bytes = bytes_of(tokenizer, (tok_id)i, &arena, &memory);
		out->lengths[i] = (uint32_t)bytes.count;
		out->scripts[i] = script_of(bytes);
		out->present += bytes.bytes != NULL;
	}
	tok_arena_release(&arena);
	if (memory)
		return TOK_OK;
	vocab_audit_tokens_release(out);
	return tok_fail_memory(err);
}

void vocab_audit_tokens_release(struct vocab_audit_tokens *tokens)
{
	free(tokens->lengths);
	free(tokens->scripts);
	*tokens = (struct vocab_audit_tokens){ 0 };
}
