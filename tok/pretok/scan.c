/*
 * scan.c - which pattern is whose.
 */
#include "tok/pretok/scan_internal.h"

/* Spelled with possessive quantifiers or $, which Oniguruma reads differently. */
enum { ANY_DIALECT, RUST_ONLY };

#define SPACE_NEWLINE "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
#define CONTRACTION   "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
#define LETTERS       "[^\\r\\n\\p{L}\\p{N}]?\\p{L}+"
#define UPPER         "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]"
#define LOWER         "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]"
#define FRONT         "[^\\r\\n\\p{L}\\p{N}]?"
#define GPT2_WORDS    "'s|'t|'re|'ve|'m|'ll|'d"

static const struct {
	const char *pattern;
	int spelling;
	const struct tok_scan *scan;
} known_patterns[] = {
	{ GPT2_WORDS "| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+", ANY_DIALECT,
	  &tok_scan_gpt2 },
	{ GPT2_WORDS "| ?[\\p{L}]+| ?[\\p{N}]+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+", ANY_DIALECT,
	  &tok_scan_gpt2 },
	{ "'(?:[sdmt]|ll|ve|re)| ?\\p{L}++| ?\\p{N}++| "
	  "?[^\\s\\p{L}\\p{N}]++|\\s++$|\\s+(?!\\S)|\\s",
	  RUST_ONLY, &tok_scan_gpt2 },
	{ CONTRACTION "|" LETTERS "|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*" SPACE_NEWLINE,
	  ANY_DIALECT, &tok_scan_cl100k },
	{ "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}+|\\p{N}{1,3}|"
	  " ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*|\\s*[\\r\\n]|\\s+(?!\\S)|\\s+",
	  RUST_ONLY, &tok_scan_cl100k },
	{ "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}++|\\p{N}{1,3}+|"
	  " ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*+|\\s++$|\\s*[\\r\\n]|\\s+(?!\\S)|\\s",
	  RUST_ONLY, &tok_scan_cl100k_trailing },
	{ CONTRACTION "|" LETTERS
		      "|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s+\\z" SPACE_NEWLINE,
	  ANY_DIALECT, &tok_scan_cl100k_trailing },
	{ CONTRACTION "|" LETTERS "|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*" SPACE_NEWLINE,
	  ANY_DIALECT, &tok_scan_qwen },
	{ FRONT UPPER "*" LOWER "+" CONTRACTION "?|" FRONT UPPER "+" LOWER "*" CONTRACTION
		      "?|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*" SPACE_NEWLINE,
	  ANY_DIALECT, &tok_scan_o200k },
	{ FRONT UPPER "*" LOWER "+|" FRONT UPPER "+" LOWER
		      "*|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*" SPACE_NEWLINE,
	  ANY_DIALECT, &tok_scan_tekken },
	{ "\\p{N}", ANY_DIALECT, &tok_scan_number },
	{ "\\p{N}{1,3}", ANY_DIALECT, &tok_scan_number3 },
	{ "[\u4E00-\u9FA5\u3040-\u309F\u30A0-\u30FF]+", ANY_DIALECT, &tok_scan_han_kana },
	{ "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|"
	  "[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*" SPACE_NEWLINE,
	  ANY_DIALECT, &tok_scan_deepseek },
};

/* Equal, where a carriage return or newline itself may stand for \r and \n. */
static bool is_spelled(struct tok_span pattern, const char *known)
{
	for (size_t i = 0; i < pattern.count; i++) {
		const uint8_t byte = pattern.bytes[i];
		if (byte == '\r' || byte == '\n') {
			if (*known++ != '\\')
				return false;
			if (*known++ != (byte == '\r' ? 'r' : 'n'))
				return false;
		} else if (byte == 0 || byte != (uint8_t)*known++) {
			return false;
		}
	}
	return *known == 0;
}

const struct tok_scan *tok_scan_find(struct tok_span pattern, enum tok_regex_dialect dialect)
{
	if (dialect == TOK_REGEX_LITERAL)
		return NULL;
	for (size_t i = 0; i < sizeof known_patterns / sizeof *known_patterns; i++)
		if ((known_patterns[i].spelling == ANY_DIALECT || dialect == TOK_REGEX_RUST) &&
		    is_spelled(pattern, known_patterns[i].pattern))
			return known_patterns[i].scan;
	return NULL;
}
