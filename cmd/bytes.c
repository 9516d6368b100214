/* bytes.c - tok bytes: what a model of tokens says about bytes. */
#include "cmd/bytes_internal.h"

static const struct bytes_options defaults = {
	.semantics = -1,
	.timeout = 60,
	.top = 10,
	.limit = 50,
	.length = 64,
	.count = 1,
	.temperature = 1,
	.top_p = 1,
	.alpha = 1,
	.random = 50,
};

#define FIELD(field, type) CLI_FIELD(struct bytes_options, field, type)

static const struct cli_option option_table[] = {
	{ CLI_GROUP, .name = "Model" },
	{ CLI_TEXTS, 'm', "lm", "MODEL",
	  "a model: FILE.tlm, arpa:FILE, exec:COMMAND, llama:URL, openai:URL#MODEL, replay:FILE",
	  FIELD(lm, struct cli_texts) },
	{ CLI_TEXTS, 't', "tokenizer", "PATH",
	  "its tokenizer; with several models one for each, or one for all",
	  FIELD(tokenizer, struct cli_texts) },
	{ CLI_TEXT, 0, "pattern", "NAME|REGEX",
	  "how a .tiktoken file splits text: gpt2, cl100k, o200k, ..., or an expression",
	  FIELD(pattern, const char *) },
	{ CLI_TEXT, 0, "bos", "none|ID,...", "ids before every text (what the model says)",
	  FIELD(bos, const char *) },
	{ CLI_TEXT, 0, "record", "FILE", "write the model's rows to FILE, for replay:FILE",
	  FIELD(record, const char *) },
	{ CLI_TEXT, 0, "key-file", "FILE", "the first line of FILE is the server's key",
	  FIELD(key_file, const char *) },
	{ CLI_SIZE, 0, "timeout", "SECONDS", "wait so long for a row (60)",
	  FIELD(timeout, uint64_t) },
	{ CLI_GROUP, .name = "Meaning and effort" },
	{ CLI_CHOICE, 0, "semantics", "all|valid|valid-renorm",
	  "which rows of tokens count (valid-renorm where the tokenizer allows it, else all)",
	  FIELD(semantics, int) },
	{ CLI_SIZE, 0, "max-heads", "N", "give up where more rows of tokens are open (4096)",
	  FIELD(max_heads, uint64_t) },
	{ CLI_SIZE, 0, "beam", "K", "keep the K heaviest, with bounds instead of exact answers",
	  FIELD(beam, uint64_t) },
	{ CLI_REAL, 0, "prune", "SHARE", "drop what is lighter than this share, with bounds too",
	  FIELD(prune, double) },
	{ CLI_SIZE, 0, "window", "N",
	  "longer rows of tokens are cut to windows of N, which makes another model of it",
	  FIELD(window, uint64_t) },
	{ CLI_SIZE, 0, "stride", "M", "leave out M tokens where there is no room (half of it)",
	  FIELD(stride, uint64_t) },
	{ CLI_GROUP, .name = "Text" },
	{ CLI_TEXT, 'p', "prefix", "TEXT", "the text in question, instead of FILE",
	  FIELD(prefix, const char *) },
	{ CLI_TEXT, 0, "prefix-hex", "HEX", "the same, any bytes",
	  FIELD(prefix_hex, const char *) },
	{ CLI_FLAG, 0, "normalize", NULL,
	  "take the text as the tokenizer's normalizer leaves it (else refused if it differs)",
	  FIELD(normalize, bool) },
	{ CLI_GROUP, .name = "Answers" },
	{ CLI_SIZE, 0, "top", "N",
	  "tell the N most probable bytes, or places that diverge most; 0: all (10)",
	  FIELD(top, uint64_t) },
	{ CLI_FLAG, 0, "per-byte", NULL, "score, compare: a line for each byte too",
	  FIELD(per_byte, bool) },
	{ CLI_SIZE, 0, "limit", "N", "covers, repl: list N covers at most; 0: all (50)",
	  FIELD(limit, uint64_t) },
	{ CLI_REAL, 0, "min-p", "SHARE", "covers: list those with this share of P or more",
	  FIELD(min_p, double) },
	{ CLI_SIZE, 0, "random", "N",
	  "check: try so many texts; bench: cut the text at so many places (50)",
	  FIELD(random, uint64_t) },
	{ CLI_TEXT, 0, "tables", "LETTERS", "bench: only these of A to F",
	  FIELD(tables, const char *) },
	{ CLI_TEXT, 0, "beams", "K,K...",
	  "bench, C and D: all of models without finite order too, with K heads",
	  FIELD(beams, const char *) },
	{ CLI_GROUP, .name = "Samples" },
	{ CLI_SIZE, 'n', "length", "BYTES", "draw, or go on with, so many bytes at most (64)",
	  FIELD(length, uint64_t) },
	{ CLI_SIZE, 0, "count", "N", "draw so many samples (1)", FIELD(count, uint64_t) },
	{ CLI_SIZE, 0, "seed", "N", "other random numbers (0)", FIELD(seed, uint64_t) },
	{ CLI_REAL, 0, "temperature", "T",
	  "of bytes: probabilities to the power 1/T; 0: the most probable byte (1)",
	  FIELD(temperature, double) },
	{ CLI_REAL, 0, "top-p", "SHARE",
	  "of bytes: draw from the fewest that together have this share (1)",
	  FIELD(top_p, double) },
	{ CLI_CHOICE, 0, "draw", "byte|cover",
	  "byte by byte, or tokens behind a drawn cover of the prompt (byte)", FIELD(draw, int) },
	{ CLI_TEXT, 0, "stop-hex", "HEX", "end a sample behind these bytes",
	  FIELD(stop_hex, const char *) },
	{ CLI_TEXT, 0, "dfa", "re:REGEX", "draw only texts that match as a whole, with weights",
	  FIELD(dfa, const char *) },
	{ CLI_TEXT, 0, "constraint", "exec:COMMAND",
	  "draw only what this process allows, with weights", FIELD(constraint, const char *) },
	{ CLI_FLAG, 'j', "json", NULL, "a JSON object for each sample; bench: for each row",
	  FIELD(json, bool) },
	{ CLI_GROUP, .name = "Several models" },
	{ CLI_CHOICE, 0, "mix", "linear|bayes|geometric|proxy",
	  "ensemble: sums, with weights or those of whole texts; products; base, expert, "
	  "anti-expert",
	  FIELD(mix, int) },
	{ CLI_TEXT, 0, "weights", "W,W...", "ensemble: one for each model (equal)",
	  FIELD(weights, const char *) },
	{ CLI_REAL, 0, "alpha", "A", "ensemble, proxy: (expert / anti-expert) to this power (1)",
	  FIELD(alpha, double) },
	{ CLI_GROUP, .name = "Healing" },
	{ CLI_TEXT, 0, "methods", "M,M...",
	  "naive, heal1, heal2, ..., healN, exact (naive,heal1,healN,exact)",
	  FIELD(methods, const char *) },
	{ CLI_TEXT, 0, "fim-suffix", "FILE", "fill in the middle before the text in FILE",
	  FIELD(fim_suffix, const char *) },
	{ CLI_TEXT, 0, "fim-prefix", "FILE", "and behind the text in FILE, if not --prefix",
	  FIELD(fim_prefix, const char *) },
	{ CLI_CHOICE, 0, "fim-format", "spm|psm",
	  "suffix, prefix, middle (spm), or prefix, suffix, middle", FIELD(fim_format, int) },
	{ CLI_TEXT, 0, "fim-tokens", "P,S,M", "tokens or ids before prefix, suffix and middle",
	  FIELD(fim_tokens, const char *) },
	{ CLI_END }
};

