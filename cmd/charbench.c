/* charbench.c - tok charbench: what models know of characters; each word is a file of its own. */
#include "cmd/charbench_internal.h"
#include "cmd/cli_load.h"
#include "cmd/cli_pool.h"
#include "cmd/cli_progress.h"

#define FIELD(field, type) CLI_FIELD(struct charbench_options, field, type)

static const struct charbench_options defaults = {
	.suite = -1,
	.boot = 1000,
	.concurrency = 8,
	.tries = 6,
	.max_tokens = 1024,
	.timeout = 120,
};

static const struct cli_option option_table[] = {
	{ CLI_GROUP, .name = "What make asks" },
	{ CLI_CHOICE, 0, "suite", VOCAB_SUITE_WORDS, "which questions", FIELD(suite, int) },
	{ CLI_TEXTS, 0, "words", "FILE",
	  "take words from this file, one on a line, - being standard input; may be given several "
	  "times",
	  FIELD(words, struct cli_texts) },
	{ CLI_CHOICE, 0, "unit", VOCAB_UNIT_WORDS, "what a character is (codepoint)",
	  FIELD(unit, int) },
	{ CLI_TEXT, 0, "lengths", "N-M", "take words of N to M characters",
	  FIELD(lengths, const char *) },
	{ CLI_SIZE, 0, "per-bucket", "N",
	  "make N items of each task, and in charbench of each length",
	  FIELD(per_bucket, uint64_t) },
	{ CLI_TEXT, 0, "tasks", "NAME,NAME...", "only these of the suite",
	  FIELD(tasks, const char *) },
	{ CLI_TEXT, 0, "prompt-file", "FILE", "ask so, with the question in place of {question}",
	  FIELD(prompt_file, const char *) },
	{ CLI_TEXT, 'o', "output", "FILE",
	  "make: write items to FILE, which is replaced in one step at the end; run: add answers "
	  "to FILE",
	  FIELD(output, const char *) },
	{ CLI_GROUP, .name = "Whom run asks" },
	{ CLI_TEXT, 0, "endpoint", "URL",
	  "a server: its path ends in /chat/completions or /completions",
	  FIELD(endpoint, const char *) },
	{ CLI_TEXT, 0, "exec", "COMMAND",
	  "a process, started without a shell, that reads and writes lines of JSON; "
	  "OPENAI_API_KEY is not in its environment",
	  FIELD(exec, const char *) },
	{ CLI_TEXT, 0, "model", "NAME", "the model, for the server and among the answers",
	  FIELD(model, const char *) },
	{ CLI_TEXT, 0, "key-env", "NAME",
	  "the environment variable with the server's key (OPENAI_API_KEY, if it is set); stars "
	  "stand for it where the server says it, if it has 8 bytes or more",
	  FIELD(key_env, const char *) },
	{ CLI_TEXT, 0, "system", "TEXT", "tell the model this before each question",
	  FIELD(system, const char *) },
	{ CLI_SIZE, 0, "max-tokens", "N",
	  "the server ends an answer after N tokens (1024); 0: where it likes",
	  FIELD(max_tokens, uint64_t) },
	{ CLI_SIZE, 0, "concurrency", "N", "have N questions open at once (8)",
	  FIELD(concurrency, uint64_t) },
	{ CLI_REAL, 0, "rate", "N", "ask N questions a second at most", FIELD(rate, double) },
	{ CLI_SIZE, 0, "tries", "N",
	  "ask a server N times at most that is busy, late or in trouble (6)",
	  FIELD(tries, uint64_t) },
	{ CLI_SIZE, 0, "timeout", "SECONDS", "wait so long for an answer (120)",
	  FIELD(timeout, uint64_t) },
	{ CLI_GROUP, .name = "Answers" },
	{ CLI_CHOICE, 0, "parse", VOCAB_PARSER_WORDS,
	  "what of an output is the answer: all of it, a number in it, what is quoted, or in "
	  "<answer> (strict)",
	  FIELD(parser, int) },
	{ CLI_FLAG, 0, "case-fold", NULL, "capital and small letters are the same",
	  FIELD(case_fold, bool) },
	{ CLI_CHOICE, 0, "missing", "wrong|skip",
	  "items without an answer are wrong, or left out (wrong)", FIELD(missing, int) },
	{ CLI_GROUP, .name = "What analyse looks at" },
	{ CLI_TEXTS, 't', "tokenizer", "PATH",
	  "the model's tokenizer: " CLI_LOAD_WORDS "; may be given several times",
	  FIELD(tokenizer, struct cli_texts) },
	{ CLI_TEXT, 0, "pattern", "NAME|REGEX",
	  "how a .tiktoken file splits text: gpt2, cl100k, o200k, ..., or an expression",
	  FIELD(pattern, const char *) },
	{ CLI_CHOICE, 0, "context", CHARBENCH_CONTEXT_WORDS,
	  "take the word's tokens alone, behind a space, or in its prompt (bare)",
	  FIELD(context, int) },
	{ CLI_SIZE, 0, "boot", "N",
	  "draw N samples for the interval of each correlation; 0: no intervals (1000)",
	  FIELD(boot, uint64_t) },
	{ CLI_FLAG, 0, "bins", NULL, "tell the accuracy for each number that a feature takes",
	  FIELD(bins, bool) },
	{ CLI_GROUP, .name = "Running" },
	{ CLI_SIZE, 0, "seed", "N", "make other items, draw other samples (0)",
	  FIELD(seed, uint64_t) },
	{ CLI_FLAG, 'j', "json", NULL, "score, analyse: write one JSON object", FIELD(json, bool) },
	{ CLI_TEXT, 0, "html", "FILE", "score, analyse: write a page with pictures to FILE too",
	  FIELD(html, const char *) },
	CLI_THREADS_ROW(struct charbench_options, threads),
	CLI_PROGRESS_ROW(struct charbench_options, progress),
	{ CLI_END }
};

