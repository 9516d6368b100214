#include "cmd/bench_internal.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "tok/base/threads.h"

/* The rows, in the order in which they are shown; what threads bring comes after. */
enum { PROCESS, LOAD_UNCACHED, LOAD, FIRST_ID, COLD, LOAD_AND_COLD, WARM, SCALING };

static double seconds(clockid_t clock)
{
	struct timespec t;
	clock_gettime(clock, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static struct bench_time now(void)
{
	return (struct bench_time){ seconds(CLOCK_PROCESS_CPUTIME_ID), seconds(CLOCK_MONOTONIC) };
}

static struct bench_time since(struct bench_time begun)
{
	const struct bench_time t = now();
	return (struct bench_time){ t.cpu - begun.cpu, t.wall - begun.wall };
}

static void note(struct bench_series *series, struct bench_time time)
{
	series->times[series->count++] = time;
}

static void note_sum(struct bench_series *series, struct bench_time a, struct bench_time b)
{
	note(series, (struct bench_time){ a.cpu + b.cpu, a.wall + b.wall });
}

/* ---- the rows ------------------------------------------------------------- */

static bool add_row(struct bench_results *out, size_t runs, struct bench_series row)
{
	assert(out->count < BENCH_SERIES_MAX); /* threads double, and are bounded */
	row.times = calloc(runs, sizeof *row.times);
	out->series[out->count] = row;
	out->count += row.times != NULL;
	return row.times != NULL;
}

/* One thread, two, four, and so on up to all of them. */
static bool add_scaling(struct bench_results *out, size_t runs, size_t most)
{
	bool ok = true;
	for (size_t n = 1; most > 1 && ok; n = n * 2 < most ? n * 2 : most) {
		ok = add_row(out, runs,
			     (struct bench_series){ .name = "threads",
						    .label = "cold, load excluded",
						    .threads = n,
						    .rated = true,
						    .scaling = true });
		if (n == most)
			break;
	}
	return ok;
}

static bool add_rows(const struct bench_run *run, struct bench_results *out)
{
	static const struct bench_series rows[SCALING] = {
		[PROCESS] = { .name = "process", .label = "process, start to end" },
		[LOAD_UNCACHED] = { .name = "load_uncached", .label = "load, cache unused" },
		[LOAD] = { .name = "load", .label = "load" },
		[FIRST_ID] = { .name = "first_id", .label = "load and first id" },
		[COLD] = { .name = "cold", .label = "cold, load excluded", .rated = true },
		[LOAD_AND_COLD] = { .name = "load_and_cold",
				    .label = "cold, load included",
				    .rated = true },
		[WARM] = { .name = "warm", .label = "warm, load excluded", .rated = true },
	};
	const size_t runs = (size_t)run->opts->runs;
	bool ok = true;
	for (size_t i = 0; i < SCALING && ok; i++) {
		struct bench_series row = rows[i];
		row.threads = 1;
		ok = add_row(out, runs, row);
	}
	const size_t most =
	    run->opts->threads ? (size_t)run->opts->threads : tok_threads_available();
	return ok && add_scaling(out, runs, most);
}

/* Rows of what this word does not do. */
static void drop_empty_rows(struct bench_results *results)
{
	size_t kept = 0;
	for (size_t i = 0; i < results->count; i++) {
		if (results->series[i].count)
			results->series[kept++] = results->series[i];
		else
			free(results->series[i].times);
	}
	results->count = kept;
}

void bench_results_release(struct bench_results *results)
{
	for (size_t i = 0; i < results->count; i++)
		free(results->series[i].times);
	results->count = 0;
}

/* ---- one run -------------------------------------------------------------- */

static enum tok_status time_uncached(const struct bench_run *run, struct bench_series *rows,
				     struct tok_error *err)
{
	struct tok_tokenizer *tokenizer;
	const struct bench_time begun = now();
	const enum tok_status status = cli_load_uncached(&run->opts->load, &tokenizer, err);
	if (status != TOK_OK)
		return status;
	note(&rows[LOAD_UNCACHED], since(begun));
	tok_tokenizer_free(tokenizer);
	return TOK_OK;
}

/* The load began at `begun`. */
static enum tok_status time_first(const struct bench_run *run,
				  const struct tok_tokenizer *tokenizer, struct bench_time begun,
				  struct bench_series *rows, struct tok_error *err)
{
	struct tok_encoding encoding;
	struct tok_encoder *encoder = tok_encoder_new(tokenizer);
	if (!encoder)
		return tok_fail_memory(err);
	const enum tok_status status = tok_encode(encoder, run->first, &run->how, &encoding, err);
	note(&rows[FIRST_ID], since(begun));
	tok_encoder_free(encoder);
	return status;
}

/* Twice over everything with the same worker.  Making it belongs to the first pass: who
 * encodes one file pays for it. */
static enum tok_status time_passes(const struct bench_run *run,
				   const struct tok_tokenizer *tokenizer, struct bench_time load,
				   struct bench_series *rows, struct tok_error *err)
{
	void *worker;
	struct bench_time begun = now();
	if (!run->word->open(tokenizer, &worker))
		return tok_fail_memory(err);
	enum tok_status status = bench_pass(run, worker, err);
	const struct bench_time cold = since(begun);
	note(&rows[COLD], cold);
	note_sum(&rows[LOAD_AND_COLD], load, cold);
	if (status == TOK_OK) {
		begun = now();
		status = bench_pass(run, worker, err);
		note(&rows[WARM], since(begun));
	}
	run->word->close(worker);
	return status;
}

static enum tok_status time_threads(const struct bench_run *run,
				    const struct tok_tokenizer *tokenizer,
				    struct bench_results *out, struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	for (size_t i = SCALING; i < out->count && status == TOK_OK; i++) {
		const struct bench_time begun = now();
		status = bench_pass_threads(run, tokenizer, out->series[i].threads, err);
		note(&out->series[i], since(begun));
	}
	return status;
}

/* Each run opens the tokenizer anew, so that no cache of any kind is left. */
static enum tok_status time_run(const struct bench_run *run, struct bench_results *out,
				struct tok_error *err)
{
	struct bench_series *rows = out->series;
	struct tok_tokenizer *tokenizer = NULL;
	struct bench_time process;
	enum tok_status status = TOK_OK;
	if (run->word->starts) {
		status = bench_start_process(run, &process, err);
		if (status == TOK_OK)
			note(&rows[PROCESS], process);
	}
	if (status == TOK_OK)
		status = time_uncached(run, rows, err);
	if (status != TOK_OK)
		return status;

	const struct bench_time begun = now();
	status = cli_load(&run->opts->load, &tokenizer, err);
	if (status != TOK_OK)
		return status;
	const struct bench_time load = since(begun);
	note(&rows[LOAD], load);
	if (run->word->starts)
		status = time_first(run, tokenizer, begun, rows, err);
	if (status == TOK_OK)
		status = time_passes(run, tokenizer, load, rows, err);
	if (status == TOK_OK)
		status = time_threads(run, tokenizer, out, err);
	tok_tokenizer_free(tokenizer);
	return status;
}

enum tok_status bench_measure(const struct bench_run *run, struct bench_results *out,
			      struct tok_error *err)
{
	enum tok_status status = add_rows(run, out) ? TOK_OK : tok_fail_memory(err);
	for (uint64_t i = 0; i < run->opts->runs && status == TOK_OK; i++)
		status = time_run(run, out, err);
	drop_empty_rows(out);
	struct rusage usage;
	if (getrusage(RUSAGE_SELF, &usage) == 0)
		out->peak_bytes = (uint64_t)usage.ru_maxrss * 1024;
	return status;
}
