/*
 * Which pieces to keep: as unigram_model_trainer.cc has it, by what the likelihood of
 * the best segmentations loses when a piece is gone and its next best segmentation
 * takes its place.
 */
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "tok/base/threads.h"
#include "vocab/train/unigram_internal.h"

enum { BLOCK_PIECES = 1024 };

/* The trie's weights are scores here. */
static void weigh_trie(struct unigram_model *model)
{
	struct unigram_trie *trie = &model->trie;
	for (size_t i = 1; i < trie->count; i++)
		if (trie->units[i].piece != UNIGRAM_NONE)
			trie->units[i].weight =
			    (float)model->pieces.items[trie->units[i].piece].score;
	model->unknown = (float)(unigram_least(&model->pieces) - UNIGRAM_UNKNOWN_PENALTY);
}

/* ---- the best segmentation --------------------------------------------------------- */

/* How the best segmentation up to a place ends. */
struct step {
	double score;
	uint32_t piece;
	uint32_t length;
};

static void offer(struct step *step, double score, uint32_t piece, uint32_t length)
{
	if (step->length == 0 || score > step->score)
		*step = (struct step){ score, piece, length };
}

/* Of a piece's text, without that piece; `steps` has one more than its bytes. */
static void find_best(const struct unigram_model *model, const uint8_t *text, uint32_t length,
		      uint32_t left_out, struct step *steps)
{
	const struct unigram_unit *units = model->trie.units;
	memset(steps, 0, (length + 1) * sizeof *steps);
	for (uint32_t at = 0; at < length; at++) {
		if (at && steps[at].length == 0)
			continue; /* within a character */
		const double so_far = steps[at].score;
		const uint32_t character = at + unigram_step(text[at], model->runs->bytes);
		bool single = false;
		uint32_t node = 0;
		for (uint32_t i = at; i < length; i++) {
			node = unigram_child(units, node, text[i]);
			if (node == 0)
				break;
			const struct unigram_unit unit = units[node];
			if (unit.piece == UNIGRAM_NONE || unit.piece == left_out ||
			    !(unit.weight > -INFINITY))
				continue;
			single |= i + 1 == character;
			offer(&steps[i + 1], so_far + (double)unit.weight, unit.piece, i + 1 - at);
		}
		if (!single)
			offer(&steps[character], so_far + (double)model->unknown, UNIGRAM_NONE,
			      character - at);
	}
}

/* ---- how often pieces are in those of all runs --------------------------------------- */

static void choose_best(const struct unigram_model *model, struct unigram_columns *columns,
			size_t at)
{
	struct unigram_column *column = &columns->items[at];
	size_t count;
	const struct unigram_edge *edges = unigram_edges(columns, at, &count);
	(void)model;
	for (size_t i = 0; i < count; i++) {
		const double score = columns->items[edges[i].from].ahead + (double)edges[i].weight;
		if (i == 0 || score > column->ahead) {
			column->ahead = score;
			column->best = (uint32_t)i;
		}
	}
}

/* Whole numbers, of which a double holds enough. */
static void end_run(struct unigram_columns *columns, size_t at, uint64_t count)
{
	columns->items[at].behind += (double)count;
}

static void use_best(const struct unigram_model *model, struct unigram_columns *columns, size_t at)
{
	const struct unigram_column *column = &columns->items[at];
	const struct unigram_edge *best = &columns->edges[column->edges + column->best];
	(void)model;
	columns->items[best->from].behind += column->behind;
	if (best->piece != UNIGRAM_NONE)
		columns->sums[best->piece] += (uint64_t)column->behind;
}

enum tok_status unigram_best(struct unigram_model *model, uint64_t *counts, bool *stopped)
{
	weigh_trie(model);
	const struct unigram_visit visit = { choose_best, end_run, use_best, .none = -INFINITY };
	return unigram_pass(model, &visit, counts, stopped);
}

/* ---- losses ----------------------------------------------------------------------- */

struct losses {
	const struct unigram_model *model;
	const uint64_t *counts;
	double sum;     /* of them */
	double *losses; /* by piece; INFINITY: it stays, -INFINITY: it goes */
	atomic_size_t next;
};

