/* words_internal.h - what words.c asks for and words_*.c do. */
#ifndef CMD_WORDS_INTERNAL_H
#define CMD_WORDS_INTERNAL_H

#include "cmd/cli_files.h"
#include "cmd/cli_output.h"
#include "cmd/cli_words.h"
#include "vocab/train/words.h"

enum words_format { WORDS_FILE, WORDS_TSV, WORDS_SQLITE };
#define WORDS_FORMAT_NAMES "words|tsv|sqlite"

/* All of `stream` to `out`, which is then to be committed. */
TOK_MUST_USE enum tok_status words_write(enum words_format format, struct vocab_word_stream *stream,
					 struct cli_output *out, struct tok_error *err);

/* words_sqlite.c: the same into a database. */
TOK_MUST_USE enum tok_status words_write_sqlite(struct vocab_word_stream *stream,
						struct cli_output *out, struct tok_error *err);

/* So much text tells what all of it will take. */
#define WORDS_SAMPLE_BYTES ((uint64_t)16 << 20)

/* words_sample.c: about so much from all over the operands, which are regular files, in a file
 * of its own that the caller closes; -1: they are no larger, or compressed, or have documents too
 * long for it, and are best read from the beginning. */
int words_sample(const struct cli_words_job *job);

/* words_estimate.c: what counting all of `job` and training will take, from a sample, to `to`;
 * says so where that cannot be told.  Bad input is told too where
 * `trouble`, which it sets, is not NULL. */
TOK_MUST_USE enum tok_status words_estimate(const struct cli_words_job *job, FILE *to,
					    bool *trouble, struct tok_error *err);

#endif
