#include "cmd/cli_words.h"

#include <stdlib.h>

#include "cmd/cli_bad.h"
#include "cmd/cli_json.h"
#include "cmd/cli_pool.h"

/* What a thread has beside its counter: text that is read and worked on. */
enum { TEXT_BYTES_A_THREAD = 4 << 20 };

struct words_item {
	struct cli_work work;
	uint64_t words;
	uint64_t *documents; /* of each region */
	size_t capacity;
	/* The first bad document, and how many there are. */
	struct tok_error error;
	size_t error_region;
	uint64_t error_number; /* in its region */
	uint64_t bad;
	struct tok_error fatal;
};

struct words_run {
	const struct cli_words_job *job;
	struct cli_words *out;
	struct cli_source source;
	struct words_item *items; /* one a slot of the pool */
	struct vocab_counter_options counting;
	atomic_size_t workers; /* that took a counter */
	struct cli_bad left_out;
	struct tok_error fatal;
};

struct worker {
	struct words_run *run;
	struct tok_encoder *encoder;
	struct vocab_counter *counter;
	struct tok_json_document json;
	struct tok_buffer word; /* of a line of TSV */
	struct tok_buffer row;  /* of units */
	uint64_t words;
	struct tok_error error; /* of the counter */
};

const char *cli_spill_folder(void)
{
	const char *folder = getenv("TMPDIR");
	return folder && folder[0] ? folder : "/var/tmp";
}

/* ---- counting ------------------------------------------------------------- */

static void *begin_worker(void *context)
{
	struct words_run *run = context;
	struct tok_error err;
	struct worker *w = calloc(1, sizeof *w);
	if (!w)
		return NULL;
	w->run = run;
	w->encoder = tok_encoder_new(run->job->tokenizer);
	if (w->encoder && vocab_counter_new(&run->counting, &w->counter, &err) == TOK_OK) {
		run->out->counters[atomic_fetch_add(&run->workers, 1)] = w->counter;
		return w;
	}
	tok_encoder_free(w->encoder);
	free(w);
	return NULL;
}

static void end_worker(void *worker)
{
	struct worker *w = worker;
	struct tok_error err;
	if (!w->run->job->sample_bytes)
		(void)!vocab_counter_seal(w->counter, &err); /* else it shows later */
	tok_encoder_free(w->encoder);
	tok_json_release(&w->json);
	tok_buffer_release(&w->word);
	tok_buffer_release(&w->row);
	free(w);
}

static bool read_item(void *context, size_t slot, size_t *bytes)
{
	struct words_run *run = context;
	struct words_item *item = &run->items[slot];
	if (!cli_source_read(&run->source, &item->work))
		return false;
	*bytes = item->work.text.count;
	return true;
}

static bool take_words(void *context, struct tok_span text, const struct tok_range *words,
		       size_t count)
{
	struct worker *w = context;
	const struct vocab_units *units = w->run->job->units;
	w->words += count;
	if (units && units->take)
		return units->take(units, w->counter, &w->row, text, words, count, &w->error) ==
		       TOK_OK;
	return vocab_counter_add(w->counter, text, words, count, &w->error) == TOK_OK;
}

static enum tok_status count_line(struct worker *w, struct tok_span line, struct tok_error *err)
{
	uint64_t times;
	const enum tok_status status = cli_words_parse(line, &w->word, &times, err);
	if (status != TOK_OK)
		return status;
	w->words++;
	return vocab_counter_add_count(w->counter, tok_buffer_span(&w->word), times, &w->error);
}

static enum tok_status count_words(struct worker *w, struct tok_span text, bool continues,
				   struct tok_error *err)
{
	const struct tok_encode_options how = { .special_text = TOK_SPECIAL_MATCH,
						.continues = continues };
	const struct vocab_units *units = w->run->job->units;
	const enum tok_status status = tok_encode_words(w->encoder, text, &how, take_words, w, err);
	if (!units || !units->end)
		return status;
	if (status != TOK_OK) {
		tok_buffer_clear(&w->row);
		return status;
	}
	return units->end(units, w->counter, &w->row, &w->error);
}

