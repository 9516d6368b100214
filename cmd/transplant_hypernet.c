/* transplant_hypernet.c - rows that a trained network predicts. */
#include <stdlib.h>
#include <string.h>

#include "cmd/transplant_internal.h"

struct sink {
	struct transplant_made *out;
	bool output;
};

static enum tok_status take_block(void *context, const struct hyper_predicted *block,
				  struct tok_error *err)
{
	(void)err;
	struct sink *sink = context;
	const size_t width = sink->out->width;
	memcpy(sink->out->given + block->first * width, sink->output ? block->out : block->in,
	       block->count * width * sizeof(float));
	return TOK_OK;
}

static enum tok_status open_network(const struct transplant_options *o, const char *folder,
				    const char *model, struct cli_hypernet *out,
				    struct tok_error *err)
{
	const struct cli_hypernet_options options = {
		.folder = folder, .names = o->names, .language = o->language, .threads = o->threads
	};
	return cli_hypernet_open(out, model, &options, err);
}

static enum tok_status check_width(const struct cli_hypernet *h, size_t width,
				   struct tok_error *err)
{
	if (h->config.embedding == width)
		return TOK_OK;
	return tok_fail(err, TOK_EARG,
			"the network predicts rows of %zu numbers, and the model's have %zu",
			h->config.embedding, width);
}

enum tok_status transplant_hypernet_check(const struct transplant_options *options,
					  const char *folder, size_t width, struct tok_error *err)
{
	struct cli_hypernet hypernet = { 0 };
	enum tok_status status = open_network(options, folder, NULL, &hypernet, err);
	if (status == TOK_OK)
		status = check_width(&hypernet, width, err);
	cli_hypernet_close(&hypernet);
	return status;
}

/* A network for tied models has one row for both sides. */
static enum tok_status predict(const struct cli_hypernet *h, enum transplant_side side,
			       const struct tok_span *tokens, size_t count,
			       struct transplant_made *out, struct tok_error *err)
{
	struct hyper_surfaces surfaces = { 0 };
	struct sink sink = { out, side == TRANSPLANT_OUT && h->config.untied };
	enum tok_status status = check_width(h, out->width, err);
	if (status == TOK_OK)
		status =
		    hyper_surfaces_make(h->tokenizer, &h->config, tokens, count, &surfaces, err);
	if (status == TOK_OK) {
		const struct hyper_predict_job job = {
			.language = h->language, .end = count, .sink = take_block, .context = &sink
		};
		status = hyper_predict(h->net, &h->source, &surfaces, &job, err);
	}
	hyper_surfaces_release(&surfaces);
	return status;
}

enum tok_status transplant_hypernet(struct transplant_case *c, enum transplant_side side,
				    const char *folder, const tok_id *wanted, size_t count,
				    struct transplant_made *out, struct tok_error *err)
{
	struct cli_hypernet hypernet = { 0 };
	struct tok_span *tokens = malloc((count + 1) * sizeof *tokens);
	if (!tokens)
		return tok_fail_memory(err);
	for (size_t i = 0; i < count; i++)
		tokens[i] = c->target.vocab.bytes[wanted[i]];
	enum tok_status status = open_network(c->options, folder, c->path, &hypernet, err);
	if (status == TOK_OK && count)
		status = predict(&hypernet, side, tokens, count, out, err);
	cli_hypernet_close(&hypernet);
	free(tokens);
	return status;
}
