/* super_runs.c - runs of words that are one token each. */
#include <stdlib.h>

#include "tok/base/hash.h"
#include "vocab/train/super.h"

struct vocab_runs {
	struct vocab_units units;
	struct tok_arena arena;
	struct tok_strings ids; /* by word */
};

/* ---- units -------------------------------------------------------------------- */

static enum tok_status end(const struct vocab_units *self, struct vocab_counter *counter,
			   struct tok_buffer *row, struct tok_error *err)
{
	const struct tok_range all = { 0, (uint32_t)row->count };
	const bool is_run = row->count >= 2 * sizeof(tok_id);
	const struct tok_span text = tok_buffer_span(row);
	(void)self;
	tok_buffer_clear(row);
	return is_run ? vocab_counter_add(counter, text, &all, 1, err) : TOK_OK;
}

static bool add_id(struct tok_buffer *row, tok_id id)
{
	const uint8_t bytes[4] = { (uint8_t)id, (uint8_t)(id >> 8), (uint8_t)(id >> 16),
				   (uint8_t)(id >> 24) };
	return tok_buffer_add(row, bytes, sizeof bytes);
}

static enum tok_status take(const struct vocab_units *self, struct vocab_counter *counter,
			    struct tok_buffer *row, struct tok_span text,
			    const struct tok_range *words, size_t count, struct tok_error *err)
{
	const struct vocab_runs *runs = (const struct vocab_runs *)self;
	enum tok_status status = TOK_OK;
	/* A first word at the beginning follows a special token. */
	if (count && words[0].begin == 0)
		status = end(self, counter, row, err);
	for (size_t i = 0; i < count && status == TOK_OK; i++) {
		const tok_id id =
		    vocab_runs_find(runs, tok_span_slice(text, words[i].begin, words[i].end));
		if (id == TOK_NO_ID)
			status = end(self, counter, row, err);
		else if (!add_id(row, id))
			status = tok_fail_memory(err);
	}
	return status;
}

/* ---- words -------------------------------------------------------------------- */

struct asking {
	struct tok_model *model;
	struct tok_model_scratch *scratch;
	struct tok_regex_scratch *regex;
	struct tok_tokens ids;
};

static enum tok_status is_eligible(struct asking *ask, const struct tok_vocab_entry *entry,
				   const struct tok_regex *pattern, bool *out,
				   struct tok_error *err)
{
	const struct tok_range all = { 0, (uint32_t)entry->text.count };
	struct tok_range match;
	enum tok_status status =
	    tok_regex_find(pattern, ask->regex, entry->text, 0, out, &match, err);
	if (status != TOK_OK || !*out)
		return status;
	ask->ids.count = 0;
	status = tok_model_encode(ask->model, ask->scratch, entry->text, all, &ask->ids, err);
	*out = status == TOK_OK && ask->ids.count == 1 && ask->ids.ids[0] == entry->id;
	return status;
}

static enum tok_status add_words(struct vocab_runs *runs, const struct tok_model_spec *model,
				 const struct tok_regex *pattern, struct tok_error *err)
{
	struct asking ask = { .scratch = tok_model_scratch_new(),
			      .regex = tok_regex_scratch_new() };
	enum tok_status status = TOK_OK;
	if (!ask.scratch || !ask.regex ||
	    !tok_strings_init(&runs->ids, &runs->arena, model->entry_count))
		status = tok_fail_memory(err);
	if (status == TOK_OK)
		status = tok_model_new(model, &ask.model, err);
	for (size_t i = 0; i < model->entry_count && status == TOK_OK; i++) {
		bool eligible = false;
		const struct tok_vocab_entry *entry = &model->entries[i];
		status = is_eligible(&ask, entry, pattern, &eligible, err);
		if (status == TOK_OK && eligible)
			tok_strings_add(&runs->ids, entry->text, entry->id);
	}
	tok_model_free(ask.model);
	tok_model_scratch_free(ask.scratch);
	tok_regex_scratch_free(ask.regex);
	tok_tokens_release(&ask.ids);
	return status;
}

enum tok_status vocab_runs_new(const struct tok_model_spec *model, const struct tok_regex *pattern,
			       struct vocab_runs **out, struct tok_error *err)
{
	struct vocab_runs *runs = calloc(1, sizeof *runs);
	if (!runs)
		return tok_fail_memory(err);
	runs->units = (struct vocab_units){ .take = take, .end = end, .by_lines = true };
	const enum tok_status status = add_words(runs, model, pattern, err);
	if (status == TOK_OK)
		*out = runs;
	else
		vocab_runs_free(runs);
	return status;
}

void vocab_runs_free(struct vocab_runs *runs)
{
	if (runs)
		tok_arena_release(&runs->arena);
	free(runs);
}

const struct vocab_units *vocab_runs_units(const struct vocab_runs *runs)
{
	return &runs->units;
}

tok_id vocab_runs_find(const struct vocab_runs *runs, struct tok_span word)
{
	return tok_strings_find(&runs->ids, word);
}
