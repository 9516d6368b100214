/* count.c - tok count: how many tokens texts have. */
#include <inttypes.h>
#include <stdlib.h>

#include "cmd/cli.h"
#include "cmd/cli_encoder.h"
#include "cmd/cli_load.h"
#include "cmd/cli_pool.h"
#include "cmd/cli_progress.h"
#include "cmd/cli_source.h"
#include "tok/text/json_write.h"

struct count_options {
	struct cli_load load;
	struct cli_split split;
	struct cli_specials specials;
	bool json, raw;
	uint64_t threads;
	int progress;
};

static const struct count_options defaults = { .split = { .limit_bytes = CLI_SPLIT_LIMIT },
					       .specials = CLI_SPECIALS_DEFAULT };

static const struct cli_option option_table[] = {
	CLI_LOAD_ROWS(struct count_options, load),
	CLI_SPLIT_ROWS(struct count_options, split),
	{ CLI_FLAG, 0, "raw", NULL, "take gzip and Zstandard files as the bytes they are",
	  CLI_FIELD(struct count_options, raw, bool) },
	CLI_SPECIAL_ROWS(struct count_options, specials),
	{ CLI_GROUP, .name = "Output" },
	{ CLI_FLAG, 'j', "json", NULL, "write one JSON object, of schema tok.count.1",
	  CLI_FIELD(struct count_options, json, bool) },
	{ CLI_GROUP, .name = "Running" },
	CLI_THREADS_ROW(struct count_options, threads),
	CLI_PROGRESS_ROW(struct count_options, progress),
	{ CLI_END }
};

struct counts {
	uint64_t documents, tokens, bytes;
};

/* What a thread made of a work: the counts of each region. */
struct count_item {
	struct cli_work work;
	struct counts *counts;
	size_t capacity;
	struct tok_error error; /* of a document */
	size_t error_region;
};

struct count_run {
	const struct count_options *opts;
	struct tok_tokenizer *tokenizer;
	struct tok_encode_options how;
	struct cli_files files;
	struct cli_source source;
	struct count_item *items; /* one a slot of the pool */
	struct cli_progress progress;
	struct cli_done done;

	size_t operand;       /* whose counts are below; those before are shown */
	bool failed;          /* it is not to be shown */
	struct counts counts; /* of it */
	struct counts total;
	int shown; /* files whose counts are written */
	bool trouble;
};

/* ---- counting ------------------------------------------------------------- */

struct worker {
	const struct count_run *run;
	struct cli_encoder encoder;
};

static void *begin_worker(void *context)
{
	const struct count_run *run = context;
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
	free(w);
}

static bool read_item(void *context, size_t slot, size_t *bytes)
{
	struct count_run *run = context;
	struct count_item *item = &run->items[slot];
	if (!cli_source_read(&run->source, &item->work))
		return false;
	*bytes = item->work.text.count;
	return true;
}

static enum tok_status count_text(struct worker *w, struct tok_span text, bool continues,
				  struct counts *counts, struct tok_error *err)
{
	struct tok_encode_options how = w->run->how;
	struct tok_encoding encoding = { 0 };
	how.continues = continues;
	const enum tok_status status = cli_encoder_text(&w->encoder, &how, &text, &encoding, err);
	counts->tokens += encoding.count;
	counts->bytes += text.count;
	return status;
}

/* On failure counts->documents are those before the one that was refused. */
static enum tok_status count_documents(struct worker *w, struct tok_span rest,
				       struct counts *counts, struct tok_error *err)
{
	while (rest.count) {
		const struct tok_span text = cli_split_next(&w->run->opts->split, &rest);
		enum tok_status status =
		    cli_documents_check(&w->run->opts->split, &w->run->source.cut, text, err);
		if (status == TOK_OK)
			status = count_text(w, text, false, counts, err);
		if (status != TOK_OK)
			return status;
		counts->documents++;
	}
	return TOK_OK;
}

/* On failure as above. */
static enum tok_status count_region(struct worker *w, const struct cli_work *work, size_t at,
				    struct counts *counts, struct tok_error *err)
{
	const struct cli_region *region = &work->regions[at];
	const struct tok_span text = cli_work_text(work, at);
	if (region->several)
		return count_documents(w, text, counts, err);
	enum tok_status status = TOK_OK;
	if (region->first || text.count)
		status = count_text(w, text, !region->first, counts, err);
	if (status != TOK_OK)
		return cli_region_fail(region, status, err);
	counts->documents += region->last;
	return TOK_OK;
}

