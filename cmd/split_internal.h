/* split_internal.h - the parts of tok split. */
#ifndef CMD_SPLIT_INTERNAL_H
#define CMD_SPLIT_INTERNAL_H

#include <pthread.h>

#include "cmd/cli_coding.h"
#include "cmd/cli_load.h"
#include "tok/sample/split.h"

#define SPLIT_PAIRS_WORDS "any|merges|earlier"
#define SPLIT_ROUND_WORDS "floor|stochastic"
#define SPLIT_RNG_WORDS   "tok|python"
enum { SPLIT_STATS_TEXT, SPLIT_STATS_JSON };

enum { SPLIT_PROPORTIONS_MAX = 64 };

struct split_options {
	struct cli_load load;
	const char *proportions; /* NULL: not asked for */
	uint64_t attempts, max_splits;
	int pairs, round, rng;
	uint64_t min_piece_bytes;
	bool utf8_safe;
	const char *protect;
	uint64_t copies, chunk, seed;
	bool predict;

	int input; /* -1: not asked for */
	uint64_t limit_ids;
	bool encode;
	struct cli_split split;
	bool raw;
	struct cli_specials specials;

	int format; /* -1: text, or jsonl with --tokens */
	int dtype;  /* -1: not asked for */
	bool tokens, append_eod;
	const char *eod;
	const char *output;
	int stats;
	int progress;
	uint64_t threads;
};

/* What threads go by.  Tallies are counted as below. */
struct split_plan {
	const struct split_options *opts;
	const struct tok_tokenizer *tokenizer;
	struct tok_encode_options how;
	const struct tok_splits *splits;
	struct tok_split_options options; /* .proportion is the first of proportions */
	double proportions[SPLIT_PROPORTIONS_MAX];
	size_t proportion_count;
	bool *known; /* by id: is there a token?  NULL: all below the size are */

	/* --predict: how often each id occurs, how many there are, with those that have no
	 * token, and how many attempts each proportion is in all documents and chunks,
	 * fractions left out. */
	pthread_mutex_t lock;
	uint64_t *counts;
	uint64_t ids;
	uint64_t whole_attempts[SPLIT_PROPORTIONS_MAX];
};

/* Places in a tally. */
enum { SPLIT_TOKENS, SPLIT_ATTEMPTS, SPLIT_SPLITS };

extern const struct cli_coder split_coder;

/* Makes no ids: only counts those that come, and attempts, into the plan, when a thread
 * ends. */
extern const struct cli_coder split_counter;

/* The ids of a piece, from text if the plan says so, and known to the tokenizer.  They
 * live until the encoder's next call, or as long as the piece. */
TOK_MUST_USE enum tok_status split_take_ids(const struct split_plan *plan,
					    struct tok_encoder *encoder,
					    const struct cli_piece *piece, struct tok_encoding *out,
					    struct tok_error *err);

/* Tokens that are not to be split, from --protect; free(*ids). */
TOK_MUST_USE enum tok_status split_read_protected(const char *path,
						  const struct tok_tokenizer *tokenizer,
						  tok_id **ids, size_t *count,
						  struct tok_error *err);

/* What was done, on standard error. */
void split_report(const struct split_plan *plan, const struct cli_coding *run);

/* What is to be expected, on standard output. */
TOK_MUST_USE enum tok_status split_predict(const struct split_plan *plan, struct tok_error *err);

#endif
