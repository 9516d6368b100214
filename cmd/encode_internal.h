/* encode_internal.h - what encode.c asks for and encode_run.c does. */
#ifndef CMD_ENCODE_INTERNAL_H
#define CMD_ENCODE_INTERNAL_H

#include "cmd/cli_load.h"
#include "cmd/cli_progress.h"
#include "cmd/cli_source.h"
#include "cmd/cli_writer.h"

enum encode_unit { ENCODE_UNIT_BYTE, ENCODE_UNIT_CHAR };

struct encode_options {
	struct cli_load load;
	struct cli_split split;
	struct cli_specials specials;
	int format; /* -1: text, or jsonl where tokens or offsets are wanted */
	int offset_unit;
	bool offsets, tokens, raw;
	uint64_t max_tokens, budget;
	const char *output;
	int progress;
	uint64_t threads;
};

/* One run.  The caller fills in the first part. */
struct encode_run {
	const struct encode_options *opts;
	const struct tok_tokenizer *tokenizer;
	struct tok_encode_options how;
	const struct cli_shape *shape;
	struct cli_source source;
	struct cli_writer writer;
	struct cli_progress progress;

	struct encode_item *items; /* one a slot of the pool */
	size_t operand;            /* whose documents are written */
	uint64_t number;           /* of them that ended */
	struct cli_done done;
	bool enough;      /* the budget is spent */
	bool output_lost; /* and said so */
	bool trouble;     /* an operand was bad, and said so */
};

/* Everything from the source to the writer; false: something went wrong, and was
 * said. */
bool encode_run(struct encode_run *run);

#endif
