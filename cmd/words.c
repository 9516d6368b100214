/* words.c - tok words: how often each word of a text occurs. */
#include <inttypes.h>
#include <unistd.h>

#include "cmd/cli_chunks.h"
#include "cmd/cli_interrupt.h"
#include "cmd/cli_pool.h"
#include "cmd/cli_recipe.h"
#include "cmd/cli_words_inputs.h"
#include "cmd/words_internal.h"
#include "vocab/train/words_file.h"

struct words_options {
	struct cli_recipe recipe;
	int super; /* 1: chunks */
	struct cli_chunks chunks;
	struct cli_split split;
	bool raw, merge, from_tsv, estimate;
	int format;
	const char *output;
	uint64_t memory, threads;
	int progress;
};

static const struct words_options defaults = {
	.recipe = CLI_RECIPE_DEFAULTS,
	.split = { .limit_bytes = CLI_SPLIT_LIMIT },
};

static const struct cli_option option_table[] = {
	CLI_RECIPE_ROWS(struct words_options, recipe),
	{ CLI_CHOICE, 0, "super", "none|chunk",
	  "count chunks of random length, for the supertokens of tok train --super chunk (none)",
	  CLI_FIELD(struct words_options, super, int) },
	CLI_CHUNK_ROWS(struct words_options, chunks),
	CLI_SPLIT_ROWS(struct words_options, split),
	{ CLI_FLAG, 0, "raw", NULL, "take gzip and Zstandard files as the bytes they are",
	  CLI_FIELD(struct words_options, raw, bool) },
	{ CLI_GROUP, .name = "Counts" },
	{ CLI_FLAG, 'm', "merge", NULL, "the FILEs are counts that this tool made: add them up",
	  CLI_FIELD(struct words_options, merge, bool) },
	{ CLI_FLAG, 0, "from-tsv", NULL, "the FILEs are lines of a word, a tab and its count",
	  CLI_FIELD(struct words_options, from_tsv, bool) },
	{ CLI_GROUP, .name = "Output" },
	{ CLI_CHOICE, 'F', "format", WORDS_FORMAT_NAMES, "how counts are written (words)",
	  CLI_FIELD(struct words_options, format, int) },
	{ CLI_TEXT, 'o', "output", "FILE",
	  "write to FILE, which is replaced in one step at the end",
	  CLI_FIELD(struct words_options, output, const char *) },
	{ CLI_FLAG, 0, "estimate", NULL,
	  "only tell how many words there will be and what memory they take",
	  CLI_FIELD(struct words_options, estimate, bool) },
	{ CLI_GROUP, .name = "Running" },
	{ CLI_BYTES, 0, "memory", "BYTES",
	  "use about so much memory, and files in TMPDIR for the rest (no limit)",
	  CLI_FIELD(struct words_options, memory, uint64_t) },
	CLI_THREADS_ROW(struct words_options, threads),
	{ CLI_CHOICE, 0, "progress", "auto|always|never",
	  "tell on standard error what is to come and how far it is (auto: on a terminal)",
	  CLI_FIELD(struct words_options, progress, int) },
	{ CLI_END }
};

/* ---- writing -------------------------------------------------------------- */

static enum tok_status write_tsv(struct vocab_word_stream *stream, struct cli_output *out,
				 struct tok_error *err)
{
	struct tok_buffer line = { 0 };
	struct vocab_word word = { 0 };
	enum tok_status status = TOK_OK;
	while (status == TOK_OK) {
		status = vocab_words_next(stream, &word, err);
		if (status != TOK_OK || !word.text.bytes)
			break;
		tok_buffer_clear(&line);
		status = cli_words_print(&word, &line)
			     ? cli_output_add(out, line.bytes, line.count, err)
			     : tok_fail_memory(err);
	}
	tok_buffer_release(&line);
	return status;
}

enum tok_status words_write(enum words_format format, struct vocab_word_stream *stream,
			    struct cli_output *out, struct tok_error *err)
{
	switch (format) {
	case WORDS_FILE: {
		const enum tok_status status = vocab_words_write(stream, out->fd, err);
		return status == TOK_EIO ? tok_fail_in(err, status, "'%s'", out->name) : status;
	}
	case WORDS_TSV:
		return write_tsv(stream, out, err);
	case WORDS_SQLITE:
		return words_write_sqlite(stream, out, err);
	}
	return TOK_OK;
}

/* The output is opened before anything is counted: a long run must not end in vain. */
static enum tok_status open_output(const struct words_options *opts, struct cli_output *out,
				   struct tok_error *err)
{
	const enum tok_status status = cli_output_open(out, opts->output, err);
	if (status == TOK_OK && out->target)
		cli_interrupt_say("tok words: interrupted: '%s' is as it was", out->name);
	return status;
}

static enum tok_status write_stream(const struct words_options *opts,
				    struct vocab_word_stream *stream, struct cli_output *out,
				    struct tok_error *err)
{
	enum tok_status status = words_write((enum words_format)opts->format, stream, out, err);
	return status == TOK_OK ? cli_output_commit(out, err) : status;
}

/* ---- counting ------------------------------------------------------------- */

