/* encode_options.c - the options of tok encode that make a difference to its output,
 * as a manifest keeps them. */
#include <inttypes.h>
#include <stdio.h>

#include "cmd/encode_internal.h"

static bool tell_text(struct tok_buffer *to, const char *name, const char *value)
{
	return tok_buffer_add(to, " --", 3) && tok_buffer_add(to, name, strlen(name)) &&
	       (!value ||
		(tok_buffer_add_byte(to, '=') && tok_buffer_add(to, value, strlen(value))));
}

static bool tell_flag(struct tok_buffer *to, const char *name, bool value)
{
	return !value || tell_text(to, name, NULL);
}

/* `usual` is not told. */
static bool tell_number(struct tok_buffer *to, const char *name, uint64_t value, uint64_t usual)
{
	char digits[24];
	snprintf(digits, sizeof digits, "%" PRIu64, value);
	return value == usual || tell_text(to, name, digits);
}

/* What is not asked for is the first of a choice's words. */
static int or_first(int place)
{
	return place < 0 ? 0 : place;
}

/* One of the words of a choice; nothing if none was chosen. */
static bool tell_choice(struct tok_buffer *to, const char *name, const char *words, int place)
{
	char word[32];
	if (place < 0)
		return true;
	for (int i = 0; i < place; i++)
		words += strcspn(words, "|") + 1;
	snprintf(word, sizeof word, "%.*s", (int)strcspn(words, "|"), words);
	return tell_text(to, name, word);
}

bool encode_tell_options(const struct encode_options *o, tok_id eod, struct tok_buffer *to)
{
	const struct cli_specials *s = &o->specials;
	return tok_buffer_add(to, "encode", 6) &&
	       tell_choice(to, "format", CLI_FORMAT_WRITTEN_WORDS, o->format) &&
	       tell_choice(to, "dtype", CLI_DTYPE_WORDS, o->dtype) &&
	       tell_flag(to, "lines", o->split.lines) && tell_flag(to, "null", o->split.null) &&
	       (!o->split.jsonl || tell_text(to, "jsonl", o->split.jsonl)) &&
	       tell_number(to, "max-document", o->split.limit_bytes, CLI_SPLIT_LIMIT) &&
	       tell_flag(to, "raw", o->raw) &&
	       tell_choice(to, "special-text", CLI_SPECIAL_WORDS, or_first(s->special_text)) &&
	       tell_flag(to, "add-special", s->add_special) && tell_flag(to, "hf", s->hf) &&
	       tell_flag(to, "longest-match", o->longest_match) &&
	       tell_flag(to, "tokens", o->tokens) && tell_flag(to, "offsets", o->offsets) &&
	       tell_choice(to, "offset-unit", ENCODE_UNIT_WORDS, or_first(o->offset_unit)) &&
	       tell_number(to, "max-tokens", o->max_tokens, UINT64_MAX) &&
	       tell_number(to, "budget", o->budget, UINT64_MAX) &&
	       tell_number(to, "eod", eod, TOK_NO_ID) &&
	       tell_number(to, "shard-tokens", o->shard_tokens, UINT64_MAX) &&
	       tok_buffer_add_byte(to, '\0');
}
