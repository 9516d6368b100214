/* vocab_compile.c - tok vocab compile: any tokenizer into one image. */
#include "cmd/vocab_internal.h"
#include "vocab/image/image.h"

enum cli_exit cli_vocab_compile(const void *options, int argc, char **argv)
{
	const struct vocab_options *opts = options;
	const struct vocab_read_options reading = { .pattern = opts->words.pattern };
	struct tok_error err = { 0 };
	if (argc != 1)
		return cli_usage("compile takes one tokenizer, not %d", argc);
	if (!opts->output)
		return cli_usage("compile needs --output FILE: it writes nowhere else");
	if (strcmp(opts->output, "-") == 0)
		return cli_usage("an image is mapped from a file and cannot be written to "
				 "standard output: name one with --output");
	if (vocab_image_compile(argv[0], &reading, opts->output, &err) != TOK_OK)
		return cli_error("%s", err.message);
	return CLI_OK;
}
