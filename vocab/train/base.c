#include "vocab/train/base.h"

#include <stdlib.h>

#include "tok/pipe/byte_level.h"
#include "vocab/train/recipe.h"
#include "vocab/train/renumber.h"

/* Are entries written in the byte-level alphabet? */
static bool is_raised(const struct tok_spec *spec)
{
	return !spec->raw_vocabulary && vocab_recipe_has_bytes(spec);
}

static int by_id(const void *a, const void *b)
{
	const tok_id x = ((const struct tok_vocab_entry *)a)->id;
	const tok_id y = ((const struct tok_vocab_entry *)b)->id;
	return (x > y) - (x < y);
}

enum tok_status vocab_base_model(const struct tok_spec *spec, struct vocab_base *out,
				 struct tok_error *err)
{
	struct vocab_base base = { .model = spec->model, .next_id = vocab_next_id(spec) };
	const size_t count = spec->model.entry_count;
	struct tok_vocab_entry *entries = tok_arena_array(&base.arena, count, sizeof *entries);
	size_t kept = count;
	base.bytes = spec->raw_vocabulary || vocab_recipe_has_bytes(spec);
	if (entries && is_raised(spec))
		kept = tok_lower_entries(spec->model.entries, count, &base.arena, entries);
	else if (entries && count)
		memcpy(entries, spec->model.entries, count * sizeof *entries);
	if (!entries || kept == SIZE_MAX) {
		tok_arena_release(&base.arena);
		return tok_fail_memory(err);
	}
	if (kept)
		qsort(entries, kept, sizeof *entries, by_id);
	if (base.bytes && base.model.kind == TOK_MODEL_BPE)
		base.model.as.bpe.raw_bytes = true;
	base.model.entries = entries;
	base.model.entry_count = kept;
	*out = base;
	return TOK_OK;
}

/* Its text is a name: of a byte, or of what stands for no text. */
static bool is_name(const struct tok_model_spec *model, const struct tok_vocab_entry *entry)
{
	if (entry->type != TOK_PIECE_NORMAL)
		return true;
	for (size_t i = 0; model->byte_fallback && i < 256; i++)
		if (model->byte_ids[i] == entry->id)
			return true;
	return false;
}

static bool list_taken(const struct tok_spec *spec, struct vocab_base *base)
{
	const struct tok_model_spec *model = &base->model;
	if (!tok_strings_init(&base->taken, &base->arena, model->entry_count + spec->added_count))
		return false;
	for (size_t i = 0; i < model->entry_count; i++)
		if (is_name(model, &model->entries[i]))
			tok_strings_add(&base->taken, model->entries[i].text, 1);
	for (size_t i = 0; i < spec->added_count; i++)
		tok_strings_add(&base->taken, spec->added[i].content, 1);
	return true;
}

enum tok_status vocab_base_accepts(const struct tok_spec *spec, struct tok_error *err)
{
	const struct tok_model_spec *model = &spec->model;
	if (model->kind != TOK_MODEL_BPE)
		return tok_fail(err, TOK_EARG,
				"only BPE goes on from a vocabulary that is there already");
	if ((model->as.bpe.prefix.count || model->as.bpe.suffix.count) &&
	    vocab_recipe_has_bytes(spec))
		return tok_fail(err, TOK_EARG,
				"it puts a prefix or a suffix on bytes: from such a vocabulary "
				"there is no going on");
	return TOK_OK;
}

enum tok_status vocab_base_of(const struct tok_spec *spec, struct vocab_base *out,
			      struct tok_error *err)
{
	struct vocab_base base;
	enum tok_status status = vocab_base_accepts(spec, err);
	if (status == TOK_OK)
		status = vocab_base_model(spec, &base, err);
	if (status != TOK_OK)
		return status;
	if (!list_taken(spec, &base)) {
		vocab_base_release(&base);
		return tok_fail_memory(err);
	}
	*out = base;
	return TOK_OK;
}

bool vocab_base_allows(void *base, struct tok_span joined)
{
	const struct vocab_base *of = base;
	return tok_strings_find(&of->taken, joined) == TOK_NO_ID;
}

void vocab_base_set(struct vocab_base *base, struct vocab_bpe_options *options)
{
	options->base = &base->model;
	options->first_id = base->next_id;
	options->bytes = base->bytes;
	options->prefix = base->model.as.bpe.prefix;
	options->suffix = base->model.as.bpe.suffix;
	options->allows = vocab_base_allows;
	options->allows_context = base;
}

void vocab_base_release(struct vocab_base *base)
{
	tok_arena_release(&base->arena);
	*base = (struct vocab_base){ 0 };
}

/* ---- what it becomes -------------------------------------------------------- */

/* Behind all others, where scores tell the order of merges. */
static double lowest_score(const struct tok_spec *spec)
{
	double lowest = 0;
	for (size_t i = 0; i < spec->model.entry_count; i++)
		if (spec->model.entries[i].score < lowest)
			lowest = spec->model.entries[i].score;
	return lowest;
}

static bool add_entries(struct tok_spec *spec, const struct vocab_learned *learned)
{
	const size_t old = spec->model.entry_count;
	struct tok_vocab_entry *entries =
	    tok_arena_array(&spec->arena, old + learned->entry_count, sizeof *entries);
	if (!entries)
		return false;
	if (old)
		memcpy(entries, spec->model.entries, old * sizeof *entries);
	const bool raised = is_raised(spec);
	const double lowest = lowest_score(spec);
	for (size_t i = 0; i < learned->entry_count; i++) {
		struct tok_vocab_entry *entry = &entries[old + i];
		const struct tok_span text = learned->entries[i].text;
		*entry = learned->entries[i];
		entry->score = lowest - 1 - (double)i;
		entry->text = raised ? tok_raise_bytes(text, &spec->arena)
				     : tok_arena_copy(&spec->arena, text);
		if (!entry->text.bytes)
			return false;
	}
	spec->model.entries = entries;
	spec->model.entry_count = old + learned->entry_count;
	return true;
}

static bool add_merges(struct tok_spec *spec, const struct vocab_learned *learned)
{
	const size_t old = spec->model.as.bpe.merge_count;
	struct tok_merge *merges =
	    tok_arena_array(&spec->arena, old + learned->merge_count, sizeof *merges);
	if (!merges)
		return false;
	if (old)
		memcpy(merges, spec->model.as.bpe.merges, old * sizeof *merges);
	if (learned->merge_count)
		memcpy(merges + old, learned->merges, learned->merge_count * sizeof *merges);
	spec->model.as.bpe.merges = merges;
	spec->model.as.bpe.merge_count = old + learned->merge_count;
	return true;
}

enum tok_status vocab_base_extend(struct tok_spec *spec, const struct vocab_learned *learned,
				  struct tok_error *err)
{
	if (!add_entries(spec, learned) ||
	    (spec->model.as.bpe.order == TOK_BPE_MERGES && !add_merges(spec, learned)))
		return tok_fail_memory(err);
	return TOK_OK;
}
