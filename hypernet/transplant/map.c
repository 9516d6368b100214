#include "hypernet/transplant/map.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "hypernet/ann/rows.h"
#include "hypernet/transplant/linear_internal.h"
#include "tok/base/threads.h"

enum {
	TOKENS = 512, /* whose products are summed together */
	BLOCK = 256   /* rows that a thread maps at a time */
};

struct hyper_map {
	struct hyper_matrix packed; /* model's width x donor's */
	float *bias;                /* nu - mu W */
	double explains;
};

/* While a map is made: rows of F64, D and E with their means taken off. */
struct fit {
	struct hyper_rows_view donor, model;
	const tok_id *anchors, *sources;
	size_t count;
	const struct hyper_map_options *options;
	double *mu, *nu;         /* means */
	double *dd, *de;         /* D' D, D' E */
	double *map;             /* W */
	double square;           /* of E */
	double *d_rows, *e_rows; /* TOKENS of each */
	float *room;
};

static void fit_release(struct fit *fit)
{
	free(fit->mu);
	free(fit->nu);
	free(fit->dd);
	free(fit->de);
	free(fit->map);
	free(fit->d_rows);
	free(fit->e_rows);
	free(fit->room);
}

static bool fit_init(struct fit *fit)
{
	const size_t from = fit->donor.width, to = fit->model.width;
	fit->mu = hyper_linear_new(1, from);
	fit->nu = hyper_linear_new(1, to);
	fit->dd = hyper_linear_new(from, from);
	fit->de = hyper_linear_new(from, to);
	fit->map = hyper_linear_new(from, to);
	fit->d_rows = hyper_linear_new(TOKENS, from);
	fit->e_rows = hyper_linear_new(TOKENS, to);
	fit->room = malloc((from > to ? from : to) * sizeof *fit->room);
	return fit->mu && fit->nu && fit->dd && fit->de && fit->map && fit->d_rows && fit->e_rows &&
	       fit->room;
}

/* ---- sums over tokens --------------------------------------------------------------- */

/* Row `id` less `mean`, in F64. */
static enum tok_status read_row(const struct fit *fit, const struct hyper_rows_view *rows,
				tok_id id, const char *whose, const double *mean, double *out,
				struct tok_error *err)
{
	const float *row;
	double all = 0;
	const enum tok_status status = hyper_rows_read(rows, id, 1, fit->room, &row, err);
	if (status != TOK_OK)
		return status;
	for (size_t i = 0; i < rows->width; i++) {
		out[i] = (double)row[i] - mean[i];
		all += fabs(out[i]);
	}
	if (!isfinite(all))
		return tok_fail(err, TOK_EFORMAT, "row %u of the %s holds NaN or infinity", id,
				whose);
	return TOK_OK;
}

static enum tok_status find_mean(struct fit *fit, const struct hyper_rows_view *rows,
				 const tok_id *ids, const char *whose, double *row, double *mean,
				 struct tok_error *err)
{
	double *zero = hyper_linear_new(1, rows->width);
	enum tok_status status = zero ? TOK_OK : tok_fail_memory(err);
	for (size_t i = 0; i < fit->count && status == TOK_OK; i++) {
		status = read_row(fit, rows, ids[i], whose, zero, row, err);
		for (size_t j = 0; j < rows->width && status == TOK_OK; j++)
			mean[j] += row[j];
	}
	for (size_t j = 0; j < rows->width; j++)
		mean[j] /= (double)fit->count;
	free(zero);
	return status;
}

/* D' D and D' E of tokens from `first` on. */
static enum tok_status add_tokens(struct fit *fit, size_t first, size_t count,
				  struct tok_error *err)
{
	const size_t from = fit->donor.width, to = fit->model.width;
	enum tok_status status = TOK_OK;
	for (size_t i = 0; i < count && status == TOK_OK; i++) {
		double *e = fit->e_rows + i * to;
		status = read_row(fit, &fit->donor, fit->anchors[first + i], "donor", fit->mu,
				  fit->d_rows + i * from, err);
		if (status == TOK_OK)
			status = read_row(fit, &fit->model, fit->sources[first + i], "model",
					  fit->nu, e, err);
		for (size_t j = 0; j < to && status == TOK_OK; j++)
			fit->square += e[j] * e[j];
	}
	const struct hyper_linear d = hyper_linear_of(fit->d_rows, count, from);
	const struct hyper_linear e = hyper_linear_of(fit->e_rows, count, to);
	const size_t threads = fit->options->threads;
	if (status == TOK_OK)
		status = hyper_linear_multiply(1, hyper_linear_turned(d), d, true, threads,
					       hyper_linear_of(fit->dd, from, from), err);
	if (status == TOK_OK)
		status = hyper_linear_multiply(1, hyper_linear_turned(d), e, false, threads,
					       hyper_linear_of(fit->de, from, to), err);
	return status;
}

