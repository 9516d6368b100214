#include "cmd/cli_recipe.h"

#include <stdlib.h>

#include "cmd/cli_load.h"
#include "vocab/format/read.h"

static enum tok_status read_like(const char *path, const char *pattern, struct tok_spec *spec,
				 struct tok_error *err)
{
	enum tok_status status = cli_load_spec(path, pattern, spec, err);
	if (status != TOK_OK)
		return status;
	status = vocab_recipe_like(spec, err);
	return status == TOK_OK ? status : tok_fail_in(err, status, "'%s'", path);
}

static enum tok_status make_spec(const struct cli_recipe *options, struct tok_spec *spec,
				 struct tok_error *err)
{
	enum tok_status status;
	if (options->like) {
		status = read_like(options->like, NULL, spec, err);
	} else {
		const int family = options->family < 0 ? VOCAB_FAMILY_O200K : options->family;
		status = vocab_recipe_family((enum vocab_family)family, spec, err);
	}
	if (status == TOK_OK && options->normalizer >= 0)
		status =
		    vocab_recipe_normalize(spec, (enum vocab_normalizer)options->normalizer, err);
	if (status == TOK_OK)
		status = vocab_recipe_relax(spec, options->relaxed, err);
	for (size_t i = 0; i < options->specials.count && status == TOK_OK; i++)
		status =
		    vocab_recipe_add_special(spec, tok_span_of(options->specials.items[i]), err);
	return status;
}

/* The recipe of a specification that is used up. */
static enum tok_status finish(struct tok_spec *spec, struct tok_buffer *recipe,
			      struct tok_tokenizer **out, struct tok_error *err)
{
	struct tok_tokenizer *made = NULL;
	enum tok_status status = vocab_recipe_finish(spec, recipe, err);
	tok_spec_release(spec);
	if (status == TOK_OK)
		status = vocab_recipe_open(tok_buffer_span(recipe), &made, err);
	if (status == TOK_OK)
		status = cli_load_kernel(made, err);
	if (status == TOK_OK)
		*out = made;
	else
		tok_tokenizer_free(made);
	return status;
}

enum tok_status cli_recipe_make(const struct cli_recipe *options, struct tok_buffer *recipe,
				struct tok_tokenizer **out, struct tok_error *err)
{
	struct tok_spec spec = { 0 };
	if (options->like && options->family >= 0)
		return tok_fail(err, TOK_EARG, "--like and --pretok exclude each other");
	const enum tok_status status = make_spec(options, &spec, err);
	if (status == TOK_OK)
		return finish(&spec, recipe, out, err);
	tok_spec_release(&spec);
	return status;
}

enum tok_status cli_recipe_of(const char *path, const char *pattern, struct tok_buffer *recipe,
			      struct tok_tokenizer **out, struct tok_error *err)
{
	struct tok_spec spec = { 0 };
	const enum tok_status status = read_like(path, pattern, &spec, err);
	if (status == TOK_OK)
		return finish(&spec, recipe, out, err);
	tok_spec_release(&spec);
	return status;
}

enum tok_status cli_recipe_check(struct tok_span recipe, const char *path, const char *pattern,
				 struct tok_error *err)
{
	struct tok_spec counted = { 0 }, own = { 0 };
	const char *part = NULL;
	enum tok_status status = vocab_read_bytes(recipe, NULL, &counted, err);
	if (status == TOK_OK)
		status = read_like(path, pattern, &own, err);
	if (status == TOK_OK)
		status = vocab_recipe_compare(&counted, &own, &part, err);
	if (status == TOK_OK && part)
		status = tok_fail(err, TOK_EARG,
				  "the words were made with another %s than that of '%s': make "
				  "them with --like '%s'",
				  part, path, path);
	tok_spec_release(&counted);
	tok_spec_release(&own);
	return status;
}
