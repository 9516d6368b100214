/*
 * scan_gaps.c - the families that leave text between their matches: those of
 * DeepSeek, numbers alone, and the words of the Whitespace step.
 */
#include "tok/pretok/scan_internal.h"

#include "tok/text/unicode.h"
#include "tok/text/utf8.h"

/* The first run of up to `limit` characters of `kinds`. */
static bool find_run(struct tok_span text, size_t from, uint32_t kinds, size_t limit,
		     struct tok_range *match)
{
	while (from < text.count) {
		const struct tok_scan_char c = tok_scan_at(text, from);
		if (c.kind & kinds) {
			const size_t end = tok_scan_some(text, from, kinds, limit);
			*match = (struct tok_range){ (uint32_t)from, (uint32_t)end };
			return true;
		}
		from += c.length;
	}
	return false;
}

/* \p{N} */
static bool next_number(struct tok_span text, size_t from, struct tok_range *match)
{
	return find_run(text, from, SCAN_NUMBER, 1, match);
}

/* \p{N}{1,3} */
static bool next_number3(struct tok_span text, size_t from, struct tok_range *match)
{
	return find_run(text, from, SCAN_NUMBER, 3, match);
}

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

static bool is_ascii_letter(struct tok_span text, size_t at)
{
	return at < text.count && (text.bytes[at] | 0x20) >= 'a' && (text.bytes[at] | 0x20) <= 'z';
}

/*
 * [ASCII punctuation][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+|
 *  ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+ : the end of a match that
 * begins at `at`, or `at`.
 */
static size_t scan_deepseek(struct tok_span text, size_t at)
{
	const uint32_t signs = SCAN_PUNCTUATION | SCAN_SYMBOL;
	const uint32_t word = SCAN_LETTER | SCAN_MARK;
	const struct tok_scan_char c = tok_scan_at(text, at);
	size_t end = at + 1;
	if (c.kind & signs && text.bytes[at] < 0x80 && is_ascii_letter(text, end)) {
		while (is_ascii_letter(text, end))
			end++;
		return end;
	}
	if (!(c.kind & (signs | SCAN_NEWLINE))) {
		/* What stands in front may be a mark, which is a word by itself. */
		const size_t begin = c.kind & word ? at : at + c.length;
		end = tok_scan_run(text, begin, word);
		if (end > begin)
			return end;
	}
	const size_t sign = text.bytes[at] == ' ' ? at + 1 : at;
	end = tok_scan_run(text, sign, signs);
	if (end > sign)
		return tok_scan_run(text, end, SCAN_NEWLINE);
	return tok_scan_space(text, at, SCAN_SPACE_NEWLINE);
}

static bool next_deepseek(struct tok_span text, size_t from, struct tok_range *match)
{
	while (from < text.count) {
		const size_t end = scan_deepseek(text, from);
		if (end > from) {
			*match = (struct tok_range){ (uint32_t)from, (uint32_t)end };
			return true;
		}
		from += tok_scan_at(text, from).length;
	}
	return false;
}

/* \w+|[^\w\s]+ */
static bool next_words(struct tok_span text, size_t from, struct tok_range *match)
{
	while (from < text.count && tok_scan_at(text, from).kind & SCAN_SPACE)
		from += tok_scan_at(text, from).length;
	if (from >= text.count)
		return false;
	const bool word = tok_unicode_word(tok_utf8_at(text, from).code);
	size_t end = from;
	while (end < text.count) {
		const struct tok_char c = tok_utf8_at(text, end);
		if (tok_unicode_space(c.code) || tok_unicode_word(c.code) != word)
			break;
		end += c.length;
	}
	*match = (struct tok_range){ (uint32_t)from, (uint32_t)end };
	return true;
}

const struct tok_scan tok_scan_number = { next_number, false, false };
const struct tok_scan tok_scan_number3 = { next_number3, false, false };
const struct tok_scan tok_scan_han_kana = { next_han_kana, false, false };
const struct tok_scan tok_scan_deepseek = { next_deepseek, false, true };
const struct tok_scan tok_scan_words = { next_words, false, true };
