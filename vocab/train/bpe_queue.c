#include <stdlib.h>

#include "vocab/train/bpe_internal.h"

enum { CHILDREN = 4 };

void bpe_queue_clear(struct bpe_queue *queue)
{
	queue->entry_count = 0;
	queue->count = 0;
}

void bpe_queue_release(struct bpe_queue *queue)
{
	free(queue->entries);
	free(queue->heap);
	*queue = (struct bpe_queue){ 0 };
}

/* ---- ties ----------------------------------------------------------------- */

static int compare_spans(struct tok_span a, struct tok_span b)
{
	const size_t least = a.count < b.count ? a.count : b.count;
	const int order = least ? memcmp(a.bytes, b.bytes, least) : 0;
	return order ? order : (a.count > b.count) - (a.count < b.count);
}

static struct tok_span text_of(const struct bpe_queue *queue, uint64_t pair, bool right)
{
	return bpe_token_text(queue->tokens, (uint32_t)(right ? pair : pair >> 32));
}

/* The greater pair of byte strings is first. */
static bool greater_bytes(const struct bpe_queue *queue, uint64_t a, uint64_t b)
{
	int order = compare_spans(text_of(queue, a, false), text_of(queue, b, false));
	if (order == 0)
		order = compare_spans(text_of(queue, a, true), text_of(queue, b, true));
	return order ? order > 0 : a < b;
}

/* Byte `at` of the two texts of a pair, one behind the other. */
static uint8_t joined_byte(struct tok_span left, struct tok_span right, size_t at)
{
	return at < left.count ? left.bytes[at] : right.bytes[at - left.count];
}

/* The shorter joined text is first, then the lesser one, then the shorter left part. */
static bool shorter_text(const struct bpe_queue *queue, uint64_t a, uint64_t b)
{
	const struct tok_span al = text_of(queue, a, false), ar = text_of(queue, a, true);
	const struct tok_span bl = text_of(queue, b, false), br = text_of(queue, b, true);
	const size_t count = al.count + ar.count;
	if (count != bl.count + br.count)
		return count < bl.count + br.count;
	for (size_t i = 0; i < count; i++) {
		const uint8_t x = joined_byte(al, ar, i), y = joined_byte(bl, br, i);
		if (x != y)
			return x < y;
	}
	return al.count != bl.count ? al.count < bl.count : a < b;
}

static bool first_of_equals(const struct bpe_queue *queue, uint64_t a, uint64_t b)
{
	switch (queue->tie) {
	case VOCAB_TIE_HF:
	case VOCAB_TIE_RAW: /* ids were given in that order */
		return a < b;
	case VOCAB_TIE_BYTES:
		return greater_bytes(queue, a, b);
	case VOCAB_TIE_SPM:
		return shorter_text(queue, a, b);
	}
	return false;
}

/* ---- the heap ------------------------------------------------------------- */

static bool before(const struct bpe_queue *queue, struct bpe_queue_item a, struct bpe_queue_item b)
{
	if (a.count != b.count)
		return a.count > b.count;
	const uint64_t x = queue->entries[a.entry].pair, y = queue->entries[b.entry].pair;
	return x != y ? first_of_equals(queue, x, y) : a.entry < b.entry;
}

static void rise(struct bpe_queue *queue, size_t at, struct bpe_queue_item item)
{
	while (at > 0) {
		const size_t parent = (at - 1) / CHILDREN;
		if (!before(queue, item, queue->heap[parent]))
			break;
		queue->heap[at] = queue->heap[parent];
		at = parent;
	}
	queue->heap[at] = item;
}

static void sink(struct bpe_queue *queue, size_t at, struct bpe_queue_item item)
{
	for (;;) {
		const size_t first = at * CHILDREN + 1;
		if (first >= queue->count)
			break;
		const size_t end =
		    first + CHILDREN < queue->count ? first + CHILDREN : queue->count;
		size_t best = first;
		for (size_t i = first + 1; i < end; i++)
			if (before(queue, queue->heap[i], queue->heap[best]))
				best = i;
		if (!before(queue, queue->heap[best], item))
			break;
		queue->heap[at] = queue->heap[best];
		at = best;
	}
	queue->heap[at] = item;
}

bool bpe_queue_add(struct bpe_queue *queue, struct bpe_entry entry)
{
	if (!tok_grow(&queue->entries, &queue->entry_capacity, queue->entry_count + 1,
		      sizeof *queue->entries) ||
	    !tok_grow(&queue->heap, &queue->capacity, queue->count + 1, sizeof *queue->heap))
		return false;
	queue->entries[queue->entry_count] = entry;
	const struct bpe_queue_item item = { entry.count, (uint32_t)queue->entry_count++ };
	rise(queue, queue->count++, item);
	return true;
}

void bpe_queue_return(struct bpe_queue *queue, uint32_t entry, int64_t count)
{
	queue->entries[entry].count = count;
	rise(queue, queue->count++, (struct bpe_queue_item){ count, entry });
}

bool bpe_queue_pop(struct bpe_queue *queue, uint32_t *entry)
{
	if (queue->count == 0)
		return false;
	*entry = queue->heap[0].entry;
	if (--queue->count > 0)
		sink(queue, 0, queue->heap[queue->count]);
	return true;
}
