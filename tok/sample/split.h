/*
 * split.h - stochastic splitting of ids (StochasTok).
 *
 *	struct tok_splitter *s = tok_splitter_new(splits);            // one per thread
 *	struct tok_split_options o = TOK_SPLIT_DEFAULT;               // not zeros
 *	o.seed = 7;
 *	for each document, in a training loop:
 *		status = tok_split(s, &o, number, ids, count, &out, &err);
 *		use(out.ids, out.count);
 *	tok_splitter_free(s);
 *
 * K = proportion x count attempts are made.  Each takes a place of the sequence as it is
 * by then, each place as likely as another; the token there, if it can be split, is
 * replaced by one of its pairs, each as likely as another; an attempt on a token that
 * cannot is spent.  In time O(count + K): a place of the sequence is drawn as a leaf of
 * the trees of splits, whose order does not matter to the draw.  Memory: some 20 bytes
 * an id of the longest document that was met, split.
 *
 * Source: A. Sims et al., "StochasTok: Improving Fine-Grained Subword Understanding in
 * LLMs" (arXiv 2506.01687), section 3, and its program.
 */
#ifndef TOK_SAMPLE_SPLIT_H
#define TOK_SAMPLE_SPLIT_H

#include "tok/sample/splits.h"

/* How a number of attempts that is not whole is made whole. */
enum tok_split_round {
	TOK_ROUND_FLOOR,     /* the published program: 9 ids at 0.1 are never split */
	TOK_ROUND_STOCHASTIC /* up with the probability of its fraction */
};

enum tok_split_generator {
	TOK_GENERATOR_TOK, /* tok/base/random.h, stream = document */
	/* Bit for bit what the published program draws after numpy.random.seed(seed) and
	 * random.seed(seed), which is done anew for each document; seed is below 2^32.
	 * TOK_ROUND_STOCHASTIC draws numpy.random.random() before all else, where there is
	 * a fraction.  In time O(count + K log count), for numbers mean places here. */
	TOK_GENERATOR_PYTHON
};

#define TOK_SPLIT_ALL            UINT64_MAX
#define TOK_SPLIT_PROPORTION_MAX 1000.0

struct tok_split_options {
	double proportion;   /* attempts an id of the document; 0 to TOK_SPLIT_PROPORTION_MAX */
	uint64_t attempts;   /* instead of proportion x count; TOK_SPLIT_ALL: not asked for */
	uint64_t max_splits; /* attempts that succeed: no more; TOK_SPLIT_ALL: no limit */
	enum tok_split_round round;
	enum tok_split_generator generator;
	uint64_t seed;
};

#define TOK_SPLIT_DEFAULT                                                                          \
	{                                                                                          \
		.proportion = 0.1, .attempts = TOK_SPLIT_ALL, .max_splits = TOK_SPLIT_ALL          \
	}

struct tok_split_ids {
	const tok_id *ids; /* belong to the splitter and live until its next call */
	size_t count;
	uint64_t attempts, splits; /* made; successful */
};

/* A document, split, has at most this many ids. */
#define TOK_SPLIT_IDS_MAX ((size_t)UINT32_MAX - 1)

struct tok_splitter;

/* NULL if memory is out. */
TOK_API struct tok_splitter *tok_splitter_new(const struct tok_splits *splits);
TOK_API void tok_splitter_free(struct tok_splitter *splitter);

/* Ids of one document; those that the tokenizer does not have stay as they are.
 * `stream`: any number that differs from document to document, such as its place; Python's
 * generators do not look at it.  The same seed, stream and ids give the same ids on any
 * machine.  TOK_ELIMIT where count + attempts is above TOK_SPLIT_IDS_MAX (count + twice
 * the attempts for Python's generators), TOK_EARG where the options are wrong; after a
 * failure the splitter is as good as before. */
TOK_API TOK_MUST_USE enum tok_status tok_split(struct tok_splitter *splitter,
					       const struct tok_split_options *options,
					       uint64_t stream, const tok_id *ids, size_t count,
					       struct tok_split_ids *out, struct tok_error *err);

#endif
