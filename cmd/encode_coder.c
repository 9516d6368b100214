/* encode_coder.c - a document, or a part of one, as the tokenizer encodes it. */
#include <stdlib.h>

#include "cmd/cli_chars.h"
#include "cmd/encode_internal.h"

struct thread {
	const struct encode_plan *plan;
	struct tok_encoder *encoder;   /* one of these two */
	struct tok_sampling *sampling; /* the longest match */
	struct cli_chars chars;
	struct tok_range *ranges; /* in characters */
	size_t range_capacity;
};

static void *begin(void *context)
{
	struct thread *t = calloc(1, sizeof *t);
	if (!t)
		return NULL;
	t->plan = context;
	if (t->plan->longest)
		t->sampling = tok_sampling_new(t->plan->longest);
	else
		t->encoder = tok_encoder_new(t->plan->tokenizer);
	if (t->encoder || t->sampling)
		return t;
	free(t);
	return NULL;
}

static void end(void *thread)
{
	struct thread *t = thread;
	tok_encoder_free(t->encoder);
	tok_sampling_free(t->sampling);
	cli_chars_release(&t->chars);
	free(t->ranges);
	free(t);
}

static enum tok_status count_in_characters(struct thread *t, struct tok_span text,
					   struct tok_encoding *encoding, struct tok_error *err)
{
	if (!cli_chars_set(&t->chars, text) ||
	    !tok_grow(&t->ranges, &t->range_capacity, encoding->count, sizeof *t->ranges))
		return tok_fail_memory(err);
	for (size_t i = 0; i < encoding->count; i++)
		t->ranges[i] = cli_chars_range(&t->chars, encoding->ranges[i]);
	encoding->ranges = t->ranges;
	return TOK_OK;
}

static enum tok_status encode(void *thread, const struct cli_piece *piece, struct cli_made *out,
			      struct tok_error *err)
{
	struct thread *t = thread;
	struct tok_encode_options how = t->plan->how;
	how.continues = piece->continues;
	/* Nothing is dropped where the probability is 0: seed and stream do not matter. */
	const enum tok_status status =
	    t->sampling ? tok_sample(t->sampling, piece->text, &how, 0, 0, &out->encoding, err)
			: tok_encode(t->encoder, piece->text, &how, &out->encoding, err);
	if (status != TOK_OK || !t->plan->in_characters)
		return status;
	return count_in_characters(t, piece->text, &out->encoding, err);
}

const struct cli_coder encode_coder = { .begin = begin, .end = end, .encode = encode };
