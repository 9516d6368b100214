/* fill_covariance.c - sums over all rows of a matrix, a block of them at a time. */
#include "hypernet/transplant/fill_internal.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "hypernet/ann/rows.h"
#include "tok/base/threads.h"

enum {
	BLOCK = 512, /* rows that are read at a time */
	TILE = 256   /* of the covariance: as wide and as high */
};

/* ---- blocks of rows ----------------------------------------------------------------------- */

static bool is_zero(const float *row, size_t width)
{
	for (size_t i = 0; i < width; i++)
		if (row[i] != 0)
			return false;
	return true;
}

/* Of `count` rows, in order; `job` is what `take` knows. */
typedef enum tok_status take_row(void *job, const float *row, size_t number, struct tok_error *err);

static enum tok_status each_row(const struct hyper_rows_view *rows, take_row *take, void *job,
				struct tok_error *err)
{
	float *room = NULL;
	enum tok_status status = TOK_OK;
	if (rows->tensor && !(room = malloc(BLOCK * rows->width * sizeof *room)))
		return tok_fail_memory(err);
	for (size_t first = 0; first < rows->count && status == TOK_OK; first += BLOCK) {
		const size_t rest = rows->count - first, count = rest < BLOCK ? rest : BLOCK;
		const float *block = NULL;
		status = hyper_rows_read(rows, first, count, room, &block, err);
		for (size_t i = 0; i < count && status == TOK_OK; i++)
			if (!is_zero(block + i * rows->width, rows->width))
				status = take(job, block + i * rows->width, first + i, err);
		if (rows->tensor)
			hyper_tensor_forget(rows->tensor, first, count);
	}
	free(room);
	return status;
}

/* ---- means and deviations ------------------------------------------------------------------ */

struct summing {
	struct fill_sums *sums;
	size_t width;
	double all_squares;
};

static enum tok_status add_row(void *job, const float *row, size_t number, struct tok_error *err)
{
	const struct summing *s = job;
	s->sums->rows++;
	for (size_t i = 0; i < s->width; i++) {
		if (!isfinite(row[i]))
			return tok_fail(err, TOK_EFORMAT,
					"row %zu holds a number that is not finite", number);
		s->sums->mean[i] += (double)row[i];
	}
	return TOK_OK;
}

static enum tok_status add_squares(void *job, const float *row, size_t number,
				   struct tok_error *err)
{
	struct summing *s = job;
	(void)number;
	(void)err;
	for (size_t i = 0; i < s->width; i++) {
		const double off = (double)row[i] - s->sums->mean[i];
		const double all_off = (double)row[i] - s->sums->all_mean;
		s->sums->deviation[i] += off * off;
		s->all_squares += all_off * all_off;
	}
	return TOK_OK;
}

enum tok_status fill_sums_make(const struct hyper_rows_view *rows, struct fill_sums *out,
			       struct tok_error *err)
{
	const size_t width = rows->width;
	struct fill_sums sums = {
		.mean = calloc(width, sizeof *sums.mean),
		.deviation = calloc(width, sizeof *sums.deviation),
	};
	struct summing job = { &sums, width, 0 };
	enum tok_status status = sums.mean && sums.deviation ? TOK_OK : tok_fail_memory(err);
	if (status == TOK_OK)
		status = each_row(rows, add_row, &job, err);
	const double count = sums.rows ? (double)sums.rows : 1;
	for (size_t i = 0; i < width && status == TOK_OK; i++) {
		sums.mean[i] /= count;
		sums.all_mean += sums.mean[i] / (double)width;
	}
	if (status == TOK_OK)
		status = each_row(rows, add_squares, &job, err);
	if (status != TOK_OK) {
		free(sums.mean);
		free(sums.deviation);
		return status;
	}
	for (size_t i = 0; i < width; i++)
		sums.deviation[i] = sqrt(sums.deviation[i] / count);
	sums.all_deviation = sqrt(job.all_squares / count / (double)width);
	*out = sums;
	return TOK_OK;
}

/* ---- covariance ------------------------------------------------------------------------------ */

struct covering {
	const struct hyper_kernel *kernel;
	const double *mean;
	size_t width, tiles, threads;
	double *square;
	float *columns; /* width x BLOCK: a block of rows around the mean, on its side */
	size_t held;    /* rows in it */
	struct hyper_matrix *packed; /* `tiles` of `columns` */
	atomic_size_t next;          /* pair of tiles */
	struct tok_error *errors;    /* of each thread */
};