static void count_item_from(struct worker *w, struct count_item *item, size_t from)
{
	const size_t count = item->work.region_count;
	item->error = (struct tok_error){ 0 };
	if (!tok_grow(&item->counts, &item->capacity, count, sizeof *item->counts)) {
		tok_fail_memory(&item->error);
		item->error_region = from;
		return;
	}
	for (size_t i = from; i < count && item->error.status == TOK_OK; i++) {
		item->counts[i] = (struct counts){ 0 };
		item->error_region = i;
		(void)!count_region(w, &item->work, i, &item->counts[i], &item->error);
	}
}

static void work_on_item(void *context, void *worker, size_t slot)
{
	struct count_run *run = context;
	count_item_from(worker, &run->items[slot], 0);
}

/* ---- showing -------------------------------------------------------------- */

static void print_row(const struct count_run *run, const struct counts *c, const char *name)
{
	if (!cli_split_is_whole(&run->opts->split))
		printf("%12" PRIu64 " ", c->documents);
	printf("%12" PRIu64 " %12" PRIu64 " ", c->tokens, c->bytes);
	if (c->tokens)
		printf("%12.3f", (double)c->bytes / (double)c->tokens);
	else
		printf("%12s", "-");
	printf(" %s\n", name);
}

static void print_head(const struct count_run *run)
{
	if (!cli_split_is_whole(&run->opts->split))
		printf("%12s ", "documents");
	printf("%12s %12s %12s %s\n", "tokens", "bytes", "bytes/token", "file");
}

static void print_json_counts(const struct counts *c)
{
	printf("\"documents\":%" PRIu64 ",\"tokens\":%" PRIu64 ",\"bytes\":%" PRIu64
	       ",\"bytes_per_token\":",
	       c->documents, c->tokens, c->bytes);
	if (c->tokens)
		printf("%.6f}", (double)c->bytes / (double)c->tokens);
	else
		printf("null}");
}

static enum cli_exit print_json_file(const struct count_run *run, const struct counts *c,
				     const char *path)
{
	struct tok_buffer name = { 0 };
	enum cli_exit result = CLI_OK;
	if (tok_json_put_string(&name, tok_span_of(path))) {
		printf("%s{\"file\":", run->shown ? "," : "");
		fwrite(name.bytes, 1, name.count, stdout);
		putchar(',');
		print_json_counts(c);
	} else {
		result = cli_error("out of memory");
	}
	tok_buffer_release(&name);
	return result;
}

static void show_file(struct count_run *run)
{
	const char *path = run->files.items[run->operand].path;
	const struct counts *counts = &run->counts;
	cli_progress_clear(&run->progress);
	if (!run->opts->json)
		print_row(run, counts, path);
	else if (print_json_file(run, counts, path) != CLI_OK)
		run->trouble = true;
	run->total.documents += counts->documents;
	run->total.tokens += counts->tokens;
	run->total.bytes += counts->bytes;
	run->shown++;
}

static void show_head(const struct count_run *run)
{
	if (run->opts->json)
		printf("{\"schema\":\"tok.count.1\",\"files\":[");
	else
		print_head(run);
}

static void show_total(const struct count_run *run)
{
	if (run->opts->json) {
		printf("],\"total\":{");
		print_json_counts(&run->total);
		printf("}\n");
	} else if (run->files.count > 1) {
		print_row(run, &run->total, "total");
	}
}

/* ---- counts of regions, in order ------------------------------------------ */

/* All operands before this one have ended. */
static void show_until(struct count_run *run, size_t operand)
{
	for (; run->operand < operand; run->operand++) {
		if (!run->failed)
			show_file(run);
		run->failed = false;
		run->counts = (struct counts){ 0 };
	}
}

static void refuse_operand(struct count_run *run, struct tok_error *err, bool of_document)
{
	if (of_document)
		tok_fail_in(
		    err, err->status, "'%s': %s %" PRIu64, run->files.items[run->operand].path,
		    run->opts->split.jsonl ? "line" : "document", run->counts.documents + 1);
	cli_progress_clear(&run->progress);
	cli_error("%s", err->message);
	run->failed = run->trouble = true;
	cli_source_stop(&run->source, run->operand + 1);
}

