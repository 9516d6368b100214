/*
 * wordpiece_internal.h - what vocab.txt and GGUF files of BERT share.
 */
#ifndef VOCAB_FORMAT_WORDPIECE_INTERNAL_H
#define VOCAB_FORMAT_WORDPIECE_INTERNAL_H

#include "tok/pipe/spec.h"

/* No token outside [BRACKETS] has an upper-case ASCII letter. */
bool wordpiece_is_uncased(const struct tok_model_spec *model);

/* Make out->model, whose entries are there, a WordPiece and put BERT's pipeline
 * around it. */
TOK_MUST_USE enum tok_status wordpiece_finish(struct tok_spec *out, bool lowercase,
					      bool strip_accents, struct tok_error *err);

#endif
