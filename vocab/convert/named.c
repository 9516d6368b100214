#include "vocab/convert/named.h"

#include "tok/text/utf8.h"

/* "<0x41>", which byte fallback looks for. */
static bool is_byte_name(struct tok_span name)
{
	return name.count == 6 && tok_span_starts(name, tok_span_of("<0x"));
}

/* Does the pre-tokenizer leave the text whole?  Where that cannot be told it does. */
static enum tok_status is_piece(const struct tok_spec *spec, struct tok_span text_bytes, bool *out,
				struct tok_error *err)
{
	struct tok_pretokenizer *pretokenizer = NULL;
	struct tok_pretok_scratch *scratch = tok_pretok_scratch_new();
	struct tok_text text = { 0 };
	struct tok_pieces pieces = { 0 };
	enum tok_status status =
	    tok_pretokenizer_new(spec->pretokenizers, spec->pretokenizer_count, &pretokenizer, err);
	if (status == TOK_OK && (!scratch || !tok_text_set(&text, text_bytes, 0)))
		status = tok_fail_memory(err);
	if (status == TOK_OK)
		status = tok_pretokenize(pretokenizer, TOK_KERNEL_SCALAR, scratch, &text, true,
					 &pieces, err);
	*out = status != TOK_OK || pieces.count <= 1;
	tok_pieces_release(&pieces);
	tok_text_release(&text);
	tok_pretok_scratch_free(scratch);
	tok_pretokenizer_free(pretokenizer);
	return status == TOK_ENOMEM ? status : TOK_OK;
}

/* What goes on a word has a mark in front, which no text has. */
static bool take_mark_off(const struct tok_spec *spec, struct tok_span *name)
{
	const struct tok_model_spec *model = &spec->model;
	struct tok_span mark = { 0 };
	if (model->kind == TOK_MODEL_WORDPIECE)
		mark = model->as.wordpiece.prefix;
	else if (model->kind == TOK_MODEL_BPE)
		mark = model->as.bpe.prefix;
	if (!mark.count || !tok_span_starts(*name, mark))
		return false;
	*name = tok_span_slice(*name, mark.count, name->count);
	return true;
}

/* The bytes that a name in their alphabet stands for; false where it is in another one. */
static bool read_alphabet(const struct tok_spec *spec, struct tok_span name, uint8_t *bytes,
			  size_t *count)
{
	bool byte_level = false;
	for (size_t i = 0; i < spec->pretokenizer_count; i++)
		byte_level |= spec->pretokenizers[i].kind == TOK_PRETOK_BYTE_LEVEL;
	*count = 0;
	for (size_t at = 0; byte_level && at < name.count;) {
		const struct tok_char c = tok_utf8_at(name, at);
		const int byte = tok_char_to_byte(c.code);
		if (byte < 0)
			return false;
		bytes[(*count)++] = (uint8_t)byte;
		at += c.length;
	}
	return byte_level;
}

/* Is there a text of which the model sees the name as one piece, or as the end of one? */
static enum tok_status is_seen(const struct tok_spec *spec, struct tok_span name, bool *out,
			       struct tok_error *err)
{
	struct tok_arena scratch = { 0 };
	uint8_t *bytes = tok_arena_array(&scratch, name.count, 1);
	struct tok_span rest = name;
	size_t count;
	enum tok_status status = bytes ? is_piece(spec, name, out, err) : tok_fail_memory(err);
	if (status == TOK_OK && !*out && take_mark_off(spec, &rest))
		status = is_piece(spec, rest, out, err);
	if (status == TOK_OK && !*out && read_alphabet(spec, name, bytes, &count))
		status = is_piece(spec, (struct tok_span){ bytes, count }, out, err);
	tok_arena_release(&scratch);
	return status;
}

enum tok_status vocab_name_is_made(const struct tok_spec *spec, bool ignore_merges,
				   struct tok_span name, bool *out, struct tok_error *err)
{
	const struct tok_model_spec *model = &spec->model;
	const bool merges = model->kind == TOK_MODEL_BPE && model->as.bpe.order != TOK_BPE_SCORES &&
			    !model->as.bpe.prefix.count && !model->as.bpe.suffix.count;
	*out = true;
	if (model->byte_fallback && is_byte_name(name))
		return TOK_OK;
	if (merges && !ignore_merges) {
		*out = tok_utf8_count(name) <= 1;
		return TOK_OK;
	}
	return is_seen(spec, name, out, err);
}
