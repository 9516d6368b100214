/* split.c - tok split: ids split into smaller ones (StochasTok). */
#include <math.h>
#include <stdlib.h>

#include "cmd/cli.h"
#include "cmd/cli_eod.h"
#include "cmd/cli_narrow.h"
#include "cmd/cli_pool.h"
#include "cmd/split_internal.h"
#include "tok/sample/predict.h"

static const struct split_options defaults = {
	.attempts = TOK_SPLIT_ALL,
	.max_splits = TOK_SPLIT_ALL,
	.copies = 1,
	.input = -1,
	.limit_ids = (uint64_t)1 << 28,
	.split = { .limit_bytes = CLI_SPLIT_LIMIT },
	.specials = CLI_SPECIALS_DEFAULT,
	.format = -1,
	.dtype = -1,
};

static const struct cli_option option_table[] = {
	CLI_LOAD_ROWS(struct split_options, load),
	{ CLI_GROUP, .name = "Splitting" },
	{ CLI_TEXT, 'p', "proportion", "P", "attempts for each id of a document (0.1)",
	  CLI_FIELD(struct split_options, proportions, const char *) },
	{ CLI_SIZE, 0, "attempts", "N", "make N attempts in each document instead",
	  CLI_FIELD(struct split_options, attempts, uint64_t) },
	{ CLI_SIZE, 0, "max-splits", "N", "end a document's attempts after N splits",
	  CLI_FIELD(struct split_options, max_splits, uint64_t) },
	{ CLI_CHOICE, 0, "pairs", SPLIT_PAIRS_WORDS,
	  "into which two tokens: any, those that BPE merges last, any of smaller id (any)",
	  CLI_FIELD(struct split_options, pairs, int) },
	{ CLI_CHOICE, 0, "round", SPLIT_ROUND_WORDS,
	  "what becomes of a fraction of an attempt (floor)",
	  CLI_FIELD(struct split_options, round, int) },
	{ CLI_SIZE, 0, "min-piece-bytes", "N", "never make a token that spells fewer bytes",
	  CLI_FIELD(struct split_options, min_piece_bytes, uint64_t) },
	{ CLI_FLAG, 0, "utf8-safe", NULL, "never split inside a character",
	  CLI_FIELD(struct split_options, utf8_safe, bool) },
	{ CLI_TEXT, 0, "protect", "FILE", "never split the tokens in FILE, one a line",
	  CLI_FIELD(struct split_options, protect, const char *) },
	{ CLI_SIZE, 0, "copies", "N", "write each document N times, split anew each time (1)",
	  CLI_FIELD(struct split_options, copies, uint64_t) },
	{ CLI_SIZE, 0, "chunk", "N",
	  "split each N ids of a document by themselves (0: all at once)",
	  CLI_FIELD(struct split_options, chunk, uint64_t) },
	{ CLI_SIZE, 0, "seed", "N", "of what is drawn (0)",
	  CLI_FIELD(struct split_options, seed, uint64_t) },
	{ CLI_CHOICE, 0, "rng", SPLIT_RNG_WORDS,
	  "draw as tok does, or bit for bit as the published program (tok)",
	  CLI_FIELD(struct split_options, rng, int) },
	{ CLI_FLAG, 0, "predict", NULL, "tell what is to be expected, and split nothing",
	  CLI_FIELD(struct split_options, predict, bool) },
	{ CLI_GROUP, .name = "Input" },
	{ CLI_CHOICE, 'I', "input", CLI_FORMAT_WORDS, "how ids are written in FILE (text)",
	  CLI_FIELD(struct split_options, input, int) },
	{ CLI_BYTES, 0, "max-ids", "N", "refuse a document of more ids without --chunk (256M)",
	  CLI_FIELD(struct split_options, limit_ids, uint64_t) },
	{ CLI_FLAG, 0, "encode", NULL, "read text in FILE, and encode it first as tok encode does",
	  CLI_FIELD(struct split_options, encode, bool) },
	CLI_SPLIT_ROWS(struct split_options, split),
	{ CLI_FLAG, 0, "raw", NULL, "take gzip and Zstandard files as the bytes they are",
	  CLI_FIELD(struct split_options, raw, bool) },
	CLI_SPECIAL_ROWS(struct split_options, specials),
	{ CLI_GROUP, .name = "Output" },
	{ CLI_CHOICE, 'F', "format", CLI_FORMAT_WRITTEN_WORDS,
	  "how ids are written (text, or jsonl with --tokens)",
	  CLI_FIELD(struct split_options, format, int) },
	{ CLI_CHOICE, 0, "dtype", CLI_DTYPE_WORDS,
	  "what npy and megatron hold (uint32; megatron says int32)",
	  CLI_FIELD(struct split_options, dtype, int) },
	{ CLI_TEXT, 'o', "output", "FILE",
	  "write to FILE, which is replaced in one step at the end",
	  CLI_FIELD(struct split_options, output, const char *) },
	{ CLI_FLAG, 0, "tokens", NULL, "write the tokens' text too (jsonl)",
	  CLI_FIELD(struct split_options, tokens, bool) },
	{ CLI_FLAG, 0, "append-eod", NULL,
	  "with --encode: put the end-of-document token after each document",
	  CLI_FIELD(struct split_options, append_eod, bool) },
	{ CLI_TEXT, 0, "eod", "TOKEN|ID", "put this one, where the tokenizer has no obvious one",
	  CLI_FIELD(struct split_options, eod, const char *) },
	{ CLI_CHOICE, 0, "stats", "text|json",
	  "how what was done is told, on standard error; or what is predicted (text)",
	  CLI_FIELD(struct split_options, stats, int) },
	{ CLI_GROUP, .name = "Running" },
	CLI_THREADS_ROW(struct split_options, threads),
	CLI_PROGRESS_ROW(struct split_options, progress),
	{ CLI_END }
};