static const struct cli_word words[] = {
	{ "next", "[FILE]", "what may come behind a text", false, bytes_next },
	{ "score", "[FILE...]", "how probable texts are, in bits a byte", false, bytes_score },
	{ "covers", "[FILE]", "the rows of tokens that a text may be the beginning of", false,
	  bytes_covers },
	{ "sample", "[FILE]", "draw what may come behind a text", false, bytes_sample },
	{ "compare", "[FILE]", "two models on the same bytes", false, bytes_compare },
	{ "ensemble", "next|score|sample [FILE]", "several models as one", false, bytes_ensemble },
	{ "heal", "[FILE]", "the usual ways to go on from a prompt beside what is exact", false,
	  bytes_heal },
	{ "check", "[FILE]", "try the definitions on this model and this tokenizer", false,
	  bytes_check },
	{ "bench", "[FILE]", "what exactness changes and costs, as tables A to F", false,
	  bytes_bench },
	{ "repl", "", "type a text and see what may come next", false, bytes_repl },
	{ NULL },
};

const struct cli_tool tool_bytes = {
	.name = "bytes",
	.summary = "exact probabilities of bytes from a model of tokens",
	.operands = "WORD [FILE...]",
	.description =
	    "A model of tokens says which token comes next. Asked behind a text that ends\n"
	    "inside of what would have been one token, it answers about another text: that\n"
	    "the text ends there. These words tell what it says about bytes instead: P(x) is\n"
	    "the sum over all rows of tokens that may become a text that begins with x, and\n"
	    "the next byte has P(x b) / P(x). No heuristic is in it, and no beam unless\n"
	    "--beam asks for one; tok-bytes(7) has the definitions.\n"
	    "\n"
	    "--lm names the model: FILE.tlm or arpa:FILE (tok-lm(1)), a process or a server\n"
	    "(tok-lm(5)), or what --record wrote; -t is its tokenizer. --semantics says what\n"
	    "the sum is over: all rows of tokens; valid, those that the tokenizer itself\n"
	    "makes; valid-renorm, the same with what the model gives to others shared out,\n"
	    "so that all is a distribution over bytes. A row of tokens that is longer than the\n"
	    "model takes is refused, or with --window looked at through windows, each row for\n"
	    "itself: that is another law, and answers say through how many.\n"
	    "\n"
	    "Text is bytes and may end anywhere. It is --prefix, --prefix-hex, FILE, or\n"
	    "standard input. What spells a special token is text like any other; --bos puts\n"
	    "ids in front. Where the tokenizer's normalizer would change the text, it is\n"
	    "refused unless --normalize is given, and then told as it became.\n"
	    "\n"
	    "next tells what may come behind a text: P, the most probable bytes, and an end.\n"
	    "score tells of each FILE how probable it is, in bits a byte, and the same of\n"
	    "its encoding; --per-byte writes a line for each byte before. Memory does not\n"
	    "grow with the text where the model looks at few tokens, or through windows.\n"
	    "covers lists the rows of tokens, most probable first. check tries on this model\n"
	    "and tokenizer what must be so by definition, on N texts that the model writes, or\n"
	    "on pieces of FILE. repl takes lines from standard input: each goes behind the text\n"
	    "so far; :help names what else there is.\n"
	    "\n"
	    "sample draws what may come behind a text, byte by byte, or with --draw cover\n"
	    "token by token, which has the same distribution and asks for fewer rows. It\n"
	    "writes bytes as they are, or with --json an object a sample. --dfa and\n"
	    "--constraint leave out at each byte what an expression or a program forbids,\n"
	    "and weigh each sample with what was left.\n"
	    "\n"
	    "ensemble next, score and sample ask several models, each with its own --lm and\n"
	    "-t, and mix what they say of bytes; sample takes --dfa and --constraint there,\n"
	    "too. compare tells of two models how many bits a byte each needs for the same\n"
	    "bytes, and where they diverge. heal sets beside what is exact what is usually done\n"
	    "where a prompt ends inside of a token, and does so before a --fim-suffix too, where\n"
	    "the middle is to be filled in.\n"
	    "\n"
	    "Answers are objects of JSON, one a line; repl's are for people.\n"
	    "All but check's findings and bench's rows have \"exact\", \"bounds\", between which\n"
	    "the truth lies where it is not, \"special\", what goes to tokens that are no text,\n"
	    "and \"leak\", what valid leaves to rows that the tokenizer never makes: in next p of\n"
	    "all bytes and the end, special and leak sum to one. Numbers have 17 digits, and the "
	    "logarithm\n"
	    "of 0 is null.\n"
	    "\n"
	    "The exit status is 1 where check finds something wrong or, without --json, a sample\n"
	    "came to where nothing was possible, 3 where a text has probability 0, which byte "
	    "makes\n"
	    "it so being told, and 4 where a model or a constraint died, was silent for\n"
	    "--timeout, or answered with what is none; what was written then is whole lines.",
	.examples =
	    "  printf 'a rose is a rose is a rose' | tok lm train --order 2 -o rose.tlm 2>notes\n"
	    "  tok bytes next --lm rose.tlm -p 'a ros' --top 3\n"
	    "  tok bytes covers --lm rose.tlm -p 'a ro' --limit 5\n"
	    "  printf 'a rose' | tok bytes score --lm rose.tlm --semantics all --per-byte\n"
	    "  tok bytes sample --lm rose.tlm -p 'a ro' -n 20 --seed 3\n"
	    "  tok bytes sample --lm rose.tlm -p 'a' -n 20 --dfa 're:[ a-z]*rose' --json\n"
	    "  tok bytes heal --lm rose.tlm -p 'a ros' -n 16 --top 2\n"
	    "  printf 'rose is rose' | tok lm train -t bytes --order 3 -o byte.tlm 2>notes\n"
	    "  tok bytes ensemble next --lm rose.tlm -t tok-32k --lm byte.tlm -t bytes -p 'a ros'\n"
	    "  tok bytes ensemble sample --lm rose.tlm -t tok-32k --lm byte.tlm -t bytes -p 'a' "
	    "--dfa 're:[ a-z]*rose' --json\n"
	    "  tok bytes compare --lm rose.tlm -t tok-32k --lm byte.tlm -t bytes -p 'a rose'\n"
	    "  tok bytes check --lm rose.tlm --random 3\n"
	    "  printf ' ro\\nse\\n:back 2\\n:covers 3\\n' | tok bytes repl --lm rose.tlm -p a "
	    "--top 2\n",
	.exits = "3 if a text has probability 0, 4 if a model or a constraint failed.",
	.guide = "tok-bytes",
	.protocol = "tok-lm",
	.options = option_table,
	.defaults = &defaults,
	.options_size = sizeof defaults,
	.words = words,
};
