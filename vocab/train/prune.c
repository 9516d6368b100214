#include "vocab/train/prune.h"

#include <stdlib.h>

#include "tok/text/utf8.h"
#include "vocab/train/parts.h"
#include "vocab/train/recipe.h"
#include "vocab/train/renumber.h"
#include "vocab/train/use.h"

enum { ROUND_LEAST = 1024 };

enum state { ABSENT, FREE, FIXED, GONE };

struct leaf {
	uint64_t use;
	tok_id id;
};

/* One round: what is there, what it is made of, how often it is used. */
struct round {
	const struct tok_spec *spec;
	struct vocab_base base;
	struct vocab_parts parts;
	struct vocab_use use;
	struct tok_strings texts; /* of single characters */
	size_t id_count;
	uint8_t *states; /* enum state, by id */
	uint64_t *uses;
	uint32_t *children; /* tokens that are made of it, once for each part */
	struct leaf *heap;  /* tokens that may go next */
	size_t leaf_count;
	size_t present, fixed;
};

/* ---- what always stays ---------------------------------------------------------- */

static struct tok_span prefix_of(const struct round *r)
{
	return r->base.model.kind == TOK_MODEL_WORDPIECE ? r->base.model.as.wordpiece.prefix
							 : (struct tok_span){ NULL, 0 };
}

static bool is_single(const struct round *r, struct tok_span text)
{
	const struct tok_span prefix = prefix_of(r);
	if (prefix.count && tok_span_starts(text, prefix) && text.count > prefix.count)
		text = tok_span_slice(text, prefix.count, text.count);
	return text.count == 1 ||
	       (text.count && !r->base.bytes && tok_utf8_at(text, 0).length == text.count);
}

/* Is there a token for the character in the middle of a word? */
static bool has_inner(const struct round *r, struct tok_span character)
{
	uint8_t name[64];
	const struct tok_span prefix = prefix_of(r);
	if (prefix.count == 0)
		return tok_strings_find(&r->texts, character) != TOK_NO_ID;
	if (prefix.count + character.count > sizeof name)
		return false;
	memcpy(name, prefix.bytes, prefix.count);
	memcpy(name + prefix.count, character.bytes, character.count);
	const struct tok_span whole = { name, prefix.count + character.count };
	return tok_strings_find(&r->texts, whole) != TOK_NO_ID;
}

/* Could a piece's text be written with single characters?  Of BPE the parts say so. */
static bool is_written(const struct round *r, struct tok_span text)
{
	const struct tok_span prefix = prefix_of(r);
	const bool inner = prefix.count && tok_span_starts(text, prefix);
	if (r->base.model.kind == TOK_MODEL_BPE || r->base.model.byte_fallback)
		return true;
	for (size_t at = inner ? prefix.count : 0; at < text.count;) {
		const size_t length = tok_utf8_at(text, at).length;
		const struct tok_span character = tok_span_slice(text, at, at + length);
		const bool found = at == 0 ? tok_strings_find(&r->texts, character) != TOK_NO_ID
					   : has_inner(r, character);
		if (!found)
			return false;
		at += length;
	}
	return true;
}

static void fix(struct round *r, tok_id id)
{
	if (id < r->id_count && r->states[id] != ABSENT)
		r->states[id] = FIXED;
}

static void fix_entries(struct round *r)
{
	const struct tok_model_spec *model = &r->base.model;
	for (size_t i = 0; i < model->entry_count; i++) {
		const struct tok_vocab_entry *entry = &model->entries[i];
		const bool parted =
		    r->parts.begins && r->parts.begins[entry->id] < r->parts.begins[entry->id + 1];
		if (entry->type != TOK_PIECE_NORMAL || is_single(r, entry->text) ||
		    !is_written(r, entry->text) || (r->parts.begins && !parted))
			fix(r, entry->id);
	}
}

