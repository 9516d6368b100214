/*
 * cli_documents.h - the documents of one operand, in parts that fit in memory.
 *
 *	struct cli_documents d = { 0 };
 *	status = cli_documents_open(&d, path, form, &split, &cut, &err);
 *	while ((status = cli_documents_next(&d, &part, &err)) == TOK_OK && part.text.bytes)
 *		...
 *	cli_documents_close(&d);
 *	cli_documents_release(&d);
 *
 * A long document is cut where its tokenizer says that this changes nothing;
 * else it is taken whole, up to the limit.
 */
#ifndef CMD_CLI_DOCUMENTS_H
#define CMD_CLI_DOCUMENTS_H

#include "cmd/cli.h"
#include "cmd/cli_input.h"
#include "tok/pipe/encoder.h"

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
	bool between_words;      /* for tok_encode_words */
	bool between_lines;      /* behind any newline, whatever the tokenizer says */
};

/* A template, truncation and padding are laid around a whole document: then it is
 * cut nowhere. */
struct cli_cut cli_cut_for(const struct tok_tokenizer *tokenizer,
			   const struct tok_encode_options *how);

/* A piece of the operand: a part of one document, or several whole documents. */
struct cli_part {
	struct tok_span text; /* .bytes NULL: no document is left, or the wait was ended */
	bool several;         /* whole documents, each with what ends it: use cli_split_next */
	bool first, last;     /* of its document; both where there are several */
	uint64_t bytes;       /* of the operand before it */
};

struct cli_documents {
	struct cli_input input;
	const struct cli_split *split;
	struct cli_cut cut;
	size_t searched; /* bytes of the window without a terminator */
	bool inside;     /* a part of the current document went out */
	bool begun;      /* something went out */
	uint64_t bytes;  /* of the operand that went out, with what stands between */
};

/* `documents` is zeroed or was closed before; it borrows `split`. */
TOK_MUST_USE enum tok_status cli_documents_open(struct cli_documents *documents, const char *path,
						enum cli_input_form form,
						const struct cli_split *split,
						const struct cli_cut *cut, struct tok_error *err);
void cli_documents_close(struct cli_documents *documents);
void cli_documents_release(struct cli_documents *documents);

/* The text lies in the input's window until the next call.  Of several documents
 * as many come together as fit in a part, and only such as were read already or
 * can be read without a wait. */
TOK_MUST_USE enum tok_status cli_documents_next(struct cli_documents *documents,
						struct cli_part *out, struct tok_error *err);

/* Begin after so many bytes, where a document ended in an earlier run. */
TOK_MUST_USE enum tok_status cli_documents_skip(struct cli_documents *documents, uint64_t bytes,
						struct tok_error *err);

/* Take the next document off the front of `rest`, which was a part of several. */
struct tok_span cli_split_next(const struct cli_split *split, struct tok_span *rest);

/* Documents in a part of several. */
size_t cli_split_count(const struct cli_split *split, struct tok_span several);

/* Fails where a document, whole in memory, is one that could not have been had in
 * parts within the limit. */
TOK_MUST_USE enum tok_status cli_documents_check(const struct cli_split *split,
						 const struct cli_cut *cut, struct tok_span text,
						 struct tok_error *err);

#endif
