/* extend.c - tok extend: more tokens for a BPE vocabulary. */
#include "cmd/cli_interrupt.h"
#include "cmd/cli_vocab_output.h"
#include "cmd/cli_vocab_words.h"
#include "cmd/cli_words.h"
#include "cmd/train_internal.h"
#include "vocab/train/base.h"
#include "vocab/train/grow.h"

struct extend_options {
	struct cli_vocab_words_options words;
	const char *add, *output;
	uint64_t min_frequency, max_token_length;
	int tie;    /* enum vocab_tie; -1: hf */
	int format; /* enum cli_vocab_kind; -1: by name */
};

static const struct extend_options defaults = {
	.words = CLI_VOCAB_WORDS_DEFAULTS,
	.tie = -1,
	.format = -1,
};

static const struct cli_option option_table[] = {
	{ CLI_GROUP, .name = "Vocabulary" },
	{ CLI_TEXT, 0, "add", "N", "how many tokens to learn; 8k is 8000",
	  CLI_FIELD(struct extend_options, add, const char *) },
	{ CLI_SIZE, 0, "min-frequency", "N", "end when the best pair occurs less often (1)",
	  CLI_FIELD(struct extend_options, min_frequency, uint64_t) },
	{ CLI_SIZE, 0, "max-token-length", "N",
	  "no new token of more bytes, or characters where BASE joins those (no limit)",
	  CLI_FIELD(struct extend_options, max_token_length, uint64_t) },
	{ CLI_CHOICE, 0, "tie", "hf|bytes|raw|spm", "which of equally frequent pairs is first (hf)",
	  CLI_FIELD(struct extend_options, tie, int) },
	{ CLI_TEXT, 0, "pattern", "NAME|REGEX",
	  "how a .tiktoken file splits text: gpt2, cl100k, o200k, ..., or an expression",
	  CLI_FIELD(struct extend_options, words.pattern, const char *) },
	CLI_VOCAB_WORDS_ROWS(struct extend_options, words),
	{ CLI_GROUP, .name = "Output" },
	{ CLI_TEXT, 'o', "output", "FILE",
	  "the tokenizer, of the kind that its name ends in: .json .tiktoken .model .tok",
	  CLI_FIELD(struct extend_options, output, const char *) },
	{ CLI_CHOICE, 'F', "format", CLI_VOCAB_KINDS, "its kind, whatever its name",
	  CLI_FIELD(struct extend_options, format, int) },
	CLI_VOCAB_WORDS_RUNNING_ROWS(struct extend_options, words),
	{ CLI_END }
};

/* The signal that stops it may come when nothing else is left of a run. */
static struct vocab_train_control control;

struct extending {
	const struct extend_options *opts;
	struct cli_vocab_aim aim;
	size_t add;
	struct cli_vocab_words known;
	struct vocab_grown grown;
	double before, after; /* bytes for each token */
};

static enum cli_exit check(struct extending *e, const char *base)
{
	const struct extend_options *opts = e->opts;
	if (strcmp(base, "-") == 0) /* there was no operand */
		return cli_usage("extend takes the tokenizer that it goes on from");
	if (!opts->add)
		return cli_usage("extend needs --add N: how many tokens to learn");
	if (!opts->output)
		return cli_usage("extend needs --output FILE, or - for standard output");
	if (!cli_vocab_kind(opts->output, opts->format, "format", &e->aim.kind))
		return CLI_TROUBLE;
	return train_size_parse(opts->add, &e->add);
}

static enum tok_status extend(struct extending *e, struct tok_error *err)
{
	const struct extend_options *opts = e->opts;
	struct cli_vocab_words *known = &e->known;
	const struct vocab_grow_options growing = {
		.count = e->add,
		.min_frequency = opts->min_frequency,
		.max_token_length = opts->max_token_length,
		.tie = opts->tie < 0 ? VOCAB_TIE_HF : (enum vocab_tie)opts->tie,
		.memory_bytes = opts->words.memory,
		.spill_folder = opts->words.memory ? cli_spill_folder() : NULL,
	};
	cli_vocab_words_watch(known, &control);
	enum tok_status status =
	    cli_vocab_words_measure(known, &known->spec, &control, &e->before, err);
	if (status == TOK_OK) {
		cli_interrupt_say("tok extend: interrupted twice: nothing was written");
		cli_interrupt_stop(&control.stop);
		status = vocab_grow(&known->spec, known->words, &growing, &control, &e->grown, err);
	}
	if (status == TOK_OK)
		status = cli_vocab_words_measure(known, &known->spec, &control, &e->after, err);
	cli_progress_clear(&known->progress);
	return status;
}

