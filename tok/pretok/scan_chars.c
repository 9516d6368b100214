/*
 * scan_chars.c - characters by class, and the parts that families share.
 */
#include "tok/pretok/scan_internal.h"

#include "tok/text/unicode.h"
#include "tok/text/utf8.h"

/* clang-format off */
enum { U = SCAN_UPPER, L = SCAN_LOWER, N = SCAN_NUMBER, B = SCAN_BLANK, E = SCAN_NEWLINE,
       P = SCAN_PUNCTUATION, Y = SCAN_SYMBOL, O = SCAN_OTHER };

static const uint16_t ascii_kinds[128] = {
	O, O, O, O, O, O, O, O, O, B, E, B, B, E, O, O,
	O, O, O, O, O, O, O, O, O, O, O, O, O, O, O, O,
	B, P, P, P, Y, P, P, P, P, P, P, Y, P, P, P, P,
	N, N, N, N, N, N, N, N, N, N, P, P, Y, Y, Y, P,
	P, U, U, U, U, U, U, U, U, U, U, U, U, U, U, U,
	U, U, U, U, U, U, U, U, U, U, U, P, P, P, Y, P,
	Y, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L,
	L, L, L, L, L, L, L, L, L, L, L, P, Y, P, Y, O,
};
/* clang-format on */

static uint32_t find_kind(uint32_t code)
{
	const uint32_t category = TOK_CATEGORY_BIT(tok_unicode_category(code));
	if (category & TOK_LETTERS) {
		if (category & TOK_CATEGORY_BIT(TOK_LL))
			return SCAN_LOWER;
		return category & (TOK_CATEGORY_BIT(TOK_LU) | TOK_CATEGORY_BIT(TOK_LT))
			   ? SCAN_UPPER
			   : SCAN_UNCASED;
	}
	if (category & TOK_MARKS)
		return SCAN_MARK;
	if (category & TOK_NUMBERS)
		return SCAN_NUMBER;
	if (category & TOK_PUNCTUATION)
		return SCAN_PUNCTUATION;
	if (category & TOK_SYMBOLS)
		return SCAN_SYMBOL;
	return tok_unicode_space(code) ? SCAN_BLANK : SCAN_OTHER;
}

struct tok_scan_char tok_scan_at(struct tok_span text, size_t at)
{
	if (at >= text.count)
		return (struct tok_scan_char){ 0, 0 };
	if (text.bytes[at] < 0x80)
		return (struct tok_scan_char){ ascii_kinds[text.bytes[at]], 1 };
	const struct tok_char c = tok_utf8_at(text, at);
	return (struct tok_scan_char){ find_kind(c.code), c.length };
}

size_t tok_scan_run(struct tok_span text, size_t at, uint32_t kinds)
{
	return tok_scan_some(text, at, kinds, SIZE_MAX);
}

size_t tok_scan_some(struct tok_span text, size_t at, uint32_t kinds, size_t limit)
{
	for (; limit > 0; limit--) {
		const struct tok_scan_char c = tok_scan_at(text, at);
		if (!(c.kind & kinds))
			break;
		at += c.length;
	}
	return at;
}

size_t tok_scan_space(struct tok_span text, size_t at, enum tok_scan_space rule)
{
	size_t end = at, last = at, newline = at;
	for (;;) {
		const struct tok_scan_char c = tok_scan_at(text, end);
		if (!(c.kind & SCAN_SPACE))
			break;
		last = end;
		end += c.length;
		if (c.kind == SCAN_NEWLINE)
			newline = end;
	}
	if (rule == SCAN_SPACE_TRAILING && end == text.count)
		return end;
	if (rule != SCAN_SPACE_PLAIN && newline > at)
		return newline;
	/* The last one is left to the word behind it, unless it is all there is. */
	return end < text.count && last > at ? last : end;
}

size_t tok_scan_contraction(struct tok_span text, size_t at, bool fold)
{
	const size_t left = text.count - at;
	if (left < 2 || text.bytes[at] != '\'')
		return at;
	const uint8_t mask = fold ? 0x20 : 0;
	const uint8_t first = text.bytes[at + 1] | mask;
	if (first == 's' || first == 't' || first == 'm' || first == 'd')
		return at + 2;
	if (left < 3)
		return at;
	if (fold && text.bytes[at + 1] == 0xC5 && text.bytes[at + 2] == 0xBF)
		return at + 3;
	const uint8_t second = text.bytes[at + 2] | mask;
	const bool whole = (first == 'l' && second == 'l') || (first == 'v' && second == 'e') ||
			   (first == 'r' && second == 'e');
	return whole ? at + 3 : at;
}
