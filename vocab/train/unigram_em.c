/*
 * Expected counts, by the forward and backward sums over all segmentations of a run,
 * and scores of them.
 *
 * Sums are probabilities, not logarithms.  Where they become small, those that are still
 * needed are raised by RAISE, and it is noted how often: a run may be long.  Counts are
 * added up as whole numbers of 2^-shift: in whatever order, the sum is the same.
 */
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "tok/base/threads.h"
#include "vocab/train/unigram_internal.h"

#define LOW        0x1p-256
#define RAISE      0x1p256
#define RAISE_BITS 256

enum { BLOCK_RUNS = 1024, THREADS_MAX = 32 };

/* ---- a pass ----------------------------------------------------------------------- */

struct pass {
	struct unigram_model *model;
	unigram_visit *visit;
	struct unigram_lattice *lattices;
	atomic_size_t next;
	atomic_bool stopped;
};

static bool init_lattice(struct unigram_lattice *lattice, size_t pieces)
{
	lattice->forward = calloc(UNIGRAM_RUN_MAX + 1, sizeof *lattice->forward);
	lattice->backward = calloc(UNIGRAM_RUN_MAX + 1, sizeof *lattice->backward);
	lattice->shifts = calloc(UNIGRAM_RUN_MAX + 1, sizeof *lattice->shifts);
	lattice->sums = calloc(pieces + 1, sizeof *lattice->sums);
	return lattice->forward && lattice->backward && lattice->shifts && lattice->sums;
}

static void release_lattice(struct unigram_lattice *lattice)
{
	free(lattice->forward);
	free(lattice->backward);
	free(lattice->shifts);
	free(lattice->edges);
	free(lattice->sums);
}

static void tell(const struct unigram_model *model, size_t block, size_t blocks)
{
	const struct vocab_train_control *control = model->control;
	if (control->progress)
		control->progress(control->context, "blocks of words", model->step * blocks + block,
				  model->steps * blocks);
}

static void work(void *shared, size_t index)
{
	struct pass *pass = shared;
	struct unigram_model *model = pass->model;
	struct unigram_lattice *lattice = &pass->lattices[index];
	const struct unigram_runs *runs = model->runs;
	const size_t blocks = runs->count / BLOCK_RUNS + 1;
	while (!lattice->full) {
		const size_t block =
		    atomic_fetch_add_explicit(&pass->next, 1, memory_order_relaxed);
		if (block >= blocks)
			return;
		if (atomic_load_explicit(&model->control->stop, memory_order_relaxed)) {
			atomic_store_explicit(&pass->stopped, true, memory_order_relaxed);
			return;
		}
		if (index == 0)
			tell(model, block, blocks);
		const size_t begin = block * BLOCK_RUNS;
		const size_t end =
		    runs->count - begin < BLOCK_RUNS ? runs->count : begin + BLOCK_RUNS;
		for (size_t i = begin; i < end; i++)
			pass->visit(model, lattice, &runs->items[i]);
	}
}

static void add_sums(const struct pass *pass, size_t threads, uint64_t *sums, size_t count)
{
	memset(sums, 0, count * sizeof *sums);
	for (size_t t = 0; t < threads; t++)
		for (size_t i = 0; i < count; i++)
			sums[i] += pass->lattices[t].sums[i];
}

enum tok_status unigram_pass(struct unigram_model *model, unigram_visit *visit, uint64_t *sums,
			     bool *stopped)
{
	const size_t threads =
	    model->control->threads < THREADS_MAX ? model->control->threads : THREADS_MAX;
	struct unigram_lattice lattices[THREADS_MAX] = { 0 };
	struct pass pass = { .model = model, .visit = visit, .lattices = lattices };
	bool ok = true;
	for (size_t i = 0; i < threads && ok; i++)
		ok = init_lattice(&lattices[i], model->pieces.count);
	if (ok) {
		tok_threads_run(threads, work, &pass);
		for (size_t i = 0; i < threads; i++)
			ok = ok && !lattices[i].full;
		add_sums(&pass, threads, sums, model->pieces.count);
		model->step++;
	}
	for (size_t i = 0; i < threads; i++)
		release_lattice(&lattices[i]);
	*stopped = atomic_load(&pass.stopped);
	return ok ? TOK_OK : tok_fail_memory(model->err);
}

/* ---- E step ------------------------------------------------------------------------ */