static void set_states(struct round *r)
{
	const struct tok_model_spec *model = &r->spec->model;
	for (size_t i = 0; i < model->entry_count; i++)
		r->states[model->entries[i].id] = FREE;
	for (size_t i = 0; i < r->spec->added_count; i++)
		r->states[r->spec->added[i].id] = FIXED;
	fix(r, model->unk);
	for (size_t i = 0; i < 256; i++)
		fix(r, model->byte_ids[i]);
	if (r->spec->padding.enabled)
		fix(r, r->spec->padding.id);
	for (size_t i = 0; i < r->spec->post_count; i++)
		for (size_t k = 0; k < r->spec->posts[i].item_count; k++)
			if (r->spec->posts[i].items[k].kind == TOK_TEMPLATE_TOKEN)
				fix(r, r->spec->posts[i].items[k].id);
	fix_entries(r);
	for (size_t i = 0; i < r->id_count; i++) {
		r->present += r->states[i] != ABSENT;
		r->fixed += r->states[i] == FIXED;
	}
}

/* ---- the leaves ------------------------------------------------------------------- */

static bool goes_before(struct leaf a, struct leaf b)
{
	return a.use != b.use ? a.use < b.use : a.id > b.id;
}

static void push_leaf(struct round *r, tok_id id)
{
	const struct leaf leaf = { r->uses[id], id };
	size_t at = r->leaf_count++;
	for (; at > 0 && goes_before(leaf, r->heap[(at - 1) / 2]); at = (at - 1) / 2)
		r->heap[at] = r->heap[(at - 1) / 2];
	r->heap[at] = leaf;
}

static tok_id pop_leaf(struct round *r)
{
	const tok_id first = r->heap[0].id;
	const struct leaf last = r->heap[--r->leaf_count];
	size_t at = 0;
	for (;;) {
		size_t child = 2 * at + 1;
		if (child >= r->leaf_count)
			break;
		if (child + 1 < r->leaf_count && goes_before(r->heap[child + 1], r->heap[child]))
			child++;
		if (!goes_before(r->heap[child], last))
			break;
		r->heap[at] = r->heap[child];
		at = child;
	}
	r->heap[at] = last;
	return first;
}

/* What always stays is a name, or no part of it is needed. */
static void begin_leaves(struct round *r)
{
	for (tok_id id = 0; r->parts.begins && id < r->id_count; id++)
		for (size_t i = r->parts.begins[id];
		     r->states[id] == FREE && i < r->parts.begins[id + 1]; i++)
			r->children[r->parts.items[i]]++;
	for (tok_id id = 0; id < r->id_count; id++)
		if (r->states[id] == FREE && r->children[id] == 0)
			push_leaf(r, id);
}

static void remove_token(struct round *r, tok_id id)
{
	r->states[id] = GONE;
	if (!r->parts.begins)
		return;
	for (size_t i = r->parts.begins[id]; i < r->parts.begins[id + 1]; i++) {
		const tok_id part = r->parts.items[i];
		r->uses[part] += r->uses[id];
		if (--r->children[part] == 0 && r->states[part] == FREE)
			push_leaf(r, part);
	}
}

/* ---- a round ----------------------------------------------------------------------- */

static enum tok_status list_texts(struct round *r, struct tok_error *err)
{
	const struct tok_model_spec *model = &r->base.model;
	if (!tok_strings_init(&r->texts, &r->base.arena, model->entry_count))
		return tok_fail_memory(err);
	for (size_t i = 0; i < model->entry_count; i++)
		if (is_single(r, model->entries[i].text))
			tok_strings_add(&r->texts, model->entries[i].text, 1);
	return TOK_OK;
}

static enum tok_status begin_round(struct round *r, struct vocab_words_kept *words,
				   struct vocab_train_control *control, struct tok_error *err)
{
	struct vocab_word_stream *stream = NULL;
	enum tok_status status = vocab_base_model(r->spec, &r->base, err);
	if (status == TOK_OK)
		status = list_texts(r, err);
	if (status == TOK_OK && r->base.model.kind == TOK_MODEL_BPE)
		status = vocab_parts_of(&r->base, &r->parts, err);
	if (status == TOK_OK)
		status = vocab_words_again(words, &stream, err);
	if (status == TOK_OK)
		status = vocab_use_count(&r->base.model, stream, control, &r->use, err);
	if (status != TOK_OK)
		return status;
	r->id_count = r->base.next_id;
	r->states = calloc(r->id_count + 1, sizeof *r->states);
	r->uses = calloc(r->id_count + 1, sizeof *r->uses);
	r->children = calloc(r->id_count + 1, sizeof *r->children);
	r->heap = calloc(r->id_count + 1, sizeof *r->heap);
	if (!r->states || !r->uses || !r->children || !r->heap)
		return tok_fail_memory(err);
	for (size_t i = 0; i < r->id_count && i < r->use.id_count; i++)
		r->uses[i] = r->use.counts[i];
	set_states(r);
	begin_leaves(r);
	return TOK_OK;
}

