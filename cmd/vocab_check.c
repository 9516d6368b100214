/* vocab_check.c - tok vocab check: the gate of those who publish or load a tokenizer.  What is
 * looked for, and how grave it is, is vocab/audit/health.h; tok audit --vocab tells the same at
 * leisure. */
#include <stdlib.h>

#include "cmd/audit_internal.h"
#include "cmd/cli_load.h"
#include "cmd/vocab_internal.h"

static enum cli_exit check_all(const struct audit_options *how, const char *pattern,
			       struct tok_tokenizer **tokenizers, char **names, size_t count)
{
	struct tok_error err = { 0 };
	for (size_t i = 0; i < count; i++) {
		const struct cli_load load = { .tokenizer = names[i], .pattern = pattern };
		if (cli_load(&load, &tokenizers[i], &err) != TOK_OK)
			return cli_error("%s", err.message);
	}
	return audit_vocab(how, tokenizers, (const char *const *)names, count);
}

/* Exit status 1 says that one of them is not sound. */
enum cli_exit cli_vocab_check(const void *options, int argc, char **argv)
{
	const struct vocab_options *opts = options;
	const struct audit_options how = { .vocab = true,
					   .json = opts->json,
					   .fail_on = opts->fail_on,
					   .threads = opts->words.threads };
	if (argc < 1)
		return cli_usage("check takes the tokenizers that are to be looked at");
	const size_t count = (size_t)argc;
	struct tok_tokenizer **tokenizers = calloc(count, sizeof *tokenizers);
	if (!tokenizers)
		return cli_error("out of memory");
	const enum cli_exit result = check_all(&how, opts->words.pattern, tokenizers, argv, count);
	for (size_t i = 0; i < count; i++)
		tok_tokenizer_free(tokenizers[i]);
	free(tokenizers);
	return result;
}
