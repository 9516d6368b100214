/*
 * neighbours.c - all tokens that may not stand behind one, at once.
 *
 * Of two tokens with a birth (spine.c) the merges across their boundary are those of a symbol x
 * along the right edge of the left one and a symbol y along the left edge of the right one, if they
 * lie side by side before their rank.  The left edges of all tokens are a forest: above a token is
 * its left part.  y lies at the edge of all tokens below it, until that part swallows it
 * through which the token is below.  So a merge of x and y refuses y itself and what is below those
 * of its children that are born late enough.  Numbered parents first and children from
 * the latest born on, these are a range.
 */
#include "tok/model/neighbours.h"

#include <stdlib.h>

#include "tok/model/bpe_internal.h"

struct merge {
	uint32_t right, rank;
};

struct tok_neighbours {
	const struct tok_model *model;
	uint32_t *first_merge; /* by place of the left symbol; one more than places */
	struct merge *merges;
	uint32_t *first_child; /* by place; one more than places */
	uint32_t *children;    /* places, the latest born first */
	uint32_t *number;      /* by place */
	uint32_t *end;         /* one more than the last number below */
	tok_id *ids;           /* by number */
	size_t count;
	struct tok_arena arena;
};

static const struct tok_spine *spines_of(const struct tok_neighbours *n)
{
	return n->model->bpe->walk.spines;
}

static size_t places_of(const struct tok_neighbours *n)
{
	return n->model->lexicon.count;
}

/* ---- building -------------------------------------------------------------------- */

static bool has_birth(const struct tok_neighbours *n, uint32_t symbol)
{
	return symbol < places_of(n) && spines_of(n)[symbol].birth != TOK_BIRTH_NEVER;
}

/* Merges of tokens with a birth, by their left one.  Counts become ends, then beginnings. */
static void sort_merges(struct tok_neighbours *n)
{
	const struct tok_pairs *all = &n->model->bpe->pairs;
	for (int fill = 0; fill < 2; fill++) {
		for (uint32_t i = 0; i < all->count; i++) {
			const struct tok_pair pair = all->slots[i];
			if (pair.rank == TOK_RANK_NONE || !has_birth(n, pair.left) ||
			    !has_birth(n, pair.right))
				continue;
			if (fill)
				n->merges[--n->first_merge[pair.left]] =
				    (struct merge){ pair.right, pair.rank };
			else
				n->first_merge[pair.left]++;
		}
		for (size_t i = 0; !fill && i < places_of(n); i++)
			n->first_merge[i + 1] += n->first_merge[i];
	}
}

struct child {
	uint32_t parent, birth, place;
};

static int compare_children(const void *a, const void *b)
{
	const struct child *x = a, *y = b;
	if (x->parent != y->parent)
		return x->parent < y->parent ? -1 : 1;
	if (x->birth != y->birth)
		return x->birth > y->birth ? -1 : 1;
	return x->place < y->place ? -1 : x->place > y->place;
}

static bool sort_children(struct tok_neighbours *n)
{
	struct child *sorted = calloc(places_of(n) + 1, sizeof *sorted);
	size_t count = 0;
	if (!sorted)
		return false;
	for (uint32_t i = 0; i < places_of(n); i++) {
		const struct tok_spine spine = spines_of(n)[i];
		if (spine.birth != TOK_BIRTH_NEVER && spine.birth != 0)
			sorted[count++] = (struct child){ spine.left, spine.birth, i };
	}
	if (count)
		qsort(sorted, count, sizeof *sorted, compare_children);
	for (size_t i = 0; i < count; i++) {
		n->first_child[sorted[i].parent + 1]++;
		n->children[i] = sorted[i].place;
	}
	for (size_t i = 0; i < places_of(n); i++)
		n->first_child[i + 1] += n->first_child[i];
	free(sorted);
	return true;
}

