#include "vocab/train/parts.h"

#include <stdlib.h>

#include "tok/text/utf8.h"
#include "vocab/train/bpe_internal.h"

enum { SYMBOLS_MAX = 4096 };

struct symbol {
	tok_id id; /* TOK_NO_ID: no token */
	uint32_t begin;
	/* What it makes with the one behind it, if anything: the least is joined first. */
	tok_id joined;
	double order;
};

struct finder {
	const struct vocab_base *base;
	struct vocab_parts *parts;
	struct tok_arena arena;
	struct tok_strings ids;                 /* by text */
	struct bpe_pairs merges;                /* place in the list, if there is one */
	const struct tok_vocab_entry **entries; /* by id */
	struct symbol symbols[SYMBOLS_MAX];
	size_t count;
	struct tok_span text;
};

static bool has_list(const struct finder *f)
{
	return f->base->model.as.bpe.order == TOK_BPE_MERGES;
}

static bool is_affixed(const struct finder *f)
{
	return f->base->model.as.bpe.prefix.count || f->base->model.as.bpe.suffix.count;
}

/* ---- tables --------------------------------------------------------------------- */

static bool list_merges(struct finder *f)
{
	const struct tok_model_spec *model = &f->base->model;
	if (!has_list(f))
		return true;
	if (!bpe_pairs_init(&f->merges, model->as.bpe.merge_count))
		return false;
	for (size_t i = 0; i < model->as.bpe.merge_count; i++) {
		const struct tok_merge *merge = &model->as.bpe.merges[i];
		struct bpe_pair_slot *slot =
		    bpe_pairs_get(&f->merges, bpe_pair(merge->left, merge->right));
		if (!slot)
			return false;
		slot->count = (int64_t)i; /* of a pair that is listed twice the last counts */
	}
	return true;
}

static bool begin(struct finder *f)
{
	const struct tok_model_spec *model = &f->base->model;
	f->entries = tok_arena_array(&f->arena, (size_t)f->base->next_id + 1, sizeof(*f->entries));
	if (!f->entries || !tok_strings_init(&f->ids, &f->arena, model->entry_count) ||
	    !list_merges(f))
		return false;
	for (size_t i = 0; i < model->entry_count; i++) {
		const struct tok_vocab_entry *entry = &model->entries[i];
		f->entries[entry->id] = entry;
		if (entry->type == TOK_PIECE_NORMAL || entry->type == TOK_PIECE_UNUSED)
			tok_strings_add(&f->ids, entry->text, entry->id);
	}
	return true;
}

/* ---- merging --------------------------------------------------------------------- */

static void look_ahead(struct finder *f, size_t i)
{
	struct symbol *here = &f->symbols[i];
	here->joined = TOK_NO_ID;
	if (i + 1 >= f->count || here->id == TOK_NO_ID || here[1].id == TOK_NO_ID)
		return;
	if (has_list(f)) {
		const struct bpe_pair_slot *slot =
		    bpe_pairs_find(&f->merges, bpe_pair(here->id, here[1].id));
		if (!slot)
			return;
		here->joined = f->base->model.as.bpe.merges[slot->count].result;
		here->order = (double)slot->count;
		return;
	}
	const size_t end = i + 2 < f->count ? here[2].begin : f->text.count;
	here->joined = tok_strings_find(&f->ids, tok_span_slice(f->text, here->begin, end));
	if (here->joined == TOK_NO_ID)
		return;
	here->order = f->base->model.as.bpe.order == TOK_BPE_RANKS
			  ? (double)here->joined
			  : -f->entries[here->joined]->score;
}

/* The first symbols; false if there are too many. */
static bool take_symbols(struct finder *f, struct tok_span text)
{
	f->text = text;
	f->count = 0;
	for (size_t at = 0; at < text.count;) {
		const size_t length = f->base->bytes ? 1 : tok_utf8_at(text, at).length;
		if (f->count == SYMBOLS_MAX)
			return false;
		f->symbols[f->count++] = (struct symbol){
			.begin = (uint32_t)at,
			.id = tok_strings_find(&f->ids, tok_span_slice(text, at, at + length)),
		};
		at += length;
	}
	for (size_t i = 0; i < f->count; i++)
		look_ahead(f, i);
	return true;
}

