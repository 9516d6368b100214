/*
 * embed_tokens.h - the tokens that rows are wanted for: a vocabulary, or what somebody gives, one a
 * line.
 */
#ifndef CMD_EMBED_TOKENS_H
#define CMD_EMBED_TOKENS_H

#include "cmd/cli_documents.h"
#include "tok/pipe/spec.h"

enum embed_token_kind {
	EMBED_NONE, /* no token has this id */
	EMBED_TEXT,
	EMBED_SPECIAL /* .bytes is its name */
};

/* A zeroed struct is empty. */
struct embed_tokens {
	struct tok_arena arena;
	struct tok_span *bytes; /* as hyper_surfaces_make takes them */
	uint8_t *kinds;         /* enum embed_token_kind */
	tok_id *ids;            /* TOK_NO_ID of what was given as text */
	size_t count, capacity, nones, specials;
};
void embed_tokens_clear(struct embed_tokens *tokens); /* keeps room */
void embed_tokens_release(struct embed_tokens *tokens);

/* All ids of the vocabulary of the file or folder `path` (NULL: the built-in one), in order; its
 * tokens are read as vocab/convert/byte_level.h reads them. */
TOK_MUST_USE enum tok_status embed_tokens_of(const char *path, const char *pattern,
					     struct embed_tokens *out, struct tok_error *err);

/* Those of `all` whose ids, texts or bytes in hexadecimal digits are the lines of `path`. */
enum embed_lines { EMBED_LINES_TEXT, EMBED_LINES_HEX, EMBED_LINES_IDS };
#define EMBED_LINES_WORDS "text|hex|ids"

struct embed_reader {
	enum embed_lines form;
	const struct embed_tokens *all; /* of EMBED_LINES_IDS */
	struct cli_documents lines;
	struct cli_split split;
	struct cli_cut cut;
	struct tok_span rest;
	uint64_t number; /* of the line */
	const char *path;
};
TOK_MUST_USE enum tok_status embed_reader_open(struct embed_reader *reader, const char *path,
					       struct tok_error *err);
void embed_reader_close(struct embed_reader *reader);

/* Adds the next `most` lines to `out`, fewer where no more are at hand and it has some; none more
 * at the end.
 */
TOK_MUST_USE enum tok_status embed_reader_next(struct embed_reader *reader, size_t most,
					       struct embed_tokens *out, struct tok_error *err);

#endif
