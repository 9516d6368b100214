/*
 * The best paths, and paths drawn without replacement: a search from the beginning of the
 * text that knows what the rest is worth.
 *
 * The best: A* whose estimate of the rest is the score of its best path, which is exact.
 * Without replacement: the same search on log probabilities that have Gumbel noise added.
 * The noisy value of a beginning is the greatest of all its paths, so those of the edges
 * that go on from it are drawn under the condition that their greatest is that value.
 *
 * Every beginning on the agenda stands for a path with the value that it is there by.  So
 * with `count` better ones beside it, it is of no use, and is let go: the agenda is short,
 * and nothing is lost.  What has been taken from it are beginnings of paths that come out.
 *
 * Sources: SentencePiece 0.2 (Lattice::NBest), which searches from the end and shrinks its
 * agenda at 10,000 entries; W. Kool, H. van Hoof, M. Welling, "Stochastic Beams and Where
 * to Find Them" (arXiv 1903.06059), appendix B.3.
 */
#include "tok/sample/lattice_internal.h"

#include <stdlib.h>

#include "tok/base/buffer.h"

#define STEPS_MAX ((size_t)1 << 25)
#define NO_STEP   UINT32_MAX

/* A beginning on the agenda. */
struct entry {
	double key;      /* value of the best path that begins so */
	double sum;      /* of scores, or of log shares, up to here */
	double log;      /* of shares, up to here */
	uint32_t before; /* the step before its last edge, or NO_STEP */
	struct tok_edge edge;
};

/* A beginning that was taken from the agenda. */
struct step {
	uint32_t before;
	struct tok_edge edge;
};

struct tok_agenda {
	struct entry *entries; /* a heap */
	size_t count, capacity;
	struct step *steps;
	size_t step_count, step_capacity;
	struct tok_lattice_piece *pieces;
	size_t piece_count, piece_capacity;
};

void tok_agenda_free(struct tok_agenda *a)
{
	if (!a)
		return;
	free(a->entries);
	free(a->steps);
	free(a->pieces);
	free(a);
}

void tok_founds_release(struct tok_founds *founds)
{
	free(founds->items);
	tok_arena_release(&founds->arena);
	*founds = (struct tok_founds){ 0 };
}

/* ---- the heap ---------------------------------------------------------------- */

/* Of equals the one that is further on: it gets done first. */
static bool is_before(const struct entry *a, const struct entry *b)
{
	if (a->key != b->key)
		return a->key > b->key;
	return a->edge.end > b->edge.end;
}

static int compare_entries(const void *a, const void *b)
{
	return is_before(a, b) ? -1 : is_before(b, a);
}

static bool push_entry(struct tok_agenda *a, const struct entry *entry, size_t useful)
{
	if (a->count >= 2 * useful + 8) { /* sorted, it is a heap */
		qsort(a->entries, a->count, sizeof *a->entries, compare_entries);
		a->count = useful;
	}
	if (!tok_grow(&a->entries, &a->capacity, a->count + 1, sizeof *a->entries))
		return false;
	size_t at = a->count++;
	for (; at > 0 && is_before(entry, &a->entries[(at - 1) / 2]); at = (at - 1) / 2)
		a->entries[at] = a->entries[(at - 1) / 2];
	a->entries[at] = *entry;
	return true;
}

static struct entry pop_entry(struct tok_agenda *a)
{
	const struct entry top = a->entries[0], last = a->entries[--a->count];
	size_t at = 0;
	for (;;) {
		size_t child = 2 * at + 1;
		if (child >= a->count)
			break;
		if (child + 1 < a->count && is_before(&a->entries[child + 1], &a->entries[child]))
			child++;
		if (!is_before(&a->entries[child], &last))
			break;
		a->entries[at] = a->entries[child];
		at = child;
	}
	a->entries[at] = last;
	return top;
}

/* ---- what the rest is worth --------------------------------------------------- */

static double score_edge(const struct tok_lattice *l, uint32_t token)
{
	return token == TOK_LATTICE_UNKNOWN ? l->unknown_score : l->scores[token];
}

