/*
 * The frame: which method stands in for the model, and one segmentation.
 */
#include "tok/sample/sampler.h"

#include <stdlib.h>

#include "tok/sample/sampler_internal.h"

enum { NBEST_MAX = 512, ALPHA_MAX = 100 };

const char *tok_sample_method_name(enum tok_sample_method method)
{
	static const char *const names[TOK_SAMPLE_METHOD_COUNT] = {
		[TOK_SAMPLE_BPE_DROPOUT] = "bpe-dropout",
		[TOK_SAMPLE_BPE_DROPOUT_HF] = "bpe-dropout-hf",
		[TOK_SAMPLE_BPE_DROPOUT_SP] = "bpe-dropout-sp",
		[TOK_SAMPLE_MAXMATCH] = "maxmatch",
		[TOK_SAMPLE_UNIGRAM] = "unigram",
		[TOK_SAMPLE_UNIFORM] = "uniform",
	};
	return names[method];
}

/* ---- the sampler ------------------------------------------------------------- */

static enum tok_status check_probability(const struct tok_sample_options *o, struct tok_error *err)
{
	if (o->p >= 0.0 && o->p <= 1.0)
		return TOK_OK;
	return tok_fail(err, TOK_EARG, "p is %g, but a probability is 0 to 1", o->p);
}

static enum tok_status check_unigram(const struct tok_tokenizer *tokenizer,
				     const struct tok_sample_options *o, struct tok_error *err)
{
	if (tok_tokenizer_spec(tokenizer)->model.kind != TOK_MODEL_UNIGRAM)
		return tok_fail(err, TOK_EARG,
				"'unigram' samples by the scores of a Unigram model, which this "
				"tokenizer does not have");
	if (!(o->alpha >= 0.0 && o->alpha <= ALPHA_MAX))
		return tok_fail(err, TOK_EARG, "alpha is %g, but must be 0 to %d", o->alpha,
				ALPHA_MAX);
	if (o->nbest < -1 || o->nbest > NBEST_MAX)
		return tok_fail(err, TOK_EARG,
				"nbest is %d, but must be 0 to %d, or -1 for all segmentations",
				o->nbest, NBEST_MAX);
	return TOK_OK;
}

static enum tok_status check_options(const struct tok_tokenizer *tokenizer,
				     const struct tok_sample_options *o, struct tok_error *err)
{
	switch (o->method) {
	case TOK_SAMPLE_BPE_DROPOUT:
	case TOK_SAMPLE_BPE_DROPOUT_HF:
	case TOK_SAMPLE_BPE_DROPOUT_SP:
		if (tok_tokenizer_spec(tokenizer)->model.kind != TOK_MODEL_BPE)
			return tok_fail(err, TOK_EARG,
					"'%s' drops merges, and this tokenizer's model has none",
					tok_sample_method_name(o->method));
		return check_probability(o, err);
	case TOK_SAMPLE_MAXMATCH:
	case TOK_SAMPLE_UNIFORM:
		return check_probability(o, err);
	case TOK_SAMPLE_UNIGRAM:
		return check_unigram(tokenizer, o, err);
	case TOK_SAMPLE_METHOD_COUNT:
		break;
	}
	return tok_fail(err, TOK_EARG, "there is no such method of sampling");
}

static bool is_dropout(enum tok_sample_method method)
{
	return method == TOK_SAMPLE_BPE_DROPOUT || method == TOK_SAMPLE_BPE_DROPOUT_HF ||
	       method == TOK_SAMPLE_BPE_DROPOUT_SP;
}

enum tok_status tok_sampler_new(const struct tok_tokenizer *tokenizer,
				const struct tok_sample_options *options, struct tok_sampler **out,
				struct tok_error *err)
{
	enum tok_status status = check_options(tokenizer, options, err);
	if (status != TOK_OK)
		return status;
	struct tok_sampler *s = calloc(1, sizeof *s);
	if (!s)
		return tok_fail_memory(err);
	s->tokenizer = tokenizer;
	s->options = *options;
	if (is_dropout(options->method))
		status = tok_dropout_new(tokenizer, options, &s->dropout, err);
	else
		status = tok_lattice_new(tokenizer, options, &s->lattice, err);
	if (status != TOK_OK)
		tok_sampler_free(s);
	else
		*out = s;
	return status;
}

void tok_sampler_free(struct tok_sampler *s)
{
	if (!s)
		return;
	tok_dropout_free(s->dropout);
	tok_lattice_free(s->lattice);
	free(s);
}

struct tok_sampling *tok_sampling_new(const struct tok_sampler *sampler)
{
	struct tok_sampling *s = calloc(1, sizeof *s);
	if (!s)
		return NULL;
	s->sampler = sampler;
	s->encoder = tok_encoder_new(sampler->tokenizer);
	if (sampler->dropout)
		s->dropout = tok_dropout_scratch_new();
	else
		s->lattice = tok_lattice_scratch_new();
	if (!s->encoder || (!s->dropout && !s->lattice)) {
		tok_sampling_free(s);
		return NULL;
	}
	return s;
}

void tok_sampling_free(struct tok_sampling *s)
{
	if (!s)
		return;
	tok_encoder_free(s->encoder);
	tok_dropout_scratch_free(s->dropout);
	tok_lattice_scratch_free(s->lattice);
	tok_buffer_release(&s->bytes);
	free(s->ends);
	free(s->draws);
	tok_arena_release(&s->arena);
	free(s);
}

