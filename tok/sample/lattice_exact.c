/*
 * Whole distributions: which share each edge that leaves a place has, and every path with its
 * probability.
 */
#include <stdlib.h>

#include "tok/base/buffer.h"
#include "tok/sample/lattice_internal.h"

/* ---- shares ------------------------------------------------------------------ */

/* Edges from `first` on; the longest has the first chance. */
static void share_matches(const struct tok_lattice *l, struct tok_lattice_scratch *s, size_t first,
			  uint32_t symbol_end)
{
	const struct tok_scaled dropped = tok_scaled_of(l->p, 0);
	const struct tok_scaled kept = tok_scaled_of(1.0 - l->p, 0);
	struct tok_scaled left = TOK_SCALED_ONE;
	for (size_t i = s->edges.count; i-- > first;) {
		const struct tok_edge edge = s->edges.items[i];
		const bool last = edge.end <= symbol_end;
		if (edge.token == TOK_LATTICE_UNKNOWN)
			continue;
		s->shares[i] = last ? left : tok_scaled_times(left, kept);
		left = last ? TOK_SCALED_ZERO : tok_scaled_times(left, dropped);
	}
	if (s->edges.count > first &&
	    s->edges.items[s->edges.count - 1].token == TOK_LATTICE_UNKNOWN)
		s->shares[s->edges.count - 1] = left;
}

/* Uniform: a way that has an unknown symbol more than others of this place is never taken. */
static bool is_never_taken(const struct tok_lattice *l, struct tok_scaled way,
			   struct tok_scaled all)
{
	return way.mantissa == 0.0 ||
	       (!l->weights && way.exponent - all.exponent < l->unknown_weight.exponent / 2);
}

static void share_ways(const struct tok_lattice *l, struct tok_lattice_scratch *s, size_t first,
		       uint32_t at, uint32_t base)
{
	const struct tok_scaled all = s->sums[at - base];
	for (size_t i = first; i < s->edges.count; i++) {
		const struct tok_edge edge = s->edges.items[i];
		const struct tok_scaled way =
		    tok_scaled_times(tok_lattice_weight(l, edge.token), s->sums[edge.end - base]);
		s->shares[i] =
		    is_never_taken(l, way, all) ? TOK_SCALED_ZERO : tok_scaled_over(way, all);
	}
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
	if (l->method == TOK_SAMPLE_MAXMATCH)
		share_matches(l, s, first, at + tok_lattice_symbol(l, piece->text, at));
	else
		share_ways(l, s, first, at, base);
	return true;
}

enum tok_status tok_lattice_fill(const struct tok_lattice *l, struct tok_lattice_scratch *s,
				 const struct tok_lattice_piece *piece, struct tok_range places,
				 struct tok_error *err)
{
	const size_t count = places.end - places.begin;
	if (count > TOK_STRETCH_MAX)
		return tok_fail(err, TOK_ELIMIT,
				"%zu bytes from byte %u on are too many to tell what becomes of "
				"them: at most %zu are taken",
				count, places.begin, TOK_STRETCH_MAX);
	if (!tok_grow(&s->sums, &s->sum_capacity, count + 1, sizeof *s->sums))
		return tok_fail_memory(err);
	s->sums[count] = TOK_SCALED_ONE;
	return tok_lattice_sum(l, s, piece, places, places.begin, err);
}

/* ---- how many paths ----------------------------------------------------------- */

/* From a place to the end; none goes beyond UINT64_MAX. */
struct tok_tally {
	uint64_t paths, lost; /* those in a dead end are one segmentation together */
	uint64_t edges;       /* in all of them */
};

