/*
 * cli_coding_internal.h - a work on its way: cli_coding_item.c makes a block of ids of it,
 * cli_coding.c writes blocks in order.
 */
#ifndef CMD_CLI_CODING_INTERNAL_H
#define CMD_CLI_CODING_INTERNAL_H

#include "cmd/cli_coding.h"
#include "cmd/cli_json.h"

/* What a thread has. */
struct cli_coding_worker {
	struct cli_coding *run;
	void *coder;
	struct tok_json_document json; /* of the current line */
};

/* A document of a work: where it begins in the text of its region. */
struct cli_coding_spot {
	size_t region, byte;
	uint64_t copy;     /* to be made next */
	uint64_t document; /* its number in the region */
};

struct cli_coding_item {
	struct cli_work work;
	struct cli_block block;
	struct cli_tally *tallies; /* of the block's documents, and of its part behind them */
	size_t tally_capacity;
	uint64_t skipped;            /* as it was when the block was made */
	struct cli_coding_spot next; /* what comes behind the block */
	struct tok_error error;      /* of that document */
};

/* What a thread cannot know ahead: ids that may still be written, of the part and in
 * all, and how many documents before were numbered in vain. */
struct cli_coding_terms {
	uint64_t part, room, skipped;
};

/* Steps of the pool: a thread begins and ends. */
void *cli_coding_begin(void *run);
void cli_coding_end(void *worker);

/* Make the block of an item: its documents from one on, as far as terms and errors allow. */
void cli_coding_encode(struct cli_coding_worker *worker, struct cli_coding_item *item,
		       struct cli_coding_spot from, struct cli_coding_terms terms);

#endif
