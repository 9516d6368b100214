/*
 * Extended grapheme clusters of Unicode 17.0 (UAX #29), as the reference cuts
 * them.  Pairs of regional indicators are left apart: the only caller asks for
 * clusters of less than six bytes, and any cluster with such a character and
 * another one has six or more, joined or not.
 */
#include "tok/text/normalize_internal.h"
#include "tok/text/utf8.h"

static enum norm_grapheme_class find_class(uint32_t code)
{
	if (code >= 0x20 && code < 0x7F)
		return NORM_GRAPHEME_OTHER;
	if (code > 0x10FFFF)
		return NORM_GRAPHEME_CONTROL; /* a bad byte stands alone */
	if (code >= 0xAC00 && code <= 0xD7A3)
		return (code - 0xAC00) % 28 == 0 ? NORM_GRAPHEME_LV : NORM_GRAPHEME_LVT;

	size_t low = 0, high = norm_grapheme_range_count;
	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		if (norm_grapheme_ranges[middle].last < code)
			low = middle + 1;
		else
			high = middle;
	}
	return low < norm_grapheme_range_count && norm_grapheme_ranges[low].first <= code
		   ? norm_grapheme_ranges[low].class
		   : NORM_GRAPHEME_OTHER;
}

static bool is_control(enum norm_grapheme_class class)
{
	return class == NORM_GRAPHEME_CONTROL || class == NORM_GRAPHEME_CR ||
	       class == NORM_GRAPHEME_LF;
}

static bool is_extend(enum norm_grapheme_class class)
{
	return class == NORM_GRAPHEME_EXTEND || class == NORM_GRAPHEME_EXTEND_PLAIN ||
	       class == NORM_GRAPHEME_LINKER;
}

static bool joins_hangul(enum norm_grapheme_class left, enum norm_grapheme_class right)
{
	const bool vowel = right == NORM_GRAPHEME_V, tail = right == NORM_GRAPHEME_T;
	if (left == NORM_GRAPHEME_L)
		return vowel || right == NORM_GRAPHEME_L || right == NORM_GRAPHEME_LV ||
		       right == NORM_GRAPHEME_LVT;
	if (left == NORM_GRAPHEME_LV || left == NORM_GRAPHEME_V)
		return vowel || tail;
	return (left == NORM_GRAPHEME_LVT || left == NORM_GRAPHEME_T) && tail;
}

/* What the cluster so far may join with at a distance. */
struct state {
	enum { NO_PICTURE, PICTURE, PICTURE_JOINED } picture;        /* GB11 */
	enum { NO_CONSONANT, CONSONANT, CONSONANT_LINKED } conjunct; /* GB9c */
};

static void advance(struct state *state, enum norm_grapheme_class class)
{
	if (class == NORM_GRAPHEME_PICTURE)
		state->picture = PICTURE;
	else if (class == NORM_GRAPHEME_ZWJ && state->picture == PICTURE)
		state->picture = PICTURE_JOINED;
	else if (!is_extend(class) || state->picture == PICTURE_JOINED)
		state->picture = NO_PICTURE;

	if (class == NORM_GRAPHEME_CONSONANT)
		state->conjunct = CONSONANT;
	else if (class == NORM_GRAPHEME_LINKER && state->conjunct != NO_CONSONANT)
		state->conjunct = CONSONANT_LINKED;
	else if (class != NORM_GRAPHEME_LINKER && class != NORM_GRAPHEME_EXTEND &&
		 class != NORM_GRAPHEME_ZWJ)
		state->conjunct = NO_CONSONANT;
}

static bool joins(const struct state *state, enum norm_grapheme_class left,
		  enum norm_grapheme_class right)
{
	if (left == NORM_GRAPHEME_CR && right == NORM_GRAPHEME_LF)
		return true;
	if (is_control(left) || is_control(right))
		return false;
	if (is_extend(right) || right == NORM_GRAPHEME_ZWJ || right == NORM_GRAPHEME_SPACING ||
	    left == NORM_GRAPHEME_PREPEND)
		return true;
	if (right == NORM_GRAPHEME_CONSONANT)
		return state->conjunct == CONSONANT_LINKED;
	if (right == NORM_GRAPHEME_PICTURE)
		return state->picture == PICTURE_JOINED;
	return joins_hangul(left, right);
}

size_t norm_grapheme_end(struct tok_span text, size_t begin)
{
	const struct tok_char first = tok_utf8_at(text, begin);
	size_t end = begin + first.length;
	/* Below U+0300 only a line feed joins what is before it. */
	if (end == text.count ||
	    (first.code < 0x300 && first.code != '\r' && text.bytes[end] < 0xCC))
		return end;

	struct state state = { NO_PICTURE, NO_CONSONANT };
	enum norm_grapheme_class left = find_class(first.code);
	advance(&state, left);
	while (end < text.count) {
		const struct tok_char c = tok_utf8_at(text, end);
		const enum norm_grapheme_class right = find_class(c.code);
		if (!joins(&state, left, right))
			break;
		advance(&state, right);
		left = right;
		end += c.length;
	}
	return end;
}
