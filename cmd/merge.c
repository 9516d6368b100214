/* merge.c - tok merge: dynamic tokenization. */
#include <limits.h>
#include <stdlib.h>

#include "cmd/cli.h"
#include "cmd/cli_interrupt.h"
#include "cmd/cli_pool.h"
#include "cmd/merge_internal.h"
#include "tok/base/replace.h"
#include "tok/dynamic/rows.h"

enum { BATCH_DOCUMENTS = 32 };

static const struct merge_options defaults = {
	.input = -1,
	.split = { .limit_bytes = CLI_SPLIT_LIMIT },
	.specials = CLI_SPECIALS_DEFAULT,
	.merges = UINT64_MAX,
	.reduce = -1,
	.batch_bytes = UINT64_MAX,
	.max_ids = (uint64_t)1 << 22,
	.curve = -1,
	.embed.cache = 5000,
};

static const struct cli_option option_table[] = {
	CLI_LOAD_ROWS(struct merge_options, load),
	{ CLI_GROUP, .name = "Input" },
	{ CLI_CHOICE, 'I', "input", CLI_FORMAT_WORDS, "how ids are written in FILE (text)",
	  CLI_FIELD(struct merge_options, input, int) },
	{ CLI_FLAG, 0, "encode", NULL, "take FILE as text and encode it first, as tok encode does",
	  CLI_FIELD(struct merge_options, encode, bool) },
	CLI_SPLIT_ROWS(struct merge_options, split),
	{ CLI_FLAG, 0, "raw", NULL, "take gzip and Zstandard files as the bytes they are",
	  CLI_FIELD(struct merge_options, raw, bool) },
	CLI_SPECIAL_ROWS(struct merge_options, specials),
	{ CLI_GROUP, .name = "Merging" },
	{ CLI_SIZE, 'm', "merges", "N", "make at most N merges in a batch (as many as there are)",
	  CLI_FIELD(struct merge_options, merges, uint64_t) },
	{ CLI_REAL, 0, "reduce", "PERCENT",
	  "go so much of the way to the shortest that the boundary allows",
	  CLI_FIELD(struct merge_options, reduce, double) },
	{ CLI_CHOICE, 0, "boundary", MERGE_BOUNDARY_WORDS,
	  "what a token may not reach across (pretokens)",
	  CLI_FIELD(struct merge_options, boundary, int) },
	{ CLI_TEXT, 'b', "batch", "N|all",
	  "merge so many documents together (32; with --batch-bytes as many as --max-ids)",
	  CLI_FIELD(struct merge_options, batch, const char *) },
	{ CLI_BYTES, 0, "batch-bytes", "N",
	  "end a batch with the document that fills N bytes of tokens' text",
	  CLI_FIELD(struct merge_options, batch_bytes, uint64_t) },
	{ CLI_BYTES, 0, "max-ids", "N",
	  "refuse a batch of more ids, or documents; an id may take 400 bytes a thread (4M)",
	  CLI_FIELD(struct merge_options, max_ids, uint64_t) },
	{ CLI_GROUP, .name = "Output" },
	{ CLI_FLAG, 0, "ids", NULL,
	  "write ids, and before each batch the tokens that are new in it",
	  CLI_FIELD(struct merge_options, ids, bool) },
	{ CLI_FLAG, 0, "parts", NULL, "write how many ids each token stands for, too",
	  CLI_FIELD(struct merge_options, parts, bool) },
	{ CLI_FLAG, 0, "steps", NULL, "write the merges instead, in order",
	  CLI_FIELD(struct merge_options, steps, bool) },
	{ CLI_CHOICE, 0, "curve", MERGE_CURVE_WORDS,
	  "write instead how many ids are left after each merge",
	  CLI_FIELD(struct merge_options, curve, int) },
	{ CLI_CHOICE, 0, "stats", MERGE_STATS_WORDS,
	  "what to tell on standard error at the end (text)",
	  CLI_FIELD(struct merge_options, stats, int) },
	{ CLI_TEXT, 'o', "output", "FILE",
	  "write to FILE, which is replaced in one step at the end",
	  CLI_FIELD(struct merge_options, output, const char *) },
	{ CLI_GROUP, .name = "Rows of new tokens" },
	{ CLI_TEXT, 0, "embed", "fvt|hypernet:FOLDER",
	  "make a row for each: the mean of its parts' rows, or what a hypernetwork predicts",
	  CLI_FIELD(struct merge_options, embed.method, const char *) },
	{ CLI_TEXT, 0, "model", "MODEL", "the folder or file of the model whose rows they come of",
	  CLI_FIELD(struct merge_options, embed.model, const char *) },
	{ CLI_TEXT, 0, "rows", "FILE",
	  "where they go: an array of numpy, of which --ids tells each token's row",
	  CLI_FIELD(struct merge_options, embed.output, const char *) },
	{ CLI_SIZE, 0, "row-cache", "N", "rows kept for tokens that come again (5000)",
	  CLI_FIELD(struct merge_options, embed.cache, uint64_t) },
	CLI_TENSOR_ROWS(struct merge_options, embed.hypernet.names),
	CLI_HYPERNET_ROWS(struct merge_options, embed.hypernet),
	{ CLI_GROUP, .name = "Running" },
	CLI_THREADS_ROW(struct merge_options, threads),
	CLI_PROGRESS_ROW(struct merge_options, progress),
	{ CLI_END }
};

