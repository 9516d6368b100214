/*
 * scan_gaps.c - families that leave text between their matches: numbers alone,
 * and the words of the Whitespace step.
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
const struct tok_scan tok_scan_words = { next_words, false, true };
