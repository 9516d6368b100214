/* features_directions.c - the largest directions of a sparse symmetric matrix. */
#include <math.h>
#include <stdlib.h>

#include "hypernet/transplant/each_internal.h"
#include "hypernet/transplant/features_internal.h"
#include "hypernet/transplant/linear_internal.h"
#include "tok/base/random.h"

enum {
	MORE = 16,  /* directions beside those that are wanted */
	POWERS = 4, /* products more, which tell large directions from small ones */
	TOGETHER = 4096
};

void hyper_sparse_release(struct hyper_sparse *matrix)
{
	const size_t blocks = (matrix->count + HYPER_SPARSE_ROWS - 1) / HYPER_SPARSE_ROWS;
	for (size_t b = 0; matrix->blocks && b < blocks; b++) {
		free(matrix->blocks[b].ends);
		free(matrix->blocks[b].columns);
		free(matrix->blocks[b].values);
	}
	free(matrix->blocks);
	*matrix = (struct hyper_sparse){ 0 };
}

/* x and y are count x width, row by row; sums over rows are made of sums of TOGETHER rows, so that
 * they are the same whoever makes them. */
struct space {
	const struct hyper_sparse *matrix;
	size_t width;
	float *x, *y;
	double *parts;  /* of each TOGETHER rows: width x width */
	double *square; /* width x width */
	double *values, *vectors;
	double *shared_row; /* of each thread: width */
	const struct hyper_kernel *kernel;
	struct hyper_matrix packed; /* what rows are multiplied with at last */
	float *out;
	size_t out_width, threads;
};

static size_t parts_of(const struct space *s)
{
	return (s->matrix->count + TOGETHER - 1) / TOGETHER;
}

static size_t end_of(const struct space *s, size_t part)
{
	const size_t end = (part + 1) * TOGETHER;
	return end < s->matrix->count ? end : s->matrix->count;
}

/* y = M x, a block of rows. */
static enum tok_status multiply_block(void *shared, size_t index, size_t thread,
				      struct tok_error *err)
{
	const struct space *s = shared;
	const struct hyper_sparse_block *block = &s->matrix->blocks[index];
	const size_t first = index * HYPER_SPARSE_ROWS, width = s->width;
	uint64_t at = 0;
	(void)thread;
	(void)err;
	for (size_t r = first; r < s->matrix->count && r < first + HYPER_SPARSE_ROWS; r++) {
		float *y = s->y + r * width;
		memset(y, 0, width * sizeof *y);
		for (; at < block->ends[r - first]; at++) {
			const float *x = s->x + block->columns[at] * width;
			const float value = block->values[at];
			for (size_t i = 0; i < width; i++)
				y[i] += value * x[i];
		}
	}
	return TOK_OK;
}

/* The part of x' x that some rows make. */
static enum tok_status square_part(void *shared, size_t part, size_t thread, struct tok_error *err)
{
	const struct space *s = shared;
	const size_t width = s->width;
	double *sums = s->parts + part * width * width;
	(void)thread;
	(void)err;
	memset(sums, 0, width * width * sizeof *sums);
	for (size_t r = part * TOGETHER; r < end_of(s, part); r++)
		for (size_t i = 0; i < width; i++) {
			const float *x = s->x + r * width;
			const double left = (double)x[i];
			for (size_t j = 0; j <= i; j++)
				sums[i * width + j] += left * (double)x[j];
		}
	return TOK_OK;
}

static enum tok_status square(struct space *s, struct tok_error *err)
{
	const size_t numbers = s->width * s->width;
	const enum tok_status status = hyper_each(s->threads, parts_of(s), square_part, s, err);
	if (status != TOK_OK)
		return status;
	memset(s->square, 0, numbers * sizeof *s->square);
	for (size_t part = 0; part < parts_of(s); part++)
		for (size_t i = 0; i < numbers; i++)
			s->square[i] += s->parts[part * numbers + i];
	for (size_t i = 0; i < s->width; i++)
		for (size_t j = 0; j < i; j++)
			s->square[j * s->width + i] = s->square[i * s->width + j];
	return TOK_OK;
}

/* L of the square of x; a column that the others all but make up gets a pivot of 0. */
static void factor(double *a, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const double whole = a[i * count + i];
		for (size_t j = 0; j <= i; j++) {
			double sum = a[i * count + j];
			for (size_t k = 0; k < j; k++)
				sum -= a[i * count + k] * a[j * count + k];
			const double pivot = a[j * count + j];
			if (j == i)
				a[i * count + i] = sum > 1e-10 * whole ? sqrt(sum) : 0;
			else
				a[i * count + j] = pivot > 0 ? sum / pivot : 0;
		}
	}
}

/* x = x L'^-1 */
static enum tok_status divide_part(void *shared, size_t part, size_t thread, struct tok_error *err)
{
	const struct space *s = shared;
	const size_t width = s->width;
	double *row = s->shared_row + thread * width;
	(void)err;
	for (size_t r = part * TOGETHER; r < end_of(s, part); r++) {
		float *x = s->x + r * width;
		for (size_t i = 0; i < width; i++) {
			const double *l = s->square + i * width;
			double rest = (double)x[i];
			for (size_t k = 0; k < i; k++)
				rest -= l[k] * row[k];
			row[i] = l[i] > 0 ? rest / l[i] : 0;
		}
		for (size_t i = 0; i < width; i++)
			x[i] = (float)row[i];
	}
	return TOK_OK;
}

