#include "vocab/format/write.h"

#include "vocab/format/write_internal.h"

static enum tok_status write_kind(enum vocab_file_kind kind, const struct tok_spec *spec,
				  struct tok_buffer *out, struct tok_error *err)
{
	switch (kind) {
	case VOCAB_TOKENIZER_JSON:
		return vocab_write_hf(spec, out, err);
	case VOCAB_TIKTOKEN:
	case VOCAB_SENTENCEPIECE:
	case VOCAB_WORDPIECE_TXT:
		break;
	}
	return tok_fail(err, TOK_EARG, "files of this kind cannot be written");
}

enum tok_status vocab_write(enum vocab_file_kind kind, const struct tok_spec *spec,
			    struct tok_buffer *out, struct tok_error *err)
{
	const size_t before = out->count;
	const enum tok_status status = write_kind(kind, spec, out, err);
	if (status != TOK_OK)
		out->count = before;
	return status;
}
