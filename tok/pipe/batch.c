/*
 * batch.c - texts shared out among threads.
 *
 * The texts become jobs: a job is a run of short texts or a part of a long one.
 * Threads take jobs in order from one counter, each writing ids into room of its
 * own.  When all is done the places in the one array are known, and the same
 * threads copy the ids there.  Jobs depend on the texts only, so that neither
 * ids nor messages can depend on the threads.
 */
#include "tok/pipe/batch.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "tok/base/buffer.h"
#include "tok/base/threads.h"
#include "tok/pipe/parts_internal.h"

/* A run of texts is a job once it has so many bytes; a text longer than a part
 * and a half is worth sharing out. */
#define JOB_BYTES   ((size_t)64 * 1024)
#define LONG_BYTES  (TOK_PART_BYTES + TOK_PART_BYTES / 2)
#define TEXT_WEIGHT 16 /* also an empty text costs something */

struct job {
	size_t first, last; /* texts [first, last) */
	size_t begin, end;  /* of the only text, where is_part */
	bool is_part;
	size_t worker;   /* who did it */
	size_t from;     /* where in that worker's ids */
	size_t id_count; /* how many */
	size_t to;       /* where in the batch's ids */
};

struct worker {
	struct tok_encoder *encoder; /* made when its first job comes */
	tok_id *ids;
	size_t count, capacity;
	size_t failed_job; /* SIZE_MAX: none */
	enum tok_status status;
	struct tok_error err;
};

struct tok_batch {
	const struct tok_tokenizer *tokenizer;
	struct worker *workers;
	size_t worker_count;
	struct job *jobs;
	size_t job_count, job_capacity;
	tok_id *ids;
	size_t id_capacity;
	size_t *offsets;
	size_t offset_capacity;

	/* of the call under way */
	const struct tok_span *texts;
	struct tok_encode_options options;
	atomic_size_t next_job;
	atomic_size_t first_failed; /* no job behind it need be done */
};

struct tok_batch *tok_batch_new(const struct tok_tokenizer *tokenizer, size_t threads)
{
	struct tok_batch *b = calloc(1, sizeof *b);
	if (!b)
		return NULL;
	b->tokenizer = tokenizer;
	b->worker_count = threads == 0                ? tok_threads_available()
			  : threads < TOK_THREADS_MAX ? threads
						      : TOK_THREADS_MAX;
	b->workers = calloc(b->worker_count, sizeof *b->workers);
	if (!b->workers) {
		free(b);
		return NULL;
	}
	return b;
}

void tok_batch_free(struct tok_batch *b)
{
	if (!b)
		return;
	for (size_t i = 0; i < b->worker_count; i++) {
		tok_encoder_free(b->workers[i].encoder);
		free(b->workers[i].ids);
	}
	free(b->workers);
	free(b->jobs);
	free(b->ids);
	free(b->offsets);
	free(b);
}

/* ---- jobs ----------------------------------------------------------------- */

static bool add_job(struct tok_batch *b, struct job job)
{
	if (!tok_grow(&b->jobs, &b->job_capacity, b->job_count + 1, sizeof *b->jobs))
		return false;
	b->jobs[b->job_count++] = job;
	return true;
}

static bool add_parts(struct tok_batch *b, size_t index)
{
	const struct tok_parts parts = tok_parts_for(b->tokenizer, &b->options);
	const struct tok_span text = b->texts[index];
	for (size_t at = 0; at < text.count;) {
		const size_t end =
		    at +
		    tok_parts_first(&parts, tok_span_slice(text, at, text.count), TOK_PART_BYTES);
		if (!add_job(b, (struct job){ .first = index,
					      .last = index + 1,
					      .begin = at,
					      .end = end,
					      .is_part = true }))
			return false;
		at = end;
	}
	return true;
}

static bool add_jobs(struct tok_batch *b, size_t count)
{
	b->job_count = 0;
	for (size_t i = 0; i < count;) {
		if (b->texts[i].count > LONG_BYTES) {
			if (!add_parts(b, i++))
				return false;
			continue;
		}
		struct job job = { .first = i };
		for (size_t weight = 0;
		     i < count && weight < JOB_BYTES && b->texts[i].count <= LONG_BYTES; i++)
			weight += b->texts[i].count + TEXT_WEIGHT;
		job.last = i;
		if (!add_job(b, job))
			return false;
	}
	return true;
}

/* ---- encoding ------------------------------------------------------------- */

/* Ids of one text or part of one, behind those that the worker has. */
static enum tok_status encode_text(struct tok_batch *b, struct worker *w, size_t index,
				   struct tok_span text, size_t begin, size_t *count)
{
	struct tok_encoding r;
	enum tok_status status =
	    tok_parts_encode(w->encoder, text, begin, &b->options, &r, &w->err);
	if (status == TOK_ENOMEM)
		return status;
	if (status != TOK_OK)
		return tok_fail_in(&w->err, status, "text %zu", index);
	if (!tok_grow(&w->ids, &w->capacity, w->count + r.count, sizeof *w->ids))
		return tok_fail_memory(&w->err);
	if (r.count > 0)
		memcpy(w->ids + w->count, r.ids, r.count * sizeof *w->ids);
	w->count += r.count;
	*count = r.count;
	return TOK_OK;
}

