#include "tok/text/unicode.h"

#include "tok/text/unicode_internal.h"
#include "tok/text/utf8.h"

static uint8_t properties(uint32_t code)
{
	if (code >= TOK_BAD_BYTE)
		return TOK_CN;
	const size_t block = tok_unicode_blocks[code / TOK_UNICODE_BLOCK];
	return tok_unicode_bytes[block * TOK_UNICODE_BLOCK + code % TOK_UNICODE_BLOCK];
}

enum tok_category tok_unicode_category(uint32_t code)
{
	return (enum tok_category)(properties(code) & TOK_UNICODE_CATEGORY);
}

bool tok_unicode_space(uint32_t code)
{
	return properties(code) & TOK_UNICODE_SPACE;
}

bool tok_unicode_alphabetic(uint32_t code)
{
	return properties(code) & TOK_UNICODE_ALPHABETIC;
}

bool tok_unicode_word(uint32_t code)
{
	return properties(code) & TOK_UNICODE_WORD;
}
