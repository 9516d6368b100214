/* vocab_compile.c - tok vocab compile: any tokenizer into one image. */
#include <sys/stat.h>

#include "cmd/vocab_internal.h"
#include "vocab/image/image.h"

/* Writing an image over what it is made from would lose that. */
static bool is_same_file(const char *a, const char *b)
{
	struct stat first, second;
	return stat(a, &first) == 0 && stat(b, &second) == 0 && first.st_dev == second.st_dev &&
	       first.st_ino == second.st_ino;
}

enum cli_exit cli_vocab_compile(const void *options, int argc, char **argv)
{
	const struct vocab_options *opts = options;
	const struct vocab_read_options reading = { .pattern = opts->pattern };
	struct tok_error err = { 0 };
	if (argc != 1)
		return cli_usage("compile takes one tokenizer, not %d", argc);
	if (!opts->output)
		return cli_usage("compile needs --output FILE: it writes nowhere else");
	if (strcmp(opts->output, "-") == 0)
		return cli_usage("an image is mapped from a file and cannot be written to "
				 "standard output: name one with --output");
	if (is_same_file(argv[0], opts->output))
		return cli_usage("'%s' is the tokenizer itself: name another --output",
				 opts->output);
	if (vocab_image_compile(argv[0], &reading, opts->output, &err) != TOK_OK)
		return cli_error("%s", err.message);
	return CLI_OK;
}
