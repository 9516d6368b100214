/*
 * words_table_internal.h - words of texts and how often each was met, in memory.
 *
 *	struct words_table table = { 0 };
 *	if (!words_table_reserve(&table, count)) ...   // room for so many new words
 *	words_table_add(&table, text, words, count);
 *	words_table_sort(&table, &err);
 *	... words_table_stream(&table) ...
 *	words_table_clear(&table);                     // and again
 *
 * Nearly all words of nearly all texts have no more than fifteen bytes: such a word is
 * its own key, sixteen bytes with its length in the last one, beside its count in an
 * open table.  The others lie in blocks of their own.
 */
#ifndef VOCAB_TRAIN_WORDS_TABLE_INTERNAL_H
#define VOCAB_TRAIN_WORDS_TABLE_INTERNAL_H

#include "vocab/train/words.h"
#include "vocab/train/words_sort_internal.h"

/* Words up to this length are short. */
enum { WORDS_SHORT_MAX = 15 };

/* So many are added at once, at most. */
enum { WORDS_BATCH = 64 };

struct words_long {
	const uint8_t *bytes; /* NULL: a free slot */
	uint32_t count_of_bytes;
	uint32_t tag; /* of its hash */
	uint64_t count;
};

struct words_chunk; /* where long words lie */

/* A short word: its bytes, zeros, and its length, so that keys sort as words do. */
struct words_key {
	uint64_t high, low;
};

struct words_table {
	struct vocab_word_stream stream; /* first: see table_next; once sorted */

	struct words_record *shorts; /* slots: key, count; free where low is 0 */
	size_t short_slots, short_count;
	/* Words that were met and are not counted yet: their slots are being fetched.
	 * A text may have a few only. */
	struct words_key pending[WORDS_BATCH];
	size_t pending_homes[WORDS_BATCH];
	size_t pending_count;
	struct words_long *longs;
	size_t long_slots, long_count;
	struct words_chunk *chunks;
	size_t chunk_bytes; /* of all chunks */

	bool sorted;
	bool read_once;               /* the words are gone when the last one was read */
	size_t next_short, next_long; /* of the stream */
	struct words_record *long_order;
	uint8_t word[16]; /* the short one that was handed out */
};

/* How many different words it holds. */
size_t words_table_size(struct words_table *table);

/* Bytes of memory that it would take, at the worst moment, to have `count` words more,
 * with `bytes` bytes in those that are long, and to sort them all. */
size_t words_table_bytes_for(const struct words_table *table, size_t count, size_t bytes);

/* Room for `count` new words.  False if memory is out. */
TOK_MUST_USE bool words_table_reserve(struct words_table *table, size_t count);

/* Count each word, ranges of `text`, once more; room was made for at most WORDS_BATCH
 * of them.  False if memory is out: some may be counted then. */
TOK_MUST_USE bool words_table_add(struct words_table *table, struct tok_span text,
				  const struct tok_range *words, size_t count);

/* The same for one word, `times` more; TOK_ELIMIT where its count would pass 2^64 - 1. */
TOK_MUST_USE enum tok_status words_table_add_count(struct words_table *table, struct tok_span word,
						   uint64_t times, struct tok_error *err);

/* From now on it is a stream, and nothing is added until it is cleared. */
TOK_MUST_USE enum tok_status words_table_sort(struct words_table *table, struct tok_error *err);
struct vocab_word_stream *words_table_stream(struct words_table *table);

/* No words; the memory is kept for the next ones, but for that of long words. */
void words_table_clear(struct words_table *table);
void words_table_release(struct words_table *table);

#endif
