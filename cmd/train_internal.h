/* train_internal.h - what train.c asks for and train_*.c do. */
#ifndef CMD_TRAIN_INTERNAL_H
#define CMD_TRAIN_INTERNAL_H

#include "cmd/cli_documents.h"
#include "cmd/cli_progress.h"
#include "cmd/cli_recipe.h"
#include "cmd/cli_vocab_output.h"
#include "cmd/cli_words.h"
#include "vocab/train/finish.h"

struct train_options {
	struct cli_recipe recipe;
	struct cli_split split;
	bool raw, counts; /* counts: the operands are files of words */

	int model; /* enum vocab_train_model */
	const char *vocab_size, *sizes;
	uint64_t min_frequency, max_token_length, limit_alphabet;
	const char *initial_alphabet;
	int tie; /* enum vocab_tie; -1: hf */
	const char *prefix, *suffix, *unk;
	bool byte_fallback, split_digits;

	/* Unigram.  0 and NULL: not said; below 0 for reals. */
	uint64_t seed_size, num_sub_iterations, max_piece_length;
	double shrinking_factor, character_coverage;
	const char *required_chars;

	const char *output;
	int format; /* enum cli_vocab_kind; -1: by name */
	const char *resume, *checkpoint;
	uint64_t memory, threads;
	int progress;
};

/* train_size.c: "32000", "32k", "1M"; and lists of them, at most TRAIN_SIZES_MAX, which
 * are put in order.  CLI_OK, or what is wrong, said. */
enum { TRAIN_SIZES_MAX = 64 };
struct train_sizes {
	size_t items[TRAIN_SIZES_MAX];
	size_t count;
};
enum cli_exit train_size_parse(const char *text, size_t *out);
enum cli_exit train_sizes_parse(const struct train_options *opts, struct train_sizes *out);
/* The name of the file for a size: {} in `pattern` replaced by it.  False: memory. */
TOK_MUST_USE bool train_name(const char *pattern, size_t size, struct tok_buffer *out);

/* train_learn.c: from a stream of words to files. */
struct train_run {
	const struct train_options *opts;
	struct train_sizes sizes;
	enum cli_vocab_kind kind;
	struct cli_progress progress;
};
enum cli_exit train_learn(struct train_run *run, struct vocab_word_stream *stream);

/* train_text.c: which text may become a token. */
struct train_texts {
	const struct tok_spec *spec; /* its special tokens never come about in text */
	bool split_digits;           /* a digit is a token of its own */
	bool no_nul;                 /* SentencePiece has none */
};
bool train_text_allowed(void *context, struct tok_span text);
/* The characters of `text`, which may be NULL; to be freed.  NULL: out of memory. */
uint32_t *train_characters(const char *text, size_t *count);

/* train_unigram.c: CLI_OK, or what is wrong with the options, said. */
enum cli_exit train_unigram_check(const struct train_options *opts);
/* What vocab_train_unigram gives. */
enum tok_status train_unigram(const struct train_run *run, struct train_texts *texts,
			      tok_id first_id, struct vocab_word_stream *stream,
			      struct vocab_train_control *control, struct vocab_learned *out,
			      struct tok_error *err);

#endif
