#include "vocab/train/super.h"

/* ---- which tokens may be made -------------------------------------------------- */

static bool has_words(struct tok_span text, size_t most)
{
	size_t words = 0;
	for (size_t i = 0; i < text.count; i++)
		words += text.bytes[i] != ' ' && (i == 0 || text.bytes[i - 1] == ' ');
	return words <= most;
}

static bool is_forbidden(const struct vocab_super_filter *filter, const struct tok_regex *pattern,
			 struct tok_span text)
{
	bool found = false;
	struct tok_range match;
	struct tok_error err;
	return tok_regex_find(pattern, filter->scratch, text, 0, &found, &match, &err) != TOK_OK ||
	       found;
}

bool vocab_super_allows(const struct vocab_super_filter *filter, struct tok_span joined)
{
	if (filter->max_words && !has_words(joined, filter->max_words))
		return false;
	if (filter->no_colon_space && memmem(joined.bytes, joined.count, ": ", 2))
		return false;
	for (size_t i = 0; i < filter->forbidden_count; i++)
		if (is_forbidden(filter, filter->forbidden[i], joined))
			return false;
	return true;
}

/* ---- how text is cut afterwards --------------------------------------------------- */

/* As SuperBPE's second stage has it; llama.cpp knows it by that name. */
static const char superbpe_pattern[] = "\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]{2,}[\\r\\n/]*| +(?!\\S)";

enum tok_status vocab_recipe_relax(struct tok_spec *spec, enum vocab_relaxed relaxed,
				   struct tok_error *err)
{
	if (relaxed == VOCAB_RELAXED_NOT)
		return TOK_OK;
	const bool splits = relaxed == VOCAB_RELAXED_SUPERBPE;
	struct tok_pretok_step *steps = tok_arena_array(&spec->arena, 2, sizeof *steps);
	struct tok_decode_step *decoder = tok_arena_array(&spec->arena, 1, sizeof *decoder);
	if (!steps || !decoder)
		return tok_fail_memory(err);
	if (splits)
		steps[0] = (struct tok_pretok_step){
			.kind = TOK_PRETOK_SPLIT,
			.as.split = { .pattern = tok_span_of(superbpe_pattern),
				      .dialect = TOK_REGEX_ONIGURUMA,
				      .behavior = TOK_ISOLATED },
		};
	steps[splits] = (struct tok_pretok_step){ .kind = TOK_PRETOK_BYTE_LEVEL };
	decoder->kind = TOK_DECODE_BYTE_LEVEL;
	spec->pretokenizers = steps;
	spec->pretokenizer_count = 1 + (size_t)splits;
	spec->decoders = decoder;
	spec->decoder_count = 1;
	spec->has_decoder = true;
	return TOK_OK;
}