/* Documents of a batch at most; 0: it is no such number. */
static size_t parse_batch(const struct merge_options *opts)
{
	const char *text = opts->batch;
	if (!text)
		return opts->batch_bytes == UINT64_MAX ? BATCH_DOCUMENTS : (size_t)opts->max_ids;
	if (strcmp(text, "all") == 0)
		return SIZE_MAX;
	size_t number = 0;
	for (; *text >= '0' && *text <= '9'; text++)
		number = number < SIZE_MAX / 16 ? number * 10 + (size_t)(*text - '0') : number;
	return *text ? 0 : number;
}

static enum cli_exit check_input(const struct merge_options *opts)
{
	const struct cli_specials *s = &opts->specials;
	const bool of_text = !cli_split_is_whole(&opts->split) || opts->raw ||
			     opts->split.limit_bytes != CLI_SPLIT_LIMIT || s->special_text >= 0 ||
			     s->add_special || s->hf;
	if (opts->encode && opts->input >= 0)
		return cli_usage("--input says how ids are written: --encode reads text");
	if (!opts->encode && of_text)
		return cli_usage("ids are read unless --encode says that FILE is text: what "
				 "documents and special tokens of a text are needs it");
	const enum cli_exit result = cli_specials_check(s);
	return result == CLI_OK ? cli_split_check(&opts->split) : result;
}

/* Do two names lead to one file, whether or not it is there yet? */
static bool is_same_place(const char *a, const char *b)
{
	const char *names[2] = { a, b };
	char *targets[2] = { NULL, NULL }, folders[2][PATH_MAX] = { "", "" };
	bool known = true;
	for (size_t i = 0; i < 2 && known; i++) {
		known = tok_file_target(names[i], &targets[i], NULL) == TOK_OK;
		const char *slash = known ? strrchr(targets[i], '/') : NULL;
		char folder[PATH_MAX];
		snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - targets[i] + 1) : 1,
			 slash ? targets[i] : ".");
		known = known && realpath(folder, folders[i]) != NULL;
		if (known)
			memmove(targets[i], slash ? slash + 1 : targets[i],
				strlen(slash ? slash + 1 : targets[i]) + 1);
	}
	const bool same =
	    known ? strcmp(folders[0], folders[1]) == 0 && strcmp(targets[0], targets[1]) == 0
		  : strcmp(a, b) == 0;
	free(targets[0]);
	free(targets[1]);
	return same;
}

static enum cli_exit check_rows(const struct merge_options *opts)
{
	const struct merge_embed_options *e = &opts->embed;
	const struct cli_hypernet_options *h = &e->hypernet;
	const bool of_network =
	    h->language || h->mode || h->device || h->device_memory || h->device_fallback;
	if (!e->method)
		return e->model || e->output || of_network || h->names.in || h->names.out
			   ? cli_usage("--model, --rows, --in-tensor, --lang, --mode and --device "
				       "are of --embed")
			   : CLI_OK;
	if (of_network && strcmp(e->method, "fvt") == 0)
		return cli_usage(
		    "--lang, --mode and --device are of a hypernetwork, and fvt is none");
	if (!h->device && (h->device_memory || h->device_fallback))
		return cli_usage("--device-memory and --device-fallback are of --device");
	if (!e->model || !e->output)
		return cli_usage("--embed needs --model, whose rows it goes by, and --rows FILE");
	const char *output = opts->output ? opts->output : "-";
	if (strcmp(e->output, output) == 0 || is_same_place(e->output, output))
		return cli_usage("--rows and --output are the same file");
	if (!opts->ids)
		return cli_usage("--embed needs --ids: they tell which token has which row");
	if (e->cache == 0 || e->cache > TOK_ROWS_MAX)
		return cli_usage("--row-cache must be 1 to 1G rows");
	return CLI_OK;
}

