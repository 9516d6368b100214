/*
 * Expected counts, by the forward and backward sums over all segmentations of a run,
 * and scores of them.
 *
 * Sums are probabilities, not logarithms.  Where one becomes small it is raised by RAISE,
 * and its column notes how often that was done on the way to it; what leads on from a
 * column is kept as much lower.  Counts are added up as whole numbers of 2^-shift: in
 * whatever order, the sum is the same.
 */
#include <math.h>
#include "vocab/train/unigram_internal.h"

#define LOW        0x1p-256
#define RAISE      0x1p256
#define RAISE_BITS 256

enum { BLOCK_RUNS = 1024, THREADS_MAX = 32 };

double unigram_least(const struct unigram_pieces *pieces)
{
	double least = 0;
	for (size_t i = 0; i < pieces->count; i++)
		if (pieces->items[i].score < least && isfinite(pieces->items[i].score))
			least = pieces->items[i].score;
	return least;
}

static double raise_by(double value, int32_t times)
{
	return times ? ldexp(value, times * RAISE_BITS) : value;
}

/* The sum of what leads here. */
static void add_ahead(const struct unigram_model *model, struct unigram_columns *columns, size_t at)
{
	struct unigram_column *column = &columns->items[at];
	size_t count;
	const struct unigram_edge *edges = unigram_edges(columns, at, &count);
	double sum = 0;
	(void)model;
	for (size_t i = 0; i < count; i++) {
		const struct unigram_column *from = &columns->items[edges[i].from];
		sum += raise_by(from->ahead, column->shift - from->shift) * (double)edges[i].weight;
	}
	if (sum < LOW) {
		sum *= RAISE;
		column->shift++;
	}
	column->ahead = sum;
}

/* A run weighs as much as it occurs, whatever its probability. */
static void end_run(struct unigram_columns *columns, size_t at, uint64_t count)
{
	struct unigram_column *column = &columns->items[at];
	if (column->ahead > 0 && isfinite(column->ahead))
		column->behind += (double)count / column->ahead;
}

/* What leads on from here is shared out to the edges that lead here. */
static void share_behind(const struct unigram_model *model, struct unigram_columns *columns,
			 size_t at)
{
	const struct unigram_column *column = &columns->items[at];
	size_t count;
	const struct unigram_edge *edges = unigram_edges(columns, at, &count);
	for (size_t i = 0; i < count; i++) {
		struct unigram_column *from = &columns->items[edges[i].from];
		const double share =
		    raise_by(column->behind, column->shift - from->shift) * (double)edges[i].weight;
		from->behind += share;
		if (edges[i].piece != UNIGRAM_NONE)
			columns->sums[edges[i].piece] +=
			    (uint64_t)(from->ahead * share * model->unit + 0.5);
	}
}

/* So many bits that the sum over all pieces fits. */
static unsigned choose_shift(const struct unigram_runs *runs)
{
	unsigned bits = 0;
	while (bits < 53 && (uint64_t)1 << bits <= runs->symbols)
		bits++;
	return 62 - bits < 40 ? 62 - bits : 40;
}

static void weigh_trie(struct unigram_model *model)
{
	struct unigram_trie *trie = &model->trie;
	for (size_t i = 1; i < trie->count; i++)
		if (trie->units[i].piece != UNIGRAM_NONE)
			trie->units[i].weight =
			    (float)exp(model->pieces.items[trie->units[i].piece].score);
	model->unknown = (float)exp(unigram_least(&model->pieces) - UNIGRAM_UNKNOWN_PENALTY);
}

enum tok_status unigram_expect(struct unigram_model *model, uint64_t *expected, bool *stopped)
{
	weigh_trie(model);
	model->shift = choose_shift(model->runs);
	model->unit = ldexp(1, (int)model->shift);
	const struct unigram_visit visit = { add_ahead, end_run, share_behind, .start = 1 };
	return unigram_pass(model, &visit, expected, stopped);
}

/* ---- M step ------------------------------------------------------------------------ */

/* Its asymptotic series in 1 / (x - 1/2), from where that is good. */
static double digamma(double x)
{
	double result = 0;
	for (; x < 7; x++)
		result -= 1 / x;
	x -= 0.5;
	const double square = 1 / (x * x);
	return result + log(x) +
	       square * (1.0 / 24 -
			 square * (7.0 / 960 - square * (31.0 / 8064 - square * (127.0 / 30720))));
}

void unigram_maximize(struct unigram_model *model, const uint64_t *expected)
{
	struct unigram_pieces *pieces = &model->pieces;
	const int shift = (int)model->shift;
	const double least = ldexp(0.5, shift);
	double sum = 0;
	for (size_t i = 0; i < pieces->count; i++)
		if ((double)expected[i] >= least)
			sum += ldexp((double)expected[i], -shift);
	pieces->living = 0;
	for (size_t i = 0; i < pieces->count; i++) {
		struct unigram_piece *piece = &pieces->items[i];
		if ((double)expected[i] < least || !isfinite(piece->score)) {
			piece->score = -INFINITY;
			continue;
		}
		piece->score = digamma(ldexp((double)expected[i], -shift)) - digamma(sum);
		pieces->living++;
	}
}
