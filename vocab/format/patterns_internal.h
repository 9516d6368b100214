/*
 * patterns_internal.h - expressions of one dialect in another.
 */
#ifndef VOCAB_FORMAT_PATTERNS_INTERNAL_H
#define VOCAB_FORMAT_PATTERNS_INTERNAL_H

#include "tok/base/span.h"

/* An expression that Oniguruma reads as fancy-regex reads `pattern`: one of its own for
 * those that are published, else `pattern` itself where nothing in it is read in two
 * ways.  .bytes is NULL where that is not known. */
struct tok_span vocab_pattern_in_oniguruma(struct tok_span pattern);

#endif
