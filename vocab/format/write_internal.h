/* write_internal.h - one writer a kind of file: each appends to `out` and may leave
 * it half filled on failure; vocab_write() cuts that off.  Those that take losses leave out
 * what can be left out, and add it to them. */
#ifndef VOCAB_FORMAT_WRITE_INTERNAL_H
#define VOCAB_FORMAT_WRITE_INTERNAL_H

#include "vocab/format/write.h"

TOK_MUST_USE enum tok_status vocab_write_hf(const struct tok_spec *spec, struct tok_buffer *out,
					    struct tok_error *err);
TOK_MUST_USE enum tok_status vocab_write_gguf(const struct tok_spec *spec, struct tok_buffer *out,
					      struct vocab_losses *losses, struct tok_error *err);
TOK_MUST_USE enum tok_status vocab_write_tiktoken(const struct tok_spec *spec,
						  struct tok_buffer *out,
						  struct vocab_losses *losses,
						  struct tok_error *err);
TOK_MUST_USE enum tok_status vocab_write_tekken(const struct tok_spec *spec, struct tok_buffer *out,
						struct vocab_losses *losses, struct tok_error *err);
TOK_MUST_USE enum tok_status vocab_write_sentencepiece(const struct tok_spec *spec,
						       struct tok_buffer *out,
						       struct vocab_losses *losses,
						       struct tok_error *err);
TOK_MUST_USE enum tok_status vocab_write_wordpiece(const struct tok_spec *spec,
						   struct tok_buffer *out,
						   struct vocab_losses *losses,
						   struct tok_error *err);

#endif
