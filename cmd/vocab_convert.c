/* vocab_convert.c - tok vocab convert: any tokenizer as a file of another kind. */
#include <sys/stat.h>

#include "cmd/cli_load.h"
#include "cmd/cli_variable.h"
#include "cmd/cli_vocab_output.h"
#include "cmd/vocab_internal.h"
#include "cmd/vocab_readback.h"
#include "vocab/format/read.h"
#include "vocab/image/image.h"

static bool is_same_file(const char *a, const char *b)
{
	struct stat first, second;
	return a && stat(a, &first) == 0 && stat(b, &second) == 0 &&
	       first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

bool vocab_is_own_file(const struct cli_named *named, const struct cli_named_files *files,
		       const char *output)
{
	return named->kind == CLI_NAMED_PATH && (is_same_file(files->source.path, output) ||
						 is_same_file(files->source.other_path, output));
}

static enum tok_status read_files(const struct cli_named *named, const struct vocab_options *opts,
				  struct tok_spec *out, struct tok_error *err)
{
	struct cli_named_files files;
	enum tok_status status = cli_named_open(named, opts->words.pattern, &files, err);
	if (status != TOK_OK)
		return status;
	if (vocab_image_is_one(files.source.files[0]))
		status = tok_fail(err, TOK_EARG,
				  "%s: this is a compiled image: convert what it was made from",
				  files.source.path);
	else if (vocab_is_own_file(named, &files, opts->output))
		status = tok_fail(err, TOK_EARG,
				  "'%s' is the tokenizer itself: write the other elsewhere",
				  opts->output);
	else
		status = vocab_read_source(&files.source, &files.options, out, err);
	cli_named_close(&files);
	return status;
}

enum tok_status vocab_read_tokenizer(const char *name, const struct vocab_options *opts,
				     struct tok_spec *out, struct tok_error *err)
{
	struct cli_named named;
	enum tok_status status = cli_named_find(name, &named, err);
	if (status != TOK_OK)
		return status;
	status = cli_named_is_built_in(named.kind)
		     ? cli_load_spec(name, opts->words.pattern, out, err)
		     : read_files(&named, opts, out, err);
	cli_named_release(&named);
	return status;
}

static bool is_pipe(const char *path)
{
	struct stat info;
	return stat(path, &info) == 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode);
}

enum cli_exit cli_vocab_convert(const void *options, int argc, char **argv)
{
	const struct vocab_options *opts = options;
	struct tok_spec spec = { 0 };
	struct tok_error err = { 0 };
	enum cli_vocab_kind kind;
	if (argc != 1)
		return cli_usage("convert takes one tokenizer, not %d", argc);
	if (!opts->output)
		return cli_usage("convert needs --output FILE, or - for standard output");
	if (!cli_vocab_kind(opts->output, opts->to, "to", &kind))
		return CLI_TROUBLE;
	if (vocab_read_tokenizer(argv[0], opts, &spec, &err) != TOK_OK)
		return cli_error("%s", err.message);
	const enum cli_exit status =
	    cli_vocab_output_listing(&spec, kind, opts->output, opts->lossy);
	tok_spec_release(&spec);
	/* What came from a pipe, or went down one, cannot be read again. */
	return status == CLI_OK && strcmp(opts->output, "-") != 0 && !is_pipe(argv[0])
		   ? vocab_readback(argv[0], opts, kind, NULL)
		   : status;
}
