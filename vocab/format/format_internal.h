/* format_internal.h - one reader per kind of file, and what they share.
 *
 * Each reader fills `out` (zeroed, arena empty) and may leave it half filled on
 * failure: vocab_read_* releases it. */
#ifndef VOCAB_FORMAT_INTERNAL_H
#define VOCAB_FORMAT_INTERNAL_H

#include "vocab/format/read.h"

TOK_MUST_USE enum tok_status vocab_read_hf(struct tok_span file, struct tok_spec *out,
					   struct tok_error *err);
TOK_MUST_USE enum tok_status vocab_read_tekken(struct tok_span file, struct tok_spec *out,
					       struct tok_error *err);
TOK_MUST_USE enum tok_status vocab_read_packed_ranks(struct tok_span file, struct tok_spec *out,
						     struct tok_error *err);
TOK_MUST_USE enum tok_status vocab_read_tiktoken(struct tok_span file, const char *pattern,
						 struct tok_spec *out, struct tok_error *err);
TOK_MUST_USE enum tok_status vocab_read_vocab_merges(struct tok_span vocab, struct tok_span merges,
						     struct tok_spec *out, struct tok_error *err);
TOK_MUST_USE enum tok_status vocab_read_sentencepiece(struct tok_span file, struct tok_spec *out,
						      struct tok_error *err);
TOK_MUST_USE enum tok_status vocab_read_wordpiece(struct tok_span file, struct tok_spec *out,
						  struct tok_error *err);
TOK_MUST_USE enum tok_status vocab_read_gguf(struct tok_span file, struct tok_spec *out,
					     struct tok_error *err);

#endif
