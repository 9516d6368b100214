#include "cmd/cli_eod.h"

#include <errno.h>
#include <stdlib.h>

/* As the published models were trained; a tokenizer of chats has others besides,
 * for the end of a turn. */
static const char *const known[] = {
	"<|endoftext|>", "<|end_of_text|>",
	"</s>",          "<eos>",
	"<|eos|>",       "<\357\275\234end\342\226\201of\342\226\201sentence\357\275\234>",
};

static enum tok_status find_known(const struct tok_tokenizer *t, tok_id *out, struct tok_error *err)
{
	const char *found = NULL;
	tok_id id = TOK_NO_ID;
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		const tok_id one = tok_tokenizer_find(t, tok_span_of(known[i]));
		if (one == TOK_NO_ID || !tok_tokenizer_is_special(t, one))
			continue;
		if (found)
			return tok_fail(
			    err, TOK_EARG,
			    "both '%s' and '%s' may end a document: say which with --eod", found,
			    known[i]);
		found = known[i];
		id = one;
	}
	if (!found)
		return tok_fail(err, TOK_EARG,
				"this tokenizer has no token that is known to end documents: name "
				"one with --eod");
	*out = id;
	return TOK_OK;
}

/* Only digits are an id. */
static bool is_number(const char *text)
{
	return text[0] && strspn(text, "0123456789") == strlen(text);
}

enum tok_status cli_eod_find(const struct tok_tokenizer *t, const char *asked, tok_id *out,
			     struct tok_error *err)
{
	if (!asked)
		return find_known(t, out, err);
	tok_id id = TOK_NO_ID;
	if (is_number(asked)) {
		errno = 0;
		const unsigned long number = strtoul(asked, NULL, 10);
		if (errno == 0 && number < tok_tokenizer_size(t))
			id = (tok_id)number;
	} else {
		id = tok_tokenizer_find(t, tok_span_of(asked));
	}
	if (id == TOK_NO_ID || !tok_tokenizer_token(t, id).bytes)
		return tok_fail(err, TOK_EARG, "--eod: this tokenizer has no token '%s'", asked);
	*out = id;
	return TOK_OK;
}