double unigram_least(const struct unigram_pieces *pieces)
{
	double least = 0;
	for (size_t i = 0; i < pieces->count; i++)
		if (pieces->items[i].score < least && isfinite(pieces->items[i].score))
			least = pieces->items[i].score;
	return least;
}

static void put_edge(struct unigram_lattice *l, uint32_t from, uint32_t to, uint32_t piece,
		     float weight)
{
	l->edges[l->edge_count++] =
	    (struct unigram_edge){ (uint16_t)from, (uint16_t)to, piece, weight };
	l->forward[to] += l->forward[from] * (double)weight;
}

/* All pieces that begin at `at`, and where its character is none, something instead. */
static void put_edges(const struct unigram_model *model, struct unigram_lattice *l,
		      const uint8_t *text, uint32_t length, uint32_t at)
{
	const struct unigram_unit *units = model->trie.units;
	const uint32_t character = at + unigram_step(text[at], model->runs->bytes);
	bool single = false;
	uint32_t node = 0;
	for (uint32_t i = at; i < length; i++) {
		node = unigram_child(units, node, text[i]);
		if (node == 0)
			break;
		const struct unigram_unit unit = units[node];
		if (unit.piece == UNIGRAM_NONE || !(unit.weight > 0))
			continue;
		single |= i + 1 == character;
		put_edge(l, at, i + 1, unit.piece, unit.weight);
	}
	if (!single)
		put_edge(l, at, character, UNIGRAM_NONE, model->unknown);
}

static void raise_sums(double *sums, size_t count)
{
	for (size_t i = 0; i < count; i++)
		sums[i] *= RAISE;
}

static size_t within_reach(const struct unigram_model *model, uint32_t length, uint32_t at)
{
	const uint32_t longest = model->pieces.longest > 4 ? model->pieces.longest : 4;
	const uint32_t reach = longest + 1;
	return length + 1 - at < reach ? length + 1 - at : reach;
}

static bool put_lattice(const struct unigram_model *model, struct unigram_lattice *l,
			const uint8_t *text, uint32_t length)
{
	uint16_t shift = 0;
	memset(l->forward, 0, (length + 1) * sizeof *l->forward);
	l->forward[0] = 1;
	l->edge_count = 0;
	for (uint32_t at = 0; at < length; at++) {
		if (!(l->forward[at] > 0))
			continue; /* within a character */
		if (l->forward[at] < LOW) {
			raise_sums(l->forward + at, within_reach(model, length, at));
			shift++;
		}
		l->shifts[at] = shift;
		if (!tok_grow(&l->edges, &l->edge_capacity,
			      l->edge_count + model->pieces.longest + 1, sizeof *l->edges)) {
			l->full = true;
			return false;
		}
		put_edges(model, l, text, length, at);
	}
	l->shifts[length] = shift;
	return true;
}

/* `unit` is what a probability of 1 adds. */
static void add_expected(struct unigram_lattice *l, const struct unigram_edge *edge, double unit,
			 int raised)
{
	double share = l->forward[edge->from] * (double)edge->weight * l->backward[edge->to] * unit;
	if (raised)
		share = ldexp(share, -raised * RAISE_BITS);
	if (edge->piece != UNIGRAM_NONE)
		l->sums[edge->piece] += (uint64_t)(share + 0.5);
}

static void expect_run(const struct unigram_model *model, struct unigram_lattice *l,
		       const struct unigram_run *run)
{
	const uint32_t length = run->length;
	if (!put_lattice(model, l, model->runs->text.bytes + run->begin, length))
		return;
	const double whole = l->forward[length];
	if (!(whole > 0) || !isfinite(whole))
		return; /* scores beyond all measure: nothing is learned here */
	const double unit = ldexp((double)run->count, (int)model->shift) / whole;
	int shift = 0;
	uint32_t from = length;
	memset(l->backward, 0, (length + 1) * sizeof *l->backward);
	l->backward[length] = 1;
	for (size_t i = l->edge_count; i-- > 0;) {
		const struct unigram_edge *edge = &l->edges[i];
		if (edge->from != from && l->backward[from] < LOW) {
			raise_sums(l->backward + from, within_reach(model, length, from));
			shift++;
		}
		from = edge->from;
		l->backward[from] += (double)edge->weight * l->backward[edge->to];
		add_expected(l, edge, unit, l->shifts[from] + shift - l->shifts[length]);
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
	return unigram_pass(model, expect_run, expected, stopped);
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
