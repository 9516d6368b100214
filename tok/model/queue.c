/*
 * A long piece has millions of candidates, and a heap of millions misses the
 * cache at every step.  Here only one bucket of ranks is in order at a time.
 */
#include <stdlib.h>

#include "tok/model/bpe_internal.h"

enum { SMALL_SORT = 32 };
#define NO_CHUNK UINT32_MAX

void tok_queue_start(struct tok_queue *queue, uint32_t rank_limit)
{
	queue->chunk_count = 0;
	queue->free_chunk = NO_CHUNK;
	queue->bucket = 0;
	queue->front.count = queue->front_at = queue->late.count = 0;
	for (size_t i = 0; i < TOK_QUEUE_BUCKETS; i++)
		queue->heads[i] = NO_CHUNK;
	queue->shift = 0;
	while (rank_limit >> queue->shift >= TOK_QUEUE_BUCKETS)
		queue->shift++;
}

void tok_queue_release(struct tok_queue *queue)
{
	free(queue->chunks);
	free(queue->front.items);
	free(queue->spare.items);
	free(queue->late.items);
}

static bool reserve_items(struct tok_queue_list *list, size_t count)
{
	return tok_grow(&list->items, &list->capacity, count, sizeof *list->items);
}

static bool push_late(struct tok_queue_list *heap, uint64_t item)
{
	if (!reserve_items(heap, heap->count + 1))
		return false;
	size_t at = heap->count++;
	for (; at > 0 && heap->items[(at - 1) / 2] > item; at = (at - 1) / 2)
		heap->items[at] = heap->items[(at - 1) / 2];
	heap->items[at] = item;
	return true;
}

static uint64_t pop_late(struct tok_queue_list *heap)
{
	const uint64_t top = heap->items[0];
	const uint64_t last = heap->items[--heap->count];
	size_t at = 0;
	for (size_t child = 1; child < heap->count; child = 2 * at + 1) {
		if (child + 1 < heap->count && heap->items[child + 1] < heap->items[child])
			child++;
		if (heap->items[child] >= last)
			break;
		heap->items[at] = heap->items[child];
		at = child;
	}
	heap->items[at] = last;
	return top;
}

/* A chunk in front of the bucket's list. */
static struct tok_queue_chunk *open_chunk(struct tok_queue *queue, size_t bucket)
{
	uint32_t taken = queue->free_chunk;
	if (taken != NO_CHUNK) {
		queue->free_chunk = queue->chunks[taken].next;
	} else {
		if (!tok_grow(&queue->chunks, &queue->chunk_capacity, queue->chunk_count + 1,
			      sizeof *queue->chunks))
			return NULL;
		taken = (uint32_t)queue->chunk_count++;
	}
	queue->chunks[taken].next = queue->heads[bucket];
	queue->chunks[taken].count = 0;
	queue->heads[bucket] = taken;
	return &queue->chunks[taken];
}

bool tok_queue_push(struct tok_queue *queue, uint32_t rank, uint32_t place)
{
	const uint64_t item = (uint64_t)rank << 32 | place;
	const size_t bucket = rank >> queue->shift;
	if (bucket < queue->bucket)
		return push_late(&queue->late, item);

	const uint32_t head = queue->heads[bucket];
	struct tok_queue_chunk *chunk = head == NO_CHUNK ? NULL : &queue->chunks[head];
	if (!chunk || chunk->count == TOK_QUEUE_CHUNK)
		chunk = open_chunk(queue, bucket);
	if (!chunk)
		return false;
	chunk->items[chunk->count++] = item;
	return true;
}

/* One stable pass over eight bits. */
static void sort_byte(const uint64_t *from, uint64_t *to, size_t count, unsigned shift)
{
	size_t starts[257] = { 0 };
	for (size_t i = 0; i < count; i++)
		starts[(from[i] >> shift & 0xFF) + 1]++;
	for (size_t i = 0; i < 256; i++)
		starts[i + 1] += starts[i];
	for (size_t i = 0; i < count; i++)
		to[starts[from[i] >> shift & 0xFF]++] = from[i];
}

static void sort_few(uint64_t *items, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		const uint64_t item = items[i];
		size_t at = i;
		for (; at > 0 && items[at - 1] > item; at--)
			items[at] = items[at - 1];
		items[at] = item;
	}
}

/* Sort the front, by bytes that are not the same everywhere. */
static bool sort_front(struct tok_queue *queue)
{
	uint64_t *items = queue->front.items;
	const size_t count = queue->front.count;
	uint64_t varies = 0;
	bool sorted = true;
	for (size_t i = 1; i < count; i++) {
		varies |= items[i] ^ items[i - 1];
		sorted = sorted && items[i - 1] < items[i];
	}
	if (sorted)
		return true;
	if (count <= SMALL_SORT) {
		sort_few(items, count);
		return true;
	}
	if (!reserve_items(&queue->spare, count))
		return false;
	for (unsigned shift = 0; shift < 64; shift += 8) {
		if ((varies >> shift & 0xFF) == 0)
			continue;
		const struct tok_queue_list from = queue->front;
		sort_byte(from.items, queue->spare.items, count, shift);
		queue->front = queue->spare;
		queue->front.count = count;
		queue->spare = from;
	}
	return true;
}

/* Take the chunks of a bucket as the front.  Their list runs backwards. */
static bool load_bucket(struct tok_queue *queue, size_t bucket)
{
	size_t count = 0;
	for (uint32_t c = queue->heads[bucket]; c != NO_CHUNK; c = queue->chunks[c].next)
		count += queue->chunks[c].count;
	if (!reserve_items(&queue->front, count))
		return false;
	queue->front.count = count;
	queue->front_at = 0;

	uint32_t next;
	for (uint32_t c = queue->heads[bucket]; c != NO_CHUNK; c = next) {
		struct tok_queue_chunk *chunk = &queue->chunks[c];
		count -= chunk->count;
		memcpy(queue->front.items + count, chunk->items,
		       chunk->count * sizeof *chunk->items);
		next = chunk->next;
		chunk->next = queue->free_chunk;
		queue->free_chunk = c;
	}
	queue->heads[bucket] = NO_CHUNK;
	return sort_front(queue);
}

enum tok_queue_state tok_queue_pop(struct tok_queue *queue, uint64_t *item)
{
	while (queue->front_at == queue->front.count && queue->late.count == 0) {
		if (queue->bucket == TOK_QUEUE_BUCKETS)
			return TOK_QUEUE_EMPTY;
		const size_t bucket = queue->bucket++;
		if (queue->heads[bucket] != NO_CHUNK && !load_bucket(queue, bucket))
			return TOK_QUEUE_NOMEM;
	}
	const bool has_front = queue->front_at < queue->front.count;
	if (has_front &&
	    (queue->late.count == 0 || queue->front.items[queue->front_at] <= queue->late.items[0]))
		*item = queue->front.items[queue->front_at++];
	else
		*item = pop_late(&queue->late);
	return TOK_QUEUE_ITEM;
}
