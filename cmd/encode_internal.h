/* encode_internal.h - the parts of tok encode. */
#ifndef CMD_ENCODE_INTERNAL_H
#define CMD_ENCODE_INTERNAL_H

#include "cmd/cli_coding.h"
#include "cmd/cli_load.h"
#include "tok/sample/sampler.h"

enum encode_unit { ENCODE_UNIT_BYTE, ENCODE_UNIT_CHAR };
#define ENCODE_UNIT_WORDS "byte|char"

struct encode_options {
	struct cli_load load;
	struct cli_split split;
	struct cli_specials specials;
	int format;      /* -1: text, or jsonl where tokens or offsets are wanted */
	int offset_unit; /* -1: not asked for */
	bool offsets, tokens, raw;
	bool longest_match;
	uint64_t max_tokens, budget;
	bool append_eod;
	const char *eod;
	const char *output;
	int dtype;             /* -1: not asked for */
	uint64_t shard_tokens; /* UINT64_MAX: all in one file */
	bool resume;
	int progress;
	uint64_t threads;
};

static inline bool encode_is_sharded(const struct encode_options *options)
{
	return options->shard_tokens != UINT64_MAX;
}

/* What the coder of tok encode goes by: the context of its run. */
struct encode_plan {
	const struct tok_tokenizer *tokenizer;
	struct tok_encode_options how;
	bool in_characters;                /* offsets */
	const struct tok_sampler *longest; /* NULL: as the tokenizer's model does */
};

extern const struct cli_coder encode_coder;

/* The options that make a difference to the output, as text that ends with NUL.
 * False if memory is out. */
TOK_MUST_USE bool encode_tell_options(const struct encode_options *options, tok_id eod,
				      struct tok_buffer *to);

#endif