/* ---- one segmentation -------------------------------------------------------- */

static void move_ranges(struct tok_tokens *tokens, size_t first, uint32_t by)
{
	for (size_t i = first; tokens->ranged && i < tokens->count; i++) {
		tokens->ranges[i].begin += by;
		tokens->ranges[i].end += by;
	}
}

/* One of the paths, with probability proportional to exp(alpha x score). */
static const struct tok_found *choose_found(const struct tok_founds *founds, double alpha,
					    struct tok_random *random)
{
	const double best = founds->items[0].score;
	double all = 0.0, left;
	size_t i = 0;
	for (size_t k = 0; k < founds->count; k++)
		all += exp(alpha * (founds->items[k].score - best));
	left = tok_random_real(random) * all;
	for (; i + 1 < founds->count; i++) {
		left -= exp(alpha * (founds->items[i].score - best));
		if (left < 0.0)
			break;
	}
	return &founds->items[i];
}

static enum tok_status draw_among_best(struct tok_sampling *s, struct tok_span text,
				       struct tok_range piece, struct tok_tokens *out,
				       struct tok_error *err)
{
	const struct tok_sampler *sampler = s->sampler;
	const uint32_t end = piece.end - piece.begin;
	const struct tok_span part = tok_span_slice(text, piece.begin, piece.end);
	const struct tok_lattice_text pieces = { part, &end, 1 };
	struct tok_founds founds = { 0 };
	enum tok_status status =
	    tok_lattice_search(sampler->lattice, s->lattice, &pieces,
			       (size_t)sampler->options.nbest, NULL, &founds, err);
	if (status == TOK_OK) {
		const size_t first = out->count;
		const struct tok_found *found =
		    choose_found(&founds, sampler->options.alpha, &s->random);
		status = tok_lattice_write(sampler->lattice, part, 0, found->path, found->count,
					   out, err);
		move_ranges(out, first, piece.begin);
	}
	tok_founds_release(&founds);
	return status;
}

static enum tok_status sample_piece(void *context, struct tok_span text, struct tok_range piece,
				    struct tok_tokens *out, struct tok_error *err)
{
	struct tok_sampling *s = context;
	const struct tok_sampler *sampler = s->sampler;
	const struct tok_sample_options *o = &sampler->options;
	switch (o->method) {
	case TOK_SAMPLE_BPE_DROPOUT:
	case TOK_SAMPLE_BPE_DROPOUT_HF:
	case TOK_SAMPLE_BPE_DROPOUT_SP:
		return tok_dropout_piece(sampler->dropout, s->dropout, &s->random, text, piece, out,
					 err);
	case TOK_SAMPLE_MAXMATCH:
		return tok_lattice_match(sampler->lattice, s->lattice, &s->random, text, piece, out,
					 err);
	case TOK_SAMPLE_UNIGRAM:
		if (o->nbest == 0 || o->nbest == 1)
			return tok_encoder_piece(s->encoder, text, piece, out, err);
		if (o->nbest > 1)
			return draw_among_best(s, text, piece, out, err);
		break;
	case TOK_SAMPLE_UNIFORM:
		if (o->p < 1.0 && !(tok_random_real(&s->random) < o->p))
			return tok_encoder_piece(s->encoder, text, piece, out, err);
		break;
	case TOK_SAMPLE_METHOD_COUNT:
		break;
	}
	return tok_lattice_draw(sampler->lattice, s->lattice, &s->random, text, piece, out, err);
}

enum tok_status tok_sample(struct tok_sampling *s, struct tok_span text,
			   const struct tok_encode_options *how, uint64_t seed, uint64_t stream,
			   struct tok_encoding *out, struct tok_error *err)
{
	s->random = tok_random_of(seed, stream);
	return tok_encode_with(s->encoder, text, how, sample_piece, s, out, err);
}

/* ---- entropy ----------------------------------------------------------------- */

struct measure {
	struct tok_sampling *sampling;
	double entropy, length;
};

static enum tok_status measure_piece(void *context, struct tok_span text, struct tok_range piece,
				     struct tok_tokens *out, struct tok_error *err)
{
	struct measure *m = context;
	(void)out;
	return tok_lattice_entropy(m->sampling->sampler->lattice, m->sampling->lattice, text, piece,
				   &m->entropy, &m->length, err);
}

enum tok_status tok_sample_entropy(struct tok_sampling *s, struct tok_span text,
				   const struct tok_encode_options *how, double *entropy,
				   double *length, struct tok_error *err)
{
	const struct tok_sample_options *o = &s->sampler->options;
	struct measure m = { .sampling = s };
	struct tok_encoding around;
	if (how->truncate)
		return tok_fail(err, TOK_EARG,
				"the entropy of what is truncated or padded is not known");
	if (!s->lattice || (o->method == TOK_SAMPLE_UNIGRAM && o->nbest >= 0) ||
	    (o->method == TOK_SAMPLE_UNIFORM && o->p < 1.0))
		return tok_fail(err, TOK_EARG,
				"the entropy is known of maxmatch, of unigram over all "
				"segmentations, and of uniform with p = 1");
	const enum tok_status status =
	    tok_encode_with(s->encoder, text, how, measure_piece, &m, &around, err);
	if (status != TOK_OK)
		return status;
	*entropy = m.entropy;
	*length = m.length + (double)around.count;
	return TOK_OK;
}