/* What a run has and releases. */
struct split_job {
	const struct split_options *opts;
	enum cli_format format;
	struct tok_tokenizer *tokenizer;
	struct tok_splits *splits;
	struct split_plan plan;
	struct cli_id_documents ids;
	struct cli_files files;
	struct cli_shape shape;
	struct cli_coding run;
};

/* ---- options -------------------------------------------------------------- */

static enum cli_exit read_proportions(const char *list, struct split_plan *plan)
{
	const char *at = list ? list : "0.1";
	char *end;
	do {
		const bool number = (*at >= '0' && *at <= '9') || *at == '.';
		const double p = number ? strtod(at, &end) : -1;
		if (!number || end == at || (*end && *end != ',') ||
		    !(p <= TOK_PREDICT_PROPORTION_MAX))
			return cli_usage("--proportion takes a number from 0 to %g, or with "
					 "--predict several as '.05,.1', and not '%s'",
					 TOK_PREDICT_PROPORTION_MAX, list);
		if (plan->proportion_count == SPLIT_PROPORTIONS_MAX)
			return cli_usage("--proportion takes at most %d numbers",
					 SPLIT_PROPORTIONS_MAX);
		plan->proportions[plan->proportion_count++] = p;
		at = *end ? end + 1 : end;
	} while (*end);
	if (plan->proportion_count > 1 && !plan->opts->predict)
		return cli_usage("--proportion takes one number, except with --predict");
	return CLI_OK;
}

/* Options that only text or only ids have a use for. */
static enum cli_exit check_input(const struct split_options *o)
{
	const bool of_text = !cli_split_is_whole(&o->split) || o->raw || o->append_eod || o->eod ||
			     o->specials.special_text >= 0 || o->specials.add_special ||
			     o->specials.hf || o->split.limit_bytes != CLI_SPLIT_LIMIT;
	if (o->encode && o->input >= 0)
		return cli_usage("--input says how ids are written: --encode reads text");
	if (!o->encode && of_text)
		return cli_usage("ids are read unless --encode says that FILE is text: what "
				 "documents and special tokens of a text are, and --append-eod, "
				 "needs it");
	if (o->encode && o->limit_ids != defaults.limit_ids)
		return cli_usage("--max-ids is for ids that are read: --max-document limits the "
				 "text that --encode takes");
	return CLI_OK;
}

static enum cli_exit check_splitting(const struct split_options *o)
{
	if (o->proportions && o->attempts != TOK_SPLIT_ALL)
		return cli_usage("--proportion and --attempts exclude each other");
	if (o->copies == 0)
		return cli_usage("--copies must be at least 1");
	if (o->rng == TOK_GENERATOR_PYTHON && o->seed > UINT32_MAX)
		return cli_usage("--seed must be below 2^32 with --rng python");
	if (o->rng == TOK_GENERATOR_PYTHON && o->copies > 1)
		return cli_usage("--rng python draws the same for each copy: leave --copies out");
	return CLI_OK;
}

