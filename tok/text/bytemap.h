/*
 * bytemap.h - a text rewritten byte by byte, each byte as up to four others.
 *
 *	struct tok_bytemap map = tok_bytemap_identity();
 *	tok_bytemap_set(&map, ' ', tok_span_of("\u2581"));
 *	if (!tok_bytemap_append(&map, text, &to)) return tok_fail_memory(err);
 *
 * For texts whose origins are not tracked.
 */
#ifndef TOK_TEXT_BYTEMAP_H
#define TOK_TEXT_BYTEMAP_H

#include "tok/text/text.h"

enum { TOK_BYTEMAP_MOST = 4 };

struct tok_bytemap {
	struct tok_bytemap_entry {
		uint8_t bytes[TOK_BYTEMAP_MOST];
		uint32_t count;
	} entries[256];
};

/* Every byte stands for itself. */
TOK_API struct tok_bytemap tok_bytemap_identity(void);

/* `byte` becomes `to`, which has at most TOK_BYTEMAP_MOST bytes and may be empty. */
TOK_API void tok_bytemap_set(struct tok_bytemap *map, uint8_t byte, struct tok_span to);

/* Append `from`, rewritten, to a text that is not tracked.  False if memory is out. */
TOK_API TOK_MUST_USE bool tok_bytemap_append(const struct tok_bytemap *map, struct tok_span from,
					     struct tok_text *to);

#endif
