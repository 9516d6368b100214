#include "vocab/audit/statistics.h"

#include <stdlib.h>

#include "vocab/audit/health_internal.h"
#include "vocab/audit/stages.h"

const char *const vocab_statistics_names[VOCAB_STATISTICS] = {
	[VOCAB_STATISTIC_TOKENS] = "tokens",
	[VOCAB_STATISTIC_TEXT_TOKENS] = "text_tokens",
	[VOCAB_STATISTIC_BYTE_TOKENS] = "byte_tokens",
	[VOCAB_STATISTIC_SPECIAL_TOKENS] = "special_tokens",
	[VOCAB_STATISTIC_ADDED_TOKENS] = "added_tokens",
	[VOCAB_STATISTIC_MERGES] = "merges",
	[VOCAB_STATISTIC_TEXT_BYTES] = "text_bytes",
	[VOCAB_STATISTIC_LONGEST_BYTES] = "longest_bytes",
	[VOCAB_STATISTIC_BYTES_ALONE] = "bytes_alone",
	[VOCAB_STATISTIC_BYTES_RETURNED] = "bytes_returned",
	[VOCAB_STATISTIC_BYTE_LEVEL] = "byte_level",
	[VOCAB_STATISTIC_BYTE_FALLBACK] = "byte_fallback",
};

/* ---- what the file says --------------------------------------------------------------- */

static enum tok_status keep_text(struct tok_arena *arena, const char *text, size_t count,
				 const char **out, struct tok_error *err)
{
	char *copy = tok_arena_array(arena, count + 1, 1);
	if (!copy)
		return tok_fail_memory(err);
	memcpy(copy, text, count);
	*out = copy;
	return TOK_OK;
}

static enum tok_status find_unknown(const struct tok_tokenizer *tokenizer, struct tok_arena *arena,
				    struct vocab_statistics *out, struct tok_error *err)
{
	char line[VOCAB_LINE];
	const tok_id id = tok_tokenizer_spec(tokenizer)->model.unk;
	const struct tok_span name = tok_tokenizer_token(tokenizer, id);
	if (!name.bytes)
		return TOK_OK;
	vocab_describe_text(name, line); /* in quotes, which are not part of it */
	char *end = strrchr(line, '\''); /* a text that was cut has "..." behind it */
	memmove(end, end + 1, strlen(end));
	return keep_text(arena, line + 1, strlen(line + 1), &out->unknown, err);
}

/* Steps that do not fit are told by "..." alone. */
static enum tok_status put_steps(const struct vocab_step_stage *stage, const struct tok_spec *spec,
				 struct tok_arena *arena, const char **out, struct tok_error *err)
{
	static const char more[] = "...";
	char words[VOCAB_STATISTICS_WORDS], line[VOCAB_LINE];
	const size_t steps = stage->count(spec);
	size_t used = 0;
	for (size_t i = 0; i < steps; i++) {
		stage->describe(spec, i, line);
		const size_t count = strlen(line), gap = i ? 2 : 0;
		const bool fits = used + gap + count + 2 + sizeof more <= sizeof words;
		memcpy(words + used, "; ", gap);
		memcpy(words + used + gap, fits ? line : more, fits ? count : sizeof more - 1);
		used += gap + (fits ? count : sizeof more - 1);
		if (!fits)
			break;
	}
	return steps ? keep_text(arena, words, used, out, err) : TOK_OK;
}

/* ---- tokens ------------------------------------------------------------------------------ */

static void count_tokens(const struct vocab_token_bytes *tokens, uint64_t *numbers)
{
	for (size_t id = 0; id < tokens->count; id++) {
		const uint64_t bytes = tokens->bytes[id].count;
		switch ((enum vocab_token_kind)tokens->kinds[id]) {
		case VOCAB_TOKEN_NONE:
			continue;
		case VOCAB_TOKEN_TEXT:
			numbers[VOCAB_STATISTIC_TEXT_TOKENS]++;
			numbers[VOCAB_STATISTIC_TEXT_BYTES] += bytes;
			if (bytes > numbers[VOCAB_STATISTIC_LONGEST_BYTES])
				numbers[VOCAB_STATISTIC_LONGEST_BYTES] = bytes;
			break;
		case VOCAB_TOKEN_BYTE:
			numbers[VOCAB_STATISTIC_BYTE_TOKENS]++;
			break;
		case VOCAB_TOKEN_SPECIAL:
			numbers[VOCAB_STATISTIC_SPECIAL_TOKENS]++;
			break;
		}
		numbers[VOCAB_STATISTIC_TOKENS]++;
	}
}

