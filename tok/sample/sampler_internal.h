/*
 * sampler_internal.h - what a sampler is made of, and what is kept between its calls.
 */
#ifndef TOK_SAMPLE_SAMPLER_INTERNAL_H
#define TOK_SAMPLE_SAMPLER_INTERNAL_H

#include "tok/base/buffer.h"
#include "tok/sample/dropout_internal.h"
#include "tok/sample/lattice_internal.h"
#include "tok/sample/sampler.h"

struct tok_sampler {
	const struct tok_tokenizer *tokenizer;
	struct tok_sample_options options;
	struct tok_dropout *dropout; /* one of these two */
	struct tok_lattice *lattice;
};

struct tok_sampling {
	const struct tok_sampler *sampler;
	struct tok_encoder *encoder;
	struct tok_dropout_scratch *dropout;
	struct tok_lattice_scratch *lattice;
	struct tok_random random; /* of the call under way */

	/* The pieces of a text, one behind the other: sampler_draws.c, sampler_exact.c. */
	struct tok_buffer bytes;
	uint32_t *ends;
	size_t piece_count, end_capacity;

	struct tok_draw *draws;
	size_t draw_count, draw_capacity;
	struct tok_arena arena; /* of their ids */
};

/* ---- sampler_draws.c --------------------------------------------------------- */

/* Fill bytes and ends with the pieces of `text`, and forget the draws. */
TOK_MUST_USE enum tok_status tok_sampling_collect(struct tok_sampling *sampling,
						  struct tok_span text,
						  const struct tok_encode_options *how,
						  struct tok_error *err);

/* The tokens of each piece in turn. */
struct tok_replay {
	const tok_id *ids;
	const size_t *ends; /* of those of each piece */
	size_t piece;
};

/* Add the encoding of `text` whose pieces have these tokens to the draws. */
TOK_MUST_USE enum tok_status tok_sampling_add(struct tok_sampling *sampling, struct tok_span text,
					      const struct tok_encode_options *how,
					      const tok_id *ids, const size_t *ends,
					      double log_probability, double log_inclusion,
					      struct tok_error *err);

#endif