static enum cli_exit check_output(const struct split_options *o, enum cli_format format)
{
	const bool writes =
	    o->output || o->format >= 0 || o->tokens || o->copies > 1 || o->append_eod || o->eod;
	if (o->predict && writes)
		return cli_usage("--predict writes no ids: leave --output, --format, --tokens, "
				 "--copies and --append-eod out");
	if (o->predict && (o->attempts != TOK_SPLIT_ALL || o->max_splits != TOK_SPLIT_ALL))
		return cli_usage("--predict goes by --proportion: leave --attempts and "
				 "--max-splits out");
	if (o->predict && (o->seed || o->rng != TOK_GENERATOR_TOK))
		return cli_usage("--predict draws nothing: leave --seed and --rng out");
	if (o->tokens && format != CLI_FORMAT_JSONL)
		return cli_usage("--tokens needs --format jsonl");
	if (o->dtype >= 0 && format != CLI_FORMAT_NPY && format != CLI_FORMAT_MEGATRON)
		return cli_usage("--dtype needs --format npy or megatron");
	if (format == CLI_FORMAT_MEGATRON && (!o->output || strcmp(o->output, "-") == 0))
		return cli_usage("--format megatron needs --output: it makes two files");
	return CLI_OK;
}

static enum cli_exit check(const struct split_options *o, enum cli_format format)
{
	enum cli_exit result = check_input(o);
	if (result == CLI_OK)
		result = check_splitting(o);
	if (result == CLI_OK)
		result = check_output(o, format);
	if (result == CLI_OK)
		result = cli_threads_check(o->threads);
	if (result == CLI_OK)
		result = cli_specials_check(&o->specials);
	return result == CLI_OK ? cli_split_check(&o->split) : result;
}

/* ---- preparing ------------------------------------------------------------ */

static enum tok_status make_splits(struct split_job *job, struct tok_error *err)
{
	const struct split_options *opts = job->opts;
	struct tok_splits_options options = {
		.pairs = (enum tok_split_pairs)opts->pairs,
		.min_piece_bytes = (size_t)opts->min_piece_bytes,
		.utf8_safe = opts->utf8_safe,
	};
	tok_id *keep = NULL;
	enum tok_status status = TOK_OK;
	if (opts->protect)
		status = split_read_protected(opts->protect, job->tokenizer, &keep,
					      &options.keep_count, err);
	options.keep = keep;
	if (status == TOK_OK)
		status = tok_splits_new(job->tokenizer, &options, &job->splits, err);
	free(keep);
	return status;
}

/* Where not every id below the size has a token. */
static enum tok_status list_known(struct split_job *job, struct tok_error *err)
{
	const size_t size = tok_tokenizer_size(job->tokenizer);
	size_t count = 0;
	bool *known = malloc(size ? size : 1);
	if (!known)
		return tok_fail_memory(err);
	for (size_t i = 0; i < size; i++)
		count += known[i] = tok_tokenizer_token(job->tokenizer, (tok_id)i).bytes != NULL;
	if (count == size) {
		free(known);
		known = NULL;
	}
	job->plan.known = known;
	return TOK_OK;
}

static enum tok_status prepare_plan(struct split_job *job, struct tok_error *err)
{
	const struct split_options *opts = job->opts;
	struct split_plan *plan = &job->plan;
	plan->tokenizer = job->tokenizer;
	plan->splits = job->splits;
	plan->how = cli_specials_options(&opts->specials);
	plan->options = (struct tok_split_options){
		.proportion = plan->proportions[0],
		.attempts = opts->attempts,
		.max_splits = opts->max_splits,
		.round = (enum tok_split_round)opts->round,
		.generator = (enum tok_split_generator)opts->rng,
		.seed = opts->seed,
	};
	if (opts->predict) {
		const size_t size = tok_splits_size(job->splits);
		plan->counts = calloc(size ? size : 1, sizeof *plan->counts);
		if (!plan->counts)
			return tok_fail_memory(err);
	}
	return list_known(job, err);
}

static enum tok_status prepare_shape(struct split_job *job, struct tok_error *err)
{
	const struct split_options *opts = job->opts;
	const bool narrow = job->format == CLI_FORMAT_U16 || opts->dtype == CLI_DTYPE_UINT16;
	job->shape = (struct cli_shape){
		.format = job->format,
		.width = narrow ? 2 : 4,
		.tokens = opts->tokens,
		.eod = TOK_NO_ID,
	};
	enum tok_status status =
	    narrow ? cli_narrow_check(job->tokenizer, &job->plan.how, job->format, err) : TOK_OK;
	if (status != TOK_OK || (!opts->append_eod && !opts->eod))
		return status;
	status = cli_eod_find(job->tokenizer, opts->eod, &job->shape.eod, err);
	if (status == TOK_OK)
		job->shape.eod_text = tok_tokenizer_token(job->tokenizer, job->shape.eod);
	return status;
}

