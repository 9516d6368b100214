#include "cmd/cli_encoded.h"

#include <stdlib.h>

#include "cmd/cli_bad.h"
#include "cmd/cli_encoder.h"
#include "cmd/cli_pool.h"

/* What a thread made of a document or a part of it. */
struct piece {
	size_t region;
	size_t begin, count; /* of the item's ids */
	uint64_t bytes;
	bool first, last, bad;
};

struct encoded_item {
	struct cli_work work;
	struct tok_buffer ids;
	struct piece *pieces;
	size_t count, capacity;
	uint64_t bad;           /* pieces */
	struct tok_error error; /* of the first of them */
	struct tok_error fatal;
};

struct encoded_run {
	const struct cli_encoded_job *job;
	struct cli_source source;
	struct encoded_item *items; /* one a slot of the pool */
	struct cli_bad left_out;
	struct cli_done done;
	bool broken; /* the current document: what is left of it is not handed over */
	struct tok_error fatal;
};

struct worker {
	const struct encoded_run *run;
	struct cli_encoder encoder;
};

/* ---- encoding -------------------------------------------------------------- */

static void *begin_worker(void *context)
{
	const struct encoded_run *run = context;
	struct worker *w = calloc(1, sizeof *w);
	if (!w)
		return NULL;
	w->run = run;
	if (cli_encoder_init(&w->encoder, run->job->tokenizer, run->job->split))
		return w;
	free(w);
	return NULL;
}

static void end_worker(void *worker)
{
	struct worker *w = worker;
	cli_encoder_release(&w->encoder);
	free(w);
}

static bool read_item(void *context, size_t slot, size_t *bytes)
{
	struct encoded_run *run = context;
	struct encoded_item *item = &run->items[slot];
	if (!cli_source_read(&run->source, &item->work))
		return false;
	*bytes = item->work.text.count;
	return true;
}

static enum tok_status encode_text(struct worker *w, struct encoded_item *item,
				   struct tok_span text, struct piece *piece, struct tok_error *err)
{
	struct tok_encode_options how = w->run->job->how;
	struct tok_encoding made = { 0 };
	how.continues = !piece->first;
	const enum tok_status status = cli_encoder_text(&w->encoder, &how, &text, &made, err);
	if (status != TOK_OK)
		return status;
	piece->count = made.count;
	piece->bytes = text.count;
	return tok_buffer_add(&item->ids, made.ids, made.count * sizeof *made.ids)
		   ? TOK_OK
		   : tok_fail_memory(err);
}

/* Adds a piece, good or bad; false where memory is out. */
static bool add_piece(struct encoded_item *item, struct piece piece, enum tok_status status,
		      const struct tok_error *err)
{
	if (status == TOK_ENOMEM ||
	    !tok_grow(&item->pieces, &item->capacity, item->count + 1, sizeof *item->pieces)) {
		tok_fail_memory(&item->fatal);
		return false;
	}
	piece.bad = status != TOK_OK;
	if (piece.bad && item->bad++ == 0)
		item->error = *err;
	item->pieces[item->count++] = piece;
	return true;
}

static bool encode_documents(struct worker *w, struct encoded_item *item, size_t at)
{
	const struct cli_split *split = w->run->job->split;
	struct tok_span rest = cli_work_text(&item->work, at);
	bool well = true;
	while (rest.count && well) {
		struct tok_error err = { 0 };
		struct piece piece = { .region = at,
				       .begin = item->ids.count / sizeof(tok_id),
				       .first = true,
				       .last = true };
		const struct tok_span text = cli_split_next(split, &rest);
		enum tok_status status =
		    cli_documents_check(split, &w->run->source.cut, text, &err);
		if (status == TOK_OK)
			status = encode_text(w, item, text, &piece, &err);
		well = add_piece(item, piece, status, &err);
	}
	return well;
}

static bool encode_part(struct worker *w, struct encoded_item *item, size_t at)
{
	const struct cli_region *region = &item->work.regions[at];
	const struct tok_span text = cli_work_text(&item->work, at);
	struct tok_error err = { 0 };
	struct piece piece = { .region = at,
			       .begin = item->ids.count / sizeof(tok_id),
			       .first = region->first,
			       .last = region->last };
	enum tok_status status = TOK_OK;
	if (region->first || text.count)
		status = encode_text(w, item, text, &piece, &err);
	if (status != TOK_OK)
		status = cli_region_fail(region, status, &err);
	return add_piece(item, piece, status, &err);
}

