/*
 * cli_words.h - the words of all operands, counted by many threads.
 *
 *	struct cli_words words = { 0 };
 *	status = cli_words_count(&job, &words, &err);
 *	status = cli_words_stream(&words, recipe, &stream, &err);
 *	... vocab_words_next(stream, &word, &err) ...
 *	cli_words_release(&words);
 *
 * What is counted does not depend on the threads, nor on where texts are cut.
 */
#ifndef CMD_CLI_WORDS_H
#define CMD_CLI_WORDS_H

#include "cmd/cli_progress.h"
#include "cmd/cli_source.h"
#include "vocab/train/super.h"

struct cli_words_job {
	const struct tok_tokenizer *tokenizer; /* vocab_recipe_open */
	const struct cli_files *files;
	const struct cli_split *split;
	const struct vocab_units *units; /* what is counted instead of words; NULL: words */
	bool raw;
	bool tsv;              /* lines of words and counts instead of text: cli_words_tsv.c */
	uint64_t threads;      /* 0: all processors */
	uint64_t memory_bytes; /* of everything; 0: no limit */
	uint64_t sample_bytes; /* of text: then it is enough; 0: all */
	bool quiet;            /* bad input is not told: it will be */
	struct cli_progress *progress; /* NULL: none */
	const atomic_bool *stop; /* set by anybody: what was read so far is enough; NULL: none */
};

/* Words of a sample, half way and at its end: words_estimate.c. */
struct cli_words_point {
	uint64_t bytes, bytes_read, words;
	size_t distinct;
};

struct cli_words {
	struct vocab_counter **counters;
	size_t count;
	struct vocab_counted *counted;
	bool trouble; /* an operand or a document was bad and left out, and said so */
	struct cli_done done;
	struct cli_words_point half, all; /* of a sample */
};

/* `out` is zeroed before and to be released.  Fails where nothing can be made of what
 * was counted: memory is out, or the disk is full. */
TOK_MUST_USE enum tok_status cli_words_count(const struct cli_words_job *job, struct cli_words *out,
					     struct tok_error *err);

/* The words in order; `recipe` is borrowed. */
TOK_MUST_USE enum tok_status cli_words_stream(struct cli_words *words, struct tok_span recipe,
					      struct vocab_word_stream **out,
					      struct tok_error *err);
void cli_words_release(struct cli_words *words);

/* Where files go that vanish with the program: TMPDIR, or /var/tmp. */
const char *cli_spill_folder(void);

/* A line of TSV: word, tab, count.  The word is unescaped into `word`. */
TOK_MUST_USE enum tok_status cli_words_parse(struct tok_span line, struct tok_buffer *word,
					     uint64_t *count, struct tok_error *err);

/* The same line, newline and all, appended to `to`.  False if memory is out. */
TOK_MUST_USE bool cli_words_print(const struct vocab_word *word, struct tok_buffer *to);

#endif
