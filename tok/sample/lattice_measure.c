/*
 * Entropy and expected length of a distribution, from the end of the text to its beginning,
 * without a list of its paths.
 *
 * Ids tell paths apart but where unknown symbols hide what they stand for: where they grow
 * together to one token, or are no token at all.  Then a sum over paths is the sum over ids
 * still if the same symbols are unknown in every path, that is, if no token that may be taken
 * covers one; where one does the answer is that it is not known.
 */
#include "tok/base/buffer.h"
#include "tok/sample/lattice_internal.h"

/* Of the ways on from a place: without those that are lost in a dead end, since a word is
 * unknown as a whole by whatever way it came to be so. */
struct tok_measured {
	double entropy; /* the sum of -p log p */
	double length;  /* the sum of p x ids */
	double lost;    /* how likely a way is lost */
};

/* Unknown symbols that hide, of the stretch at hand. */
struct hidden {
	uint32_t next; /* where the nearest behind begins */
	bool at_end;   /* the last one ends with the stretch */
};

static enum tok_status write_edge(const struct tok_lattice *l, struct tok_lattice_scratch *s,
				  const struct tok_lattice_piece *piece, uint32_t at,
				  struct tok_edge edge, struct tok_error *err)
{
	s->written.count = 0;
	return tok_lattice_write(l, piece->text, at, &edge, 1, &s->written, err);
}

/* Ids of an unknown symbol, next to those behind it. */
static enum tok_status count_unknown(const struct tok_lattice *l, struct tok_lattice_scratch *s,
				     const struct tok_lattice_piece *piece, uint32_t at,
				     struct tok_edge edge, uint32_t stretch_end,
				     struct hidden *hidden, double *count, struct tok_error *err)
{
	const enum tok_status status = write_edge(l, s, piece, at, edge, err);
	if (status != TOK_OK)
		return status;
	const size_t written = s->written.count;
	const bool grows = l->fuses && written == 1 && s->written.ids[0] == l->unk;
	*count = grows && hidden->next == edge.end ? 0.0 : (double)written;
	if (written == 0 || grows)
		hidden->next = at;
	hidden->at_end = hidden->at_end || (grows && edge.end == stretch_end);
	return TOK_OK;
}

static enum tok_status measure_place(const struct tok_lattice *l, struct tok_lattice_scratch *s,
				     const struct tok_lattice_piece *piece, uint32_t at,
				     struct tok_range stretch, struct hidden *hidden,
				     struct tok_error *err)
{
	struct tok_measured sum = { 0 };
	s->edges.count = 0;
	if (!tok_lattice_shares(l, s, piece, at, stretch.begin))
		return tok_fail_memory(err);
	for (size_t i = s->edges.count; i-- > 0;) { /* the unknown one first */
		const struct tok_edge edge = s->edges.items[i];
		const double share = tok_scaled_ratio(s->shares[i], TOK_SCALED_ONE);
		const struct tok_measured *rest = &s->measured[edge.end - stretch.begin];
		double count = 1.0;
		enum tok_status status = TOK_OK;
		if (s->shares[i].mantissa == 0.0)
			continue;
		if (edge.token == TOK_LATTICE_UNKNOWN && l->whole_words) {
			sum.lost += share;
			continue;
		}
		if (edge.token == TOK_LATTICE_UNKNOWN)
			status =
			    count_unknown(l, s, piece, at, edge, stretch.end, hidden, &count, err);
		else if (edge.end > hidden->next)
			status = tok_fail(err, TOK_EARG,
					  "the entropy is not known where a token may stand for "
					  "what is unknown in other segmentations");
		if (status != TOK_OK)
			return status;
		const double kept = 1.0 - rest->lost;
		sum.entropy += share * (rest->entropy - kept * tok_scaled_log(s->shares[i]));
		sum.length += share * (rest->length + kept * count);
		sum.lost += share * rest->lost;
	}
	s->measured[at - stretch.begin] = sum;
	return TOK_OK;
}

static enum tok_status measure_stretch(const struct tok_lattice *l, struct tok_lattice_scratch *s,
				       const struct tok_lattice_piece *piece,
				       struct tok_range stretch, struct hidden *hidden,
				       struct tok_error *err)
{
	const uint32_t count = stretch.end - stretch.begin;
	if (!tok_grow(&s->measured, &s->measured_capacity, count + 1, sizeof *s->measured))
		return tok_fail_memory(err);
	*hidden = (struct hidden){ .next = UINT32_MAX };
	enum tok_status status = tok_lattice_fill(l, s, piece, stretch, err);
	s->measured[count] = (struct tok_measured){ 0 };
	for (uint32_t at = stretch.end; status == TOK_OK && at-- > stretch.begin;)
		if (s->sums[at - stretch.begin].mantissa != 0.0)
			status = measure_place(l, s, piece, at, stretch, hidden, err);
	return status;
}

/* What a word becomes where it is lost. */
static enum tok_status add_lost(const struct tok_lattice *l, struct tok_lattice_scratch *s,
				const struct tok_lattice_piece *piece, double lost, double *entropy,
				double *length, struct tok_error *err)
{
	const struct tok_edge whole = { (uint32_t)piece->text.count, TOK_LATTICE_UNKNOWN };
	if (lost == 0.0)
		return TOK_OK;
	const enum tok_status status = write_edge(l, s, piece, piece->begin, whole, err);
	*entropy -= lost * log(lost);
	*length += lost * (double)s->written.count;
	return status;
}

enum tok_status tok_lattice_entropy(const struct tok_lattice *l, struct tok_lattice_scratch *s,
				    struct tok_span text, struct tok_range range, double *entropy,
				    double *length, struct tok_error *err)
{
	const struct tok_lattice_piece piece = tok_lattice_piece_of(l, text, range);
	struct tok_range stretch = range;
	struct hidden hidden = { 0 };
	for (; stretch.begin < range.end; stretch.begin = stretch.end) {
		const bool grows = hidden.at_end;
		enum tok_status status =
		    tok_lattice_stretch(l, s, &piece, stretch.begin, &stretch.end, err);
		if (status == TOK_OK)
			status = measure_stretch(l, s, &piece, stretch, &hidden, err);
		if (status != TOK_OK)
			return status;
		*entropy += s->measured[0].entropy;
		*length += s->measured[0].length - (grows && hidden.next == stretch.begin);
		status = add_lost(l, s, &piece, s->measured[0].lost, entropy, length, err);
		if (status != TOK_OK)
			return status;
	}
	return TOK_OK;
}
