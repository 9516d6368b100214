/* encode.c - tok encode: text to ids. */
#include "cmd/cli.h"
#include "cmd/cli_pool.h"
#include "cmd/encode_internal.h"

static const struct encode_options defaults = {
	.split = { .limit_bytes = CLI_SPLIT_LIMIT },
	.format = -1,
	.max_tokens = UINT64_MAX,
	.budget = UINT64_MAX,
};

static const struct cli_option option_table[] = {
	CLI_LOAD_ROWS(struct encode_options, load),
	CLI_SPLIT_ROWS(struct encode_options, split),
	{ CLI_FLAG, 0, "raw", NULL, "take gzip and Zstandard files as the bytes they are",
	  CLI_FIELD(struct encode_options, raw, bool) },
	CLI_SPECIAL_ROWS(struct encode_options, specials),
	{ CLI_GROUP, .name = "Output" },
	{ CLI_CHOICE, 'F', "format", CLI_FORMAT_WORDS,
	  "how ids are written (text, or jsonl with --tokens or --offsets)",
	  CLI_FIELD(struct encode_options, format, int) },
	{ CLI_TEXT, 'o', "output", "FILE",
	  "write to FILE, which is replaced in one step at the end",
	  CLI_FIELD(struct encode_options, output, const char *) },
	{ CLI_FLAG, 0, "tokens", NULL, "write the tokens' text too (jsonl)",
	  CLI_FIELD(struct encode_options, tokens, bool) },
	{ CLI_FLAG, 0, "offsets", NULL, "write where in the document each token lies too (jsonl)",
	  CLI_FIELD(struct encode_options, offsets, bool) },
	{ CLI_CHOICE, 0, "offset-unit", "byte|char", "what --offsets counts (byte)",
	  CLI_FIELD(struct encode_options, offset_unit, int) },
	{ CLI_SIZE, 'n', "max-tokens", "N", "write only the first N ids of each document",
	  CLI_FIELD(struct encode_options, max_tokens, uint64_t) },
	{ CLI_SIZE, 0, "budget", "N", "end after N ids in all",
	  CLI_FIELD(struct encode_options, budget, uint64_t) },
	{ CLI_GROUP, .name = "Running" },
	CLI_THREADS_ROW(struct encode_options, threads),
	{ CLI_CHOICE, 0, "progress", "auto|always|never",
	  "tell on standard error how far it is (auto: on a terminal, after a second)",
	  CLI_FIELD(struct encode_options, progress, int) },
	{ CLI_END }
};

/* What a run has and releases. */
struct encode_job {
	const struct encode_options *opts;
	struct tok_tokenizer *tokenizer;
	struct cli_files files;
	struct cli_shape shape;
	struct cli_output out;
	struct encode_run run;
};

static enum tok_status prepare_shape(struct encode_job *job, enum cli_format format,
				     struct tok_error *err)
{
	const size_t size = tok_tokenizer_size(job->tokenizer);
	job->shape = (struct cli_shape){
		.format = format,
		.width = format == CLI_FORMAT_U16 ? 2 : 4,
		.tokens = job->opts->tokens,
		.offsets = job->opts->offsets,
		.eod = TOK_NO_ID,
	};
	if (job->shape.width == 2 && size > CLI_U16_IDS)
		return tok_fail(err, TOK_EARG,
				"u16 holds vocabularies of up to %d ids and this one has %zu: "
				"use u32",
				CLI_U16_IDS, size);
	return TOK_OK;
}

static enum tok_status prepare(struct encode_job *job, enum cli_format format,
			       struct tok_error *err)
{
	const struct encode_options *opts = job->opts;
	struct encode_run *run = &job->run;
	enum tok_status status = cli_load(&opts->load, &job->tokenizer, err);
	if (status == TOK_OK)
		status = prepare_shape(job, format, err);
	if (status == TOK_OK)
		status = cli_output_open(&job->out, opts->output, err);
	if (status != TOK_OK)
		return status;
	run->opts = opts;
	run->tokenizer = job->tokenizer;
	run->shape = &job->shape;
	run->how = cli_specials_options(&opts->specials);
	run->how.offsets = opts->offsets;
	run->how.tokens = opts->tokens;
	run->source.files = &job->files;
	run->source.split = &opts->split;
	run->source.raw = opts->raw;
	run->source.cut = cli_cut_for(job->tokenizer, &run->how);
	run->source.cut.between_characters = opts->offsets && opts->offset_unit == ENCODE_UNIT_CHAR;
	run->writer = (struct cli_writer){ .shape = &job->shape, .out = &job->out };
	return cli_writer_begin(&run->writer, err);
}