static const struct cli_word words[] = {
	{ "make", "", "write questions about words, with their answers", false, charbench_make },
	{ "run", "ITEMS", "ask a model, and keep what it says", false, charbench_run },
	{ "score", "ITEMS ANSWERS...", "tell how often models are right", false, charbench_score },
	{ "analyse", "ITEMS ANSWERS...", "tell what right answers go with", false,
	  charbench_analyse },
	{ NULL },
};

const struct cli_tool tool_charbench = {
	.name = "charbench",
	.summary = "ask models about characters, and what their tokens have to do with it",
	.operands = "WORD [ITEMS ANSWERS...]",
	.description =
	    "With the word make, writes items, a JSON object on each line, from the words in\n"
	    "--words. The same words, in any order, and the same options give the same items.\n"
	    "Suites, and what they make unless options say otherwise:\n"
	    "\n"
	    "  charbench  how many distinct characters, how often one comes, where it comes first\n"
	    "             and last, from 0; 6250 words of each length from 4 to 10 and task\n"
	    "  cute       13 tasks: spelling, and parts that are in, put in, taken out, replaced,\n"
	    "             swapped, of words and of rows of words; 1000 items each. By --tasks "
	    "also\n"
	    "             the 7 on characters with _rand behind: on random consonants\n"
	    "  langgame   which of four words; 6 kinds, 166834 items each. By --tasks also\n"
	    "             contains_half, starts_half, ends_half, of parts of at most half of the\n"
	    "             answer, and _more, of longer ones: out of that distribution\n"
	    "  addition   all 900000 sums of a number of 3 digits and one of up to 3; the answer\n"
	    "             has its digits reversed; no --words\n"
	    "  scramble   words cycled, shuffled, reversed or filled; 5 tasks of 10000 items\n"
	    "\n"
	    "A word is letters and their marks, in any script. Where there are too few, how many\n"
	    "there are is told, and --output stays as it was. --unit byte is for charbench only.\n"
	    "\n"
	    "An item has id, suite, task, word, char, question, prompt, answer, answer_type (int\n"
	    "or text) and meta (length, unit). Items of other origin need id, task, word and\n"
	    "answer. An answer is {\"id\":17,\"model\":\"m\",\"output\":\"2\"}: what the model\n"
	    "said, raw; without \"model\" the file's name is it. Other fields are passed over.\n"
	    "Ids are whole numbers. A second answer of a model to an item is an error; those that\n"
	    "are missing are told.\n"
	    "\n"
	    "run asks a server or a process, and adds answers to --output as they come, with\n"
	    "finish, usage, seconds, tries, and a hash of what was asked. The same command goes\n"
	    "on where it was stopped, by a signal or a lost machine; a second one for the same\n"
	    "file is refused. A server gets temperature 0; one that is busy (429, 5xx), late or\n"
	    "unreachable is asked again after the time that it names, else ever longer. What\n"
	    "cannot be had leaves \"error\" in place of \"output\", is no answer, and is asked "
	    "again\n"
	    "by the next run; \"raw\" has up to 64 KiB of what was said, U+FFFD for bad bytes. "
	    "The\n"
	    "key is written nowhere, and redirections are not followed. A process reads\n"
	    "{\"id\":17,\"prompt\":\"...\"} and writes {\"id\":17,\"output\":\"2\"}, each a line, "
	    "in "
	    "any\n"
	    "order.\n"
	    "\n"
	    "score writes, for each model and task, the accuracy with Wilson's interval at 95 %,\n"
	    "how many outputs were valid, and of numbers the mean error, the mean absolute error\n"
	    "and the share that is off by one, all three of valid outputs; then accuracy by\n"
	    "length. --parse strict takes an output whole, blanks around it apart, and as a\n"
	    "number only ASCII digits, a sign perhaps in front: \"3.\" is invalid.\n"
	    "\n"
	    "analyse takes each word as the tokens of -t, and for each model and task puts what\n"
	    "is known of the word beside right (1) and wrong (0): its length, the answer, the\n"
	    "answer divided by the length, tokens, length divided by tokens, the length of the\n"
	    "token at the answer's index (tasks find_*), distinct characters. Told are Pearson's "
	    "r\n"
	    "with a bootstrap interval and its p, p corrected over all that is told (Holm,\n"
	    "Benjamini-Hochberg), Spearman's r, AUC, r with the length held fast, and the\n"
	    "coefficients of one logistic regression on standardised columns, with errors and\n"
	    "variance inflation: of length, answer, tokens and target token, as the others are\n"
	    "made of these. z is Cochran and Armitage's trend over lengths. Models are compared "
	    "by\n"
	    "McNemar's exact test and the Jaccard index of their errors. What is undefined, such\n"
	    "as r of a constant, is - and in JSON null, with the reason beside it. --bins tells "
	    "the\n"
	    "accuracy for each number of a feature, or in 20 ranges where these are more.\n"
	    "\n"
	    "A word may be cut otherwise behind a space or in a prompt than alone: --context says\n"
	    "where the model saw it, and how often that makes no difference is told. In a prompt\n"
	    "the word is what stands last between quotes, or last. Only prompts as they are "
	    "count,\n"
	    "not what a program lays around them.",
	.examples = "  printf 'pear\\nplum\\nlime\\ndate\\n' >words\n"
		    "  tok charbench make --suite charbench --words words --lengths 4 --per-bucket "
		    "1 -o items\n"
		    "  tok charbench run items --exec 'sed -u s/prompt/output/' -o said\n"
		    "  printf '{\"id\":0,\"model\":\"m\",\"output\":\"4\"}\\n' >answers\n"
		    "  tok charbench score items answers 2>notes\n"
		    "  tok charbench analyse items answers --context prompt --json 2>notes\n",
	.exits = "Of run 1 if some items have no answer, 4 if the model failed.",
	.options = option_table,
	.defaults = &defaults,
	.options_size = sizeof defaults,
	.words = words,
};
