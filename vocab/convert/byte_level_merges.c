/* byte_level_merges.c - the merges that a BPE had, as places of tokens: its list, or what its
 * scores amount to. */
#include "vocab/convert/byte_level_internal.h"

#include <stdlib.h>

#include "tok/text/utf8.h"

/* ---- from a list ------------------------------------------------------------------------- */

static enum tok_status from_list(struct level *l, struct level_merges *out)
{
	const struct tok_model_spec *model = &l->spec->model;
	const size_t count = model->as.bpe.merge_count;
	out->items = tok_arena_array(&l->scratch, count, sizeof *out->items);
	if (!out->items)
		return tok_fail_memory(l->err);
	for (size_t i = 0; i < count; i++) {
		const struct tok_merge *merge = &model->as.bpe.merges[i];
		out->items[i] = (struct tok_merge){ level_find_id(l, merge->left),
						    level_find_id(l, merge->right),
						    level_find_id(l, merge->result) };
	}
	out->count = count;
	return TOK_OK;
}

/* ---- from scores ------------------------------------------------------------------------- */

/* Looking for the halves of a piece takes the square of its length. */
enum { PIECE_LONGEST = 512 };

struct scored {
	double score;
	struct tok_merge merge;
};

/* As Hugging Face makes a list of scores: of one piece, by the ids of its halves. */
static int compare_scored(const void *a, const void *b)
{
	const struct scored *x = a, *y = b;
	if (x->score != y->score)
		return x->score > y->score ? -1 : 1;
	if (x->merge.result != y->merge.result)
		return x->merge.result < y->merge.result ? -1 : 1;
	return (x->merge.left > y->merge.left) - (x->merge.left < y->merge.left);
}

static bool is_merged(const struct level *l, const struct tok_vocab_entry *entry)
{
	const uint32_t at = level_find_id(l, entry->id);
	return at != LEVEL_NONE && !l->tokens[at].special && entry->type != TOK_PIECE_BYTE;
}

struct scored_list {
	struct scored *items;
	size_t count, capacity;
};

static bool add_halves(const struct level *l, const struct tok_strings *pieces,
		       const struct tok_vocab_entry *entry, struct scored_list *list)
{
	const struct tok_span text = entry->text;
	const uint32_t result = level_find_id(l, entry->id);
	for (size_t k = 1; k < text.count && text.count <= PIECE_LONGEST; k++) {
		if (tok_utf8_is_tail(text.bytes[k]))
			continue;
		const uint32_t left = tok_strings_find(pieces, tok_span_slice(text, 0, k));
		const uint32_t right =
		    left == LEVEL_NONE
			? LEVEL_NONE
			: tok_strings_find(pieces, tok_span_slice(text, k, text.count));
		if (right == LEVEL_NONE)
			continue;
		if (!tok_grow(&list->items, &list->capacity, list->count + 1, sizeof *list->items))
			return false;
		list->items[list->count++] =
		    (struct scored){ entry->score, { left, right, result } };
	}
	return true;
}

static bool list_halves(struct level *l, struct scored_list *list)
{
	const struct tok_model_spec *model = &l->spec->model;
	struct tok_strings pieces;
	bool done = tok_strings_init(&pieces, &l->scratch, model->entry_count);
	for (size_t i = 0; done && i < model->entry_count; i++)
		if (is_merged(l, &model->entries[i]))
			tok_strings_put(&pieces, model->entries[i].text,
					level_find_id(l, model->entries[i].id));
	for (size_t i = 0; done && i < model->entry_count; i++)
		if (is_merged(l, &model->entries[i]))
			done = add_halves(l, &pieces, &model->entries[i], list);
	return done;
}

static enum tok_status from_scores(struct level *l, struct level_merges *out)
{
	struct scored_list list = { 0 };
	bool done = list_halves(l, &list);
	if (list.count)
		qsort(list.items, list.count, sizeof *list.items, compare_scored);
	out->items = done ? tok_arena_array(&l->scratch, list.count, sizeof *out->items) : NULL;
	for (size_t i = 0; out->items && i < list.count; i++)
		out->items[i] = list.items[i].merge;
	out->count = list.count;
	free(list.items);
	return out->items ? TOK_OK : tok_fail_memory(l->err);
}

/* ---- those that still hold ------------------------------------------------------------------ */

static bool is_joined(struct tok_span left, struct tok_span right, struct tok_span whole)
{
	return left.count && right.count && whole.count == left.count + right.count &&
	       tok_span_starts(whole, left) &&
	       tok_span_equal(tok_span_slice(whole, left.count, whole.count), right);
}

static bool holds(const struct level *l, const struct tok_merge *merge)
{
	if (merge->left == LEVEL_NONE || merge->right == LEVEL_NONE || merge->result == LEVEL_NONE)
		return false;
	const struct level_token *left = &l->tokens[merge->left];
	const struct level_token *right = &l->tokens[merge->right];
	const struct level_token *whole = &l->tokens[merge->result];
	return left->id != TOK_NO_ID && right->id != TOK_NO_ID && whole->id != TOK_NO_ID &&
	       is_joined(left->form, right->form, whole->form) &&
	       !(l->options->whitespace && level_spaces(whole->form) > 1);
}

enum tok_status level_merges(struct level *l, struct level_merges *out)
{
	*out = (struct level_merges){ 0 };
	const enum tok_status status =
	    l->spec->model.as.bpe.order == TOK_BPE_SCORES ? from_scores(l, out) : from_list(l, out);
	if (status != TOK_OK)
		return status;
	out->total = out->count;
	out->count = 0;
	for (size_t i = 0; i < out->total; i++)
		if (holds(l, &out->items[i]))
			out->items[out->count++] = out->items[i];
	l->report.merges_dropped = out->total - out->count;
	return TOK_OK;
}