/* Documents are whole, except those of ids that are taken in chunks and written once. */
static void prepare_run(struct split_job *job)
{
	static const struct cli_split ids_are_whole = { .limit_bytes = UINT64_MAX };
	const struct split_options *opts = job->opts;
	job->ids = (struct cli_id_documents){
		.format = opts->input < 0 ? CLI_FORMAT_TEXT : (enum cli_format)opts->input,
		.chunk_ids = opts->copies == 1 ? opts->chunk : 0,
		.limit_ids = opts->limit_ids,
		.may_chunk = opts->copies == 1,
	};
	job->run = (struct cli_coding){
		.coder = opts->predict ? &split_counter : &split_coder,
		.context = &job->plan,
		.shape = &job->shape,
		.copies = opts->copies,
		.max_tokens = UINT64_MAX,
		.budget = UINT64_MAX,
		.threads = opts->threads,
		.source = { .files = &job->files,
			    .split = opts->encode ? &opts->split : &ids_are_whole,
			    .raw = opts->raw,
			    .numbered = true,
			    .ids = opts->encode ? NULL : &job->ids },
		.dataset = { .shape = &job->shape, .path = opts->output },
	};
}

static enum tok_status prepare(struct split_job *job, int argc, char **argv, bool *all_found,
			       struct tok_error *err)
{
	enum tok_status status = cli_load(&job->opts->load, &job->tokenizer, err);
	if (status == TOK_OK)
		status = make_splits(job, err);
	if (status == TOK_OK)
		status = prepare_plan(job, err);
	if (status == TOK_OK)
		status = prepare_shape(job, err);
	if (status != TOK_OK)
		return status;
	prepare_run(job);
	/* Before the output may be one of the files in a folder. */
	*all_found = cli_files_add_all(&job->files, argc, argv) == CLI_OK;
	return cli_dataset_begin(&job->run.dataset, err);
}

/* ---- running -------------------------------------------------------------- */

static enum cli_exit run_job(struct split_job *job, bool all_found)
{
	const struct cli_place end = { .operand = job->files.count };
	struct cli_coding *run = &job->run;
	struct tok_error err = { 0 };
	run->progress =
	    cli_progress_begin(job->opts->progress, job->files.all_regular ? job->files.size : 0);
	const bool well = cli_coding_run(run) && all_found;
	cli_progress_end(&run->progress, &run->done);
	if (run->output_lost)
		return CLI_TROUBLE;
	if (cli_dataset_finish(&run->dataset, &end, &err) != TOK_OK)
		return cli_error("%s", err.message);
	if (!job->opts->predict)
		split_report(&job->plan, run);
	else if (!well) /* how much was counted of a bad FILE depends on the threads */
		return cli_error("nothing is predicted of what could not be read to its end");
	else if (split_predict(&job->plan, &err) != TOK_OK)
		return cli_error("%s", err.message);
	return well ? CLI_OK : CLI_TROUBLE;
}

static enum cli_exit run_split(const void *options, int argc, char **argv)
{
	const struct split_options *opts = options;
	struct split_job job = { .opts = opts,
				 .plan = { .opts = opts, .lock = PTHREAD_MUTEX_INITIALIZER } };
	struct tok_error err = { 0 };
	bool all_found = true;

	/* Of what is only predicted nothing is written in this form. */
	job.format = opts->format >= 0 ? (enum cli_format)opts->format
		     : opts->tokens    ? CLI_FORMAT_JSONL
		     : opts->predict   ? CLI_FORMAT_U32
				       : CLI_FORMAT_TEXT;
	enum cli_exit result = check(opts, job.format);
	if (result == CLI_OK)
		result = read_proportions(opts->proportions, &job.plan);
	if (result != CLI_OK)
		return result;
	if (prepare(&job, argc, argv, &all_found, &err) == TOK_OK)
		result = run_job(&job, all_found);
	else
		result = cli_error("%s", err.message);
	cli_dataset_release(&job.run.dataset);
	cli_id_documents_release(&job.ids);
	cli_files_release(&job.files);
	free(job.plan.known);
	free(job.plan.counts);
	tok_splits_free(job.splits);
	tok_tokenizer_free(job.tokenizer);
	return result;
}

