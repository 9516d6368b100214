/*
 * scan_words.c - the families whose matches leave no gap: GPT-2, cl100k, o200k.
 *
 * Each family is a function from a place in the text to the end of the match
 * that begins there.  The order of the alternatives is that of the patterns.
 */
#include "tok/pretok/scan_internal.h"

/* One match from `from` on, if there is text left. */
static bool give(struct tok_span text, size_t from, size_t end, struct tok_range *match)
{
	*match = (struct tok_range){ (uint32_t)from, (uint32_t)end };
	return from < text.count;
}

/* Where a word would begin that takes one space along. */
static size_t skip_one_space(struct tok_span text, size_t at)
{
	return at < text.count && text.bytes[at] == ' ' ? at + 1 : at;
}

/*
 * GPT-2, r50k, p50k, Claude, ByteLevel:
 * 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
 */
static bool next_gpt2(struct tok_span text, size_t from, struct tok_range *match)
{
	size_t end = tok_scan_contraction(text, from, false);
	if (end > from)
		return give(text, from, end, match);

	const size_t word = skip_one_space(text, from);
	const uint32_t kind = tok_scan_at(text, word).kind;
	if (kind & SCAN_LETTER)
		end = tok_scan_run(text, word, SCAN_LETTER);
	else if (kind & SCAN_NUMBER)
		end = tok_scan_run(text, word, SCAN_NUMBER);
	else if (kind & SCAN_REST)
		end = tok_scan_run(text, word, SCAN_REST);
	else
		end = tok_scan_space(text, from, SCAN_SPACE_PLAIN);
	return give(text, from, end, match);
}

/* [^\r\n\p{L}\p{N}]?\p{L}+ : its end, or `at`.  What may stand in front is no
 * letter, so there is only one way to match. */
static size_t scan_letters(struct tok_span text, size_t at)
{
	const struct tok_scan_char c = tok_scan_at(text, at);
	if (c.kind & (SCAN_NEWLINE | SCAN_NUMBER))
		return at;
	const size_t word = c.kind & SCAN_LETTER ? at : at + c.length;
	const size_t end = tok_scan_run(text, word, SCAN_LETTER);
	return end > word ? end : at;
}

/* `\p{N}{1,digits}| ?[^\s\p{L}\p{N}]+[\r\n]*|` and white space, where nothing
 * else matched.  `slashes` makes the tail [\r\n/]*. */
static size_t scan_rest(struct tok_span text, size_t at, size_t digits, bool slashes,
			enum tok_scan_space rule)
{
	const size_t number = tok_scan_some(text, at, SCAN_NUMBER, digits);
	if (number > at)
		return number;
	const size_t sign = skip_one_space(text, at);
	size_t end = tok_scan_run(text, sign, SCAN_REST);
	if (end == sign)
		return tok_scan_space(text, at, rule);
	while (end < text.count && (text.bytes[end] == '\r' || text.bytes[end] == '\n' ||
				    (slashes && text.bytes[end] == '/')))
		end++;
	return end;
}

/*
 * cl100k, Llama 3, Qwen:
 * (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|
 *  ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
 */
static bool next_letters(struct tok_span text, size_t from, size_t digits, enum tok_scan_space rule,
			 struct tok_range *match)
{
	size_t end = tok_scan_contraction(text, from, true);
	if (end == from)
		end = scan_letters(text, from);
	if (end == from)
		end = scan_rest(text, from, digits, false, rule);
	return give(text, from, end, match);
}

static bool next_cl100k(struct tok_span text, size_t from, struct tok_range *match)
{
	return next_letters(text, from, 3, SCAN_SPACE_NEWLINE, match);
}

static bool next_cl100k_trailing(struct tok_span text, size_t from, struct tok_range *match)
{
	return next_letters(text, from, 3, SCAN_SPACE_TRAILING, match);
}

static bool next_qwen(struct tok_span text, size_t from, struct tok_range *match)
{
	return next_letters(text, from, 1, SCAN_SPACE_NEWLINE, match);
}

/*
 * With U = [\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}] and D = [\p{Ll}\p{Lm}\p{Lo}\p{M}]:
 * [^\r\n\p{L}\p{N}]?U*D+|[^\r\n\p{L}\p{N}]?U+D* : its end, or `at`.
 *
 * U* takes all it can.  D+ goes on from there if a small letter follows;
 * otherwise U* gives back up to the last character that is in both classes,
 * which D+ takes, and that ends the match, for behind it stand only capitals.
 * If there is none, a mark that stood in front is tried as the whole of D+
 * before the second alternative takes the capitals.
 */
static size_t scan_cased(struct tok_span text, size_t at)
{
	const struct tok_scan_char front = tok_scan_at(text, at);
	if (front.kind & (SCAN_NEWLINE | SCAN_NUMBER))
		return at;
	const size_t word = front.kind & SCAN_LETTER ? at : at + front.length;
	size_t upper = word, both = at;
	for (;;) {
		const struct tok_scan_char c = tok_scan_at(text, upper);
		if (!(c.kind & (SCAN_UPPER | SCAN_UNCASED | SCAN_MARK)))
			break;
		upper += c.length;
		if (c.kind != SCAN_UPPER)
			both = upper;
	}
	const size_t end = tok_scan_run(text, upper, SCAN_LOWER | SCAN_UNCASED | SCAN_MARK);
	if (end > upper)
		return end;
	if (both > at)
		return both;
	if (front.kind == SCAN_MARK)
		return word;
	return upper > word ? upper : at;
}

/* o200k: cased words with a contraction behind, numbers of up to three, the
 * rest as in cl100k but with slashes among the newlines. */
static bool next_o200k(struct tok_span text, size_t from, struct tok_range *match)
{
	size_t end = scan_cased(text, from);
	if (end > from)
		end = tok_scan_contraction(text, end, true);
	else
		end = scan_rest(text, from, 3, true, SCAN_SPACE_NEWLINE);
	return give(text, from, end, match);
}

/* tekken: o200k without contractions, numbers one by one. */
static bool next_tekken(struct tok_span text, size_t from, struct tok_range *match)
{
	size_t end = scan_cased(text, from);
	if (end == from)
		end = scan_rest(text, from, 1, true, SCAN_SPACE_NEWLINE);
	return give(text, from, end, match);
}

const struct tok_scan tok_scan_gpt2 = { next_gpt2, true, true };
const struct tok_scan tok_scan_cl100k = { next_cl100k, true, true };
const struct tok_scan tok_scan_cl100k_trailing = { next_cl100k_trailing, true, true };
const struct tok_scan tok_scan_qwen = { next_qwen, true, true };
const struct tok_scan tok_scan_o200k = { next_o200k, true, true };
const struct tok_scan tok_scan_tekken = { next_tekken, true, true };
