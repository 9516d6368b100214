/* train.c - tok train: learn a vocabulary from text or from counted words. */
#include "cmd/cli_pool.h"
#include "cmd/cli_words_inputs.h"
#include "cmd/train_internal.h"
#include "tok/pipe/tokenizer.h"

static const struct train_options defaults = {
	.recipe = CLI_RECIPE_DEFAULTS,
	.split = { .limit_bytes = CLI_SPLIT_LIMIT },
	.tie = -1,
	.format = -1,
};

static const struct cli_option option_table[] = {
	{ CLI_GROUP, .name = "Vocabulary" },
	{ CLI_CHOICE, 0, "model", VOCAB_TRAIN_MODEL_NAMES, "what to learn (bpe)",
	  CLI_FIELD(struct train_options, model, int) },
	{ CLI_TEXT, 'v', "vocab-size", "N",
	  "tokens in all, with special tokens and alphabet; 32k is 32000",
	  CLI_FIELD(struct train_options, vocab_size, const char *) },
	{ CLI_TEXT, 0, "sizes", "N,N...",
	  "a vocabulary of each size by one run; {} in --output stands for the size",
	  CLI_FIELD(struct train_options, sizes, const char *) },
	{ CLI_TEXT, 0, "unk-token", "TOKEN",
	  "special token for unknown text ([UNK] and <unk> with wordpiece and unigram; else none)",
	  CLI_FIELD(struct train_options, unk, const char *) },
	{ CLI_FLAG, 0, "byte-fallback", NULL,
	  "unknown characters become tokens of their bytes, <0x00> to <0xFF>",
	  CLI_FIELD(struct train_options, byte_fallback, bool) },
	{ CLI_GROUP, .name = "BPE and WordPiece" },
	{ CLI_SIZE, 0, "min-frequency", "N", "end when the best pair occurs less often (1)",
	  CLI_FIELD(struct train_options, min_frequency, uint64_t) },
	{ CLI_SIZE, 0, "max-token-length", "N",
	  "no token of more first symbols, bytes or characters (no limit)",
	  CLI_FIELD(struct train_options, max_token_length, uint64_t) },
	{ CLI_SIZE, 0, "limit-alphabet", "N", "keep the N most frequent characters (all)",
	  CLI_FIELD(struct train_options, limit_alphabet, uint64_t) },
	{ CLI_TEXT, 0, "initial-alphabet", "TEXT",
	  "characters that are tokens even if they do not occur",
	  CLI_FIELD(struct train_options, initial_alphabet, const char *) },
	{ CLI_TEXT, 0, "continuing-subword-prefix", "TEXT",
	  "stands in front of what does not begin a word (## with wordpiece)",
	  CLI_FIELD(struct train_options, prefix, const char *) },
	{ CLI_TEXT, 0, "end-of-word-suffix", "TEXT", "stands behind what ends a word",
	  CLI_FIELD(struct train_options, suffix, const char *) },
	{ CLI_CHOICE, 0, "tie", "hf|bytes|raw|spm", "which of equally frequent pairs is first (hf)",
	  CLI_FIELD(struct train_options, tie, int) },
	CLI_RECIPE_ROWS(struct train_options, recipe),
	CLI_SPLIT_ROWS(struct train_options, split),
	{ CLI_FLAG, 0, "raw", NULL, "take gzip and Zstandard files as the bytes they are",
	  CLI_FIELD(struct train_options, raw, bool) },
	{ CLI_FLAG, 'c', "counts", NULL, "the FILEs are counts of tok words, not text",
	  CLI_FIELD(struct train_options, counts, bool) },
	{ CLI_GROUP, .name = "Output" },
	{ CLI_TEXT, 'o', "output", "FILE",
	  "the tokenizer, of the kind that its name ends in: .json .tiktoken .model .txt .tok",
	  CLI_FIELD(struct train_options, output, const char *) },
	{ CLI_CHOICE, 'F', "format", CLI_VOCAB_KINDS, "its kind, whatever its name",
	  CLI_FIELD(struct train_options, format, int) },
	{ CLI_GROUP, .name = "Running" },
	{ CLI_TEXT, 0, "checkpoint", "FILE",
	  "write the tokenizer so far to FILE each minute, a tokenizer.json",
	  CLI_FIELD(struct train_options, checkpoint, const char *) },
	{ CLI_TEXT, 0, "resume", "FILE", "go on from a tokenizer that an earlier run wrote",
	  CLI_FIELD(struct train_options, resume, const char *) },
	{ CLI_BYTES, 0, "memory", "BYTES",
	  "use about so much memory, and files in TMPDIR for the rest (no limit)",
	  CLI_FIELD(struct train_options, memory, uint64_t) },
	CLI_THREADS_ROW(struct train_options, threads),
	{ CLI_CHOICE, 0, "progress", "auto|always|never",
	  "tell on standard error how far it is (auto: on a terminal)",
	  CLI_FIELD(struct train_options, progress, int) },
	{ CLI_END }
};

