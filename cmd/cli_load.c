#include "cmd/cli_load.h"

#include "vocab/format/read.h"

enum tok_status cli_load(const struct cli_load *options, struct tok_tokenizer **out,
			 struct tok_error *err)
{
	if (!options->tokenizer) {
		if (options->pattern)
			return tok_fail(err, TOK_EARG,
					"--pattern is for a .tiktoken file: name it with -t");
		return tok_tokenizer_bytes(out, err);
	}
	const struct vocab_read_options reading = { .pattern = options->pattern };
	struct tok_spec spec = { 0 };
	enum tok_status status = vocab_read_path(options->tokenizer, &reading, &spec, err);
	if (status != TOK_OK)
		return status;
	status = tok_tokenizer_new(&spec, out, err);
	tok_spec_release(&spec);
	return status == TOK_OK ? status : tok_fail_in(err, status, "%s", options->tokenizer);
}

struct tok_encode_options cli_specials_options(const struct cli_specials *specials)
{
	return (struct tok_encode_options){
		.special_text = specials->hf ? TOK_SPECIAL_MATCH
					     : (enum tok_special_text)specials->special_text,
		.add_special = specials->add_special || specials->hf,
		.truncate = specials->hf,
	};
}
