/* lm_train.c - tok lm train: a model of n-grams from texts. */
#include <inttypes.h>

#include "cmd/cli_encoded.h"
#include "cmd/cli_interrupt.h"
#include "cmd/cli_output.h"
#include "cmd/cli_pool.h"
#include "cmd/cli_words.h"
#include "cmd/lm_internal.h"

/* The signal that stops it may come when nothing else is left of a run. */
static struct vocab_train_control control;

struct training {
	const struct lm_options *opts;
	struct tok_tokenizer *tokenizer;
	struct cli_files files;
	struct vocab_ngram_trainer *trainer;
	struct cli_progress progress;
	uint64_t documents; /* read to their end */
	bool any;           /* something was read */
	bool trouble;
};

/* A document that broke off leaves what it had. */
static enum tok_status take(void *context, const struct cli_encoded *piece, struct tok_error *err)
{
	struct training *t = context;
	if (piece->first)
		vocab_ngram_trainer_cut(t->trainer);
	t->documents += piece->last;
	t->any = true;
	return vocab_ngram_trainer_add(t->trainer, piece->ids, piece->count, piece->last, err);
}

static void show_orders(void *context, const char *stage, uint64_t done, uint64_t total)
{
	struct training *t = context;
	cli_progress_steps(&t->progress, stage, done, total);
}

static enum tok_status read_texts(struct training *t, struct tok_error *err)
{
	const struct lm_options *opts = t->opts;
	const struct cli_encoded_job job = {
		.tokenizer = t->tokenizer,
		.files = &t->files,
		.split = &opts->split,
		.how = cli_specials_options(&opts->specials),
		.raw = opts->raw,
		.threads = opts->threads,
		.progress = &t->progress,
		.stop = &control.stop,
		.use = take,
		.context = t,
	};
	struct cli_done done = { 0 };
	t->progress = cli_progress_begin(opts->progress, t->files.all_regular ? t->files.size : 0);
	const enum tok_status status = cli_encoded_run(&job, &done, &t->trouble, err);
	cli_progress_end(&t->progress, &done);
	return status;
}

/* Before a long run: it must not end in vain. */
static enum tok_status try_output(const char *path, struct tok_error *err)
{
	struct cli_output out = { .fd = -1 };
	const enum tok_status status = cli_output_open(&out, path, err);
	cli_output_abandon(&out);
	return status;
}

static enum tok_status train(struct training *t, struct tok_error *err)
{
	const struct lm_options *opts = t->opts;
	const struct vocab_ngram_options options = {
		.order = (unsigned)opts->order,
		.keep_counts = opts->keep_counts,
		.memory_bytes = opts->memory,
		.spill_folder = cli_spill_folder(),
	};
	enum tok_status status = try_output(opts->output, err);
	control.context = t;
	control.progress = show_orders;
	if (status == TOK_OK)
		status =
		    vocab_ngram_trainer_new(&options, t->tokenizer, &control, &t->trainer, err);
	if (status != TOK_OK)
		return status;
	cli_interrupt_say("tok lm: interrupted twice: '%s' is as it was", opts->output);
	cli_interrupt_stop(&control.stop);
	status = read_texts(t, err);
	control.stopped = atomic_load(&control.stop);
	t->progress = cli_progress_begin(opts->progress, 0);
	if (status == TOK_OK && !t->any)
		status = tok_fail(err, TOK_ETEXT, "there is no document to learn from");
	if (status == TOK_OK)
		status = vocab_ngram_trainer_write(t->trainer, opts->output, err);
	cli_progress_clear(&t->progress);
	return status;
}

/* What somebody should know who trusts the numbers. */
static enum tok_status tell_discounts(const char *path, struct tok_error *err)
{
	struct vocab_ngram_info info;
	char orders[32] = "";
	size_t used = 0;
	const enum tok_status status = vocab_ngram_info(path, &info, err);
	if (status != TOK_OK)
		return status;
	for (unsigned i = 0; i < info.order; i++)
		if (info.fallback[i])
			used += (size_t)snprintf(orders + used, sizeof orders - used, "%s%u",
						 used ? ", " : "", i + 1);
	if (used)
		cli_error(
		    "'%s': too few n-grams for discounts of order %s: .5, 1 and 1.5 are taken",
		    path, orders);
	return TOK_OK;
}

static enum cli_exit check(const struct lm_options *opts)
{
	if (opts->order < 1 || opts->order > VOCAB_NGRAM_ORDER_MAX)
		return cli_usage("--order is 1 to %d", VOCAB_NGRAM_ORDER_MAX);
	enum cli_exit result = lm_check_name("train", opts->output);
	if (result == CLI_OK)
		result = cli_split_check(&opts->split);
	if (result == CLI_OK)
		result = cli_specials_check(&opts->specials);
	return result == CLI_OK ? cli_threads_check(opts->threads) : result;
}

enum cli_exit lm_train(const void *options, int argc, char **argv)
{
	struct training t = { .opts = options };
	struct tok_error err = { 0 };
	enum cli_exit result = check(t.opts);
	if (result == CLI_OK)
		result = cli_files_add_all(&t.files, argc, argv);
	if (result == CLI_OK) {
		enum tok_status status = cli_load(&t.opts->load, &t.tokenizer, &err);
		if (status == TOK_OK)
			status = train(&t, &err);
		if (status == TOK_OK)
			status = tell_discounts(t.opts->output, &err);
		if (status != TOK_OK)
			result = cli_error("%s", err.message);
		else if (control.stopped)
			result = cli_error("interrupted: '%s' is of %" PRIu64
					   " documents and what was read of the next",
					   t.opts->output, t.documents);
	}
	vocab_ngram_trainer_free(t.trainer);
	tok_tokenizer_free(t.tokenizer);
	cli_files_release(&t.files);
	return t.trouble ? CLI_TROUBLE : result;
}
