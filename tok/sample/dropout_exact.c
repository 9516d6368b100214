/*
 * The whole distribution of a piece.
 *
 * A state is what is left of the piece and what is on offer: from there on nothing else
 * matters.  Each state is met once, with the probability that the ways to it add up to:
 * every step either joins two symbols, which offers at most two more merges in place of
 * one, or takes one off the offer, so that three times the symbols and the merges on offer
 * together always sink, and states are gone through from the highest of these sums down.
 */
#include <math.h>
#include <stdlib.h>
#include <xxhash.h>

#include "tok/sample/dropout_future_internal.h"

/* States a segmentation asked for (sampler.h), and numbers that all states may have.  Work is
 * counted in the numbers of states that are gone to, and what Hugging Face's method looks at
 * besides: states that were met before cost as much as others.  It is what the paper's method
 * needs where each two symbols of a word of that many segmentations merge; Hugging Face's has
 * more, as its words have more states. */
enum { STATES_EACH = 64, WORK_EACH = 1 << 10, WORK_EACH_HF = 1 << 13, WORK_LEAST = 1 << 22 };
#define WORDS_MAX ((size_t)1 << 25)
#define NO_ROW    UINT32_MAX

/* ---- rows of numbers, each with a probability --------------------------------------- */

struct row {
	size_t begin, count; /* in words */
	double probability;
	uint32_t next; /* of the states of the same height */
};

struct rows {
	uint32_t *words;
	struct row *items;
	uint32_t *slots; /* open addressing; NO_ROW: free */
	size_t word_count, word_capacity, count, capacity, slot_count, slot_capacity;
};

static void release_rows(struct rows *rows)
{
	free(rows->words);
	free(rows->items);
	free(rows->slots);
}

static uint32_t *find_slot(const struct rows *rows, const uint32_t *words, size_t count)
{
	size_t at = XXH3_64bits(words, count * sizeof *words) & (rows->slot_count - 1);
	for (;; at = (at + 1) & (rows->slot_count - 1)) {
		const uint32_t found = rows->slots[at];
		if (found == NO_ROW || (rows->items[found].count == count &&
					memcmp(rows->words + rows->items[found].begin, words,
					       count * sizeof *words) == 0))
			return &rows->slots[at];
	}
}

/* Half of the slots stay free. */
static bool reserve_slots(struct rows *rows)
{
	if (rows->slot_count > 2 * rows->count)
		return true;
	const size_t count = rows->slot_count ? 2 * rows->slot_count : 64;
	if (!tok_grow(&rows->slots, &rows->slot_capacity, count, sizeof *rows->slots))
		return false;
	rows->slot_count = count;
	memset(rows->slots, 0xFF, count * sizeof *rows->slots);
	for (uint32_t i = 0; i < rows->count; i++)
		*find_slot(rows, rows->words + rows->items[i].begin, rows->items[i].count) = i;
	return true;
}

/* Words behind the last row, which are taken by the next call of keep_row.  NULL: memory
 * is out. */
static uint32_t *open_row(struct rows *rows, size_t count)
{
	if (!tok_grow(&rows->words, &rows->word_capacity, rows->word_count + count + 1,
		      sizeof *rows->words))
		return NULL;
	return rows->words + rows->word_count;
}

/* Add the row that was opened, or its probability to that of an equal one.  NO_ROW: memory
 * is out.  `fresh`: it was added. */
static uint32_t keep_row(struct rows *rows, size_t count, double probability, bool *fresh)
{
	if (!reserve_slots(rows) ||
	    !tok_grow(&rows->items, &rows->capacity, rows->count + 1, sizeof *rows->items))
		return NO_ROW;
	uint32_t *slot = find_slot(rows, rows->words + rows->word_count, count);
	*fresh = *slot == NO_ROW;
	if (*fresh) {
		*slot = (uint32_t)rows->count;
		rows->items[rows->count++] = (struct row){ rows->word_count, count, 0, NO_ROW };
		rows->word_count += count;
	}
	rows->items[*slot].probability += probability;
	return *slot;
}

