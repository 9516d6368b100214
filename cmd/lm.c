/* lm.c - tok lm: models of tokens; what is done with them is one word each. */
#include <string.h>
#include <unistd.h>

#include "cmd/cli_pool.h"
#include "cmd/cli_progress.h"
#include "cmd/lm_internal.h"

static const struct lm_options defaults = {
	.split = { .limit_bytes = CLI_SPLIT_LIMIT },
	.specials = CLI_SPECIALS_DEFAULT,
	.order = 3,
	.max_tokens = 100,
	.count = 1,
	.temperature = 1,
};

static const struct cli_option option_table[] = {
	CLI_LOAD_ROWS(struct lm_options, load),
	{ CLI_GROUP, .name = "What train learns" },
	{ CLI_SIZE, 0, "order", "N", "look at N - 1 tokens to foretell one, N from 1 to 5 (3)",
	  CLI_FIELD(struct lm_options, order, uint64_t) },
	{ CLI_FLAG, 0, "keep-counts", NULL, "keep the counts in the file, for other programs",
	  CLI_FIELD(struct lm_options, keep_counts, bool) },
	CLI_SPLIT_ROWS(struct lm_options, split),
	{ CLI_FLAG, 0, "raw", NULL, "take gzip and Zstandard files as the bytes they are",
	  CLI_FIELD(struct lm_options, raw, bool) },
	CLI_SPECIAL_ROWS(struct lm_options, specials),
	{ CLI_GROUP, .name = "What sample draws" },
	{ CLI_SIZE, 'n', "max-tokens", "N", "end a text after N tokens (100)",
	  CLI_FIELD(struct lm_options, max_tokens, uint64_t) },
	{ CLI_SIZE, 0, "count", "N", "draw N texts (1)",
	  CLI_FIELD(struct lm_options, count, uint64_t) },
	{ CLI_SIZE, 0, "seed", "N", "draw other texts (0)",
	  CLI_FIELD(struct lm_options, seed, uint64_t) },
	{ CLI_REAL, 0, "temperature", "X",
	  "take probabilities to the power 1/X; 0 is the most probable token (1)",
	  CLI_FIELD(struct lm_options, temperature, double) },
	{ CLI_CHOICE, 'F', "format", "text|ids", "what sample writes (text)",
	  CLI_FIELD(struct lm_options, format, int) },
	{ CLI_GROUP, .name = "ARPA" },
	{ CLI_CHOICE, 0, "words", "ids|texts", "what stands for a token in the file (ids)",
	  CLI_FIELD(struct lm_options, words, int) },
	{ CLI_CHOICE, 0, "unk", "drop|spread",
	  "leave out what <unk> has, or give it to the ids that are not listed (drop)",
	  CLI_FIELD(struct lm_options, unk, int) },
	{ CLI_GROUP, .name = "Output" },
	{ CLI_TEXT, 'o', "output", "FILE",
	  "write to FILE, which is replaced in one step at the end",
	  CLI_FIELD(struct lm_options, output, const char *) },
	{ CLI_FLAG, 'j', "json", NULL,
	  "info: a JSON object, of schema tok.lm.info.1; score: one a document, and one of "
	  "all, of tok.lm.score.1",
	  CLI_FIELD(struct lm_options, json, bool) },
	{ CLI_GROUP, .name = "Running" },
	{ CLI_BYTES, 0, "memory", "BYTES",
	  "train: sort in about so much memory, and files in TMPDIR for the rest (768M)",
	  CLI_FIELD(struct lm_options, memory, uint64_t) },
	CLI_THREADS_ROW(struct lm_options, threads),
	CLI_PROGRESS_ROW(struct lm_options, progress),
	{ CLI_END }
};

enum cli_exit lm_check_name(const char *word, const char *path)
{
	static const char ending[] = ".tlm";
	const size_t wanted = sizeof ending - 1, count = path ? strlen(path) : 0;
	if (!path)
		return cli_usage("%s needs --output FILE.tlm", word);
	if (count <= wanted || strcmp(path + count - wanted, ending) != 0)
		return cli_usage("the name of a model ends in .tlm, which '%s' does not", path);
	return CLI_OK;
}

bool lm_is_lost(const char *name, enum tok_status status)
{
	return (status == TOK_EIO || status == TOK_EFORMAT) && cli_lm_is_foreign(name);
}

enum cli_exit lm_trouble(bool lost, const struct tok_error *err)
{
	const enum cli_exit usual = cli_error("%s", err->message);
	return lost ? (enum cli_exit)LM_PROVIDER : usual;
}

enum tok_status lm_open(const struct lm_options *options, const char *name,
			struct tok_tokenizer **tokenizer, struct tok_lm **lm, bool *lost,
			struct tok_error *err)
{
	enum tok_status status = cli_load(&options->load, tokenizer, err);
	if (status != TOK_OK)
		return status;
	status = cli_lm_open(name, *tokenizer, NULL, lm, err);
	*lost = lm_is_lost(name, status);
	return status;
}

