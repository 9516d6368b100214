/*
 * grapheme.h - what people take for one character.
 *
 *	for (size_t at = 0; at < text.count; at = end)
 *		use(at, end = tok_grapheme_end(text, at));
 *
 * Extended grapheme clusters of Unicode 17.0 (UAX #29).  A byte that is not UTF-8 is one of its
 * own.
 */
#ifndef TOK_TEXT_GRAPHEME_H
#define TOK_TEXT_GRAPHEME_H

#include "tok/base/span.h"
#include "tok/base/status.h"

/* Where the cluster that begins at `begin` ends; the caller keeps begin < text.count. */
TOK_API size_t tok_grapheme_end(struct tok_span text, size_t begin);

#endif