/* best[at]: the score of the best way from `at` to the end. */
static enum tok_status find_best(const struct tok_lattice *l, struct tok_lattice_scratch *s,
				 const struct tok_lattice_piece *piece, struct tok_error *err)
{
	for (uint32_t at = (uint32_t)piece->text.count; at-- > piece->begin;) {
		double best = -INFINITY;
		if (s->sums[at].mantissa == 0.0)
			continue;
		s->edges.count = 0;
		if (!tok_lattice_edges(l, piece, at, &s->edges))
			return tok_fail_memory(err);
		for (size_t i = 0; i < s->edges.count; i++) {
			const struct tok_edge edge = s->edges.items[i];
			best = fmax(best, score_edge(l, edge.token) + s->best[edge.end]);
		}
		s->best[at] = best;
	}
	return TOK_OK;
}

static enum tok_status prepare(const struct tok_lattice *l, struct tok_lattice_scratch *s,
			       const struct tok_lattice_text *text, bool scored,
			       struct tok_error *err)
{
	struct tok_agenda *a = s->agenda;
	const size_t bytes = text->text.count;
	enum tok_status status = TOK_OK;
	if (bytes > TOK_STRETCH_MAX)
		return tok_fail(err, TOK_ELIMIT,
				"a text of %zu bytes is too long to be searched: at most %zu are",
				bytes, TOK_STRETCH_MAX);
	if (!tok_grow(&a->pieces, &a->piece_capacity, text->count, sizeof *a->pieces) ||
	    !tok_grow(&s->sums, &s->sum_capacity, bytes + 1, sizeof *s->sums) ||
	    !tok_grow(&s->best, &s->best_capacity, bytes + 1, sizeof *s->best))
		return tok_fail_memory(err);
	s->sums[bytes] = TOK_SCALED_ONE;
	s->best[bytes] = 0.0;
	for (size_t i = text->count; i-- > 0 && status == TOK_OK;) {
		const struct tok_range range = { i ? text->ends[i - 1] : 0, text->ends[i] };
		a->pieces[i] = tok_lattice_piece_of(l, text->text, range);
		status = tok_lattice_sum(l, s, &a->pieces[i], range, 0, err);
		if (status == TOK_OK && scored)
			status = find_best(l, s, &a->pieces[i], err);
	}
	a->piece_count = text->count;
	a->count = a->step_count = 0;
	return status;
}

/* The piece that the place is in. */
static const struct tok_lattice_piece *find_piece(const struct tok_agenda *a, uint32_t at)
{
	size_t low = 0, high = a->piece_count - 1;
	while (low < high) {
		const size_t middle = (low + high) / 2;
		if (a->pieces[middle].text.count > at)
			high = middle;
		else
			low = middle + 1;
	}
	return &a->pieces[low];
}

/* ---- the search --------------------------------------------------------------- */

static double draw_gumbel(struct tok_random *random)
{
	const double u = ((double)(tok_random_next(random) >> 11) + 0.5) * 0x1p-53;
	return -log(-log(u));
}

/* The value of an edge, if the greatest of its place is to be `top` and came out as
 * `greatest`. */
static double condition(double value, double greatest, double top)
{
	const double v = top - value + log1p(-exp(value - greatest));
	return top - fmax(0.0, v) - log1p(exp(-fabs(v)));
}

/* Keys of the edges that leave a place, in scratch->shares: of the draw without
 * replacement. */
static void draw_keys(struct tok_lattice_scratch *s, const struct entry *from,
		      struct tok_random *random)
{
	double greatest = -INFINITY;
	for (size_t i = 0; i < s->edges.count; i++) {
		s->best[i] = -INFINITY;
		if (s->shares[i].mantissa > 0.0)
			s->best[i] = from->log + tok_scaled_log(s->shares[i]) + draw_gumbel(random);
		greatest = fmax(greatest, s->best[i]);
	}
	for (size_t i = 0; i < s->edges.count; i++)
		if (s->shares[i].mantissa > 0.0)
			s->best[i] = condition(s->best[i], greatest, from->key);
}