/* From a root on, without recursion: .end is the next child to be numbered until all are. */
static void number_below(struct tok_neighbours *n, uint32_t root)
{
	uint32_t at = root;
	for (;;) {
		if (n->number[at] == UINT32_MAX) {
			n->ids[n->count] = n->model->lexicon.ids[at];
			n->number[at] = (uint32_t)n->count++;
			n->end[at] = n->first_child[at];
		}
		if (n->end[at] < n->first_child[at + 1]) {
			at = n->children[n->end[at]++];
			continue;
		}
		n->end[at] = (uint32_t)n->count;
		if (at == root)
			return;
		at = spines_of(n)[at].left;
	}
}

static bool build(struct tok_neighbours *n)
{
	const size_t places = places_of(n);
	n->first_merge = tok_arena_array(&n->arena, places + 2, sizeof *n->first_merge);
	n->merges = tok_arena_array(&n->arena, n->model->bpe->pairs.count, sizeof *n->merges);
	n->first_child = tok_arena_array(&n->arena, places + 2, sizeof *n->first_child);
	n->children = tok_arena_array(&n->arena, places + 1, sizeof *n->children);
	n->number = tok_arena_array(&n->arena, places + 1, sizeof *n->number);
	n->end = tok_arena_array(&n->arena, places + 1, sizeof *n->end);
	n->ids = tok_arena_array(&n->arena, places + 1, sizeof *n->ids);
	if (!n->first_merge || !n->merges || !n->first_child || !n->children || !n->number ||
	    !n->end || !n->ids || !sort_children(n))
		return false;
	sort_merges(n);
	for (size_t i = 0; i < places; i++)
		n->number[i] = UINT32_MAX;
	for (uint32_t i = 0; i < places; i++)
		if (spines_of(n)[i].birth == 0)
			number_below(n, i);
	return true;
}

enum tok_status tok_neighbours_new(const struct tok_model *model, struct tok_neighbours **out,
				   struct tok_error *err)
{
	*out = NULL;
	if (!tok_model_pairs_decide(model) || !model->bpe->walk.spines)
		return TOK_OK;
	struct tok_neighbours *n = calloc(1, sizeof *n);
	if (!n)
		return tok_fail_memory(err);
	n->model = model;
	if (!build(n)) {
		tok_neighbours_free(n);
		return tok_fail_memory(err);
	}
	*out = n;
	return TOK_OK;
}

void tok_neighbours_free(struct tok_neighbours *n)
{
	if (!n)
		return;
	tok_arena_release(&n->arena);
	free(n);
}

/* ---- questions --------------------------------------------------------------------- */

size_t tok_neighbours_ids(const struct tok_neighbours *n, const tok_id **ids)
{
	*ids = n->ids;
	return n->count;
}

/* One more than the number of the last one that is y, or below a child that is born at `birth` or
 * later. */
static uint32_t range_end(const struct tok_neighbours *n, uint32_t y, uint32_t birth)
{
	uint32_t low = n->first_child[y], high = n->first_child[y + 1];
	while (low < high) {
		const uint32_t middle = low + (high - low) / 2;
		if (spines_of(n)[n->children[middle]].birth >= birth)
			low = middle + 1;
		else
			high = middle;
	}
	return low < n->first_child[y + 1] ? n->number[n->children[low]] : n->end[y];
}

bool tok_neighbours_refused(const struct tok_neighbours *n, tok_id left, tok_neighbours_sink *sink,
			    void *context)
{
	const struct tok_spine *spines = spines_of(n);
	uint32_t x = tok_lexicon_place(&n->model->lexicon, left), x_end = UINT32_MAX;
	if (!has_birth(n, x))
		return false;
	for (;;) {
		for (uint32_t i = n->first_merge[x]; i < n->first_merge[x + 1]; i++) {
			const struct merge merge = n->merges[i];
			const uint32_t y = merge.right;
			/* As meets_no_merge goes back in time: y is swallowed no earlier than the
			 * merge comes, and x has come. */
			const uint32_t birth =
			    merge.rank + 1 > spines[x].birth ? merge.rank + 1 : spines[x].birth;
			if (merge.rank + 1 < x_end && spines[y].birth < x_end)
				sink(context,
				     (struct tok_range){ n->number[y], range_end(n, y, birth) });
		}
		if (spines[x].birth == 0)
			return true;
		x_end = spines[x].birth;
		x = spines[x].right;
	}
}
