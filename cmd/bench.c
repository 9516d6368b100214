/* bench.c - tok bench: how fast it is; what is timed is one word each. */
#include "cmd/bench_internal.h"

#include <ctype.h>
#include <stdlib.h>

#include "tok/base/threads.h"

enum { RUNS_MAX = 10000 };

static const struct bench_options defaults = {
	.split = { .limit_bytes = CLI_SPLIT_LIMIT },
	.specials = CLI_SPECIALS_DEFAULT,
	.runs = 5,
};

static const struct cli_option option_table[] = {
	CLI_LOAD_ROWS(struct bench_options, load),
	CLI_SPLIT_ROWS(struct bench_options, split),
	CLI_SPECIAL_ROWS(struct bench_options, specials),
	{ CLI_GROUP, .name = "Measuring" },
	{ CLI_SIZE, 'r', "runs", "N", "measure N times and tell median, least and most (5)",
	  CLI_FIELD(struct bench_options, runs, uint64_t) },
	{ CLI_SIZE, 0, "threads", "N",
	  "show what 1, 2, 4, ... up to N threads bring; 1: leave that out (0: one a core)",
	  CLI_FIELD(struct bench_options, threads, uint64_t) },
	{ CLI_TEXT, 0, "expect", "HASH", "time nothing unless the ids have this hash",
	  CLI_FIELD(struct bench_options, expect, const char *) },
	{ CLI_TEXT, 0, "check", "FILE",
	  "time nothing unless the ids are those in FILE, written as by 'tok encode -F u32'",
	  CLI_FIELD(struct bench_options, check, const char *) },
	{ CLI_GROUP, .name = "Output" },
	{ CLI_FLAG, 'j', "json", NULL, "write one JSON object, of schema tok.bench.1",
	  CLI_FIELD(struct bench_options, json, bool) },
	{ CLI_END }
};

static bool is_hash(const char *text)
{
	size_t count = 0;
	while (isxdigit((unsigned char)text[count]))
		count++;
	return count == 16 && text[count] == '\0';
}

static enum cli_exit check_options(const struct bench_options *opts)
{
	if (opts->runs < 1 || opts->runs > RUNS_MAX)
		return cli_usage("--runs must be from 1 to %d", RUNS_MAX);
	if (opts->threads > TOK_THREADS_MAX)
		return cli_usage("--threads can be at most %d", TOK_THREADS_MAX);
	if (opts->expect && !is_hash(opts->expect))
		return cli_usage("--expect needs the 16 hexadecimal digits of a hash, not '%s'",
				 opts->expect);
	const enum cli_exit specials = cli_specials_check(&opts->specials);
	return specials == CLI_OK ? cli_split_check(&opts->split) : specials;
}

/* The texts, and what their ids must be.  Nothing was timed yet. */
static enum tok_status prepare(struct bench_run *run, int argc, char **argv,
			       struct tok_error *refusal, struct tok_error *err)
{
	const bool decodes = run->word == &bench_word_decode;
	struct tok_tokenizer *tokenizer;
	enum tok_status status = cli_load(&run->opts->load, &tokenizer, err);
	if (status != TOK_OK)
		return status;
	run->splitter = tok_tokenizer_path(tokenizer);
	run->kernel = tok_tokenizer_kernel(tokenizer);
	const struct cli_cut cut = cli_cut_for(tokenizer, &run->how);
	status = bench_texts_read(&run->texts, argc, argv, &run->opts->split, &cut, err);
	if (status == TOK_OK)
		status = bench_check(run, tokenizer, decodes, refusal, err);
	if (status == TOK_OK && decodes && refusal->status == TOK_OK)
		status = bench_decode_once(run, tokenizer, err);
	tok_tokenizer_free(tokenizer);
	return status;
}

static enum cli_exit measure(struct bench_run *run)
{
	struct bench_results results = { 0 };
	struct tok_error err = { 0 };
	enum cli_exit result;
	if (bench_measure(run, &results, &err) != TOK_OK)
		result = cli_error("%s", err.message);
	else if (run->opts->json)
		result = bench_report_json(run, &results);
	else
		result = bench_report_text(run, &results);
	bench_results_release(&results);
	return result;
}

