/*
 * cli_ids.h - ids from one operand, in any of the formats, in parts.
 *
 *	struct cli_ids r;
 *	status = cli_ids_open(&r, path, CLI_FORMAT_TEXT, &err);
 *	while ((status = cli_ids_next(&r, &part, &err)) == TOK_OK && !part.none)
 *		...
 *	cli_ids_close(&r);
 *
 * text and jsonl hold a document a line; u16, u32 and npy hold one document.
 */
#ifndef CMD_CLI_IDS_H
#define CMD_CLI_IDS_H

#include "cmd/cli_documents.h"
#include "cmd/cli_formats.h"
#include "tok/text/json.h"

struct cli_id_part {
	const tok_id *ids;
	size_t count;    /* may be 0 where a wait was ended: see struct cli_input */
	bool last;       /* of its document */
	bool none;       /* no document is left */
	uint64_t number; /* of the document, for the text formats also of the line */
};

struct cli_ids {
	enum cli_format format;
	struct cli_documents lines;    /* jsonl; of the others only the input */
	struct tok_span several;       /* jsonl: lines that are still to be read */
	struct tok_json_document json; /* of the current line */
	tok_id *ids;
	size_t count, capacity;
	bool begun;      /* there is a document */
	bool has_digits; /* text: a number is being read */
	uint64_t value;
	uint64_t number;
	size_t width;      /* binary: bytes an id */
	bool is_signed;    /* npy: the upper half are negative numbers */
	uint64_t promised; /* npy: ids still to come; else UINT64_MAX */
};

/* Messages name the operand and, where there are lines, the line. */
TOK_MUST_USE enum tok_status cli_ids_open(struct cli_ids *out, const char *path,
					  enum cli_format format, struct tok_error *err);
void cli_ids_close(struct cli_ids *ids);

/* The ids live until the next call. */
TOK_MUST_USE enum tok_status cli_ids_next(struct cli_ids *ids, struct cli_id_part *out,
					  struct tok_error *err);

/* Can the next part be had without a wait for more bytes? */
bool cli_ids_ready(const struct cli_ids *ids);

/* Does a format hold a document a line? */
static inline bool cli_ids_has_lines(enum cli_format format)
{
	return format == CLI_FORMAT_TEXT || format == CLI_FORMAT_JSONL;
}

/* The header of an npy file at the front of the window: sets width and promise. */
TOK_MUST_USE enum tok_status cli_ids_npy_header(struct cli_ids *ids, struct tok_error *err);

#endif
