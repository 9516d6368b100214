/*
 * scan_deepseek.c - DeepSeek's three patterns: numbers alone (scan_gaps.c), han
 * and kana, and the rest; and what the three do one after the other.
 */
#include "tok/pretok/scan_internal.h"

#include "tok/text/utf8.h"

enum { SIGNS = SCAN_PUNCTUATION | SCAN_SYMBOL, WORD = SCAN_LETTER | SCAN_MARK };

/* Does a character of [\u4E00-\u9FA5\u3040-\u30FF] stand here? */
static bool is_han_kana(struct tok_span text, size_t at)
{
	const uint32_t code = tok_utf8_at(text, at).code;
	return (code >= 0x4E00 && code <= 0x9FA5) || (code >= 0x3040 && code <= 0x30FF);
}

static bool next_han_kana(struct tok_span text, size_t from, struct tok_range *match)
{
	while (from < text.count && !is_han_kana(text, from))
		from += tok_utf8_at(text, from).length;
	size_t end = from;
	while (end < text.count && is_han_kana(text, end))
		end += 3;
	*match = (struct tok_range){ (uint32_t)from, (uint32_t)end };
	return end > from;
}

/* What the third pattern is given: a whole text, or what the first two make of
 * it - numbers, han and kana, and the stretches between them. */
enum scope { WHOLE, HAN_KANA, BETWEEN };

/* Is that all that the pattern sees? */
static bool ends_scope(struct tok_span text, size_t at, enum scope scope)
{
	if (at >= text.count)
		return true;
	if (scope == WHOLE)
		return false;
	return tok_scan_at(text, at).kind == SCAN_NUMBER ||
	       is_han_kana(text, at) != (scope == HAN_KANA);
}

static size_t skip_run(struct tok_span text, size_t at, uint32_t kinds, enum scope scope)
{
	while (!ends_scope(text, at, scope)) {
		const struct tok_scan_char c = tok_scan_at(text, at);
		if (!(c.kind & kinds))
			break;
		at += c.length;
	}
	return at;
}

/* White space in front of a number is, to the pattern, the end of the text. */
static size_t skip_space(struct tok_span text, size_t at, enum scope scope)
{
	const size_t end = tok_scan_run(text, at, SCAN_SPACE);
	if (ends_scope(text, end, scope))
		text.count = end;
	return tok_scan_space(text, at, SCAN_SPACE_NEWLINE);
}

static bool is_ascii_letter(struct tok_span text, size_t at)
{
	return at < text.count && (text.bytes[at] | 0x20) >= 'a' && (text.bytes[at] | 0x20) <= 'z';
}

/*
 * [ASCII punctuation][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+|
 *  ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+ : the end of a match that
 * begins at `at`, or `at`.
 */
static size_t scan_deepseek(struct tok_span text, size_t at, enum scope scope)
{
	const struct tok_scan_char c = tok_scan_at(text, at);
	size_t end = at + 1;
	if (c.kind & SIGNS && text.bytes[at] < 0x80 && is_ascii_letter(text, end)) {
		while (is_ascii_letter(text, end))
			end++;
		return end;
	}
	if (!(c.kind & (SIGNS | SCAN_NEWLINE))) {
		/* What stands in front may be a mark, which is a word by itself. */
		const size_t begin = c.kind & WORD ? at : at + c.length;
		end = skip_run(text, begin, WORD, scope);
		if (end > begin)
			return end;
	}
	const size_t sign = text.bytes[at] == ' ' ? at + 1 : at;
	end = skip_run(text, sign, SIGNS, scope);
	if (end > sign)
		return skip_run(text, end, SCAN_NEWLINE, scope);
	return skip_space(text, at, scope);
}

static bool next_deepseek(struct tok_span text, size_t from, struct tok_range *match)
{
	while (from < text.count) {
		const size_t end = scan_deepseek(text, from, WHOLE);
		if (end > from) {
			*match = (struct tok_range){ (uint32_t)from, (uint32_t)end };
			return true;
		}
		from += tok_scan_at(text, from).length;
	}
	return false;
}

/* Where the characters end that the third pattern leaves out. */
static size_t skip_gap(struct tok_span text, size_t at, enum scope scope)
{
	do
		at += tok_scan_at(text, at).length;
	while (!ends_scope(text, at, scope) && scan_deepseek(text, at, scope) == at);
	return at;
}

/* Numbers by themselves; elsewhere the matches of the third pattern, and the
 * gaps between them. */
static bool next_of_three(struct tok_span text, size_t from, struct tok_range *match)
{
	size_t end = tok_scan_some(text, from, SCAN_NUMBER, 3);
	if (end == from && from < text.count) {
		const enum scope scope = is_han_kana(text, from) ? HAN_KANA : BETWEEN;
		end = scan_deepseek(text, from, scope);
		if (end == from)
			end = skip_gap(text, from, scope);
	}
	*match = (struct tok_range){ (uint32_t)from, (uint32_t)end };
	return end > from;
}

const struct tok_scan tok_scan_han_kana = { next_han_kana, false, false };
const struct tok_scan tok_scan_deepseek = { next_deepseek, false, true };
const struct tok_scan tok_scan_deepseek_steps = { next_of_three, true, true };