/* ---- states as rows ------------------------------------------------------------------ */

struct exact {
	const struct tok_dropout *dropout;
	struct tok_dropout_scratch *scratch;
	struct tok_span text;
	struct tok_range piece;
	size_t limit, work, most_work;
	struct rows states, outcomes;
	struct tok_future future; /* Hugging Face's method only */
	uint32_t *heights;        /* by height: the first state, or NO_ROW */
	size_t height_count;
	struct tok_tokens tokens;
};

/* How many are left of the order: live ones first, then stale ones where they matter. */
static uint32_t write_offers(const struct exact *x, uint32_t *words)
{
	const struct tok_order *order = &x->scratch->order;
	uint32_t count = 0;
	for (int stale = 0; stale < 2; stale++) {
		for (size_t i = 0; i < order->total; i++) {
			uint64_t key = tok_order_at(order, i);
			if (tok_order_is_stale(key) != (stale == 1))
				continue;
			if (stale)
				key = tok_future_place(&x->future, key);
			if (!key && stale)
				continue;
			words[2 * count] = (uint32_t)(key >> 32);
			words[2 * count++ + 1] = (uint32_t)key;
		}
	}
	return count;
}

/* How many symbols and merges there are, three numbers a symbol, two a merge, three a
 * split. */
static size_t write_state(const struct exact *x, uint32_t *words)
{
	const struct tok_dropout_scratch *s = x->scratch;
	size_t count = 2;
	words[0] = s->count;
	for (uint32_t at = s->count ? 0 : TOK_DROPOUT_NONE; at != TOK_DROPOUT_NONE;
	     at = s->nodes[at].next) {
		words[count++] = at;
		words[count++] = s->nodes[at].symbol;
		words[count++] = s->nodes[at].length;
	}
	words[1] = write_offers(x, words + count);
	count += 2 * (size_t)words[1];
	if (s->split_count)
		memcpy(words + count, s->splits, s->split_count * sizeof *s->splits);
	return count + s->split_count * (sizeof *s->splits / sizeof *words);
}

static enum tok_status fail_states(const struct exact *x, struct tok_error *err)
{
	return tok_fail(err, TOK_ELIMIT,
			"the piece of %u bytes from byte %u on can be merged in too many ways to "
			"list them: %zu states were met, for at most %zu segmentations",
			x->piece.end - x->piece.begin, x->piece.begin, x->states.count, x->limit);
}

static enum tok_status keep_state(struct exact *x, double probability, struct tok_error *err)
{
	const struct tok_dropout_scratch *s = x->scratch;
	const size_t most = 2 + 3 * (size_t)s->count + 2 * s->order.total + 3 * s->split_count;
	bool fresh;
	if (probability <= 0)
		return TOK_OK;
	uint32_t *words = open_row(&x->states, most);
	if (!words ||
	    (x->dropout->method == TOK_SAMPLE_BPE_DROPOUT_HF && !tok_future_look(&x->future, s)))
		return tok_fail_memory(err);
	const size_t count = write_state(x, words);
	const size_t height = 3 * (size_t)words[0] + words[1];
	const uint32_t row = keep_row(&x->states, count, probability, &fresh);
	if (row == NO_ROW)
		return tok_fail_memory(err);
	x->work += count;
	if ((x->states.count - 1) / STATES_EACH >= x->limit || x->states.word_count > WORDS_MAX ||
	    x->work + x->future.work > x->most_work)
		return fail_states(x, err);
	if (!fresh)
		return TOK_OK;
	x->states.items[row].next = x->heights[height];
	x->heights[height] = row;
	return TOK_OK;
}

static const uint32_t *read_nodes(struct exact *x, const uint32_t *words, uint32_t count)
{
	struct tok_dropout_node *nodes = x->scratch->nodes;
	uint32_t previous = TOK_DROPOUT_NONE;
	for (uint32_t i = 0; i < count; i++, words += 3) {
		nodes[words[0]] = (struct tok_dropout_node){
			.symbol = words[1],
			.length = words[2],
			.previous = previous,
			.next = i + 1 == count ? TOK_DROPOUT_NONE : words[3],
			.join.rank = TOK_DROPOUT_NONE,
		};
		previous = words[0];
	}
	return words;
}