static size_t tile_width(const struct covering *c, size_t tile)
{
	const size_t rest = c->width - tile * TILE;
	return rest < TILE ? rest : TILE;
}

static void add_tile(const struct covering *c, size_t row, size_t column, float *products,
		     void *scratch)
{
	const struct hyper_epilogue nothing = { 0 };
	const size_t height = tile_width(c, row), across = tile_width(c, column);
	hyper_gemm(&c->packed[column], c->columns + row * TILE * BLOCK, BLOCK, height, products,
		   TILE, &nothing, scratch);
	for (size_t i = 0; i < height; i++) {
		double *to = c->square + (row * TILE + i) * c->width + column * TILE;
		for (size_t j = row == column ? i : 0; j < across; j++)
			to[j] += (double)products[i * TILE + j];
	}
}

static void work(void *shared, size_t thread)
{
	struct covering *c = shared;
	struct tok_error *err = &c->errors[thread];
	size_t scratch_bytes = 0;
	for (size_t tile = 0; tile < c->tiles; tile++) {
		const size_t bytes = hyper_gemm_scratch(&c->packed[tile], TILE);
		scratch_bytes = bytes > scratch_bytes ? bytes : scratch_bytes;
	}
	float *products = malloc((size_t)TILE * TILE * sizeof *products);
	void *scratch = hyper_scratch_new(scratch_bytes);
	if (!products || !scratch)
		(void)tok_fail_memory(err);
	else if (hyper_kernel_enter(c->kernel, err) == TOK_OK)
		for (size_t pair; (pair = atomic_fetch_add(&c->next, 1)) < c->tiles * c->tiles;)
			if (pair / c->tiles <= pair % c->tiles)
				add_tile(c, pair / c->tiles, pair % c->tiles, products, scratch);
	free(products);
	free(scratch);
}

/* The products of the rows that are held. */
static enum tok_status add_block(struct covering *c, struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	if (c->held == 0)
		return TOK_OK;
	for (size_t i = 0; i < c->width; i++)
		for (size_t row = c->held; row < BLOCK; row++)
			c->columns[i * BLOCK + row] = 0;
	size_t packed = 0;
	for (; packed < c->tiles && status == TOK_OK; packed += status == TOK_OK)
		status =
		    hyper_matrix_pack(c->kernel, HYPER_MODE_F32, c->columns + packed * TILE * BLOCK,
				      tile_width(c, packed), BLOCK, &c->packed[packed], err);
	if (status == TOK_OK) {
		atomic_store(&c->next, 0);
		tok_threads_run(c->threads, work, c);
		for (size_t t = 0; t < c->threads && status == TOK_OK; t++)
			if ((status = c->errors[t].status) != TOK_OK && err)
				*err = c->errors[t];
	}
	for (size_t i = 0; i < packed; i++)
		hyper_matrix_release(&c->packed[i]);
	c->held = 0;
	return status;
}

static enum tok_status cover_row(void *job, const float *row, size_t number, struct tok_error *err)
{
	struct covering *c = job;
	(void)number;
	for (size_t i = 0; i < c->width; i++)
		c->columns[i * BLOCK + c->held] = (float)((double)row[i] - c->mean[i]);
	return ++c->held == BLOCK ? add_block(c, err) : TOK_OK;
}

enum tok_status fill_covariance(const struct hyper_rows_view *rows, const struct fill_sums *sums,
				const struct hyper_kernel *kernel, size_t threads, double *square,
				struct tok_error *err)
{
	const size_t width = rows->width;
	struct covering c = {
		.kernel = kernel,
		.mean = sums->mean,
		.width = width,
		.tiles = (width + TILE - 1) / TILE,
		.threads = threads,
		.square = square,
		.columns = malloc(width * BLOCK * sizeof *c.columns),
		.errors = calloc(threads, sizeof *c.errors),
	};
	c.packed = calloc(c.tiles, sizeof *c.packed);
	enum tok_status status = c.columns && c.errors && c.packed ? TOK_OK : tok_fail_memory(err);
	if (status == TOK_OK) {
		memset(square, 0, width * width * sizeof *square);
		status = each_row(rows, cover_row, &c, err);
	}
	if (status == TOK_OK)
		status = add_block(&c, err);
	for (size_t i = 0; i < width && status == TOK_OK; i++)
		for (size_t j = i; j < width; j++)
			square[i * width + j] /= sums->rows ? (double)sums->rows : 1;
	free(c.columns);
	free(c.errors);
	free(c.packed);
	return status;
}
