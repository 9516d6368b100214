#include "cmd/cli_load.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "cmd/cli_cache.h"
#include "vocab/image/image.h"

static enum tok_status open_path(const struct cli_named *named, const char *pattern, bool cached,
				 struct tok_tokenizer **out, struct tok_error *err)
{
	const struct vocab_read_options reading = { .pattern = pattern };
	char *folder = NULL;
	enum tok_status status = cached ? cli_cache_folder(&folder, err) : TOK_OK;
	if (status == TOK_OK)
		status = vocab_image_open(named->path, &reading, folder, out, err);
	free(folder);
	return status;
}

/* Another process may have taken it out since it was found. */
static enum tok_status open_kept(const struct cli_named *named, struct tok_tokenizer **out,
				 struct tok_error *err)
{
	bool found;
	const enum tok_status status =
	    vocab_store_load(named->store, named->name, &found, out, err);
	return status != TOK_OK || found
		   ? status
		   : tok_fail(err, TOK_EIO, "%s: the store has it no more", named->name);
}

static enum tok_status load_any(const struct cli_load *options, bool cached,
				struct tok_tokenizer **out, struct tok_error *err)
{
	struct cli_named named;
	enum tok_status status =
	    cli_named_find(options->tokenizer ? options->tokenizer : CLI_BUILTIN_NAME, &named, err);
	if (status != TOK_OK)
		return status;
	status = cli_named_check_pattern(&named, options->pattern, err);
	if (status == TOK_OK) {
		switch (named.kind) {
		case CLI_NAMED_BUILTIN:
			status = cli_builtin_open(out, err);
			break;
		case CLI_NAMED_BYTES:
			status = tok_tokenizer_bytes(out, err);
			break;
		case CLI_NAMED_PATH:
			status = open_path(&named, options->pattern, cached, out, err);
			break;
		case CLI_NAMED_STORE:
			status = open_kept(&named, out, err);
			break;
		}
	}
	cli_named_release(&named);
	return status;
}

static enum tok_status read_files(const struct cli_named *named, const char *pattern,
				  struct tok_spec *out, struct tok_error *err)
{
	struct cli_named_files files;
	enum tok_status status = cli_named_open(named, pattern, &files, err);
	if (status != TOK_OK)
		return status;
	status = vocab_read_source(&files.source, &files.options, out, err);
	cli_named_close(&files);
	return status;
}

enum tok_status cli_load_spec(const char *name, const char *pattern, struct tok_spec *out,
			      struct tok_error *err)
{
	struct cli_named named;
	enum tok_status status = cli_named_find(name, &named, err);
	if (status != TOK_OK)
		return status;
	status = cli_named_check_pattern(&named, pattern, err);
	if (status == TOK_OK) {
		switch (named.kind) {
		case CLI_NAMED_BUILTIN:
			status = cli_builtin_read(out, err);
			break;
		case CLI_NAMED_BYTES:
			status = tok_spec_bytes(out, err);
			break;
		case CLI_NAMED_PATH:
		case CLI_NAMED_STORE:
			status = read_files(&named, pattern, out, err);
			break;
		}
	}
	cli_named_release(&named);
	return status;
}

enum tok_status cli_load_kernel(struct tok_tokenizer *tokenizer, struct tok_error *err)
{
	const char *kernels = getenv("TOK_KERNELS");
	const enum tok_status status =
	    tok_tokenizer_use_kernel(tokenizer, kernels && kernels[0] ? kernels : NULL, err);
	return status == TOK_OK ? status : tok_fail_in(err, status, "TOK_KERNELS");
}

static enum tok_status load(const struct cli_load *options, bool cached, struct tok_tokenizer **out,
			    struct tok_error *err)
{
	struct tok_tokenizer *made;
	enum tok_status status = load_any(options, cached, &made, err);
	if (status != TOK_OK)
		return status;
	status = cli_load_kernel(made, err);
	if (status == TOK_OK)
		*out = made;
	else
		tok_tokenizer_free(made);
	return status;
}

enum tok_status cli_load(const struct cli_load *options, struct tok_tokenizer **out,
			 struct tok_error *err)
{
	return load(options, true, out, err);
}

enum tok_status cli_load_uncached(const struct cli_load *options, struct tok_tokenizer **out,
				  struct tok_error *err)
{
	return load(options, false, out, err);
}

bool cli_is_pipe(const char *path)
{
	struct stat info;
	return stat(path, &info) == 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode);
}

enum tok_status cli_load_source(const struct vocab_source *source, const char *pattern,
				struct tok_tokenizer **out, struct tok_error *err)
{
	const struct vocab_read_options reading = { .pattern = pattern };
	struct tok_spec spec = { 0 };
	struct tok_tokenizer *made = NULL;
	enum tok_status status = vocab_read_source(source, &reading, &spec, err);
	if (status != TOK_OK)
		return status;
	status = tok_tokenizer_new(&spec, &made, err);
	tok_spec_release(&spec);
	if (status == TOK_OK)
		status = cli_load_kernel(made, err);
	if (status == TOK_OK)
		*out = made;
	else
		tok_tokenizer_free(made);
	return status;
}

static enum tok_status load_pipe(const struct cli_load *options, struct tok_tokenizer **tokenizer,
				 struct tok_spec *spec, struct tok_error *err)
{
	const struct vocab_read_options reading = { .pattern = options->pattern };
	struct tok_tokenizer *made = NULL;
	struct vocab_source source;
	enum tok_status status = vocab_source_open(options->tokenizer, &source, err);
	if (status != TOK_OK)
		return status;
	status = cli_load_source(&source, options->pattern, &made, err);
	if (status == TOK_OK)
		status = vocab_read_source(&source, &reading, spec, err);
	if (status == TOK_OK)
		*tokenizer = made;
	else
		tok_tokenizer_free(made);
	vocab_source_close(&source);
	return status;
}

enum tok_status cli_load_both(const struct cli_load *options, struct tok_tokenizer **tokenizer,
			      struct tok_spec *spec, struct tok_error *err)
{
	struct tok_tokenizer *made = NULL;
	if (cli_is_pipe(options->tokenizer))
		return load_pipe(options, tokenizer, spec, err);
	enum tok_status status = cli_load(options, &made, err);
	if (status == TOK_OK)
		status = cli_load_spec(options->tokenizer, options->pattern, spec, err);
	if (status == TOK_OK)
		*tokenizer = made;
	else
		tok_tokenizer_free(made);
	return status;
}

enum cli_exit cli_specials_check(const struct cli_specials *specials)
{
	if (specials->hf && specials->special_text >= 0 &&
	    specials->special_text != TOK_SPECIAL_MATCH)
		return cli_usage("--hf takes text that spells a special token for the token: "
				 "--special-text can only be match with it");
	return CLI_OK;
}

struct tok_encode_options cli_specials_options(const struct cli_specials *specials)
{
	const int asked =
	    specials->special_text < 0 ? TOK_SPECIAL_ORDINARY : specials->special_text;
	return (struct tok_encode_options){
		.special_text = specials->hf ? TOK_SPECIAL_MATCH : (enum tok_special_text)asked,
		.add_special = specials->add_special || specials->hf,
		.truncate = specials->hf,
	};
}
