#include <stdlib.h>

#include "vocab/train/bpe_internal.h"

enum { BATCH = 4096, AHEAD = 16 };

/* ---- what stands on one side ---------------------------------------------- */

static bool side_reserve(struct bpe_side *side, size_t have, size_t symbols)
{
	uint64_t *weights = realloc(side->weights, symbols * sizeof *weights);
	if (weights)
		side->weights = weights;
	uint32_t *lists = realloc(side->lists, symbols * sizeof *lists);
	if (lists)
		side->lists = lists;
	uint32_t *touched = realloc(side->touched, symbols * sizeof *touched);
	if (touched)
		side->touched = touched;
	if (!weights || !lists || !touched)
		return false;
	memset(side->weights + have, 0, (symbols - have) * sizeof *weights);
	memset(side->lists + have, 0, (symbols - have) * sizeof *lists);
	return true;
}

static void side_release(struct bpe_side *side)
{
	free(side->weights);
	free(side->lists);
	free(side->touched);
	free(side->events);
	*side = (struct bpe_side){ 0 };
}

void bpe_join_release(struct bpe_join *join)
{
	side_release(&join->left);
	side_release(&join->right);
	free(join->words);
	free(join->sorted);
	*join = (struct bpe_join){ 0 };
}

static bool join_reserve(struct bpe_join *join, size_t symbols)
{
	if (!join->words)
		join->words = malloc(BATCH * sizeof *join->words);
	if (!join->words)
		return false;
	if (symbols <= join->capacity)
		return true;
	const size_t want = symbols * 2;
	if (!side_reserve(&join->left, join->capacity, want) ||
	    !side_reserve(&join->right, join->capacity, want))
		return false;
	join->capacity = want;
	return true;
}

static void touch(struct bpe_side *side, uint32_t neighbour, uint64_t weight)
{
	if (side->weights[neighbour] == 0 && side->lists[neighbour] == 0)
		side->touched[side->touched_count++] = neighbour;
	side->weights[neighbour] += weight;
}

/* A list holds a word once; where memory is out, the side says so in the end. */
static void add_event(struct bpe_side *side, uint32_t neighbour, uint32_t word)
{
	const struct bpe_event *last =
	    side->event_count ? &side->events[side->event_count - 1] : NULL;
	if (last && last->neighbour == neighbour && last->word == word)
		return;
	if (side->event_count == side->event_capacity &&
	    !tok_grow(&side->events, &side->event_capacity, side->event_count + 1,
		      sizeof *side->events)) {
		side->full = true;
		return;
	}
	if (side->weights[neighbour] == 0 && side->lists[neighbour] == 0)
		side->touched[side->touched_count++] = neighbour;
	side->lists[neighbour]++;
	side->events[side->event_count++] = (struct bpe_event){ neighbour, word };
}

/* ---- one word ------------------------------------------------------------- */

struct step {
	uint32_t left, right, result;
	bool wide;
};

/* Join the pair in the row of a word. */
static inline void join_row(struct bpe_join *join, const struct step *step, const bool wide,
			    struct bpe_row *head, uint32_t word)
{
	void *row = bpe_row_symbols(head);
	const uint64_t weight = head->count;
	size_t from = 0, to = 0;
	uint32_t before = BPE_END, here = bpe_symbol(row, wide, from);
	while (here != BPE_END) {
		const uint32_t next = bpe_symbol(row, wide, from + 1);
		if (here != step->left || next != step->right) {
			if (to != from)
				bpe_symbol_set(row, wide, to, here);
			to++, from++;
			before = here;
			here = next;
			continue;
		}
		const uint32_t behind = bpe_symbol(row, wide, from + 2);
		if (before < BPE_BARRIER) {
			touch(&join->left, before, weight);
			add_event(&join->left, before, word);
		}
		if (behind < BPE_BARRIER) {
			touch(&join->right, behind, weight);
			/* (result, result) is one pair, on whichever side it came about. */
			add_event(behind == step->result ? &join->left : &join->right, behind,
				  word);
		}
		bpe_symbol_set(row, wide, to++, step->result);
		before = step->result;
		from += 2;
		here = behind;
	}
	if (to != from)
		bpe_symbol_set(row, wide, to, BPE_END);
}

static void join_words(struct bpe_join *join, const struct step *step, const bool wide,
		       const struct bpe_words *words, size_t count)
{
	const uint32_t *list = join->words;
	for (size_t i = 0; i < count; i++) {
		if (i + AHEAD < count)
			__builtin_prefetch(bpe_row(words, list[i + AHEAD]));
		join_row(join, step, wide, bpe_row(words, list[i]), list[i]);
	}
}

/* All words of a list. */
static void join_list(struct bpe_join *join, const struct step *step, const struct bpe_words *words,
		      struct tok_span postings)
{
	const uint8_t *at = postings.bytes, *end = postings.bytes + postings.count;
	uint32_t word = UINT32_MAX;
	while (at < end) {
		size_t count = 0;
		for (; count < BATCH && at < end; count++) {
			uint32_t difference;
			at = bpe_varint_get(at, &difference);
			word += difference;
			join->words[count] = word;
		}
		if (step->wide)
			join_words(join, step, true, words, count);
		else
			join_words(join, step, false, words, count);
	}
}

/* ---- what it means for pairs ---------------------------------------------- */

struct change {
	struct bpe_window *window;
	const struct bpe_tokens *tokens;
	const struct vocab_bpe_options *options;
	const struct step *step;
	bool right; /* the neighbours stand to the right */
};

static uint64_t pair_with(const struct change *change, uint32_t symbol, uint32_t neighbour)
{
	return change->right ? bpe_pair(symbol, neighbour) : bpe_pair(neighbour, symbol);
}

