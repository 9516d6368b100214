/*
 * MaxMatch-dropout: from left to right the longest token that is not dropped.
 *
 * Source: T. Hiraoka, "MaxMatch-Dropout: Subword Regularization for WordPiece" (COLING
 * 2022).  Tokens of one symbol are never dropped, so that what can be spelled is spelled.
 */
#include "tok/base/buffer.h"
#include "tok/sample/lattice_internal.h"

/* The edge that is taken at `at`; false: none is left, the word is unknown. */
static bool choose(const struct tok_lattice *l, struct tok_random *random,
		   const struct tok_edges *edges, uint32_t symbol_end, struct tok_edge *out)
{
	for (size_t i = edges->count; i-- > 0;) {
		const struct tok_edge edge = edges->items[i];
		if (edge.token == TOK_LATTICE_UNKNOWN)
			continue;
		if (edge.end == symbol_end || l->p == 0.0 || tok_random_real(random) >= l->p) {
			*out = edge;
			return true;
		}
	}
	*out = (struct tok_edge){ symbol_end, TOK_LATTICE_UNKNOWN };
	return !l->whole_words;
}

enum tok_status tok_lattice_match(const struct tok_lattice *l, struct tok_lattice_scratch *s,
				  struct tok_random *random, struct tok_span text,
				  struct tok_range range, struct tok_tokens *out,
				  struct tok_error *err)
{
	const struct tok_lattice_piece piece = tok_lattice_piece_of(l, text, range);
	s->path.count = 0;
	for (uint32_t at = range.begin; at < range.end;) {
		const uint32_t symbol_end = at + tok_lattice_symbol(l, piece.text, at);
		struct tok_edge edge;
		s->edges.count = 0;
		if (!tok_lattice_edges(l, &piece, at, &s->edges) ||
		    !tok_grow(&s->path.items, &s->path.capacity, s->path.count + 1,
			      sizeof *s->path.items))
			return tok_fail_memory(err);
		if (!choose(l, random, &s->edges, symbol_end, &edge)) {
			s->path.count = 0;
			edge.end = range.end;
		}
		s->path.items[s->path.count++] = edge;
		at = edge.end;
	}
	return tok_lattice_write(l, text, range.begin, s->path.items, s->path.count, out, err);
}
