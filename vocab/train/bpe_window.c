#include <stdlib.h>

#include "vocab/train/bpe_internal.h"

/* Lists that are filled in at one time, where they go to a file. */
#define FILL_BYTES ((size_t)8 << 20)

void bpe_window_release(struct bpe_window *window)
{
	bpe_pairs_release(&window->pairs);
	bpe_postings_release(&window->postings);
	bpe_queue_release(&window->queue);
}

/* ---- the floor ------------------------------------------------------------ */

/* Counts by size: 32 classes for each power of two. */
enum { CLASS_BITS = 5, CLASSES = 64 << CLASS_BITS };

static size_t class_of(uint64_t count)
{
	if (count < 1u << CLASS_BITS)
		return (size_t)count;
	const unsigned shift = 63u - (unsigned)__builtin_clzll(count) - CLASS_BITS;
	return ((size_t)(shift + 1) << CLASS_BITS) + ((count >> shift) & ((1u << CLASS_BITS) - 1));
}

static uint64_t least_of_class(size_t class)
{
	if (class < 1u << CLASS_BITS)
		return class;
	const size_t shift = (class >> CLASS_BITS) - 1;
	return ((uint64_t)(1u << CLASS_BITS) + (class & ((1u << CLASS_BITS) - 1))) << shift;
}

/* Raise the floor until at most `keep` of the pairs are above it, or all of them are of
 * one class, and forget the others. */
static bool raise_floor(struct bpe_window *window, struct bpe_pairs *pairs, size_t keep)
{
	size_t sizes[CLASSES] = { 0 };
	for (size_t i = 0; i <= pairs->mask; i++)
		if (pairs->slots[i].pair != BPE_NO_PAIR && pairs->slots[i].count > 0)
			sizes[class_of((uint64_t)pairs->slots[i].count)]++;
	size_t class = CLASSES, kept = 0;
	while (class > 1 && (kept == 0 || kept + sizes[class - 1] <= keep))
		kept += sizes[--class];
	const int64_t floor = (int64_t)least_of_class(class);
	if (floor > window->floor)
		window->floor = floor;
	return bpe_pairs_purge(pairs, window->floor);
}

/* ---- all pairs of all words ------------------------------------------------ */

struct scan {
	const struct bpe_words *words;
	const struct bpe_tokens *tokens;
	const struct vocab_bpe_options *options;
	struct bpe_window *window;
};

typedef bool pair_visit(const struct scan *scan, void *context, uint64_t pair, uint32_t word);

static inline bool scan_row(const struct scan *scan, const bool wide, uint32_t word,
			    pair_visit *visit, void *context)
{
	const void *row = bpe_row_symbols(bpe_row(scan->words, word));
	const size_t max = scan->options->max_token_length;
	size_t at = 0;
	uint32_t left = bpe_symbol(row, wide, at);
	while (left != BPE_END) {
		const uint32_t right = bpe_symbol(row, wide, ++at);
		if (left < BPE_BARRIER && right < BPE_BARRIER &&
		    (!max ||
		     !bpe_too_long(scan->options, (uint64_t)scan->tokens->items[left].units +
						      scan->tokens->items[right].units)) &&
		    !visit(scan, context, bpe_pair(left, right), word))
			return false;
		left = right;
	}
	return true;
}

static inline bool scan_words(const struct scan *scan, pair_visit *visit, void *context)
{
	const uint32_t end = bpe_words_end(scan->words);
	for (uint32_t word = 0; word < end; word += bpe_row(scan->words, word)->units)
		if (!(scan->words->wide ? scan_row(scan, true, word, visit, context)
					: scan_row(scan, false, word, visit, context)))
			return false;
	return true;
}

/* ---- counting -------------------------------------------------------------- */

struct part {
	struct bpe_pairs pairs;
	size_t number;
};

static bool count_pair(const struct scan *scan, void *context, uint64_t pair, uint32_t word)
{
	struct part *part = context;
	if (scan->window->parts > 1 &&
	    (bpe_pair_hash(pair) >> 40) % scan->window->parts != part->number)
		return true;
	struct bpe_pair_slot *slot = bpe_pairs_get(&part->pairs, pair);
	if (slot)
		slot->count += (int64_t)bpe_row(scan->words, word)->count;
	return slot != NULL;
}