static enum cli_exit check(const struct merge_options *opts)
{
	if (opts->merges != UINT64_MAX && opts->reduce >= 0)
		return cli_usage("--merges and --reduce exclude each other");
	if (opts->reduce > 100)
		return cli_usage("--reduce can be at most 100 percent");
	if (opts->ids + opts->steps + (opts->curve >= 0) > 1)
		return cli_usage("--ids, --steps and --curve exclude each other");
	if (opts->parts && (opts->steps || opts->curve >= 0))
		return cli_usage("--parts is of documents, which --steps and --curve do not write");
	if (opts->curve >= 0 && (opts->merges != UINT64_MAX || opts->reduce >= 0))
		return cli_usage(
		    "--curve makes all merges: --merges and --reduce do not go with it");
	if (parse_batch(opts) == 0)
		return cli_usage("--batch must be a number from 1 on, or all, not '%s'",
				 opts->batch);
	if (opts->batch_bytes == 0 || opts->max_ids == 0)
		return cli_usage("--batch-bytes and --max-ids must be at least 1");
	if (opts->max_ids > TOK_MERGE_BATCH_MAX)
		return cli_usage("--max-ids can be at most 1G");
	enum cli_exit result = cli_threads_check(opts->threads);
	if (result == CLI_OK)
		result = check_rows(opts);
	return result == CLI_OK ? check_input(opts) : result;
}

static enum tok_status prepare(struct merge_run *run, struct tok_error *err)
{
	run->reader.opts = run->opts;
	run->reader.tokenizer = run->tokenizer;
	run->reader.documents = parse_batch(run->opts);
	enum tok_status status = merge_reader_begin(&run->reader, err);
	if (status == TOK_OK && run->opts->embed.method)
		status = merge_embed_open(&run->opts->embed, run->tokenizer, &run->embed, err);
	return status == TOK_OK ? cli_output_open(&run->out, run->opts->output, err) : status;
}

static enum cli_exit run_files(struct merge_run *run, const struct cli_files *files)
{
	struct tok_error err = { 0 };
	run->reader.files = files;
	run->progress =
	    cli_progress_begin(run->opts->progress, files->all_regular ? files->size : 0);
	enum cli_exit result = merge_run(run) ? CLI_OK : CLI_TROUBLE;
	cli_progress_end(&run->progress, &run->done);
	if (run->output_lost)
		return CLI_TROUBLE;
	/* Rows mean nothing without the ids, nor these without the rows. */
	enum tok_status status = run->embed ? cli_output_sync(&run->out, &err) : TOK_OK;
	cli_interrupt_hold();
	if (status == TOK_OK && run->embed)
		status = merge_embed_commit(run->embed, &err);
	if (status == TOK_OK)
		status = cli_output_commit(&run->out, &err);
	cli_interrupt_release();
	if (status != TOK_OK)
		return cli_error("%s", err.message);
	merge_tell(run);
	return result;
}

static enum cli_exit run_merge(const void *options, int argc, char **argv)
{
	struct merge_options opts = *(const struct merge_options *)options;
	struct merge_run run = { .opts = &opts, .out = { .fd = -1 } };
	struct tok_tokenizer *tokenizer = NULL;
	struct cli_files files = { 0 };
	struct tok_error err = { 0 };
	enum cli_exit result = check(&opts);
	if (result != CLI_OK)
		return result;
	opts.embed.hypernet.threads = opts.threads;
	opts.input = opts.input < 0 ? CLI_FORMAT_TEXT : opts.input;
	enum tok_status status = cli_load(&opts.load, &tokenizer, &err);
	run.tokenizer = tokenizer;
	if (status == TOK_OK)
		status = prepare(&run, &err);
	if (status == TOK_OK) {
		result = cli_files_add_all(&files, argc, argv);
		const enum cli_exit end = run_files(&run, &files);
		result = end == CLI_OK ? result : end;
	} else {
		result = cli_error("%s", err.message);
	}
	cli_output_abandon(&run.out);
	merge_embed_free(run.embed);
	merge_reader_end(&run.reader);
	cli_files_release(&files);
	free(run.curve.saved);
	tok_tokenizer_free(tokenizer);
	return result;
}