static void add_region(struct count_run *run, struct worker *w, struct count_item *item, size_t at)
{
	const bool after_error = item->error.status != TOK_OK && at > item->error_region;
	show_until(run, item->work.regions[at].operand);
	if (run->failed)
		return;
	if (after_error) /* of another operand: go on behind it */
		count_item_from(w, item, at);
	if (at < item->capacity) { /* else there was no memory for them */
		run->counts.documents += item->counts[at].documents;
		run->counts.tokens += item->counts[at].tokens;
		run->counts.bytes += item->counts[at].bytes;
	}
	if (item->error.status != TOK_OK && at == item->error_region)
		refuse_operand(run, &item->error, true);
}

static bool write_item(void *context, void *worker, size_t slot)
{
	struct count_run *run = context;
	struct count_item *item = &run->items[slot];
	struct cli_work *work = &item->work;
	for (size_t i = 0; i < work->region_count; i++)
		add_region(run, worker, item, i);
	if (work->error.status != TOK_OK) {
		show_until(run, work->error_operand);
		if (!run->failed)
			refuse_operand(run, &work->error, work->error.status == TOK_ELIMIT);
	}
	run->done = (struct cli_done){ work->bytes, work->bytes_read,
				       run->total.tokens + run->counts.tokens };
	cli_progress_show(&run->progress, &run->done);
	return true;
}

static enum tok_status count_files(struct count_run *run, struct tok_error *err)
{
	static const struct cli_pool_steps steps = { begin_worker, end_worker, read_item,
						     work_on_item, write_item };
	const size_t threads = cli_threads_for(run->opts->threads);
	const size_t slots = cli_pool_slots(threads);
	run->items = calloc(slots, sizeof *run->items);
	if (!run->items)
		return tok_fail_memory(err);
	run->progress =
	    cli_progress_begin(run->opts->progress, run->files.all_regular ? run->files.size : 0);
	cli_source_begin(&run->source);
	const enum tok_status status = cli_pool_run(&steps, run, threads, err);
	cli_source_end(&run->source);
	for (size_t i = 0; i < slots; i++) {
		cli_work_release(&run->items[i].work);
		free(run->items[i].counts);
	}
	free(run->items);
	return status;
}

static enum cli_exit run_count(const void *options, int argc, char **argv)
{
	struct count_run run = { .opts = options };
	struct tok_error err = { 0 };
	const struct count_options *opts = options;
	enum cli_exit result = cli_threads_check(opts->threads);
	if (result == CLI_OK)
		result = cli_split_check(&opts->split);
	if (result == CLI_OK)
		result = cli_specials_check(&opts->specials);
	if (result != CLI_OK)
		return result;

	run.how = cli_specials_options(&opts->specials);
	enum tok_status status = cli_load(&opts->load, &run.tokenizer, &err);
	if (status == TOK_OK) {
		result = cli_files_add_all(&run.files, argc, argv);
		run.source = (struct cli_source){
			.files = &run.files,
			.split = &opts->split,
			.cut = cli_cut_for(run.tokenizer, &run.how),
			.raw = opts->raw,
		};
		show_head(&run);
		status = count_files(&run, &err);
		show_until(&run, run.files.count);
		show_total(&run);
		cli_progress_end(&run.progress, &run.done);
	}
	if (status != TOK_OK)
		result = cli_error("%s", err.message);
	cli_files_release(&run.files);
	tok_tokenizer_free(run.tokenizer);
	return run.trouble ? CLI_TROUBLE : result;
}

const struct cli_tool tool_count = {
	.name = "count",
	.summary = "count the tokens of texts",
	.operands = "[FILE...]",
	.reads_files = true,
	.description =
	    "Writes for each FILE, or for standard input where there is none or it is -, how many\n"
	    "tokens and bytes it has and how many bytes there are to a token; below more than one\n"
	    "FILE their total. A folder stands for all regular files in it and in its subfolders,\n"
	    "each of which is shown; gzip and Zstandard data are expanded. A whole file is one\n"
	    "document unless --lines, --null or --jsonl says otherwise; their number is then "
	    "shown\n"
	    "too. The bytes are those of the documents, without what stands between them. A FILE\n"
	    "that could not be read to its end is not shown.",
	.examples = "  printf 'Hello, world' | tok count\n"
		    "  printf 'one\\ntwo\\n' | tok count --lines --json\n",
	.options = option_table,
	.defaults = &defaults,
	.options_size = sizeof defaults,
	.run = run_count,
};
