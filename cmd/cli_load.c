#include "cmd/cli_load.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/cli_cache.h"
#include "cmd/cli_hub.h"
#include "cmd/cli_store.h"
#include "cmd/cli_variable.h"
#include "vocab/format/read.h"
#include "vocab/image/image.h"

enum tok_status cli_load_path(const char *name, char **out, struct tok_error *err)
{
	*out = NULL;
	const enum tok_status status =
	    access(name, F_OK) == 0 ? TOK_OK : cli_hub_find(name, out, err);
	return status == TOK_OK && !*out ? cli_join(name, "", out, err) : status;
}

static enum tok_status load_image(const struct cli_load *options, bool cached,
				  struct tok_tokenizer **out, struct tok_error *err)
{
	const struct vocab_read_options reading = { .pattern = options->pattern };
	char *folder = NULL, *path;
	enum tok_status status = cli_load_path(options->tokenizer, &path, err);
	if (status == TOK_OK && cached)
		status = cli_cache_folder(&folder, err);
	if (status == TOK_OK)
		status = vocab_image_open(path, &reading, folder, out, err);
	free(folder);
	free(path);
	return status;
}

static enum tok_status refuse_pattern(struct tok_error *err)
{
	return tok_fail(err, TOK_EARG, "--pattern is for a .tiktoken file: name it with -t");
}

static enum tok_status refuse_kept_pattern(struct tok_error *err)
{
	return tok_fail(err, TOK_EARG,
			"a vocabulary of the store has the pattern that it was added with: leave "
			"--pattern out");
}

static const struct {
	const char *name;
	enum tok_status (*open)(struct tok_tokenizer **out, struct tok_error *err);
} known[] = {
	{ CLI_BUILTIN_NAME, cli_builtin_open },
	{ "bytes", tok_tokenizer_bytes },
};

static enum tok_status load_any(const struct cli_load *options, bool cached,
				struct tok_tokenizer **out, struct tok_error *err)
{
	const char *name = options->tokenizer ? options->tokenizer : CLI_BUILTIN_NAME;
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		if (strcmp(name, known[i].name) != 0)
			continue;
		if (options->pattern)
			return refuse_pattern(err);
		return known[i].open(out, err);
	}
	bool found;
	const enum tok_status status = cli_store_load(name, &found, out, err);
	if (status != TOK_OK || !found)
		return status != TOK_OK ? status : load_image(options, cached, out, err);
	if (!options->pattern)
		return TOK_OK;
	tok_tokenizer_free(*out);
	return refuse_kept_pattern(err);
}

static enum tok_status read_path(const char *name, const struct vocab_read_options *reading,
				 struct tok_spec *out, struct tok_error *err)
{
	char *path;
	enum tok_status status = cli_load_path(name, &path, err);
	if (status != TOK_OK)
		return status;
	status = vocab_read_path(path, reading, out, err);
	free(path);
	return status;
}

enum tok_status cli_load_spec(const char *path, const char *pattern, struct tok_spec *out,
			      struct tok_error *err)
{
	const struct vocab_read_options reading = { .pattern = pattern };
	bool found;
	if (strcmp(path, CLI_BUILTIN_NAME) == 0)
		return pattern ? refuse_pattern(err) : cli_builtin_read(out, err);
	const enum tok_status status = cli_store_spec(path, &found, out, err);
	if (status != TOK_OK || !found)
		return status != TOK_OK ? status : read_path(path, &reading, out, err);
	if (!pattern)
		return TOK_OK;
	tok_spec_release(out);
	return refuse_kept_pattern(err);
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
