#include "vocab/train/base.h"

#include <stdlib.h>

#include "tok/pipe/byte_level.h"
#include "vocab/train/recipe.h"

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

static tok_id next_id(const struct tok_spec *spec)
{
	tok_id next = 0;
	for (size_t i = 0; i < spec->model.entry_count; i++)
		if (spec->model.entries[i].id >= next)
			next = spec->model.entries[i].id + 1;
	for (size_t i = 0; i < spec->added_count; i++)
		if (spec->added[i].id >= next)
			next = spec->added[i].id + 1;
	return next;
}

enum tok_status vocab_base_of(const struct tok_spec *spec, struct vocab_base *out,
			      struct tok_error *err)
{
	struct vocab_base base = { .model = spec->model, .next_id = next_id(spec) };
	if (spec->model.kind != TOK_MODEL_BPE)
		return tok_fail(err, TOK_EARG,
				"only BPE goes on from a vocabulary that is there already");
	const size_t count = spec->model.entry_count;
	struct tok_vocab_entry *entries = tok_arena_array(&base.arena, count, sizeof *entries);
	size_t kept = count;
	if (entries && is_raised(spec)) {
		kept = tok_lower_entries(spec->model.entries, count, &base.arena, entries);
		base.model.as.bpe.raw_bytes = true;
	} else if (entries && count) {
		memcpy(entries, spec->model.entries, count * sizeof *entries);
	}
	if (!entries || kept == SIZE_MAX) {
		tok_arena_release(&base.arena);
		return tok_fail_memory(err);
	}
	if (kept)
		qsort(entries, kept, sizeof *entries, by_id);
	base.model.entries = entries;
	base.model.entry_count = kept;
	*out = base;
	return TOK_OK;
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