static enum tok_status sum_tokens(struct fit *fit, struct tok_error *err)
{
	const size_t width = fit->donor.width;
	enum tok_status status =
	    find_mean(fit, &fit->donor, fit->anchors, "donor", fit->d_rows, fit->mu, err);
	if (status == TOK_OK)
		status =
		    find_mean(fit, &fit->model, fit->sources, "model", fit->e_rows, fit->nu, err);
	for (size_t first = 0; first < fit->count && status == TOK_OK; first += TOKENS) {
		const size_t left = fit->count - first;
		status = add_tokens(fit, first, left < TOKENS ? left : TOKENS, err);
	}
	for (size_t i = 0; i < width; i++)
		for (size_t j = i + 1; j < width; j++)
			fit->dd[i * width + j] = fit->dd[j * width + i];
	return status;
}

/* ---- the two kinds ------------------------------------------------------------------ */

static enum tok_status fit_ridge(struct fit *fit, double *work, struct tok_error *err)
{
	const size_t from = fit->donor.width, to = fit->model.width;
	const struct hyper_linear l = hyper_linear_of(work, from, from);
	double mean = 0;
	bool positive;
	memcpy(work, fit->dd, from * from * sizeof *work);
	for (size_t i = 0; i < from; i++)
		mean += work[i * from + i] / (double)from;
	for (size_t i = 0; i < from; i++)
		work[i * from + i] += fit->options->lambda * mean;
	enum tok_status status = hyper_linear_factor(l, fit->options->threads, &positive, err);
	if (status == TOK_OK && !positive)
		status = tok_fail(err, TOK_EARG,
				  "%zu shared rows of %zu numbers are too few or too much alike "
				  "for a map without lambda above %g",
				  fit->count, from, fit->options->lambda);
	memcpy(fit->map, fit->de, from * to * sizeof *fit->map);
	if (status == TOK_OK)
		status = hyper_linear_solve(l, fit->options->threads,
					    hyper_linear_of(fit->map, from, to), err);
	return status;
}

/* The principal directions of D, as many as the model has dimensions, as rows; `work` is D' D. */
static enum tok_status fit_wide(struct fit *fit, double *work, struct tok_error *err)
{
	const size_t from = fit->donor.width, to = fit->model.width;
	const size_t threads = fit->options->threads;
	double *axes = hyper_linear_new(to, from), *turned = hyper_linear_new(to, to);
	double *values = hyper_linear_new(1, to);
	enum tok_status status = axes && turned && values ? TOK_OK : tok_fail_memory(err);
	const struct hyper_linear p = hyper_linear_of(axes, to, from);
	const struct hyper_linear r = hyper_linear_of(turned, to, to);
	if (status == TOK_OK)
		status = hyper_linear_eigen(hyper_linear_of(work, from, from), to, threads, values,
					    p, err);
	if (status == TOK_OK)
		status = hyper_linear_multiply(1, p, hyper_linear_of(fit->de, from, to), false,
					       threads, r, err);
	if (status == TOK_OK)
		status = hyper_linear_polar(r, threads, err);
	if (status == TOK_OK)
		status = hyper_linear_multiply(1, hyper_linear_turned(p), r, false, threads,
					       hyper_linear_of(fit->map, from, to), err);
	free(axes);
	free(turned);
	free(values);
	return status;
}

static enum tok_status fit_procrustes(struct fit *fit, double *work, struct tok_error *err)
{
	const size_t from = fit->donor.width, to = fit->model.width;
	if (from > to) {
		memcpy(work, fit->dd, from * from * sizeof *work);
		return fit_wide(fit, work, err);
	}
	memcpy(fit->map, fit->de, from * to * sizeof *fit->map);
	return hyper_linear_polar(hyper_linear_of(fit->map, from, to), fit->options->threads, err);
}

