/*
 * cli_recipe.h - how text becomes words: the options, and the recipe they make.
 */
#ifndef CMD_CLI_RECIPE_H
#define CMD_CLI_RECIPE_H

#include "cmd/cli.h"
#include "cmd/cli_builtin.h"
#include "tok/base/buffer.h"
#include "tok/pipe/tokenizer.h"
#include "vocab/train/recipe.h"
#include "vocab/train/super.h"

struct cli_recipe {
	int family; /* enum vocab_family; -1: o200k, or what `like` does */
	const char *like;
	int normalizer; /* enum vocab_normalizer; -1: the family's */
	struct cli_texts specials;
	enum vocab_relaxed relaxed; /* instead of the family's pre-tokenizer */
};

/* What nobody asked for. */
#define CLI_RECIPE_DEFAULTS                                                                        \
	{                                                                                          \
		.family = -1, .normalizer = -1                                                     \
	}

#define CLI_RECIPE_ROWS(T, field)                                                                  \
	{ CLI_GROUP, .name = "From text to words" },                                               \
	    { CLI_CHOICE,                                                                          \
	      'p',                                                                                 \
	      "pretok",                                                                            \
	      VOCAB_FAMILY_NAMES,                                                                  \
	      "how text is cut into words (o200k)",                                                \
	      CLI_FIELD(T, field.family, int) },                                                   \
	    { CLI_TEXT,                                                                            \
	      0,                                                                                   \
	      "like",                                                                              \
	      "PATH",                                                                              \
	      "normalize and cut as this tokenizer does, or the built-in " CLI_BUILTIN_NAME        \
	      "; its added tokens are cut out",                                                    \
	      CLI_FIELD(T, field.like, const char *) },                                            \
	    { CLI_CHOICE,                                                                          \
	      0,                                                                                   \
	      "normalizer",                                                                        \
	      VOCAB_NORMALIZER_NAMES,                                                              \
	      "what is done to text first (none; bert with --pretok bert)",                        \
	      CLI_FIELD(T, field.normalizer, int) },                                               \
	{                                                                                          \
		CLI_TEXTS, 's', "special", "TOKEN",                                                \
		    "cut this special token out of text; may be given several times",              \
		    CLI_FIELD(T, field.specials, struct cli_texts)                                 \
	}

/* Append the recipe to `recipe` and compile it; TOK_KERNELS is obeyed. */
TOK_MUST_USE enum tok_status cli_recipe_make(const struct cli_recipe *options,
					     struct tok_buffer *recipe, struct tok_tokenizer **out,
					     struct tok_error *err);

/* The recipe of the tokenizer at `path`, and what gives its words.  `pattern`: as in
 * struct vocab_read_options. */
TOK_MUST_USE enum tok_status cli_recipe_of(const char *path, const char *pattern,
					   struct tok_buffer *recipe, struct tok_tokenizer **out,
					   struct tok_error *err);

/* TOK_EARG where words counted by `recipe` are not those of the tokenizer at `path`. */
TOK_MUST_USE enum tok_status cli_recipe_check(struct tok_span recipe, const char *path,
					      const char *pattern, struct tok_error *err);

#endif
