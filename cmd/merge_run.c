/* merge_run.c - what the threads of tok merge do: a batch is read, merged, written. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cmd/cli_pool.h"
#include "cmd/merge_internal.h"

/* What a slot of the pool holds for each id and document of a batch: itself, and the lines that
 * come of it, each merge one with --steps.  What merging takes is the worker's, and one
 * batch's at a time. */
enum { BYTES_AN_ID = 32, BYTES_A_STEP = 256 };

struct merge_item {
	struct merge_batch batch;
	uint64_t number;
	struct tok_buffer lines;
	size_t *lengths; /* --curve: ids after each merge */
	size_t length_count, length_capacity;
	struct merge_totals totals;
	struct tok_error error; /* of the batch */
};

struct worker {
	struct tok_boundary *boundary;
	struct tok_merger *merger;
	struct merge_lines lines;
};

static void end_worker(void *worker)
{
	struct worker *w = worker;
	tok_merger_free(w->merger);
	tok_boundary_free(w->boundary);
	merge_lines_release(&w->lines);
	free(w);
}

static void *begin_worker(void *context)
{
	const struct merge_run *run = context;
	struct tok_error err = { 0 };
	struct worker *w = calloc(1, sizeof *w);
	if (!w)
		return NULL;
	w->lines = (struct merge_lines){ .tokenizer = run->tokenizer, .opts = run->opts };
	if (tok_boundary_new(run->tokenizer, (enum tok_boundary_kind)run->opts->boundary,
			     &w->boundary, &err) == TOK_OK)
		w->merger = tok_merger_new(run->tokenizer, w->boundary);
	if (w->merger)
		return w;
	end_worker(w);
	return NULL;
}

static bool read_item(void *context, size_t slot, size_t *bytes)
{
	struct merge_run *run = context;
	struct merge_item *item = &run->items[slot];
	if (!merge_read(&run->reader, &item->batch))
		return false;
	item->number = ++run->batches_read;
	*bytes = (item->batch.count + item->batch.documents) *
		 (run->opts->steps ? BYTES_A_STEP : BYTES_AN_ID);
	return true;
}

static bool keep_lengths(struct merge_item *item, const struct tok_merged_batch *merged)
{
	if (!tok_grow(&item->lengths, &item->length_capacity, merged->step_count,
		      sizeof *item->lengths))
		return false;
	for (size_t i = 0; i < merged->step_count; i++)
		item->lengths[i] = merged->steps[i].length;
	item->length_count = merged->step_count;
	return true;
}

static void clear_results(struct merge_item *item)
{
	tok_buffer_clear(&item->lines);
	item->length_count = 0;
	item->totals = (struct merge_totals){ 0 };
	item->error = (struct tok_error){ 0 };
}

static enum tok_status merge_item(const struct merge_run *run, struct worker *w,
				  struct merge_item *item, struct tok_error *err)
{
	const struct merge_options *opts = run->opts;
	const struct tok_merge_batch_options how = {
		.merges = opts->reduce == 0            ? 0
			  : opts->merges == UINT64_MAX ? TOK_MERGES_ALL
						       : (size_t)opts->merges,
		.reduce_percent = opts->reduce > 0 ? opts->reduce : 0,
	};
	const struct tok_sequences documents = { item->batch.ids, item->batch.offsets,
						 item->batch.documents };
	struct tok_merged_batch merged;
	enum tok_status status = tok_merge_batch(w->merger, &how, &documents, &merged, err);
	if (status == TOK_OK && run->embed)
		status = merge_embed_batch(run->embed, &merged, &w->lines.rows, err);
	if (status != TOK_OK)
		return status;
	if (!merge_put_batch(&w->lines, item->number, &item->batch, &merged, &item->lines) ||
	    (opts->curve >= 0 && !keep_lengths(item, &merged)))
		return tok_fail_memory(err);
	item->totals = (struct merge_totals){
		.documents = merged.count,
		.batches = 1,
		.ids = item->batch.count,
		.merged = merged.offsets[merged.count],
		.merges = merged.step_count,
		.new_tokens = merged.used_count,
	};
	return TOK_OK;
}

static void work_on_item(void *context, void *worker, size_t slot)
{
	struct merge_run *run = context;
	struct merge_item *item = &run->items[slot];
	clear_results(item);
	if (item->batch.documents && merge_item(run, worker, item, &item->error) != TOK_OK)
		tok_buffer_clear(&item->lines);
}

/* ---- in order --------------------------------------------------------------- */

static void say(struct merge_run *run, const char *message)
{
	cli_progress_clear(&run->progress);
	cli_error("%s", message);
	run->trouble = true;
}

static void say_troubles(struct merge_run *run, const struct merge_batch *batch)
{
	const char *messages = (const char *)batch->trouble.bytes;
	for (size_t at = 0; at < batch->trouble.count; at += strlen(messages + at) + 1)
		say(run, messages + at);
	if (batch->memory_out)
		say(run, "out of memory");
}

static bool add_totals(struct merge_run *run, const struct merge_item *item)
{
	const struct merge_totals *more = &item->totals;
	struct merge_totals *all = &run->totals;
	all->documents += more->documents;
	all->batches += more->batches;
	all->ids += more->ids;
	all->merged += more->merged;
	all->merges += more->merges;
	all->new_tokens += more->new_tokens;
	run->curve.documents = all->documents;
	run->curve.batches = all->batches;
	return run->opts->curve < 0 || more->batches == 0 ||
	       merge_curve_add(&run->curve, more->ids, item->lengths, item->length_count);
}

