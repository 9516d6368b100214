/*
 * fast_merges.c - from scores to a list of merges.
 *
 * SentencePiece joins any two neighbours whose joined text is a piece, the highest score first and
 * of equals the leftmost. A list of merges holds all such pairs by falling score, and of equals
 * that with the longest left part first: so a run of one character grows from its left end, as
 * there, which is how Llama 2 has runs of spaces. Else pairs of equal score, which make one piece
 * or several, can come in another order only where they overlap.
 */
#include "vocab/convert/fast_internal.h"

#include <math.h>
#include <stdlib.h>

#include "tok/base/hash.h"
#include "tok/text/json.h"
#include "tok/text/utf8.h"

/* A merge and the score of what it makes; parts are characters. */
struct scored {
	struct tok_merge merge;
	size_t left, right;
	double score;
	bool run; /* of one character */
};

struct merging {
	struct tok_model_spec *model;
	struct tok_arena scratch;
	struct tok_strings ids; /* of pieces that merging may make or join */
	struct scored *found;
	size_t count, capacity;
};

static bool may_join(const struct tok_vocab_entry *entry)
{
	return entry->type == TOK_PIECE_NORMAL || entry->type == TOK_PIECE_UNUSED;
}

static bool collect_pieces(struct merging *m)
{
	const struct tok_model_spec *model = m->model;
	if (!tok_strings_init(&m->ids, &m->scratch, model->entry_count))
		return false;
	for (size_t i = 0; i < model->entry_count; i++)
		if (may_join(&model->entries[i]))
			tok_strings_put(&m->ids, model->entries[i].text, model->entries[i].id);
	return true;
}

static bool add_merge(struct merging *m, const struct scored *one)
{
	if (m->count == m->capacity &&
	    !tok_grow(&m->found, &m->capacity, m->count + 1, sizeof *m->found))
		return false;
	m->found[m->count++] = *one;
	return true;
}

static bool is_run(struct tok_span text)
{
	const size_t length = tok_utf8_at(text, 0).length;
	return memcmp(text.bytes, text.bytes + length, text.count - length) == 0;
}

/* All ways to put `entry` together. */
static bool split_piece(struct merging *m, const struct tok_vocab_entry *entry)
{
	const struct tok_span text = entry->text;
	const size_t chars = tok_utf8_count(text);
	const bool run = text.count && is_run(text);
	size_t before = 1;
	for (size_t at = tok_utf8_at(text, 0).length; at < text.count;
	     at += tok_utf8_at(text, at).length, before++) {
		const tok_id left = tok_strings_find(&m->ids, tok_span_slice(text, 0, at));
		if (left == TOK_NO_ID)
			continue;
		const tok_id right =
		    tok_strings_find(&m->ids, tok_span_slice(text, at, text.count));
		const struct scored one = {
			{ left, right, entry->id }, before, chars - before, entry->score, run
		};
		if (right != TOK_NO_ID && !add_merge(m, &one))
			return false;
	}
	return true;
}

static bool find_merges(struct merging *m)
{
	if (!collect_pieces(m))
		return false;
	for (size_t i = 0; i < m->model->entry_count; i++)
		if (may_join(&m->model->entries[i]) && !split_piece(m, &m->model->entries[i]))
			return false;
	return true;
}

static int compare_sizes(size_t a, size_t b)
{
	return (a > b) - (a < b);
}

static int compare_merges(const void *a, const void *b)
{
	const struct scored *x = a, *y = b;
	if (x->score != y->score)
		return x->score > y->score ? -1 : 1;
	if (x->left != y->left)
		return compare_sizes(y->left, x->left);
	if (x->right != y->right)
		return compare_sizes(y->right, x->right);
	return compare_sizes(x->merge.result, y->merge.result);
}

/* Pieces with the score of another, but for runs of one character. Merges are sorted. */
static size_t count_equal(const struct merging *m)
{
	size_t count = 0;
	tok_id last = TOK_NO_ID;
	double score = 0;
	for (size_t i = 0; i < m->count; i++) {
		const struct scored *one = &m->found[i];
		if (one->run)
			continue;
		count += last != TOK_NO_ID && one->score == score && one->merge.result != last;
		last = one->merge.result;
		score = one->score;
	}
	return count;
}

/* What is no number is put last: it has no order. */
static void sort_merges(struct merging *m, struct vocab_losses *losses)
{
	size_t nameless = 0;
	for (size_t i = 0; i < m->count; i++)
		if (isnan(m->found[i].score)) {
			m->found[i].score = -INFINITY;
			nameless++;
		}
	if (m->count)
		qsort(m->found, m->count, sizeof *m->found, compare_merges);
	const size_t equal = count_equal(m);
	if (nameless)
		vocab_losses_add(losses, "model: %zu merges have a score that is no number",
				 nameless);
	if (equal)
		vocab_losses_add(losses,
				 "model: %zu merges have the score of others: SentencePiece does "
				 "the leftmost first, a list has an order",
				 equal);
}

static enum tok_status keep_merges(struct merging *m, struct tok_spec *spec, struct tok_error *err)
{
	struct tok_merge *merges = tok_arena_array(&spec->arena, m->count, sizeof *merges);
	if (!merges)
		return tok_fail_memory(err);
	for (size_t i = 0; i < m->count; i++)
		merges[i] = m->found[i].merge;
	spec->model.as.bpe.order = TOK_BPE_MERGES;
	spec->model.as.bpe.merges = merges;
	spec->model.as.bpe.merge_count = m->count;
	return TOK_OK;
}

enum tok_status fast_merges(struct tok_spec *spec, struct vocab_losses *losses,
			    struct tok_error *err)
{
	struct merging m = { .model = &spec->model };
	enum tok_status status = find_merges(&m) ? TOK_OK : tok_fail_memory(err);
	if (status == TOK_OK) {
		sort_merges(&m, losses);
		status = keep_merges(&m, spec, err);
	}
	free(m.found);
	tok_arena_release(&m.scratch);
	return status;
}