static void end_round(struct round *r)
{
	vocab_parts_release(&r->parts);
	vocab_use_release(&r->use);
	vocab_base_release(&r->base);
	free(r->states);
	free(r->uses);
	free(r->children);
	free(r->heap);
}

/* Of what is there some tokens less, at most down to `keep`. */
static enum tok_status remove_some(struct round *r, size_t keep, struct tok_error *err)
{
	const size_t free_count = r->present - r->fixed;
	size_t surplus = r->present > keep ? r->present - keep : 0;
	if (surplus > free_count)
		return tok_fail(err, TOK_EARG,
				"%zu tokens can never go, special tokens and single characters: "
				"not so few as %zu can be kept",
				r->fixed, keep);
	if (surplus > free_count / 4 && surplus > ROUND_LEAST)
		surplus = free_count / 4 > ROUND_LEAST ? free_count / 4 : ROUND_LEAST;
	for (; surplus && r->leaf_count; surplus--, r->present--)
		remove_token(r, pop_leaf(r));
	return TOK_OK;
}

/* New ids, for the specification and for whoever asks in the end. */
static enum tok_status renumber(struct round *r, struct tok_spec *spec, struct vocab_pruned *pruned,
				struct tok_error *err)
{
	tok_id *map = malloc((r->id_count + 1) * sizeof *map);
	tok_id next = 0;
	if (!map)
		return tok_fail_memory(err);
	for (size_t i = 0; i < r->id_count; i++)
		map[i] = r->states[i] == FREE || r->states[i] == FIXED ? next++ : TOK_NO_ID;
	const enum tok_status status = vocab_renumber(spec, map, r->id_count, err);
	for (size_t i = 0; i < pruned->id_count; i++)
		if (pruned->map[i] != TOK_NO_ID)
			pruned->map[i] = map[pruned->map[i]];
	pruned->kept = next;
	free(map);
	return status;
}

/* ---- the whole ---------------------------------------------------------------------- */

enum tok_status vocab_prune_accepts(const struct tok_spec *spec, struct tok_error *err)
{
	if (spec->model.kind == TOK_MODEL_WORDLEVEL)
		return tok_fail(err, TOK_EARG,
				"its tokens are whole words, and each that went would be unknown");
	if (spec->model.kind != TOK_MODEL_BPE && vocab_recipe_has_bytes(spec))
		return tok_fail(err, TOK_EARG, "of models over bytes only BPE can be pruned");
	return TOK_OK;
}

enum tok_status vocab_prune(struct tok_spec *spec, struct vocab_words_kept *words, size_t keep,
			    struct vocab_train_control *control, struct vocab_pruned *out,
			    struct tok_error *err)
{
	struct vocab_pruned pruned = { .id_count = vocab_next_id(spec) };
	enum tok_status status = vocab_prune_accepts(spec, err);
	if (status != TOK_OK)
		return status;
	pruned.map = malloc((pruned.id_count + 1) * sizeof *pruned.map);
	if (!pruned.map)
		return tok_fail_memory(err);
	for (size_t i = 0; i < pruned.id_count; i++)
		pruned.map[i] = (tok_id)i;
	bool go_on = true;
	while (status == TOK_OK && go_on) {
		struct round round = { .spec = spec };
		status = begin_round(&round, words, control, err);
		if (status == TOK_OK)
			status = remove_some(&round, keep, err);
		go_on = round.present > keep;
		if (status == TOK_OK)
			status = renumber(&round, spec, &pruned, err);
		end_round(&round);
	}
	if (status == TOK_OK)
		*out = pruned;
	else
		vocab_pruned_release(&pruned);
	return status;
}

void vocab_pruned_release(struct vocab_pruned *pruned)
{
	free(pruned->map);
	*pruned = (struct vocab_pruned){ 0 };
}
