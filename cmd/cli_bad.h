/*
 * cli_bad.h - documents that are left out: told in order, and not all of them.
 *
 *	struct cli_bad bad = { .files = &files, .split = &split };
 *	cli_bad_enter(&bad, operand);                  // for each part of the work, in order
 *	cli_bad_document(&bad, 1, 0, &err);            // the next document, and no more near it
 *	cli_bad_count(&bad, documents);
 *	cli_bad_end(&bad, operand, &err);              // an operand that ends early
 */
#ifndef CMD_CLI_BAD_H
#define CMD_CLI_BAD_H

#include "cmd/cli_documents.h"
#include "cmd/cli_files.h"
#include "cmd/cli_progress.h"

struct cli_bad {
	const struct cli_files *files;
	const struct cli_split *split;
	struct cli_progress *progress; /* NULL: none */
	bool quiet;                    /* nothing is told: it will be */

	bool trouble;       /* something was bad */
	size_t operand;     /* whose documents are counted here */
	uint64_t documents; /* that have gone by */
	uint64_t told;
};

/* From here on documents are of this operand. */
void cli_bad_enter(struct cli_bad *bad, size_t operand);

static inline void cli_bad_count(struct cli_bad *bad, uint64_t documents)
{
	bad->documents += documents;
}

/* The `ahead`-th document from here, from 1, was refused, and `more` others near it. */
void cli_bad_document(struct cli_bad *bad, uint64_t ahead, uint64_t more, struct tok_error err);

/* Why an operand ends; TOK_ELIMIT is its next document's. */
void cli_bad_end(struct cli_bad *bad, size_t operand, struct tok_error err);

#endif
