/*
 * published.c - the encodings that tiktoken 0.14 publishes (tiktoken_ext/
 * openai_public.py): which pattern and which special tokens go with which ranks.
 */
#include "vocab/format/published_internal.h"

#define TEXT_END      "<|endoftext|>"
#define PROMPT_END    "<|endofprompt|>"
#define FILL_PREFIX   "<|fim_prefix|>"
#define FILL_MIDDLE   "<|fim_middle|>"
#define FILL_SUFFIX   "<|fim_suffix|>"
#define UPPER         "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]"
#define LOWER         "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]"
#define SHORT_FORMS   "(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
#define BEFORE_LETTER "[^\\r\\n\\p{L}\\p{N}]?"

#define R50K                                                                                       \
	"'(?:[sdmt]|ll|ve|re)| ?\\p{L}++| ?\\p{N}++| ?[^\\s\\p{L}\\p{N}]++|\\s++$|\\s+(?!\\S)|"    \
	"\\s"
#define CL100K                                                                                     \
	"'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}++|\\p{N}{1,3}+|"                      \
	" ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*+|\\s++$|\\s*[\\r\\n]|\\s+(?!\\S)|\\s"
#define O200K                                                                                      \
	BEFORE_LETTER UPPER "*" LOWER "+" SHORT_FORMS "|" BEFORE_LETTER UPPER "+" LOWER            \
			    "*" SHORT_FORMS "|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|"        \
			    "\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"

static const struct vocab_published encodings[] = {
	{ "gpt2", R50K, 0x3CB2FBE95939BD2D, { { TEXT_END, 50256 } }, 0, 0 },
	{ "r50k", R50K, 0, { { TEXT_END, 50256 } }, 0, 0 },
	{ "p50k", R50K, 0xF2D3FA62565E6E17, { { TEXT_END, 50256 } }, 0, 0 },
	{ "p50k_edit",
	  R50K,
	  0,
	  { { TEXT_END, 50256 },
	    { FILL_PREFIX, 50281 },
	    { FILL_MIDDLE, 50282 },
	    { FILL_SUFFIX, 50283 } },
	  0,
	  0 },
	{ "cl100k",
	  CL100K,
	  0xAA5D7BF38900641A,
	  { { TEXT_END, 100257 },
	    { FILL_PREFIX, 100258 },
	    { FILL_MIDDLE, 100259 },
	    { FILL_SUFFIX, 100260 },
	    { PROMPT_END, 100276 } },
	  0,
	  0 },
	{ "o200k",
	  O200K,
	  0x72A095E82CA109D6,
	  { { TEXT_END, 199999 }, { PROMPT_END, 200018 } },
	  0,
	  0 },
	/* Harmony's 200018 is <|endofprompt|> and <|reserved_200018|>: both are matched. */
	{ "o200k_harmony",
	  O200K,
	  0,
	  { { "<|startoftext|>", 199998 },
	    { TEXT_END, 199999 },
	    { "<|reserved_200000|>", 200000 },
	    { "<|reserved_200001|>", 200001 },
	    { "<|return|>", 200002 },
	    { "<|constrain|>", 200003 },
	    { "<|reserved_200004|>", 200004 },
	    { "<|channel|>", 200005 },
	    { "<|start|>", 200006 },
	    { "<|end|>", 200007 },
	    { "<|message|>", 200008 },
	    { "<|reserved_200009|>", 200009 },
	    { "<|reserved_200010|>", 200010 },
	    { "<|reserved_200011|>", 200011 },
	    { "<|call|>", 200012 },
	    { PROMPT_END, 200018 } },
	  200013,
	  201088 },
};

const struct vocab_published *vocab_published_by_name(const char *name)
{
	for (size_t i = 0; i < sizeof encodings / sizeof encodings[0]; i++) {
		const size_t length = strlen(encodings[i].name);
		if (strncmp(name, encodings[i].name, length) == 0 &&
		    (name[length] == '\0' || strcmp(name + length, "_base") == 0))
			return &encodings[i];
	}
	return NULL;
}

const struct vocab_published *vocab_published_by_hash(uint64_t hash)
{
	for (size_t i = 0; i < sizeof encodings / sizeof encodings[0]; i++)
		if (encodings[i].hash && encodings[i].hash == hash)
			return &encodings[i];
	return NULL;
}
