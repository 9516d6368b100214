/* train.c - tok train: learn a vocabulary from text or from counted words. */
#include "cmd/cli_pool.h"
#include "cmd/cli_words_inputs.h"
#include "cmd/train_internal.h"
#include "tok/pipe/tokenizer.h"

static const struct train_options defaults = {
	.recipe = CLI_RECIPE_DEFAULTS,
	.split = { .limit_bytes = CLI_SPLIT_LIMIT },
	.tie = -1,
	.max_words = UINT64_MAX,
	.shrinking_factor = -1,
	.character_coverage = -1,
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
	{ CLI_FLAG, 0, "split-digits", NULL, "a digit is never part of a longer token",
	  CLI_FIELD(struct train_options, split_digits, bool) },
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
	{ CLI_GROUP, .name = "Unigram" },
	{ CLI_SIZE, 0, "seed-size", "N", "substrings to begin with (1000000)",
	  CLI_FIELD(struct train_options, seed_size, uint64_t) },
	{ CLI_REAL, 0, "shrinking-factor", "X", "what a pruning step leaves of all pieces (0.75)",
	  CLI_FIELD(struct train_options, shrinking_factor, double) },
	{ CLI_SIZE, 0, "num-sub-iterations", "N", "steps of EM before each pruning step (2)",
	  CLI_FIELD(struct train_options, num_sub_iterations, uint64_t) },
	{ CLI_SIZE, 0, "max-piece-length", "N", "no token of more characters, or bytes (16)",
	  CLI_FIELD(struct train_options, max_piece_length, uint64_t) },
	{ CLI_REAL, 0, "character-coverage", "X",
	  "the most frequent characters that make up this part of text are tokens, others "
	  "unknown (1)",
	  CLI_FIELD(struct train_options, character_coverage, double) },
	{ CLI_TEXT, 0, "required-chars", "TEXT", "characters that are tokens whatever their use",
	  CLI_FIELD(struct train_options, required_chars, const char *) },
	{ CLI_GROUP, .name = "Supertokens" },
	{ CLI_CHOICE, 0, "super", "none|chunk|superbpe|boundless",
	  "tokens that reach over more than one word, and how they are learned (none)",
	  CLI_FIELD(struct train_options, super, int) },
	{ CLI_TEXT, 'T', "transition", "N",
	  "superbpe: tokens after which words are joined with each other; 180k is 180000",
	  CLI_FIELD(struct train_options, transition, const char *) },
	{ CLI_SIZE, 0, "max-words", "N",
	  "no token of more stretches between spaces; 0: no limit (4; none with chunk)",
	  CLI_FIELD(struct train_options, max_words, uint64_t) },
	{ CLI_TEXTS, 0, "forbid", "REGEX",
	  "make no supertoken that this matches in; may be given several times",
	  CLI_FIELD(struct train_options, forbid, struct cli_texts) },
	{ CLI_TEXT, 0, "super-pattern", "REGEX",
	  "boundless: words that this matches in are joined with each other (\\p{L})",
	  CLI_FIELD(struct train_options, super_pattern, const char *) },
	CLI_CHUNK_ROWS(struct train_options, chunks),
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
	{ CLI_TEXT, 0, "report", "FILE",
	  "tell there how the tokenizer does on the text; - is standard output",
	  CLI_FIELD(struct train_options, report, const char *) },
	{ CLI_TEXTS, 0, "report-on", "PATH",
	  "tell it on this text, held out, instead; may be given several times",
	  CLI_FIELD(struct train_options, report_on, struct cli_texts) },
	{ CLI_FLAG, 0, "json", NULL,
	  "the report as a line of JSON a size, of schema tok.train.report.1",
	  CLI_FIELD(struct train_options, report_json, bool) },
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

static enum cli_exit learn_from_counts(struct train_run *run)
{
	struct cli_words_inputs *inputs = NULL;
	struct vocab_word_stream *stream = NULL;
	struct tok_error err = { 0 };
	enum cli_exit result = CLI_OK;
	if (cli_words_inputs_open(run->files, &inputs, &stream, &err) == TOK_OK &&
	    train_fits(run, stream->recipe, &err) == TOK_OK)
		result = train_learn(run, stream);
	else
		result = cli_error("%s", err.message);
	cli_words_inputs_close(inputs);
	return result;
}

/* What is counted is read into the trainer's memory while it still takes its own. */
enum { COUNTING_PART = 4 };

enum cli_exit train_from_text(struct train_run *run)
{
	const struct train_options *opts = run->opts;
	struct tok_buffer recipe = { 0 };
	struct tok_tokenizer *tokenizer = NULL;
	struct cli_words words = { 0 };
	struct vocab_word_stream *stream = NULL;
	struct tok_error err = { 0 };
	enum cli_exit result = CLI_OK;
	enum tok_status status = cli_recipe_make(&opts->recipe, &recipe, &tokenizer, &err);
	if (status == TOK_OK)
		status = train_fits(run, tok_buffer_span(&recipe), &err);
	const struct cli_words_job job = {
		.tokenizer = tokenizer,
		.files = run->files,
		.split = &opts->split,
		.units = run->units,
		.raw = opts->raw,
		.threads = opts->threads,
		.memory_bytes = opts->memory / COUNTING_PART,
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
	if (result == CLI_OK)
		result = train_unigram_check(opts);
	if (result == CLI_OK && !cli_vocab_kind(opts->output, opts->format, "format", &run->kind))
		result = CLI_TROUBLE;
	if (result == CLI_OK && run->kind == CLI_VOCAB_SENTENCEPIECE &&
	    (opts->resume || opts->checkpoint))
		return cli_usage("--checkpoint and --resume are of a tokenizer.json, whose ids a "
				 "SentencePiece model has not");
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
		run.files = &files;
		result = train_report_check(&run);
	}
	if (result == CLI_OK) {
		if (opts->super != VOCAB_SUPER_NONE)
			result = train_super(&run);
		else
			result = opts->counts ? learn_from_counts(&run) : train_from_text(&run);
		if (opts->report && train_report_write(&run) != CLI_OK)
			result = CLI_TROUBLE;
	}
	tok_buffer_release(&run.report);
	cli_files_release(&files);
	return result;
}

const struct cli_tool tool_train = {
	.name = "train",
	.summary = "learn a vocabulary from text or counted words",
	.operands = "[FILE...]",
	.reads_files = true,
	.description =
	    "Learns a vocabulary from each FILE, or from standard input where there is none or it "
	    "is\n"
	    "-, all together, and writes the tokenizer to --output. FILEs are read as by tok "
	    "encode:\n"
	    "folders, gzip and Zstandard, --lines, --null and --jsonl; with --counts they are "
	    "what\n"
	    "tok words has counted.\n"
	    "\n"
	    "BPE merges are those of Hugging Face's BpeTrainer for the same words; a document is\n"
	    "taken whole, where its train(files) takes line by line. Otherwise than there, "
	    "special\n"
	    "tokens are cut out of text; counts have 64 bits; --max-token-length N allows N; what\n"
	    "--continuing-subword-prefix and --end-of-word-suffix make of characters comes behind "
	    "the\n"
	    "alphabet in the order of its bytes; and what stands on both sides of a character "
	    "that\n"
	    "--limit-alphabet leaves out is not joined. --min-frequency ends the run and leaves "
	    "no\n"
	    "word out. WordPiece is learned as BPE with ##, as Hugging Face does. Of pairs that "
	    "occur\n"
	    "equally often hf takes the one with the lower ids; raw does too, but numbers bytes "
	    "by\n"
	    "value, as a .tiktoken does; bytes takes the greater pair of byte strings; spm the\n"
	    "shorter text, then the lesser.\n"
	    "\n"
	    "Neither threads nor --memory nor how counts were split change a vocabulary. The "
	    "first\n"
	    "interrupt writes what there is, a valid smaller tokenizer, and the exit status is 2; "
	    "a\n"
	    "second one ends the run at once. --resume goes on from that file, or from a\n"
	    "--checkpoint, with the same words.\n"
	    "\n"
	    "Unigram vocabularies are learned as SentencePiece learns them, whose names the "
	    "options\n"
	    "have: --shrinking-factor, --num-sub-iterations, --character-coverage, "
	    "--required-chars\n"
	    "and, as Hugging Face calls them, --seed-size and --max-piece-length. All characters "
	    "are\n"
	    "tokens unless --character-coverage says otherwise; SentencePiece itself covers "
	    "0.9995.\n"
	    "\n"
	    "A .model is for SentencePiece, BPE or Unigram. Its first pieces are <unk>, <s> and "
	    "</s>;\n"
	    "tokens of --special are user-defined pieces. It needs --pretok metaspace, or --like "
	    "a\n"
	    "model of SentencePiece, whose normalizer it takes along.\n"
	    "\n"
	    "--super learns tokens that reach over more than one word, of byte-level words, in one "
	    "of\n"
	    "three ways. Each writes a tokenizer.json that Hugging Face's tokenizers run as it "
	    "is.\n"
	    "\n"
	    "chunk is the stochastic chunking of TokenAdapt: each text between special tokens is "
	    "one\n"
	    "word, which is normalized (NFC) and cut into chunks of random length, wherever words\n"
	    "end. --chunk-lengths says how many characters they have: ranges, each with its\n"
	    "probability, '1-5:.02,6-18:.7,18-28:.28'; probabilities are taken as parts of their "
	    "sum.\n"
	    "Runs of seven equal characters are left out. No token has more than 30 bytes, unless\n"
	    "--max-token-length says otherwise, and --min-frequency is 2. The lengths depend on\n"
	    "--seed and the bytes of the text alone. The tokenizer takes a whole text as one word, "
	    "so\n"
	    "a change in one place may change tokens far from it; a text cannot be cut, so give\n"
	    "documents with --lines, --null or --jsonl. tok words --super chunk counts chunks for\n"
	    "--counts.\n"
	    "\n"
	    "superbpe is SuperBPE's training in two stages: tokens of words up to --transition N,\n"
	    "then tokens of what lies between numbers, runs of punctuation and runs of blanks, "
	    "never\n"
	    "over a newline. No new token has a colon in front of a space, nor more than "
	    "--max-words\n"
	    "words.\n"
	    "\n"
	    "boundless joins words that are one token each and that --super-pattern matches in, "
	    "as\n"
	    "BoundlessBPE does, in two phases: words are learned to the full size first, then runs "
	    "of\n"
	    "whole words are joined with each other, and of both kinds of merges those that occur\n"
	    "most often are taken; how many of each is told. A tokenizer.json cannot say that "
	    "only\n"
	    "whole words are joined: the file joins as superbpe's does, and on a sample of the "
	    "text\n"
	    "it is measured, and told, how many lines have other tokens because of that.\n"
	    "\n"
	    "superbpe and boundless read their input twice, so it must be files. A prompt that "
	    "ends\n"
	    "where a supertoken would go on is seen by a model otherwise than it saw text in\n"
	    "training: --report tells how often. It also tells bytes per token of each FILE, or "
	    "of\n"
	    "each file of --report-on; how many tokens have a space inside; how many are never "
	    "used;\n"
	    "and the Renyi efficiency of the tokens' frequencies.",
	.examples = "  printf 'low lower lowest' | tok train -v 260 -o - --format tokenizer.json\n"
		    "  printf 'in the end of the day, in the end' > text\n"
		    "  tok train -v 270 --super superbpe -T 260 text -o super.json --report -\n"
		    "  tok train -v 262 --super chunk --lines text -o chunk.json\n",
	.options = option_table,
	.defaults = &defaults,
	.options_size = sizeof defaults,
	.run = run_train,
};