/* Put what goes on from `from`, of which `step` is the last, on the agenda. */
static enum tok_status expand(const struct tok_lattice *l, struct tok_lattice_scratch *s,
			      const struct entry *from, uint32_t step, size_t useful,
			      struct tok_random *random, struct tok_error *err)
{
	const uint32_t at = from->edge.end;
	s->edges.count = 0;
	if (!tok_lattice_shares(l, s, find_piece(s->agenda, at), at, 0))
		return tok_fail_memory(err);
	if (random && !tok_grow(&s->best, &s->best_capacity, s->edges.count, sizeof *s->best))
		return tok_fail_memory(err);
	if (random)
		draw_keys(s, from, random);
	for (size_t i = 0; i < s->edges.count; i++) {
		const struct tok_edge edge = s->edges.items[i];
		struct entry entry = { .log = from->log + tok_scaled_log(s->shares[i]),
				       .before = step,
				       .edge = edge };
		if (random && s->shares[i].mantissa == 0.0)
			continue;
		if (l->scores)
			entry.sum = from->sum + score_edge(l, edge.token);
		entry.key = random ? s->best[i] : entry.sum + s->best[edge.end];
		if (!push_entry(s->agenda, &entry, useful))
			return tok_fail_memory(err);
	}
	return TOK_OK;
}

/* Note the path whose last edge `entry` has. */
static enum tok_status note_path(const struct tok_agenda *a, const struct entry *entry,
				 struct tok_founds *out, struct tok_error *err)
{
	size_t count = 1;
	for (uint32_t i = entry->before; i != NO_STEP; i = a->steps[i].before)
		count++;
	if (count > STEPS_MAX - out->edge_count)
		return tok_fail(err, TOK_ELIMIT,
				"the segmentations have more than %zu tokens in all: ask for "
				"fewer of them, or of a shorter text",
				STEPS_MAX);
	struct tok_edge *path = tok_arena_array(&out->arena, count, sizeof *path);
	if (!path || !tok_grow(&out->items, &out->capacity, out->count + 1, sizeof *out->items))
		return tok_fail_memory(err);
	out->edge_count += count;
	out->items[out->count++] =
	    (struct tok_found){ entry->sum, entry->log, entry->key, path, count };
	path[--count] = entry->edge;
	for (uint32_t i = entry->before; i != NO_STEP; i = a->steps[i].before)
		path[--count] = a->steps[i].edge;
	return TOK_OK;
}

static enum tok_status add_step(struct tok_agenda *a, const struct entry *entry,
				struct tok_error *err)
{
	if (a->step_count >= STEPS_MAX)
		return tok_fail(err, TOK_ELIMIT,
				"the search takes more than %zu steps: ask for fewer "
				"segmentations, or of a shorter text",
				STEPS_MAX);
	if (!tok_grow(&a->steps, &a->step_capacity, a->step_count + 1, sizeof *a->steps))
		return tok_fail_memory(err);
	a->steps[a->step_count++] = (struct step){ entry->before, entry->edge };
	return TOK_OK;
}

enum tok_status tok_lattice_search(const struct tok_lattice *l, struct tok_lattice_scratch *s,
				   const struct tok_lattice_text *text, size_t count,
				   struct tok_random *random, struct tok_founds *out,
				   struct tok_error *err)
{
	if (!s->agenda)
		s->agenda = calloc(1, sizeof *s->agenda);
	if (!s->agenda)
		return tok_fail_memory(err);
	struct tok_agenda *a = s->agenda;
	enum tok_status status = prepare(l, s, text, !random, err);
	struct entry entry = { .before = NO_STEP };
	if (count > STEPS_MAX) /* each takes a step at least */
		count = STEPS_MAX;
	if (status != TOK_OK || count == 0 || text->text.count == 0)
		return status;
	entry.key = random ? draw_gumbel(random) : s->best[0];
	status = expand(l, s, &entry, NO_STEP, count, random, err);
	while (status == TOK_OK && a->count > 0 && out->count < count) {
		entry = pop_entry(a);
		if (entry.edge.end == text->text.count) {
			status = note_path(a, &entry, out, err);
			continue;
		}
		status = add_step(a, &entry, err);
		if (status == TOK_OK)
			status =
			    expand(l, s, &entry, (uint32_t)a->step_count - 1, count, random, err);
	}
	return status;
}
