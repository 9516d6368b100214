/*
 * describe.h - the steps of a tokenizer in words, one readable line each.
 *
 * Text from the file is quoted; what a terminal should not see is written \xNN,
 * and long text is cut short with "...".
 */
#ifndef VOCAB_AUDIT_DESCRIBE_H
#define VOCAB_AUDIT_DESCRIBE_H

#include "tok/pipe/spec.h"

enum { VOCAB_LINE = 512 }; /* bytes, with the NUL behind it */

/* 'text', for people. */
TOK_API void vocab_describe_text(struct tok_span text, char out[VOCAB_LINE]);

/* "BPE", as tokenizer.json calls it. */
TOK_API const char *vocab_model_name(enum tok_model_kind kind);

TOK_API void vocab_describe_normalizer(const struct tok_norm_step *step, char out[VOCAB_LINE]);
TOK_API void vocab_describe_pretokenizer(const struct tok_pretok_step *step, char out[VOCAB_LINE]);
TOK_API void vocab_describe_model(const struct tok_model_spec *model, char out[VOCAB_LINE]);
TOK_API void vocab_describe_post(const struct tok_post_step *step, char out[VOCAB_LINE]);
TOK_API void vocab_describe_decoder(const struct tok_decode_step *step, char out[VOCAB_LINE]);

#endif
