/* cli_coding.c - works to threads, and their blocks to the writer, in order. */
#include <inttypes.h>
#include <stdlib.h>

#include "cmd/cli_coding_internal.h"
#include "cmd/cli_pool.h"

static bool read_item(void *context, size_t slot, size_t *bytes)
{
	struct cli_coding *run = context;
	struct cli_coding_item *item = &run->items[slot];
	if (!cli_source_read(&run->source, &item->work))
		return false;
	*bytes = item->work.text.count;
	return true;
}

static void work_on_item(void *context, void *worker, size_t slot)
{
	struct cli_coding *run = context;
	const struct cli_coding_terms terms = { run->max_tokens, run->budget,
						atomic_load(&run->skipped) };
	cli_coding_encode(worker, &run->items[slot], (struct cli_coding_spot){ 0 }, terms);
}

/* ---- blocks to the writer, in order --------------------------------------- */

static bool lose_output(struct cli_coding *run, const struct tok_error *err)
{
	run->output_lost = true;
	cli_progress_clear(&run->progress);
	cli_error("%s", err->message);
	cli_source_stop(&run->source, CLI_SOURCE_ALL);
	return false;
}

/* What is missing of an operand is not wanted any more. */
static void give_up(struct cli_coding *run, size_t operand)
{
	cli_source_stop(&run->source, operand + 1);
	run->place = (struct cli_place){ .operand = operand + 1 };
}

/* A document that is given up half way still ends, so that the next one begins
 * where a reader looks for it. */
static bool end_half_document(struct cli_coding *run)
{
	struct cli_writer *writer = &run->dataset.writer;
	struct tok_error err = { 0 };
	if (!writer->inside || cli_writer_end(writer, false, &err) == TOK_OK)
		return true;
	return lose_output(run, &err);
}

static void enter_operand(struct cli_coding *run, size_t operand)
{
	if (operand != run->place.operand)
		run->place = (struct cli_place){ .operand = operand };
}

/* Say where a document is that was refused. */
static void tell_place(struct cli_coding *run, struct tok_error *err)
{
	const char *path = run->source.files->items[run->place.operand].path;
	const struct cli_id_documents *ids = run->source.ids;
	const bool in_lines =
	    ids ? cli_ids_has_lines(ids->format) : run->source.split->jsonl != NULL;
	if (ids && !in_lines)
		tok_fail_in(err, err->status, "'%s'", path);
	else
		tok_fail_in(err, err->status, "'%s': %s %" PRIu64, path,
			    in_lines ? "line" : "document", run->place.number + 1);
}

static bool refuse_operand(struct cli_coding *run, size_t operand, struct tok_error *err,
			   bool of_document)
{
	enter_operand(run, operand);
	if (of_document)
		tell_place(run, err);
	cli_progress_clear(&run->progress);
	cli_error("%s", err->message);
	run->trouble = true;
	give_up(run, operand);
	return end_half_document(run);
}

/* The `at`-th of a block is written. */
static void add_tally(struct cli_coding *run, const struct cli_coding_item *item, size_t at)
{
	for (size_t i = 0; run->coder->tallies && i < CLI_TALLIES; i++)
		run->tally.counts[i] += item->tallies[at].counts[i];
}

/* A document is written, or a copy of it. */
static void pass_document(struct cli_coding *run, const struct cli_region *region,
			  const struct cli_block_end *end)
{
	enter_operand(run, region->operand);
	if (end->more)
		return;
	run->documents++;
	run->place.number++;
	run->place.bytes = region->bytes + end->text;
}

/* The documents of a block, with a new shard after each one that fills a shard. */
static enum tok_status write_documents(struct cli_coding *run, const struct cli_coding_item *item,
				       struct tok_error *err)
{
	struct cli_dataset *dataset = &run->dataset;
	const struct cli_block *block = &item->block;
	size_t from = 0;
	enum tok_status status = TOK_OK;
	while (from < block->count && status == TOK_OK) {
		uint64_t ids = dataset->writer.total;
		size_t to = from;
		while (to < block->count && (to == from || ids < cli_dataset_limit(dataset) ||
					     block->ends[to - 1].more)) {
			const struct cli_block_end *end = &block->ends[to];
			add_tally(run, item, to++);
			pass_document(run, &item->work.regions[end->region], end);
			ids += end->ids;
		}
		status = cli_dataset_open(dataset, err);
		if (status == TOK_OK)
			status = cli_writer_documents(&dataset->writer, block, from, to, err);
		if (status == TOK_OK && ids >= cli_dataset_limit(dataset) &&
		    !block->ends[to - 1].more)
			status = cli_dataset_close(dataset, &run->place, err);
		from = to;
	}
	return status;
}

/* A long document ends; `enough`: only its beginning is wanted. */
static enum tok_status end_document(struct cli_coding *run, const struct cli_region *region,
				    bool enough, struct tok_error *err)
{
	struct cli_dataset *dataset = &run->dataset;
	const bool eod = cli_shape_has_eod(run->shape) && cli_dataset_total(dataset) < run->budget;
	enum tok_status status = cli_writer_end(&dataset->writer, eod, err);
	run->documents++;
	run->place.number++;
	run->place.bytes = region->end;
	if (enough && !region->last)
		give_up(run, region->operand);
	if (status == TOK_OK && dataset->writer.total >= cli_dataset_limit(dataset))
		status = cli_dataset_close(dataset, &run->place, err);
	return status;
}

