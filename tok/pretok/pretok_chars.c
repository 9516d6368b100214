/*
 * pretok_chars.c - character classes of the reference's single steps.
 *
 * They come from other sources than those of its regular expressions and know
 * other versions of Unicode: pretok_tables.py lists the differences.
 */
#include "tok/pretok/pretok_internal.h"

#include "tok/text/unicode.h"
#include "tok/text/utf8.h"

static bool is_listed(const struct pretok_codes *codes, size_t count, uint32_t code)
{
	size_t low = 0, high = count;
	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		if (code > codes[middle].last)
			low = middle + 1;
		else
			high = middle;
	}
	return low < count && code >= codes[low].first;
}

static bool is_punctuation(uint32_t code)
{
	if (code < 0x80)
		return tok_unicode_in(code, TOK_PUNCTUATION | TOK_SYMBOLS);
	return tok_unicode_in(code, TOK_PUNCTUATION) !=
	       is_listed(pretok_punctuation_flips, pretok_punctuation_flips_count, code);
}

static bool is_numeric(uint32_t code)
{
	return tok_unicode_in(code, TOK_NUMBERS) !=
	       is_listed(pretok_number_flips, pretok_number_flips_count, code);
}

bool pretok_class_has(enum pretok_class which, uint32_t character, uint32_t code)
{
	switch (which) {
	case PRETOK_SPACE:
		return tok_unicode_space(code);
	case PRETOK_PUNCTUATION:
		return is_punctuation(code);
	case PRETOK_NUMERIC:
		return is_numeric(code);
	case PRETOK_CHARACTER:
		return code == character;
	}
	return false;
}

uint32_t pretok_script(uint32_t code)
{
	/* A bad byte is what the reference would read as U+FFFD. */
	const uint32_t sought = code < TOK_BAD_BYTE ? code : 0xFFFD;
	size_t low = 0, high = pretok_scripts_count;
	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		if (sought > pretok_scripts[middle].last)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == pretok_scripts_count || sought < pretok_scripts[low].first)
		return 0;
	return pretok_scripts[low].number;
}
