/* unicode_internal.h - the generated tables: see unicode_tables.mjs. */
#ifndef TOK_TEXT_UNICODE_INTERNAL_H
#define TOK_TEXT_UNICODE_INTERNAL_H

#include "tok/text/unicode.h"

enum {
	TOK_UNICODE_BLOCK = 128, /* code points a block */
	TOK_UNICODE_CATEGORY = 0x1F,
	TOK_UNICODE_SPACE = 0x20,
	TOK_UNICODE_ALPHABETIC = 0x40,
	TOK_UNICODE_WORD = 0x80
};

extern const uint16_t tok_unicode_blocks[8704]; /* code / 128: which block */
extern const uint8_t tok_unicode_bytes[33664];  /* blocks one after the other */

#endif
