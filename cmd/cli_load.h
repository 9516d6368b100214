/*
 * cli_load.h - a tokenizer by its name or path, of -t and wherever else one is named: cli_named.h
 * says what a name stands for.
 */
#ifndef CMD_CLI_LOAD_H
#define CMD_CLI_LOAD_H

#include "cmd/cli.h"
#include "cmd/cli_builtin.h"
#include "cmd/cli_named.h"
#include "tok/pipe/encoder.h"

struct cli_load {
	const char *tokenizer; /* a path or a name; NULL: CLI_BUILTIN_NAME */
	const char *pattern;
};

/* What may be given, for people. */
#define CLI_LOAD_WORDS                                                                             \
	"a file, a folder or a name (tok-store(7)); built in are " CLI_BUILTIN_NAME                \
	" (the default) and bytes"

/* Rows for an option table whose struct T has a struct cli_load at `field`. */
#define CLI_LOAD_ROWS(T, field)                                                                    \
	{ CLI_GROUP, .name = "Tokenizer" },                                                        \
	    { CLI_TEXT,                                                                            \
	      't',                                                                                 \
	      "tokenizer",                                                                         \
	      "PATH",                                                                              \
	      "use this tokenizer: " CLI_LOAD_WORDS ", whose ids are the 256 bytes",               \
	      CLI_FIELD(T, field.tokenizer, const char *) },                                       \
	{                                                                                          \
		CLI_TEXT, 0, "pattern", "NAME|REGEX",                                              \
		    "how a .tiktoken file splits text: gpt2, cl100k, o200k, ..., or an "           \
		    "expression",                                                                  \
		    CLI_FIELD(T, field.pattern, const char *)                                      \
	}

/* Through the cache of compiled tokenizers, where there is one: see cli_cache.h. */
TOK_MUST_USE enum tok_status cli_load(const struct cli_load *options, struct tok_tokenizer **out,
				      struct tok_error *err);

/* The file read and compiled, whatever the cache holds. */
TOK_MUST_USE enum tok_status cli_load_uncached(const struct cli_load *options,
					       struct tok_tokenizer **out, struct tok_error *err);

/* What it is made of, not compiled. */
TOK_MUST_USE enum tok_status cli_load_spec(const char *name, const char *pattern,
					   struct tok_spec *out, struct tok_error *err);

/* The tokenizer, and what its file says: of one reading where that is a pipe. */
TOK_MUST_USE enum tok_status cli_load_both(const struct cli_load *options,
					   struct tok_tokenizer **tokenizer, struct tok_spec *spec,
					   struct tok_error *err);

/* What `source` holds, compiled. */
struct vocab_source;
TOK_MUST_USE enum tok_status cli_load_source(const struct vocab_source *source, const char *pattern,
					     struct tok_tokenizer **out, struct tok_error *err);

/* Does the path name something that is neither file nor folder, which is read once? */
bool cli_is_pipe(const char *path);

/* TOK_KERNELS forces one implementation of the hot loops, or is refused. */
TOK_MUST_USE enum tok_status cli_load_kernel(struct tok_tokenizer *tokenizer,
					     struct tok_error *err);

/* What to do with special tokens, for the tools that encode. */
struct cli_specials {
	int special_text; /* enum tok_special_text, -1: not asked for */
	bool add_special, hf;
};

#define CLI_SPECIALS_DEFAULT                                                                       \
	{                                                                                          \
		.special_text = -1                                                                 \
	}

#define CLI_SPECIAL_WORDS "ordinary|match|error"

#define CLI_SPECIAL_ROWS(T, field)                                                                 \
	{ CLI_GROUP, .name = "Special tokens" },                                                   \
	    { CLI_CHOICE,                                                                          \
	      0,                                                                                   \
	      "special-text",                                                                      \
	      CLI_SPECIAL_WORDS,                                                                   \
	      "what text that spells a special token is: ordinary text, the token, an error",      \
	      CLI_FIELD(T, field.special_text, int) },                                             \
	    { CLI_FLAG,                                                                            \
	      0,                                                                                   \
	      "add-special",                                                                       \
	      NULL,                                                                                \
	      "lay the tokenizer's template (BOS and its like) around each document",              \
	      CLI_FIELD(T, field.add_special, bool) },                                             \
	{                                                                                          \
		CLI_FLAG, 0, "hf", NULL,                                                           \
		    "do as Hugging Face's encode does: match, add, truncate and pad as the file "  \
		    "says",                                                                        \
		    CLI_FIELD(T, field.hf, bool)                                                   \
	}

/* CLI_OK, or what is wrong with the combination, said. */
enum cli_exit cli_specials_check(const struct cli_specials *specials);

/* The library's options; offsets and tokens are left to the caller. */
struct tok_encode_options cli_specials_options(const struct cli_specials *specials);

#endif
