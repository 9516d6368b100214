/* encode_run.c - what the threads of tok encode do. */
#include <inttypes.h>
#include <stdlib.h>

#include "cmd/cli_chars.h"
#include "cmd/cli_encoder.h"
#include "cmd/cli_pool.h"
#include "cmd/encode_internal.h"

/* A whole document up to this size is made ready as one; a longer one as a part. */
enum { SMALL_DOCUMENT = 1 << 20 };

/* A block that holds this much takes no further document: templates and padding can make
 * very much of little text. */
enum { BLOCK_SIZE = 1 << 23 };

struct worker {
	struct encode_run *run;
	struct cli_encoder encoder;
	struct cli_chars chars;
	struct tok_range *ranges; /* in characters */
	size_t range_capacity;
};

/* A document of a work: where it begins in the text of its region. */
struct spot {
	size_t region, byte;
};

struct encode_item {
	struct cli_work work;
	struct cli_block block;
	struct spot next;       /* what comes behind the block */
	struct tok_error error; /* of that document */
};

/* Ids that may be written: of the part, and in all. */
struct limits {
	uint64_t part, room;
};

static void *begin_worker(void *context)
{
	struct encode_run *run = context;
	struct worker *w = calloc(1, sizeof *w);
	if (!w)
		return NULL;
	w->run = run;
	if (cli_encoder_init(&w->encoder, run->tokenizer, &run->opts->split))
		return w;
	free(w);
	return NULL;
}

static void end_worker(void *worker)
{
	struct worker *w = worker;
	cli_encoder_release(&w->encoder);
	cli_chars_release(&w->chars);
	free(w->ranges);
	free(w);
}

/* ---- text to a block ------------------------------------------------------ */

static enum tok_status count_in_characters(struct worker *w, struct tok_span text,
					   struct tok_encoding *encoding, struct tok_error *err)
{
	if (!cli_chars_set(&w->chars, text) ||
	    !tok_grow(&w->ranges, &w->range_capacity, encoding->count, sizeof *w->ranges))
		return tok_fail_memory(err);
	for (size_t i = 0; i < encoding->count; i++)
		w->ranges[i] = cli_chars_range(&w->chars, encoding->ranges[i]);
	encoding->ranges = w->ranges;
	return TOK_OK;
}

/* At most `limit` ids of a text, which is a document or, without --jsonl, a part. */
static enum tok_status encode_text(struct worker *w, struct tok_span text, bool continues,
				   uint64_t limit, struct tok_encoding *out, struct tok_error *err)
{
	const struct encode_run *run = w->run;
	struct tok_encode_options how = run->how;
	const struct encode_options *opts = run->opts;
	how.continues = continues;
	const enum tok_status status = cli_encoder_text(&w->encoder, &how, &text, out, err);
	if (status != TOK_OK)
		return status;
	if (out->count > limit)
		out->count = (size_t)limit;
	if (opts->offsets && opts->offset_unit == ENCODE_UNIT_CHAR)
		return count_in_characters(w, text, out, err);
	return TOK_OK;
}

static enum tok_status encode_document(struct worker *w, struct encode_item *item,
				       struct tok_span text, uint64_t room, struct tok_error *err)
{
	const struct encode_run *run = w->run;
	const uint64_t most = run->opts->max_tokens;
	struct tok_encoding encoding;
	enum tok_status status =
	    cli_documents_check(&run->opts->split, &run->source.cut, text, err);
	if (status == TOK_OK)
		status = encode_text(w, text, false, room < most ? room : most, &encoding, err);
	if (status != TOK_OK)
		return status;
	struct cli_shape shape = *run->shape;
	if (encoding.count == room)
		shape.eod = TOK_NO_ID; /* there is no room for it */
	return cli_block_document(&item->block, &shape, &encoding) ? TOK_OK : tok_fail_memory(err);
}

static bool is_full(const struct cli_block *block, uint64_t room)
{
	return block->ids >= room || block->bytes.count >= BLOCK_SIZE;
}

/* Documents of a region until there is no room for more. */
static enum tok_status encode_documents(struct worker *w, struct encode_item *item, uint64_t room,
					struct tok_error *err)
{
	const struct spot from = item->next;
	const struct cli_region *region = &item->work.regions[from.region];
	const struct tok_span all = cli_work_text(&item->work, from.region);
	struct cli_block *block = &item->block;
	struct tok_span rest = tok_span_slice(all, from.byte, all.count);
	do {
		struct tok_span text = rest;
		if (region->several)
			text = cli_split_next(&w->run->opts->split, &rest);
		else
			rest.count = 0;
		const enum tok_status status =
		    encode_document(w, item, text, room - block->ids, err);
		if (status != TOK_OK)
			return status;
		struct cli_block_end *end = &block->ends[block->count - 1];
		end->region = (uint32_t)from.region;
		end->text =
		    (uint32_t)(rest.count ? all.count - rest.count : region->end - region->bytes);
		item->next.byte = all.count - rest.count;
	} while (rest.count && !is_full(block, room));
	if (!rest.count)
		item->next = (struct spot){ from.region + 1, 0 };
	return TOK_OK;
}