static enum cli_exit finish(struct extending *e)
{
	const struct vocab_grown *grown = &e->grown;
	const enum cli_exit result = cli_vocab_output(&e->known.spec, e->aim.kind, e->opts->output);
	if (result != CLI_OK)
		return result;
	fprintf(stderr,
		"tok extend: new tokens: %zu, from id %u on; bytes for each token: %.3f before, "
		"%.3f now\n",
		grown->count, grown->first_id, e->before, e->after);
	if (grown->dropped)
		fprintf(stderr, "tok extend: dropped: %zu that no text would become\n",
			grown->dropped);
	if (control.stopped)
		return cli_error("interrupted: '%s' has %zu of %zu new tokens", e->opts->output,
				 grown->count, e->add);
	if (grown->count != e->add)
		fprintf(
		    stderr,
		    "tok extend: not %zu: nothing is left to be joined that is frequent enough\n",
		    e->add);
	return result;
}

static enum cli_exit run_extend(const void *options, int argc, char **argv)
{
	struct extending e = { .opts = options, .aim = { .option = "format", .otherwise = "" } };
	struct tok_error err = { 0 };
	enum cli_exit result = check(&e, argv[0]);
	if (result != CLI_OK)
		return result;
	result = cli_vocab_words_open(&e.opts->words, argv[0], vocab_base_accepts, &e.aim, argc - 1,
				      argv + 1, &e.known);
	if (e.known.words) {
		const enum cli_exit end =
		    extend(&e, &err) == TOK_OK ? finish(&e) : cli_error("%s", err.message);
		result = end == CLI_OK ? result : end;
	}
	cli_vocab_words_release(&e.known);
	return result;
}

const struct cli_tool tool_extend = {
	.name = "extend",
	.summary = "learn more tokens for a vocabulary, whose ids stay",
	.operands = "BASE [FILE...]",
	.reads_files = true,
	.description =
	    "Reads the BPE tokenizer BASE, of any kind that tok-formats(5) names, learns --add\n"
	    "tokens more from each FILE, or from standard input where there is none or it is -,\n"
	    "all together, and writes the tokenizer to --output. FILEs are read as by tok encode:\n"
	    "folders, gzip and Zstandard, --lines, --null and --jsonl; with --counts they are\n"
	    "what tok words --like BASE has counted, and counts of other words are refused.\n"
	    "\n"
	    "No id of BASE moves: what is new comes behind its largest id, that of an added token\n"
	    "too. Words are made as BASE makes them, and taken apart into its tokens; then "
	    "training\n"
	    "goes on as if it had never ended: from a vocabulary of 10k tokens and the counts "
	    "that\n"
	    "it was learned from, tok extend --add 6k makes what tok train would have made of\n"
	    "16k. In a text BASE's tokens are joined as before, and then what is new is joined\n"
	    "of them.\n"
	    "\n"
	    "Words of SentencePiece models, and of the files of Llama 2 and Gemma, begin at each\n"
	    "space, so that no new token has one inside. What such a file keeps apart by having\n"
	    "learned so, as Llama 2 its digits, is joined by what is new. Characters that BASE "
	    "has\n"
	    "no token for do not become tokens, nor parts of any: with bytes to fall back to they\n"
	    "stay bytes, else unknown. BASE's added tokens and special tokens are cut out of text\n"
	    "first, and stay what they are.\n"
	    "\n"
	    "Each new token comes out when its own text is encoded. Where BASE has no list of\n"
	    "merges (.tiktoken, .model) any two neighbours that are a token together are joined,\n"
	    "and now and then that takes a token apart which was to be learned: such ones are\n"
	    "dropped, others learned instead, and their number is told. Bytes of text for each\n"
	    "token, before and after, are told on standard error.\n"
	    "\n"
	    "A .tiktoken file that was told by its ranks is told no more when it has grown: read "
	    "it\n"
	    "with --pattern.\n"
	    "\n"
	    "A first interrupt ends learning: what there is is written, and the exit status is 2.",
	.examples = "  printf 'low lower' | tok train -v 260 -o low.json\n"
		    "  printf 'newest widest' | tok extend low.json --add 3 -o new.json 2>report\n"
		    "  printf 'widest' | tok encode -t new.json --tokens\n",
	.options = option_table,
	.defaults = &defaults,
	.options_size = sizeof defaults,
	.run = run_extend,
};
