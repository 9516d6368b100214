/* omp.c - blocks of tokens against all shared rows: who works on which, and where products come
 * from. */
#include "hypernet/transplant/omp.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "hypernet/transplant/omp_internal.h"
#include "tok/base/threads.h"

enum { TOGETHER = 112 }; /* tokens of a product: what a kernel takes as one block */

/* What threads share. */
struct job {
	const struct omp_atoms *atoms;
	const struct hyper_omp_options *options;
	const tok_id *wanted;
	size_t count, k, block;
	/* Of each token. */
	uint32_t *chosen; /* k */
	double *factors;  /* k */
	size_t *held;
	double *cosines;
	atomic_size_t next; /* token */
	atomic_bool failed;
	struct tok_error *errors; /* of each thread, as are these */
	double *products;
	size_t *recomputed;
};

/* What a thread has. */
struct table {
	struct omp_desk desk;
	struct omp_pursuit *pursuits; /* of a block */
	double *numbers;              /* theirs */
	float *x, *left;              /* block x width */
	float *products;              /* block x atoms */
	struct omp_kept kept;         /* if the job has kept products */
	void *scratch;
	uint32_t *places; /* of screening */
	tok_id *ids;
	double operations;
};

static void table_release(struct table *table)
{
	free(table->desk.wide);
	free(table->desk.left);
	free(table->desk.room);
	free(table->desk.uppers);
	free(table->desk.near);
	free(table->desk.scores);
	free(table->pursuits);
	free(table->numbers);
	free(table->x);
	free(table->left);
	free(table->products);
	omp_kept_release(&table->kept);
	free(table->scratch);
	free(table->places);
	free(table->ids);
}

static bool table_init(struct table *table, const struct job *job)
{
	const size_t width = job->atoms->width, atoms = job->atoms->count, k = job->k;
	const size_t screen = job->options->screen, numbers = k * (k + 2);
	*table = (struct table){ 0 };
	table->desk.wide = malloc(width * sizeof(double));
	table->desk.left = malloc(width * sizeof(double));
	table->desk.room = malloc(width * sizeof(float));
	table->desk.uppers = malloc((atoms / HYPER_BOUNDS + 1) * sizeof(float));
	table->desk.near = malloc(atoms * sizeof *table->desk.near);
	table->desk.scores = malloc(atoms * sizeof *table->desk.scores);
	table->pursuits = calloc(job->block, sizeof *table->pursuits);
	table->numbers = malloc(job->block * numbers * sizeof *table->numbers);
	table->x = hyper_scratch_new(job->block * width * sizeof(float));
	table->left = hyper_scratch_new(job->block * width * sizeof(float));
	table->products = hyper_scratch_new(job->block * atoms * sizeof(float));
	table->scratch = hyper_scratch_new(hyper_gemm_scratch(&job->atoms->packed, job->block));
	table->places = malloc((screen ? screen : 1) * sizeof *table->places);
	table->ids = malloc((screen ? screen : 1) * sizeof *table->ids);
	const bool has_kept = !job->atoms->kept || omp_kept_init(&table->kept, job->atoms, k);
	return has_kept && table->desk.wide && table->desk.left && table->desk.room &&
	       table->desk.uppers && table->desk.near && table->desk.scores && table->pursuits &&
	       table->numbers && table->x && table->left && table->products && table->scratch &&
	       table->places && table->ids;
}

/* ---- where products come from ------------------------------------------------------ */

/* Row i of table->left: what is left of token i over its length; zero where it has ended. */
static enum tok_status put_left(struct table *table, const struct omp_atoms *atoms, size_t i,
				struct tok_error *err)
{
	const struct omp_pursuit *p = &table->pursuits[i];
	struct omp_desk *desk = &table->desk;
	float *to = table->left + i * atoms->width;
	memset(to, 0, atoms->width * sizeof *to);
	if (p->ended)
		return TOK_OK;
	const enum tok_status status = omp_pursuit_left(p, atoms, desk->room, desk->left, err);
	if (status != TOK_OK)
		return status;
	const double length = sqrt(atoms->sums->dot(desk->left, desk->left, atoms->width));
	for (size_t j = 0; j < atoms->width && length > 0; j++)
		to[j] = (float)(desk->left[j] / length);
	return TOK_OK;
}

