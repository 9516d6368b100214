#include "vocab/format/write.h"

#include "vocab/format/write_internal.h"

static enum tok_status write_kind(enum vocab_file_kind kind, const struct tok_spec *spec,
				  struct tok_buffer *out, struct tok_error *err)
{
	switch (kind) {
	case VOCAB_TOKENIZER_JSON:
		return vocab_write_hf(spec, out, err);
	case VOCAB_TIKTOKEN:
		return vocab_write_tiktoken(spec, out, err);
	case VOCAB_SENTENCEPIECE:
		return vocab_write_sentencepiece(spec, out, err);
	case VOCAB_WORDPIECE_TXT:
		return vocab_write_wordpiece(spec, out, err);
	}
	return tok_fail(err, TOK_EARG, "there is no such kind of file");
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