static bool write_item(void *context, void *worker, size_t slot)
{
	struct merge_run *run = context;
	struct merge_item *item = &run->items[slot];
	struct tok_error err = { 0 };
	(void)worker;
	say_troubles(run, &item->batch);
	if (item->error.status != TOK_OK) {
		tok_fail_in(&item->error, item->error.status, "batch %" PRIu64, item->number);
		say(run, item->error.message);
	}
	if (run->embed && merge_embed_is_lost(run->embed)) {
		run->output_lost = true;
		merge_reader_stop(&run->reader);
		return false;
	}
	if (!add_totals(run, item)) {
		tok_fail_memory(&err);
	} else if (cli_output_add(&run->out, item->lines.bytes, item->lines.count, &err) ==
		   TOK_OK) {
		run->done.bytes_read = item->batch.bytes_read;
		run->done.bytes += item->batch.bytes;
		run->done.tokens = run->totals.ids;
		cli_progress_show(&run->progress, &run->done);
		return true;
	}
	run->output_lost = true;
	say(run, err.message);
	merge_reader_stop(&run->reader);
	return false;
}

static void release_items(struct merge_run *run, size_t count)
{
	for (size_t i = 0; run->items && i < count; i++) {
		merge_batch_release(&run->items[i].batch);
		tok_buffer_release(&run->items[i].lines);
		free(run->items[i].lengths);
	}
	free(run->items);
}

bool merge_run(struct merge_run *run)
{
	static const struct cli_pool_steps steps = { begin_worker, end_worker, read_item,
						     work_on_item, write_item };
	struct tok_error err = { 0 };
	/* Rows are made in the order of the batches; there the network has the threads. */
	const size_t threads = run->embed ? 1 : cli_threads_for(run->opts->threads);
	const size_t slots = cli_pool_slots(threads);
	enum tok_status status = TOK_OK;
	run->items = calloc(slots, sizeof *run->items);
	if (!run->items)
		status = tok_fail_memory(&err);
	if (status == TOK_OK)
		status = cli_pool_run(&steps, run, threads, &err);
	release_items(run, slots);
	if (status == TOK_OK && !run->output_lost && run->opts->curve >= 0)
		status = merge_curve_write(&run->curve, (enum merge_curve)run->opts->curve,
					   &run->out, &err);
	if (status != TOK_OK) {
		say(run, err.message);
		run->output_lost = true;
	}
	return !run->trouble;
}

/* ---- what was done ---------------------------------------------------------- */

static double percent_of(uint64_t part, uint64_t whole)
{
	return whole ? 100 * (double)part / (double)whole : 100;
}

static void tell_json(const struct merge_run *run)
{
	const struct merge_totals *t = &run->totals;
	fprintf(stderr,
		"{\"schema\":\"tok.merge.stats.1\",\"documents\":%" PRIu64 ",\"batches\":%" PRIu64
		",\"ids\":%" PRIu64 ",\"merged\":%" PRIu64 ",\"percent\":%.4f,\"merges\":%" PRIu64
		",\"new_tokens\":%" PRIu64,
		t->documents, t->batches, t->ids, t->merged, percent_of(t->merged, t->ids),
		t->merges, t->new_tokens);
	if (run->embed)
		fprintf(stderr, ",\"rows_made\":%" PRIu64 ",\"rows_found\":%" PRIu64,
			merge_embed_made(run->embed), merge_embed_hits(run->embed));
	fprintf(stderr, "}\n");
}

static const char *why_nothing(const struct merge_run *run)
{
	if (run->opts->merges == 0 || run->opts->reduce == 0)
		return "none was asked for";
	if (run->totals.ids == 0)
		return "there are no ids";
	return "no two neighbours may be joined under this --boundary";
}

static void tell_text(const struct merge_run *run)
{
	const struct merge_totals *t = &run->totals;
	fprintf(stderr,
		"documents %" PRIu64 ", batches %" PRIu64 ", ids %" PRIu64 " -> %" PRIu64
		" (%.2f%%), merges %" PRIu64 ", new tokens %" PRIu64 "\n",
		t->documents, t->batches, t->ids, t->merged, percent_of(t->merged, t->ids),
		t->merges, t->new_tokens);
	if (run->embed)
		fprintf(stderr, "rows made %" PRIu64 ", found %" PRIu64 "\n",
			merge_embed_made(run->embed), merge_embed_hits(run->embed));
	if (t->merges == 0)
		fprintf(stderr, "nothing was merged: %s\n", why_nothing(run));
	for (size_t i = 0; t->merges && run->opts->curve >= 0 && i < 6; i++)
		fprintf(stderr, "%s%u%% after %zu%s",
			i ? ", " : "of what all merges save: ", merge_curve_percents[i],
			merge_curve_reach(&run->curve, merge_curve_percents[i]),
			i == 5 ? "\n" : "");
}

void merge_tell(const struct merge_run *run)
{
	switch ((enum merge_stats)run->opts->stats) {
	case MERGE_STATS_TEXT:
		tell_text(run);
		return;
	case MERGE_STATS_JSON:
		tell_json(run);
		return;
	case MERGE_STATS_NONE:
		return;
	}
}
