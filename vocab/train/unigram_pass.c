#include <stdatomic.h>
#include <stdlib.h>

#include "tok/base/threads.h"
#include "vocab/train/unigram_internal.h"

/* A block begins anew, so that what is added up does not depend on who does it. */
enum { BLOCK_RUNS = 1024, THREADS_MAX = 32 };

/* ---- columns ----------------------------------------------------------------------- */

struct walk {
	const struct unigram_model *model;
	const struct unigram_visit *visit;
	struct unigram_columns *columns;
	size_t depth; /* the last column */
};

/* One more byte for a piece that begins at `from`. */
static void advance(const struct walk *w, struct unigram_active active, uint8_t byte)
{
	const uint32_t child = active.base ^ byte;
	const struct unigram_unit *unit = &w->model->trie.units[child];
	struct unigram_columns *columns = w->columns;
	struct unigram_column *behind = &columns->items[w->depth + 2];
	if (unit->parent != active.node)
		return;
	if (unit->piece != UNIGRAM_NONE && unit->weight > w->visit->none)
		columns->edges[behind->edges++] =
		    (struct unigram_edge){ active.from, unit->piece, unit->weight };
	if (unit->base)
		columns->actives[behind->actives++] =
		    (struct unigram_active){ active.from, child, unit->base };
}

/* Where the character is no piece, there is something else from its begin to here. */
static void put_unknown(const struct walk *w, uint32_t character)
{
	struct unigram_column *next = &w->columns->items[w->depth + 2];
	const bool none = next->edges == w->columns->items[w->depth + 1].edges;
	if (none || w->columns->edges[next->edges - 1].from != character)
		w->columns->edges[next->edges++] =
		    (struct unigram_edge){ character, UNIGRAM_NONE, w->model->unknown };
}

static bool reserve(struct unigram_columns *columns, const struct unigram_column *next,
		    uint32_t longest)
{
	if (tok_grow(&columns->edges, &columns->edge_capacity, next->edges + longest + 2,
		     sizeof *columns->edges) &&
	    tok_grow(&columns->actives, &columns->active_capacity, next->actives + longest + 2,
		     sizeof *columns->actives))
		return true;
	columns->full = true;
	return false;
}

/* The column behind the next byte. */
static void add_column(struct walk *w, const uint8_t *text)
{
	struct unigram_column *here = &w->columns->items[w->depth], *next = here + 1;
	const uint32_t at = (uint32_t)w->depth;
	if (!reserve(w->columns, next, w->model->pieces.longest))
		return;
	here[2].edges = next->edges;
	here[2].actives = next->actives;
	for (size_t i = here->actives; i < next->actives; i++)
		advance(w, w->columns->actives[i], text[at]);
	if (here->character == at)
		advance(w, (struct unigram_active){ at, 0, w->model->trie.units[0].base },
			text[at]);
	next->behind = next->ahead = 0;
	next->shift = here->shift;
	next->character = here->character;
	if (here->character + unigram_step(text[here->character], w->model->runs->bytes) ==
	    at + 1) {
		put_unknown(w, here->character);
		next->character = at + 1;
	}
	w->depth++;
	if (here[2].edges > next->edges)
		w->visit->enter(w->model, w->columns, w->depth);
}

static void leave_columns(struct walk *w, size_t depth)
{
	for (; w->depth > depth; w->depth--)
		if (w->columns->items[w->depth].behind > 0)
			w->visit->leave(w->model, w->columns, w->depth);
}

static size_t count_shared(const uint8_t *text, const struct unigram_run *a,
			   const struct unigram_run *b)
{
	const size_t n = a->length < b->length ? a->length : b->length;
	size_t i = 0;
	while (i < n && text[a->begin + i] == text[b->begin + i])
		i++;
	return i;
}

static void walk_runs(const struct unigram_model *model, const struct unigram_visit *visit,
		      struct unigram_columns *columns, size_t begin, size_t end)
{
	const uint8_t *text = model->runs->text.bytes;
	const struct unigram_run *runs = model->runs->items;
	struct walk w = { .model = model, .visit = visit, .columns = columns };
	columns->items[0] = (struct unigram_column){ .ahead = visit->start };
	columns->items[1] = (struct unigram_column){ 0 };
	for (size_t i = begin; i < end && !columns->full; i++) {
		if (i > begin)
			leave_columns(&w, count_shared(text, &runs[i - 1], &runs[i]));
		while (w.depth < runs[i].length && !columns->full)
			add_column(&w, text + runs[i].begin);
		visit->end(columns, w.depth, runs[i].count);
	}
	leave_columns(&w, 0);
}

/* ---- threads ------------------------------------------------------------------------ */

struct pass {
	struct unigram_model *model;
	const struct unigram_visit *visit;
	struct unigram_columns columns[THREADS_MAX];
	atomic_size_t next;
	atomic_bool stopped;
};

static bool init_columns(struct unigram_columns *columns, size_t pieces)
{
	columns->items = calloc(UNIGRAM_RUN_MAX + 2, sizeof *columns->items);
	columns->sums = calloc(pieces + 1, sizeof *columns->sums);
	return columns->items && columns->sums;
}

static void release_columns(struct unigram_columns *columns)
{
	free(columns->items);
	free(columns->edges);
	free(columns->actives);
	free(columns->sums);
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
	struct unigram_columns *columns = &pass->columns[index];
	const size_t count = model->runs->count, blocks = count / BLOCK_RUNS + 1;
	while (!columns->full) {
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
		walk_runs(model, pass->visit, columns, begin,
			  count - begin < BLOCK_RUNS ? count : begin + BLOCK_RUNS);
	}
}

enum tok_status unigram_pass(struct unigram_model *model, const struct unigram_visit *visit,
			     uint64_t *sums, bool *stopped)
{
	const size_t count = model->pieces.count;
	const size_t threads =
	    model->control->threads < THREADS_MAX ? model->control->threads : THREADS_MAX;
	struct pass pass = { .model = model, .visit = visit };
	bool ok = true;
	for (size_t i = 0; i < threads && ok; i++)
		ok = init_columns(&pass.columns[i], count);
	if (ok)
		tok_threads_run(threads, work, &pass);
	memset(sums, 0, count * sizeof *sums);
	for (size_t t = 0; t < threads; t++) {
		ok = ok && !pass.columns[t].full;
		for (size_t i = 0; ok && i < count; i++)
			sums[i] += pass.columns[t].sums[i];
		release_columns(&pass.columns[t]);
	}
	model->step++;
	*stopped = atomic_load(&pass.stopped);
	return ok ? TOK_OK : tok_fail_memory(model->err);
}