static bool move_pairs(struct bpe_window *window, const struct bpe_pairs *from)
{
	for (size_t i = 0; i <= from->mask; i++) {
		if (from->slots[i].pair == BPE_NO_PAIR)
			continue;
		struct bpe_pair_slot *slot = bpe_pairs_get(&window->pairs, from->slots[i].pair);
		if (!slot)
			return false;
		slot->count = from->slots[i].count;
	}
	return true;
}

/* The pairs of the window with their counts.  A part of all pairs is a fair sample of
 * them: the first tells where the floor will be. */
static bool count_pairs(const struct scan *scan)
{
	struct bpe_window *window = scan->window;
	const size_t keep = window->limit / 2 / window->parts;
	window->floor = 1;
	if (!bpe_pairs_init(&window->pairs, 0))
		return false;
	for (size_t number = 0; number < window->parts; number++) {
		struct part part = { .number = number };
		bool ok = bpe_pairs_init(&part.pairs, 0) && scan_words(scan, count_pair, &part);
		if (ok && part.pairs.count > 2 * keep)
			ok = raise_floor(window, &part.pairs, keep);
		else if (ok && window->floor > 1)
			ok = bpe_pairs_purge(&part.pairs, window->floor);
		ok = ok && move_pairs(window, &part.pairs);
		bpe_pairs_release(&part.pairs);
		if (!ok)
			return false;
	}
	return bpe_pairs_purge(&window->pairs, window->floor);
}

/* ---- lists of words --------------------------------------------------------- */

/* While lists are made, a pair's slot holds the place of its entry. */
struct fill {
	uint32_t *last;    /* by entry: the word put last, + 1 */
	uint64_t *next;    /* by entry: bytes its list will have, then where its next byte goes */
	size_t begin, end; /* entries whose lists are filled in now */
	uint8_t *room;
	uint64_t room_begin;
};

static bool size_list(const struct scan *scan, void *context, uint64_t pair, uint32_t word)
{
	struct fill *fill = context;
	const struct bpe_pair_slot *slot = bpe_pairs_find(&scan->window->pairs, pair);
	if (!slot)
		return true;
	const size_t entry = (size_t)slot->count;
	const uint32_t number = word + 1;
	if (fill->last[entry] == number)
		return true;
	fill->next[entry] += bpe_varint_bytes(number - fill->last[entry]);
	fill->last[entry] = number;
	return true;
}

static bool fill_list(const struct scan *scan, void *context, uint64_t pair, uint32_t word)
{
	struct fill *fill = context;
	const struct bpe_pair_slot *slot = bpe_pairs_find(&scan->window->pairs, pair);
	if (!slot || (size_t)slot->count < fill->begin || (size_t)slot->count >= fill->end)
		return true;
	const size_t entry = (size_t)slot->count;
	const uint32_t number = word + 1;
	if (fill->last[entry] == number)
		return true;
	uint8_t *to = fill->room + (fill->next[entry] - fill->room_begin);
	const uint8_t *end = bpe_varint_put(to, number - fill->last[entry]);
	fill->next[entry] += (uint64_t)(end - to);
	fill->last[entry] = number;
	return true;
}

/* Put every pair into the queue, and its entry's place into its slot. */
static bool make_entries(struct bpe_window *window)
{
	for (size_t i = 0; i <= window->pairs.mask; i++) {
		struct bpe_pair_slot *slot = &window->pairs.slots[i];
		if (slot->pair == BPE_NO_PAIR)
			continue;
		const struct bpe_entry entry = { .pair = slot->pair, .count = slot->count };
		if (!bpe_queue_add(&window->queue, entry))
			return false;
		slot->count = (int64_t)window->queue.entry_count - 1;
	}
	return true;
}

static void restore_counts(struct bpe_window *window)
{
	for (size_t i = 0; i <= window->pairs.mask; i++) {
		struct bpe_pair_slot *slot = &window->pairs.slots[i];
		if (slot->pair != BPE_NO_PAIR)
			slot->count = window->queue.entries[slot->count].count;
	}
}

