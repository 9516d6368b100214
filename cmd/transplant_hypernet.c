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

/* A network for tied models has one row for both sides. */
static enum tok_status predict(const struct cli_hypernet *h, enum transplant_side side,
			       const struct tok_span *tokens, size_t count,
			       struct transplant_made *out, struct tok_error *err)
{
	struct hyper_surfaces surfaces = { 0 };
	struct sink sink = { out, side == TRANSPLANT_OUT && h->config.untied };
	if (h->config.embedding != out->width)
		return tok_fail(
		    err, TOK_EARG,
		    "the network predicts rows of %zu numbers, and the model's have %zu",
		    h->config.embedding, out->width);
	enum tok_status status =
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
	const struct cli_hypernet_options options = { .folder = folder,
						      .names = c->options->names,
						      .language = c->options->language,
						      .threads = c->options->threads };
	struct cli_hypernet hypernet = { 0 };
	struct tok_span *tokens = malloc((count + 1) * sizeof *tokens);
	if (!tokens)
		return tok_fail_memory(err);
	for (size_t i = 0; i < count; i++)
		tokens[i] = c->target.vocab.bytes[wanted[i]];
	enum tok_status status = cli_hypernet_open(&hypernet, c->path, &options, err);
	if (status == TOK_OK && count)
		status = predict(&hypernet, side, tokens, count, out, err);
	cli_hypernet_close(&hypernet);
	free(tokens);
	return status;
}
