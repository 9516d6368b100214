/* recovery.c - rows that are known, and what a method made of their tokens. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "hypernet/ann/rows.h"
#include "hypernet/transplant/each_internal.h"
#include "hypernet/transplant/stats.h"

enum {
	BLOCK = 256, /* rows that a thread compares at a time */
	GROUP = 256  /* made rows of a product */
};

struct recovery {
	const float *made;
	const tok_id *truth;
	size_t count, groups, threads;
	struct hyper_rows_view rows;
	const struct hyper_kernel *kernel;
	double *mean;                /* of all rows */
	struct hyper_matrix *packed; /* GROUP made rows each, less the mean, of length 1 */
	float *scores;               /* of each and its true row */
	/* Of each thread and each made row: rows that are nearer than the true one, and as near. */
	size_t *nearer, *level;
	struct desk {
		double *wide;  /* width */
		float *room;   /* width */
		float *x;      /* BLOCK x width */
		float *scales; /* BLOCK */
		float *y;      /* BLOCK x GROUP */
		void *scratch;
	} * desks; /* of each thread */
};

/* `row` less the mean, divided by its length if `unit`; zero where that is rounding.  Comes back
 * 1 / length, or 0. */
static float centre(const struct recovery *r, const float *row, bool unit, double *wide, float *out)
{
	const size_t width = r->rows.width;
	double square = 0, all = 0;
	for (size_t i = 0; i < width; i++) {
		wide[i] = (double)row[i] - r->mean[i];
		square += wide[i] * wide[i];
		all += (double)row[i] * (double)row[i];
	}
	const double factor = square > 1e-12 * all ? 1 / sqrt(square) : 0;
	for (size_t i = 0; i < width; i++)
		out[i] = factor == 0 ? 0 : (float)(unit ? wide[i] * factor : wide[i]);
	return (float)factor;
}

static enum tok_status find_mean(struct recovery *r, struct tok_error *err)
{
	struct desk *desk = &r->desks[0];
	double all = 0;
	for (size_t i = 0; i < r->rows.count; i++) {
		const float *row;
		const enum tok_status status =
		    hyper_rows_read(&r->rows, i, 1, desk->room, &row, err);
		if (status != TOK_OK)
			return status;
		for (size_t j = 0; j < r->rows.width; j++)
			r->mean[j] += (double)row[j] / (double)r->rows.count;
	}
	for (size_t j = 0; j < r->rows.width; j++)
		all += r->mean[j] * r->mean[j];
	return isfinite(all) ? TOK_OK : tok_fail(err, TOK_EFORMAT, "rows hold NaN or infinity");
}

static enum tok_status pack(struct recovery *r, struct tok_error *err)
{
	const size_t width = r->rows.width;
	float *unit = r->desks[0].x;
	enum tok_status status = TOK_OK;
	for (size_t g = 0; g < r->groups && status == TOK_OK; g++) {
		const size_t first = g * GROUP, left = r->count - first;
		const size_t count = left < GROUP ? left : GROUP;
		for (size_t i = 0; i < count; i++)
			(void)centre(r, r->made + (first + i) * width, true, r->desks[0].wide,
				     unit + i * width);
		status = hyper_matrix_pack(r->kernel, HYPER_MODE_F32, unit, count, width,
					   &r->packed[g], err);
	}
	return status;
}

/* Row i of desk->x is rows[i] less the mean. */
static enum tok_status read_row(const struct recovery *r, struct desk *desk, size_t i, size_t row,
				struct tok_error *err)
{
	const float *from;
	const enum tok_status status = hyper_rows_read(&r->rows, row, 1, desk->room, &from, err);
	if (status == TOK_OK)
		desk->scales[i] = centre(r, from, false, desk->wide, desk->x + i * r->rows.width);
	return status;
}

/* desk->y: products of `count` rows in desk->x and the group. */
static void multiply(const struct recovery *r, struct desk *desk, size_t group, size_t count)
{
	hyper_gemm(&r->packed[group], desk->x, r->rows.width, count, desk->y, GROUP, NULL,
		   desk->scratch);
}

/* A row's bits do not depend on what stands beside it in a product: so a true row has the same
 * score here and among all. */
