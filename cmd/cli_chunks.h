/*
 * cli_chunks.h - chunks of random length instead of words: the options.
 */
#ifndef CMD_CLI_CHUNKS_H
#define CMD_CLI_CHUNKS_H

#include "cmd/cli.h"
#include "cmd/cli_recipe.h"

struct cli_chunks {
	const char *lengths; /* "4-5:.044,6-7:.091"; NULL: the paper's */
	int boundary;        /* enum vocab_chunk_boundary */
	uint64_t seed;
};

#define CLI_CHUNK_ROWS(T, field)                                                                   \
	{ CLI_TEXT,                                                                                \
	  0,                                                                                       \
	  "chunk-lengths",                                                                         \
	  "N-N:P,...",                                                                             \
	  "characters a chunk has, and how probable they are (the TokenAdapt paper's)",            \
	  CLI_FIELD(T, field.lengths, const char *) },                                             \
	    { CLI_CHOICE,                                                                          \
	      0,                                                                                   \
	      "respect-boundary",                                                                  \
	      "none|newline|digit",                                                                \
	      "end a chunk at each newline, or never inside a number (none)",                      \
	      CLI_FIELD(T, field.boundary, int) },                                                 \
	{                                                                                          \
		CLI_SIZE, 0, "seed", "N", "of the lengths that are drawn (0)",                     \
		    CLI_FIELD(T, field.seed, uint64_t)                                             \
	}

/* CLI_OK, or what is wrong, said.  Probabilities that do not sum to 1 are told, and taken
 * as parts of their sum. */
enum cli_exit cli_chunks_make(const struct cli_chunks *options, struct vocab_chunks *out);

/* A text is one piece, in NFC unless another normalizer was asked for.  CLI_OK, or what
 * is wrong, said. */
enum cli_exit cli_chunks_recipe(const struct cli_recipe *options, struct cli_recipe *out);

#endif
