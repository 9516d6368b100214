/* vocab_convert.c - tok vocab convert: any tokenizer as a file of another kind. */
#include "cmd/cli_load.h"
#include "cmd/vocab_internal.h"
#include "cmd/vocab_readback.h"
#include "vocab/image/image.h"

bool vocab_is_own_file(const struct cli_named *named, const struct cli_named_files *files,
		       enum cli_vocab_kind kind, const char *output)
{
	return named->kind == CLI_NAMED_PATH &&
	       (cli_vocab_output_is(kind, output, files->source.path) ||
		cli_vocab_output_is(kind, output, files->source.other_path));
}

static enum tok_status check_files(const struct cli_named *named, const struct vocab_options *opts,
				   enum cli_vocab_kind kind, struct tok_error *err)
{
	struct cli_named_files files;
	enum tok_status status = cli_named_open(named, opts->words.pattern, &files, err);
	if (status != TOK_OK)
		return status;
	if (vocab_image_is_one(files.source.files[0]))
		status = tok_fail(err, TOK_EARG,
				  "%s: this is a compiled image: convert what it was made from",
				  files.source.path);
	else if (vocab_is_own_file(named, &files, kind, opts->output))
		status = tok_fail(err, TOK_EARG,
				  "'%s' is the tokenizer itself: write the other elsewhere",
				  opts->output);
	cli_named_close(&files);
	return status;
}

enum tok_status vocab_read_tokenizer(const char *name, const struct vocab_options *opts,
				     enum cli_vocab_kind kind, struct tok_tokenizer **tokenizer,
				     struct tok_spec *spec, struct tok_error *err)
{
	const struct cli_load load = { .tokenizer = name, .pattern = opts->words.pattern };
	struct cli_named named;
	enum tok_status status = cli_named_find(name, &named, err);
	if (status != TOK_OK)
		return status;
	if (named.kind == CLI_NAMED_PATH && !cli_is_pipe(named.path))
		status = check_files(&named, opts, kind, err);
	cli_named_release(&named);
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
