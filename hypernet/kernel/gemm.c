/*
 * gemm.c - weights packed piece by piece, and products and epilogues block by block: what all
 * tables have in common.
 */
#include "hypernet/kernel/kernel_internal.h"

#include <assert.h>
#include <stdlib.h>

/* Bytes of weights that a source is asked for at once, about. */
enum { PIECE_BYTES = 1 << 20, LINE = 64 };

void *hyper_scratch_new(size_t bytes)
{
	if (bytes > SIZE_MAX / 2)
		return NULL;
	return aligned_alloc(LINE, hyper_round_up(bytes ? bytes : 1, LINE));
}

static void *new_zeros(size_t bytes)
{
	void *data = hyper_scratch_new(bytes);
	return data ? memset(data, 0, bytes) : NULL;
}

/* Everything that is computed from these two fits then: see struct hyper_product. */
static enum tok_status check_sizes(size_t out, size_t in, struct tok_error *err)
{
	size_t all;
	if (out == 0 || in == 0)
		return tok_fail(err, TOK_EARG, "a matrix of %zu x %zu has no weights", out, in);
	if (out > SIZE_MAX / 2 || in > SIZE_MAX / 2 ||
	    __builtin_mul_overflow(out + 64, in + 64, &all) || all > SIZE_MAX / 16)
		return tok_fail(err, TOK_ELIMIT, "a matrix of %zu x %zu is too large", out, in);
	return TOK_OK;
}

/* All rows through `rows`, which has room for `capacity` of them, a multiple of the panel. */
static enum tok_status pack_rows(const struct hyper_product *product, hyper_weight_source *source,
				 void *context, const struct hyper_matrix *m, float *rows,
				 size_t capacity, struct tok_error *err)
{
	for (size_t first = 0; first < m->out; first += capacity) {
		const size_t left = m->out - first, count = left < capacity ? left : capacity;
		const enum tok_status status = source(context, first, count, rows, err);
		if (status != TOK_OK)
			return status;
		product->pack(m, first, count, rows);
	}
	return TOK_OK;
}

static void free_data(struct hyper_matrix *m)
{
	free(m->data);
	free(m->scales);
	*m = (struct hyper_matrix){ 0 };
}

/* Zeroed memory for the packed weights. */
static enum tok_status make_room(struct hyper_matrix *m, struct tok_error *err)
{
	const struct hyper_product *product = hyper_product_of(m->kernel, m->mode);
	const bool scaled = m->mode == HYPER_MODE_INT8;
	const size_t scales =
	    scaled ? hyper_round_up(m->out, product->panel) * sizeof *m->scales : 0;
	m->bytes = product->bytes(m->out, m->in);
	m->data = new_zeros(m->bytes);
	m->scales = scaled ? new_zeros(scales) : NULL;
	m->bytes += scales;
	if (m->data && (m->scales || !scaled))
		return TOK_OK;
	free_data(m);
	return tok_fail_memory(err);
}

/* Empty, but with room for all. */
static enum tok_status begin(const struct hyper_kernel *kernel, enum hyper_mode mode, size_t out,
			     size_t in, struct hyper_matrix *m, struct tok_error *err)
{
	const size_t longest = hyper_product_of(kernel, mode)->longest;
	const enum tok_status status = check_sizes(out, in, err);
	if (status != TOK_OK)
		return status;
	if (longest && in > longest)
		return tok_fail(err, TOK_ELIMIT,
				"a matrix of %zu inputs: in this mode there are at most %zu", in,
				longest);
	*m = (struct hyper_matrix){ .kernel = kernel, .mode = mode, .out = out, .in = in };
	return make_room(m, err);
}

/* `m` is full, unless `status` says otherwise; to `matrix` with it. */
static enum tok_status end(struct hyper_matrix *m, enum tok_status status,
			   struct hyper_matrix *matrix, struct tok_error *err)
{
	if (status == TOK_OK && m->kernel->elsewhere)
		status = m->kernel->elsewhere->settle(m, err);
	if (status == TOK_OK)
		*matrix = *m;
	else
		free_data(m);
	return status;
}

enum tok_status hyper_matrix_pack(const struct hyper_kernel *kernel, enum hyper_mode mode,
				  const float *weight, size_t out, size_t in,
				  struct hyper_matrix *matrix, struct tok_error *err)
{
	struct hyper_matrix m;
	const enum tok_status status = begin(kernel, mode, out, in, &m, err);
	if (status != TOK_OK)
		return status;
	hyper_product_of(kernel, mode)->pack(&m, 0, out, weight);
	return end(&m, TOK_OK, matrix, err);
}

