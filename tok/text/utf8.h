/*
 * utf8.h - one character at a time, from bytes that may not be UTF-8.
 *
 * Valid is what the Unicode standard calls well formed: no surrogates, no
 * overlong forms, nothing above U+10FFFF.  A byte that does not begin a
 * well-formed sequence is one character of its own, TOK_BAD_BYTE + the byte:
 * every stage copies it unchanged, gives it no Unicode property, and treats it
 * as neither letter, digit, mark, punctuation nor space.
 */
#ifndef TOK_TEXT_UTF8_H
#define TOK_TEXT_UTF8_H

#include "tok/base/span.h"
#include "tok/base/status.h"

#define TOK_BAD_BYTE 0x110000u /* first value that is no code point */

struct tok_char {
	uint32_t code;   /* code point, or TOK_BAD_BYTE + byte */
	uint32_t length; /* bytes it takes: 1 to 4 */
};

/* The character at `at`; the caller keeps at < text.count. */
TOK_API struct tok_char tok_utf8_at(struct tok_span text, size_t at);

/* The character that ends at `end`; the caller keeps 0 < end <= text.count. */
TOK_API struct tok_char tok_utf8_before(struct tok_span text, size_t end);

/* Write `code` (a code point or a bad byte) into `out`; returns 1 to 4. */
TOK_API size_t tok_utf8_put(uint32_t code, uint8_t out[4]);

TOK_API bool tok_utf8_valid(struct tok_span text);

/* Number of characters, bad bytes counted one each. */
TOK_API size_t tok_utf8_count(struct tok_span text);

#endif