/* The first of those with the least order; f->count if nothing is joined. */
static size_t find_least(const struct finder *f)
{
	size_t least = f->count;
	for (size_t i = 0; i < f->count; i++)
		if (f->symbols[i].joined != TOK_NO_ID &&
		    (least == f->count || f->symbols[i].order < f->symbols[least].order))
			least = i;
	return least;
}

static void join(struct finder *f, size_t i)
{
	f->symbols[i].id = f->symbols[i].joined;
	memmove(&f->symbols[i + 1], &f->symbols[i + 2], (f->count - i - 2) * sizeof f->symbols[0]);
	f->count--;
	look_ahead(f, i);
	if (i > 0)
		look_ahead(f, i - 1);
}

/* ---- parts ----------------------------------------------------------------------- */

static bool add_part(struct finder *f, tok_id id)
{
	struct vocab_parts *parts = f->parts;
	if (id == TOK_NO_ID)
		return true;
	if (!tok_grow(&parts->items, &parts->capacity, parts->count + 1, sizeof *parts->items))
		return false;
	parts->items[parts->count++] = id;
	return true;
}

/* Two, joined last; or all that are left when nothing can be joined any more. */
static bool add_merged(struct finder *f, const struct tok_vocab_entry *entry)
{
	bool *made = &f->parts->made[entry->id];
	*made = !take_symbols(f, entry->text) || f->count == 1;
	if (*made)
		return true;
	for (;;) {
		const size_t i = find_least(f);
		*made = i < f->count && f->count == 2 && f->symbols[i].joined == entry->id;
		if (i == f->count || *made)
			break;
		join(f, i);
	}
	for (size_t i = 0; i < f->count; i++)
		if (f->symbols[i].id != entry->id && !add_part(f, f->symbols[i].id))
			return false;
	return true;
}

/* With prefixes and suffixes a token's text is no word: the first merge that makes it. */
static bool add_listed(struct finder *f, const uint32_t *first_merges, tok_id id)
{
	f->parts->made[id] = true;
	if (first_merges[id] == 0)
		return true;
	const struct tok_merge *merge = &f->base->model.as.bpe.merges[first_merges[id] - 1];
	return add_part(f, merge->left) && add_part(f, merge->right);
}

static uint32_t *list_first_merges(struct finder *f)
{
	const struct tok_model_spec *model = &f->base->model;
	uint32_t *first = tok_arena_array(&f->arena, (size_t)f->base->next_id + 1, sizeof *first);
	for (size_t i = 0; first && i < model->as.bpe.merge_count; i++)
		if (first[model->as.bpe.merges[i].result] == 0)
			first[model->as.bpe.merges[i].result] = (uint32_t)i + 1;
	return first;
}

static bool find_all(struct finder *f)
{
	struct vocab_parts *parts = f->parts;
	uint32_t *first_merges = is_affixed(f) && has_list(f) ? list_first_merges(f) : NULL;
	if (is_affixed(f) && !first_merges)
		return false;
	for (tok_id id = 0; id < f->base->next_id; id++) {
		const struct tok_vocab_entry *entry = f->entries[id];
		parts->begins[id] = (uint32_t)parts->count;
		if (!entry || entry->type != TOK_PIECE_NORMAL)
			continue;
		if (first_merges ? !add_listed(f, first_merges, id) : !add_merged(f, entry))
			return false;
	}
	parts->begins[f->base->next_id] = (uint32_t)parts->count;
	return true;
}

enum tok_status vocab_parts_of(const struct vocab_base *base, struct vocab_parts *out,
			       struct tok_error *err)
{
	struct vocab_parts parts = { .id_count = base->next_id };
	struct finder *f = calloc(1, sizeof *f);
	parts.begins = calloc((size_t)base->next_id + 1, sizeof *parts.begins);
	parts.made = calloc((size_t)base->next_id + 1, sizeof *parts.made);
	bool ok = f && parts.begins && parts.made;
	if (ok) {
		f->base = base;
		f->parts = &parts;
		ok = begin(f) && find_all(f);
		bpe_pairs_release(&f->merges);
		tok_arena_release(&f->arena);
	}
	free(f);
	if (!ok) {
		vocab_parts_release(&parts);
		return tok_fail_memory(err);
	}
	*out = parts;
	return TOK_OK;
}

void vocab_parts_release(struct vocab_parts *parts)
{
	free(parts->begins);
	free(parts->items);
	free(parts->made);
	*parts = (struct vocab_parts){ 0 };
}
