/* encode.c - tok encode: text to ids. */
#include "cmd/cli.h"
#include "cmd/cli_eod.h"
#include "cmd/cli_narrow.h"
#include "cmd/cli_pool.h"
#include "cmd/encode_internal.h"

static const struct encode_options defaults = {
	.split = { .limit_bytes = CLI_SPLIT_LIMIT },
	.specials = CLI_SPECIALS_DEFAULT,
	.format = -1,
	.offset_unit = -1,
	.dtype = -1,
	.max_tokens = UINT64_MAX,
	.budget = UINT64_MAX,
	.shard_tokens = UINT64_MAX,
};

static const struct cli_option option_table[] = {
	CLI_LOAD_ROWS(struct encode_options, load),
	CLI_SPLIT_ROWS(struct encode_options, split),
	{ CLI_FLAG, 0, "raw", NULL, "take gzip and Zstandard files as the bytes they are",
	  CLI_FIELD(struct encode_options, raw, bool) },
	CLI_SPECIAL_ROWS(struct encode_options, specials),
	{ CLI_GROUP, .name = "Segmentation" },
	{ CLI_FLAG, 0, "longest-match", NULL,
	  "from left to right the longest token of the vocabulary, whatever its model is",
	  CLI_FIELD(struct encode_options, longest_match, bool) },
	{ CLI_GROUP, .name = "Output" },
	{ CLI_CHOICE, 'F', "format", CLI_FORMAT_WRITTEN_WORDS,
	  "how ids are written (text, or jsonl with --tokens or --offsets)",
	  CLI_FIELD(struct encode_options, format, int) },
	{ CLI_CHOICE, 0, "dtype", CLI_DTYPE_WORDS,
	  "what npy and megatron hold (uint32; megatron says int32)",
	  CLI_FIELD(struct encode_options, dtype, int) },
	{ CLI_TEXT, 'o', "output", "FILE",
	  "write to FILE, which is replaced in one step at the end",
	  CLI_FIELD(struct encode_options, output, const char *) },
	{ CLI_SIZE, 0, "shard-tokens", "N",
	  "write FILE-00000 and so on, each ending with the document that fills N ids",
	  CLI_FIELD(struct encode_options, shard_tokens, uint64_t) },
	{ CLI_FLAG, 0, "resume", NULL, "go on behind the shards that an earlier run completed",
	  CLI_FIELD(struct encode_options, resume, bool) },
	{ CLI_FLAG, 0, "tokens", NULL, "write the tokens' text too (jsonl)",
	  CLI_FIELD(struct encode_options, tokens, bool) },
	{ CLI_FLAG, 0, "offsets", NULL, "write where in the document each token lies too (jsonl)",
	  CLI_FIELD(struct encode_options, offsets, bool) },
	{ CLI_CHOICE, 0, "offset-unit", ENCODE_UNIT_WORDS, "what --offsets counts (byte)",
	  CLI_FIELD(struct encode_options, offset_unit, int) },
	{ CLI_SIZE, 'n', "max-tokens", "N", "write only the first N ids of each document",
	  CLI_FIELD(struct encode_options, max_tokens, uint64_t) },
	{ CLI_FLAG, 0, "append-eod", NULL, "put the end-of-document token after each document",
	  CLI_FIELD(struct encode_options, append_eod, bool) },
	{ CLI_TEXT, 0, "eod", "TOKEN|ID", "put this one, where the tokenizer has no obvious one",
	  CLI_FIELD(struct encode_options, eod, const char *) },
	{ CLI_SIZE, 0, "budget", "N", "end after N ids in all",
	  CLI_FIELD(struct encode_options, budget, uint64_t) },
	{ CLI_GROUP, .name = "Running" },
	CLI_THREADS_ROW(struct encode_options, threads),
	CLI_PROGRESS_ROW(struct encode_options, progress),
	{ CLI_END }
};

