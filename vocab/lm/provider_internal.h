/*
 * provider_internal.h - the kinds of providers, each opened from what follows its name.
 */
#ifndef VOCAB_LM_PROVIDER_INTERNAL_H
#define VOCAB_LM_PROVIDER_INTERNAL_H

#include "vocab/lm/protocol_internal.h"
#include "vocab/lm/provider.h"

/* A provider's constructor.  `options` is there, with its timeout filled in; the record is the
 * caller's business. */
typedef enum tok_status lm_opener(const char *rest, const struct tok_tokenizer *tokenizer,
				  const struct vocab_lm_options *options, struct tok_lm **out,
				  struct tok_error *err);

lm_opener lm_ngram_open, lm_arpa_open, lm_exec_open, lm_replay_open, lm_llama_open, lm_openai_open;

/* The rows of `inner`, which is taken over on success, also written to `path`, behind what the
 * tokenizer says of the ids. */
TOK_MUST_USE enum tok_status lm_record_open(const char *path, struct tok_lm *inner,
					    const struct tok_tokenizer *tokenizer,
					    struct tok_lm **out, struct tok_error *err);

/* All of it; TOK_EIO otherwise. */
TOK_MUST_USE enum tok_status lm_write_all(int to, struct tok_span bytes, struct tok_error *err);

#endif
