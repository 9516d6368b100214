/*
 * tiktoken_internal.h - how a file of ranks is known.
 */
#ifndef VOCAB_FORMAT_TIKTOKEN_INTERNAL_H
#define VOCAB_FORMAT_TIKTOKEN_INTERNAL_H

#include "tok/base/span.h"

/* Is the first line that is not empty a token in base64 and a number? */
bool tiktoken_detect(struct tok_span file);

#endif
