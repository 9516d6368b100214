#include "cmd/transplant_usage.h"

#include "cmd/cli_again.h"
#include "cmd/cli_documents.h"

typedef void take_ids(void *context, const tok_id *ids, size_t count);

/* Ids of the file under one tokenizer, part by part; returns its bytes in *bytes. */
static enum tok_status read_ids(const char *path, const struct tok_tokenizer *tokenizer,
				take_ids *take, void *context, uint64_t *bytes,
				struct tok_error *err)
{
	const struct cli_split split = { .limit_bytes = CLI_SPLIT_LIMIT };
	struct tok_encode_options how = { .special_text = TOK_SPECIAL_ORDINARY };
	const struct cli_cut cut = cli_cut_for(tokenizer, &how);
	struct cli_documents documents = { 0 };
	struct tok_encoder *encoder = tok_encoder_new(tokenizer);
	struct cli_part part;
	if (!encoder)
		return tok_fail_memory(err);
	enum tok_status status =
	    cli_documents_open(&documents, path, CLI_INPUT_EXPANDED, &split, &cut, err);
	while (status == TOK_OK) {
		struct tok_encoding r;
		status = cli_documents_next(&documents, &part, err);
		if (status != TOK_OK || !part.text.bytes)
			break;
		how.continues = !part.first;
		status = tok_encode(encoder, part.text, &how, &r, err);
		if (status == TOK_OK) {
			take(context, r.ids, r.count);
			*bytes += part.text.count;
		} else {
			tok_fail_in(err, status, "%s", path);
		}
	}
	cli_documents_close(&documents);
	cli_documents_release(&documents);
	tok_encoder_free(encoder);
	return status;
}

static void take_old(void *context, const tok_id *ids, size_t count)
{
	(void)ids;
	((struct transplant_usage *)context)->old_tokens += count;
}

struct taking {
	const struct hyper_matches *matches;
	struct transplant_usage *usage;
};

static void take_new(void *context, const tok_id *ids, size_t count)
{
	const struct taking *t = context;
	t->usage->new_tokens += count;
	for (size_t i = 0; i < count; i++)
		if (ids[i] < t->matches->count)
			t->usage->classes[t->matches->classes[ids[i]]]++;
}

enum tok_status transplant_usage_of(const struct transplant_case *c, const char *path,
				    struct transplant_usage *out, struct tok_error *err)
{
	struct taking taking = { &c->matches, out };
	struct cli_again file = { 0 };
	uint64_t again = 0;
	*out = (struct transplant_usage){ 0 };
	enum tok_status status = cli_again_open(&file, path, err);
	if (status == TOK_OK)
		status = read_ids(file.path, c->source.tokenizer, take_old, out, &out->bytes, err);
	if (status == TOK_OK)
		status = read_ids(file.path, c->target.tokenizer, take_new, &taking, &again, err);
	status = cli_again_said(&file, status, err);
	cli_again_close(&file);
	return status;
}

double transplant_usage_made(const struct transplant_usage *usage)
{
	return usage->new_tokens
		   ? (double)usage->classes[HYPER_MATCH_NEW] / (double)usage->new_tokens
		   : 0;
}