/* Scripts, and bytes that are tokens: health->arena is `arena` from then on. */
static enum tok_status look_at_surfaces(const struct health_facts *facts, struct tok_arena *arena,
					struct vocab_statistics *out, struct tok_error *err)
{
	struct vocab_health health = { 0 };
	uint32_t *defects = calloc(facts->tokens->count + 1, sizeof *defects);
	if (!defects)
		return tok_fail_memory(err);
	const enum tok_status status = health_find_surfaces(facts, &health, defects, err);
	free(defects);
	tok_arena_take(arena, &health.arena);
	out->scripts = health.scripts;
	out->script_count = health.script_count;
	out->numbers[VOCAB_STATISTIC_BYTES_ALONE] = health.bytes_alone;
	return status;
}

static enum tok_status probe_bytes(const struct health_facts *facts, struct vocab_statistics *out,
				   struct tok_error *err)
{
	struct health_prober prober;
	bool returned[256];
	enum tok_status status = health_prober_init(&prober, facts, err);
	if (status != TOK_OK)
		return status;
	status = health_probe_bytes(&prober, returned, err);
	health_prober_release(&prober);
	for (unsigned i = 0; status == TOK_OK && i < 256; i++)
		out->numbers[VOCAB_STATISTIC_BYTES_RETURNED] += returned[i];
	return status;
}

static enum tok_status find_bytes(const struct tok_tokenizer *tokenizer, struct tok_arena *arena,
				  struct vocab_statistics *out, struct tok_error *err)
{
	struct vocab_token_bytes tokens = { 0 };
	const struct health_facts facts = { .tokenizer = tokenizer,
					    .spec = tok_tokenizer_spec(tokenizer),
					    .tokens = &tokens };
	enum tok_status status = vocab_token_bytes(tokenizer, &tokens, err);
	if (status != TOK_OK)
		return status;
	count_tokens(&tokens, out->numbers);
	status = look_at_surfaces(&facts, arena, out, err);
	if (status == TOK_OK)
		status = probe_bytes(&facts, out, err);
	vocab_token_bytes_release(&tokens);
	return status;
}

enum tok_status vocab_statistics_find(const struct tok_tokenizer *tokenizer,
				      struct tok_arena *arena, struct vocab_statistics *out,
				      struct tok_error *err)
{
	const struct tok_spec *spec = tok_tokenizer_spec(tokenizer);
	const struct tok_model_spec *model = &spec->model;
	struct vocab_statistics s = { 0 };
	s.numbers[VOCAB_STATISTIC_ADDED_TOKENS] = spec->added_count;
	if (model->kind == TOK_MODEL_BPE)
		s.numbers[VOCAB_STATISTIC_MERGES] = model->as.bpe.merge_count;
	s.numbers[VOCAB_STATISTIC_BYTE_LEVEL] = tok_tokenizer_takes_bytes(tokenizer);
	s.numbers[VOCAB_STATISTIC_BYTE_FALLBACK] = model->byte_fallback;
	enum tok_status status = find_unknown(tokenizer, arena, &s, err);
	if (status == TOK_OK)
		status = put_steps(&vocab_step_stages[0], spec, arena, &s.normalizer, err);
	if (status == TOK_OK)
		status = put_steps(&vocab_step_stages[1], spec, arena, &s.pre_tokenizer, err);
	if (status == TOK_OK)
		status = find_bytes(tokenizer, arena, &s, err);
	if (status == TOK_OK)
		*out = s;
	return status;
}
