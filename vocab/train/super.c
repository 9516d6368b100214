#include "vocab/train/super.h"

/* ---- units of SuperBPE ------------------------------------------------------------ */

/* A piece without end, as a file of one line, is more than a model encodes at once. */
static enum tok_status take_pieces(const struct vocab_units *self, struct vocab_counter *counter,
				   struct tok_buffer *row, struct tok_span text,
				   const struct tok_range *words, size_t count,
				   struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	(void)self;
	(void)row;
	for (size_t i = 0; i < count && status == TOK_OK; i++) {
		struct tok_range piece = words[i];
		while (status == TOK_OK && piece.end - piece.begin > VOCAB_UNIT_MAX) {
			const uint32_t cut = piece.begin + (uint32_t)VOCAB_UNIT_MAX;
			const struct tok_range front = { piece.begin, cut };
			status = vocab_counter_add(counter, text, &front, 1, err);
			piece.begin = cut;
		}
		if (status == TOK_OK)
			status = vocab_counter_add(counter, text, &piece, 1, err);
	}
	return status;
}

const struct vocab_units vocab_superbpe_units = { .take = take_pieces, .by_lines = true };

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