static enum cli_exit serve(const void *options, int argc, char **argv)
{
	struct tok_tokenizer *tokenizer = NULL;
	struct tok_lm *lm = NULL;
	struct tok_error err = { 0 };
	bool lost = false;
	if (argc != 1)
		return cli_usage("serve takes one model, not %d", argc);
	enum tok_status status = lm_open(options, argv[0], &tokenizer, &lm, &lost, &err);
	if (status == TOK_OK)
		status = vocab_lm_serve(lm, tokenizer, STDIN_FILENO, STDOUT_FILENO, &err);
	if (lm)
		lm->free(lm);
	tok_tokenizer_free(tokenizer);
	return status == TOK_OK ? CLI_OK : lm_trouble(lost, &err);
}

static const struct cli_word words[] = {
	{ "train", "[FILE...]", "learn a model of n-grams from texts", true, lm_train },
	{ "info", "FILE.tlm", "tell what a model of n-grams is", false, lm_info },
	{ "score", "MODEL [FILE...]", "tell how well a model foretells texts", false, lm_score },
	{ "sample", "MODEL", "write texts that a model makes", false, lm_sample },
	{ "import-arpa", "FILE", "make a model of an ARPA file", false, lm_import_arpa },
	{ "export-arpa", "FILE.tlm", "write a model as an ARPA file", false, lm_export_arpa },
	{ "serve", "MODEL", "answer for a model on standard input and output", false, serve },
	{ NULL },
};

const struct cli_tool tool_lm = {
	.name = "lm",
	.summary = "train, measure and serve language models of tokens",
	.operands = "WORD [MODEL] [FILE...]",
	.description =
	    "With the word train, learns a model of n-grams from each FILE, or from standard "
	    "input\n"
	    "where there is none or it is -, all together, and writes it to --output, whose name\n"
	    "ends in .tlm. It is interpolated modified Kneser-Ney (Chen and Goodman, 1998) over "
	    "the\n"
	    "ids of the tokenizer -t and the end of a document: every id has a probability behind\n"
	    "every context. FILEs are read and encoded as by tok encode: folders, gzip and\n"
	    "Zstandard, --lines, --null and --jsonl say what a document is. Where so few n-grams\n"
	    "were counted that discounts cannot be had of them, .5, 1 and 1.5 are taken, and "
	    "told.\n"
	    "\n"
	    "What does not fit into --memory is written to files without a name in the folder\n"
	    "TMPDIR, else /var/tmp, of about 60 bytes a token. Neither threads nor memory change\n"
	    "the model. A document that cannot be read is told, left out, and makes the exit "
	    "status\n"
	    "2. The first interrupt ends reading: the model is of what was read, and the exit\n"
	    "status is 2; a second one ends the run at once and leaves --output as it was.\n"
	    "\n"
	    "info tells a model's order, n-grams and discounts. A model opens only with the\n"
	    "tokenizer it was trained with.\n"
	    "\n"
	    "A MODEL is FILE.tlm, arpa:FILE, exec:PROGRAM ARGS, llama:URL or replay:FILE: see\n"
	    "tok bytes.\n"
	    "\n"
	    "score writes for each FILE its documents, tokens and bytes, the perplexity of a "
	    "token\n"
	    "and how many bits the model takes for a byte of text; below more than one FILE their\n"
	    "total. The end of a document is foretold as a token is, and is counted in both. "
	    "Bits\n"
	    "a byte may be compared between tokenizers, perplexities may not. With --json each\n"
	    "document is a line, and the total the last one; numbers that are infinite are null.\n"
	    "The exit status is 1 where a text is impossible, and 4 where a process or a server "
	    "died,\n"
	    "hung or answered with what is no probability.\n"
	    "\n"
	    "sample draws --count texts, token by token, each until its end or --max-tokens. "
	    "They\n"
	    "follow one another with nothing between, or end with a newline or a NUL byte with\n"
	    "--lines or --null; with --format ids each is a line of ids. Text i depends on "
	    "--seed\n"
	    "and i alone. Ids that no token has are never drawn.\n"
	    "\n"
	    "import-arpa and export-arpa exchange models with SRILM, KenLM and others. Words of "
	    "such\n"
	    "a file are ids, or with --words texts the texts of tokens as the tokenizer's file\n"
	    "writes them: bytes other than ! to ~, % and < are %XX, and %#ID is a token that its\n"
	    "text does not tell. A file with fewer digits than a double does not sum to one "
	    "quite;\n"
	    "rows are made whole, and how far off they were is told.\n"
	    "\n"
	    "serve answers questions on standard input in the protocol of tok-lm(5), for\n"
	    "exec:tok lm serve MODEL and for other programs.",
	.examples =
	    "  printf 'a rose is a rose\\n' | tok lm train --order 2 -o rose.tlm 2>notes\n"
	    "  printf 'a rose\\n' | tok lm score rose.tlm\n"
	    "  tok lm info rose.tlm\n"
	    "  tok lm sample rose.tlm -n 5 --format ids\n"
	    "  tok lm export-arpa rose.tlm --words texts | tok lm import-arpa - --words texts "
	    "-o two.tlm 2>notes\n"
	    "  printf 'a rose\\n' | tok lm score 'exec:tok lm serve rose.tlm'\n",
	.exits = "4 if a process or a server failed.",
	.protocol = "tok-lm",
	.options = option_table,
	.defaults = &defaults,
	.options_size = sizeof defaults,
	.words = words,
};
