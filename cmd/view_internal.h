/*
 * view_internal.h - what the parts of tok view share.
 *
 * view.c has the options and brings texts; view_pieces.c: what tokenizers make of a text, as pieces
 * that tile it, and where their borders agree; view_lines.c: the lines of a terminal; view_page.c:
 * a page.
 */
#ifndef CMD_VIEW_INTERNAL_H
#define CMD_VIEW_INTERNAL_H

#include "cmd/cli_encoder.h"
#include "cmd/cli_put.h"

enum { VIEW_TOKENIZERS_MAX = 26 }; /* a letter each */

/* ---- pieces ---------------------------------------------------------------------------- */

enum view_kind {
	VIEW_TOKEN,
	VIEW_SPECIAL,
	VIEW_GAP /* text that no token has: blanks that a normaliser took away */
};

/* Bytes [begin, end) of the text and the tokens made of them: one, but for characters that
 * became several.  Tokens that a template added have no bytes. */
struct view_piece {
	uint32_t begin, end;
	uint32_t token, tokens; /* of the encoding */
	enum view_kind kind;
};

/* A text as one tokenizer has it; pieces lie side by side from its beginning to its end. */
struct view_row {
	const char *name;
	struct tok_tokenizer *tokenizer; /* owned */
	struct cli_encoder encoder;
	struct tok_encoding encoding; /* of the text */
	struct view_piece *pieces;
	size_t count, capacity;
	uint64_t tokens; /* of all texts so far */
};

struct view_text {
	struct view_row *rows;
	size_t row_count;
	struct tok_span text;
	uint64_t offset; /* of its first byte in its document */
	uint64_t bytes;  /* of all texts so far */
};

/* Encode `text` with all; with --jsonl it is a line, and becomes what is found in it. */
TOK_MUST_USE enum tok_status view_encode(struct view_text *view, struct tok_span text,
					 const struct tok_encode_options *how,
					 struct tok_error *err);

/* Pieces of each row that end together and begin together: the least such part of the text.  What
 * has no bytes is a chunk of its own. */
struct view_chunk {
	size_t from[VIEW_TOKENIZERS_MAX], to[VIEW_TOKENIZERS_MAX]; /* half open, in rows */
	uint32_t begin, end;
	uint32_t *borders; /* of pieces of any row, rising, begin and end among them; of a chunk
			    * without bytes 0, 1, ... */
	size_t border_count, capacity;
};

/* `chunk` is zeroed at first; whoever began releases its borders.  *more is false behind the last.
 */
TOK_MUST_USE enum tok_status view_chunk_next(const struct view_text *view, struct view_chunk *chunk,
					     bool *more, struct tok_error *err);

/* The places among the chunk's borders where a piece of a row begins and ends; `index` counts the
 * row's pieces from the chunk's first. */
void view_chunk_place(const struct view_chunk *chunk, const struct view_piece *piece, size_t index,
		      size_t *begin, size_t *end);

/* What is to be seen of a piece: its part of the text; of a token that was added, the token. */
TOK_MUST_USE bool view_piece_visible(const struct view_text *view, const struct view_row *row,
				     const struct view_piece *piece, struct tok_buffer *out);

/* ---- what is made of it ------------------------------------------------------------------ */

struct view_lines; /* view_lines.c */

struct view_look {
	bool colours, ids;
	size_t columns; /* of a line, at least VIEW_COLUMNS_MIN */
};
enum { VIEW_COLUMNS_MIN = 20 };

/* NULL: memory is out. */
struct view_lines *view_lines_new(const struct view_look *look, size_t rows);
void view_lines_free(struct view_lines *lines);
/* Add a text to `out`; a document's last one ends its line. */
TOK_MUST_USE enum tok_status view_lines_add(struct view_lines *lines, const struct view_text *view,
					    bool last, struct tok_buffer *out,
					    struct tok_error *err);
/* End a document of which no more can be had. */
TOK_MUST_USE bool view_lines_end(struct view_lines *lines, struct tok_buffer *out);
/* How many tokens there were. */
void view_lines_totals(const struct view_lines *lines, const struct view_text *view,
		       struct cli_put *out);

/* The body of a page: a document's first text begins a paragraph, `named` by a file if that is not
 * NULL, its last one ends it.  TOK_ELIMIT where the page would be too large. */
TOK_MUST_USE enum tok_status view_page_add(struct cli_put *body, const struct view_text *view,
					   bool first, bool last, bool ids, struct tok_error *err);
void view_page_file(struct cli_put *body, const char *name);
/* The whole page around it, to a file; releases both. */
TOK_MUST_USE enum tok_status view_page_write(struct cli_put *body, const struct view_text *view,
					     const char *path, struct tok_error *err);

#endif
