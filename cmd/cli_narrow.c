#include "cmd/cli_narrow.h"

#include <inttypes.h>

/* Of the ids that are laid around a text; they need not be of the vocabulary. */
static tok_id find_largest_added(const struct tok_spec *spec, const struct tok_encode_options *how)
{
	tok_id largest = 0;
	for (size_t i = 0; how->add_special && i < spec->post_count; i++) {
		const struct tok_post_step *step = &spec->posts[i];
		for (size_t k = 0; k < step->item_count; k++)
			if (step->items[k].kind == TOK_TEMPLATE_TOKEN &&
			    step->items[k].id > largest)
				largest = step->items[k].id;
	}
	const struct tok_padding *padding = &spec->padding;
	const bool pads =
	    how->truncate && padding->enabled && (padding->length || padding->multiple);
	return pads && padding->id > largest ? padding->id : largest;
}

enum tok_status cli_narrow_check(const struct tok_tokenizer *tokenizer,
				 const struct tok_encode_options *how, enum cli_format format,
				 struct tok_error *err)
{
	const size_t size = tok_tokenizer_size(tokenizer);
	const tok_id added = find_largest_added(tok_tokenizer_spec(tokenizer), how);
	const char *wide = format == CLI_FORMAT_U16 ? "u32" : "--dtype uint32";
	if (size > CLI_U16_IDS)
		return tok_fail(err, TOK_EARG,
				"ids of two bytes suit vocabularies of up to %d and this one has "
				"%zu: use %s",
				CLI_U16_IDS, size, wide);
	if (added >= CLI_U16_IDS)
		return tok_fail(err, TOK_EARG,
				"ids of two bytes are below %d and this tokenizer adds %" PRIu32
				" to texts: use %s",
				CLI_U16_IDS, added, wide);
	return TOK_OK;
}
