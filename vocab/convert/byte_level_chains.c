/* byte_level_chains.c - step 8 of BPE: merges that make of bytes what was a character, or had no
 * merges, or is a run of white space. */
#include "vocab/convert/byte_level_internal.h"

#include <stdlib.h>

#include "tok/pipe/tokenizer.h"
#include "tok/text/utf8.h"

/* One joining: the first `left` bytes of `whole` and the others.
 *
 * Their order matters.  What is joined first in a character is its first two bytes, in all
 * characters, so that nothing else takes the second one; behind those the third and fourth.
 * Of a run of one character the longer come first, else three would be taken from four. */
struct joining {
	struct tok_span whole;
	uint32_t left, round, place, chars;
	bool behind; /* the merges that were */
};

struct joinings {
	struct joining *items;
	size_t count, capacity;
};

static int compare_bytes(struct tok_span a, struct tok_span b)
{
	const size_t common = a.count < b.count ? a.count : b.count;
	const int order = common ? memcmp(a.bytes, b.bytes, common) : 0;
	return order ? order : (a.count > b.count) - (a.count < b.count);
}

static int compare_joinings(const void *a, const void *b)
{
	const struct joining *x = a, *y = b;
	if (x->behind != y->behind)
		return (int)x->behind - (int)y->behind;
	if (x->round != y->round)
		return x->round < y->round ? -1 : 1;
	if (x->place != y->place)
		return x->place < y->place ? -1 : 1;
	if (x->chars != y->chars)
		return x->chars > y->chars ? -1 : 1;
	const int order = compare_bytes(x->whole, y->whole);
	return order ? order : (x->left > y->left) - (x->left < y->left);
}

/* ---- joinings of a form ---------------------------------------------------------------- */

static bool add_joining(struct joinings *list, const struct joining *joining)
{
	if (!tok_grow(&list->items, &list->capacity, list->count + 1, sizeof *list->items))
		return false;
	list->items[list->count++] = *joining;
	return true;
}

/* Where its characters begin, and its end. */
static size_t find_chars(struct tok_span form, uint32_t *ends)
{
	size_t count = 0;
	for (size_t i = 0; i < form.count; i++)
		if (!tok_utf8_is_tail(form.bytes[i]))
			ends[count++] = (uint32_t)i;
	ends[count] = (uint32_t)form.count;
	return count;
}

/* Neighbours two by two, then these, until there is one. */
static bool join_form(struct tok_span form, struct joinings *list)
{
	uint32_t ends[VOCAB_BYTE_LEVEL_LONGEST + 1];
	if (tok_utf8_count(form) > VOCAB_BYTE_LEVEL_LONGEST)
		return true;
	const bool behind = level_spaces(form) > 1;
	size_t parts = find_chars(form, ends);
	for (uint32_t round = 0; parts > 1; round++) {
		for (size_t i = 0; i + 1 < parts; i += 2) {
			const struct tok_span whole = tok_span_slice(form, ends[i], ends[i + 2]);
			const struct joining next = {
				.whole = whole,
				.left = ends[i + 1] - ends[i],
				.round = round,
				.place = (uint32_t)(i / 2),
				.chars = (uint32_t)tok_utf8_count(whole),
				.behind = behind,
			};
			if (!add_joining(list, &next))
				return false;
		}
		for (size_t i = 0; i <= parts / 2; i++)
			ends[i] = ends[2 * i];
		ends[(parts + 1) / 2] = (uint32_t)form.count;
		parts = (parts + 1) / 2;
	}
	return true;
}

/* All runs: those of one character as other forms, and the others from that and what is in
 * front of it, when the run is whole. */
static bool join_runs(struct level *l, struct joinings *list)
{
	struct tok_span form;
	for (unsigned first = 0; first < LEVEL_WHITES; first++)
		for (unsigned second = 0; second < LEVEL_WHITES; second++)
			for (unsigned many = 1; many <= LEVEL_RUN_LONGEST; many++) {
				if (!level_run(l, first, second, many, &form))
					return false;
				const struct joining next = { form, 2, UINT32_MAX, 0, many, true };
				if (first == second ? !join_form(form, list)
						    : !add_joining(list, &next))
					return false;
			}
	return true;
}

/* ---- what has no merges --------------------------------------------------------------------- */

struct expansion {
	uint32_t *inverse; /* by token: the first merge that makes it */
	bool *seen;        /* by token */
	uint32_t *stack;
	const struct level_merges *merges;
	struct joinings *list;
};

/* Each token is taken apart once, and so is each part: what is left has no merge. */
static bool expand(const struct level *l, struct expansion *e, uint32_t from)
{
	size_t depth = 0;
	if (!e->seen[from])
		e->stack[depth++] = from;
	e->seen[from] = true;
	while (depth) {
		const uint32_t at = e->stack[--depth];
		if (e->inverse[at] == LEVEL_NONE) {
			if (!join_form(l->tokens[at].form, e->list))
				return false;
			continue;
		}
		const struct tok_merge *merge = &e->merges->items[e->inverse[at]];
		const uint32_t parts[] = { merge->left, merge->right };
		for (size_t i = 0; i < 2; i++) {
			if (!e->seen[parts[i]])
				e->stack[depth++] = parts[i];
			e->seen[parts[i]] = true;
		}
	}
	return true;
}

