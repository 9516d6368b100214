/*
 * Whole distributions: which share each edge that leaves a place has; every path with its
 * probability; and what can be said of all paths without listing them.
 */
#include "tok/sample/lattice_internal.h"

#include <stdlib.h>

#include "tok/base/buffer.h"

/* ---- shares ------------------------------------------------------------------ */

/* Edges from `first` on; the longest has the first chance. */
static void share_matches(const struct tok_lattice *l, struct tok_lattice_scratch *s, size_t first,
			  uint32_t symbol_end)
{
	double left = 1.0;
	for (size_t i = s->edges.count; i-- > first;) {
		const struct tok_edge edge = s->edges.items[i];
		const bool last = edge.end <= symbol_end;
		if (edge.token == TOK_LATTICE_UNKNOWN)
			continue;
		s->shares[i] = last ? left : left * (1.0 - l->p);
		left = last ? 0.0 : left * l->p;
	}
	if (s->edges.count > first &&
	    s->edges.items[s->edges.count - 1].token == TOK_LATTICE_UNKNOWN)
		s->shares[s->edges.count - 1] = left;
}

bool tok_lattice_shares(const struct tok_lattice *l, struct tok_lattice_scratch *s,
			const struct tok_lattice_piece *piece, uint32_t at, uint32_t base)
{
	const size_t first = s->edges.count;
	if (!tok_lattice_edges(l, piece, at, &s->edges))
		return false;
	if (l->method == TOK_SAMPLE_MAXMATCH && l->whole_words && at > piece->begin)
		s->edges.items[s->edges.count++] = (struct tok_edge){
			(uint32_t)piece->text.count, TOK_LATTICE_UNKNOWN
		}; /* a dead end: the whole word is unknown; fan has room for it */
	if (!tok_grow(&s->shares, &s->share_capacity, s->edges.count, sizeof *s->shares))
		return false;
	if (l->method == TOK_SAMPLE_MAXMATCH) {
		share_matches(l, s, first, at + tok_lattice_symbol(l, piece->text, at));
		return true;
	}
	for (size_t i = first; i < s->edges.count; i++) {
		const struct tok_edge edge = s->edges.items[i];
		const struct tok_scaled way =
		    tok_scaled_times(tok_lattice_weight(l, edge.token), s->sums[edge.end - base]);
		s->shares[i] = tok_scaled_ratio(way, s->sums[at - base]);
	}
	return true;
}

/* Sums of a whole piece, where the method has any. */
static enum tok_status sum_piece(const struct tok_lattice *l, struct tok_lattice_scratch *s,
				 const struct tok_lattice_piece *piece, struct tok_range places,
				 struct tok_error *err)
{
	const size_t count = places.end - places.begin;
	if (l->method == TOK_SAMPLE_MAXMATCH)
		return TOK_OK;
	if (count > TOK_STRETCH_MAX)
		return tok_fail(err, TOK_ELIMIT,
				"%zu bytes from byte %u on are too many to list what becomes of "
				"them: at most %zu are taken",
				count, places.begin, TOK_STRETCH_MAX);
	if (!tok_grow(&s->sums, &s->sum_capacity, count + 1, sizeof *s->sums))
		return tok_fail_memory(err);
	s->sums[count] = TOK_SCALED_ONE;
	return tok_lattice_sum(l, s, piece, places, places.begin, err);
}

/* ---- every path -------------------------------------------------------------- */

/* The edges of a place that a path under way goes through. */
struct frame {
	size_t first, next; /* in scratch->edges; they end where those of the next frame begin */
	struct tok_scaled weight; /* of the path up to here */
};

struct listing {
	const struct tok_lattice *lattice;
	struct tok_lattice_scratch *scratch;
	const struct tok_lattice_piece *piece;
	struct frame *frames;
	size_t frame_count, frame_capacity;
	struct tok_tokens ids;
	size_t limit, found, states;
	tok_outcome_sink *sink;
	void *context;
};

static enum tok_status push_frame(struct listing *x, uint32_t at, struct tok_scaled weight,
				  struct tok_error *err)
{
	struct tok_lattice_scratch *s = x->scratch;
	const size_t first = s->edges.count;
	if (!tok_grow(&x->frames, &x->frame_capacity, x->frame_count + 1, sizeof *x->frames) ||
	    !tok_grow(&s->path.items, &s->path.capacity, x->frame_count + 1,
		      sizeof *s->path.items) ||
	    !tok_lattice_shares(x->lattice, s, x->piece, at, x->piece->begin))
		return tok_fail_memory(err);
	x->frames[x->frame_count++] = (struct frame){ first, first, weight };
	x->states += s->edges.count - first;
	if (x->states / 64 > x->limit)
		return tok_fail(err, TOK_ELIMIT,
				"more than %zu steps do not list the segmentations of %zu bytes",
				64 * x->limit, x->piece->text.count - x->piece->begin);
	return TOK_OK;
}

static enum tok_status give_path(struct listing *x, struct tok_scaled weight, struct tok_error *err)
{
	const struct tok_lattice_scratch *s = x->scratch;
	const struct tok_edge *path = s->path.items;
	size_t count = x->frame_count;
	const struct tok_scaled all =
	    x->lattice->method == TOK_SAMPLE_MAXMATCH ? TOK_SCALED_ONE : s->sums[0];
	if (++x->found > x->limit)
		return tok_fail(err, TOK_ELIMIT, "there are more than %zu segmentations", x->limit);
	if (x->lattice->whole_words && path[count - 1].token == TOK_LATTICE_UNKNOWN) {
		path += count - 1;
		count = 1;
	}
	x->ids.count = 0;
	const enum tok_status status = tok_lattice_write(
	    x->lattice, x->piece->text, x->piece->begin, path, count, &x->ids, err);
	if (status != TOK_OK)
		return status;
	return x->sink(x->context, x->ids.ids, x->ids.count, tok_scaled_ratio(weight, all))
		   ? TOK_OK
		   : tok_fail_memory(err);
}