static enum cli_exit run_job(struct encode_job *job)
{
	struct encode_run *run = &job->run;
	struct tok_error err = { 0 };
	run->progress = cli_progress_begin((enum cli_progress_when)job->opts->progress,
					   job->files.all_regular ? job->files.size : 0);
	const bool well = encode_run(run);
	cli_progress_end(&run->progress, &run->done);
	if (run->output_lost)
		return CLI_TROUBLE;
	if (cli_writer_finish(&run->writer, &err) != TOK_OK ||
	    cli_output_commit(&job->out, &err) != TOK_OK)
		return cli_error("%s", err.message);
	return well ? CLI_OK : CLI_TROUBLE;
}

static enum cli_exit check(const struct encode_options *opts, int *format)
{
	const bool wide = opts->offsets || opts->tokens;
	*format = opts->format >= 0 ? opts->format : wide ? CLI_FORMAT_JSONL : CLI_FORMAT_TEXT;
	if (wide && *format != CLI_FORMAT_JSONL)
		return cli_usage("--%s needs --format jsonl", opts->offsets ? "offsets" : "tokens");
	const enum cli_exit threads = cli_threads_check(opts->threads);
	return threads == CLI_OK ? cli_split_check(&opts->split) : threads;
}

static enum cli_exit run_encode(const void *options, int argc, char **argv)
{
	struct encode_job job = { .opts = options, .out = { .fd = -1 } };
	struct tok_error err = { 0 };
	int format;

	enum cli_exit result = check(job.opts, &format);
	if (result != CLI_OK)
		return result;
	if (prepare(&job, (enum cli_format)format, &err) == TOK_OK) {
		const enum cli_exit found = cli_files_add_all(&job.files, argc, argv);
		result = run_job(&job);
		result = result == CLI_OK ? found : result;
	} else {
		result = cli_error("%s", err.message);
	}
	cli_writer_release(&job.run.writer);
	cli_output_abandon(&job.out);
	cli_files_release(&job.files);
	tok_tokenizer_free(job.tokenizer);
	return result;
}

const struct cli_tool tool_encode = {
	.name = "encode",
	.summary = "turn text into the ids of a tokenizer",
	.operands = "[FILE...]",
	.reads_files = true,
	.description =
	    "Writes the ids of each FILE, or of standard input where there is none or it is -.\n"
	    "A folder stands for all regular files in it and in its subfolders, in the order of\n"
	    "the bytes of their names. gzip and Zstandard files are known by their first bytes "
	    "and\n"
	    "expanded. A whole file is one document unless --lines, --null or --jsonl says\n"
	    "otherwise.\n"
	    "\n"
	    "The ids of a document stand on one line, one space between two, so that\n"
	    "'tok encode | tok decode' gives back any bytes where the tokenizer loses nothing.\n"
	    "\n"
	    "Text that spells a special token is ordinary text, and no token is added, unless\n"
	    "asked for. A long document is cut where the tokenizer shows that no id changes, so\n"
	    "that memory stays small; where it shows no such place, and always with --add-special\n"
	    "or --hf, a document is taken whole, up to --max-document.\n"
	    "\n"
	    "With u16, u32 and npy the ids of all documents follow each other. npy is an array of\n"
	    "'<u4'; u16 refuses a vocabulary of more than 65,536 ids. With --tokens or --offsets "
	    "what is told of one document is kept\n"
	    "in memory until its end. With --output the file is replaced also where some of the\n"
	    "input was bad: it then holds what standard output would have shown.\n"
	    "\n"
	    "A range that --offsets shows begins at the first byte or\n"
	    "character and ends after the last; a token that the template added has [0,0].",
	.examples =
	    "  printf 'Hello, world' | tok encode\n"
	    "  printf 'one\\ntwo\\n' | tok encode --lines --offsets\n"
	    "  printf '{\"text\":\"caf\\303\\251\"}\\n' | tok encode --jsonl text --tokens\n"
	    "  printf 'Hello' | tok encode --format npy --output ids.npy\n"
	    "  printf 'Hello' | tok encode --max-tokens 2\n",
	.options = option_table,
	.defaults = &defaults,
	.options_size = sizeof defaults,
	.run = run_encode,
};