/* |E - D W|^2 = |E|^2 - 2 tr(W' D'E) + tr(W' D'D W) */
static enum tok_status explain(const struct fit *fit, double *out, struct tok_error *err)
{
	const size_t from = fit->donor.width, to = fit->model.width;
	const struct hyper_linear w = hyper_linear_of(fit->map, from, to);
	double *made = hyper_linear_new(from, to);
	double with = 0, within = 0;
	enum tok_status status = made ? TOK_OK : tok_fail_memory(err);
	if (status == TOK_OK)
		status = hyper_linear_multiply(1, hyper_linear_of(fit->dd, from, from), w, false,
					       fit->options->threads,
					       hyper_linear_of(made, from, to), err);
	for (size_t i = 0; i < from * to && status == TOK_OK; i++) {
		with += fit->map[i] * fit->de[i];
		within += fit->map[i] * made[i];
	}
	free(made);
	*out = fit->square > 0 ? (2 * with - within) / fit->square : 0;
	return status;
}

/* Rows of W', for packing. */
static enum tok_status give_columns(void *context, size_t first, size_t count, float *rows,
				    struct tok_error *err)
{
	const struct fit *fit = context;
	const size_t from = fit->donor.width, to = fit->model.width;
	(void)err;
	for (size_t i = 0; i < from; i++)
		for (size_t j = 0; j < count; j++)
			rows[j * from + i] = (float)fit->map[i * to + first + j];
	return TOK_OK;
}

static enum tok_status make_map(struct fit *fit, struct hyper_map *map, struct tok_error *err)
{
	const size_t from = fit->donor.width, to = fit->model.width;
	enum tok_status status = explain(fit, &map->explains, err);
	if (status == TOK_OK)
		status = hyper_linear_multiply(-1, hyper_linear_of(fit->mu, 1, from),
					       hyper_linear_of(fit->map, from, to), false, 1,
					       hyper_linear_of(fit->nu, 1, to), err);
	if (status != TOK_OK)
		return status;
	map->bias = malloc(to * sizeof *map->bias);
	if (!map->bias)
		return tok_fail_memory(err);
	for (size_t i = 0; i < to; i++)
		map->bias[i] = (float)fit->nu[i];
	return hyper_matrix_pack_from(fit->options->kernel, HYPER_MODE_F32, give_columns, fit, to,
				      from, &map->packed, err);
}

static enum tok_status check_ids(const struct hyper_rows_view *rows, const tok_id *ids,
				 size_t count, const char *whose, struct tok_error *err)
{
	for (size_t i = 0; i < count; i++)
		if (ids[i] >= rows->count)
			return tok_fail(err, TOK_EARG, "row %u is wanted of a %s of %zu rows",
					ids[i], whose, rows->count);
	return TOK_OK;
}

static enum tok_status run_fit(struct fit *fit, enum hyper_map_kind kind, struct hyper_map *map,
			       struct tok_error *err)
{
	double *work = hyper_linear_new(fit->donor.width, fit->donor.width);
	enum tok_status status = work && fit_init(fit) ? TOK_OK : tok_fail_memory(err);
	if (status == TOK_OK)
		status = sum_tokens(fit, err);
	if (status == TOK_OK)
		switch (kind) {
		case HYPER_MAP_RIDGE:
			status = fit_ridge(fit, work, err);
			break;
		case HYPER_MAP_PROCRUSTES:
			status = fit_procrustes(fit, work, err);
			break;
		}
	free(work);
	return status == TOK_OK ? make_map(fit, map, err) : status;
}

