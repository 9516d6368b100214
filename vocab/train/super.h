/*
 * super.h - supertokens: tokens that reach over more than one word.
 *
 * Three ways to learn them, all of which end in plain BPE:
 *
 *	chunk       words are stretches of random length, wherever words end
 *	            (TokenAdapt, "stochastic chunking")
 *	superbpe    BPE of words, gone on with over what lies between numbers and runs
 *	            of punctuation (SuperBPE, arXiv 2503.13423)
 *	boundless   BPE of words and, over runs of words that are one token each, BPE of
 *	            words; what counts most is taken (BoundlessBPE in two phases,
 *	            arXiv 2604.05192)
 *
 * Here is what differs from learning words: what is counted (units), how the tokenizer
 * cuts text afterwards (vocab_recipe_relax), which tokens may be made (filter), and how
 * two stages become one vocabulary.
 */
#ifndef VOCAB_TRAIN_SUPER_H
#define VOCAB_TRAIN_SUPER_H

#include "tok/base/buffer.h"
#include "tok/pipe/encoder.h"
#include "tok/text/regex.h"
#include "vocab/train/learned.h"
#include "vocab/train/words_count.h"

enum vocab_super {
	VOCAB_SUPER_NONE,
	VOCAB_SUPER_CHUNK,
	VOCAB_SUPER_SUPERBPE,
	VOCAB_SUPER_BOUNDLESS
};

/* ---- units ---------------------------------------------------------------- */

/* What is counted instead of words.  Immutable, shared by threads; `row` is a thread's
 * own and empty at first. */
struct vocab_units {
	/* Some words of a text, in order, as a tok_word_sink is given them; NULL: they are
	 * counted themselves. */
	enum tok_status (*take)(const struct vocab_units *self, struct vocab_counter *counter,
				struct tok_buffer *row, struct tok_span text,
				const struct tok_range *words, size_t count, struct tok_error *err);
	/* The text is over; may be NULL. */
	enum tok_status (*end)(const struct vocab_units *self, struct vocab_counter *counter,
			       struct tok_buffer *row, struct tok_error *err);
	bool by_lines; /* each line with its newline is a text of its own */
};

/* SuperBPE's: what its way of cutting leaves of a line, in pieces of VOCAB_UNIT_MAX bytes. */
#define VOCAB_UNIT_MAX ((size_t)1 << 20)
TOK_API extern const struct vocab_units vocab_superbpe_units;

/* ---- chunks --------------------------------------------------------------- */

enum vocab_chunk_boundary {
	VOCAB_CHUNK_ANYWHERE,
	VOCAB_CHUNK_NEWLINE, /* a newline ends a chunk */
	VOCAB_CHUNK_DIGIT    /* no chunk ends inside a run of digits */
};

enum { VOCAB_CHUNK_RANGES_MAX = 64, VOCAB_CHUNK_CHARS_MAX = 1 << 20 };

struct vocab_chunk_range {
	uint32_t least, most; /* characters */
	double probability;
};

/* A word, which is a whole text between special tokens, in chunks: a range is drawn,
 * then a length in it.  What is drawn depends on nothing but the seed and the text's
 * bytes, so that equal texts have equal chunks.  Runs of seven equal characters are
 * left out, as in the original. */
struct vocab_chunks {
	struct vocab_units units;
	uint64_t seed;
	enum vocab_chunk_boundary boundary;
	uint32_t least; /* of all ranges */
	struct vocab_chunk_range ranges[VOCAB_CHUNK_RANGES_MAX];
	uint64_t limits[VOCAB_CHUNK_RANGES_MAX]; /* draws up to it take the range */
	size_t count;
};

/* Probabilities are parts of their sum.  TOK_EARG where there is no range, or one that
 * cannot be. */
TOK_API TOK_MUST_USE enum tok_status vocab_chunks_init(const struct vocab_chunk_range *ranges,
						       size_t count, uint64_t seed,
						       enum vocab_chunk_boundary boundary,
						       struct vocab_chunks *out,
						       struct tok_error *err);

