/*
 * cli_writer.h - ids of documents into one of the formats.
 *
 *	struct cli_writer w = { .out = &out, .format = CLI_FORMAT_TEXT };
 *	status = cli_writer_begin(&w, size, &err);
 *	for each document {
 *		for each part
 *			status = cli_writer_add(&w, &encoding, base, &err);
 *		status = cli_writer_end(&w, &err);
 *	}
 *	status = cli_writer_finish(&w, &err);
 *	cli_writer_release(&w);
 */
#ifndef CMD_CLI_WRITER_H
#define CMD_CLI_WRITER_H

#include <stdio.h>

#include "cmd/cli_formats.h"
#include "cmd/cli_output.h"
#include "tok/pipe/encoder.h"

struct cli_writer {
	struct cli_output *out; /* borrowed */
	enum cli_format format;
	bool tokens, offsets; /* jsonl only */

	size_t width;                                /* bytes an id, of the binary formats */
	uint64_t total;                              /* ids in all */
	uint64_t in_document;                        /* ids of the current document */
	struct tok_buffer tokens_json, offsets_json; /* of the current document */
	FILE *spool; /* npy where the output cannot be gone back to: ids wait here */
};

/* `size` is the tokenizer's.  Fails with TOK_EARG where the ids do not fit. */
TOK_MUST_USE enum tok_status cli_writer_begin(struct cli_writer *writer, size_t size,
					      struct tok_error *err);

/* More of the current document; `base` is added to every range. */
TOK_MUST_USE enum tok_status cli_writer_add(struct cli_writer *writer,
					    const struct tok_encoding *encoding, uint64_t base,
					    struct tok_error *err);
TOK_MUST_USE enum tok_status cli_writer_end(struct cli_writer *writer, struct tok_error *err);
TOK_MUST_USE enum tok_status cli_writer_finish(struct cli_writer *writer, struct tok_error *err);
void cli_writer_release(struct cli_writer *writer);

#endif
