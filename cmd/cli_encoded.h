/*
 * cli_encoded.h - the ids of all documents of all operands, made by many threads and handed
 * over one after the other: for who wants ids and no file of them.
 *
 *	struct cli_encoded_job job = { .tokenizer = tokenizer, .files = &files, ..., .use = use };
 *	status = cli_encoded_run(&job, &done, &trouble, &err);
 *
 * Documents are those of tok encode.  One that cannot be read or encoded is told and left out;
 * where it is long, parts of it may have been handed over before.
 */
#ifndef CMD_CLI_ENCODED_H
#define CMD_CLI_ENCODED_H

#include "cmd/cli_progress.h"
#include "cmd/cli_source.h"

/* A document, or a part of one. */
struct cli_encoded {
	size_t operand;
	uint64_t number; /* of the document in its operand, from 1 */
	const tok_id *ids;
	size_t count;
	uint64_t bytes; /* of its text */
	bool first, last;
};

struct cli_encoded_job {
	const struct tok_tokenizer *tokenizer;
	const struct cli_files *files;
	const struct cli_split *split;
	struct tok_encode_options how;
	bool raw;
	uint64_t threads; /* 0: all processors */
	struct cli_progress *progress;
	const atomic_bool *stop; /* set by anybody: no more is wanted; NULL: none */
	/* Of one thread at a time, in the order of the operands; a failure ends the run. */
	enum tok_status (*use)(void *context, const struct cli_encoded *piece,
			       struct tok_error *err);
	void *context;
};

/* *trouble: an operand or a document was bad and left out, and said so. */
TOK_MUST_USE enum tok_status cli_encoded_run(const struct cli_encoded_job *job,
					     struct cli_done *done, bool *trouble,
					     struct tok_error *err);

#endif