/* What a run has and releases. */
struct encode_job {
	const struct encode_options *opts;
	enum cli_format format;
	struct tok_tokenizer *tokenizer;
	struct cli_files files;
	struct cli_shape shape;
	struct tok_buffer options; /* that make a difference to the output, for the manifest */
	struct encode_plan plan;
	struct tok_sampler *longest; /* or NULL */
	struct cli_coding run;
};

static enum tok_status prepare_shape(struct encode_job *job, struct tok_error *err)
{
	const struct encode_options *opts = job->opts;
	const bool narrow = job->format == CLI_FORMAT_U16 || opts->dtype == CLI_DTYPE_UINT16;
	job->shape = (struct cli_shape){
		.format = job->format,
		.width = narrow ? 2 : 4,
		.tokens = opts->tokens,
		.offsets = opts->offsets,
		.eod = TOK_NO_ID,
	};
	const struct tok_encode_options how = cli_specials_options(&opts->specials);
	enum tok_status status =
	    narrow ? cli_narrow_check(job->tokenizer, &how, job->format, err) : TOK_OK;
	if (status != TOK_OK || (!opts->append_eod && !opts->eod))
		return status;
	status = cli_eod_find(job->tokenizer, opts->eod, &job->shape.eod, err);
	if (status == TOK_OK)
		job->shape.eod_text = tok_tokenizer_token(job->tokenizer, job->shape.eod);
	return status;
}

static void prepare_run(struct encode_job *job)
{
	const struct encode_options *opts = job->opts;
	const bool in_characters = opts->offsets && opts->offset_unit == ENCODE_UNIT_CHAR;
	job->plan = (struct encode_plan){ .tokenizer = job->tokenizer,
					  .how = cli_specials_options(&opts->specials),
					  .in_characters = in_characters,
					  .longest = job->longest };
	job->plan.how.offsets = opts->offsets;
	job->plan.how.tokens = opts->tokens;
	job->run = (struct cli_coding){
		.coder = &encode_coder,
		.context = &job->plan,
		.shape = &job->shape,
		.copies = 1,
		.max_tokens = opts->max_tokens,
		.budget = opts->budget,
		.threads = opts->threads,
		.source = { .files = &job->files,
			    .split = &opts->split,
			    .raw = opts->raw,
			    .cut = cli_cut_for(job->tokenizer, &job->plan.how) },
		.dataset = { .shape = &job->shape,
			     .path = opts->output,
			     .shard_tokens = encode_is_sharded(opts) ? opts->shard_tokens : 0 },
	};
	job->run.source.cut.between_characters = in_characters;
	if (job->longest) /* where its model does not lie across, a longest match may */
		job->run.source.cut.tokenizer = NULL;
}

static enum tok_status prepare_longest(struct encode_job *job, struct tok_error *err)
{
	const struct tok_sample_options options = { .method = TOK_SAMPLE_MAXMATCH };
	return tok_sampler_new(job->tokenizer, &options, &job->longest, err);
}

/* Go on behind what an earlier run made. */
static enum tok_status resume(struct encode_job *job, struct tok_error *err)
{
	struct cli_dataset *dataset = &job->run.dataset;
	struct cli_manifest *manifest = &dataset->manifest;
	enum tok_status status = encode_tell_options(job->opts, job->shape.eod, &job->options)
				     ? TOK_OK
				     : tok_fail_memory(err);
	manifest->options = (const char *)job->options.bytes;
	if (status == TOK_OK)
		status = cli_hash_files(&job->files, &manifest->inputs, err);
	if (status == TOK_OK)
		status = cli_hash_tokenizer(job->tokenizer, &manifest->tokenizer, err);
	if (status == TOK_OK)
		status = cli_dataset_resume(dataset, job->opts->resume, err);
	if (status != TOK_OK)
		return status;
	const struct cli_place place = manifest->place;
	job->run.place = place;
	job->run.source.next = manifest->complete ? job->files.count : (size_t)place.operand;
	job->run.source.skip_bytes = manifest->complete ? 0 : place.bytes;
	return TOK_OK;
}

