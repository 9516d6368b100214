/*
 * encoder_internal.h - what an encoder keeps between calls, and the steps that
 * come after the model.
 */
#ifndef TOK_PIPE_ENCODER_INTERNAL_H
#define TOK_PIPE_ENCODER_INTERNAL_H

#include "tok/pipe/encoder.h"
#include "tok/pipe/tokenizer_internal.h"

/* Tokens and, where wanted, their names. */
struct tok_run {
	struct tok_tokens tokens;
	struct tok_span *names;
	size_t name_count, name_capacity;
};

struct tok_encoder {
	const struct tok_tokenizer *tokenizer;
	const struct tok_encode_options *options; /* of the call under way */
	bool named;                               /* this call keeps the tokens' names */
	struct tok_norm_scratch *norm;
	struct tok_pretok_scratch *pretok;
	struct tok_model_scratch *model;
	struct tok_text text, slice;
	struct tok_pieces pieces;
	struct tok_run run, spare;  /* spare: where a template is laid out */
	struct tok_buffer surfaces; /* names that are text: u32 length, bytes */
	tok_word_sink *sink;        /* who gets the words instead of the model; or NULL */
	void *sink_context;
	tok_piece_coder *coder; /* who encodes pieces instead of the model; or NULL */
	void *coder_context;
};

void tok_run_release(struct tok_run *run);

/* Truncate, run the post-processing steps and pad: e->run in place. */
TOK_MUST_USE enum tok_status tok_post_process(struct tok_encoder *e, struct tok_span text,
					      struct tok_error *err);

#endif