static enum cli_exit run_bench(const struct bench_word *word, const struct bench_options *opts,
			       int argc, char **argv)
{
	struct bench_run run = { .opts = opts, .word = word };
	struct tok_error refusal = { 0 }, err = { 0 };
	enum cli_exit result = check_options(opts);
	if (result != CLI_OK)
		return result;

	run.how = cli_specials_options(&opts->specials);
	if (prepare(&run, argc, argv, &refusal, &err) != TOK_OK) {
		result = cli_error("%s", err.message);
	} else if (refusal.status != TOK_OK) {
		(void)cli_error("%s: nothing is timed", refusal.message);
		result = CLI_NO;
	} else {
		result = measure(&run);
	}
	bench_texts_release(&run.texts);
	free(run.ids);
	free(run.documents);
	return result;
}

static enum cli_exit run_encode(const void *options, int argc, char **argv)
{
	return run_bench(&bench_word_encode, options, argc, argv);
}

static enum cli_exit run_decode(const void *options, int argc, char **argv)
{
	return run_bench(&bench_word_decode, options, argc, argv);
}

static const struct cli_word words[] = {
	{ "decode", "[TEXT...]", "time decoding the ids of the texts", true, run_decode },
	{ "encode", "[TEXT...]", "time encoding the texts", true, run_encode },
	{ NULL },
};

const struct cli_tool tool_bench = {
	.name = "bench",
	.summary = "time encoding and decoding",
	.operands = "WORD [TEXT...]",
	.description =
	    "Reads every TEXT, or standard input where there is none or it is -, into memory,\n"
	    "folders and compressed data as 'tok encode' does; encodes all of it once to show how\n"
	    "many ids there are and their hash, and then measures, each in processor time (of all\n"
	    "threads) and on the clock:\n"
	    "\n"
	    "  process, start to end  'tok encode' of some 64 bytes as a process of its own\n"
	    "  load, cache unused     the tokenizer's file read and compiled; an image read\n"
	    "  load                   the tokenizer opened as every tool opens it\n"
	    "  load and first id      that, a new encoder, and the same 64 bytes encoded\n"
	    "  cold, load excluded    a new encoder and its first pass over the texts\n"
	    "  cold, load included    the two together: what a command pays for one file\n"
	    "  warm, load excluded    the second pass of the same encoder\n"
	    "\n"
	    "and, where there is more than one thread, once more the cold pass, each thread with\n"
	    "a new encoder of its own; the speed-up is that on the clock. Every run opens the\n"
	    "tokenizer anew. The files themselves are in the system's cache by then. The ids\n"
	    "are made and counted, and written nowhere; the memory is the largest that the\n"
	    "whole process had at any time, with the texts in it.\n"
	    "\n"
	    "Texts are cut into documents as 'tok encode' does it, and into parts of about 1 MB\n"
	    "where the tokenizer shows that no id changes: these are what threads share out.\n"
	    "A text that comes again and again is known to the encoder's caches; how many of the\n"
	    "documents are distinct is shown.\n"
	    "\n"
	    "The hash is XXH3 (64 bits) of the ids as 'tok encode -F u32' writes them. Where\n"
	    "--expect or --check tells other ids, nothing is timed and the exit status is 1.\n"
	    "\n"
	    "With decode, the ids of the texts are decoded, and the rates are those of the bytes\n"
	    "that come out. A document is decoded whole: threads share out documents only.",
	.examples = "  printf 'Hello, world\\n' | tok bench encode --runs 3 --threads 2\n"
		    "  printf 'one\\ntwo\\n' | tok bench encode --lines --json\n"
		    "  printf 'Hello' | tok bench decode --runs 1 --threads 1\n"
		    "  printf 'Hello' | tok encode -F u32 >ids; printf 'Hello' | "
		    "tok bench encode --runs 1 --check ids\n",
	.options = option_table,
	.defaults = &defaults,
	.options_size = sizeof defaults,
	.words = words,
};
