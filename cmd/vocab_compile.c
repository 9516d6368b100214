/* vocab_compile.c - tok vocab compile: any tokenizer into one image. */
#include "cmd/cli_load.h"
#include "cmd/vocab_internal.h"
#include "vocab/image/image.h"

static enum tok_status compile_built_in(const char *name, const char *pattern, const char *output,
					struct tok_error *err)
{
	struct tok_spec spec = { 0 };
	enum tok_status status = cli_load_spec(name, pattern, &spec, err);
	if (status == TOK_OK)
		status = vocab_image_write(&spec, output, err);
	tok_spec_release(&spec);
	return status;
}

static enum tok_status compile_files(const struct cli_named *named, const char *pattern,
				     const char *output, struct tok_error *err)
{
	struct cli_named_files files;
	enum tok_status status = cli_named_open(named, pattern, &files, err);
	if (status != TOK_OK)
		return status;
	status = vocab_is_own_file(named, &files, CLI_VOCAB_TOK, output)
		     ? tok_fail(err, TOK_EARG,
				"'%s' is the tokenizer itself: write the image elsewhere", output)
		     : vocab_image_compile(&files.source, &files.options, output, err);
	cli_named_close(&files);
	return status;
}

enum cli_exit cli_vocab_compile(const void *options, int argc, char **argv)
{
	const struct vocab_options *opts = options;
	const char *pattern = opts->words.pattern;
	struct cli_named named;
	struct tok_error err = { 0 };
	if (argc != 1)
		return cli_usage("compile takes one tokenizer, not %d", argc);
	if (!opts->output)
		return cli_usage("compile needs --output FILE: it writes nowhere else");
	if (strcmp(opts->output, "-") == 0)
		return cli_usage("an image is mapped from a file and cannot be written to "
				 "standard output: name one with --output");
	if (cli_named_find(argv[0], &named, &err) != TOK_OK)
		return cli_error("%s", err.message);
	const enum tok_status status =
	    cli_named_is_built_in(named.kind)
		? compile_built_in(named.name, pattern, opts->output, &err)
		: compile_files(&named, pattern, opts->output, &err);
	cli_named_release(&named);
	return status == TOK_OK ? CLI_OK : cli_error("%s", err.message);
}
