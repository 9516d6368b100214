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

static inline bool tok_utf8_is_tail(uint8_t byte)
{
	return (byte & 0xC0) == 0x80;
}

/* Length of the well-formed sequence at `p` of which `left` bytes are there, or
 * 0.  The second byte's bounds keep out overlong forms and surrogates. */
static inline uint32_t tok_utf8_length(const uint8_t *p, size_t left)
{
	const uint8_t lead = p[0];
	if (lead < 0x80)
		return 1;
	if (lead < 0xC2 || lead > 0xF4 || left < 2)
		return 0;
	if (lead < 0xE0)
		return tok_utf8_is_tail(p[1]) ? 2 : 0;
	const uint8_t low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
	const uint8_t high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
	if (p[1] < low || p[1] > high || left < 3 || !tok_utf8_is_tail(p[2]))
		return 0;
	if (lead < 0xF0)
		return 3;
	return left >= 4 && tok_utf8_is_tail(p[3]) ? 4 : 0;
}

/* The character at `at`; the caller keeps at < text.count. */
static inline struct tok_char tok_utf8_at(struct tok_span text, size_t at)
{
	const uint8_t *p = text.bytes + at;
	const uint32_t length = tok_utf8_length(p, text.count - at);
	switch (length) {
	case 1:
		return (struct tok_char){ p[0], 1 };
	case 2:
		return (struct tok_char){ (p[0] & 0x1Fu) << 6 | (p[1] & 0x3Fu), 2 };
	case 3:
		return (struct tok_char){
			(p[0] & 0x0Fu) << 12 | (p[1] & 0x3Fu) << 6 | (p[2] & 0x3Fu), 3
		};
	case 4:
		return (struct tok_char){ (p[0] & 0x07u) << 18 | (p[1] & 0x3Fu) << 12 |
					      (p[2] & 0x3Fu) << 6 | (p[3] & 0x3Fu),
					  4 };
	default:
		return (struct tok_char){ TOK_BAD_BYTE + p[0], 1 };
	}
}

/* The character that ends at `end`; the caller keeps 0 < end <= text.count. */
TOK_API struct tok_char tok_utf8_before(struct tok_span text, size_t end);

/* Write `code` (a code point or a bad byte) into `out`; returns 1 to 4. */
TOK_API size_t tok_utf8_put(uint32_t code, uint8_t out[4]);

TOK_API bool tok_utf8_valid(struct tok_span text);

/* Number of characters, bad bytes counted one each. */
TOK_API size_t tok_utf8_count(struct tok_span text);

#endif