static double measure_loss(const struct losses *all, uint32_t number)
{
	const struct unigram_model *model = all->model;
	const struct unigram_piece *piece = &model->pieces.items[number];
	struct step steps[UNIGRAM_RUN_MAX + 1];
	if (all->counts[number] == 0)
		return -INFINITY; /* it is in no best segmentation */
	find_best(model, model->runs->text.bytes + piece->begin, piece->length, number, steps);
	if (steps[piece->length].score > piece->score)
		return -INFINITY;
	size_t parts = 0;
	for (uint32_t at = piece->length; at > 0; at -= steps[at].length, parts++)
		if (steps[at].piece == UNIGRAM_NONE)
			return INFINITY; /* it cannot be replaced */
	const double own = (double)all->counts[number];
	const double sum = log(all->sum + own * ((double)parts - 1));
	double replaced = 0;
	for (uint32_t at = piece->length; at > 0; at -= steps[at].length)
		replaced += log((double)all->counts[steps[at].piece] + own) - sum;
	return own * (log(own) - log(all->sum) - replaced);
}

static void work(void *shared, size_t index)
{
	struct losses *all = shared;
	const size_t count = all->model->pieces.count;
	(void)index;
	for (;;) {
		const size_t begin = BLOCK_PIECES * atomic_fetch_add(&all->next, 1);
		for (size_t i = begin; i < begin + BLOCK_PIECES && i < count; i++)
			all->losses[i] = measure_loss(all, (uint32_t)i);
		if (begin >= count)
			return;
	}
}

/* ---- choice ------------------------------------------------------------------------- */

struct loser {
	double loss;
	uint32_t piece;
};

static int by_loss(const void *a, const void *b)
{
	const struct loser *x = a, *y = b;
	if (x->loss != y->loss)
		return x->loss < y->loss ? 1 : -1;
	return (x->piece > y->piece) - (x->piece < y->piece);
}

/* Those with a loss of INFINITY come first and all stay. */
static bool mark_kept(const struct losses *all, size_t target, uint8_t *kept)
{
	const size_t count = all->model->pieces.count;
	struct loser *losers = malloc((count + 1) * sizeof *losers);
	size_t n = 0;
	if (!losers)
		return false;
	for (size_t i = 0; i < count; i++)
		if (all->losses[i] > -INFINITY)
			losers[n++] = (struct loser){ all->losses[i], (uint32_t)i };
	qsort(losers, n, sizeof *losers, by_loss);
	for (size_t i = 0; i < n; i++)
		kept[losers[i].piece] = i < target || losers[i].loss == INFINITY;
	free(losers);
	return true;
}

static void drop_others(struct unigram_pieces *pieces, const uint8_t *kept)
{
	size_t n = 0;
	pieces->longest = 0;
	for (size_t i = 0; i < pieces->count; i++) {
		if (!kept[i])
			continue;
		pieces->items[n++] = pieces->items[i];
		if (pieces->items[i].length > pieces->longest)
			pieces->longest = pieces->items[i].length;
	}
	pieces->count = pieces->living = n;
}

static enum tok_status drop_pieces(struct unigram_model *model, size_t target,
				   const uint64_t *counts, double *room)
{
	struct losses all = { .model = model, .counts = counts, .losses = room };
	uint8_t *kept = calloc(model->pieces.count + 1, 1);
	for (size_t i = 0; i < model->pieces.count; i++)
		all.sum += (double)counts[i];
	tok_threads_run(model->control->threads, work, &all);
	const bool ok = kept && mark_kept(&all, target, kept);
	if (ok)
		drop_others(&model->pieces, kept);
	free(kept);
	return ok ? unigram_trie_build(&model->trie, model->runs, &model->pieces, model->err)
		  : tok_fail_memory(model->err);
}

enum tok_status unigram_prune(struct unigram_model *model, size_t target, bool *stopped)
{
	uint64_t *counts = calloc(model->pieces.count + 1, sizeof *counts);
	double *losses = calloc(model->pieces.count + 1, sizeof *losses);
	enum tok_status status =
	    counts && losses ? unigram_best(model, counts, stopped) : tok_fail_memory(model->err);
	if (status == TOK_OK && !*stopped)
		status = drop_pieces(model, target, counts, losses);
	free(counts);
	free(losses);
	return status;
}