const struct cli_tool tool_split = {
	.name = "split",
	.summary = "split ids into smaller ones at random (StochasTok)",
	.operands = "[FILE...]",
	.reads_files = true,
	.description =
	    "Reads the ids in each FILE, or in standard input where there is none or it is -, and\n"
	    "writes them with some split into two that spell the same, so that a model sees what\n"
	    "its tokens are made of. 'tok decode' gives the same text as before; the vocabulary\n"
	    "stays as it is. The method is StochasTok's (arXiv 2506.01687).\n"
	    "\n"
	    "In a document of n ids P x n attempts are made. Each takes a place of the document\n"
	    "as it is by then, any with the same probability; if the token there can be split,\n"
	    "one of its pairs takes its place, any with the same probability; if not, the\n"
	    "attempt is spent. So parts may be split again, and P = 0.1 makes text about 8 %\n"
	    "longer and not 10 %: the last line on standard error says how much it was.\n"
	    "Special tokens, byte pieces and unknown tokens are left alone. --round floor, as\n"
	    "in the published program, makes no attempt in a document of fewer than 1/P ids;\n"
	    "--round stochastic makes one with the probability that the fraction is.\n"
	    "\n"
	    "What is drawn depends on --seed and the number of the document, counted over all\n"
	    "FILEs, and not on threads. --copies N writes N versions of each document, one\n"
	    "behind the other; the first is what there is without it. Threads share out the\n"
	    "documents, and not the copies of one: of what some 256 KB of text or 16000 ids are\n"
	    "copied to, all beyond 8 MB is made by one thread at a time. --chunk N splits each N\n"
	    "ids as if they were a document: attempts are made whole for each chunk. It keeps a\n"
	    "long document of ids in the processor's cache, and, where there is one copy, out of\n"
	    "memory. --rng python draws as the published program does after numpy.random.seed(N)\n"
	    "and random.seed(N), anew for each document and chunk.\n"
	    "\n"
	    "Each line of text or jsonl is a document, and of jsonl only the list at \"ids\" is\n"
	    "read; a FILE of u16, u32 or npy is one document. With --encode FILEs are text, and\n"
	    "documents and special tokens are what they are to tok encode. Ids are written as by\n"
	    "tok encode. An id that the tokenizer does not have is an error: the rest of its\n"
	    "FILE is left out.\n"
	    "\n"
	    "In the file of --protect a line of digits is an id, and any other line a token as\n"
	    "the tokenizer's file writes it, which is as --tokens shows it.\n"
	    "\n"
	    "--predict counts the ids, and writes for one or more P, as in -p .05,.1, what is\n"
	    "expected: by how much they get longer, bytes a token, the share of attempts that\n"
	    "split, and the share of tokens that spell 1, 2, 3... bytes, beside those of the\n"
	    "input, P = 0. A special token spells none. The attempts are those that --round and\n"
	    "--chunk allow in these documents: with --round floor none in those of fewer than\n"
	    "1/P ids. They are taken to fall on all ids alike, and documents to be long: where\n"
	    "some are long and others without attempts, or all are of a few ids, it is a guess.\n"
	    "\n"
	    "--stats json writes one JSON object instead. That of schema tok.split.1 has\n"
	    "documents, copies, tokens (read, once for each copy), attempts, splits,\n"
	    "splits_per_token, success_rate (splits by attempts), length_ratio, the options\n"
	    "proportion, attempts_asked, max_splits, chunk, pairs, round, rng and seed,\n"
	    "splittable_tokens and pair_count of the vocabulary, and warning: why nothing was\n"
	    "split. What does not apply is null. That of --predict, tok.split.predict.1, has\n"
	    "tokens, bytes, bytes_per_token and shares of the input, where shares[n] is of\n"
	    "tokens that spell n bytes (shares[128]: so many or more), and predictions, each with\n"
	    "proportion, attempts, length_ratio, success_rate, bytes_per_token and shares.",
	.examples =
	    "  printf 'The cook read a book' | tok encode | tok split -p 1 | tok decode\n"
	    "  printf 'strawberries and cream' | tok split --encode -p .5 --tokens\n"
	    "  seq 100 | tok split --encode --lines -p 1 --copies 2 -F u16 | tok decode -F u16\n"
	    "  printf 'The cook read a book' | tok split --encode --predict -p .1,.5,1\n"
	    "  printf '1367 300\\n' | tok split -p 1 --max-splits 1 --stats json\n",
	.guide = "tok-sampling",
	.options = option_table,
	.defaults = &defaults,
	.options_size = sizeof defaults,
	.run = run_split,
};