const struct cli_tool tool_merge = {
	.name = "merge",
	.summary = "join ids that are frequent together, batch by batch (dynamic tokenization)",
	.operands = "[FILE...]",
	.reads_files = true,
	.description =
	    "Reads the ids in each FILE, or in standard input where there is none or it is -, and\n"
	    "joins them, some documents at a time, as 'Retrofitting Large Language Models with\n"
	    "Dynamic Tokenization' (arXiv 2411.18553) does: the pair of neighbours that is most\n"
	    "frequent in the batch becomes a token of its own, in this batch only, and so on. Of\n"
	    "equally frequent pairs it is the one met first. A folder stands for all files in it. "
	    "With\n"
	    "--encode the FILEs are text, and gzip and Zstandard data are expanded.\n"
	    "\n"
	    "A batch is of 32 documents, of as many as --batch says, across FILEs, or ends with "
	    "the\n"
	    "document that fills --batch-bytes, whichever comes first. What a batch holds makes a\n"
	    "difference: what is frequent in it is merged. It is in memory as a whole: where it "
	    "would\n"
	    "be of more than --max-ids, the rest of its FILE is left out, and that is trouble.\n"
	    "\n"
	    "--boundary says what may not be joined. pretokens: the text of the two must be one\n"
	    "piece for the tokenizer's pre-tokenizer, so that words are the most that comes of "
	    "it;\n"
	    "word: it must hold no white space but at its front; word-hyphen: and punctuation "
	    "joins\n"
	    "only if it is a hyphen; sentence: it may not go on behind the end of one; none:\n"
	    "anything. Special tokens never join, and no token spells more than 4,096 bytes.\n"
	    "\n"
	    "--reduce 0 is no merge and --reduce 100 all of them. This is not the share of ids "
	    "that\n"
	    "are saved, but of those that could be. --curve shows for each number of merges how\n"
	    "many ids are left, --curve tsv also how far on this way that is, in percent.\n"
	    "\n"
	    "Each document is a line of JSON with its tokens as encode --tokens writes them. With\n"
	    "--ids it has ids, which begin behind the tokenizer's own for tokens that are new, "
	    "and\n"
	    "before the documents of a batch stands a line that tells these: see tok-formats(5).\n"
	    "Another batch gives the same ids to other tokens. The ids of the tokens' parts,\n"
	    "written in their place, decode to the document's text: an example there does that.\n"
	    "\n"
	    "With --embed each new token gets a row of numbers, of those that MODEL has for its\n"
	    "parts: --embed fvt takes the mean, --embed hypernet:FOLDER what the network in\n"
	    "FOLDER predicts. Rows go to the array --rows FILE, and --ids tells which is whose: "
	    "see\n"
	    "tok-embedding(7). A token that comes again has its row again, if it is among the "
	    "last\n"
	    "--row-cache of them; that must be as many as a batch has new tokens.\n"
	    "\n"
	    "What became of it is told on standard error; --stats none keeps quiet.",
	.examples =
	    "  printf 'abab ab\\n' | tok encode -t bytes -l | tok merge -t bytes --stats none\n"
	    "  printf 'abab\\nabc\\n' | tok merge -t bytes --encode -l --steps --stats none\n"
	    "  seq 100 200 | tok merge -t bytes --encode -l --reduce 50 --ids --parts --stats "
	    "none\n"
	    "  seq 100 200 | tok merge -t bytes --encode -l --batch all --curve tsv 2>&1\n"
	    "  printf '{\"ids\":[97,98,97,98]}' | tok merge -t bytes -I jsonl -m 0 2>&1\n",
	.guide = "tok-embedding",
	.options = option_table,
	.defaults = &defaults,
	.options_size = sizeof defaults,
	.run = run_merge,
};