/* Line by line, each with its newline. */
static enum tok_status count_lines(struct worker *w, struct tok_span text, bool continues,
				   struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	while (text.count && status == TOK_OK) {
		const uint8_t *at = memchr(text.bytes, '\n', text.count);
		const size_t count = at ? (size_t)(at - text.bytes) + 1 : text.count;
		status = count_words(w, tok_span_slice(text, 0, count), continues, err);
		text = tok_span_slice(text, count, text.count);
		continues = true;
	}
	return status;
}

static enum tok_status count_text(struct worker *w, struct tok_span text, bool first, bool last,
				  struct tok_error *err)
{
	const struct cli_words_job *job = w->run->job;
	enum tok_status status = TOK_OK;
	if (job->tsv)
		return count_line(w, text, err);
	if (job->split->jsonl)
		status = cli_json_text(&w->json, text, job->split->jsonl, &text, err);
	if (status == TOK_OK)
		status = job->units && job->units->by_lines ? count_lines(w, text, !first, err)
							    : count_words(w, text, !first, err);
	if (status == TOK_OK)
		vocab_counter_add_text(w->counter, last, text.count);
	return status;
}

/* A document is left out; false: nothing can be counted any more. */
static bool leave_out(struct worker *w, struct words_item *item, size_t region,
		      const struct tok_error *err)
{
	if (w->error.status != TOK_OK || err->status == TOK_ENOMEM) {
		item->fatal = w->error.status != TOK_OK ? w->error : *err;
		return false;
	}
	if (item->bad++ == 0) {
		item->error = *err;
		item->error_region = region;
		item->error_number = item->documents[region] + 1;
	}
	return true;
}

static bool count_documents(struct worker *w, struct words_item *item, size_t region)
{
	const struct cli_split *split = w->run->job->split;
	struct tok_span rest = cli_work_text(&item->work, region);
	while (rest.count) {
		struct tok_error err = { 0 };
		const struct tok_span text = cli_split_next(split, &rest);
		enum tok_status status =
		    cli_documents_check(split, &w->run->source.cut, text, &err);
		if (status == TOK_OK)
			status = count_text(w, text, true, true, &err);
		if (status != TOK_OK && !leave_out(w, item, region, &err))
			return false;
		item->documents[region]++;
	}
	return true;
}

static bool count_part(struct worker *w, struct words_item *item, size_t at)
{
	const struct cli_region *region = &item->work.regions[at];
	struct tok_error err = { 0 };
	const enum tok_status status =
	    count_text(w, cli_work_text(&item->work, at), region->first, region->last, &err);
	if (status != TOK_OK) {
		cli_region_fail(region, status, &err);
		if (!leave_out(w, item, at, &err))
			return false;
	}
	item->documents[at] += region->last;
	return true;
}

static void work_on_item(void *context, void *worker, size_t slot)
{
	struct words_run *run = context;
	struct words_item *item = &run->items[slot];
	struct worker *w = worker;
	const size_t count = item->work.region_count;
	bool well = true;
	item->bad = 0;
	item->fatal = (struct tok_error){ 0 };
	if (!tok_grow(&item->documents, &item->capacity, count, sizeof *item->documents)) {
		tok_fail_memory(&item->fatal);
		return;
	}
	w->words = 0;
	for (size_t i = 0; i < count && well; i++) {
		item->documents[i] = 0;
		well = item->work.regions[i].several ? count_documents(w, item, i)
						     : count_part(w, item, i);
	}
	item->words = w->words;
}

/* ---- what is said, in order ----------------------------------------------- */

static void tell_item(struct words_run *run, const struct words_item *item)
{
	for (size_t i = 0; i < item->work.region_count; i++) {
		cli_bad_enter(&run->left_out, item->work.regions[i].operand);
		if (item->bad && item->error_region == i)
			cli_bad_document(&run->left_out, item->error_number, item->bad - 1,
					 item->error);
		cli_bad_count(&run->left_out, item->documents[i]);
	}
	if (item->work.error.status != TOK_OK)
		cli_bad_end(&run->left_out, item->work.error_operand, item->work.error);
}

