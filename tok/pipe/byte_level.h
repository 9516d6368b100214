/*
 * byte_level.h - vocabularies between bytes and GPT-2's printable alphabet, in which
 * files write them.
 *
 *	text = tok_raise_bytes(bytes, &arena);        // " a" -> "\u0120a"
 *	bytes = tok_lower_text(text, &arena, &all);   // and back
 *
 * What comes back lies in the arena.
 */
#ifndef TOK_PIPE_BYTE_LEVEL_H
#define TOK_PIPE_BYTE_LEVEL_H

#include "tok/pipe/spec.h"

/* Entries whose text is in the byte-level alphabet, seen as bytes.  Those with a
 * character outside the alphabet can never be reached: they are left out.  `out` has
 * room for `count`; returns how many there are, or SIZE_MAX if memory is out. */
TOK_API size_t tok_lower_entries(const struct tok_vocab_entry *entries, size_t count,
				 struct tok_arena *arena, struct tok_vocab_entry *out);

/* `text` with every character taken back to its byte; .bytes NULL if memory is
 * out; *all tells whether every character was in the alphabet. */
TOK_API struct tok_span tok_lower_text(struct tok_span text, struct tok_arena *arena, bool *all);

/* Bytes written in the byte-level alphabet; .bytes NULL if memory is out. */
TOK_API struct tok_span tok_raise_bytes(struct tok_span bytes, struct tok_arena *arena);

#endif