/* Sets offsets[i + 1] to the number of ids of text i, for the texts of a run. */
static enum tok_status do_job(struct tok_batch *b, struct worker *w, struct job *job)
{
	enum tok_status status = TOK_OK;
	if (!w->encoder)
		w->encoder = tok_encoder_new(b->tokenizer);
	if (!w->encoder)
		return tok_fail_memory(&w->err);

	job->worker = (size_t)(w - b->workers);
	job->from = w->count;
	if (job->is_part) {
		const struct tok_span part =
		    tok_span_slice(b->texts[job->first], job->begin, job->end);
		status = encode_text(b, w, job->first, part, job->begin, &job->id_count);
	}
	for (size_t i = job->first; status == TOK_OK && !job->is_part && i < job->last; i++)
		status = encode_text(b, w, i, b->texts[i], 0, &b->offsets[i + 1]);
	job->id_count = w->count - job->from;
	return status;
}

static void report_failure(struct tok_batch *b, size_t job)
{
	size_t first = atomic_load(&b->first_failed);
	while (job < first && !atomic_compare_exchange_weak(&b->first_failed, &first, job))
		;
}

/* Jobs are taken in order: those in front of one that failed are done, whoever
 * has them, so that the first failure of all is always found. */
static void encode_jobs(void *shared, size_t index)
{
	struct tok_batch *b = shared;
	struct worker *w = &b->workers[index];
	for (;;) {
		const size_t job = atomic_fetch_add(&b->next_job, 1);
		if (job >= b->job_count || job > atomic_load(&b->first_failed))
			return;
		w->status = do_job(b, w, &b->jobs[job]);
		if (w->status != TOK_OK) {
			w->failed_job = job;
			report_failure(b, job);
			return;
		}
	}
}

/* ---- one array ------------------------------------------------------------ */

static void copy_jobs(void *shared, size_t index)
{
	struct tok_batch *b = shared;
	(void)index;
	for (;;) {
		const size_t next = atomic_fetch_add(&b->next_job, 1);
		if (next >= b->job_count)
			return;
		const struct job *job = &b->jobs[next];
		if (job->id_count > 0)
			memcpy(b->ids + job->to, b->workers[job->worker].ids + job->from,
			       job->id_count * sizeof *b->ids);
	}
}

/* From counts to offsets; where the ids of each job belong. */
static void place_ids(struct tok_batch *b, size_t count)
{
	size_t sum = 0;
	for (size_t i = 0; i < b->job_count; i++) {
		struct job *job = &b->jobs[i];
		job->to = sum;
		sum += job->id_count;
		if (job->is_part)
			b->offsets[job->first + 1] += job->id_count;
	}
	for (size_t i = 0; i < count; i++)
		b->offsets[i + 1] += b->offsets[i];
}

static void run_jobs(struct tok_batch *b, void (*work)(void *shared, size_t index))
{
	atomic_store(&b->next_job, 0);
	tok_threads_run(b->worker_count < b->job_count ? b->worker_count : b->job_count, work, b);
}

static enum tok_status find_failure(const struct tok_batch *b, struct tok_error *err)
{
	const size_t first = atomic_load(&b->first_failed);
	for (size_t i = 0; first < SIZE_MAX && i < b->worker_count; i++) {
		if (b->workers[i].failed_job != first)
			continue;
		if (err)
			*err = b->workers[i].err;
		return b->workers[i].status;
	}
	return TOK_OK;
}

static bool begin_call(struct tok_batch *b, const struct tok_span *texts, size_t count,
		       const struct tok_encode_options *options)
{
	b->texts = texts;
	b->options = *options;
	b->options.offsets = b->options.tokens = false;
	atomic_store(&b->first_failed, SIZE_MAX);
	for (size_t i = 0; i < b->worker_count; i++) {
		b->workers[i].count = 0;
		b->workers[i].failed_job = SIZE_MAX;
		b->workers[i].err = (struct tok_error){ 0 };
	}
	if (!tok_grow(&b->offsets, &b->offset_capacity, count + 1, sizeof *b->offsets))
		return false;
	memset(b->offsets, 0, (count + 1) * sizeof *b->offsets);
	return add_jobs(b, count);
}

enum tok_status tok_batch_encode(struct tok_batch *b, const struct tok_span *texts, size_t count,
				 const struct tok_encode_options *options,
				 struct tok_batch_ids *out, struct tok_error *err)
{
	if (!begin_call(b, texts, count, options))
		return tok_fail_memory(err);
	run_jobs(b, encode_jobs);
	const enum tok_status status = find_failure(b, err);
	if (status != TOK_OK)
		return status;
	place_ids(b, count);
	if (!tok_grow(&b->ids, &b->id_capacity, b->offsets[count], sizeof *b->ids))
		return tok_fail_memory(err);
	run_jobs(b, copy_jobs);
	*out = (struct tok_batch_ids){ .ids = b->ids, .offsets = b->offsets, .count = count };
	return TOK_OK;
}
