#include "vocab/format/write.h"

#include "vocab/format/write_internal.h"

static enum tok_status write_kind(enum vocab_file_kind kind, const struct tok_spec *spec,
				  struct tok_buffer *out, struct vocab_losses *losses,
				  struct tok_error *err)
{
	switch (kind) {
	case VOCAB_TOKENIZER_JSON:
		return vocab_write_hf(spec, out, err);
	case VOCAB_TIKTOKEN:
		return vocab_write_tiktoken(spec, out, losses, err);
	case VOCAB_SENTENCEPIECE:
		return vocab_write_sentencepiece(spec, out, losses, err);
	case VOCAB_WORDPIECE_TXT:
		return vocab_write_wordpiece(spec, out, losses, err);
	case VOCAB_TEKKEN:
		return vocab_write_tekken(spec, out, losses, err);
	case VOCAB_GGUF:
		return vocab_write_gguf(spec, out, losses, err);
	}
	return tok_fail(err, TOK_EARG, "there is no such kind of file");
}

enum tok_status vocab_write_lossy(enum vocab_file_kind kind, const struct tok_spec *spec,
				  struct tok_buffer *out, struct vocab_losses *losses,
				  struct tok_error *err)
{
	const size_t before = out->count;
	enum tok_status status = write_kind(kind, spec, out, losses, err);
	if (status == TOK_OK && losses->out_of_memory)
		status = tok_fail_memory(err);
	if (status != TOK_OK)
		out->count = before;
	return status;
}

/* The first of the losses, as an error. */
static enum tok_status refuse(const struct vocab_losses *losses, struct tok_error *err)
{
	const uint8_t *lines = losses->lines.bytes;
	const uint8_t *end = memchr(lines, '\n', losses->lines.count);
	return tok_fail(err, TOK_EARG, "%.*s", (int)(end - lines), (const char *)lines);
}

enum tok_status vocab_write(enum vocab_file_kind kind, const struct tok_spec *spec,
			    struct tok_buffer *out, struct tok_error *err)
{
	struct vocab_losses losses = { 0 };
	const size_t before = out->count;
	enum tok_status status = vocab_write_lossy(kind, spec, out, &losses, err);
	if ((status == TOK_OK || status == TOK_EARG) && losses.count) {
		status = refuse(&losses, err);
		out->count = before;
	}
	vocab_losses_release(&losses);
	return status;
}
