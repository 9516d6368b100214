/* index.c - a graph over rows: built by threads, asked by threads. */
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "hypernet/ann/found_internal.h"
#include "hypernet/ann/index_internal.h"
#include "hypernet/ann/rows_internal.h"
#include "tok/base/threads.h"

bool hyper_index_is_here(void)
{
	return true;
}

void hyper_index_free(struct hyper_index *index)
{
	if (index)
		hyper_graph_free(index->graph);
	free(index);
}

size_t hyper_index_count(const struct hyper_index *index)
{
	return hyper_graph_count(index->graph);
}

size_t hyper_index_width(const struct hyper_index *index)
{
	return index->width;
}

enum hyper_measure hyper_index_measure(const struct hyper_index *index)
{
	return index->measure;
}

enum tok_status hyper_index_new(size_t count, size_t width, enum hyper_measure measure,
				const struct hyper_index_options *options, size_t room_links,
				hyper_dot *dot, struct hyper_index **out, struct tok_error *err)
{
	if (options->links < 2 || options->links > HYPER_INDEX_LINKS_MAX)
		return tok_fail(err, TOK_EARG, "a row can have 2 to %d links, not %zu",
				HYPER_INDEX_LINKS_MAX, options->links);
	if (options->build_effort < 1 || options->build_effort > HYPER_INDEX_EFFORT_MAX)
		return tok_fail(err, TOK_EARG, "the effort can be 1 to %d, not %zu",
				HYPER_INDEX_EFFORT_MAX, options->build_effort);
	struct hyper_index *index = malloc(sizeof *index);
	if (!index)
		return tok_fail_memory(err);
	*index = (struct hyper_index){
		.dot = dot, .width = width, .measure = measure, .options = *options
	};
	index->graph =
	    hyper_graph_new(width, count, room_links, options->build_effort, options->seed, dot);
	if (!index->graph) {
		free(index);
		return tok_fail_memory(err);
	}
	*out = index;
	return TOK_OK;
}

/* ---- building ---------------------------------------------------------------- */

struct build {
	struct hyper_index *index;
	const struct hyper_rows_view *rows;
	atomic_size_t next;
	atomic_bool failed;
	struct tok_error *errors;
};

/* Row `at`, of length 1 where cosines are wanted. */
static enum tok_status read_row(const struct hyper_index *index, const struct hyper_rows_view *rows,
				size_t at, float *room, struct tok_error *err)
{
	const float *row;
	float factor;
	enum tok_status status = hyper_rows_read(rows, at, 1, room, &row, err);
	if (status == TOK_OK)
		status = hyper_rows_factors(row, 1, index->width, index->measure == HYPER_COSINE,
					    index->dot, at, &factor, err);
	for (size_t i = 0; status == TOK_OK && i < index->width; i++)
		room[i] = row[i] * factor;
	return status;
}

static enum tok_status add_row(struct build *build, size_t at, float *room, struct tok_error *err)
{
	const enum tok_status status = read_row(build->index, build->rows, at, room, err);
	if (status != TOK_OK)
		return status;
	return hyper_graph_add(build->index->graph, room, (uint32_t)at) ? TOK_OK
									: tok_fail_memory(err);
}

static void build_part(void *shared, size_t thread)
{
	struct build *build = shared;
	struct tok_error *err = &build->errors[thread];
	float *room = malloc(build->index->width * sizeof *room);
	enum tok_status status = room ? TOK_OK : tok_fail_memory(err);
	while (status == TOK_OK && !atomic_load(&build->failed)) {
		const size_t at = atomic_fetch_add(&build->next, 1);
		if (at >= build->rows->count)
			break;
		status = add_row(build, at, room, err);
	}
	if (status != TOK_OK)
		atomic_store(&build->failed, true);
	free(room);
}

/* What went wrong in the first thread where something did. */
static enum tok_status first_error(const struct tok_error *errors, size_t threads,
				   struct tok_error *err)
{
	for (size_t t = 0; t < threads; t++)
		if (errors[t].status != TOK_OK) {
			if (err)
				*err = errors[t];
			return errors[t].status;
		}
	return TOK_OK;
}

enum tok_status hyper_index_build(const struct hyper_rows_view *rows, enum hyper_measure measure,
				  const struct hyper_index_options *options,
				  const struct hyper_kernel *kernel, size_t threads,
				  struct hyper_index **out, struct tok_error *err)
{
	struct hyper_rows_view view;
	struct hyper_index *index = NULL;
	enum tok_status status = hyper_rows_check(rows, &view, err);
	if (status == TOK_OK)
		status = hyper_index_new(view.count, view.width, measure, options, options->links,
					 hyper_dot_of(kernel), &index, err);
	if (status != TOK_OK)
		return status;