/* ---- runs of words -------------------------------------------------------- */

struct vocab_runs;

/* Of words that `model` makes one token of and that match `pattern`.  Units are their
 * maximal runs of two or more, as rows of ids (struct vocab_bpe_options).  `model`, whose
 * texts are as words have them, is borrowed. */
TOK_API TOK_MUST_USE enum tok_status vocab_runs_new(const struct tok_model_spec *model,
						    const struct tok_regex *pattern,
						    struct vocab_runs **out, struct tok_error *err);
TOK_API void vocab_runs_free(struct vocab_runs *runs);
TOK_API const struct vocab_units *vocab_runs_units(const struct vocab_runs *runs);
/* The id of a word that can stand in a run, or TOK_NO_ID. */
TOK_API tok_id vocab_runs_find(const struct vocab_runs *runs, struct tok_span word);

/* ---- filter --------------------------------------------------------------- */

/* Which tokens may be made; one thread's. */
struct vocab_super_filter {
	size_t max_words;    /* stretches between spaces; 0: no limit */
	bool no_colon_space; /* no ':' in front of a space */
	struct tok_regex **forbidden;
	size_t forbidden_count;
	struct tok_regex_scratch *scratch; /* NULL where nothing is forbidden */
};

/* A token on which a pattern cannot be decided within its limits is refused. */
TOK_API bool vocab_super_allows(const struct vocab_super_filter *filter, struct tok_span joined);

/* ---- recipes -------------------------------------------------------------- */

enum vocab_relaxed {
	VOCAB_RELAXED_NOT,
	VOCAB_RELAXED_SUPERBPE, /* cut are numbers, punctuation and blanks: no words */
	VOCAB_RELAXED_WHOLE     /* a text is one piece */
};

/* Another pre-tokenizer, of bytes, for what tokens reach over. */
TOK_API TOK_MUST_USE enum tok_status
vocab_recipe_relax(struct tok_spec *spec, enum vocab_relaxed relaxed, struct tok_error *err);

/* ---- two stages as one ----------------------------------------------------- */

/* What both stages of a run learned, `supers` on the base of `words`: merges of words
 * first.  With `by_count` merges of either are taken as they count, words' first where
 * counts are equal, until there are `vocab_size` tokens; else all of both are.
 * *word_merges: how many of `out`'s are of words.  `out` holds copies. */
TOK_API TOK_MUST_USE enum tok_status vocab_super_join(const struct vocab_learned *words,
						      const struct vocab_learned *supers,
						      bool by_count, size_t vocab_size,
						      struct vocab_learned *out,
						      size_t *word_merges, struct tok_error *err);

/* ---- boundless, exactly ---------------------------------------------------- */

struct vocab_exact;

/* The encoder that the vocabulary was learned for and that no tokenizer.json can say:
 * text is cut into words, words become tokens, and runs of words that are one token each
 * are joined.  For measuring: it does no more than it must.  All is borrowed; `words`
 * is the tokenizer of the recipe, `model` what the merges of words make. */
struct vocab_exact_options {
	const struct tok_tokenizer *words;
	const struct tok_model_spec *model;
	const struct vocab_runs *runs; /* of `model` */
	const struct tok_merge *supers;
	size_t super_count;
};
TOK_API TOK_MUST_USE enum tok_status vocab_exact_new(const struct vocab_exact_options *options,
						     struct vocab_exact **out,
						     struct tok_error *err);
TOK_API void vocab_exact_free(struct vocab_exact *exact);

/* Ids of a text, in which special tokens are ordinary text; until the next call. */
TOK_API TOK_MUST_USE enum tok_status vocab_exact_encode(struct vocab_exact *exact,
							struct tok_span text, const tok_id **ids,
							size_t *count, struct tok_error *err);

#endif
