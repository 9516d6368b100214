#include "hypernet/transplant/weights.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "hypernet/ann/rows.h"
#include "tok/base/buffer.h"
#include "tok/base/threads.h"

enum { BLOCK = 16 }; /* rows that a thread takes at a time */

void hyper_weights_release(struct hyper_weights *weights)
{
	free(weights->ends);
	free(weights->sources);
	free(weights->weights);
	*weights = (struct hyper_weights){ 0 };
}

enum tok_status hyper_weights_add(struct hyper_weights *weights, const tok_id *sources,
				  const float *values, size_t count, struct tok_error *err)
{
	const size_t begin = (size_t)hyper_weights_begin(weights, weights->rows);
	if (!tok_grow(&weights->ends, &weights->row_room, weights->rows + 1,
		      sizeof *weights->ends) ||
	    !tok_grow(&weights->sources, &weights->entry_room[0], begin + count,
		      sizeof *weights->sources) ||
	    !tok_grow(&weights->weights, &weights->entry_room[1], begin + count,
		      sizeof *weights->weights))
		return tok_fail_memory(err);
	if (count) {
		memcpy(weights->sources + begin, sources, count * sizeof *sources);
		memcpy(weights->weights + begin, values, count * sizeof *values);
	}
	weights->ends[weights->rows++] = begin + count;
	return TOK_OK;
}

/* What an apply shares among its threads. */
struct apply {
	const struct hyper_weights *weights;
	const struct hyper_rows_view *rows;
	size_t first, count;
	float *out;
	atomic_size_t next; /* row, of `count` */
	atomic_bool failed;
	struct tok_error *errors; /* of each thread */
};

/* `sums` and `room` are a row each. */
static enum tok_status apply_row(const struct apply *apply, size_t row, double *sums, float *room,
				 struct tok_error *err)
{
	const struct hyper_weights *weights = apply->weights;
	const size_t width = apply->rows->width;
	memset(sums, 0, width * sizeof *sums);
	for (uint64_t e = hyper_weights_begin(weights, apply->first + row);
	     e < weights->ends[apply->first + row]; e++) {
		const double weight = weights->weights[e];
		const float *source;
		const enum tok_status status =
		    hyper_rows_read(apply->rows, weights->sources[e], 1, room, &source, err);
		if (status != TOK_OK)
			return status;
		for (size_t i = 0; i < width; i++)
			sums[i] += weight * (double)source[i];
	}
	float *out = apply->out + row * width;
	for (size_t i = 0; i < width; i++)
		out[i] = (float)sums[i];
	return TOK_OK;
}

static void work(void *shared, size_t thread)
{
	struct apply *apply = shared;
	struct tok_error *err = &apply->errors[thread];
	double *sums = malloc(apply->rows->width * sizeof *sums);
	float *room = malloc(apply->rows->width * sizeof *room);
	enum tok_status status = sums && room ? TOK_OK : tok_fail_memory(err);
	while (status == TOK_OK && !atomic_load(&apply->failed)) {
		const size_t begin = atomic_fetch_add(&apply->next, BLOCK);
		if (begin >= apply->count)
			break;
		const size_t end = apply->count - begin < BLOCK ? apply->count : begin + BLOCK;
		for (size_t row = begin; row < end && status == TOK_OK; row++)
			status = apply_row(apply, row, sums, room, err);
	}
	if (status != TOK_OK)
		atomic_store(&apply->failed, true);
	free(sums);
	free(room);
}

static enum tok_status check_sources(const struct hyper_weights *weights, size_t first,
				     size_t count, size_t source_rows, struct tok_error *err)
{
	const uint64_t begin = hyper_weights_begin(weights, first);
	const uint64_t end = hyper_weights_begin(weights, first + count);
	for (uint64_t e = begin; e < end; e++)
		if (weights->sources[e] >= source_rows)
			return tok_fail(err, TOK_EARG,
					"a sum takes row %u of a matrix that has %zu rows",
					weights->sources[e], source_rows);
	return TOK_OK;
}

enum tok_status hyper_weights_apply(const struct hyper_weights *weights,
				    const struct hyper_rows_view *rows, size_t first, size_t count,
				    float *out, size_t threads, struct tok_error *err)
{
	struct hyper_rows_view view;
	enum tok_status status = hyper_rows_check(rows, &view, err);
	if (status == TOK_OK)
		status = check_sources(weights, first, count, view.count, err);
	if (status != TOK_OK || count == 0)
		return status;
	struct apply apply = {
		.weights = weights,
		.rows = &view,
		.first = first,
		.count = count,
		.out = out,
		.errors = calloc(threads, sizeof *apply.errors),
	};
	if (!apply.errors)
		return tok_fail_memory(err);
	tok_threads_run(threads, work, &apply);
	for (size_t t = 0; t < threads && status == TOK_OK; t++)
		if ((status = apply.errors[t].status) != TOK_OK && err)
			*err = apply.errors[t];
	free(apply.errors);
	return status;
}
