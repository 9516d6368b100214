/* embed.c - tok embed: embeddings for tokens that a model has never seen; what is done is one
 * word each. */
#include "cmd/embed_internal.h"

static const struct embed_options defaults = { .json = false };

static const struct cli_option option_table[] = {
	{ CLI_GROUP, .name = "Tokenizer" },
	{ CLI_TEXT, 0, "pattern", "NAME|REGEX",
	  "how a .tiktoken file splits text: gpt2, cl100k, o200k, ..., or an expression",
	  CLI_FIELD(struct embed_options, pattern, const char *) },
	{ CLI_GROUP, .name = "What convert-tokenizer makes" },
	{ CLI_TEXT, 0, "like", "BASE",
	  "with the special tokens, their ids and the template of the tokenizer BASE",
	  CLI_FIELD(struct embed_options, like, const char *) },
	{ CLI_FLAG, 0, "whitespace", NULL,
	  "with the same runs of white space whatever the vocabulary had",
	  CLI_FIELD(struct embed_options, whitespace, bool) },
	{ CLI_FLAG, 0, "keep-normalizer", NULL, "with the normaliser that it had",
	  CLI_FIELD(struct embed_options, keep_normalizer, bool) },
	{ CLI_FLAG, 0, "keep-pretokenizer", NULL, "splitting text as it did",
	  CLI_FIELD(struct embed_options, keep_pretokenizer, bool) },
	{ CLI_GROUP, .name = "Output" },
	{ CLI_TEXT, 'o', "output", "FILE",
	  "write to FILE, which is replaced in one step at the end",
	  CLI_FIELD(struct embed_options, output, const char *) },
	{ CLI_FLAG, 'j', "json", NULL,
	  "convert-tokenizer: tell what was done as a JSON object, of schema "
	  "tok.embed.convert.1",
	  CLI_FIELD(struct embed_options, json, bool) },
	{ CLI_END }
};

static const struct cli_word words[] = {
	{ "convert-tokenizer", "TOKENIZER",
	  "write the tokenizer with a vocabulary in the alphabet of bytes", false, embed_convert },
	{ NULL },
};

const struct cli_tool tool_embed = {
	.name = "embed",
	.summary = "embeddings for tokens that a model has never seen",
	.operands = "WORD [TOKENIZER]",
	.description =
	    "With the word convert-tokenizer, reads the file or folder TOKENIZER, of any kind\n"
	    "that tok-formats(5) names, and writes it as a tokenizer.json of which every token is\n"
	    "a row of bytes.",
	.examples = "  printf 'low lower lowest' | tok train -v 262 -o low.json\n"
		    "  tok embed convert-tokenizer low.json -o bytes.json 2>report\n",
	.options = option_table,
	.defaults = &defaults,
	.options_size = sizeof defaults,
	.words = words,
};
