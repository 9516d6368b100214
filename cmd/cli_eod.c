#include "cmd/cli_eod.h"

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

/* The number that a text of digits is, or TOK_NO_ID. */
static tok_id read_id(struct tok_span digits)
{
	uint64_t id = 0;
	for (size_t i = 0; i < digits.count && id < TOK_NO_ID; i++)
		id = id * 10 + (uint64_t)(digits.bytes[i] - '0');
	return id < TOK_NO_ID ? (tok_id)id : TOK_NO_ID;
}

static bool is_number(struct tok_span text)
{
	for (size_t i = 0; i < text.count; i++)
		if (text.bytes[i] < '0' || text.bytes[i] > '9')
			return false;
	return text.count > 0;
}

tok_id cli_token_find(const struct tok_tokenizer *t, struct tok_span name)
{
	const tok_id id = is_number(name) ? read_id(name) : tok_tokenizer_find(t, name);
	return id < tok_tokenizer_size(t) && tok_tokenizer_token(t, id).bytes ? id : TOK_NO_ID;
}

enum tok_status cli_eod_find(const struct tok_tokenizer *t, const char *asked, tok_id *out,
			     struct tok_error *err)
{
	if (!asked)
		return find_known(t, out, err);
	const tok_id id = cli_token_find(t, tok_span_of(asked));
	if (id == TOK_NO_ID)
		return tok_fail(err, TOK_EARG, "--eod: this tokenizer has no token '%s'", asked);
	*out = id;
	return TOK_OK;
}
