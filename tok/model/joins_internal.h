/*
 * joins_internal.h - which pairs of symbols merge, laid out for many at once.
 *
 *	const struct tok_join_place place = tok_joins_place(joins, left, right);
 *	__builtin_prefetch(&joins->lines[place.line]);
 *	...other pairs...
 *	uint32_t rank = tok_joins_rank(joins, place);
 *	if (rank != TOK_JOIN_NONE)
 *		symbol = tok_joins_result(joins, rank);
 *
 * What pairs.c holds too, but for what the few pairs of one rank make.  A pair lies in
 * one cache line, or (rarely) in one of the next; all of a line is compared without a
 * branch, found or not, because branches of which half are taken cost more than the
 * comparisons.
 *
 * (left, right) is mixed one to one into twice as many bits as a symbol has.  The
 * line is these in proportion to the number of lines, so that each line has one run
 * of at most 2^28 of them, and the lowest 28 bits tell these apart: a tag in a line
 * is never another pair's.  Above them it says by how many lines the pair was moved
 * because its own was full.
 *
 * Immutable once built; of one model, in its arena or its image.
 */
#ifndef TOK_MODEL_JOINS_INTERNAL_H
#define TOK_MODEL_JOINS_INTERNAL_H

#include "tok/base/image.h"

enum { TOK_JOIN_QUADS = 2, TOK_JOIN_TAG_BITS = 28, TOK_JOIN_SYMBOL_BITS = 20 };
#define TOK_JOIN_MOVED  (UINT32_C(1) << TOK_JOIN_TAG_BITS)
#define TOK_JOIN_NO_TAG UINT32_C(0xF0000000) /* tags are below */
/* In the last value of a line: others that belong here are in the next one. */
#define TOK_JOIN_MORE (UINT32_C(1) << 31)
/* No rank: all real ones are less. (What a free value less 1 has in these bits.) */
#define TOK_JOIN_NONE UINT32_C(0x03FFFFFF)
/* Of several tokens that one rank makes: the table of pairs knows which. */
#define TOK_JOIN_UNCLEAR UINT32_C(0xFFFFFFFE)

/* Of bytes each has a row of ranks, of characters those that borders_internal.h knows. */
enum { TOK_BYTE_ROWS = 256 };

/* Compilers make of it what the machine has. */
typedef int32_t tok_quad __attribute__((vector_size(16)));

struct tok_join_line { /* a cache line */
	tok_quad tags[TOK_JOIN_QUADS];
	tok_quad values[TOK_JOIN_QUADS]; /* 1 + the rank; 0: free */
};

struct tok_joins {
	const struct tok_join_line *lines; /* NULL: this model has none */
	/* By the rows of two units: the rank of the pair that they are at first, or
	 * TOK_JOIN_NONE. */
	const uint32_t *firsts;
	size_t first_count;
	const uint32_t *results; /* by rank: what it makes, or TOK_JOIN_UNCLEAR */
	size_t result_count;
	/* Each rank makes the symbol that is so much more: no memory is asked. */
	bool shifts;
	uint32_t shift;
	bool longer; /* pieces that known.c does not tell of may be merged, too */
	uint32_t line_count;
	unsigned symbol_bits;
};

struct tok_join_place {
	uint32_t line, tag;
};

struct tok_model;
struct tok_bpe;

/* Fill bpe->joins; after tok_bpe_build_walk. */
TOK_MUST_USE enum tok_status tok_bpe_build_joins(struct tok_model *model, struct tok_error *err);

/* To and from an image, after the facts and the pairs; false if something in it would
 * lead outside.  An image without them gives none. */
void tok_joins_save(const struct tok_joins *joins, struct tok_image_writer *writer);
TOK_MUST_USE bool tok_joins_open(struct tok_bpe *bpe, const struct tok_image *image);

/* What the pair of this rank makes, or TOK_JOIN_UNCLEAR. */
static inline uint32_t tok_joins_result(const struct tok_joins *joins, uint32_t rank)
{
	return joins->shifts ? rank + joins->shift : joins->results[rank];
}

static inline tok_quad tok_quad_all(uint32_t value)
{
	const int32_t v = (int32_t)value;
	return (tok_quad){ v, v, v, v };
}

static inline struct tok_join_place tok_joins_place(const struct tok_joins *joins, uint32_t left,
						    uint32_t right)
{
	const unsigned half = joins->symbol_bits;
	const uint64_t mask = (UINT64_C(1) << 2 * half) - 1;
	uint64_t mixed = (uint64_t)left << half | right;
	mixed = mixed * UINT64_C(0x9E3779B97F4A7C15) & mask;
	mixed ^= mixed >> half;
	mixed = mixed * UINT64_C(0xBF58476D1CE4E5B9) & mask;
	mixed ^= mixed >> half;
	return (struct tok_join_place){ (uint32_t)(mixed * joins->line_count >> 2 * half),
					(uint32_t)mixed & (TOK_JOIN_MOVED - 1) };
}

/* The rank of the pair that has this place, or TOK_JOIN_NONE; for the tag
 * UINT32_MAX always that. */
static inline uint32_t tok_joins_rank(const struct tok_joins *joins, struct tok_join_place place)
{
	for (;;) {
		const struct tok_join_line *line = &joins->lines[place.line];
		const tok_quad tag = tok_quad_all(place.tag);
		const tok_quad found = ((line->tags[0] == tag) & line->values[0]) |
				       ((line->tags[1] == tag) & line->values[1]);
		const uint32_t value = (uint32_t)(found[0] | found[1] | found[2] | found[3]);
		const bool more = line->values[1][3] < 0 && place.tag < TOK_JOIN_NO_TAG;
		if (__builtin_expect(value != 0 || !more, 1))
			return (value - 1) & TOK_JOIN_NONE;
		place.line = place.line + 1 < joins->line_count ? place.line + 1 : 0;
		place.tag += TOK_JOIN_MOVED;
	}
}

#endif
