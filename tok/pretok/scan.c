/*
 * scan.c - which pattern is whose.
 */
#include "tok/pretok/scan_internal.h"

#include "tok/pretok/pretok.h"

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
	const char *name; /* NULL: another spelling */
	const char *pattern;
	int spelling;
	const struct tok_scan *scan;
} known_patterns[] = {
	{ "gpt2", GPT2_WORDS "| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
	  ANY_DIALECT, &tok_scan_gpt2 },
	{ NULL, GPT2_WORDS "| ?[\\p{L}]+| ?[\\p{N}]+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
	  ANY_DIALECT, &tok_scan_gpt2 },
	{ NULL,
	  "'(?:[sdmt]|ll|ve|re)| ?\\p{L}++| ?\\p{N}++| "
	  "?[^\\s\\p{L}\\p{N}]++|\\s++$|\\s+(?!\\S)|\\s",
	  RUST_ONLY, &tok_scan_gpt2 },
	{ "cl100k",
	  CONTRACTION "|" LETTERS "|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*" SPACE_NEWLINE,
	  ANY_DIALECT, &tok_scan_cl100k },
	{ NULL,
	  "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}+|\\p{N}{1,3}|"
	  " ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*|\\s*[\\r\\n]|\\s+(?!\\S)|\\s+",
	  RUST_ONLY, &tok_scan_cl100k },
	{ NULL,
	  "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}++|\\p{N}{1,3}+|"
	  " ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*+|\\s++$|\\s*[\\r\\n]|\\s+(?!\\S)|\\s",
	  RUST_ONLY, &tok_scan_cl100k_trailing },
	{ NULL,
	  CONTRACTION "|" LETTERS
		      "|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s+\\z" SPACE_NEWLINE,
	  ANY_DIALECT, &tok_scan_cl100k_trailing },
	{ "qwen", CONTRACTION "|" LETTERS "|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*" SPACE_NEWLINE,
	  ANY_DIALECT, &tok_scan_qwen },
	{ "o200k",
	  FRONT UPPER "*" LOWER "+" CONTRACTION "?|" FRONT UPPER "+" LOWER "*" CONTRACTION
		      "?|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*" SPACE_NEWLINE,
	  ANY_DIALECT, &tok_scan_o200k },
	{ "tekken",
	  FRONT UPPER "*" LOWER "+|" FRONT UPPER "+" LOWER
		      "*|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*" SPACE_NEWLINE,
	  ANY_DIALECT, &tok_scan_tekken },
	{ "number", "\\p{N}", ANY_DIALECT, &tok_scan_number },
	{ "number3", "\\p{N}{1,3}", ANY_DIALECT, &tok_scan_number3 },
	{ "han_kana", "[\u4E00-\u9FA5\u3040-\u309F\u30A0-\u30FF]+", ANY_DIALECT,
	  &tok_scan_han_kana },
	{ "deepseek",
	  "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|"
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

const char *tok_pretok_pattern(const char *name)
{
	for (size_t i = 0; i < sizeof known_patterns / sizeof *known_patterns; i++)
		if (known_patterns[i].name && strcmp(known_patterns[i].name, name) == 0)
			return known_patterns[i].pattern;
	return NULL;
}

const char *tok_pretok_oniguruma(struct tok_span rust)
{
	const struct tok_scan *scan = tok_scan_find(rust, TOK_REGEX_RUST);
	for (size_t i = 0; scan && i < sizeof known_patterns / sizeof *known_patterns; i++)
		if (known_patterns[i].scan == scan && known_patterns[i].spelling == ANY_DIALECT)
			return known_patterns[i].pattern;
	return NULL;
}
