/* patterns.c - what fancy-regex and Oniguruma read alike.
 *
 * Not possessive quantifiers ({1,3}+ is a repetition in Oniguruma), ^ and $ (of lines
 * there), counts without a least one, sets in sets and operators between them, nor
 * letters whatever their case, where one of the two knows more foldings. */
#include "vocab/format/patterns_internal.h"

#define GPT2_END "|\\s+(?!\\S)|\\s+"

static const struct {
	const char *rust, *oniguruma;
} published[] = {
	{ "'(?:[sdmt]|ll|ve|re)| ?\\p{L}++| ?\\p{N}++| "
	  "?[^\\s\\p{L}\\p{N}]++|\\s++$|\\s+(?!\\S)|\\s",
	  "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+" GPT2_END },
	/* White space at the end of the text is one piece, newlines in it or not. */
	{ "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}++|\\p{N}{1,3}+|"
	  " ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*+|\\s++$|\\s*[\\r\\n]|\\s+(?!\\S)|\\s",
	  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}|"
	  " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s+\\z|\\s*[\\r\\n]+" GPT2_END },
	{ "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}+|\\p{N}{1,3}|"
	  " ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*|\\s*[\\r\\n]|\\s+(?!\\S)|\\s+",
	  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}|"
	  " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+" GPT2_END },
};

/* Letters whatever their case: only these, which fold to one character each. */
static const char short_forms[] = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";

static bool is_quantifier(uint8_t c)
{
	return c == '*' || c == '+' || c == '?' || c == '}';
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool is_punctuation(uint8_t c)
{
	const uint8_t lower = c | 0x20;
	return c > ' ' && c < 0x7F && !is_digit(c) && !(lower >= 'a' && lower <= 'z');
}

/* Bytes of the escape at `rest`, 0 if it is none that both know. */
static size_t skip_escape(struct tok_span rest)
{
	if (rest.count < 2)
		return 0;
	const uint8_t c = rest.bytes[1];
	if (is_punctuation(c) || memchr("rntsS", c, 5))
		return 2;
	if ((c != 'p' && c != 'P') || rest.count < 4 || rest.bytes[2] != '{')
		return 0;
	const uint8_t *end = memchr(rest.bytes, '}', rest.count);
	return end ? (size_t)(end - rest.bytes) + 1 : 0;
}

/* Bytes of the set at `rest`. */
static size_t skip_set(struct tok_span rest)
{
	size_t at = rest.count > 1 && rest.bytes[1] == '^' ? 2 : 1;
	const size_t first = at;
	while (at < rest.count) {
		const uint8_t c = rest.bytes[at];
		const bool doubled = at + 1 < rest.count && rest.bytes[at + 1] == c;
		if (c == ']')
			return at > first ? at + 1 : 0;
		if (c == '[' || (doubled && memchr("&-~", c, 3)))
			return 0;
		const size_t length =
		    c == '\\' ? skip_escape(tok_span_slice(rest, at, rest.count)) : 1;
		if (length == 0)
			return 0;
		at += length;
	}
	return 0;
}

/* Bytes of the beginning of a group at `rest`. */
static size_t skip_group(struct tok_span rest)
{
	static const char *const known[] = { short_forms, "(?:", "(?!", "(?=" };
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (tok_span_starts(rest, tok_span_of(known[i])))
			return strlen(known[i]);
	return rest.count > 1 && rest.bytes[1] != '?' && rest.bytes[1] != '*' ? 1 : 0;
}

/* Bytes of {n}, {n,} or {n,m} at `rest`. */
static size_t skip_count(struct tok_span rest)
{
	size_t at = 1;
	while (at < rest.count && is_digit(rest.bytes[at]))
		at++;
	if (at == 1)
		return 0;
	at += at < rest.count && rest.bytes[at] == ',';
	while (at < rest.count && is_digit(rest.bytes[at]))
		at++;
	return at < rest.count && rest.bytes[at] == '}' ? at + 1 : 0;
}

/* Bytes that both read alike, 0 if that is not known. */
static size_t skip_alike(struct tok_span rest)
{
	switch (rest.bytes[0]) {
	case '\\':
		return skip_escape(rest);
	case '[':
		return skip_set(rest);
	case '(':
		return skip_group(rest);
	case '{':
		return skip_count(rest);
	case '^':
	case '$':
	case '.': /* which newlines it takes is another matter */
	case ']':
	case '}':
	case 0:
		return 0;
	default:
		return 1;
	}
}

static bool is_alike(struct tok_span pattern)
{
	bool quantified = false;
	for (size_t at = 0; at < pattern.count;) {
		const uint8_t c = pattern.bytes[at];
		const size_t length = skip_alike(tok_span_slice(pattern, at, pattern.count));
		const bool quantifies = is_quantifier(c) || c == '{';
		if (length == 0 || (quantifies && quantified))
			return false;
		quantified = quantifies;
		at += length;
	}
	return pattern.count > 0;
}

struct tok_span vocab_pattern_in_oniguruma(struct tok_span pattern)
{
	for (size_t i = 0; i < sizeof published / sizeof published[0]; i++)
		if (tok_span_equal(pattern, tok_span_of(published[i].rust)))
			return tok_span_of(published[i].oniguruma);
	return is_alike(pattern) ? pattern : (struct tok_span){ 0 };
}