static void note_sample(struct words_run *run)
{
	const struct cli_words_point now = {
		run->out->done.bytes,
		run->out->done.bytes_read,
		run->out->done.tokens,
		vocab_counter_size(run->out->counters[0]),
	};
	if (2 * now.bytes <= run->job->sample_bytes)
		run->out->half = now;
	run->out->all = now;
}

static bool is_enough(const struct words_run *run)
{
	const struct cli_words_job *job = run->job;
	if (job->stop && atomic_load_explicit(job->stop, memory_order_relaxed))
		return true;
	return job->sample_bytes && run->out->done.bytes >= job->sample_bytes;
}

static bool write_item(void *context, void *worker, size_t slot)
{
	struct words_run *run = context;
	struct words_item *item = &run->items[slot];
	(void)worker;
	if (item->fatal.status != TOK_OK) {
		run->fatal = item->fatal;
		cli_source_stop(&run->source, CLI_SOURCE_ALL);
		return false;
	}
	tell_item(run, item);
	run->out->done = (struct cli_done){ item->work.bytes, item->work.bytes_read,
					    run->out->done.tokens + item->words };
	if (run->job->progress)
		cli_progress_show(run->job->progress, &run->out->done);
	if (run->job->sample_bytes)
		note_sample(run);
	if (!is_enough(run))
		return true;
	cli_source_stop(&run->source, CLI_SOURCE_ALL);
	return false;
}

/* ---- the whole ------------------------------------------------------------ */

static size_t share_memory(uint64_t memory, size_t threads)
{
	const uint64_t texts = (uint64_t)threads * TEXT_BYTES_A_THREAD;
	if (memory == 0)
		return 0;
	return memory > texts ? (size_t)((memory - texts) / threads) : 1;
}

enum tok_status cli_words_count(const struct cli_words_job *job, struct cli_words *out,
				struct tok_error *err)
{
	static const struct cli_pool_steps steps = { begin_worker, end_worker, read_item,
						     work_on_item, write_item };
	const size_t threads = job->sample_bytes ? 1 : cli_threads_for(job->threads);
	const size_t slots = cli_pool_slots(threads);
	struct words_run run = {
		.job = job,
		.out = out,
		.source = { .files = job->files,
			    .split = job->split,
			    .raw = job->raw,
			    .cut = { job->tokenizer, .match_special = true, .between_words = true,
				     .between_lines = job->units && job->units->by_lines } },
		.left_out = { .files = job->files,
			      .split = job->split,
			      .progress = job->progress,
			      .quiet = job->quiet },
		.counting = { share_memory(job->memory_bytes, threads), cli_spill_folder() },
		.items = calloc(slots, sizeof *run.items),
	};
	out->counters = calloc(threads, sizeof(*out->counters));
	enum tok_status status = TOK_OK;
	if (!run.items || !out->counters)
		status = tok_fail_memory(err);
	atomic_init(&run.workers, 0);
	cli_source_begin(&run.source);
	if (status == TOK_OK)
		status = cli_pool_run(&steps, &run, threads, err);
	cli_source_end(&run.source);
	out->count = atomic_load(&run.workers);
	out->trouble |= run.left_out.trouble;
	for (size_t i = 0; run.items && i < slots; i++) {
		cli_work_release(&run.items[i].work);
		free(run.items[i].documents);
	}
	free(run.items);
	if (status == TOK_OK && run.fatal.status != TOK_OK)
		status = tok_fail(err, run.fatal.status, "%s", run.fatal.message);
	return status;
}

enum tok_status cli_words_stream(struct cli_words *words, struct tok_span recipe,
				 struct vocab_word_stream **out, struct tok_error *err)
{
	const enum tok_status status =
	    vocab_counted_new(words->counters, words->count, recipe, &words->counted, err);
	if (status == TOK_OK)
		*out = vocab_counted_stream(words->counted);
	return status;
}

void cli_words_release(struct cli_words *words)
{
	vocab_counted_free(words->counted);
	for (size_t i = 0; i < words->count; i++)
		vocab_counter_free(words->counters[i]);
	free((void *)words->counters);
	*words = (struct cli_words){ 0 };
}