static enum tok_status encode_part(struct worker *w, struct encode_item *item, uint64_t limit,
				   struct tok_error *err)
{
	const size_t at = item->next.region;
	const struct cli_region *region = &item->work.regions[at];
	const struct tok_span text = cli_work_text(&item->work, at);
	struct tok_encoding encoding = { 0 };
	enum tok_status status = TOK_OK;
	if (limit > 0 && (region->first || text.count > 0))
		status = encode_text(w, text, !region->first, limit, &encoding, err);
	if (status != TOK_OK)
		return cli_region_fail(region, status, err);
	if (!cli_block_part(&item->block, w->run->shape, &encoding, region->base))
		return tok_fail_memory(err);
	item->next = (struct spot){ at + 1, 0 };
	return TOK_OK;
}

/* The documents of an item from one on, as far as limits and errors allow. */
static void encode_from(struct worker *w, struct encode_item *item, struct spot from,
			struct limits limits)
{
	struct cli_block *block = &item->block;
	enum tok_status status = TOK_OK;
	cli_block_clear(block);
	item->error = (struct tok_error){ 0 };
	item->next = from;
	while (status == TOK_OK && item->next.region < item->work.region_count &&
	       !is_full(block, limits.room)) {
		const struct cli_region *region = &item->work.regions[item->next.region];
		const bool is_small =
		    region->first && region->last && region->count <= SMALL_DOCUMENT;
		const uint64_t room = limits.room - block->ids;
		if (region->several || is_small)
			status = encode_documents(w, item, limits.room, &item->error);
		else
			status = encode_part(w, item, limits.part < room ? limits.part : room,
					     &item->error);
	}
}

static bool read_item(void *context, size_t slot, size_t *bytes)
{
	struct encode_run *run = context;
	struct encode_item *item = &run->items[slot];
	if (!cli_source_read(&run->source, &item->work))
		return false;
	*bytes = item->work.text.count;
	return true;
}

static void work_on_item(void *context, void *worker, size_t slot)
{
	const struct encode_run *run = context;
	const struct limits limits = { run->opts->max_tokens, run->opts->budget };
	encode_from(worker, &run->items[slot], (struct spot){ 0 }, limits);
}

/* ---- blocks to the writer, in order --------------------------------------- */

static bool lose_output(struct encode_run *run, const struct tok_error *err)
{
	run->output_lost = true;
	cli_progress_clear(&run->progress);
	cli_error("%s", err->message);
	cli_source_stop(&run->source, CLI_SOURCE_ALL);
	return false;
}

/* What is missing of an operand is not wanted any more. */
static void give_up(struct encode_run *run, size_t operand)
{
	cli_source_stop(&run->source, operand + 1);
	run->place = (struct cli_place){ .operand = operand + 1 };
}

/* A document that is given up half way still ends, so that the next one begins
 * where a reader looks for it. */
static bool end_half_document(struct encode_run *run)
{
	struct cli_writer *writer = &run->dataset.writer;
	struct tok_error err = { 0 };
	if (!writer->inside || cli_writer_end(writer, false, &err) == TOK_OK)
		return true;
	return lose_output(run, &err);
}

static void enter_operand(struct encode_run *run, size_t operand)
{
	if (operand != run->place.operand)
		run->place = (struct cli_place){ .operand = operand };
}

static bool refuse_operand(struct encode_run *run, size_t operand, struct tok_error *err,
			   bool of_document)
{
	enter_operand(run, operand);
	if (of_document)
		tok_fail_in(err, err->status, "'%s': %s %" PRIu64,
			    run->source.files->items[operand].path,
			    run->opts->split.jsonl ? "line" : "document", run->place.number + 1);
	cli_progress_clear(&run->progress);
	cli_error("%s", err->message);
	run->trouble = true;
	give_up(run, operand);
	return end_half_document(run);
}

/* The documents of a block, with a new shard after each one that fills a shard. */
static enum tok_status write_documents(struct encode_run *run, const struct encode_item *item,
				       struct tok_error *err)
{
	struct cli_dataset *dataset = &run->dataset;
	const struct cli_block *block = &item->block;
	size_t from = 0;
	enum tok_status status = TOK_OK;
	while (from < block->count && status == TOK_OK) {
		uint64_t ids = dataset->writer.total;
		size_t to = from;
		while (to < block->count && (to == from || ids < cli_dataset_limit(dataset))) {
			const struct cli_block_end *end = &block->ends[to++];
			const struct cli_region *region = &item->work.regions[end->region];
			enter_operand(run, region->operand);
			run->place.number++;
			run->place.bytes = region->bytes + end->text;
			ids += end->ids;
		}
		status = cli_dataset_open(dataset, err);
		if (status == TOK_OK)
			status = cli_writer_documents(&dataset->writer, block, from, to, err);
		if (status == TOK_OK && ids >= cli_dataset_limit(dataset))
			status = cli_dataset_close(dataset, &run->place, err);
		from = to;
	}
	return status;
}