static enum tok_status score_truth(void *shared, size_t group, size_t thread, struct tok_error *err)
{
	struct recovery *r = shared;
	struct desk *desk = &r->desks[thread];
	const size_t first = group * GROUP, count = r->packed[group].out;
	enum tok_status status = hyper_kernel_enter(r->kernel, err);
	for (size_t i = 0; i < count && status == TOK_OK; i++)
		status = read_row(r, desk, i, r->truth[first + i], err);
	if (status != TOK_OK)
		return status;
	multiply(r, desk, group, count);
	for (size_t i = 0; i < count; i++)
		r->scores[first + i] = desk->y[i * GROUP + i] * desk->scales[i];
	return TOK_OK;
}

static enum tok_status compare_block(void *shared, size_t block, size_t thread,
				     struct tok_error *err)
{
	struct recovery *r = shared;
	struct desk *desk = &r->desks[thread];
	const size_t first = block * BLOCK, left = r->rows.count - first;
	const size_t count = left < BLOCK ? left : BLOCK;
	enum tok_status status = hyper_kernel_enter(r->kernel, err);
	for (size_t i = 0; i < count && status == TOK_OK; i++)
		status = read_row(r, desk, i, first + i, err);
	for (size_t g = 0; g < r->groups && status == TOK_OK; g++) {
		multiply(r, desk, g, count);
		for (size_t i = 0; i < count; i++)
			for (size_t j = 0; j < r->packed[g].out; j++) {
				const size_t made = g * GROUP + j;
				const float score = desk->y[i * GROUP + j] * desk->scales[i];
				r->nearer[thread * r->count + made] += score > r->scores[made];
				r->level[thread * r->count + made] += score == r->scores[made];
			}
	}
	return status;
}