struct words_run {
	const struct words_options *opts;
	struct cli_files files;
	struct cli_split split;
	struct cli_recipe how;
	struct vocab_chunks chunks;
	struct tok_buffer recipe;
	struct tok_tokenizer *tokenizer;
	struct cli_words words;
	struct cli_progress progress;
	struct cli_output out;
};

static struct cli_words_job make_job(struct words_run *run)
{
	const struct words_options *opts = run->opts;
	return (struct cli_words_job){
		.tokenizer = run->tokenizer,
		.files = &run->files,
		.split = &run->split,
		.units = opts->super ? &run->chunks.units : NULL,
		.raw = opts->raw,
		.tsv = opts->from_tsv,
		.threads = opts->threads,
		.memory_bytes = opts->memory,
		.progress = &run->progress,
	};
}

/* Somebody waits, or asked for it. */
static bool tells_before(const struct words_run *run)
{
	return run->progress.when != CLI_PROGRESS_NEVER && run->files.all_regular &&
	       run->files.size > ((uint64_t)64 << 20) && !run->opts->from_tsv;
}

/* A tokenizer that does not cut text at spaces makes a word of each text, of which no
 * two are alike: nobody wants to learn from that. */
static void tell_long_words(const struct words_run *run)
{
	enum { LONG = 100 };
	const struct cli_done *done = &run->words.done;
	if (run->opts->recipe.like && done->tokens && done->bytes / done->tokens > LONG)
		cli_error("words have %" PRIu64 " bytes on average: '%s' does not cut text at "
			  "spaces, perhaps --pretok metaspace is meant",
			  done->bytes / done->tokens, run->opts->recipe.like);
}

static enum tok_status count_all(struct words_run *run, struct tok_error *err)
{
	struct vocab_word_stream *stream = NULL;
	const struct cli_words_job job = make_job(run);
	enum tok_status status = TOK_OK;
	if (run->opts->estimate)
		return words_estimate(&job, stdout, &run->words.trouble, err);
	if (tells_before(run))
		status = words_estimate(&job, stderr, NULL, err);
	if (status == TOK_OK)
		status = open_output(run->opts, &run->out, err);
	if (status == TOK_OK)
		status = cli_words_count(&job, &run->words, err);
	cli_progress_end(&run->progress, &run->words.done);
	if (status == TOK_OK)
		tell_long_words(run);
	if (status == TOK_OK)
		status = cli_words_stream(&run->words, tok_buffer_span(&run->recipe), &stream, err);
	return status == TOK_OK ? write_stream(run->opts, stream, &run->out, err) : status;
}

static enum tok_status count_operands(struct words_run *run, struct tok_error *err)
{
	const struct words_options *opts = run->opts;
	enum tok_status status = cli_recipe_make(&run->how, &run->recipe, &run->tokenizer, err);
	if (status != TOK_OK)
		return status;
	run->split = opts->split;
	run->split.lines |= opts->from_tsv;
	run->progress =
	    cli_progress_begin(opts->progress, run->files.all_regular ? run->files.size : 0);
	run->progress.unit = "words";
	return count_all(run, err);
}

static enum tok_status merge_operands(struct words_run *run, struct tok_error *err)
{
	struct cli_words_inputs *inputs = NULL;
	struct vocab_word_stream *stream = NULL;
	enum tok_status status = cli_words_inputs_open(&run->files, &inputs, &stream, err);
	if (status == TOK_OK)
		status = open_output(run->opts, &run->out, err);
	if (status == TOK_OK)
		status = write_stream(run->opts, stream, &run->out, err);
	cli_words_inputs_close(inputs);
	return status;
}

/* ---- the tool ------------------------------------------------------------- */

static enum cli_exit check_merge(const struct words_options *opts)
{
	const struct cli_recipe *recipe = &opts->recipe;
	const bool recipe_given = recipe->family >= 0 || recipe->like || recipe->normalizer >= 0 ||
				  recipe->specials.count || opts->super;
	if (opts->from_tsv || opts->estimate)
		return cli_usage("--merge goes with neither --from-tsv nor --estimate");
	if (recipe_given || opts->raw || !cli_split_is_whole(&opts->split))
		return cli_usage("--merge takes counts: how words are made was said when they "
				 "were counted");
	return CLI_OK;
}

static enum cli_exit check(const struct words_options *opts)
{
	const bool is_named = opts->output && strcmp(opts->output, "-") != 0;
	if (opts->format == WORDS_SQLITE && !is_named)
		return cli_usage("--format sqlite needs --output");
	if (opts->format == WORDS_FILE && !is_named && !opts->estimate && isatty(STDOUT_FILENO))
		return cli_usage("counts are not for a terminal: use --output, or --format tsv");
	if (opts->from_tsv && !cli_split_is_whole(&opts->split))
		return cli_usage("--from-tsv reads lines: leave --lines, --null and --jsonl away");
	enum cli_exit result = opts->merge ? check_merge(opts) : CLI_OK;
	if (result == CLI_OK)
		result = cli_threads_check(opts->threads);
	return result == CLI_OK ? cli_split_check(&opts->split) : result;
}

