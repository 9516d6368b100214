/*
 * cli_documents.h - the documents of one operand, in parts that fit in memory.
 *
 *	struct cli_documents d;
 *	status = cli_documents_open(&d, path, &split, &cut, &err);
 *	while ((status = cli_documents_next(&d, &part, &err)) == TOK_OK && part.text.bytes)
 *		...
 *	cli_documents_close(&d);
 *
 * A long document is cut where its tokenizer says that this changes nothing;
 * else it is taken whole, up to the limit.
 */
#ifndef CMD_CLI_DOCUMENTS_H
#define CMD_CLI_DOCUMENTS_H

#include "cmd/cli.h"
#include "cmd/cli_input.h"
#include "tok/pipe/encoder.h"
#include "vocab/format/json.h"

/* What makes a document. */
struct cli_split {
	bool lines, null;
	const char *jsonl; /* name of the field that holds the text */
	uint64_t limit_bytes;
};

#define CLI_SPLIT_ROWS(T, field)                                                                   \
	{ CLI_GROUP, .name = "Documents" },                                                        \
	    { CLI_FLAG,                                                                            \
	      'l',                                                                                 \
	      "lines",                                                                             \
	      NULL,                                                                                \
	      "each line is a document; its newline is not part of it",                            \
	      CLI_FIELD(T, field.lines, bool) },                                                   \
	    { CLI_FLAG,                                                                            \
	      '0',                                                                                 \
	      "null",                                                                              \
	      NULL,                                                                                \
	      "each document ends at a NUL byte, which is not part of it",                         \
	      CLI_FIELD(T, field.null, bool) },                                                    \
	    { CLI_TEXT,                                                                            \
	      0,                                                                                   \
	      "jsonl",                                                                             \
	      "FIELD",                                                                             \
	      "each line is a JSON object; the string at FIELD is the document",                   \
	      CLI_FIELD(T, field.jsonl, const char *) },                                           \
	{                                                                                          \
		CLI_BYTES, 0, "max-document", "BYTES",                                             \
		    "refuse a document larger than this that cannot be cut (1G)",                  \
		    CLI_FIELD(T, field.limit_bytes, uint64_t)                                      \
	}

#define CLI_SPLIT_LIMIT ((uint64_t)1 << 30)

/* Is each operand one document? */
static inline bool cli_split_is_whole(const struct cli_split *split)
{
	return !split->lines && !split->null && !split->jsonl;
}

/* CLI_OK, or what is wrong with the combination, said. */
enum cli_exit cli_split_check(const struct cli_split *split);

/* Where a document may be cut. */
struct cli_cut {
	const struct tok_tokenizer *tokenizer; /* NULL: nowhere */
	bool match_special;
	bool between_characters; /* never inside one */
};

/* A template, truncation and padding are laid around a whole document: then it is
 * cut nowhere. */
struct cli_cut cli_cut_for(const struct tok_tokenizer *tokenizer,
			   const struct tok_encode_options *how);

struct cli_part {
	struct tok_span text; /* .bytes NULL: no document is left */
	bool first, last;     /* of its document */
	uint64_t number;      /* of the document (for lines: the line), from 1 */
	uint64_t bytes;       /* of the operand up to the end of this part */
};

struct cli_documents {
	struct cli_input input;
	const struct cli_split *split;
	struct cli_cut cut;
	struct vocab_json_document json; /* of the current line */
	size_t searched;                 /* bytes of the window without a terminator */
	bool inside;                     /* a part of the current document went out */
	uint64_t number, bytes;
};

TOK_MUST_USE enum tok_status cli_documents_open(struct cli_documents *out, const char *path,
						const struct cli_split *split,
						const struct cli_cut *cut, struct tok_error *err);
void cli_documents_close(struct cli_documents *documents);

/* The text lives until the next call.  Messages name the operand. */
TOK_MUST_USE enum tok_status cli_documents_next(struct cli_documents *documents,
						struct cli_part *out, struct tok_error *err);

#endif
