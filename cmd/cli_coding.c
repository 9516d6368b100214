#include "cmd/cli_coding.h"

#include <inttypes.h>
#include <stdlib.h>

#include "cmd/cli_json.h"
#include "cmd/cli_pool.h"

/* A whole document up to this size is made ready as one; a longer one as a part. */
enum { SMALL_DOCUMENT = 1 << 20 };

/* A block that holds this much takes no further document: templates, padding and copies
 * can make very much of little text, and of an empty document no bytes at all. */
enum { BLOCK_SIZE = 1 << 23, BLOCK_DOCUMENTS = 1 << 17 };

struct worker {
	struct cli_coding *run;
	void *coder;
	struct vocab_json_document json; /* of the current line */
};

_Static_assert(CLI_WORK_REGIONS <= INT32_MAX, "cli_block_end.region has 31 bits");

/* A document of a work: where it begins in the text of its region. */
struct spot {
	size_t region, byte;
	uint64_t copy;     /* to be made next */
	uint64_t document; /* its number in the region */
};

struct cli_coding_item {
	struct cli_work work;
	struct cli_block block;
	struct cli_tally *tallies; /* of the block's documents, and of its part behind them */
	size_t tally_capacity;
	uint64_t skipped;       /* as it was when the block was made */
	struct spot next;       /* what comes behind the block */
	struct tok_error error; /* of that document */
};

/* What a thread cannot know ahead: ids that may still be written, of the part and in
 * all, and how many documents before were numbered in vain. */
struct terms {
	uint64_t part, room, skipped;
};

static void *begin_worker(void *context)
{
	struct cli_coding *run = context;
	struct worker *w = calloc(1, sizeof *w);
	if (!w)
		return NULL;
	w->run = run;
	w->coder = run->coder->begin(run->context);
	if (w->coder)
		return w;
	free(w);
	return NULL;
}

static void end_worker(void *worker)
{
	struct worker *w = worker;
	w->run->coder->end(w->coder);
	vocab_json_release(&w->json);
	free(w);
}

/* ---- text to a block ------------------------------------------------------ */

/* At most `limit` ids. */
static enum tok_status make_ids(struct worker *w, struct cli_piece *piece, uint64_t limit,
				struct cli_made *out, struct tok_error *err)
{
	const char *field = w->run->source.split->jsonl;
	enum tok_status status = TOK_OK;
	if (field)
		status = cli_json_text(&w->json, piece->text, field, &piece->text, err);
	if (status == TOK_OK)
		status = w->run->coder->encode(w->coder, piece, out, err);
	if (status == TOK_OK && out->encoding.count > limit)
		out->encoding.count = (size_t)limit;
	return status;
}

/* The `at`-th of a block. */
static bool keep_tally(struct cli_coding_item *item, size_t at, const struct cli_tally *tally)
{
	if (!tok_grow(&item->tallies, &item->tally_capacity, at + 1, sizeof *item->tallies))
		return false;
	item->tallies[at] = *tally;
	return true;
}

/* A copy of a document to the item's block. */
static enum tok_status encode_document(struct worker *w, struct cli_coding_item *item,
				       struct cli_piece *piece, uint64_t room,
				       struct tok_error *err)
{
	const struct cli_coding *run = w->run;
	const uint64_t limit = room < run->max_tokens ? room : run->max_tokens;
	struct cli_made made;
	enum tok_status status =
	    cli_documents_check(run->source.split, &run->source.cut, piece->text, err);
	if (status == TOK_OK)
		status = make_ids(w, piece, limit, &made, err);
	if (status != TOK_OK)
		return status;
	struct cli_shape shape = *run->shape;
	if (made.encoding.count == room)
		shape.eod = TOK_NO_ID; /* there is no room for it */
	if (run->coder->tallies && !keep_tally(item, item->block.count, &made.tally))
		return tok_fail_memory(err);
	return cli_block_document(&item->block, &shape, &made.encoding) ? TOK_OK
									: tok_fail_memory(err);
}

static bool is_full(const struct cli_block *block, uint64_t room)
{
	return block->ids >= room || block->bytes.count >= BLOCK_SIZE ||
	       block->count >= BLOCK_DOCUMENTS;
}

/* Documents of a region until there is no room for more. */
static enum tok_status encode_documents(struct worker *w, struct cli_coding_item *item,
					const struct terms *terms, struct tok_error *err)
{
	struct spot at = item->next;
	const struct cli_region *region = &item->work.regions[at.region];
	const struct tok_span all = cli_work_text(&item->work, at.region);
	struct cli_block *block = &item->block;
	struct cli_piece piece = { .document = region->number + at.document - terms->skipped,
				   .copy = at.copy };
	bool done;
	do {
		struct tok_span rest = tok_span_slice(all, at.byte, all.count);
		piece.text = rest;
		if (region->several)
			piece.text = cli_split_next(w->run->source.split, &rest);
		else
			rest.count = 0;
		item->next = at;
		const enum tok_status status =
		    encode_document(w, item, &piece, terms->room - block->ids, err);
		if (status != TOK_OK)
			return status;
		struct cli_block_end *end = &block->ends[block->count - 1];
		end->region = (uint32_t)at.region & INT32_MAX;
		end->text =
		    (uint32_t)(rest.count ? all.count - rest.count : region->end - region->bytes);
		piece.again = piece.copy + 1 < w->run->copies;
		end->more = piece.again;
		done = !piece.again && rest.count == 0;
		if (piece.again) {
			at.copy = ++piece.copy;
		} else {
			at.byte = all.count - rest.count;
			at.copy = piece.copy = 0;
			at.document++;
			piece.document++;
		}
	} while (!done && !is_full(block, terms->room));
	item->next = done ? (struct spot){ .region = at.region + 1 } : at;
	return TOK_OK;
}

