/*
 * words_sort_internal.h - sort records by the first sixteen bytes of a word.
 */
#ifndef VOCAB_TRAIN_WORDS_SORT_INTERNAL_H
#define VOCAB_TRAIN_WORDS_SORT_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

/* high, low: the bytes as one big-endian number.  What else there is travels along. */
struct words_record {
	uint64_t high, low;
	uint64_t payload;
};

/* By (high, low), in place.  Of equal ones the order is not told. */
void words_sort(struct words_record *records, size_t count);

#endif