static bool is_too_long(const struct change *change, uint64_t pair)
{
	const struct bpe_token *items = change->tokens->items;
	return bpe_too_long(change->options,
			    (uint64_t)items[pair >> 32].units + items[(uint32_t)pair].units);
}

/* Pairs of the neighbour with what was joined are fewer now, pairs with the result more. */
static bool count_neighbours(const struct change *change, const struct bpe_side *side)
{
	struct bpe_pairs *pairs = &change->window->pairs;
	const uint32_t was = change->right ? change->step->right : change->step->left;
	for (size_t i = 0; i < side->touched_count; i++) {
		const uint32_t neighbour = side->touched[i];
		const int64_t weight = (int64_t)side->weights[neighbour];
		if (weight == 0) /* only events, of the other side */
			continue;
		struct bpe_pair_slot *slot =
		    bpe_pairs_find(pairs, pair_with(change, was, neighbour));
		if (slot)
			slot->count -= weight;
		const uint64_t pair = pair_with(change, change->step->result, neighbour);
		slot = bpe_pairs_find(pairs, pair);
		if (!slot && (weight < change->window->floor || is_too_long(change, pair)))
			continue;
		if (!slot)
			slot = bpe_pairs_get(pairs, pair);
		if (!slot)
			return false;
		slot->count += weight;
	}
	return true;
}

/* Bring the words of each neighbour together, in their order; lists[] becomes the
 * end of each. */
static bool sort_events(struct bpe_join *join, struct bpe_side *side)
{
	if (!tok_grow(&join->sorted, &join->sorted_capacity, side->event_count,
		      sizeof *join->sorted))
		return false;
	uint32_t sum = 0;
	for (size_t i = 0; i < side->touched_count; i++) {
		uint32_t *list = &side->lists[side->touched[i]];
		const uint32_t count = *list;
		*list = sum;
		sum += count;
	}
	for (size_t i = 0; i < side->event_count; i++)
		join->sorted[side->lists[side->events[i].neighbour]++] = side->events[i].word;
	return true;
}

static enum tok_status add_entry(const struct change *change, uint64_t pair, const uint32_t *words,
				 size_t count, struct tok_error *err)
{
	struct bpe_window *window = change->window;
	const struct bpe_pair_slot *slot = bpe_pairs_find(&window->pairs, pair);
	if (!slot || slot->count <= 0 || slot->count < window->floor || is_too_long(change, pair))
		return TOK_OK;
	const uint64_t begin = bpe_postings_end(&window->postings);
	struct bpe_entry entry = { .pair = pair, .count = slot->count, .begin = begin };
	const enum tok_status status = bpe_postings_put(&window->postings, words, count, err);
	if (status != TOK_OK)
		return status;
	entry.bytes = bpe_postings_end(&window->postings) - begin;
	return bpe_queue_add(&window->queue, entry) ? TOK_OK : tok_fail_memory(err);
}

static enum tok_status add_entries(const struct change *change, struct bpe_join *join,
				   struct bpe_side *side, struct tok_error *err)
{
	if (!sort_events(join, side))
		return tok_fail_memory(err);
	enum tok_status status = TOK_OK;
	uint32_t begin = 0;
	for (size_t i = 0; status == TOK_OK && i < side->touched_count; i++) {
		const uint32_t neighbour = side->touched[i];
		const uint32_t end = side->lists[neighbour];
		if (end > begin)
			status =
			    add_entry(change, pair_with(change, change->step->result, neighbour),
				      join->sorted + begin, end - begin, err);
		begin = end;
	}
	return status;
}

/* Ready for the next step; a giant step's room is given back. */
static void side_clear(struct bpe_side *side)
{
	enum { KEPT = 1 << 18 };
	for (size_t i = 0; i < side->touched_count; i++) {
		side->weights[side->touched[i]] = 0;
		side->lists[side->touched[i]] = 0;
	}
	side->touched_count = side->event_count = 0;
	if (side->event_capacity > KEPT) {
		free(side->events);
		side->events = NULL;
		side->event_capacity = 0;
	}
}

enum tok_status bpe_join_pair(struct bpe_join *join, struct bpe_words *words,
			      struct bpe_window *window, const struct bpe_tokens *tokens,
			      const struct vocab_bpe_options *options, uint32_t entry,
			      uint32_t result, struct tok_error *err)
{
	struct bpe_entry *joined = &window->queue.entries[entry];
	const struct step step = { .left = (uint32_t)(joined->pair >> 32),
				   .right = (uint32_t)joined->pair,
				   .result = result,
				   .wide = words->wide };
	struct tok_span postings;
	enum tok_status status =
	    bpe_postings_get(&window->postings, joined->begin, joined->bytes, &postings, err);
	if (status != TOK_OK)
		return status;
	joined->pair = BPE_NO_PAIR;
	if (!join_reserve(join, tokens->count))
		return tok_fail_memory(err);
	join_list(join, &step, words, postings);
	if (join->left.full || join->right.full)
		return tok_fail_memory(err);

	const struct change left = { window, tokens, options, &step, false };
	const struct change right = { window, tokens, options, &step, true };
	/* In "aaaa" a pair (aa, a) comes about on the right and is gone again on the left. */
	if (!count_neighbours(&right, &join->right) || !count_neighbours(&left, &join->left))
		return tok_fail_memory(err);
	status = add_entries(&left, join, &join->left, err);
	if (status == TOK_OK)
		status = add_entries(&right, join, &join->right, err);
	side_clear(&join->left);
	side_clear(&join->right);
	return status;
}