static void work_on_item(void *context, void *worker, size_t slot)
{
	struct encoded_run *run = context;
	struct encoded_item *item = &run->items[slot];
	bool well = true;
	item->count = 0;
	item->bad = 0;
	item->fatal = (struct tok_error){ 0 };
	tok_buffer_clear(&item->ids);
	for (size_t i = 0; i < item->work.region_count && well; i++)
		well = item->work.regions[i].several ? encode_documents(worker, item, i)
						     : encode_part(worker, item, i);
}

/* ---- handing over, in order ------------------------------------------------- */

static enum tok_status use_piece(struct encoded_run *run, const struct encoded_item *item,
				 const struct piece *piece, struct tok_error *err)
{
	static const tok_id none;
	const tok_id *ids = (const tok_id *)(const void *)item->ids.bytes;
	const struct cli_encoded encoded = {
		.operand = item->work.regions[piece->region].operand,
		.number = run->left_out.documents + 1,
		.ids = piece->count ? ids + piece->begin : &none,
		.count = piece->count,
		.bytes = piece->bytes,
		.first = piece->first,
		.last = piece->last,
	};
	run->done.tokens += piece->count;
	return run->job->use(run->job->context, &encoded, err);
}

static enum tok_status use_item(struct encoded_run *run, const struct encoded_item *item,
				struct tok_error *err)
{
	uint64_t bad = 0;
	enum tok_status status = item->fatal.status;
	if (status != TOK_OK)
		return tok_fail(err, status, "%s", item->fatal.message);
	for (size_t i = 0; i < item->count && status == TOK_OK; i++) {
		const struct piece *piece = &item->pieces[i];
		cli_bad_enter(&run->left_out, item->work.regions[piece->region].operand);
		if (piece->first)
			run->broken = false;
		if (piece->bad && bad++ == 0)
			cli_bad_document(&run->left_out, 1, item->bad - 1, item->error);
		run->broken |= piece->bad;
		if (!run->broken)
			status = use_piece(run, item, piece, err);
		cli_bad_count(&run->left_out, piece->last);
	}
	if (status == TOK_OK && item->work.error.status != TOK_OK)
		cli_bad_end(&run->left_out, item->work.error_operand, item->work.error);
	return status;
}

static bool write_item(void *context, void *worker, size_t slot)
{
	struct encoded_run *run = context;
	const struct encoded_item *item = &run->items[slot];
	const atomic_bool *stop = run->job->stop;
	(void)worker;
	const enum tok_status status = use_item(run, item, &run->fatal);
	run->done.bytes = item->work.bytes;
	run->done.bytes_read = item->work.bytes_read;
	cli_progress_show(run->job->progress, &run->done);
	if (status == TOK_OK && !(stop && atomic_load(stop)))
		return true;
	cli_source_stop(&run->source, CLI_SOURCE_ALL);
	return false;
}

enum tok_status cli_encoded_run(const struct cli_encoded_job *job, struct cli_done *done,
				bool *trouble, struct tok_error *err)
{
	static const struct cli_pool_steps steps = { begin_worker, end_worker, read_item,
						     work_on_item, write_item };
	const size_t threads = cli_threads_for(job->threads);
	const size_t slots = cli_pool_slots(threads);
	struct encoded_run run = {
		.job = job,
		.source = { .files = job->files,
			    .split = job->split,
			    .cut = cli_cut_for(job->tokenizer, &job->how),
			    .raw = job->raw },
		.items = calloc(slots, sizeof *run.items),
		.left_out = { .files = job->files, .split = job->split, .progress = job->progress },
	};
	if (!run.items)
		return tok_fail_memory(err);
	cli_source_begin(&run.source);
	enum tok_status status = cli_pool_run(&steps, &run, threads, err);
	cli_source_end(&run.source);
	for (size_t i = 0; i < slots; i++) {
		cli_work_release(&run.items[i].work);
		tok_buffer_release(&run.items[i].ids);
		free(run.items[i].pieces);
	}
	free(run.items);
	*done = run.done;
	*trouble |= run.left_out.trouble;
	if (status == TOK_OK && run.fatal.status != TOK_OK)
		status = tok_fail(err, run.fatal.status, "%s", run.fatal.message);
	return status;
}