/* ---- words ------------------------------------------------------------------- */

static enum cli_exit learn_from_counts(struct train_run *run, const struct cli_files *files)
{
	struct cli_words_inputs *inputs = NULL;
	struct vocab_word_stream *stream = NULL;
	struct tok_error err = { 0 };
	enum cli_exit result = CLI_OK;
	if (cli_words_inputs_open(files, &inputs, &stream, &err) == TOK_OK)
		result = train_learn(run, stream);
	else
		result = cli_error("%s", err.message);
	cli_words_inputs_close(inputs);
	return result;
}

static enum cli_exit learn_from_text(struct train_run *run, const struct cli_files *files)
{
	const struct train_options *opts = run->opts;
	struct tok_buffer recipe = { 0 };
	struct tok_tokenizer *tokenizer = NULL;
	struct cli_words words = { 0 };
	struct vocab_word_stream *stream = NULL;
	struct tok_error err = { 0 };
	enum cli_exit result = CLI_OK;
	enum tok_status status = cli_recipe_make(&opts->recipe, &recipe, &tokenizer, &err);
	const struct cli_words_job job = {
		.tokenizer = tokenizer,
		.files = files,
		.split = &opts->split,
		.raw = opts->raw,
		.threads = opts->threads,
		.memory_bytes = opts->memory,
		.progress = &run->progress,
	};
	if (status == TOK_OK)
		status = cli_words_count(&job, &words, &err);
	cli_progress_end(&run->progress, &words.done);
	if (status == TOK_OK)
		status = cli_words_stream(&words, tok_buffer_span(&recipe), &stream, &err);
	if (status == TOK_OK) {
		run->progress = cli_progress_begin(opts->progress, 0);
		result = train_learn(run, stream);
	} else {
		result = cli_error("%s", err.message);
	}
	if (words.trouble)
		result = CLI_TROUBLE;
	cli_words_release(&words);
	tok_tokenizer_free(tokenizer);
	tok_buffer_release(&recipe);
	return result;
}

/* ---- the tool ------------------------------------------------------------------ */

static enum cli_exit check_counts(const struct train_options *opts)
{
	const struct cli_recipe *recipe = &opts->recipe;
	if (!opts->counts)
		return cli_split_check(&opts->split);
	if (recipe->family >= 0 || recipe->like || recipe->normalizer >= 0 ||
	    recipe->specials.count || !cli_split_is_whole(&opts->split) || opts->raw)
		return cli_usage("--counts takes counts: how words are made was said when they "
				 "were counted");
	return CLI_OK;
}

static enum cli_exit check(const struct train_options *opts, struct train_run *run)
{
	if (!opts->output)
		return cli_usage("tok train needs --output FILE, or - for standard output");
	if (opts->resume && opts->model != VOCAB_TRAIN_BPE)
		return cli_usage("--resume needs --model bpe");
	enum cli_exit result = train_sizes_parse(opts, &run->sizes);
	if (result == CLI_OK)
		result = check_counts(opts);
	if (result == CLI_OK)
		result = cli_threads_check(opts->threads);
	if (result == CLI_OK && !cli_vocab_kind(opts->output, opts->format, &run->kind))
		result = CLI_TROUBLE;
	return result;
}

static enum cli_exit run_train(const void *options, int argc, char **argv)
{
	const struct train_options *opts = options;
	struct train_run run = { .opts = opts };
	struct cli_files files = { 0 };
	enum cli_exit result = check(opts, &run);
	if (result != CLI_OK)
		return result;
	result = cli_files_add_all(&files, argc, argv);
	if (result == CLI_OK) {
		run.progress =
		    cli_progress_begin(opts->progress, files.all_regular ? files.size : 0);
		run.progress.unit = "words";
		result =
		    opts->counts ? learn_from_counts(&run, &files) : learn_from_text(&run, &files);
	}
	cli_files_release(&files);
	return result;
}

const struct cli_tool tool_train = {
	.name = "train",
	.summary = "learn a vocabulary from text or counted words",
	.operands = "[FILE...]",
	.reads_files = true,
	.description =
	    "Learns a vocabulary from each FILE, or from standard input where there is none or it\n"
	    "is -, all together, and writes the tokenizer to --output. FILEs are read as by tok\n"
	    "encode: folders, gzip and Zstandard, --lines, --null and --jsonl; with --counts they\n"
	    "are what tok words has counted.",
	.examples = "  printf 'low lower lowest' | tok train -v 260 -o - --format json\n",
	.options = option_table,
	.defaults = &defaults,
	.options_size = sizeof defaults,
	.run = run_train,
};
