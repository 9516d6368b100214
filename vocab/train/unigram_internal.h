/*
 * unigram_internal.h - the parts of the Unigram trainer.
 *
 *	words  -> runs      unigram_words.c   what is known to be matched, and its characters
 *	runs   -> pieces    unigram_seeds.c   the substrings that occur most
 *	pieces -> trie      unigram_trie.c    all pieces that begin at a place of a text
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
	uint32_t base, parent;
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

/* What a thread needs for one run.  Fixed size: runs and pieces are short. */
struct unigram_edge {
	uint16_t from, to;
	uint32_t piece;
	float weight;
};

struct unigram_lattice {
	double *forward, *backward; /* UNIGRAM_RUN_MAX + 1 */
	uint16_t *shifts;
	struct unigram_edge *edges;
	size_t edge_count, edge_capacity;
	uint64_t *sums; /* by piece */
	bool full;      /* memory is out */
};

/* What is done with a run. */
typedef void unigram_visit(const struct unigram_model *model, struct unigram_lattice *lattice,
			   const struct unigram_run *run);

/* Visit all runs, by several threads, and add up their sums in `sums`. */
enum tok_status unigram_pass(struct unigram_model *model, unigram_visit *visit, uint64_t *sums,
			     bool *stopped);

#endif
