/* sample_method.c - one interface to all methods: those of tok/sample/sampler.h, and
 * StochasTok behind the tokenizer's own segmentation. */
#include <math.h>
#include <stdlib.h>

#include "cmd/sample_internal.h"

const char *sample_method_name(int method)
{
	return method == SAMPLE_SPLIT ? "split"
				      : tok_sample_method_name((enum tok_sample_method)method);
}

bool sample_method_suits(int method, enum tok_model_kind model)
{
	switch (method) {
	case TOK_SAMPLE_BPE_DROPOUT:
	case TOK_SAMPLE_BPE_DROPOUT_HF:
	case TOK_SAMPLE_BPE_DROPOUT_SP:
		return model == TOK_MODEL_BPE;
	case TOK_SAMPLE_UNIGRAM:
		return model == TOK_MODEL_UNIGRAM;
	default:
		return true;
	}
}

enum tok_status sample_method_open(struct sample_method *out, const struct tok_tokenizer *tokenizer,
				   int method, const struct sample_numbers *numbers,
				   struct tok_error *err)
{
	struct sample_method made = { .method = method, .tokenizer = tokenizer, .p = numbers->p };
	enum tok_status status;
	if (method == SAMPLE_SPLIT) {
		const struct tok_splits_options options = { .pairs = TOK_SPLIT_ANY };
		status = tok_splits_new(tokenizer, &options, &made.splits, err);
	} else {
		const struct tok_sample_options options = {
			.method = (enum tok_sample_method)method,
			.p = numbers->p,
			.alpha = numbers->alpha,
			.nbest = numbers->nbest,
		};
		status = tok_sampler_new(tokenizer, &options, &made.sampler, err);
	}
	if (status == TOK_OK)
		*out = made;
	return status;
}

void sample_method_close(struct sample_method *method)
{
	tok_sampler_free(method->sampler);
	tok_splits_free(method->splits);
	*method = (struct sample_method){ 0 };
}

bool sample_drawer_init(struct sample_drawer *out, const struct sample_method *method)
{
	*out = (struct sample_drawer){ .method = method };
	if (method->method == SAMPLE_SPLIT) {
		out->encoder = tok_encoder_new(method->tokenizer);
		out->splitter = tok_splitter_new(method->splits);
	} else {
		out->sampling = tok_sampling_new(method->sampler);
	}
	if (out->sampling || (out->encoder && out->splitter))
		return true;
	sample_drawer_release(out);
	return false;
}

void sample_drawer_release(struct sample_drawer *d)
{
	tok_sampling_free(d->sampling);
	tok_splitter_free(d->splitter);
	tok_encoder_free(d->encoder);
	tok_split_outcomes_release(&d->outcomes);
	free(d->items);
	free(d->names);
	*d = (struct sample_drawer){ 0 };
}

/* ---- StochasTok ------------------------------------------------------------ */

/* A short document would have floor(p x count) = 0 attempts, and be split never. */
static struct tok_split_options options_of(const struct sample_method *method, uint64_t seed)
{
	struct tok_split_options options = TOK_SPLIT_DEFAULT;
	options.proportion = method->p;
	options.round = TOK_ROUND_STOCHASTIC;
	options.seed = seed;
	return options;
}

static enum tok_status name_ids(struct sample_drawer *d, struct tok_encoding *encoding,
				struct tok_error *err)
{
	if (!tok_grow(&d->names, &d->name_capacity, encoding->count, sizeof *d->names))
		return tok_fail_memory(err);
	for (size_t i = 0; i < encoding->count; i++)
		d->names[i] = tok_tokenizer_token(d->method->tokenizer, encoding->ids[i]);
	encoding->tokens = d->names;
	return TOK_OK;
}

static enum tok_status split_text(struct sample_drawer *d, struct tok_span text,
				  const struct tok_encode_options *how, uint64_t seed,
				  uint64_t stream, struct tok_encoding *out, struct tok_error *err)
{
	const struct tok_split_options options = options_of(d->method, seed);
	struct tok_encode_options ids_only = *how;
	struct tok_encoding encoding;
	struct tok_split_ids ids;
	ids_only.tokens = false;
	enum tok_status status = tok_encode(d->encoder, text, &ids_only, &encoding, err);
	if (status == TOK_OK)
		status = tok_split(d->splitter, &options, stream, encoding.ids, encoding.count,
				   &ids, err);
	if (status != TOK_OK)
		return status;
	*out = (struct tok_encoding){ .ids = ids.ids, .count = ids.count };
	return how->tokens ? name_ids(d, out, err) : TOK_OK;
}

/* What is refused whatever the limit on what is listed is no matter of that limit. */
static enum tok_status fail_limit(enum tok_status status, bool whatever_limit,
				  struct tok_error *err)
{
	if (status == TOK_ELIMIT && whatever_limit)
		err->status = status = TOK_EARG;
	return status;
}

static enum tok_status split_all(struct sample_drawer *d, struct tok_span text,
				 const struct tok_encode_options *how, size_t limit,
				 struct tok_draws *out, struct tok_error *err)
{
	const struct tok_split_options options = options_of(d->method, 0);
	struct tok_encoding encoding = { 0 };
	tok_split_outcomes_release(&d->outcomes);
	d->outcomes = (struct tok_split_outcomes){ 0 };
	free(d->items);
	d->items = NULL;
	enum tok_status status = tok_encode(d->encoder, text, how, &encoding, err);
	if (status == TOK_OK)
		status = tok_split_exact(d->method->splits, &options, encoding.ids, encoding.count,
					 limit, &d->outcomes, err);
	const double most_ids = (double)encoding.count * (1 + options.proportion);
	if (status != TOK_OK)
		return fail_limit(status, most_ids > (double)TOK_SPLIT_IDS_MAX, err);
	d->items = calloc(d->outcomes.count, sizeof *d->items);
	if (!d->items)
		return tok_fail_memory(err);
	for (size_t i = 0; i < d->outcomes.count; i++) {
		const struct tok_split_outcome *o = &d->outcomes.items[i];
		const double log_probability = log(o->probability);
		d->items[i] =
		    (struct tok_draw){ o->ids, o->count, log_probability, log_probability };
	}
	*out = (struct tok_draws){ d->items, d->outcomes.count };
	return TOK_OK;
}

/* ---- any method ------------------------------------------------------------ */

enum tok_status sample_draw(struct sample_drawer *d, struct tok_span text,
			    const struct tok_encode_options *how, uint64_t seed, uint64_t stream,
			    struct tok_encoding *out, struct tok_error *err)
{
	return d->splitter ? split_text(d, text, how, seed, stream, out, err)
			   : tok_sample(d->sampling, text, how, seed, stream, out, err);
}

enum tok_status sample_draw_all(struct sample_drawer *d, struct tok_span text,
				const struct tok_encode_options *how, size_t limit,
				struct tok_draws *out, struct tok_error *err)
{
	if (d->splitter)
		return split_all(d, text, how, limit, out, err);
	const enum tok_status status = tok_sample_exact(d->sampling, text, how, limit, out, err);
	return fail_limit(status, text.count > TOK_STRETCH_MAX, err);
}