enum tok_status hyper_map_fit(enum hyper_map_kind kind, const struct hyper_rows_view *donor,
			      const tok_id *anchors, const struct hyper_rows_view *model,
			      const tok_id *sources, size_t count,
			      const struct hyper_map_options *options, struct hyper_map **out,
			      struct tok_error *err)
{
	struct fit fit = {
		.anchors = anchors, .sources = sources, .count = count, .options = options
	};
	if (count < 2)
		return tok_fail(err, TOK_EARG, "a map is learnt from two shared rows at least");
	enum tok_status status = hyper_rows_check(donor, &fit.donor, err);
	if (status == TOK_OK)
		status = hyper_rows_check(model, &fit.model, err);
	if (status == TOK_OK)
		status = check_ids(&fit.donor, anchors, count, "donor", err);
	if (status == TOK_OK)
		status = check_ids(&fit.model, sources, count, "model", err);
	if (status != TOK_OK)
		return status;
	struct hyper_map *map = calloc(1, sizeof *map);
	status = map ? run_fit(&fit, kind, map, err) : tok_fail_memory(err);
	fit_release(&fit);
	if (status == TOK_OK)
		*out = map;
	else
		hyper_map_free(map);
	return status;
}

void hyper_map_free(struct hyper_map *map)
{
	if (!map)
		return;
	free(map->bias);
	if (map->packed.kernel)
		hyper_matrix_release(&map->packed);
	free(map);
}

double hyper_map_explains(const struct hyper_map *map)
{
	return map->explains;
}

/* ---- rows --------------------------------------------------------------------------- */

struct rows {
	const struct hyper_map *map;
	const struct hyper_rows_view *donor;
	const tok_id *wanted;
	size_t count;
	float *out;
	atomic_size_t next; /* row */
	atomic_bool failed;
	struct tok_error *errors; /* of each thread */
};

static enum tok_status map_block(const struct rows *rows, size_t first, size_t count, float *x,
				 void *scratch, struct tok_error *err)
{
	const struct hyper_matrix *w = &rows->map->packed;
	const struct hyper_epilogue epilogue = { .bias = rows->map->bias };
	for (size_t i = 0; i < count; i++) {
		float *to = x + i * w->in;
		const float *row;
		const enum tok_status status =
		    hyper_rows_read(rows->donor, rows->wanted[first + i], 1, to, &row, err);
		if (status != TOK_OK)
			return status;
		if (row != to)
			memcpy(to, row, w->in * sizeof *to);
	}
	hyper_gemm(w, x, w->in, count, rows->out + first * w->out, w->out, &epilogue, scratch);
	return TOK_OK;
}

static void work_rows(void *shared, size_t thread)
{
	struct rows *rows = shared;
	struct tok_error *err = &rows->errors[thread];
	const struct hyper_matrix *w = &rows->map->packed;
	enum tok_status status = hyper_kernel_enter(w->kernel, err);
	float *x = hyper_scratch_new(BLOCK * w->in * sizeof *x);
	void *scratch = hyper_scratch_new(hyper_gemm_scratch(w, BLOCK));
	if ((!x || !scratch) && status == TOK_OK)
		status = tok_fail_memory(err);
	while (status == TOK_OK && !atomic_load(&rows->failed)) {
		const size_t first = atomic_fetch_add(&rows->next, BLOCK);
		if (first >= rows->count)
			break;
		const size_t left = rows->count - first;
		status = map_block(rows, first, left < BLOCK ? left : BLOCK, x, scratch, err);
	}
	if (status != TOK_OK)
		atomic_store(&rows->failed, true);
	free(x);
	free(scratch);
}

enum tok_status hyper_map_rows(const struct hyper_map *map, const struct hyper_rows_view *donor,
			       const tok_id *wanted, size_t count, float *out, size_t threads,
			       struct tok_error *err)
{
	struct hyper_rows_view view;
	enum tok_status status = hyper_rows_check(donor, &view, err);
	if (status == TOK_OK && view.width != map->packed.in)
		status = tok_fail(err, TOK_EARG, "rows of %zu numbers, for a map of %zu",
				  view.width, map->packed.in);
	if (status == TOK_OK)
		status = check_ids(&view, wanted, count, "donor", err);
	if (status != TOK_OK)
		return status;
	struct rows rows = {
		.map = map,
		.donor = &view,
		.wanted = wanted,
		.count = count,
		.out = out,
		.errors = calloc(threads, sizeof *rows.errors),
	};
	if (!rows.errors)
		return tok_fail_memory(err);
	tok_threads_run(threads, work_rows, &rows);
	for (size_t t = 0; t < threads && status == TOK_OK; t++)
		if ((status = rows.errors[t].status) != TOK_OK && err)
			*err = rows.errors[t];
	free(rows.errors);
	return status;
}
