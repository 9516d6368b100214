/* gguf_bert.c - BERT's WordPiece as llama.cpp has it: how its tokens are spelled, and which of them
 * have keys. */
#include "vocab/format/gguf_write_internal.h"

#include "tok/text/json.h"

static bool is_bracketed(struct tok_span text)
{
	return text.count && text.bytes[0] == '[' && text.bytes[text.count - 1] == ']';
}

enum tok_status gguf_respell(struct tok_vocab_entry *token, struct tok_arena *arena,
			     struct tok_error *err)
{
	static const char mark[] = "\xE2\x96\x81";
	const struct tok_span text = token->text;
	if (is_bracketed(text))
		return TOK_OK;
	if (tok_span_starts(text, tok_span_of("##"))) {
		token->text = tok_span_slice(text, 2, text.count);
		if (text.count > 2 && !is_bracketed(token->text) &&
		    !tok_span_starts(token->text, tok_span_of(mark)))
			return TOK_OK;
		return tok_fail(err, TOK_EARG, "model: '%s' has no spelling in a GGUF file",
				tok_show(text).text);
	}
	uint8_t *bytes = tok_arena_array(arena, text.count + 3, 1);
	if (!bytes)
		return tok_fail_memory(err);
	memcpy(bytes, mark, 3);
	memcpy(bytes + 3, text.bytes, text.count);
	token->text = (struct tok_span){ bytes, text.count + 3 };
	return TOK_OK;
}

static void find_name(const struct tok_vocab_entry *tokens, size_t count, const char *name,
		      tok_id *id)
{
	for (size_t i = 0; i < count && *id == TOK_NO_ID; i++)
		if (tok_span_equal(tokens[i].text, tok_span_of(name)))
			*id = (tok_id)i;
}

void gguf_find_bert_ids(const struct tok_vocab_entry *tokens, size_t count,
			tok_id ids[VOCAB_GGUF_IDS])
{
	find_name(tokens, count, "[PAD]", &ids[VOCAB_GGUF_PAD]);
	find_name(tokens, count, "[MASK]", &ids[VOCAB_GGUF_MASK]);
}
