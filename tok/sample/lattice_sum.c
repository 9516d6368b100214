/*
 * Uniform and unigram sampling: the sum of the weights of all ways from each place to the
 * end (backward filtering), then a walk from the beginning that takes each edge with the
 * share of the sum that goes through it.
 *
 * A piece is done in stretches that no token lies across: SentencePiece's pieces are
 * whole documents, and their words are short.  A short stretch of which all segmentations
 * are alike is counted in whole numbers, and one number below the count is one
 * segmentation: nothing is rounded.
 *
 * Sources: Kudo 2018 (arXiv 1804.10959) and SentencePiece 0.2 (Lattice::Sample), which
 * filters forward and samples backward: the same distribution.  Cognetta et al. 2024
 * (arXiv 2408.04443) for uniform.
 */
#include "tok/base/buffer.h"
#include "tok/sample/lattice_internal.h"

enum { COUNTED_BYTES = 64 };

enum tok_status tok_lattice_stretch(const struct tok_lattice *l, struct tok_lattice_scratch *s,
				    const struct tok_lattice_piece *piece, uint32_t at,
				    uint32_t *end, struct tok_error *err)
{
	const uint32_t begin = at;
	uint32_t reach = at;
	do {
		const uint32_t next = at + tok_lattice_symbol(l, piece->text, at);
		s->edges.count = 0;
		if (!tok_lattice_edges(l, piece, at, &s->edges))
			return tok_fail_memory(err);
		for (size_t i = 0; i < s->edges.count; i++)
			if (s->edges.items[i].end > reach)
				reach = s->edges.items[i].end;
		at = next;
		if (reach < at)
			reach = at;
	} while (at < reach);
	if (at - begin > TOK_STRETCH_MAX)
		return tok_fail(err, TOK_ELIMIT,
				"%u bytes from byte %u on have tokens across every place: at most "
				"%zu are sampled in one",
				at - begin, begin, TOK_STRETCH_MAX);
	*end = at;
	return TOK_OK;
}

/* ---- sums -------------------------------------------------------------------- */

/* Mantissa 1 at places between symbols, 0 inside of them. */
static void mark_places(const struct tok_lattice *l, struct tok_scaled *sums,
			const struct tok_lattice_piece *piece, struct tok_range places,
			uint32_t base)
{
	for (uint32_t at = places.begin; at < places.end;) {
		const uint32_t next = at + tok_lattice_symbol(l, piece->text, at);
		sums[at - base] = TOK_SCALED_ONE;
		for (at++; at < next && at < places.end; at++)
			sums[at - base] = (struct tok_scaled){ 0.0, 0 };
	}
}

enum tok_status tok_lattice_sum(const struct tok_lattice *l, struct tok_lattice_scratch *s,
				const struct tok_lattice_piece *piece, struct tok_range places,
				uint32_t base, struct tok_error *err)
{
	struct tok_scaled *sums = s->sums;
	mark_places(l, sums, piece, places, base);
	if (l->method == TOK_SAMPLE_MAXMATCH)
		return TOK_OK;
	for (uint32_t at = places.end; at-- > places.begin;) {
		struct tok_scaled_sum sum = { 0 };
		if (sums[at - base].mantissa == 0.0)
			continue;
		s->edges.count = 0;
		if (!tok_lattice_edges(l, piece, at, &s->edges))
			return tok_fail_memory(err);
		for (size_t i = 0; i < s->edges.count; i++) {
			const struct tok_edge edge = s->edges.items[i];
			const struct tok_scaled w = tok_lattice_weight(l, edge.token);
			const struct tok_scaled rest = sums[edge.end - base];
			tok_scaled_add(&sum, w.mantissa * rest.mantissa,
				       w.exponent + rest.exponent);
		}
		sums[at - base] = tok_scaled_of(sum.value, sum.exponent);
	}
	return TOK_OK;
}

/* One edge at `at`, by its share.  Rounding may leave a little behind the last: then it
 * is the last that has any. */
static bool draw_edge(const struct tok_lattice *l, struct tok_lattice_scratch *s,
		      struct tok_random *random, const struct tok_lattice_piece *piece, uint32_t at,
		      uint32_t base, struct tok_edge *out)
{
	const struct tok_scaled all = s->sums[at - base];
	double left = tok_random_real(random);
	s->edges.count = 0;
	if (!tok_lattice_edges(l, piece, at, &s->edges))
		return false;
	for (size_t i = 0; i < s->edges.count; i++) {
		const struct tok_edge edge = s->edges.items[i];
		const struct tok_scaled rest = s->sums[edge.end - base];
		const struct tok_scaled way =
		    tok_scaled_times(tok_lattice_weight(l, edge.token), rest);
		const double share = tok_scaled_ratio(way, all);
		if (share > 0.0)
			*out = edge;
		left -= share;
		if (left < 0.0)
			break;
	}
	return true;
}