static enum tok_status prepare(struct encode_job *job, int argc, char **argv, bool *all_found,
			       struct tok_error *err)
{
	enum tok_status status = cli_load(&job->opts->load, &job->tokenizer, err);
	if (status == TOK_OK)
		status = prepare_shape(job, err);
	if (status == TOK_OK && job->opts->longest_match)
		status = prepare_longest(job, err);
	if (status != TOK_OK)
		return status;
	prepare_run(job);
	/* Before the output may be one of the files in a folder. */
	*all_found = cli_files_add_all(&job->files, argc, argv) == CLI_OK;
	status = cli_dataset_begin(&job->run.dataset, err);
	if (status != TOK_OK)
		return status;
	return encode_is_sharded(job->opts) ? resume(job, err) : TOK_OK;
}

static enum cli_exit run_job(struct encode_job *job)
{
	const struct cli_place end = { .operand = job->files.count };
	struct cli_coding *run = &job->run;
	struct tok_error err = { 0 };
	run->progress =
	    cli_progress_begin(job->opts->progress, job->files.all_regular ? job->files.size : 0);
	const bool well = cli_coding_run(run);
	cli_progress_end(&run->progress, &run->done);
	if (run->output_lost)
		return CLI_TROUBLE;
	if (cli_dataset_finish(&run->dataset, &end, &err) != TOK_OK)
		return cli_error("%s", err.message);
	return well ? CLI_OK : CLI_TROUBLE;
}

static enum cli_exit check(const struct encode_options *opts, enum cli_format format)
{
	const bool wide = opts->offsets || opts->tokens;
	if (wide && format != CLI_FORMAT_JSONL)
		return cli_usage("--%s needs --format jsonl", opts->offsets ? "offsets" : "tokens");
	if (opts->dtype >= 0 && format != CLI_FORMAT_NPY && format != CLI_FORMAT_MEGATRON)
		return cli_usage("--dtype needs --format npy or megatron");
	const bool is_named = opts->output && strcmp(opts->output, "-") != 0;
	if (format == CLI_FORMAT_MEGATRON && !is_named)
		return cli_usage("--format megatron needs --output: it makes two files");
	if (opts->shard_tokens == 0)
		return cli_usage("--shard-tokens must be at least 1");
	if (encode_is_sharded(opts) && !is_named)
		return cli_usage("--shard-tokens needs --output");
	if (opts->resume && !encode_is_sharded(opts))
		return cli_usage("--resume needs --shard-tokens");
	if (opts->offset_unit >= 0 && !opts->offsets)
		return cli_usage("--offset-unit needs --offsets");
	enum cli_exit result = cli_threads_check(opts->threads);
	if (result == CLI_OK)
		result = cli_specials_check(&opts->specials);
	return result == CLI_OK ? cli_split_check(&opts->split) : result;
}

static enum cli_exit run_encode(const void *options, int argc, char **argv)
{
	const struct encode_options *opts = options;
	const bool wide = opts->offsets || opts->tokens;
	struct encode_job job = { .opts = options };
	struct tok_error err = { 0 };
	bool all_found = true;

	job.format = opts->format >= 0 ? (enum cli_format)opts->format
		     : wide            ? CLI_FORMAT_JSONL
				       : CLI_FORMAT_TEXT;
	enum cli_exit result = check(opts, job.format);
	if (result != CLI_OK)
		return result;
	if (prepare(&job, argc, argv, &all_found, &err) == TOK_OK)
		result = run_job(&job);
	else
		result = cli_error("%s", err.message);
	cli_dataset_release(&job.run.dataset);
	cli_files_release(&job.files);
	tok_buffer_release(&job.options);
	tok_sampler_free(job.longest);
	tok_tokenizer_free(job.tokenizer);
	return all_found ? result : CLI_TROUBLE;
}