static bool read_offers(struct exact *x, const uint32_t *words, uint32_t count)
{
	struct tok_dropout_scratch *s = x->scratch;
	tok_order_start(&s->order);
	for (uint32_t i = 0; i < count; i++, words += 2) {
		const uint64_t key = (uint64_t)words[0] << 32 | words[1];
		if (!tok_order_insert(&s->order, key) ||
		    (!tok_order_is_stale(key) &&
		     !tok_dropout_rate(x->dropout, s, tok_order_place(key))))
			return false;
	}
	return true;
}

/* Make the scratch what it was when the state was kept. */
static bool read_state(struct exact *x, uint32_t row)
{
	struct tok_dropout_scratch *s = x->scratch;
	const struct row state = x->states.items[row];
	const uint32_t *words = x->states.words + state.begin;
	const uint32_t count = words[0], offers = words[1];
	s->count = count;
	s->keeps_splits = false; /* what is rated now has been seen before */
	words = read_nodes(x, words + 2, count);
	if (!read_offers(x, words, offers))
		return false;
	words += 2 * (size_t)offers;
	const size_t rest = state.count - (size_t)(words - (x->states.words + state.begin));
	s->split_count = rest / (sizeof *s->splits / sizeof *words);
	if (!tok_grow(&s->splits, &s->split_capacity, s->split_count, sizeof *s->splits))
		return false;
	if (rest)
		memcpy(s->splits, words, rest * sizeof *words);
	s->keeps_splits = true;
	return true;
}

/* ---- from state to state ------------------------------------------------------------- */

/* No merge is on offer any more, or none is taken. */
static enum tok_status end_state(struct exact *x, uint32_t row, double probability,
				 struct tok_error *err)
{
	struct tok_dropout_scratch *s = x->scratch;
	const struct tok_model *model = x->dropout->model;
	if (probability <= 0)
		return TOK_OK;
	if (!read_state(x, row))
		return tok_fail_memory(err);
	for (size_t i = 0; i < s->split_count; i++) { /* the model must see them last */
		struct tok_join join;
		(void)tok_symbols_join(model, s->model, s->splits[i].left, s->splits[i].right,
				       &join);
	}
	tok_dropout_gather(s);
	x->tokens.count = 0;
	const enum tok_status status =
	    tok_symbols_write(model, s->model, x->text, x->piece, s->count, &x->tokens, err);
	if (status != TOK_OK)
		return status;

	bool fresh;
	uint32_t *words = open_row(&x->outcomes, x->tokens.count);
	if (!words)
		return tok_fail_memory(err);
	if (x->tokens.count)
		memcpy(words, x->tokens.ids, x->tokens.count * sizeof *words);
	if (keep_row(&x->outcomes, x->tokens.count, probability, &fresh) == NO_ROW)
		return tok_fail_memory(err);
	if (x->outcomes.count > x->limit)
		return tok_fail(err, TOK_ELIMIT,
				"the piece of %u bytes from byte %u on has more than %zu "
				"segmentations",
				x->piece.end - x->piece.begin, x->piece.begin, x->limit);
	return TOK_OK;
}

/* All but `dropped` merges on offer are not looked at, the one behind them is taken. */
static enum tok_status step(struct exact *x, uint32_t row, size_t dropped, double probability,
			    struct tok_error *err)
{
	if (probability <= 0)
		return TOK_OK;
	if (!read_state(x, row))
		return tok_fail_memory(err);
	const uint32_t at = tok_dropout_take(x->scratch, dropped);
	if (at != TOK_DROPOUT_NONE && !tok_dropout_join(x->dropout, x->scratch, at))
		return tok_fail_memory(err);
	return keep_state(x, probability, err);
}