/* A long document ends; `enough`: only its beginning is wanted. */
static enum tok_status end_document(struct encode_run *run, const struct cli_region *region,
				    bool enough, struct tok_error *err)
{
	struct cli_dataset *dataset = &run->dataset;
	const bool eod =
	    cli_shape_has_eod(run->shape) && cli_dataset_total(dataset) < run->opts->budget;
	enum tok_status status = cli_writer_end(&dataset->writer, eod, err);
	run->place.number++;
	run->place.bytes = region->end;
	if (enough && !region->last)
		give_up(run, region->operand);
	if (status == TOK_OK && dataset->writer.total >= cli_dataset_limit(dataset))
		status = cli_dataset_close(dataset, &run->place, err);
	return status;
}

static enum tok_status write_part(struct encode_run *run, const struct encode_item *item,
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
	const bool enough =
	    cli_split_is_whole(&run->opts->split) && writer->in_document >= run->opts->max_tokens;
	if (status != TOK_OK || (!region->last && !enough))
		return status;
	return end_document(run, region, enough, err);
}

/* What may still be written. */
static struct limits find_limits(const struct encode_run *run, const struct encode_item *item)
{
	const struct cli_region *last = &item->work.regions[item->work.region_count - 1];
	const uint64_t begun = last->first ? 0 : run->dataset.writer.in_document;
	const uint64_t most = run->opts->max_tokens;
	return (struct limits){ begun < most ? most - begun : 0,
				run->opts->budget - cli_dataset_total(&run->dataset) };
}

static bool exceeds(const struct cli_block *block, struct limits limits)
{
	return block->part_ids > limits.part || block->ids > limits.room ||
	       block->part_ids > limits.room - block->ids;
}

static struct spot skip_given_up(const struct encode_run *run, const struct cli_work *work,
				 struct spot at)
{
	while (at.region < work->region_count &&
	       work->regions[at.region].operand < run->place.operand)
		at = (struct spot){ at.region + 1, 0 };
	return at;
}

/* Write a block of what begins at `from`; *next is where to go on, behind it and
 * behind an operand that was refused.  What a thread made without knowing the limits,
 * or that an operand was given up, is made again. */
static bool write_from(struct encode_run *run, struct worker *w, struct encode_item *item,
		       struct spot from, struct spot *next)
{
	struct tok_error err = { 0 };
	const struct limits limits = find_limits(run, item);
	if (from.region > 0 || from.byte > 0 || exceeds(&item->block, limits))
		encode_from(w, item, from, limits);
	if (write_documents(run, item, &err) != TOK_OK || write_part(run, item, &err) != TOK_OK)
		return lose_output(run, &err);
	*next = item->next;
	if (cli_dataset_total(&run->dataset) >= run->opts->budget) {
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
	struct encode_run *run = context;
	struct encode_item *item = &run->items[slot];
	struct cli_work *work = &item->work;
	struct spot at = skip_given_up(run, work, (struct spot){ 0 });
	while (at.region < work->region_count)
		if (!write_from(run, worker, item, at, &at))
			return false;
	if (work->error.status != TOK_OK && work->error_operand >= run->place.operand &&
	    !refuse_operand(run, work->error_operand, &work->error,
			    work->error.status == TOK_ELIMIT))
		return false;
	run->done =
	    (struct cli_done){ work->bytes, work->bytes_read, cli_dataset_total(&run->dataset) };
	cli_progress_show(&run->progress, &run->done);
	return true;
}

bool encode_run(struct encode_run *run)
{
	static const struct cli_pool_steps steps = { begin_worker, end_worker, read_item,
						     work_on_item, write_item };
	struct tok_error err = { 0 };
	const size_t threads = cli_threads_for(run->opts->threads);
	const size_t slots = cli_pool_slots(threads);
	enum tok_status status = TOK_OK;
	run->items = calloc(slots, sizeof *run->items);
	if (!run->items)
		status = tok_fail_memory(&err);
	cli_source_begin(&run->source);
	if (status == TOK_OK && cli_dataset_total(&run->dataset) < run->opts->budget)
		status = cli_pool_run(&steps, run, threads, &err);
	cli_source_end(&run->source);
	for (size_t i = 0; run->items && i < slots; i++) {
		cli_work_release(&run->items[i].work);
		cli_block_release(&run->items[i].block);
	}
	free(run->items);
	if (status != TOK_OK)
		cli_error("%s", err.message);
	return status == TOK_OK && !run->trouble && !run->output_lost;
}