/* The columns of x orthogonal to each other and of length 1, twice, for the sake of the rounding of
 * the first time. */
static enum tok_status straighten(struct space *s, struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	for (size_t time = 0; time < 2 && status == TOK_OK; time++) {
		status = square(s, err);
		if (status != TOK_OK)
			break;
		factor(s->square, s->width);
		status = hyper_each(s->threads, parts_of(s), divide_part, s, err);
	}
	return status;
}

static enum tok_status multiply(struct space *s, struct tok_error *err)
{
	const size_t blocks = (s->matrix->count + HYPER_SPARSE_ROWS - 1) / HYPER_SPARSE_ROWS;
	return hyper_each(s->threads, blocks, multiply_block, s, err);
}

static void draw(struct space *s, uint64_t seed)
{
	for (size_t r = 0; r < s->matrix->count; r++) {
		struct tok_random random = tok_random_of(seed, r);
		for (size_t i = 0; i < s->width; i++)
			s->x[r * s->width + i] = (float)(2 * tok_random_real(&random) - 1);
	}
}

/* Of B = x' M the square B B' = (M x)' (M x): its eigenvectors are B's left singular vectors.  Each
 * times the root of its singular value, as a matrix that rows of x are multiplied with. */
static enum tok_status pack_directions(struct space *s, struct tok_error *err)
{
	const size_t width = s->width;
	const size_t found = s->out_width < width ? s->out_width : width;
	float *weight = calloc(s->out_width * width, sizeof *weight);
	if (!weight)
		return tok_fail_memory(err);
	enum tok_status status =
	    hyper_linear_eigen(hyper_linear_of(s->square, width, width), found, s->threads,
			       s->values, hyper_linear_of(s->vectors, found, width), err);
	for (size_t o = 0; o < found && status == TOK_OK; o++)
		for (size_t i = 0; i < width; i++)
			weight[o * width + i] =
			    (float)(s->vectors[o * width + i] * sqrt(sqrt(fmax(s->values[o], 0))));
	if (status == TOK_OK)
		status = hyper_matrix_pack(s->kernel, HYPER_MODE_F32, weight, s->out_width, width,
					   &s->packed, err);
	free(weight);
	return status;
}

static enum tok_status finish_part(void *shared, size_t part, size_t thread, struct tok_error *err)
{
	const struct space *s = shared;
	const struct hyper_epilogue nothing = { 0 };
	const size_t first = part * TOGETHER, count = end_of(s, part) - first;
	(void)thread;
	const enum tok_status status = hyper_kernel_enter(s->kernel, err);
	if (status != TOK_OK)
		return status;
	void *scratch = hyper_scratch_new(hyper_gemm_scratch(&s->packed, count));
	if (!scratch)
		return tok_fail_memory(err);
	hyper_gemm(&s->packed, s->x + first * s->width, s->width, count,
		   s->out + first * s->out_width, s->out_width, &nothing, scratch);
	free(scratch);
	return TOK_OK;
}

static void exchange(struct space *s)
{
	float *const x = s->x;
	s->x = s->y;
	s->y = x;
}

static enum tok_status find_directions(struct space *s, uint64_t seed, struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	draw(s, seed);
	for (size_t time = 0; time <= POWERS && status == TOK_OK; time++) {
		status = multiply(s, err);
		exchange(s);
		if (status == TOK_OK)
			status = straighten(s, err);
	}
	if (status == TOK_OK)
		status = multiply(s, err);
	exchange(s);
	if (status == TOK_OK)
		status = square(s, err);
	exchange(s);
	if (status == TOK_OK)
		status = pack_directions(s, err);
	if (status == TOK_OK)
		status = hyper_each(s->threads, parts_of(s), finish_part, s, err);
	return status;
}

enum tok_status hyper_sparse_directions(const struct hyper_sparse *matrix, size_t width,
					uint64_t seed, const struct hyper_kernel *kernel,
					size_t threads, float *out, struct tok_error *err)
{
	struct space s = {
		.matrix = matrix,
		.width = width + MORE < matrix->count ? width + MORE : matrix->count,
		.kernel = kernel,
		.out = out,
		.out_width = width,
		.threads = threads,
	};
	const size_t numbers = s.width * s.width;
	s.x = malloc(matrix->count * s.width * sizeof *s.x);
	s.y = malloc(matrix->count * s.width * sizeof *s.y);
	s.parts = malloc(parts_of(&s) * numbers * sizeof *s.parts);
	s.square = malloc(numbers * sizeof *s.square);
	s.values = malloc(s.width * sizeof *s.values);
	s.vectors = malloc(numbers * sizeof *s.vectors);
	s.shared_row = malloc(threads * s.width * sizeof *s.shared_row);
	const bool all = s.x && s.y && s.parts && s.square && s.values && s.vectors && s.shared_row;
	const enum tok_status status = all ? find_directions(&s, seed, err) : tok_fail_memory(err);
	hyper_matrix_release(&s.packed);
	free(s.x);
	free(s.y);
	free(s.parts);
	free(s.square);
	free(s.values);
	free(s.vectors);
	free(s.shared_row);
	return status;
}