/* Fill in the lists of entries from fill->begin on, as many as may be at a time. */
static enum tok_status fill_some(const struct scan *scan, struct fill *fill, struct tok_error *err)
{
	struct bpe_window *window = scan->window;
	struct bpe_entry *entries = window->queue.entries;
	const bool filed = window->postings.file >= 0;
	uint64_t bytes = 0;
	fill->room_begin = bpe_postings_end(&window->postings);
	for (fill->end = fill->begin; fill->end < window->queue.entry_count; fill->end++) {
		struct bpe_entry *entry = &entries[fill->end];
		entry->bytes = fill->next[fill->end];
		if (filed && bytes > 0 && bytes + entry->bytes > FILL_BYTES)
			break;
		entry->begin = fill->next[fill->end] = fill->room_begin + bytes;
		bytes += entry->bytes;
		fill->last[fill->end] = 0;
	}
	fill->room = bpe_postings_room(&window->postings, bytes);
	if (!fill->room)
		return tok_fail_memory(err);
	(void)scan_words(scan, fill_list, fill);
	fill->begin = fill->end;
	return bpe_postings_settle(&window->postings, err);
}

static enum tok_status make_lists(const struct scan *scan, struct tok_error *err)
{
	const size_t count = scan->window->queue.entry_count;
	struct fill fill = { .last = calloc(count + 1, sizeof *fill.last),
			     .next = calloc(count + 1, sizeof *fill.next) };
	enum tok_status status = TOK_OK;
	if (!fill.last || !fill.next)
		status = tok_fail_memory(err);
	if (status == TOK_OK)
		(void)scan_words(scan, size_list, &fill);
	while (status == TOK_OK && fill.begin < count)
		status = fill_some(scan, &fill, err);
	free(fill.last);
	free(fill.next);
	return status;
}

enum tok_status bpe_window_make(struct bpe_window *window, const struct bpe_words *words,
				const struct bpe_tokens *tokens,
				const struct vocab_bpe_options *options, struct tok_error *err)
{
	const struct scan scan = { words, tokens, options, window };
	bpe_pairs_release(&window->pairs);
	bpe_postings_clear(&window->postings);
	bpe_queue_clear(&window->queue);
	if (!count_pairs(&scan) || !make_entries(window))
		return tok_fail_memory(err);
	const enum tok_status status = make_lists(&scan, err);
	restore_counts(window);
	return status;
}

/* ---- shrinking --------------------------------------------------------------- */

/* Of the entries those stay that wait and whose pair is above the floor; the lists of
 * the others leave the memory. */
static void keep_entries(struct bpe_window *window)
{
	struct bpe_queue *queue = &window->queue;
	struct bpe_postings *postings = &window->postings;
	const bool filed = postings->file >= 0;
	size_t kept = 0, bytes = 0;
	for (size_t i = 0; i < queue->entry_count; i++) {
		struct bpe_entry entry = queue->entries[i];
		if (entry.pair == BPE_NO_PAIR || !bpe_pairs_find(&window->pairs, entry.pair))
			continue;
		if (!filed) {
			memmove(postings->bytes.bytes + bytes, postings->bytes.bytes + entry.begin,
				entry.bytes);
			entry.begin = bytes;
			bytes += entry.bytes;
		}
		queue->entries[kept++] = entry;
	}
	queue->entry_count = kept;
	if (!filed)
		postings->bytes.count = bytes;
}

enum tok_status bpe_window_shrink(struct bpe_window *window, struct tok_error *err)
{
	if (window->pairs.count <= window->limit)
		return TOK_OK;
	if (!raise_floor(window, &window->pairs, window->limit / 2))
		return tok_fail_memory(err);
	keep_entries(window);
	struct bpe_queue *queue = &window->queue;
	queue->count = 0;
	for (uint32_t i = 0; i < queue->entry_count; i++)
		bpe_queue_return(queue, i, queue->entries[i].count);
	return TOK_OK;
}
