/*
 * cli_id_documents.h - the documents of ids of one operand, whole or in parts of whole
 * chunks: what cli_documents.h is for text.
 *
 *	struct cli_id_documents d = { .format = CLI_FORMAT_TEXT, .limit_ids = 1 << 28 };
 *	status = cli_id_documents_open(&d, path, 0, &err);
 *	while ((status = cli_id_documents_next(&d, &part, &err)) == TOK_OK && part.text.bytes)
 *		use(cli_ids_of(part.text), ...);
 *	cli_id_documents_close(&d);
 *	cli_id_documents_release(&d);
 */
#ifndef CMD_CLI_ID_DOCUMENTS_H
#define CMD_CLI_ID_DOCUMENTS_H

#include "cmd/cli_ids.h"

struct cli_id_documents {
	/* Set by the caller. */
	enum cli_format format;
	uint64_t chunk_ids; /* parts but the last have a multiple of these; 0: none */
	uint64_t limit_ids; /* that may be in memory of one document */
	bool may_chunk;     /* the user can have parts: a message on the limit says how */

	struct cli_ids ids;
	struct tok_buffer kept; /* ids of the current document, as they lie in memory */
	size_t given;           /* bytes of it that went out */
	bool inside;            /* a part of the current document went out */
};

/* Ids that travel as a span of bytes. */
static inline const tok_id *cli_ids_of(struct tok_span bytes)
{
	return (const tok_id *)(const void *)bytes.bytes;
}

/* `documents` was closed before, or is new.  `wake`: as in struct cli_input. */
TOK_MUST_USE enum tok_status cli_id_documents_open(struct cli_id_documents *documents,
						   const char *path, int wake,
						   struct tok_error *err);
void cli_id_documents_close(struct cli_id_documents *documents);
void cli_id_documents_release(struct cli_id_documents *documents);

/* .text lives until the next call; its .bytes are NULL where no document is left or the
 * wait was ended.  Messages name the operand. */
TOK_MUST_USE enum tok_status cli_id_documents_next(struct cli_id_documents *documents,
						   struct cli_part *out, struct tok_error *err);

/* Can more be had without a wait? */
static inline bool cli_id_documents_ready(const struct cli_id_documents *documents)
{
	return cli_ids_ready(&documents->ids);
}

static inline struct cli_input *cli_id_documents_input(struct cli_id_documents *documents)
{
	return &documents->ids.lines.input;
}

#endif
