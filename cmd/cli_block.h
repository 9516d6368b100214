/*
 * cli_block.h - the ids of documents as the bytes of a format: what a thread makes
 * of its work before the writer puts it out.
 *
 *	struct cli_block block = { 0 };
 *	cli_block_clear(&block);
 *	ok = cli_block_document(&block, &shape, &encoding);   // whole documents, then
 *	ok = cli_block_part(&block, &shape, &encoding, base); // perhaps a part of one
 *
 * Nothing here knows what came before: the writer joins blocks.  Every function
 * is false where memory is out.
 */
#ifndef CMD_CLI_BLOCK_H
#define CMD_CLI_BLOCK_H

#include "cmd/cli_formats.h"
#include "tok/base/buffer.h"
#include "tok/pipe/encoder.h"

/* How ids are to be written; the same for a whole run. */
struct cli_shape {
	enum cli_format format;
	size_t width;             /* bytes an id, of the binary formats */
	bool tokens, offsets;     /* jsonl only */
	tok_id eod;               /* put after each document; TOK_NO_ID: nothing */
	struct tok_span eod_text; /* the same as a token */
};

/* Where a document ends. */
struct cli_block_end {
	uint64_t ids;  /* that it has */
	size_t made;   /* bytes of the block up to its end */
	uint32_t text; /* bytes of the region up to its end, with what ends it */
	uint32_t region : 31;
	uint32_t more : 1; /* another copy of it follows */
};

struct cli_block {
	struct tok_buffer bytes;
	struct cli_block_end *ends;
	size_t count, capacity; /* whole documents */

	uint64_t ids; /* of them */

	/* A part's ids are at the end of `bytes`, without what stands before and behind
	 * them; the lists that jsonl has besides are here. */
	bool has_part;
	size_t part_begin;
	uint64_t part_ids;
	struct tok_buffer tokens, offsets;
};

void cli_block_clear(struct cli_block *block);
void cli_block_release(struct cli_block *block);

/* A whole document; the caller fills in all but .ids and .made of its end. */
TOK_MUST_USE bool cli_block_document(struct cli_block *block, const struct cli_shape *shape,
				     const struct tok_encoding *encoding);

/* A part, once and last; `base` is added to every range. */
TOK_MUST_USE bool cli_block_part(struct cli_block *block, const struct cli_shape *shape,
				 const struct tok_encoding *encoding, uint64_t base);

/* What of a format stands around the ids of a document. */
TOK_MUST_USE bool cli_shape_begin(const struct cli_shape *shape, struct tok_buffer *to);
TOK_MUST_USE bool cli_shape_separate(const struct cli_shape *shape, struct tok_buffer *to);
TOK_MUST_USE bool cli_shape_end(const struct cli_shape *shape, struct tok_buffer *to,
				const struct tok_buffer *tokens, const struct tok_buffer *offsets);

/* Is the end-of-document id to be put? */
static inline bool cli_shape_has_eod(const struct cli_shape *shape)
{
	return shape->eod != TOK_NO_ID;
}

/* The encoding that the end-of-document id is; `range` is lent to it. */
struct tok_encoding cli_shape_eod(const struct cli_shape *shape, const struct tok_range *range);

#endif