const struct cli_tool tool_encode = {
	.name = "encode",
	.summary = "turn text into the ids of a tokenizer",
	.operands = "[FILE...]",
	.reads_files = true,
	.description =
	    "Writes the ids of each FILE, or of standard input where there is none or it is -.\n"
	    "A folder stands for all regular files in it and in its subfolders, in the order of\n"
	    "the bytes of their names; links to files are followed, links to folders are not,\n"
	    "and one that leads nowhere is an error.\n"
	    "gzip and Zstandard data are known by their first bytes and expanded. A whole file is\n"
	    "one document unless --lines, --null or --jsonl says otherwise.\n"
	    "\n"
	    "The ids of a document stand on one line, one space between two, so that\n"
	    "'tok encode | tok decode' gives back any bytes where the tokenizer loses nothing.\n"
	    "\n"
	    "Text that spells a special token is ordinary text, and no token is added, unless\n"
	    "asked for. A long document is cut where the tokenizer shows that no id changes, so\n"
	    "that memory stays small; where it shows no such place, and always with "
	    "--add-special,\n"
	    "--hf or --longest-match, a document is taken whole, up to --max-document.\n"
	    "\n"
	    "--longest-match is for vocabularies that were put together, of up to millions of\n"
	    "tokens: merges and scores are not looked at. Added tokens, normaliser and\n"
	    "pre-tokenizer work as always.\n"
	    "\n"
	    "With u16, u32 and npy the ids of all documents follow each other; u16 and --dtype\n"
	    "uint16 refuse a vocabulary of more than 65,536 ids. megatron makes FILE.bin and\n"
	    "FILE.idx, the pair that Megatron-LM reads, in which each document is a sequence.\n"
	    "With --tokens or --offsets what is told of one document is kept in memory until its\n"
	    "end. With --output the file is replaced also where some of the input was bad: it "
	    "then\n"
	    "holds what standard output would have shown. A run that is interrupted leaves it as\n"
	    "it was.\n"
	    "\n"
	    "--append-eod puts the token that ends a document in the training of the model behind\n"
	    "each document: the one of <|endoftext|>, <|end_of_text|>, </s>, <eos>, <|eos|> and\n"
	    "DeepSeek's that the tokenizer has as a special token. Where it has none of them or\n"
	    "several, --eod names it; with --eod nobody needs --append-eod. --max-tokens does not\n"
	    "count it and leaves it in its place. --budget counts it, and where it ends inside a\n"
	    "document or right behind it, that one has none.\n"
	    "\n"
	    "--shard-tokens makes FILE-00000.npy and so on, with an ending that suits the format.\n"
	    "A shard ends with the document that fills it, and so has N ids or more; only the "
	    "last\n"
	    "may have fewer. Each takes its place when it is whole and on the disk, and FILE.json\n"
	    "lists them: where that lies already, a run without --resume refuses to begin. When a\n"
	    "run was interrupted or killed, the same command with --resume goes on behind the "
	    "last\n"
	    "whole shard and ends with the files of a run that was left alone; where nothing was\n"
	    "made yet it begins, and where all was made it does nothing. It refuses where the\n"
	    "options, the tokenizer or the input files are others now. Standard input must be "
	    "given\n"
	    "again from its beginning.\n"
	    "\n"
	    "A range that --offsets shows begins at the first byte or character and ends after "
	    "the\n"
	    "last; a token that the template added has [0,0].",
	.examples =
	    "  printf 'Hello, world' | tok encode\n"
	    "  printf 'one\\ntwo\\n' | tok encode --lines --offsets\n"
	    "  printf '{\"text\":\"caf\\303\\251\"}\\n' | tok encode --jsonl text --tokens\n"
	    "  printf 'Hello' | tok encode --format npy --output ids.npy\n"
	    "  printf 'Hello' | tok encode --max-tokens 2\n"
	    "  seq 1000 | gzip | tok encode --lines --threads 2 | tail -n 1\n"
	    "  printf 'one\\ntwo\\n' | tok encode --lines --eod 0 --format megatron --output data\n"
	    "  seq 99 | tok encode --lines --format npy --shard-tokens 50 --output part --resume\n",
	.options = option_table,
	.defaults = &defaults,
	.options_size = sizeof defaults,
	.run = run_encode,
};
