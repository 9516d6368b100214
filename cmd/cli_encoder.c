#include "cmd/cli_encoder.h"

#include "cmd/cli_json.h"

bool cli_encoder_init(struct cli_encoder *out, const struct tok_tokenizer *tokenizer,
		      const struct cli_split *split)
{
	*out = (struct cli_encoder){ .encoder = tok_encoder_new(tokenizer), .split = split };
	return out->encoder != NULL;
}

void cli_encoder_release(struct cli_encoder *e)
{
	tok_encoder_free(e->encoder);
	tok_json_release(&e->json);
}

enum tok_status cli_encoder_text(struct cli_encoder *e, const struct tok_encode_options *how,
				 struct tok_span *text, struct tok_encoding *out,
				 struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	if (e->split->jsonl)
		status = cli_json_text(&e->json, *text, e->split->jsonl, text, err);
	return status == TOK_OK ? tok_encode(e->encoder, *text, how, out, err) : status;
}