static enum tok_status leave_offered_again(struct exact *x, uint32_t row, size_t offers,
					   struct tok_error *err)
{
	const double p = x->dropout->p;
	double left = x->states.items[row].probability;
	enum tok_status status = TOK_OK;
	for (size_t i = 0; i < offers && left > 0 && status == TOK_OK; i++, left *= p)
		status = step(x, row, i, left * (1 - p), err);
	return status == TOK_OK ? end_state(x, row, left, err) : status;
}

static enum tok_status leave_tried_once(struct exact *x, uint32_t row, size_t offers,
					struct tok_error *err)
{
	const double p = x->dropout->p, probability = x->states.items[row].probability;
	if (offers == 0)
		return end_state(x, row, probability, err);
	const enum tok_status status = step(x, row, 0, probability * (1 - p), err);
	if (status != TOK_OK)
		return status;
	if (!read_state(x, row))
		return tok_fail_memory(err);
	(void)tok_dropout_take(x->scratch, 0);
	return keep_state(x, probability * p, err);
}

static enum tok_status enumerate(struct exact *x, struct tok_error *err)
{
	struct tok_dropout_scratch *s = x->scratch;
	s->keeps_splits = true;
	if (!tok_dropout_start(x->dropout, s))
		return tok_fail_memory(err);
	if (x->dropout->method == TOK_SAMPLE_BPE_DROPOUT_HF &&
	    !tok_future_init(&x->future, x->dropout, s, x->most_work / 8))
		return tok_fail_memory(err);
	if (x->future.work > x->most_work / 8)
		return fail_states(x, err);
	x->height_count = 3 * (size_t)s->count + s->order.total + 1;
	x->heights = malloc(x->height_count * sizeof *x->heights);
	if (!x->heights)
		return tok_fail_memory(err);
	memset(x->heights, 0xFF, x->height_count * sizeof *x->heights);

	enum tok_status status = keep_state(x, 1, err);
	const bool once = x->dropout->method == TOK_SAMPLE_BPE_DROPOUT_SP;
	for (size_t height = x->height_count; height-- > 0;) {
		for (uint32_t row = x->heights[height]; row != NO_ROW && status == TOK_OK;
		     row = x->states.items[row].next) {
			const size_t offers = x->states.words[x->states.items[row].begin + 1];
			status =
			    (once ? leave_tried_once : leave_offered_again)(x, row, offers, err);
		}
	}
	return status;
}

static enum tok_status give_all(const struct rows *outcomes, tok_outcome_sink *sink, void *context,
				struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	for (size_t i = 0; i < outcomes->count && status == TOK_OK; i++) {
		const struct row *row = &outcomes->items[i];
		status = sink(context, outcomes->words + row->begin, row->count,
			      log(row->probability), err);
	}
	return status;
}

enum tok_status tok_dropout_exact(const struct tok_dropout *dropout,
				  struct tok_dropout_scratch *scratch, struct tok_span text,
				  struct tok_range piece, size_t limit, tok_outcome_sink *sink,
				  void *context, struct tok_error *err)
{
	struct exact x = {
		.dropout = dropout, .scratch = scratch, .text = text, .piece = piece, .limit = limit
	};
	const size_t each = dropout->method == TOK_SAMPLE_BPE_DROPOUT_HF ? WORK_EACH_HF : WORK_EACH;
	x.most_work = limit < (SIZE_MAX - WORK_LEAST) / each ? WORK_LEAST + each * limit : SIZE_MAX;
	enum tok_status status;
	if (dropout->p == 0) {
		status =
		    tok_model_encode(dropout->model, scratch->model, text, piece, &x.tokens, err);
		if (status == TOK_OK)
			status = sink(context, x.tokens.ids, x.tokens.count, 0, err);
	} else {
		status = tok_symbols_begin(dropout->model, scratch->model, text, piece,
					   &scratch->symbols, err);
		if (status == TOK_OK)
			status = enumerate(&x, err);
		if (status == TOK_OK)
			status = give_all(&x.outcomes, sink, context, err);
	}
	release_rows(&x.states);
	release_rows(&x.outcomes);
	tok_future_release(&x.future);
	tok_tokens_release(&x.tokens);
	free(x.heights);
	return status;
}
