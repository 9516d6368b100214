/*
 * ngram_internal.h - the file of a model of tokens, and how its tables are walked.
 *
 * Symbols are the ids, then the end, then the beginning.  The n-grams of an order lie in the
 * order of their symbols, so that those that go on from an n-gram lie together in the next
 * order: a trie, whose node is the place of an n-gram.  Order 1 has a node a symbol, seen or not.
 *
 *	ids[node]       the last symbol; not of order 1, where it is the node
 *	add[node]       what it has beside its share of the lower order: (c - D) / c(h)
 *	gamma[node]     what a context leaves to the lower order; not of the highest order
 *	first[node]     where in the next order its successors begin; one more than nodes
 *	counts[node]    where they were kept
 *
 *	p(w|h) = add(hw) + gamma(h) p(w|h')        p(w) = add(w) + base
 *
 * A mapped file may change under us: whatever is read from a table and leads into another is
 * looked at when it is used.
 */
#ifndef VOCAB_LM_NGRAM_INTERNAL_H
#define VOCAB_LM_NGRAM_INTERNAL_H

#include "vocab/lm/ngram.h"

enum ngram_part {
	NGRAM_IDS,
	NGRAM_ADD,
	NGRAM_GAMMA,
	NGRAM_FIRST,
	NGRAM_COUNTS,
	NGRAM_PARTS /* how many */
};

enum { NGRAM_HAS_COUNTS = 1, NGRAM_FALLBACK = 2 /* << (order - 1) */ };

/* The first bytes of the file.  The tables follow, each at a multiple of 64; where, and how
 * long they are, is told by the numbers here. */
struct ngram_header {
	uint8_t magic[8];
	uint32_t version, byte_order;
	uint32_t order, flags;
	uint64_t ids;          /* of the tokenizer */
	uint64_t tokenizer[2]; /* XXH3, 128 bit, of its tokens */
	uint64_t documents, tokens;
	uint64_t nodes[VOCAB_NGRAM_ORDER_MAX]; /* of order 1: ids + 2 */
	double discounts[VOCAB_NGRAM_ORDER_MAX][3];
	double base;
	uint64_t seen; /* unigrams */
	uint64_t zeros[8];
	uint64_t tables_checksum; /* XXH3, 64 bit, of all behind the header */
	uint64_t header_checksum; /* of all before it */
};

struct ngram_level {
	uint64_t count;
	const uint32_t *ids;
	const double *add, *gamma;
	const uint64_t *first, *counts;
};

struct ngram_tables {
	const struct ngram_header *header;
	uint32_t end, begin; /* symbols */
	struct ngram_level levels[VOCAB_NGRAM_ORDER_MAX];
};

/* ---- ngram_file.c ---- */

void ngram_hash_tokens(const struct tok_tokenizer *tokenizer, uint64_t out[2]);

/* The tables, by order and kind.  Fills in what the header says of itself. */
TOK_MUST_USE enum tok_status
ngram_file_write(const char *path, struct ngram_header *header,
		 struct tok_span tables[VOCAB_NGRAM_ORDER_MAX][NGRAM_PARTS], struct tok_error *err);

/* A model's tables: in a file that is mapped, or each in memory of its own. */
struct ngram_file {
	void *map; /* MAP_FAILED: there is no file */
	size_t bytes;
	void *owned[VOCAB_NGRAM_ORDER_MAX][NGRAM_PARTS];
	struct ngram_header header; /* a copy: it has been looked at */
	struct ngram_tables tables;
};

/* `tokenizer` NULL: of any. */
TOK_MUST_USE enum tok_status ngram_file_open(const char *path,
					     const struct tok_tokenizer *tokenizer,
					     struct ngram_file *out, struct tok_error *err);
void ngram_file_close(struct ngram_file *file);

/* Write a model that is in memory. */
TOK_MUST_USE enum tok_status ngram_file_save(const char *path, struct ngram_file *file,
					     struct tok_error *err);

/* ---- ngram.c ---- */

/* The file, which is taken over in any case, as a model; its start ids are copied. */
TOK_MUST_USE enum tok_status ngram_lm_new(struct ngram_file *file, const tok_id *start,
					  size_t start_count, struct tok_lm **out,
					  struct tok_error *err);

/* ---- ngram_tables.c ---- */

struct ngram_range {
	uint64_t begin, end;
};

/* What goes on from a node of order `order`; empty where that is nothing. */
struct ngram_range ngram_successors(const struct ngram_tables *tables, unsigned order,
				    uint64_t node);

/* The node of `count` symbols, 1 .. order; false where they were not seen. */
bool ngram_find(const struct ngram_tables *tables, const uint32_t *symbols, size_t count,
		uint64_t *node);

/* The last of `count` symbols behind the others. */
double ngram_probability(const struct ngram_tables *tables, const uint32_t *symbols, size_t count);

#endif
