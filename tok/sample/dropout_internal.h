/*
 * dropout_internal.h - the three BPE-dropout methods behind sampler.h.
 *
 * Tables are immutable and shared by threads; a scratch is of one thread.
 */
#ifndef TOK_SAMPLE_DROPOUT_INTERNAL_H
#define TOK_SAMPLE_DROPOUT_INTERNAL_H

#include "tok/sample/sampler.h"

struct tok_dropout;
struct tok_dropout_scratch;

/* The model is BPE, options->method one of the three, p a probability. */
TOK_MUST_USE enum tok_status tok_dropout_new(const struct tok_tokenizer *tokenizer,
					     const struct tok_sample_options *options,
					     struct tok_dropout **out, struct tok_error *err);
void tok_dropout_free(struct tok_dropout *dropout);

struct tok_dropout_scratch *tok_dropout_scratch_new(void); /* NULL if memory is out */
void tok_dropout_scratch_free(struct tok_dropout_scratch *scratch);

/* Append one segmentation of bytes [piece.begin, piece.end) of `text`, with ranges if
 * out->ranged. */
TOK_MUST_USE enum tok_status tok_dropout_piece(const struct tok_dropout *dropout,
					       struct tok_dropout_scratch *scratch,
					       struct tok_random *random, struct tok_span text,
					       struct tok_range piece, struct tok_tokens *out,
					       struct tok_error *err);

/* Takes one segmentation of a piece, with the natural logarithm of its probability. */
typedef enum tok_status tok_outcome_sink(void *context, const tok_id *ids, size_t count,
					 double log_probability, struct tok_error *err);

/* Give every segmentation of the piece to `sink`, each once.  TOK_ELIMIT where there are
 * more than `limit`, or more than 64 x limit states on the way. */
TOK_MUST_USE enum tok_status tok_dropout_exact(const struct tok_dropout *dropout,
					       struct tok_dropout_scratch *scratch,
					       struct tok_span text, struct tok_range piece,
					       size_t limit, tok_outcome_sink *sink, void *context,
					       struct tok_error *err);

#endif