/* Take the next edge of the last frame. */
static enum tok_status take_edge(struct listing *x, struct tok_error *err)
{
	struct tok_lattice_scratch *s = x->scratch;
	struct frame *frame = &x->frames[x->frame_count - 1];
	const size_t i = frame->next++;
	const struct tok_edge edge = s->edges.items[i];
	if (!(s->shares[i] > 0.0))
		return TOK_OK;
	/* Products of weights, not of shares: what is equally likely comes out equal. */
	const struct tok_scaled step = x->lattice->method == TOK_SAMPLE_MAXMATCH
					   ? tok_scaled_of(s->shares[i], 0)
					   : tok_lattice_weight(x->lattice, edge.token);
	const struct tok_scaled weight = tok_scaled_times(frame->weight, step);
	s->path.items[x->frame_count - 1] = edge;
	return edge.end == x->piece->text.count ? give_path(x, weight, err)
						: push_frame(x, edge.end, weight, err);
}

enum tok_status tok_lattice_exact(const struct tok_lattice *l, struct tok_lattice_scratch *s,
				  struct tok_span text, struct tok_range range, size_t limit,
				  tok_outcome_sink *sink, void *context, struct tok_error *err)
{
	const struct tok_lattice_piece piece = tok_lattice_piece_of(l, text, range);
	struct listing x = { .lattice = l,
			     .scratch = s,
			     .piece = &piece,
			     .limit = limit,
			     .sink = sink,
			     .context = context };
	enum tok_status status = sum_piece(l, s, &piece, range, err);
	s->edges.count = 0;
	if (status == TOK_OK)
		status = push_frame(&x, range.begin, TOK_SCALED_ONE, err);
	while (status == TOK_OK && x.frame_count > 0) {
		struct frame *frame = &x.frames[x.frame_count - 1];
		if (frame->next < s->edges.count) {
			status = take_edge(&x, err);
		} else {
			s->edges.count = frame->first;
			x.frame_count--;
		}
	}
	free(x.frames);
	tok_tokens_release(&x.ids);
	return status;
}

/* ---- entropy ----------------------------------------------------------------- */

/* Tokens that an edge is written as, were no unknown ones to grow together. */
static double count_tokens(const struct tok_lattice *l, uint32_t at, struct tok_edge edge)
{
	return edge.token == TOK_LATTICE_UNKNOWN && l->spells_bytes ? (double)(edge.end - at) : 1.0;
}

/* Of the ways on from one place. */
static bool entropy_at(const struct tok_lattice *l, struct tok_lattice_scratch *s,
		       const struct tok_lattice_piece *piece, uint32_t at, uint32_t base)
{
	double entropy = 0.0, length = 0.0;
	s->edges.count = 0;
	if (!tok_lattice_shares(l, s, piece, at, base))
		return false;
	for (size_t i = 0; i < s->edges.count; i++) {
		const double share = s->shares[i];
		const struct tok_edge edge = s->edges.items[i];
		if (!(share > 0.0))
			continue;
		entropy += share * (s->best[edge.end - base] - log(share));
		length += share * (s->lengths[edge.end - base] + count_tokens(l, at, edge));
	}
	s->best[at - base] = entropy;
	s->lengths[at - base] = length;
	return true;
}

static enum tok_status entropy_of(const struct tok_lattice *l, struct tok_lattice_scratch *s,
				  const struct tok_lattice_piece *piece, struct tok_range places,
				  struct tok_error *err)
{
	const uint32_t base = places.begin, count = places.end - base;
	const bool summed = l->method != TOK_SAMPLE_MAXMATCH;
	if (!tok_grow(&s->best, &s->best_capacity, count + 1, sizeof *s->best) ||
	    !tok_grow(&s->lengths, &s->length_capacity, count + 1, sizeof *s->lengths))
		return tok_fail_memory(err);
	const enum tok_status status = sum_piece(l, s, piece, places, err);
	if (status != TOK_OK)
		return status;
	s->best[count] = s->lengths[count] = 0.0;
	for (uint32_t at = places.end; at-- > base;) {
		if (summed && s->sums[at - base].mantissa == 0.0) /* inside a symbol */
			continue;
		if (!entropy_at(l, s, piece, at, base))
			return tok_fail_memory(err);
	}
	return TOK_OK;
}

enum tok_status tok_lattice_entropy(const struct tok_lattice *l, struct tok_lattice_scratch *s,
				    struct tok_span text, struct tok_range range, double *entropy,
				    double *length, struct tok_error *err)
{
	const struct tok_lattice_piece piece = tok_lattice_piece_of(l, text, range);
	struct tok_range stretch = range;
	for (; stretch.begin < range.end; stretch.begin = stretch.end) {
		enum tok_status status =
		    tok_lattice_stretch(l, s, &piece, stretch.begin, &stretch.end, err);
		if (status == TOK_OK)
			status = entropy_of(l, s, &piece, stretch, err);
		if (status != TOK_OK)
			return status;
		*entropy += s->best[0];
		*length += s->lengths[0];
	}
	return TOK_OK;
}
