/*
 * cli_vocab_words.h - a tokenizer, and the words of a text as it makes them: what extend
 * and vocab prune begin with.
 *
 *	struct cli_vocab_words known = { 0 };
 *	result = cli_vocab_words_open(&opts->words, path, accepts, &aim, argc, argv, &known);
 *	if (known.words)
 *		... known.spec, vocab_words_again(known.words, ...) ...
 *	cli_vocab_words_release(&known);
 */
#ifndef CMD_CLI_VOCAB_WORDS_H
#define CMD_CLI_VOCAB_WORDS_H

#include "cmd/cli_documents.h"
#include "cmd/cli_pool.h"
#include "cmd/cli_progress.h"
#include "cmd/cli_vocab_output.h"
#include "vocab/train/learned.h"
#include "vocab/train/words_kept.h"

struct cli_vocab_words_options {
	const char *pattern;
	struct cli_split split;
	bool raw, counts; /* counts: the FILEs are files of words */
	uint64_t memory, threads;
	int progress;
};

#define CLI_VOCAB_WORDS_DEFAULTS                                                                   \
	{                                                                                          \
		.split = {.limit_bytes = CLI_SPLIT_LIMIT }                                         \
	}

#define CLI_VOCAB_WORDS_ROWS(T, field)                                                             \
	CLI_SPLIT_ROWS(T, field.split),                                                            \
	    { CLI_FLAG,                                                                            \
	      0,                                                                                   \
	      "raw",                                                                               \
	      NULL,                                                                                \
	      "take gzip and Zstandard files as the bytes they are",                               \
	      CLI_FIELD(T, field.raw, bool) },                                                     \
	{                                                                                          \
		CLI_FLAG, 'c', "counts", NULL, "the FILEs are counts of tok words, not text",      \
		    CLI_FIELD(T, field.counts, bool)                                               \
	}

#define CLI_VOCAB_WORDS_RUNNING_ROWS(T, field)                                                     \
	{ CLI_GROUP, .name = "Running" },                                                          \
	    { CLI_BYTES,                                                                           \
	      0,                                                                                   \
	      "memory",                                                                            \
	      "BYTES",                                                                             \
	      "use about so much memory, and files in TMPDIR for the rest (no limit)",             \
	      CLI_FIELD(T, field.memory, uint64_t) },                                              \
	    CLI_THREADS_ROW(T, field.threads),                                                     \
	{                                                                                          \
		CLI_CHOICE, 0, "progress", "auto|always|never",                                    \
		    "tell on standard error how far it is (auto: on a terminal)",                  \
		    CLI_FIELD(T, field.progress, int)                                              \
	}

struct cli_vocab_words {
	struct tok_spec spec;
	struct vocab_words_kept *words; /* NULL: there is nothing to go on with */
	struct vocab_word_totals totals;
	struct cli_progress progress;
};

/* Is it a tokenizer of the kind that is wanted?  Asked before any text is read. */
typedef enum tok_status cli_vocab_accepts(const struct tok_spec *spec, struct tok_error *err);

/* Reads the tokenizer at `path`, looks whether `aim` (NULL: none) can be made of it, and reads its
 * words of all FILEs, or counts of them, which must be such words; standard input where there is no
 * FILE.  Says what is wrong; trouble with words is that something of the text was left out. */
enum cli_exit cli_vocab_words_open(const struct cli_vocab_words_options *options, const char *path,
				   cli_vocab_accepts *accepts, const struct cli_vocab_aim *aim,
				   int argc, char **argv, struct cli_vocab_words *out);
void cli_vocab_words_release(struct cli_vocab_words *known);

/* A control that shows how far it is. */
void cli_vocab_words_watch(struct cli_vocab_words *known, struct vocab_train_control *control);

/* How many bytes of text a token of `spec` stands for, on an average. */
TOK_MUST_USE enum tok_status cli_vocab_words_measure(struct cli_vocab_words *known,
						     const struct tok_spec *spec,
						     struct vocab_train_control *control,
						     double *bytes_per_token,
						     struct tok_error *err);

#endif
