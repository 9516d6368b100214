/* work.c - room for a batch, once for all steps; and threads. */
#include "hypernet/lab/lab_internal.h"

#include <stdlib.h>

#include "tok/base/threads.h"

/* ---- threads --------------------------------------------------------------------- */

struct run {
	struct lab_work *work;
	size_t count, threads;
	lab_task *task;
	void *shared;
};

static void run_thread(void *shared, size_t thread)
{
	const struct run *run = shared;
	struct lab_desk *desk = &run->work->desks[thread];
	desk->err.status = hyper_kernel_enter(run->work->lab->o.kernel, &desk->err);
	if (desk->err.status != TOK_OK)
		return;
	for (size_t i = thread; i < run->count; i += run->threads)
		run->task(run->shared, i, desk);
}

enum tok_status lab_run(struct lab_work *work, size_t count, lab_task *task, void *shared,
			struct tok_error *err)
{
	struct run run = { work, count, work->threads < count ? work->threads : count, task,
			   shared };
	tok_threads_run(run.threads, run_thread, &run);
	for (size_t t = 0; t < run.threads; t++)
		if (work->desks[t].err.status != TOK_OK)
			return tok_fail(err, work->desks[t].err.status, "%s",
					work->desks[t].err.message);
	return TOK_OK;
}

/* ---- room ------------------------------------------------------------------------ */

static size_t larger(size_t a, size_t b)
{
	return a > b ? a : b;
}

static void *floats(size_t count)
{
	return hyper_scratch_new(count * sizeof(float));
}

static enum tok_status init_linear(struct lab_work *work, size_t index, struct tok_error *err)
{
	const struct lab_linear *l = &work->lab->linears[index];
	const struct hyper_kernel *kernel = work->lab->o.kernel;
	struct lab_packed *packed = &work->packed[index];
	enum tok_status status = hyper_matrix_room(kernel, l->out, l->in, &packed->forward, err);
	if (status != TOK_OK || !work->learns)
		return status;
	status = hyper_matrix_room(kernel, l->in, l->out, &packed->backward, err);
	work->turned[index] = floats(work->capacity * l->each * l->in);
	return status == TOK_OK && !work->turned[index] ? tok_fail_memory(err) : status;
}

static enum tok_status init_desk(struct lab_work *work, struct lab_desk *desk,
				 struct tok_error *err)
{
	size_t rows = 0, in = 0, bytes = 0;
	for (size_t i = 0; i < work->lab->linear_count; i++) {
		const struct lab_linear *l = &work->lab->linears[i];
		rows = larger(rows, work->capacity * l->each);
		in = larger(in, l->in);
		bytes = larger(bytes,
			       hyper_gemm_scratch(&work->packed[i].forward, LAB_STRIP * l->each));
		if (work->learns)
			bytes = larger(bytes, hyper_gemm_scratch(&work->packed[i].backward,
								 LAB_STRIP * l->each));
	}
	if (work->learns) {
		const enum tok_status status =
		    hyper_matrix_room(work->lab->o.kernel, LAB_OUTPUTS, rows, &desk->strip, err);
		if (status != TOK_OK)
			return status;
		bytes = larger(bytes, hyper_gemm_scratch(&desk->strip, in));
		desk->product = floats(in * LAB_OUTPUTS);
	}
	desk->scratch = hyper_scratch_new(bytes);
	return desk->scratch && (desk->product || !work->learns) ? TOK_OK : tok_fail_memory(err);
}

static enum tok_status init_arrays(struct lab_work *work, struct tok_error *err)
{
	const struct hyper_lab *lab = work->lab;
	for (size_t i = 0; i < lab->array_count; i++) {
		work->arrays[i] = floats(work->capacity * lab->widths[i]);
		if (!work->arrays[i])
			return tok_fail_memory(err);
	}
	work->losses = calloc(work->capacity, sizeof *work->losses);
	work->gradient = work->learns ? calloc(lab->at.count, sizeof(float)) : NULL;
	work->desks = calloc(work->threads, sizeof *work->desks);
	const bool all = work->losses && work->desks && (work->gradient || !work->learns);
	return all ? TOK_OK : tok_fail_memory(err);
}

enum tok_status lab_work_init(struct lab_work *work, const struct hyper_lab *lab, size_t capacity,
			      bool learns, struct tok_error *err)
{
	const size_t most = lab->o.threads < TOK_THREADS_MAX ? lab->o.threads : TOK_THREADS_MAX;
	*work = (struct lab_work){
		.lab = lab, .capacity = capacity, .threads = most ? most : 1, .learns = learns
	};
	enum tok_status status = init_arrays(work, err);
	for (size_t i = 0; status == TOK_OK && i < lab->linear_count; i++)
		status = init_linear(work, i, err);
	for (size_t t = 0; status == TOK_OK && t < work->threads; t++)
		status = init_desk(work, &work->desks[t], err);
	if (status != TOK_OK)
		lab_work_release(work);
	return status;
}

void lab_work_release(struct lab_work *work)
{
	for (size_t i = 0; i < LAB_LINEARS; i++) {
		hyper_matrix_release(&work->packed[i].forward);
		hyper_matrix_release(&work->packed[i].backward);
		free(work->turned[i]);
	}
	for (size_t i = 0; i < LAB_ARRAYS; i++)
		free(work->arrays[i]);
	for (size_t t = 0; work->desks && t < work->threads; t++) {
		hyper_matrix_release(&work->desks[t].strip);
		free(work->desks[t].product);
		free(work->desks[t].scratch);
	}
	free(work->desks);
	free(work->losses);
	free(work->gradient);
	*work = (struct lab_work){ 0 };
}