static int by_size(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

/* Of rows that are as near as the true one, half come before it. */
static void put_ranks(const struct recovery *r, double *ranks, struct hyper_recovery *out)
{
	const double count = (double)r->count;
	for (size_t i = 0; i < r->count; i++) {
		size_t nearer = 0, level = 0;
		for (size_t t = 0; t < r->threads; t++) {
			nearer += r->nearer[t * r->count + i];
			level += r->level[t * r->count + i];
		}
		ranks[i] = 1 + (double)nearer + (level > 1 ? (double)(level - 1) / 2 : 0);
		out->hit1 += (ranks[i] <= 1) / count;
		out->hit10 += (ranks[i] <= 10) / count;
	}
	qsort(ranks, r->count, sizeof *ranks, by_size);
	out->median_rank = (ranks[r->count / 2] + ranks[(r->count - 1) / 2]) / 2;
}

struct sums {
	double product, made, truth;
};

static double cosine_of(struct sums s)
{
	return s.made > 0 && s.truth > 0 ? s.product / sqrt(s.made) / sqrt(s.truth) : 0;
}

/* Row i and its true one, as they are and without the mean. */
static enum tok_status add_pair(const struct recovery *r, size_t i, struct hyper_recovery *out,
				struct tok_error *err)
{
	const size_t width = r->rows.width;
	const float *made = r->made + i * width, *truth;
	struct sums plain = { 0 }, centred = { 0 };
	double apart = 0;
	const enum tok_status status =
	    hyper_rows_read(&r->rows, r->truth[i], 1, r->desks[0].room, &truth, err);
	if (status != TOK_OK)
		return status;
	for (size_t j = 0; j < width; j++) {
		const double a = (double)made[j], b = (double)truth[j], m = r->mean[j];
		plain.product += a * b;
		plain.made += a * a;
		plain.truth += b * b;
		centred.product += (a - m) * (b - m);
		centred.made += (a - m) * (a - m);
		centred.truth += (b - m) * (b - m);
		apart += (a - b) * (a - b);
	}
	if (!isfinite(plain.made + plain.truth))
		return tok_fail(err, TOK_EFORMAT, "what was made of row %u, or it, is not finite",
				r->truth[i]);
	/* A row that is the mean but for rounding has no direction of its own. */
	centred.made = centred.made > 1e-12 * plain.made ? centred.made : 0;
	out->cosine += cosine_of(plain) / (double)r->count;
	out->centred += cosine_of(centred) / (double)r->count;
	out->distance +=
	    (plain.truth > 0 ? sqrt(apart) / sqrt(plain.truth) : apart > 0) / (double)r->count;
	return TOK_OK;
}

static bool make_desks(struct recovery *r)
{
	const size_t width = r->rows.width;
	bool here = true;
	for (size_t t = 0; t < r->threads; t++) {
		struct desk *desk = &r->desks[t];
		desk->wide = malloc(width * sizeof *desk->wide);
		desk->room = malloc(width * sizeof *desk->room);
		desk->x = hyper_scratch_new(BLOCK * width * sizeof *desk->x);
		desk->scales = malloc(BLOCK * sizeof *desk->scales);
		desk->y = hyper_scratch_new((size_t)BLOCK * GROUP * sizeof *desk->y);
		here = here && desk->wide && desk->room && desk->x && desk->scales && desk->y;
	}
	return here;
}

/* Once it is known what products want: the first group is the largest. */
static bool make_scratch(struct recovery *r)
{
	bool here = true;
	for (size_t t = 0; t < r->threads; t++) {
		r->desks[t].scratch = hyper_scratch_new(hyper_gemm_scratch(&r->packed[0], BLOCK));
		here = here && r->desks[t].scratch;
	}
	return here;
}

static void release(struct recovery *r)
{
	for (size_t t = 0; r->desks && t < r->threads; t++) {
		free(r->desks[t].wide);
		free(r->desks[t].room);
		free(r->desks[t].x);
		free(r->desks[t].scales);
		free(r->desks[t].y);
		free(r->desks[t].scratch);
	}
	for (size_t g = 0; r->packed && g < r->groups; g++)
		if (r->packed[g].kernel)
			hyper_matrix_release(&r->packed[g]);
	free(r->desks);
	free(r->packed);
	free(r->mean);
	free(r->scores);
	free(r->nearer);
	free(r->level);
}

static enum tok_status run(struct recovery *r, double *ranks, struct hyper_recovery *out,
			   struct tok_error *err)
{
	enum tok_status status = find_mean(r, err);
	for (size_t i = 0; i < r->count && status == TOK_OK; i++)
		status = add_pair(r, i, out, err);
	if (status == TOK_OK)
		status = pack(r, err);
	if (status == TOK_OK && !make_scratch(r))
		status = tok_fail_memory(err);
	if (status == TOK_OK)
		status = hyper_each(r->threads, r->groups, score_truth, r, err);
	if (status == TOK_OK)
		status = hyper_each(r->threads, (r->rows.count + BLOCK - 1) / BLOCK, compare_block,
				    r, err);
	if (status == TOK_OK)
		put_ranks(r, ranks, out);
	return status;
}

enum tok_status hyper_recovery(const float *made, const tok_id *truth, size_t count,
			       const struct hyper_rows_view *rows,
			       const struct hyper_kernel *kernel, size_t threads,
			       struct hyper_recovery *out, struct tok_error *err)
{
	struct recovery r = { .made = made,
			      .truth = truth,
			      .count = count,
			      .groups = (count + GROUP - 1) / GROUP,
			      .threads = threads,
			      .kernel = kernel };
	struct hyper_recovery found = { .count = count };
	enum tok_status status = hyper_rows_check(rows, &r.rows, err);
	for (size_t i = 0; i < count && status == TOK_OK; i++)
		if (truth[i] >= r.rows.count)
			status = tok_fail(err, TOK_EARG, "row %u is wanted of %zu rows", truth[i],
					  r.rows.count);
	if (status != TOK_OK)
		return status;
	if (count == 0) {
		*out = found;
		return TOK_OK;
	}
	double *ranks = malloc(count * sizeof *ranks);
	r.desks = calloc(threads, sizeof *r.desks);
	r.packed = calloc(r.groups, sizeof *r.packed);
	r.mean = calloc(r.rows.width, sizeof *r.mean);
	r.scores = malloc(count * sizeof *r.scores);
	r.nearer = calloc(threads * count, sizeof *r.nearer);
	r.level = calloc(threads * count, sizeof *r.level);
	if (!ranks || !r.desks || !r.packed || !r.mean || !r.scores || !r.nearer || !r.level ||
	    !make_desks(&r))
		status = tok_fail_memory(err);
	if (status == TOK_OK)
		status = run(&r, ranks, &found, err);
	if (status == TOK_OK)
		*out = found;
	free(ranks);
	release(&r);
	return status;
}
