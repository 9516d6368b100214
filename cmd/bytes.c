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
	  "FILE.tlm, arpa:FILE, exec:PROGRAM ARGS, llama:URL, openai:URL#MODEL or replay:FILE",
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
	{ CLI_GROUP, .name = "Text" },
	{ CLI_TEXT, 'p', "prefix", "TEXT", "the text in question, instead of FILE",
	  FIELD(prefix, const char *) },
	{ CLI_TEXT, 0, "prefix-hex", "HEX", "the same, any bytes",
	  FIELD(prefix_hex, const char *) },
	{ CLI_FLAG, 0, "normalize", NULL,
	  "take the text as the tokenizer's normalizer leaves it (else refused if it differs)",
	  FIELD(normalize, bool) },
	{ CLI_END }
};

static const struct cli_word words[] = {
	{ NULL },
};

const struct cli_tool tool_bytes = {
	.name = "bytes",
	.summary = "exact probabilities of bytes from a model of tokens",
	.operands = "WORD [FILE]",
	.description = "",
	.examples = "",
	.guide = "tok-bytes",
	.options = option_table,
	.defaults = &defaults,
	.options_size = sizeof defaults,
	.words = words,
};