static void multiply(struct table *table, const struct omp_atoms *atoms, size_t first, size_t count)
{
	hyper_gemm(&atoms->packed, table->left + first * atoms->width, atoms->width, count,
		   table->products + first * atoms->count, atoms->count, NULL, table->scratch);
	table->operations += 2.0 * (double)count * (double)atoms->count * (double)atoms->width;
}

static bool all_ended(const struct table *table, size_t first, size_t count)
{
	for (size_t i = first; i < first + count; i++)
		if (!table->pursuits[i].ended)
			return false;
	return true;
}

static enum tok_status step(const struct job *job, struct table *table,
			    const struct omp_atoms *atoms, size_t i, struct tok_error *err)
{
	struct omp_pursuit *p = &table->pursuits[i];
	uint32_t place;
	if (p->ended)
		return TOK_OK;
	const enum tok_status status = omp_pursuit_choose(
	    p, atoms, table->products + i * atoms->count, atoms->error, &table->desk, &place, err);
	return status == TOK_OK ? omp_pursuit_add(p, atoms, place, job->k, &table->desk, err)
				: status;
}

/* Tokens [first, first + count) of the block to their ends, from their products with what is left
 * of them. */
static enum tok_status pursue_together(const struct job *job, struct table *table,
				       const struct omp_atoms *atoms, size_t first, size_t count,
				       struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	while (status == TOK_OK && !all_ended(table, first, count)) {
		for (size_t i = first; i < first + count && status == TOK_OK; i++)
			status = put_left(table, atoms, i, err);
		if (status == TOK_OK)
			multiply(table, atoms, first, count);
		for (size_t i = first; i < first + count && status == TOK_OK; i++)
			status = step(job, table, atoms, i, err);
	}
	return status;
}

/* ---- blocks ------------------------------------------------------------------------ */

/* Token i of the block, whose first token is `first`, among `atoms`; `places`: what these are
 * called in the job's, NULL for the same. */
static void finish(const struct job *job, struct table *table, const struct omp_atoms *atoms,
		   const uint32_t *places, size_t first, size_t i)
{
	struct omp_pursuit *p = &table->pursuits[i];
	omp_pursuit_end(p, atoms, job->k, job->options->ridge, &job->cosines[first + i]);
	job->held[first + i] = p->held;
	for (size_t t = 0; places && t < p->held; t++)
		p->chosen[t] = places[p->chosen[t]];
	memcpy(job->factors + (first + i) * job->k, p->factors, p->held * sizeof *p->factors);
}

/* Its products with all are there already: those of it and some of them anew. */
static enum tok_status pursue_screened(const struct job *job, struct table *table, size_t first,
				       size_t i, struct tok_error *err)
{
	struct omp_atoms some;
	omp_screen(job->atoms, table->products + i * job->atoms->count, job->options->screen,
		   &table->desk, table->places);
	enum tok_status status =
	    omp_atoms_some(&some, job->atoms, table->places, job->options->screen, table->ids, err);
	if (status != TOK_OK)
		return status;
	status = pursue_together(job, table, &some, i, 1, err);
	if (status == TOK_OK)
		finish(job, table, &some, table->places, first, i);
	omp_atoms_release(&some);
	return status;
}

static enum tok_status begin_token(const struct job *job, struct table *table, size_t first,
				   size_t i, struct tok_error *err)
{
	const struct omp_atoms *atoms = job->atoms;
	const size_t k = job->k;
	struct omp_pursuit *p = &table->pursuits[i];
	double *numbers = table->numbers + i * k * (k + 2);
	float *room = table->x + i * atoms->width;
	const float *x;
	const enum tok_status status =
	    hyper_rows_read(atoms->donor, job->wanted[first + i], 1, room, &x, err);
	if (status != TOK_OK)
		return status;
	*p = (struct omp_pursuit){
		.chosen = job->chosen + (first + i) * k,
		.factors = job->factors + (first + i) * k,
		.products = numbers,
		.solved = numbers + k,
		.triangle = numbers + 2 * k,
	};
	omp_pursuit_begin(p, x, atoms->sums, table->desk.wide, atoms->width);
	if (!isfinite(p->square))
		return tok_fail(err, TOK_EFORMAT, "row %u holds NaN or infinity",
				job->wanted[first + i]);
	return put_left(table, atoms, i, err);
}

