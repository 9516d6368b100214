/*
 * ngram_count_internal.h - n-grams sorted and counted, most of them on disk.
 *
 *	struct ngram_sorter s;
 *	status = ngram_sorter_init(&s, symbols * symbol_bits, most, "/tmp", &err);
 *	status = ngram_sorter_add(&s, gram, &err);                       // often
 *	status = ngram_merge_new(&s, &merge, &err);
 *	status = ngram_merge_next(merge, &next, &there, &err);           // each once, rising
 *	ngram_merge_free(merge);
 *	ngram_sorter_release(&s);
 *
 * An n-gram is a number: its symbols one behind the other, `symbol_bits` each, the last one
 * lowest.  So n-grams of one order sort as their symbols do, those with the same context
 * together.
 */
#ifndef VOCAB_LM_NGRAM_COUNT_INTERNAL_H
#define VOCAB_LM_NGRAM_COUNT_INTERNAL_H

#include "vocab/lm/ngram.h"

struct ngram_gram {
	uint64_t high, low;
};

struct ngram_counted {
	struct ngram_gram gram;
	uint64_t count;
};

static inline bool ngram_is_same(struct ngram_gram a, struct ngram_gram b)
{
	return a.low == b.low && a.high == b.high;
}

static inline bool ngram_is_less(struct ngram_gram a, struct ngram_gram b)
{
	return a.high != b.high ? a.high < b.high : a.low < b.low;
}

/* The lowest `bits`, at most 125, of it. */
static inline struct ngram_gram ngram_low(struct ngram_gram g, unsigned bits)
{
	if (bits >= 64)
		g.high &= (UINT64_C(1) << (bits - 64)) - 1;
	else
		g = (struct ngram_gram){ 0, g.low & ((UINT64_C(1) << bits) - 1) };
	return g;
}

/* A symbol behind it; `bits`, 1 to 25, of one. */
static inline struct ngram_gram ngram_push(struct ngram_gram g, uint32_t symbol, unsigned bits)
{
	return (struct ngram_gram){ g.high << bits | g.low >> (64 - bits), g.low << bits | symbol };
}

/* All but the last symbol. */
static inline struct ngram_gram ngram_context(struct ngram_gram g, unsigned bits)
{
	return (struct ngram_gram){ g.high >> bits, g.low >> bits | g.high << (64 - bits) };
}

static inline uint32_t ngram_last(struct ngram_gram g, unsigned bits)
{
	return (uint32_t)(g.low & ((UINT64_C(1) << bits) - 1));
}

/* ---- ngram_spool.c: an array that grows in a file without a name ---- */

struct ngram_spool {
	int fd;
	uint64_t bytes;
	uint8_t *room;
	size_t filled;
	void *map;
};

/* A zeroed spool may be released. */
TOK_MUST_USE enum tok_status ngram_spool_init(struct ngram_spool *spool, const char *folder,
					      struct tok_error *err);
TOK_MUST_USE enum tok_status ngram_spool_add(struct ngram_spool *spool, const void *bytes,
					     size_t count, struct tok_error *err);
TOK_MUST_USE enum tok_status ngram_spool_flush(struct ngram_spool *spool, struct tok_error *err);

/* All of it, which stays until it is released; nothing is added afterwards. */
TOK_MUST_USE enum tok_status ngram_spool_map(struct ngram_spool *spool, struct tok_span *out,
					     struct tok_error *err);
void ngram_spool_release(struct ngram_spool *spool);

/* Counted n-grams in bytes [at, end) of a flushed spool. */
struct ngram_reader {
	int fd;
	uint64_t at, end;
	struct ngram_counted *room;
	size_t filled, next;
};

TOK_MUST_USE enum tok_status ngram_reader_init(struct ngram_reader *reader,
					       const struct ngram_spool *spool, uint64_t at,
					       uint64_t end, struct tok_error *err);

/* *there false: no more. */
TOK_MUST_USE enum tok_status ngram_reader_next(struct ngram_reader *reader,
					       struct ngram_counted *out, bool *there,
					       struct tok_error *err);
void ngram_reader_release(struct ngram_reader *reader);

/* ---- ngram_sort.c ---- */

struct ngram_sorter {
	struct ngram_gram *grams, *spare;
	size_t count, grams_room, spare_room, most;
	unsigned bits; /* of a gram */
	const char *folder;
	struct ngram_spool runs;
	uint64_t *ends; /* of each run in the spool */
	size_t run_count, ends_room;
};

/* Not more than `most` n-grams, at least 1, are in memory, twice. */
TOK_MUST_USE enum tok_status ngram_sorter_init(struct ngram_sorter *sorter, unsigned bits,
					       size_t most, const char *folder,
					       struct tok_error *err);
void ngram_sorter_release(struct ngram_sorter *sorter);
TOK_MUST_USE enum tok_status ngram_sorter_spill(struct ngram_sorter *sorter, struct tok_error *err);
TOK_MUST_USE enum tok_status ngram_sorter_grow(struct ngram_sorter *sorter, struct tok_error *err);

TOK_MUST_USE static inline enum tok_status
ngram_sorter_add(struct ngram_sorter *sorter, struct ngram_gram gram, struct tok_error *err)
{
	if (sorter->count == sorter->grams_room) {
		const enum tok_status status = ngram_sorter_grow(sorter, err);
		if (status != TOK_OK)
			return status;
	}
	sorter->grams[sorter->count++] = gram;
	return TOK_OK;
}

struct ngram_merge;

/* All runs as one; nothing is added afterwards, and the sorter keeps no n-gram in memory. */
TOK_MUST_USE enum tok_status ngram_merge_new(struct ngram_sorter *sorter, struct ngram_merge **out,
					     struct tok_error *err);
TOK_MUST_USE enum tok_status ngram_merge_next(struct ngram_merge *merge, struct ngram_counted *out,
					      bool *there, struct tok_error *err);
void ngram_merge_free(struct ngram_merge *merge);

#endif
