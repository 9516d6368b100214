/*
 * published.c - the encodings that tiktoken 0.14 publishes (tiktoken_ext/
 * openai_public.py): which pattern and which special tokens go with which ranks.
 */
#include "vocab/format/published_internal.h"

#include <inttypes.h>
#include <stdio.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

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
	{ "gpt2", R50K, 50256, 0x2050188AB75C2F81, { { TEXT_END, 50256 } }, 0, 0 },
	{ "r50k", R50K, 0, 0, { { TEXT_END, 50256 } }, 0, 0 },
	{ "p50k", R50K, 50280, 0x34DB5FD43F316CAF, { { TEXT_END, 50256 } }, 0, 0 },
	{ "p50k_edit",
	  R50K,
	  0,
	  0,
	  { { TEXT_END, 50256 },
	    { FILL_PREFIX, 50281 },
	    { FILL_MIDDLE, 50282 },
	    { FILL_SUFFIX, 50283 } },
	  0,
	  0 },
	{ "cl100k",
	  CL100K,
	  100256,
	  0x235E11C8236ADE48,
	  { { TEXT_END, 100257 },
	    { FILL_PREFIX, 100258 },
	    { FILL_MIDDLE, 100259 },
	    { FILL_SUFFIX, 100260 },
	    { PROMPT_END, 100276 } },
	  0,
	  0 },
	{ "o200k",
	  O200K,
	  199998,
	  0x1CBFC6DFEF59CD9F,
	  { { TEXT_END, 199999 }, { PROMPT_END, 200018 } },
	  0,
	  0 },
	/* Harmony's 200018 is <|endofprompt|> and <|reserved_200018|>: both are matched. */
	{ "o200k_harmony",
	  O200K,
	  0,
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

const struct vocab_published *vocab_published_by_ranks(const struct tok_vocab_entry *entries,
						       size_t count)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < count; i++)
		sum += XXH3_64bits_withSeed(entries[i].text.bytes, entries[i].text.count,
					    entries[i].id);
	for (size_t i = 0; i < sizeof encodings / sizeof encodings[0]; i++)
		if (encodings[i].count == count && encodings[i].sum == sum)
			return &encodings[i];
	return NULL;
}

/* ---- special tokens ------------------------------------------------------- */

enum { LISTED = sizeof encodings[0].specials / sizeof encodings[0].specials[0] };

static bool takes_id(const struct vocab_published *encoding, tok_id id)
{
	if (id >= encoding->reserved_first && id < encoding->reserved_end)
		return true;
	for (size_t i = 0; i < LISTED && encoding->specials[i].text; i++)
		if (encoding->specials[i].id == id)
			return true;
	return false;
}

/* The last name of an id is the one that is shown: reserved ones go first. */
enum tok_status vocab_published_add_specials(const struct vocab_published *encoding,
					     struct tok_spec *out, struct tok_error *err)
{
	const size_t most = LISTED + (encoding->reserved_end - encoding->reserved_first);
	struct tok_added_token *added = tok_arena_array(&out->arena, most, sizeof *added);
	size_t count = 0;
	if (!added)
		return tok_fail_memory(err);
	for (size_t i = 0; i < out->model.entry_count; i++)
		if (takes_id(encoding, out->model.entries[i].id))
			return TOK_OK;
	for (tok_id id = encoding->reserved_first; id < encoding->reserved_end; id++) {
		char name[32];
		snprintf(name, sizeof name, "<|reserved_%" PRIu32 "|>", id);
		const struct tok_span text = tok_arena_copy(&out->arena, tok_span_of(name));
		if (!text.bytes)
			return tok_fail_memory(err);
		added[count++] =
		    (struct tok_added_token){ .content = text, .id = id, .special = true };
	}
	for (size_t i = 0; i < LISTED && encoding->specials[i].text; i++)
		added[count++] = (struct tok_added_token){
			.content = tok_span_of(encoding->specials[i].text),
			.id = encoding->specials[i].id,
			.special = true,
		};
	out->added = added;
	out->added_count = count;
	return TOK_OK;
}
