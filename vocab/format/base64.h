/*
 * base64.h - base64 (RFC 4648, with padding), strictly.
 */
#ifndef VOCAB_FORMAT_BASE64_H
#define VOCAB_FORMAT_BASE64_H

#include "tok/base/arena.h"

/* Most bytes that `count` characters stand for. */
static inline size_t vocab_base64_room(size_t count)
{
	return count / 4 * 3;
}

/* Characters that `count` bytes take. */
static inline size_t vocab_base64_length(size_t count)
{
	return (count / 3 + (count % 3 != 0)) * 4;
}

/* Encode all of `bytes` to `out` (vocab_base64_length() characters, no NUL). */
void vocab_base64_encode(struct tok_span bytes, uint8_t *out);

/* Decode all of `text` to `out` (vocab_base64_room() bytes).  Returns how many
 * bytes came out, or SIZE_MAX if it is not base64 to the last bit. */
size_t vocab_base64_decode(struct tok_span text, uint8_t *out);

#endif