static enum tok_status pursue_block(const struct job *job, struct table *table, size_t first,
				    size_t count, struct tok_error *err)
{
	const struct omp_atoms *atoms = job->atoms;
	enum tok_status status = TOK_OK;
	for (size_t i = 0; i < count && status == TOK_OK; i++)
		status = begin_token(job, table, first, i, err);
	if (status != TOK_OK)
		return status;
	if (!job->options->screen && !atoms->kept) {
		status = pursue_together(job, table, atoms, 0, count, err);
		for (size_t i = 0; i < count && status == TOK_OK; i++)
			finish(job, table, atoms, NULL, first, i);
		return status;
	}
	multiply(table, atoms, 0, count);
	for (size_t i = 0; i < count && status == TOK_OK; i++) {
		if (job->options->screen) {
			status = pursue_screened(job, table, first, i, err);
			continue;
		}
		status =
		    omp_kept_pursue(&table->kept, &table->pursuits[i], atoms,
				    table->products + i * atoms->count, job->k, &table->desk, err);
		if (status == TOK_OK)
			finish(job, table, atoms, NULL, first, i);
	}
	return status;
}

static void work(void *shared, size_t thread)
{
	struct job *job = shared;
	struct tok_error *err = &job->errors[thread];
	struct table table;
	enum tok_status status = hyper_kernel_enter(job->atoms->packed.kernel, err);
	if (!table_init(&table, job) && status == TOK_OK)
		status = tok_fail_memory(err);
	while (status == TOK_OK && !atomic_load(&job->failed)) {
		const size_t first = atomic_fetch_add(&job->next, job->block);
		if (first >= job->count)
			break;
		const size_t left = job->count - first;
		status =
		    pursue_block(job, &table, first, left < job->block ? left : job->block, err);
	}
	if (status != TOK_OK)
		atomic_store(&job->failed, true);
	job->products[thread] = table.operations + table.kept.operations;
	job->recomputed[thread] = table.desk.recomputed;
	table_release(&table);
}

/* ---- all --------------------------------------------------------------------------- */

static enum tok_status check(const struct hyper_rows_view *donor, const tok_id *wanted,
			     size_t count, const tok_id *anchors, size_t anchor_count,
			     const struct hyper_omp_options *o, struct tok_error *err)
{
	if (o->k == 0 || o->k > anchor_count || o->k > donor->width)
		return tok_fail(err, TOK_EARG,
				"sums of %zu rows, among %zu of %zu numbers: it must be between 1 "
				"and the smaller of the two",
				o->k, anchor_count, donor->width);
	if (o->screen && (o->screen < o->k || o->screen > anchor_count))
		return tok_fail(err, TOK_EARG,
				"%zu candidates for sums of %zu rows, among %zu: it must be "
				"between the two",
				o->screen, o->k, anchor_count);
	if (o->mode == HYPER_MODE_INT8)
		return tok_fail(err, TOK_EARG, "products in int8 are too rough to choose rows by");
	for (size_t i = 0; i < count; i++)
		if (wanted[i] >= donor->count)
			return tok_fail(err, TOK_EARG, "row %u is wanted of a donor of %zu rows",
					wanted[i], donor->count);
	for (size_t i = 0; i < anchor_count; i++)
		if (anchors[i] >= donor->count || (i && anchors[i] <= anchors[i - 1]))
			return tok_fail(err, TOK_EARG,
					"shared row %u of a donor of %zu rows does not rise",
					anchors[i], donor->count);
	return TOK_OK;
}

/* Products with each other pay where they take less than what they save: a product of matrices
 * for each step but the first, for sums of rows that take about a tenth of its time. */
static bool keeping_pays(const struct hyper_omp_options *o, size_t count, size_t anchors)
{
	size_t bytes;
	if (o->screen || __builtin_mul_overflow(anchors, anchors, &bytes) ||
	    __builtin_mul_overflow(bytes, sizeof(float), &bytes) || bytes > o->memory)
		return false;
	return (double)count * (double)(o->k - 1) * .8 > (double)anchors;
}

static enum tok_status put_rows(const struct job *job, const tok_id *sources,
				struct hyper_weights *out, struct tok_error *err)
{
	tok_id *ids = malloc(job->k * sizeof *ids);
	float *values = malloc(job->k * sizeof *values);
	enum tok_status status = ids && values ? TOK_OK : tok_fail_memory(err);
	for (size_t i = 0; i < job->count && status == TOK_OK; i++) {
		for (size_t t = 0; t < job->held[i]; t++) {
			ids[t] = sources[job->chosen[i * job->k + t]];
			values[t] = (float)job->factors[i * job->k + t];
		}
		status = hyper_weights_add(out, ids, values, job->held[i], err);
	}
	free(ids);
	free(values);
	return status;
}