enum tok_status hyper_matrix_pack_from(const struct hyper_kernel *kernel, enum hyper_mode mode,
				       hyper_weight_source *source, void *context, size_t out,
				       size_t in, struct hyper_matrix *matrix,
				       struct tok_error *err)
{
	const struct hyper_product *product = hyper_product_of(kernel, mode);
	const size_t panels = PIECE_BYTES / sizeof(float) / product->panel / (in ? in : 1);
	const size_t capacity = (panels ? panels : 1) * product->panel;
	struct hyper_matrix m;
	enum tok_status status = begin(kernel, mode, out, in, &m, err);
	if (status != TOK_OK)
		return status;
	float *rows = hyper_scratch_new((capacity < out ? capacity : out) * in * sizeof *rows);
	status = rows ? pack_rows(product, source, context, &m, rows, capacity, err)
		      : tok_fail_memory(err);
	free(rows);
	return end(&m, status, matrix, err);
}

void hyper_matrix_release(struct hyper_matrix *matrix)
{
	if (matrix->kernel && matrix->kernel->elsewhere)
		matrix->kernel->elsewhere->release(matrix);
	else
		free(matrix->data);
	free(matrix->scales);
	*matrix = (struct hyper_matrix){ 0 };
}

/* Numbers from a row of products to the next: an odd number of lines, so that rows do not all
 * begin in the same set of a cache. */
static size_t product_stride(const struct hyper_matrix *w, const struct hyper_product *product)
{
	return hyper_round_up(w->out, product->panel) / 16 * 16 | 16;
}

static size_t products_bytes(const struct hyper_matrix *w, size_t rows)
{
	const struct hyper_product *product = hyper_product_of(w->kernel, w->mode);
	const size_t block = rows < product->block_rows ? rows : product->block_rows;
	return block * product_stride(w, product) * sizeof(float);
}

size_t hyper_gemm_scratch(const struct hyper_matrix *w, size_t rows)
{
	const struct hyper_product *product = hyper_product_of(w->kernel, w->mode);
	return products_bytes(w, rows) + (product->scratch ? product->scratch(w) : 0);
}

/* The epilogue from row `first` on. */
static struct hyper_epilogue from_row(const struct hyper_epilogue *epilogue, size_t first)
{
	struct hyper_epilogue e = epilogue ? *epilogue : (struct hyper_epilogue){ 0 };
	if (e.residual)
		e.residual += first * e.residual_stride;
	return e;
}

void hyper_gemm(const struct hyper_matrix *w, const float *x, size_t x_stride, size_t rows,
		float *y, size_t y_stride, const struct hyper_epilogue *epilogue, void *scratch)
{
	const struct hyper_kernel *kernel = w->kernel;
	const struct hyper_product *product = hyper_product_of(kernel, w->mode);
	if (kernel->elsewhere) {
		const struct hyper_epilogue e = from_row(epilogue, 0);
		kernel->elsewhere->gemm(w, x, x_stride, rows, y, y_stride, &e);
		return;
	}
	const size_t stride = product_stride(w, product);
	void *behind = (char *)scratch + products_bytes(w, rows);
	for (size_t r = 0; r < rows; r += product->block_rows) {
		const size_t left = rows - r;
		const size_t count = left < product->block_rows ? left : product->block_rows;
		const struct hyper_epilogue e = from_row(epilogue, r);
		product->multiply(w, x + r * x_stride, x_stride, count, scratch, stride, behind);
		kernel->finish(kernel, scratch, stride, y + r * y_stride, y_stride, count, w->out,
			       &e);
	}
}

void hyper_rows_finish(const struct hyper_kernel *kernel, float *y, size_t y_stride, size_t rows,
		       size_t width, const struct hyper_epilogue *epilogue)
{
	kernel->finish(kernel, y, y_stride, y, y_stride, rows, width, epilogue);
}

void hyper_attend(const struct hyper_kernel *kernel, const float *q, size_t q_stride,
		  size_t queries, const float *k, const float *v, size_t kv_stride, size_t count,
		  size_t length, size_t heads, size_t head, float *out, size_t out_stride)
{
	assert(length >= 1 && length <= HYPER_ATTEND_LONGEST && queries <= length);
	kernel->attend(kernel, q, q_stride, queries, k, v, kv_stride, count, length, heads, head,
		       out, out_stride);
}