static bool join_leaves(struct level *l, const struct level_merges *merges, struct joinings *list)
{
	struct expansion e = { .merges = merges, .list = list };
	e.inverse = tok_arena_array(&l->scratch, l->count, sizeof *e.inverse);
	e.seen = tok_arena_array(&l->scratch, l->count, sizeof *e.seen);
	e.stack = tok_arena_array(&l->scratch, l->count, sizeof *e.stack);
	if (!e.inverse || !e.seen || !e.stack)
		return false;
	for (size_t i = 0; i < l->count; i++)
		e.inverse[i] = LEVEL_NONE;
	for (size_t i = merges->count; i-- > 0;)
		e.inverse[merges->items[i].result] = (uint32_t)i;
	for (size_t i = 0; i < l->count; i++)
		if (l->tokens[i].written && l->tokens[i].id != TOK_NO_ID &&
		    !expand(l, &e, (uint32_t)i))
			return false;
	return true;
}

/* ---- tokens on the way ------------------------------------------------------------------------
 */

static int compare_spans(const void *a, const void *b)
{
	return compare_bytes(*(const struct tok_span *)a, *(const struct tok_span *)b);
}

/* Room for more tokens, and an index with all of them. */
static bool make_room(struct level *l, size_t more)
{
	struct level_token *tokens = tok_arena_array(&l->scratch, l->count + more, sizeof *tokens);
	if (!tokens || !tok_strings_init(&l->forms, &l->scratch, l->count + more))
		return false;
	if (l->count)
		memcpy(tokens, l->tokens, l->count * sizeof *tokens);
	for (size_t i = 0; i < l->count; i++)
		if (tokens[i].id != TOK_NO_ID)
			tok_strings_put(&l->forms, tokens[i].form, (uint32_t)i);
	l->tokens = tokens;
	l->capacity = l->count + more;
	return true;
}

static enum tok_status append_made(struct level *l, const struct joinings *list)
{
	struct tok_span *made = tok_arena_array(&l->scratch, list->count, sizeof *made);
	size_t count = 0;
	if (!made)
		return tok_fail_memory(l->err);
	for (size_t i = 0; i < list->count; i++)
		if (level_find(l, list->items[i].whole) == LEVEL_NONE)
			made[count++] = list->items[i].whole;
	if (!make_room(l, count))
		return tok_fail_memory(l->err);
	if (count)
		qsort(made, count, sizeof *made, compare_spans);
	for (size_t i = 0; i < count; i++) {
		if (i && tok_span_equal(made[i], made[i - 1]))
			continue;
		const enum tok_status status = level_append(l, made[i], 0);
		if (status != TOK_OK)
			return status;
		l->report.tokens_made++;
	}
	return TOK_OK;
}

/* ---- all of them
 * --------------------------------------------------------------------------------- */

struct merge_list {
	struct tok_merge *items;
	size_t count;
	struct tok_strings pairs; /* those that there are: twice an id */
	uint32_t (*keys)[2];
	size_t key_count;
};

static bool claim_pair(struct merge_list *out, uint32_t left, uint32_t right)
{
	uint32_t *key = out->keys[out->key_count];
	key[0] = left;
	key[1] = right;
	const struct tok_span bytes = { (const uint8_t *)key, 2 * sizeof *key };
	if (!tok_strings_add(&out->pairs, bytes, 0))
		return false;
	out->key_count++;
	return true;
}

static void put_merge(struct level *l, struct merge_list *out, const struct tok_merge *merge)
{
	out->items[out->count++] =
	    (struct tok_merge){ l->tokens[merge->left].id, l->tokens[merge->right].id,
				l->tokens[merge->result].id };
}

/* Those in front of the old merges, or those behind; what is a merge already stays where it is. */
static void put_joinings(struct level *l, struct merge_list *out, const struct joinings *list,
			 bool behind)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct joining *next = &list->items[i];
		const struct tok_span whole = next->whole;
		const struct tok_merge merge = {
			level_find(l, tok_span_slice(whole, 0, next->left)),
			level_find(l, tok_span_slice(whole, next->left, whole.count)),
			level_find(l, whole),
		};
		if (next->behind != behind || !claim_pair(out, merge.left, merge.right))
			continue;
		put_merge(l, out, &merge);
		l->report.merges_added++;
	}
}

static enum tok_status write_merges(struct level *l, const struct level_merges *merges,
				    const struct joinings *list)
{
	const size_t most = merges->count + list->count;
	struct merge_list out = { 0 };
	out.items = tok_arena_array(&l->out->arena, most, sizeof *out.items);
	out.keys = tok_arena_array(&l->scratch, most + 1, sizeof *out.keys);
	if (!out.items || !out.keys || !tok_strings_init(&out.pairs, &l->scratch, most))
		return tok_fail_memory(l->err);
	for (size_t i = 0; i < merges->count; i++)
		(void)claim_pair(&out, merges->items[i].left, merges->items[i].right);
	put_joinings(l, &out, list, false);
	for (size_t i = 0; i < merges->count; i++)
		put_merge(l, &out, &merges->items[i]);
	put_joinings(l, &out, list, true);
	l->out->model.as.bpe.merges = out.items;
	l->out->model.as.bpe.merge_count = out.count;
	return TOK_OK;
}

enum tok_status level_chain(struct level *l, const struct level_merges *merges)
{
	struct joinings list = { 0 };
	bool done = join_leaves(l, merges, &list);
	if (done && l->options->whitespace)
		done = join_runs(l, &list);
	enum tok_status status = done ? TOK_OK : tok_fail_memory(l->err);
	if (list.count)
		qsort(list.items, list.count, sizeof *list.items, compare_joinings);
	if (status == TOK_OK)
		status = append_made(l, &list);
	if (status == TOK_OK)
		status = write_merges(l, merges, &list);
	free(list.items);
	return status;
}