/* Of tokens with a sum, in their order. */
static void put_report(const struct job *job, size_t threads, struct hyper_omp_report *report)
{
	struct hyper_omp_report r = { .cosine_min = 1, .kept = job->atoms->kept != NULL };
	size_t answered = 0;
	for (size_t i = 0; i < job->count; i++) {
		double norm = 0;
		for (size_t t = 0; t < job->held[i]; t++)
			norm += fabs(job->factors[i * job->k + t]);
		if (job->held[i] == 0)
			continue;
		answered++;
		r.norm_mean += norm;
		r.norm_max = fmax(r.norm_max, norm);
		r.cosine_mean += job->cosines[i];
		r.cosine_min = fmin(r.cosine_min, job->cosines[i]);
	}
	if (answered) {
		r.norm_mean /= (double)answered;
		r.cosine_mean /= (double)answered;
	} else {
		r.cosine_min = 0;
	}
	for (size_t t = 0; t < threads; t++) {
		r.products += job->products[t];
		r.recomputed += job->recomputed[t];
	}
	if (r.kept)
		r.products += 2.0 * (double)job->atoms->count * (double)job->atoms->count *
			      (double)job->atoms->width;
	*report = r;
}

static enum tok_status run(struct job *job, size_t threads, struct tok_error *err)
{
	size_t numbers;
	if (__builtin_mul_overflow(job->count, job->k, &numbers) ||
	    numbers > SIZE_MAX / sizeof *job->factors)
		return tok_fail_memory(err);
	job->chosen = malloc(numbers * sizeof *job->chosen);
	job->factors = malloc(numbers * sizeof *job->factors);
	job->held = calloc(job->count, sizeof *job->held);
	job->cosines = calloc(job->count, sizeof *job->cosines);
	job->errors = calloc(threads, sizeof *job->errors);
	job->products = calloc(threads, sizeof *job->products);
	job->recomputed = calloc(threads, sizeof *job->recomputed);
	if (!job->chosen || !job->factors || !job->held || !job->cosines || !job->errors ||
	    !job->products || !job->recomputed)
		return tok_fail_memory(err);
	tok_threads_run(threads, work, job);
	for (size_t t = 0; t < threads; t++)
		if (job->errors[t].status != TOK_OK) {
			if (err)
				*err = job->errors[t];
			return job->errors[t].status;
		}
	return TOK_OK;
}

static void job_release(struct job *job)
{
	free(job->chosen);
	free(job->factors);
	free(job->held);
	free(job->cosines);
	free(job->errors);
	free(job->products);
	free(job->recomputed);
}

enum tok_status hyper_omp(const struct hyper_rows_view *donor, const tok_id *wanted, size_t count,
			  const tok_id *anchors, const tok_id *anchor_sources, size_t anchor_count,
			  const struct hyper_omp_options *options,
			  const struct hyper_kernel *kernel, size_t threads,
			  struct hyper_weights *out, struct hyper_omp_report *report,
			  struct tok_error *err)
{
	struct hyper_rows_view view;
	struct omp_atoms atoms = { 0 };
	enum tok_status status = hyper_rows_check(donor, &view, err);
	if (status == TOK_OK)
		status = check(&view, wanted, count, anchors, anchor_count, options, err);
	if (status != TOK_OK)
		return status;
	if (count == 0) {
		*report = (struct hyper_omp_report){ 0 };
		return TOK_OK;
	}
	const bool keeps = keeping_pays(options, count, anchor_count);
	struct hyper_omp_options o = *options;
	if (keeps)
		o.mode = HYPER_MODE_F32;
	status = omp_atoms_init(&atoms, &view, anchors, anchor_count, &o, kernel, err);
	if (status != TOK_OK)
		return status;
	const size_t share = (count + threads - 1) / threads;
	struct job job = {
		.atoms = &atoms,
		.options = &o,
		.wanted = wanted,
		.count = count,
		.k = o.k,
		.block = share < TOGETHER ? share : TOGETHER,
	};
	if (keeps)
		status = omp_atoms_keep(&atoms, threads, err);
	if (status == TOK_OK)
		status = run(&job, threads, err);
	if (status == TOK_OK)
		status = put_rows(&job, anchor_sources, out, err);
	if (status == TOK_OK)
		put_report(&job, threads, report);
	job_release(&job);
	omp_atoms_release(&atoms);
	return status;
}
