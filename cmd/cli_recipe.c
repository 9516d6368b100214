#include "cmd/cli_recipe.h"

#include <stdlib.h>

#include "cmd/cli_load.h"
#include "vocab/format/read.h"

static enum tok_status make_spec(const struct cli_recipe *options, struct tok_spec *spec,
				 struct tok_error *err)
{
	enum tok_status status;
	if (options->like) {
		status = vocab_read_path(options->like, NULL, spec, err);
		if (status == TOK_OK) {
			status = vocab_recipe_like(spec, err);
			if (status != TOK_OK)
				tok_fail_in(err, status, "'%s'", options->like);
		}
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

enum tok_status cli_recipe_make(const struct cli_recipe *options, struct tok_buffer *recipe,
				struct tok_tokenizer **out, struct tok_error *err)
{
	struct tok_spec spec = { 0 };
	struct tok_tokenizer *made = NULL;
	if (options->like && options->family >= 0)
		return tok_fail(err, TOK_EARG, "--like and --pretok exclude each other");
	enum tok_status status = make_spec(options, &spec, err);
	if (status == TOK_OK)
		status = vocab_recipe_finish(&spec, recipe, err);
	tok_spec_release(&spec);
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
