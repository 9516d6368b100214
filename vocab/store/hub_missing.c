/* hub_missing.c - what takes the place of hub_http.c and hub_fetch.c in a build without libcurl. */
#include "vocab/store/hub.h"

enum tok_status vocab_hub_fetch(const struct vocab_hub *hub, const struct vocab_hub_model *model,
				struct vocab_hub_tokenizer *out, struct tok_error *err)
{
	(void)hub;
	(void)out;
	return tok_fail(err, TOK_EARG,
			"hf:%s: this tok was built without libcurl: it downloads nothing",
			model->name);
}