static enum tok_status encode_part(struct worker *w, struct cli_coding_item *item, uint64_t limit,
				   const struct terms *terms, struct tok_error *err)
{
	const size_t at = item->next.region;
	const struct cli_region *region = &item->work.regions[at];
	struct cli_piece piece = {
		.text = cli_work_text(&item->work, at),
		.continues = !region->first,
		.before = region->before,
		.document = region->number - terms->skipped,
	};
	struct cli_made made = { 0 };
	enum tok_status status = TOK_OK;
	if (limit > 0 && (region->first || piece.text.count > 0))
		status = make_ids(w, &piece, limit, &made, err);
	if (status != TOK_OK)
		return w->run->source.ids ? status : cli_region_fail(region, status, err);
	if (w->run->coder->tallies && !keep_tally(item, item->block.count, &made.tally))
		return tok_fail_memory(err);
	if (!cli_block_part(&item->block, w->run->shape, &made.encoding, region->base))
		return tok_fail_memory(err);
	item->next = (struct spot){ .region = at + 1 };
	return TOK_OK;
}

/* Is a region made ready as whole documents? */
static bool is_whole(const struct cli_coding *run, const struct cli_region *region)
{
	return region->several || (region->first && region->last &&
				   (region->count <= SMALL_DOCUMENT || run->copies > 1));
}

/* The documents of an item from one on, as far as the terms and errors allow. */
static void encode_from(struct worker *w, struct cli_coding_item *item, struct spot from,
			struct terms terms)
{
	struct cli_block *block = &item->block;
	enum tok_status status = TOK_OK;
	cli_block_clear(block);
	item->error = (struct tok_error){ 0 };
	item->skipped = terms.skipped;
	item->next = from;
	while (status == TOK_OK && item->next.region < item->work.region_count &&
	       !is_full(block, terms.room)) {
		const struct cli_region *region = &item->work.regions[item->next.region];
		const uint64_t room = terms.room - block->ids;
		if (is_whole(w->run, region))
			status = encode_documents(w, item, &terms, &item->error);
		else
			status = encode_part(w, item, terms.part < room ? terms.part : room, &terms,
					     &item->error);
	}
}

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
	const struct terms terms = { run->max_tokens, run->budget, atomic_load(&run->skipped) };
	encode_from(worker, &run->items[slot], (struct spot){ 0 }, terms);
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
static struct terms find_terms(const struct cli_coding *run, const struct cli_coding_item *item,
			       struct spot at)
{
	const struct cli_region *last = &item->work.regions[item->work.region_count - 1];
	const uint64_t begun = last->first ? 0 : run->dataset.writer.in_document;
	const uint64_t most = run->max_tokens;
	const uint64_t number = item->work.regions[at.region].number + at.document;
	return (struct terms){ .part = begun < most ? most - begun : 0,
			       .room = run->budget - cli_dataset_total(&run->dataset),
			       .skipped = run->source.numbered ? number - run->documents : 0 };
}

/* Was the block made without what is known now? */
static bool is_stale(const struct cli_coding_item *item, struct terms terms)
{
	const struct cli_block *block = &item->block;
	return block->part_ids > terms.part || block->ids > terms.room ||
	       block->part_ids > terms.room - block->ids || item->skipped != terms.skipped;
}

static struct spot skip_given_up(const struct cli_coding *run, const struct cli_work *work,
				 struct spot at)
{
	while (at.region < work->region_count &&
	       work->regions[at.region].operand < run->place.operand)
		at = (struct spot){ .region = at.region + 1 };
	return at;
}

/* Write a block of what begins at `from`; *next is where to go on, behind it and
 * behind an operand that was refused.  What a thread made without knowing the terms,
 * or that an operand was given up, is made again. */
static bool write_from(struct cli_coding *run, struct worker *w, struct cli_coding_item *item,
		       struct spot from, struct spot *next)
{
	struct tok_error err = { 0 };
	const struct terms terms = find_terms(run, item, from);
	const bool begins = from.region == 0 && from.byte == 0 && from.copy == 0;
	atomic_store_explicit(&run->skipped, terms.skipped, memory_order_relaxed);
	if (!begins || is_stale(item, terms))
		encode_from(w, item, from, terms);
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
	struct spot at = skip_given_up(run, work, (struct spot){ 0 });
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
	static const struct cli_pool_steps steps = { begin_worker, end_worker, read_item,
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
