/*
 * Which merge comes next.
 *
 * Dropping each merge on offer with probability p and taking the best of the rest is to
 * walk them from the best on and to take the first that is not dropped: the one behind k
 * others with probability p^k (1 - p), none with p^count.  So one random number says how
 * many are passed over, and the order finds that one in logarithmic time.  This holds for
 * Hugging Face's queue, too: what it skips comes back as soon as one is taken, so the
 * queue is then without that one only.  But its entries stay when their symbols are gone,
 * are taken like others and change nothing: each is one more chance for the rest.
 */
#include <stdlib.h>

#include "tok/sample/dropout_merge_internal.h"

void tok_dropout_init(struct tok_dropout *dropout, const struct tok_model *model,
		      enum tok_sample_method method, double p)
{
	*dropout = (struct tok_dropout){ .model = model, .method = method, .p = p };
	double power = p;
	for (size_t i = 0; i < TOK_DROPOUT_POWERS; i++, power *= power)
		dropout->powers[i] = power;
}

enum tok_status tok_dropout_new(const struct tok_tokenizer *tokenizer,
				const struct tok_sample_options *options, struct tok_dropout **out,
				struct tok_error *err)
{
	struct tok_dropout *dropout = malloc(sizeof *dropout);
	if (!dropout)
		return tok_fail_memory(err);
	tok_dropout_init(dropout, tok_tokenizer_model(tokenizer), options->method, options->p);
	*out = dropout;
	return TOK_OK;
}

void tok_dropout_free(struct tok_dropout *dropout)
{
	free(dropout);
}

/* How many are dropped before one is not; may be `count` or above: all are.  Multiplied,
 * not by a logarithm: that differs from one C library to another. */
static size_t draw_dropped(const struct tok_dropout *dropout, struct tok_random *random,
			   size_t count)
{
	const double drawn = tok_random_real(random);
	if (drawn >= dropout->p)
		return 0;
	size_t dropped = 0, bits = 0;
	while (count >> bits)
		bits++;
	double chance = 1;
	while (bits-- > 0) {
		if (drawn < chance * dropout->powers[bits]) {
			chance *= dropout->powers[bits];
			dropped += (size_t)1 << bits;
		}
	}
	return dropped;
}

/* The paper's method, and Hugging Face's. */
static bool merge_offered_again(const struct tok_dropout *dropout,
				struct tok_dropout_scratch *scratch, struct tok_random *random)
{
	while (scratch->order.total > 0) {
		const size_t dropped = draw_dropped(dropout, random, scratch->order.total);
		if (dropped >= scratch->order.total)
			break;
		const uint32_t at = tok_dropout_take(scratch, dropped);
		if (at != TOK_DROPOUT_NONE && !tok_dropout_join(dropout, scratch, at))
			return false;
	}
	return true;
}

/* SentencePiece's. */
static bool merge_tried_once(const struct tok_dropout *dropout, struct tok_dropout_scratch *scratch,
			     struct tok_random *random)
{
	while (scratch->order.total > 0) {
		const uint32_t at = tok_dropout_take(scratch, 0);
		if (tok_random_real(random) >= dropout->p &&
		    !tok_dropout_join(dropout, scratch, at))
			return false;
	}
	return true;
}

enum tok_status tok_dropout_piece(const struct tok_dropout *dropout,
				  struct tok_dropout_scratch *scratch, struct tok_random *random,
				  struct tok_span text, struct tok_range piece,
				  struct tok_tokens *out, struct tok_error *err)
{
	if (dropout->p == 0)
		return tok_model_encode(dropout->model, scratch->model, text, piece, out, err);
	const enum tok_status status =
	    tok_symbols_begin(dropout->model, scratch->model, text, piece, &scratch->symbols, err);
	if (status != TOK_OK)
		return status;
	scratch->keeps_splits = false;
	if (!tok_dropout_start(dropout, scratch))
		return tok_fail_memory(err);
	const bool once = dropout->method == TOK_SAMPLE_BPE_DROPOUT_SP;
	if (!(once ? merge_tried_once : merge_offered_again)(dropout, scratch, random))
		return tok_fail_memory(err);
	tok_dropout_gather(scratch);
	return tok_symbols_write(dropout->model, scratch->model, text, piece, scratch->count, out,
				 err);
}