static enum cli_exit run_words(const void *options, int argc, char **argv)
{
	struct words_run run = { .opts = options, .out = { .fd = -1 } };
	struct tok_error err = { 0 };
	enum cli_exit result = check(run.opts);
	run.how = run.opts->recipe;
	if (result == CLI_OK && run.opts->super)
		result = cli_chunks_recipe(&run.opts->recipe, &run.how);
	if (result == CLI_OK && run.opts->super)
		result = cli_chunks_make(&run.opts->chunks, &run.chunks);
	if (result != CLI_OK)
		return result;
	result = cli_files_add_all(&run.files, argc, argv);
	const bool lacks_counts = run.opts->merge && result != CLI_OK;
	enum tok_status status = TOK_OK;
	if (!lacks_counts)
		status = run.opts->merge ? merge_operands(&run, &err) : count_operands(&run, &err);
	if (status != TOK_OK)
		result = cli_error("%s", err.message);
	if (run.words.trouble)
		result = CLI_TROUBLE;
	cli_output_abandon(&run.out);
	cli_words_release(&run.words);
	tok_tokenizer_free(run.tokenizer);
	tok_buffer_release(&run.recipe);
	cli_files_release(&run.files);
	return result;
}

const struct cli_tool tool_words = {
	.name = "words",
	.summary = "count the words of texts, which tok train learns from",
	.operands = "[FILE...]",
	.reads_files = true,
	.description =
	    "Writes how often each word of each FILE, or of standard input where there is none or\n"
	    "it is -, occurs: all FILEs together, in the order of the words' bytes. A word is "
	    "what\n"
	    "a tokenizer's model would be asked for: what is left of a text when special tokens "
	    "are\n"
	    "cut out, and normalizer and pre-tokenizer have run. FILEs are read as by tok encode:\n"
	    "folders, gzip and Zstandard, --lines, --null and --jsonl.\n"
	    "\n"
	    "The families of --pretok are those of GPT-2, of cl100k (Llama 3 too), Qwen 2, "
	    "o200k,\n"
	    "Mistral's tekken and DeepSeek 3, of which words are bytes; whitespace is what stands\n"
	    "between white space, words runs of word characters and runs of others, bert BERT's,\n"
	    "metaspace SentencePiece's way of a U+2581 in front of each word, and none takes a "
	    "text\n"
	    "as one word. --like does what any tokenizer that tok reads does, and cuts out all of\n"
	    "its added tokens; one that takes a whole text as a word, as Llama 2's and Gemma's "
	    "do,\n"
	    "has its words cut in front of spaces all the same. A special token is never counted,\n"
	    "nor is a part of one.\n"
	    "\n"
	    "--super chunk counts chunks of random length instead of words, as tok train --super "
	    "chunk\n"
	    "learns from: which ones depends on --seed and the bytes of each text alone, so parts "
	    "of\n"
	    "a collection may be counted apart. Documents are best given with --lines, --null or "
	    "--jsonl.\n"
	    "\n"
	    "The output is a file of words, see tok-formats(5), which says in itself how words\n"
	    "were made. Such files are added up by --merge: counts of parts of a text, each of\n"
	    "whole documents, are together those of the text, byte for byte, in whatever order "
	    "and\n"
	    "grouping. --merge reads pipes and writes them, and any number of FILEs in little\n"
	    "memory; it refuses counts that were made in different ways. Of one FILE it makes\n"
	    "another format. --format tsv writes a word, a tab and its count a line; in the word\n"
	    "\\t, \\n, \\r, \\\\ and \\xHH stand for what could not be in a line of text. "
	    "--from-tsv\n"
	    "reads that, sorted or not, several lines of one word are added up; how words were "
	    "made\n"
	    "is to be said anew. --format sqlite makes a database with the tables words(word,\n"
	    "count), totals and recipe.\n"
	    "\n"
	    "Neither threads nor --memory nor the places where long texts are cut change the\n"
	    "output. With --memory, counts that do not fit are written to files without a name in\n"
	    "the folder TMPDIR, else /var/tmp, and merged in the end. On a terminal an estimate "
	    "of\n"
	    "words and memory, from 16 MiB of it, is told before a run over more than 64 MiB;\n"
	    "--estimate tells it and nothing else.\n"
	    "\n"
	    "A document that cannot be read, as a line of bad JSON, is told, left out, and makes "
	    "the\n"
	    "exit status 2; so does a FILE of text that is not there. --output is replaced then "
	    "too,\n"
	    "and holds the others. Where counts are damaged, memory is out or a disk is full it "
	    "stays\n"
	    "as it was, as it does when the run is interrupted.",
	.examples = "  printf 'one two two' | tok words --pretok whitespace --format tsv\n"
		    "  printf 'a<|end|>b' | tok words --special '<|end|>' --format tsv\n"
		    "  printf 'one' | tok words --output a.words\n"
		    "  printf 'two' | tok words | tok words --merge a.words - --format tsv\n"
		    "  printf 'one two' | tok words --output two.db --format sqlite\n",
	.options = option_table,
	.defaults = &defaults,
	.options_size = sizeof defaults,
	.run = run_words,
};
