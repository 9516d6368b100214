#include "hypernet/transplant/fill_internal.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "hypernet/ann/rows.h"
#include "tok/base/random.h"
#include "tok/base/threads.h"

struct hyper_filler {
	enum hyper_fill fill;
	uint64_t seed;
	size_t width;
	struct fill_sums sums;
	float *root; /* hewitt: column by column, each from its diagonal on */
};

void hyper_filler_free(struct hyper_filler *filler)
{
	if (!filler)
		return;
	free(filler->sums.mean);
	free(filler->sums.deviation);
	free(filler->root);
	free(filler);
}

/* ---- hewitt --------------------------------------------------------------------------------- */

/* The root of the covariance in `square`, or of one near to it. */
static enum tok_status find_root(double *square, double *diagonal, size_t width, size_t threads,
				 struct tok_error *err)
{
	double mean = 0;
	for (size_t i = 0; i < width; i++)
		mean += (diagonal[i] = square[i * width + i]) / (double)width;
	for (double added = 0; !fill_cholesky(square, diagonal, width, threads);) {
		const double more = added > 0 ? 10 * added : 1e-6 * mean;
		/* Nothing to add to, or so much that it is not the diagonal that lacks. */
		if (!(more > 0) || more > mean)
			return tok_fail(err, TOK_EFORMAT,
					"the covariance of the rows has no root: they are too few "
					"that differ");
		for (size_t i = 0; i < width; i++)
			diagonal[i] += more - added;
		added = more;
	}
	return TOK_OK;
}

static void pack_root(const double *square, size_t width, float *to)
{
	for (size_t j = 0; j < width; j++)
		for (size_t i = j; i < width; i++)
			*to++ = (float)square[i * width + j];
}

static enum tok_status learn_covariance(struct hyper_filler *filler,
					const struct hyper_rows_view *rows,
					const struct hyper_kernel *kernel, size_t threads,
					struct tok_error *err)
{
	const size_t width = rows->width;
	size_t numbers, bytes;
	if (__builtin_mul_overflow(width, width, &numbers) ||
	    __builtin_mul_overflow(numbers, sizeof(double), &bytes))
		return tok_fail_memory(err);
	double *square = malloc(bytes), *diagonal = malloc(width * sizeof *diagonal);
	filler->root = malloc((numbers + width) / 2 * sizeof *filler->root);
	enum tok_status status = square && diagonal && filler->root ? TOK_OK : tok_fail_memory(err);
	if (status == TOK_OK)
		status = fill_covariance(rows, &filler->sums, kernel, threads, square, err);
	if (status == TOK_OK)
		status = find_root(square, diagonal, width, threads, err);
	if (status == TOK_OK)
		pack_root(square, width, filler->root);
	free(square);
	free(diagonal);
	return status;
}

/* ---- making and drawing ------------------------------------------------------------------------
 */

enum tok_status hyper_filler_new(const struct hyper_rows_view *rows, enum hyper_fill fill,
				 uint64_t seed, const struct hyper_kernel *kernel, size_t threads,
				 struct hyper_filler **out, struct tok_error *err)
{
	struct hyper_rows_view view;
	enum tok_status status = hyper_rows_check(rows, &view, err);
	if (status != TOK_OK)
		return status;
	struct hyper_filler *filler = calloc(1, sizeof *filler);
	if (!filler)
		return tok_fail_memory(err);
	*filler = (struct hyper_filler){ .fill = fill, .seed = seed, .width = view.width };
	if (fill != HYPER_FILL_ZERO)
		status = fill_sums_make(&view, &filler->sums, err);
	if (status == TOK_OK && fill == HYPER_FILL_HEWITT)
		status = learn_covariance(filler, &view, kernel, threads, err);
	if (status == TOK_OK)
		*out = filler;
	else
		hyper_filler_free(filler);
	return status;
}

/* Two numbers of the normal distribution (G. Box, M. Muller 1958). */
static void draw(struct tok_random *random, double pair[2])
{
	const double angle = 2 * 3.14159265358979323846 * tok_random_real(random);
	const double length = sqrt(-2 * log(1 - tok_random_real(random)));
	pair[0] = length * cos(angle);
	pair[1] = length * sin(angle);
}

/* out + L z, column after column of L. */
static void add_correlated(const struct hyper_filler *filler, struct tok_random *random, float *out)
{
	const float *column = filler->root;
	double pair[2] = { 0 };
	for (size_t j = 0; j < filler->width; j++) {
		if (j % 2 == 0)
			draw(random, pair);
		const float weight = (float)pair[j % 2];
		const size_t count = filler->width - j;
		for (size_t i = 0; i < count; i++)
			out[j + i] += weight * column[i];
		column += count;
	}
}

void hyper_filler_row(const struct hyper_filler *filler, tok_id id, float *out)
{
	const struct fill_sums *sums = &filler->sums;
	struct tok_random random = tok_random_of(filler->seed, id);
	double pair[2] = { 0 };
	for (size_t i = 0; i < filler->width; i++) {
		double value = 0;
		switch (filler->fill) {
		case HYPER_FILL_ZERO:
			break;
		case HYPER_FILL_MEAN:
		case HYPER_FILL_HEWITT:
			value = sums->mean[i];
			break;
		case HYPER_FILL_RANDOM:
		case HYPER_FILL_SCALAR:
			if (i % 2 == 0)
				draw(&random, pair);
			value = filler->fill == HYPER_FILL_SCALAR
				    ? sums->all_mean + sums->all_deviation * pair[i % 2]
				    : sums->mean[i] + sums->deviation[i] * pair[i % 2];
			break;
		}
		out[i] = (float)value;
	}
	if (filler->fill == HYPER_FILL_HEWITT)
		add_correlated(filler, &random, out);
}

struct filling {
	const struct hyper_filler *filler;
	const tok_id *wanted;
	size_t count;
	float *out;
	atomic_size_t next;
};

static void work(void *shared, size_t thread)
{
	struct filling *f = shared;
	(void)thread;
	for (size_t i; (i = atomic_fetch_add(&f->next, 1)) < f->count;)
		hyper_filler_row(f->filler, f->wanted[i], f->out + i * f->filler->width);
}

void hyper_filler_rows(const struct hyper_filler *filler, const tok_id *wanted, size_t count,
		       float *out, size_t threads)
{
	struct filling filling = { .filler = filler, .wanted = wanted, .count = count, .out = out };
	tok_threads_run(threads, work, &filling);
}
