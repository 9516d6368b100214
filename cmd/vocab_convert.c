/* vocab_convert.c - tok vocab convert: any tokenizer as a file of another kind. */
#include <stdlib.h>
#include <sys/stat.h>

#include "cmd/cli_load.h"
#include "cmd/cli_variable.h"
#include "cmd/cli_vocab_output.h"
#include "cmd/vocab_internal.h"
#include "cmd/vocab_same.h"
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

/* ---- what was written, read back ------------------------------------------------------------- */

/* Ranks do not say the expression that they are for; NULL if memory is out. */
static char *copy_pattern(const struct tok_spec *spec)
{
	for (size_t i = 0; i < spec->pretokenizer_count; i++) {
		const struct tok_pretok_step *step = &spec->pretokenizers[i];
		const struct tok_span p = step->as.split.pattern;
		if (step->kind == TOK_PRETOK_SPLIT)
			return strndup((const char *)p.bytes, p.count);
		if (step->kind == TOK_PRETOK_BYTE_LEVEL && step->as.byte_level.use_regex)
			return strdup("gpt2");
	}
	return strdup("[\\s\\S]+"); /* all of a text is one piece */
}

/* A folder may hold other tokenizers, which would be found first.  free() it. */
static enum tok_status name_written(const char *output, enum cli_vocab_kind kind, char **out,
				    struct tok_error *err)
{
	return kind == CLI_VOCAB_MERGES ? cli_join(output, "/vocab.json", out, err)
					: cli_named_of_path(output, out, err);
}

enum tok_status vocab_open_both(const char *path, const struct vocab_options *opts,
				enum cli_vocab_kind kind, struct tok_tokenizer **a,
				struct tok_tokenizer **b, struct tok_error *err)
{
	const struct cli_load source = { .tokenizer = path, .pattern = opts->words.pattern };
	enum tok_status status = cli_load(&source, a, err);
	if (status != TOK_OK)
		return status;
	char *name, *pattern;
	status = name_written(opts->output, kind, &name, err);
	if (status != TOK_OK)
		return status;
	pattern = kind == CLI_VOCAB_TIKTOKEN ? copy_pattern(tok_tokenizer_spec(*a)) : NULL;
	const struct cli_load written = { .tokenizer = name, .pattern = pattern };
	status = pattern || kind != CLI_VOCAB_TIKTOKEN ? cli_load_uncached(&written, b, err)
						       : tok_fail_memory(err);
	free(name);
	free(pattern);
	return status;
}

static bool is_pipe(const char *path)
{
	struct stat info;
	return stat(path, &info) == 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode);
}

/* What matches no expression is left out beside ranks, and kept in the alphabet of bytes: of text
 * that is UTF-8 nothing is. */
static bool is_of_text(const struct tok_spec *source, enum cli_vocab_kind kind)
{
	const bool ranks = kind == CLI_VOCAB_TIKTOKEN || kind == CLI_VOCAB_TEKKEN;
	return kind == CLI_VOCAB_GGUF || (ranks && !source->raw_vocabulary);
}

/* What no tokenizer.json says of a SentencePiece model (fast.h). */
static void expect_fast(const struct tok_spec *spec, struct vocab_same *same)
{
	same->utf8_only = true;
	same->ids_only = true;
	same->matched_only = spec->model.kind == TOK_MODEL_UNIGRAM;
}

/* Exit status 1 says that what was written is not the same. */
static enum cli_exit check(const char *path, const struct vocab_options *opts,
			   enum cli_vocab_kind kind)
{
	struct tok_tokenizer *a = NULL, *b = NULL;
	struct tok_error err = { 0 };
	struct vocab_same same = { .specials = kind != CLI_VOCAB_TIKTOKEN,
				   .ids_only = kind == CLI_VOCAB_GGUF, /* it has no decoder */
				   .files = opts->texts.items,
				   .file_count = opts->texts.count };
	enum tok_status status = vocab_open_both(path, opts, kind, &a, &b, &err);
	if (status == TOK_OK)
		same.utf8_only = is_of_text(tok_tokenizer_spec(a), kind);
	if (status == TOK_OK && tok_tokenizer_spec(a)->sentencepiece && kind == CLI_VOCAB_JSON)
		expect_fast(tok_tokenizer_spec(a), &same);
	if (status == TOK_OK)
		status = vocab_same_compare(a, b, &same, &err);
	const enum cli_exit result =
	    status == TOK_OK ? vocab_same_tell(&same, opts->output) : cli_error("%s", err.message);
	vocab_same_release(&same);
	tok_tokenizer_free(a);
	tok_tokenizer_free(b);
	return result;
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
	if (!cli_vocab_kind(opts->output, opts->format, &kind))
		return CLI_TROUBLE;
	if (vocab_read_tokenizer(argv[0], opts, &spec, &err) != TOK_OK)
		return cli_error("%s", err.message);
	const enum cli_exit status =
	    cli_vocab_output_listing(&spec, kind, opts->output, opts->lossy);
	tok_spec_release(&spec);
	/* What came from a pipe, or went down one, cannot be read again. */
	return status == CLI_OK && strcmp(opts->output, "-") != 0 && !is_pipe(argv[0])
		   ? check(argv[0], opts, kind)
		   : status;
}