static enum tok_status write_part(struct cli_coding *run, const struct cli_coding_item *item,
				  struct tok_error *err)
{
	struct cli_writer *writer = &run->dataset.writer;
	const struct cli_region *region = &item->work.regions[item->work.region_count - 1];
	if (!item->block.has_part)
		return TOK_OK;
	enter_operand(run, region->operand);
	enum tok_status status = cli_dataset_open(&run->dataset, err);
	if (status == TOK_OK)
		status = cli_writer_part(writer, &item->block, err);
	add_tally(run, item, item->block.count);
	const bool enough =
	    cli_split_is_whole(run->source.split) && writer->in_document >= run->max_tokens;
	if (status != TOK_OK || (!region->last && !enough))
		return status;
	return end_document(run, region, enough, err);
}

/* The terms for what begins at a spot. */
static struct cli_coding_terms find_terms(const struct cli_coding *run,
					  const struct cli_coding_item *item,
					  struct cli_coding_spot at)
{
	const struct cli_region *last = &item->work.regions[item->work.region_count - 1];
	const uint64_t begun = last->first ? 0 : run->dataset.writer.in_document;
	const uint64_t most = run->max_tokens;
	const uint64_t number = item->work.regions[at.region].number + at.document;
	return (struct cli_coding_terms){ .part = begun < most ? most - begun : 0,
					  .room = run->budget - cli_dataset_total(&run->dataset),
					  .skipped =
					      run->source.numbered ? number - run->documents : 0 };
}

/* Was the block made without what is known now? */
static bool is_stale(const struct cli_coding_item *item, struct cli_coding_terms terms)
{
	const struct cli_block *block = &item->block;
	return block->part_ids > terms.part || block->ids > terms.room ||
	       block->part_ids > terms.room - block->ids || item->skipped != terms.skipped;
}

static struct cli_coding_spot skip_given_up(const struct cli_coding *run,
					    const struct cli_work *work, struct cli_coding_spot at)
{
	while (at.region < work->region_count &&
	       work->regions[at.region].operand < run->place.operand)
		at = (struct cli_coding_spot){ .region = at.region + 1 };
	return at;
}

/* Write a block of what begins at `from`; *next is where to go on, behind it and
 * behind an operand that was refused.  What a thread made without knowing the terms,
 * or that an operand was given up, is made again. */
static bool write_from(struct cli_coding *run, struct cli_coding_worker *w,
		       struct cli_coding_item *item, struct cli_coding_spot from,
		       struct cli_coding_spot *next)
{
	struct tok_error err = { 0 };
	const struct cli_coding_terms terms = find_terms(run, item, from);
	const bool begins = from.region == 0 && from.byte == 0 && from.copy == 0;
	atomic_store_explicit(&run->skipped, terms.skipped, memory_order_relaxed);
	if (!begins || is_stale(item, terms))
		cli_coding_encode(w, item, from, terms);
	if (write_documents(run, item, &err) != TOK_OK || write_part(run, item, &err) != TOK_OK)
		return lose_output(run, &err);
	*next = item->next;
	if (cli_dataset_total(&run->dataset) >= run->budget) {
		cli_source_stop(&run->source, CLI_SOURCE_ALL);
		(void)end_half_document(run);
		return false;
	}
	if (item->error.status == TOK_OK)
		return true;
	const size_t operand = item->work.regions[item->next.region].operand;
	if (!refuse_operand(run, operand, &item->error, true))
		return false;
	*next = skip_given_up(run, &item->work, item->next);
	return true;
}

static bool write_item(void *context, void *worker, size_t slot)
{
	struct cli_coding *run = context;
	struct cli_coding_item *item = &run->items[slot];
	struct cli_work *work = &item->work;
	struct cli_coding_spot at = skip_given_up(run, work, (struct cli_coding_spot){ 0 });
	while (at.region < work->region_count)
		if (!write_from(run, worker, item, at, &at))
			return false;
	if (work->error.status != TOK_OK && work->error_operand >= run->place.operand &&
	    !refuse_operand(run, work->error_operand, &work->error,
			    work->error.status == TOK_ELIMIT && !run->source.ids))
		return false;
	run->done =
	    (struct cli_done){ work->bytes, work->bytes_read, cli_dataset_total(&run->dataset) };
	cli_progress_show(&run->progress, &run->done);
	return true;
}

bool cli_coding_run(struct cli_coding *run)
{
	static const struct cli_pool_steps steps = { cli_coding_begin, cli_coding_end, read_item,
						     work_on_item, write_item };
	struct tok_error err = { 0 };
	const size_t threads = cli_threads_for(run->threads);
	const size_t slots = cli_pool_slots(threads);
	enum tok_status status = TOK_OK;
	run->items = calloc(slots, sizeof *run->items);
	if (!run->items)
		status = tok_fail_memory(&err);
	cli_source_begin(&run->source);
	if (status == TOK_OK && cli_dataset_total(&run->dataset) < run->budget)
		status = cli_pool_run(&steps, run, threads, &err);
	cli_source_end(&run->source);
	for (size_t i = 0; run->items && i < slots; i++) {
		cli_work_release(&run->items[i].work);
		cli_block_release(&run->items[i].block);
		free(run->items[i].tallies);
	}
	free(run->items);
	if (status != TOK_OK)
		cli_error("%s", err.message);
	return status == TOK_OK && !run->trouble && !run->output_lost;
}