static enum tok_status draw_by_sums(const struct tok_lattice *l, struct tok_lattice_scratch *s,
				    struct tok_random *random,
				    const struct tok_lattice_piece *piece, struct tok_range stretch,
				    struct tok_error *err)
{
	const size_t count = stretch.end - stretch.begin;
	if (!tok_grow(&s->sums, &s->sum_capacity, count + 1, sizeof *s->sums))
		return tok_fail_memory(err);
	s->sums[count] = TOK_SCALED_ONE;
	const enum tok_status status = tok_lattice_sum(l, s, piece, stretch, stretch.begin, err);
	if (status != TOK_OK)
		return status;
	for (uint32_t at = stretch.begin; at < stretch.end;) {
		struct tok_edge edge;
		if (!draw_edge(l, s, random, piece, at, stretch.begin, &edge) ||
		    !tok_grow(&s->path.items, &s->path.capacity, s->path.count + 1,
			      sizeof *s->path.items))
			return tok_fail_memory(err);
		s->path.items[s->path.count++] = edge;
		at = edge.end;
	}
	return TOK_OK;
}

/* ---- counts ------------------------------------------------------------------ */

/* The edges of all places of a stretch, and the ways on from each place. */
struct counted {
	size_t edges[COUNTED_BYTES + 1]; /* where those of a place begin */
	size_t ends[COUNTED_BYTES + 1];
	uint64_t ways[COUNTED_BYTES + 1];
};

/* *fits: a number of 64 bits holds the ways, and there is one without unknown symbols. */
static enum tok_status count_ways(const struct tok_lattice *l, struct tok_lattice_scratch *s,
				  const struct tok_lattice_piece *piece, struct tok_range stretch,
				  struct counted *c, bool *fits, struct tok_error *err)
{
	const uint32_t count = stretch.end - stretch.begin;
	uint64_t places = 0; /* between symbols */
	for (uint32_t at = 0; at < count;
	     at += tok_lattice_symbol(l, piece->text, stretch.begin + at))
		places |= UINT64_C(1) << at;
	c->ways[count] = 1;
	s->edges.count = 0;
	bool over = false;
	for (uint32_t at = count; at-- > 0;) {
		uint64_t ways = 0;
		c->edges[at] = s->edges.count;
		if ((places >> at & 1) &&
		    !tok_lattice_edges(l, piece, stretch.begin + at, &s->edges))
			return tok_fail_memory(err);
		for (size_t i = c->edges[at]; i < s->edges.count; i++) {
			const struct tok_edge edge = s->edges.items[i];
			if (edge.token != TOK_LATTICE_UNKNOWN)
				over |= __builtin_add_overflow(
				    ways, c->ways[edge.end - stretch.begin], &ways);
		}
		c->ends[at] = s->edges.count;
		c->ways[at] = ways;
	}
	*fits = !over && c->ways[0] > 0;
	return TOK_OK;
}

/* The segmentation that has this number among all. */
static enum tok_status take_way(struct tok_lattice_scratch *s, const struct counted *c,
				struct tok_range stretch, uint64_t number, struct tok_error *err)
{
	const uint32_t count = stretch.end - stretch.begin;
	if (!tok_grow(&s->path.items, &s->path.capacity, s->path.count + count,
		      sizeof *s->path.items))
		return tok_fail_memory(err);
	for (uint32_t at = 0; at < count;) {
		size_t i = c->edges[at];
		struct tok_edge edge = s->edges.items[i];
		for (;; edge = s->edges.items[++i]) {
			const uint64_t ways = edge.token == TOK_LATTICE_UNKNOWN
						  ? 0
						  : c->ways[edge.end - stretch.begin];
			if (number < ways)
				break;
			number -= ways;
		}
		s->path.items[s->path.count++] = edge;
		at = edge.end - stretch.begin;
	}
	return TOK_OK;
}

static enum tok_status draw_stretch(const struct tok_lattice *l, struct tok_lattice_scratch *s,
				    struct tok_random *random,
				    const struct tok_lattice_piece *piece, struct tok_range stretch,
				    struct tok_error *err)
{
	if (!l->weights && stretch.end - stretch.begin <= COUNTED_BYTES) {
		struct counted c;
		bool fits = false;
		const enum tok_status status = count_ways(l, s, piece, stretch, &c, &fits, err);
		if (status != TOK_OK)
			return status;
		if (fits)
			return take_way(s, &c, stretch, tok_random_below(random, c.ways[0]), err);
	}
	return draw_by_sums(l, s, random, piece, stretch, err);
}

enum tok_status tok_lattice_draw(const struct tok_lattice *l, struct tok_lattice_scratch *s,
				 struct tok_random *random, struct tok_span text,
				 struct tok_range range, struct tok_tokens *out,
				 struct tok_error *err)
{
	const struct tok_lattice_piece piece = tok_lattice_piece_of(l, text, range);
	const struct tok_edge whole = { range.end, TOK_LATTICE_UNKNOWN };
	enum tok_status status = TOK_OK;
	if (piece.closed)
		return tok_lattice_write(l, text, range.begin, &whole, 1, out, err);
	s->path.count = 0;
	for (struct tok_range stretch = { range.begin, range.end };
	     status == TOK_OK && stretch.begin < range.end; stretch.begin = stretch.end) {
		stretch.end = range.end;
		if (range.end - stretch.begin > COUNTED_BYTES)
			status =
			    tok_lattice_stretch(l, s, &piece, stretch.begin, &stretch.end, err);
		if (status == TOK_OK)
			status = draw_stretch(l, s, random, &piece, stretch, err);
	}
	if (status != TOK_OK)
		return status;
	return tok_lattice_write(l, text, range.begin, s->path.items, s->path.count, out, err);
}
