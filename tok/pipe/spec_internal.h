/*
 * spec_internal.h - a specification in an image: all but the vocabulary and the
 * merges, which the tables of the compiled tokenizer hold.
 */
#ifndef TOK_PIPE_SPEC_INTERNAL_H
#define TOK_PIPE_SPEC_INTERNAL_H

#include "tok/base/buffer.h"
#include "tok/pipe/spec.h"

/* False if memory is out. */
TOK_MUST_USE bool tok_spec_save(const struct tok_spec *spec, struct tok_buffer *out);

/* Spans point into `from`; arrays are in the spec's arena. */
TOK_MUST_USE enum tok_status tok_spec_open(struct tok_spec *spec, struct tok_span from,
					   struct tok_error *err);

#endif
