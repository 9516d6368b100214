/*
 * unigram_internal.h - the parts of the Unigram trainer.
 *
 *	words  -> runs      unigram_words.c   what is known to be matched, and its characters
 *	runs   -> pieces    unigram_seeds.c   the substrings that occur most
 *	pieces -> trie      unigram_trie.c    all pieces that begin at a place of a text
 *	a pass over runs    unigram_pass.c    each part that several share once
 *	E and M steps       unigram_em.c      expected counts, scores
 *	fewer pieces        unigram_prune.c   those whose loss costs most are kept
 *
 * Pieces are kept in the order of their bytes; a piece's number is its place there.
 */
#ifndef VOCAB_TRAIN_UNIGRAM_INTERNAL_H
#define VOCAB_TRAIN_UNIGRAM_INTERNAL_H

#include "vocab/train/unigram.h"

#define UNIGRAM_NONE UINT32_MAX

/* No run is longer, so that a lattice has a size. */
enum { UNIGRAM_RUN_MAX = 4096, UNIGRAM_LENGTH_MAX = 1024 };

/* ---- runs ---------------------------------------------------------------------- */

/* Part of a word without unknown characters. */
struct unigram_run {
	uint64_t count;
	uint32_t begin, length; /* in `text` */
};

struct unigram_runs {
	struct tok_buffer text;
	struct unigram_run *items;
	size_t count, capacity;
	bool bytes;       /* a character is a byte */
	uint64_t symbols; /* characters of all runs times their counts */

	/* The characters that are pieces, at the end of `text`, the most frequent first. */
	struct unigram_run *characters;
	size_t character_count;
};

enum tok_status unigram_runs_read(struct unigram_runs *runs, struct vocab_word_stream *words,
				  const struct vocab_unigram_options *options,
				  struct vocab_train_control *control, struct tok_error *err);
void unigram_runs_release(struct unigram_runs *runs);

/* Bytes of the character that begins with this byte of a run. */
static inline uint32_t unigram_step(uint8_t lead, bool bytes)
{
	return bytes || lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
}

/* ---- pieces ---------------------------------------------------------------------- */

struct unigram_piece {
	uint32_t begin, length; /* in the text of the runs */
	double score;           /* -INFINITY: it is no piece any more */
};

struct unigram_pieces {
	struct unigram_piece *items;
	size_t count;     /* places */
	size_t living;    /* pieces */
	uint32_t longest; /* bytes */
};

/* The characters and the best seeds, with scores to begin with. */
enum tok_status unigram_seeds(const struct unigram_runs *runs,
			      const struct vocab_unigram_options *options,
			      struct vocab_train_control *control, struct unigram_pieces *out,
			      struct tok_error *err);

static inline struct tok_span unigram_text(const struct unigram_runs *runs,
					   const struct unigram_piece *piece)
{
	return (struct tok_span){ runs->text.bytes + piece->begin, piece->length };
}

/* ---- trie -------------------------------------------------------------------------- */

/* A double array: the child by `c` of a node is at base ^ c, if that says so. */
struct unigram_unit {
	uint32_t base; /* 0: it has no children */
	uint32_t parent;
	uint32_t piece; /* that ends here, or UNIGRAM_NONE */
	float weight;   /* of that piece */
};

struct unigram_trie {
	struct unigram_unit *units;
	size_t count, capacity;
};

enum tok_status unigram_trie_build(struct unigram_trie *trie, const struct unigram_runs *runs,
				   const struct unigram_pieces *pieces, struct tok_error *err);
void unigram_trie_release(struct unigram_trie *trie);

/* 0: there is none.  The root is 0. */
static inline uint32_t unigram_child(const struct unigram_unit *units, uint32_t node, uint8_t byte)
{
	const uint32_t at = units[node].base ^ byte;
	return units[at].parent == node ? at : 0;
}

/* ---- steps ------------------------------------------------------------------------- */

struct unigram_model {
	const struct unigram_runs *runs;
	const struct vocab_unigram_options *options;
	struct vocab_train_control *control;
	struct unigram_pieces pieces;
	struct unigram_trie trie;
	float unknown;  /* weight of a character that is no piece */
	unsigned shift; /* expected counts are whole numbers of 2^-shift */
	double unit;    /* 2^shift */
	struct tok_error *err;
	uint64_t step, steps; /* passes over the runs: done, and about how many in all */
};

/* Piece by piece, how often all runs are expected to hold it, in 2^-shift.  Sets
 * *stopped, where it was, and then `expected` is worth nothing. */
enum tok_status unigram_expect(struct unigram_model *model, uint64_t *expected, bool *stopped);

/* Scores of expected counts; pieces that hardly occur die. */
void unigram_maximize(struct unigram_model *model, const uint64_t *expected);

/* How often each piece is in the best segmentations of all runs. */
enum tok_status unigram_best(struct unigram_model *model, uint64_t *counts, bool *stopped);

/* Leave about `target` pieces. */
enum tok_status unigram_prune(struct unigram_model *model, size_t target, bool *stopped);

/* The least score of a living piece. */
double unigram_least(const struct unigram_pieces *pieces);

#define UNIGRAM_UNKNOWN_PENALTY 10.0

/* ---- a pass over all runs ------------------------------------------------------------- */

/*
 * Runs come in the order of their bytes, and what a run has in common with the one
 * before is not done again: a pass walks through the tree of all runs.  A column is a
 * place in the run in turn, and has the edges that end there; columns are left from the
 * last to the first that the next run does not share, and what was gathered in one goes
 * to those where its edges begin.
 */
struct unigram_edge {
	uint32_t from;  /* column */
	uint32_t piece; /* UNIGRAM_NONE: an unknown character */
	float weight;
};

/* A place in the trie that pieces still reach from. */
struct unigram_active {
	uint32_t from, node, base;
};

struct unigram_column {
	double ahead;          /* of what leads here: sum of probabilities, or best score */
	double behind;         /* of what leads on from here: what it shares out, or its uses */
	size_t edges, actives; /* where its own begin; they end where the next column's do */
	uint32_t character;    /* where the character begins that is not yet at its end */
	uint32_t best;         /* edge */
	int32_t shift;         /* `ahead` was raised so often */
};

struct unigram_columns {
	struct unigram_column *items; /* UNIGRAM_RUN_MAX + 2 */
	struct unigram_edge *edges;
	size_t edge_capacity;
	struct unigram_active *actives;
	size_t active_capacity;
	uint64_t *sums; /* by piece */
	bool full;      /* memory is out */
};

/* What is done: with a column whose edges are there; where a run ends; and when a column
 * is left. */
struct unigram_visit {
	void (*enter)(const struct unigram_model *model, struct unigram_columns *columns,
		      size_t at);
	void (*end)(struct unigram_columns *columns, size_t at, uint64_t count);
	void (*leave)(const struct unigram_model *model, struct unigram_columns *columns,
		      size_t at);
	double start; /* `ahead` of the first column */
	float none;   /* weight of pieces that are left out */
};

/* By several threads; adds up their sums in `sums`.  Sets *stopped, where it was, and then
 * `sums` is worth nothing. */
enum tok_status unigram_pass(struct unigram_model *model, const struct unigram_visit *visit,
			     uint64_t *sums, bool *stopped);

/* The edges of a column. */
static inline const struct unigram_edge *unigram_edges(const struct unigram_columns *columns,
						       size_t at, size_t *count)
{
	*count = columns->items[at + 1].edges - columns->items[at].edges;
	return columns->edges + columns->items[at].edges;
}

#endif
