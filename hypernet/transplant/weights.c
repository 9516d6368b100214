#include "hypernet/transplant/weights_internal.h"

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

/* ---- rows by threads ------------------------------------------------------------ */

struct making {
	hyper_row_maker *make;
	const void *job;
	size_t count, width;
	float *out;
	atomic_size_t next; /* row */
	atomic_bool failed;
	struct tok_error *errors; /* of each thread */
};

static void work(void *shared, size_t thread)
{
	struct making *making = shared;
	struct tok_error *err = &making->errors[thread];
	const struct hyper_desk desk = {
		.sums = malloc(making->width * sizeof *desk.sums),
		.room = malloc(making->width * sizeof *desk.room),
	};
	enum tok_status status = desk.sums && desk.room ? TOK_OK : tok_fail_memory(err);
	while (status == TOK_OK && !atomic_load(&making->failed)) {
		const size_t begin = atomic_fetch_add(&making->next, BLOCK);
		if (begin >= making->count)
			break;
		const size_t rest = making->count - begin;
		const size_t end = begin + (rest < BLOCK ? rest : BLOCK);
		for (size_t row = begin; row < end && status == TOK_OK; row++)
			status = making->make(making->job, row, &desk,
					      making->out + row * making->width, err);
	}
	if (status != TOK_OK)
		atomic_store(&making->failed, true);
	free(desk.sums);
	free(desk.room);
}

enum tok_status hyper_rows_make(hyper_row_maker *make, const void *job, size_t count, size_t width,
				float *out, size_t threads, struct tok_error *err)
{
	struct making making = {
		.make = make,
		.job = job,
		.count = count,
		.width = width,
		.out = out,
		.errors = calloc(threads, sizeof *making.errors),
	};
	enum tok_status status = TOK_OK;
	if (!making.errors)
		return tok_fail_memory(err);
	tok_threads_run(threads, work, &making);
	for (size_t t = 0; t < threads && status == TOK_OK; t++)
		if ((status = making.errors[t].status) != TOK_OK && err)
			*err = making.errors[t];
	free(making.errors);
	return status;
}

/* ---- sums ------------------------------------------------------------------------ */

enum tok_status hyper_weights_check(const struct hyper_weights *weights, size_t first, size_t count,
				    size_t source_rows, struct tok_error *err)
{
	const uint64_t end = hyper_weights_begin(weights, first + count);
	for (uint64_t e = hyper_weights_begin(weights, first); e < end; e++)
		if (weights->sources[e] >= source_rows)
			return tok_fail(err, TOK_EARG,
					"a sum takes row %u of a matrix that has %zu rows",
					weights->sources[e], source_rows);
	return TOK_OK;
}

enum tok_status hyper_weights_row(const struct hyper_weights *weights,
				  const struct hyper_rows_view *rows, size_t row,
				  const struct hyper_desk *desk, float *out, struct tok_error *err)
{
	const size_t width = rows->width;
	memset(desk->sums, 0, width * sizeof *desk->sums);
	for (uint64_t e = hyper_weights_begin(weights, row); e < weights->ends[row]; e++) {
		const double weight = (double)weights->weights[e];
		const float *source;
		const enum tok_status status =
		    hyper_rows_read(rows, weights->sources[e], 1, desk->room, &source, err);
		if (status != TOK_OK)
			return status;
		for (size_t i = 0; i < width; i++)
			desk->sums[i] += weight * (double)source[i];
	}
	for (size_t i = 0; i < width; i++)
		out[i] = (float)desk->sums[i];
	return TOK_OK;
}

struct product {
	const struct hyper_weights *weights;
	const struct hyper_rows_view *rows;
	size_t first;
};

static enum tok_status make_row(const void *job, size_t row, const struct hyper_desk *desk,
				float *out, struct tok_error *err)
{
	const struct product *product = job;
	return hyper_weights_row(product->weights, product->rows, product->first + row, desk, out,
				 err);
}

enum tok_status hyper_weights_apply(const struct hyper_weights *weights,
				    const struct hyper_rows_view *rows, size_t first, size_t count,
				    float *out, size_t threads, struct tok_error *err)
{
	struct hyper_rows_view view;
	enum tok_status status = hyper_rows_check(rows, &view, err);
	if (status == TOK_OK)
		status = hyper_weights_check(weights, first, count, view.count, err);
	const struct product product = { weights, &view, first };
	if (status == TOK_OK)
		status = hyper_rows_make(make_row, &product, count, view.width, out, threads, err);
	return status;
}