	struct build build = { .index = index, .rows = &view };
	float *room = malloc(view.width * sizeof *room);
	build.errors = calloc(threads, sizeof *build.errors);
	status = room && build.errors ? TOK_OK : tok_fail_memory(err);
	if (status == TOK_OK) /* alone: the others have somewhere to begin then */
		status = add_row(&build, atomic_fetch_add(&build.next, 1), room, err);
	if (status == TOK_OK) {
		tok_threads_run(threads, build_part, &build);
		status = first_error(build.errors, threads, err);
	}
	free(room);
	free(build.errors);
	if (status == TOK_OK)
		*out = index;
	else
		hyper_index_free(index);
	return status;
}

/* ---- of these rows? ---------------------------------------------------------- */

static bool is_near(const float *a, const float *b, size_t width)
{
	for (size_t i = 0; i < width; i++)
		if (!(fabsf(a[i] - b[i]) <= 1e-5F * fabsf(a[i])))
			return false;
	return true;
}

enum tok_status hyper_index_is_of(const struct hyper_index *index,
				  const struct hyper_rows_view *rows, enum hyper_measure measure,
				  bool *out, struct tok_error *err)
{
	const size_t count = hyper_index_count(index), width = index->width;
	struct hyper_rows_view view;
	enum tok_status status = hyper_rows_check(rows, &view, err);
	if (status != TOK_OK)
		return status;
	bool same = view.count == count && view.width == width && index->measure == measure;
	float *room = malloc(width * sizeof *room);
	if (!room)
		return tok_fail_memory(err);
	for (size_t i = 0; same && status == TOK_OK && i < count; i++) {
		status = read_row(index, &view, hyper_graph_label(index->graph, i), room, err);
		same = status == TOK_OK && is_near(room, hyper_graph_row(index->graph, i), width);
	}
	free(room);
	if (status == TOK_OK)
		*out = same;
	return status;
}

/* ---- asking ------------------------------------------------------------------ */

struct ask {
	const struct hyper_index *index;
	const float *queries, *factors;
	size_t count, k;
	struct hyper_found *found;
	atomic_size_t next;
	struct tok_error *errors;
};

static enum tok_status ask_one(struct ask *ask, size_t q, float *room, uint32_t *labels,
			       float *products, struct tok_error *err)
{
	const size_t width = ask->index->width;
	for (size_t i = 0; i < width; i++)
		room[i] = ask->queries[q * width + i] * ask->factors[q];
	const size_t count = hyper_graph_find(ask->index->graph, room, ask->k, labels, products);
	if (count == SIZE_MAX)
		return tok_fail_memory(err);
	struct hyper_found *found = ask->found + q * ask->k;
	size_t held = 0;
	for (size_t i = 0; i < count; i++)
		held = hyper_found_offer(found, held, ask->k,
					 (struct hyper_found){ labels[i], products[i] });
	hyper_found_sort(found, held);
	for (; held < ask->k; held++)
		found[held] = (struct hyper_found){ HYPER_FOUND_NONE, -INFINITY };
	return TOK_OK;
}

static void ask_part(void *shared, size_t thread)
{
	struct ask *ask = shared;
	struct tok_error *err = &ask->errors[thread];
	float *room = malloc(ask->index->width * sizeof *room);
	uint32_t *labels = malloc(ask->k * sizeof *labels);
	float *products = malloc(ask->k * sizeof *products);
	enum tok_status status = room && labels && products ? TOK_OK : tok_fail_memory(err);
	while (status == TOK_OK) {
		const size_t q = atomic_fetch_add(&ask->next, 1);
		if (q >= ask->count)
			break;
		status = ask_one(ask, q, room, labels, products, err);
	}
	free(room);
	free(labels);
	free(products);
}

enum tok_status hyper_index_find(struct hyper_index *index, const float *queries, size_t count,
				 size_t k, size_t effort, size_t threads, struct hyper_found *found,
				 struct tok_error *err)
{
	if (k == 0 || k > hyper_index_count(index))
		return tok_fail(err, TOK_EARG, "there are %zu rows to find, not %zu",
				hyper_index_count(index), k);
	float *factors = malloc((count + 1) * sizeof *factors);
	struct ask ask = { index, queries, factors, count, k, found, .errors = NULL };
	ask.errors = calloc(threads, sizeof *ask.errors);
	enum tok_status status = factors && ask.errors ? TOK_OK : tok_fail_memory(err);
	if (status == TOK_OK)
		status =
		    hyper_rows_factors(queries, count, index->width, index->measure == HYPER_COSINE,
				       index->dot, 0, factors, err);
	if (status == TOK_EFORMAT)
		status = tok_fail_in(err, status, "queries");
	if (status == TOK_OK) {
		hyper_graph_set_effort(index->graph, effort);
		tok_threads_run(threads, ask_part, &ask);
		status = first_error(ask.errors, threads, err);
	}
	free(factors);
	free(ask.errors);
	return status;
}
