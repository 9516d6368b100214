/*
 * words_sort.c - American flag sort: by the first byte, each record moved to its
 * bucket in place, then each bucket by the byte behind it.
 */
#include "vocab/train/words_sort_internal.h"

#include <string.h>

enum { BYTES = 16, FEW = 32 };

static unsigned byte_at(const struct words_record *r, unsigned at)
{
	const uint64_t half = at < 8 ? r->high : r->low;
	return (unsigned)(half >> (56 - 8 * (at % 8))) & 0xFF;
}

static int is_less(const struct words_record *a, const struct words_record *b)
{
	return a->high != b->high ? a->high < b->high : a->low < b->low;
}

static void sort_few(struct words_record *records, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		const struct words_record moved = records[i];
		size_t at = i;
		for (; at > 0 && is_less(&moved, &records[at - 1]); at--)
			records[at] = records[at - 1];
		records[at] = moved;
	}
}

/* Put each record into the bucket of its byte; ends[b] is where bucket b ends. */
static void permute(struct words_record *records, size_t count, unsigned at, size_t ends[256])
{
	size_t next[256] = { 0 };
	for (size_t i = 0; i < count; i++)
		next[byte_at(&records[i], at)]++;
	for (size_t b = 0, sum = 0; b < 256; b++) {
		const size_t size = next[b];
		next[b] = sum;
		sum += size;
		ends[b] = sum;
	}
	for (size_t b = 0; b < 256; b++)
		while (next[b] < ends[b]) {
			struct words_record moved = records[next[b]];
			unsigned bucket = byte_at(&moved, at);
			while (bucket != b) {
				struct words_record *to = &records[next[bucket]++];
				const struct words_record there = *to;
				*to = moved;
				moved = there;
				bucket = byte_at(&moved, at);
			}
			records[next[b]++] = moved;
		}
}

/* Goes no deeper than there are bytes. */
static void sort_from(struct words_record *records, size_t count, unsigned at)
{
	size_t ends[256];
	if (count <= FEW || at == BYTES) {
		if (at < BYTES)
			sort_few(records, count);
		return;
	}
	permute(records, count, at, ends);
	for (size_t b = 0, begin = 0; b < 256; begin = ends[b++])
		sort_from(records + begin, ends[b] - begin, at + 1);
}

void words_sort(struct words_record *records, size_t count)
{
	sort_from(records, count, 0);
}
