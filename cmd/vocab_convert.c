/* vocab_convert.c - tok vocab convert: any tokenizer as a file of another kind. */
#include <unistd.h>

#include "cmd/cli_load.h"
#include "cmd/vocab_internal.h"
#include "cmd/vocab_readback.h"
#include "vocab/format/read.h"
#include "vocab/image/image.h"

/* Writing over what it is made from would lose what the other kind does not say. */
static enum tok_status check_source(const char *path, const struct vocab_options *opts,
				    enum cli_vocab_kind kind, struct tok_error *err)
{
	struct vocab_source source;
	enum tok_status status = vocab_source_open(path, &source, err);
	if (status != TOK_OK)
		return status;
	if (vocab_image_is_one(source.files[0]))
		status = tok_fail(err, TOK_EARG,
				  "%s: this is a compiled image: convert what it was made from",
				  source.path);
	else if (cli_vocab_output_is(kind, opts->output, source.path) ||
		 cli_vocab_output_is(kind, opts->output, source.other_path))
		status = tok_fail(err, TOK_EARG,
				  "'%s' is the tokenizer itself: write the other elsewhere",
				  opts->output);
	vocab_source_close(&source);
	return status;
}

enum tok_status vocab_read_tokenizer(const char *path, const struct vocab_options *opts,
				     enum cli_vocab_kind kind, struct tok_tokenizer **tokenizer,
				     struct tok_spec *spec, struct tok_error *err)
{
	const struct cli_load load = { .tokenizer = path, .pattern = opts->words.pattern };
	const bool is_file = access(path, F_OK) == 0 && strcmp(path, CLI_BUILTIN_NAME) != 0;
	const enum tok_status status =
	    is_file && !cli_is_pipe(path) ? check_source(path, opts, kind, err) : TOK_OK;
	return status == TOK_OK ? cli_load_both(&load, tokenizer, spec, err) : status;
}

enum cli_exit cli_vocab_convert(const void *options, int argc, char **argv)
{
	const struct vocab_options *opts = options;
	struct tok_tokenizer *source = NULL;
	struct tok_spec spec = { 0 };
	struct tok_error err = { 0 };
	enum cli_vocab_kind kind;
	enum cli_exit result;
	if (argc != 1)
		return cli_usage("convert takes one tokenizer, not %d", argc);
	if (!opts->output)
		return cli_usage("convert needs --output FILE, or - for standard output");
	if (!cli_vocab_kind(opts->output, opts->to, "to", &kind))
		return CLI_TROUBLE;
	if (vocab_read_tokenizer(argv[0], opts, kind, &source, &spec, &err) == TOK_OK)
		result = vocab_write_compared(&spec, source, opts, kind, NULL);
	else
		result = cli_error("%s", err.message);
	tok_spec_release(&spec);
	tok_tokenizer_free(source);
	return result;
}