static uint64_t add_held(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static bool tally_place(const struct tok_lattice *l, struct tok_lattice_scratch *s,
			const struct tok_lattice_piece *piece, uint32_t at)
{
	struct tok_tally tally = { 0 };
	s->edges.count = 0;
	if (!tok_lattice_shares(l, s, piece, at, piece->begin))
		return false;
	for (size_t i = 0; i < s->edges.count; i++) {
		const struct tok_tally rest = s->tallies[s->edges.items[i].end - piece->begin];
		if (s->shares[i].mantissa == 0.0)
			continue;
		tally.edges =
		    add_held(tally.edges, add_held(add_held(rest.paths, rest.lost), rest.edges));
		if (l->whole_words && s->edges.items[i].token == TOK_LATTICE_UNKNOWN) {
			tally.lost = add_held(tally.lost, 1);
			continue;
		}
		tally.paths = add_held(tally.paths, rest.paths);
		tally.lost = add_held(tally.lost, rest.lost);
	}
	s->tallies[at - piece->begin] = tally;
	return true;
}

/* Refuse what is too much to list before any of it is. */
static enum tok_status check_paths(const struct tok_lattice *l, struct tok_lattice_scratch *s,
				   const struct tok_lattice_piece *piece, size_t limit,
				   struct tok_error *err)
{
	const size_t count = piece->text.count - piece->begin;
	if (!tok_grow(&s->tallies, &s->tally_capacity, count + 1, sizeof *s->tallies))
		return tok_fail_memory(err);
	s->tallies[count] = (struct tok_tally){ .paths = 1 };
	for (uint32_t at = (uint32_t)piece->text.count; at-- > piece->begin;) {
		s->tallies[at - piece->begin] = (struct tok_tally){ 0 };
		if (s->sums[at - piece->begin].mantissa != 0.0 && !tally_place(l, s, piece, at))
			return tok_fail_memory(err);
	}
	if (add_held(s->tallies[0].paths, s->tallies[0].lost > 0) > limit)
		return tok_fail(err, TOK_ELIMIT, "there are more than %zu segmentations", limit);
	if (s->tallies[0].edges > TOK_LISTED_IDS)
		return tok_fail(err, TOK_ELIMIT,
				"the segmentations of %zu bytes have more than %zu tokens in all: "
				"at most so many are listed",
				count, TOK_LISTED_IDS);
	return TOK_OK;
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
	return TOK_OK;
}

static enum tok_status give_path(struct listing *x, struct tok_scaled weight, struct tok_error *err)
{
	struct tok_lattice_scratch *s = x->scratch;
	const struct tok_edge *path = s->path.items;
	size_t count = x->frame_count;
	if (x->lattice->whole_words && path[count - 1].token == TOK_LATTICE_UNKNOWN) {
		path += count - 1;
		count = 1;
	}
	s->written.count = 0;
	const enum tok_status status = tok_lattice_write(
	    x->lattice, x->piece->text, x->piece->begin, path, count, &s->written, err);
	if (status != TOK_OK)
		return status;
	return x->sink(x->context, s->written.ids, s->written.count,
		       tok_scaled_log(tok_scaled_over(weight, s->sums[0])), err);
}

/* Take the next edge of the last frame. */
static enum tok_status take_edge(struct listing *x, struct tok_error *err)
{
	struct tok_lattice_scratch *s = x->scratch;
	struct frame *frame = &x->frames[x->frame_count - 1];
	const size_t i = frame->next++;
	const struct tok_edge edge = s->edges.items[i];
	if (s->shares[i].mantissa == 0.0)
		return TOK_OK;
	/* Products of weights, not of shares: what is equally likely comes out equal. */
	const struct tok_scaled step = x->lattice->method == TOK_SAMPLE_MAXMATCH
					   ? s->shares[i]
					   : tok_lattice_weight(x->lattice, edge.token);
	const struct tok_scaled weight = tok_scaled_times(frame->weight, step);
	s->path.items[x->frame_count - 1] = edge;
	return edge.end == x->piece->text.count ? give_path(x, weight, err)
						: push_frame(x, edge.end, weight, err);
}

static enum tok_status list_paths(struct listing *x, struct tok_error *err)
{
	struct tok_lattice_scratch *s = x->scratch;
	s->edges.count = 0;
	enum tok_status status = push_frame(x, x->piece->begin, TOK_SCALED_ONE, err);
	while (status == TOK_OK && x->frame_count > 0) {
		struct frame *frame = &x->frames[x->frame_count - 1];
		if (frame->next < s->edges.count) {
			status = take_edge(x, err);
		} else {
			s->edges.count = frame->first;
			x->frame_count--;
		}
	}
	free(x->frames);
	return status;
}

enum tok_status tok_lattice_exact(const struct tok_lattice *l, struct tok_lattice_scratch *s,
				  struct tok_span text, struct tok_range range, size_t limit,
				  tok_outcome_sink *sink, void *context, struct tok_error *err)
{
	const struct tok_lattice_piece piece = tok_lattice_piece_of(l, text, range);
	struct listing x = {
		.lattice = l, .scratch = s, .piece = &piece, .sink = sink, .context = context
	};
	enum tok_status status = tok_lattice_fill(l, s, &piece, range, err);
	if (status == TOK_OK)
		status = check_paths(l, s, &piece, limit, err);
	return status == TOK_OK ? list_paths(&x, err) : status;
}
