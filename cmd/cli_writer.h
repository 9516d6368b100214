/*
 * cli_writer.h - blocks of ids, in order, into one file of one of the formats.
 *
 *	struct cli_writer w = { .shape = &shape, .out = &out };
 *	status = cli_writer_begin(&w, &err);
 *	status = cli_writer_documents(&w, &block, 0, block.count, &err);
 *	status = cli_writer_part(&w, &block, &err);  // then, after the last part:
 *	status = cli_writer_end(&w, eod, &err);
 *	status = cli_writer_finish(&w, &err);
 *	cli_writer_release(&w);
 */
#ifndef CMD_CLI_WRITER_H
#define CMD_CLI_WRITER_H

#include <stdio.h>

#include "cmd/cli_block.h"
#include "cmd/cli_megatron.h"
#include "cmd/cli_output.h"

struct cli_writer {
	const struct cli_shape *shape; /* borrowed */
	struct cli_output *out;        /* borrowed */
	struct cli_megatron index;     /* megatron: its .out is set by the caller */

	uint64_t total;                              /* ids in all */
	uint64_t documents;                          /* that ended */
	uint64_t in_document;                        /* ids of the current document */
	bool inside;                                 /* a part of it is written, its end is not */
	struct tok_buffer joint;                     /* what stands around ids */
	struct tok_buffer tokens_json, offsets_json; /* of the current document */
	FILE *spool; /* npy where the output cannot be gone back to: ids wait here */
};

TOK_MUST_USE enum tok_status cli_writer_begin(struct cli_writer *writer, struct tok_error *err);

/* The documents [from, to) of a block. */
TOK_MUST_USE enum tok_status cli_writer_documents(struct cli_writer *writer,
						  const struct cli_block *block, size_t from,
						  size_t to, struct tok_error *err);

/* The part that ends a block; then the end of its document, with `eod` if wanted. */
TOK_MUST_USE enum tok_status cli_writer_part(struct cli_writer *writer,
					     const struct cli_block *block, struct tok_error *err);
TOK_MUST_USE enum tok_status cli_writer_end(struct cli_writer *writer, bool eod,
					    struct tok_error *err);

TOK_MUST_USE enum tok_status cli_writer_finish(struct cli_writer *writer, struct tok_error *err);
void cli_writer_release(struct cli_writer *writer);

#endif
