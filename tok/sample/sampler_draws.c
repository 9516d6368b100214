/*
 * Several segmentations of a text at once.  Its pieces are collected, searched as one
 * lattice, and what was found is put through the encoder again in place of the model, so
 * that added tokens and templates are where they belong.
 */
#include <stdlib.h>

#include "tok/sample/sampler_internal.h"

/* ---- the pieces of a text ---------------------------------------------------- */

static enum tok_status collect_piece(void *context, struct tok_span text, struct tok_range piece,
				     struct tok_tokens *out, struct tok_error *err)
{
	struct tok_sampling *s = context;
	const struct tok_span part = tok_span_slice(text, piece.begin, piece.end);
	(void)out;
	if (part.count > TOK_STRETCH_MAX - s->bytes.count)
		return tok_fail(err, TOK_ELIMIT,
				"the text has more than %zu bytes, too many to look at more than "
				"one of its segmentations",
				TOK_STRETCH_MAX);
	if (!tok_buffer_add(&s->bytes, part.bytes, part.count) ||
	    !tok_grow(&s->ends, &s->end_capacity, s->piece_count + 1, sizeof *s->ends))
		return tok_fail_memory(err);
	s->ends[s->piece_count++] = (uint32_t)s->bytes.count;
	return TOK_OK;
}

enum tok_status tok_sampling_collect(struct tok_sampling *s, struct tok_span text,
				     const struct tok_encode_options *how, struct tok_error *err)
{
	struct tok_encoding around;
	tok_buffer_clear(&s->bytes);
	tok_arena_release(&s->arena);
	s->piece_count = 0;
	s->draw_count = 0;
	return tok_encode_with(s->encoder, text, how, collect_piece, s, &around, err);
}

/* ---- and back ---------------------------------------------------------------- */

static enum tok_status replay_piece(void *context, struct tok_span text, struct tok_range piece,
				    struct tok_tokens *out, struct tok_error *err)
{
	struct tok_replay *r = context;
	(void)text;
	for (size_t i = r->piece ? r->ends[r->piece - 1] : 0; i < r->ends[r->piece]; i++)
		if (!tok_tokens_add(out, r->ids[i], piece))
			return tok_fail_memory(err);
	r->piece++;
	return TOK_OK;
}

enum tok_status tok_sampling_add(struct tok_sampling *s, struct tok_span text,
				 const struct tok_encode_options *how, const tok_id *ids,
				 const size_t *ends, double log_probability, double log_inclusion,
				 struct tok_error *err)
{
	const struct tok_encode_options plain = { .special_text = how->special_text,
						  .add_special = how->add_special,
						  .truncate = how->truncate,
						  .continues = how->continues };
	struct tok_replay replay = { ids, ends, 0 };
	struct tok_encoding encoding;
	const enum tok_status status =
	    tok_encode_with(s->encoder, text, &plain, replay_piece, &replay, &encoding, err);
	if (status != TOK_OK)
		return status;
	tok_id *kept = tok_arena_array(&s->arena, encoding.count, sizeof *kept);
	if (!kept || !tok_grow(&s->draws, &s->draw_capacity, s->draw_count + 1, sizeof *s->draws))
		return tok_fail_memory(err);
	if (encoding.count)
		memcpy(kept, encoding.ids, encoding.count * sizeof *kept);
	s->draws[s->draw_count++] =
	    (struct tok_draw){ kept, encoding.count, log_probability, log_inclusion };
	return TOK_OK;
}

/* A path through the text, as tokens, into the draws. */
static enum tok_status add_found(struct tok_sampling *s, struct tok_span text,
				 const struct tok_encode_options *how,
				 const struct tok_found *found, double log_inclusion,
				 struct tok_error *err)
{
	const struct tok_span bytes = tok_buffer_span(&s->bytes);
	struct tok_tokens tokens = { 0 };
	size_t *ends = malloc((s->piece_count + 1) * sizeof *ends);
	enum tok_status status = ends ? TOK_OK : tok_fail_memory(err);
	size_t from = 0;
	for (size_t k = 0; k < s->piece_count && status == TOK_OK; k++) {
		size_t to = from;
		while (to < found->count && found->path[to].end <= s->ends[k])
			to++;
		status = tok_lattice_write(s->sampler->lattice, bytes, k ? s->ends[k - 1] : 0,
					   found->path + from, to - from, &tokens, err);
		ends[k] = tokens.count;
		from = to;
	}
	if (status == TOK_OK)
		status = tok_sampling_add(s, text, how, tokens.ids, ends, found->log_probability,
					  log_inclusion, err);
	tok_tokens_release(&tokens);
	free(ends);
	return status;
}

/* ---- the best ---------------------------------------------------------------- */

/* Search; a text without pieces has one segmentation. */
static enum tok_status search(struct tok_sampling *s, size_t count, struct tok_random *random,
			      struct tok_founds *out, struct tok_error *err)
{
	const struct tok_lattice_text text = { tok_buffer_span(&s->bytes), s->ends,
					       s->piece_count };
	if (s->piece_count > 0)
		return tok_lattice_search(s->sampler->lattice, s->lattice, &text, count, random,
					  out, err);
	if (count == 0)
		return TOK_OK;
	if (!tok_grow(&out->items, &out->capacity, 1, sizeof *out->items))
		return tok_fail_memory(err);
	out->items[out->count++] = (struct tok_found){ 0 };
	return TOK_OK;
}

static struct tok_draws give(const struct tok_sampling *s)
{
	return (struct tok_draws){ s->draws, s->draw_count };
}

enum tok_status tok_sample_best(struct tok_sampling *s, struct tok_span text,
				const struct tok_encode_options *how, size_t count,
				struct tok_draws *out, struct tok_error *err)
{
	struct tok_founds founds = { 0 };
	if (s->sampler->options.method != TOK_SAMPLE_UNIGRAM)
		return tok_fail(err, TOK_EARG, "only 'unigram' has a best segmentation, not '%s'",
				tok_sample_method_name(s->sampler->options.method));
	enum tok_status status = tok_sampling_collect(s, text, how, err);
	if (status == TOK_OK)
		status = search(s, count, NULL, &founds, err);
	for (size_t i = 0; i < founds.count && status == TOK_OK; i++)
		status =
		    add_found(s, text, how, &founds.items[i], founds.items[i].log_probability, err);
	tok_founds_release(&founds);
	if (status == TOK_OK)
		*out = give(s);
	return status;
}

/* ---- without replacement ------------------------------------------------------ */

/* Logarithm of the probability that a segmentation of log probability `log` has a noisy
 * value above `threshold`: log(1 - exp(-exp(x))). */
static double log_inclusion_of(double log_probability, double threshold)
{
	const double x = log_probability - threshold, y = exp(x);
	if (x <= -10.0) /* its series; the next term is below 1e-26 */
		return x - y / 2.0 + y * y / 24.0 - y * y * y * y / 2880.0;
	return log(-expm1(-y));
}

static bool is_same_path(const struct tok_found *a, const struct tok_found *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (a->path[i].end != b->path[i].end || a->path[i].token != b->path[i].token)
			return false;
	return true;
}

/* Take `best` out of what was drawn, or else the last; the others stay in their order. */
static void take_out(struct tok_founds *drawn, const struct tok_found *best)
{
	size_t i = 0;
	while (i < drawn->count && !is_same_path(&drawn->items[i], best))
		i++;
	drawn->count--;
	for (; i < drawn->count; i++)
		drawn->items[i] = drawn->items[i + 1];
}

/* What was drawn into the draws.  One more than is wanted was drawn, whose key is the
 * threshold; if there are fewer, they are all, and all are sure. */
static enum tok_status add_drawn(struct tok_sampling *s, struct tok_span text,
				 const struct tok_encode_options *how, struct tok_founds *drawn,
				 size_t count, const struct tok_found *best, struct tok_error *err)
{
	const bool all = drawn->count <= count;
	enum tok_status status = TOK_OK;
	if (best) {
		status = add_found(s, text, how, best, 0.0, err);
		take_out(drawn, best);
	}
	if (!all)
		drawn->count--;
	for (size_t i = 0; i < drawn->count && status == TOK_OK; i++) {
		const struct tok_found *found = &drawn->items[i];
		const double inclusion =
		    all ? 0.0
			: log_inclusion_of(found->log_probability, drawn->items[drawn->count].key);
		status = add_found(s, text, how, found, inclusion, err);
	}
	return status;
}

enum tok_status tok_sample_distinct(struct tok_sampling *s, struct tok_span text,
				    const struct tok_encode_options *how, size_t count,
				    bool include_best, uint64_t seed, uint64_t stream,
				    struct tok_draws *out, struct tok_error *err)
{
	const enum tok_sample_method method = s->sampler->options.method;
	struct tok_founds drawn = { 0 }, best = { 0 };
	if (method != TOK_SAMPLE_UNIGRAM && (method != TOK_SAMPLE_UNIFORM || include_best))
		return tok_fail(err, TOK_EARG,
				include_best
				    ? "only 'unigram' has a best segmentation, not '%s'"
				    : "without replacement draw 'unigram' and 'uniform', not '%s'",
				tok_sample_method_name(method));
	s->random = tok_random_of(seed, stream);
	enum tok_status status = tok_sampling_collect(s, text, how, err);
	if (status == TOK_OK && count > 0 && include_best)
		status = search(s, 1, NULL, &best, err);
	if (status == TOK_OK && count > 0)
		status = search(s, count < SIZE_MAX ? count + 1 : count, &s->random, &drawn, err);
	if (status == TOK_OK && count > 0)
		status =
		    add_drawn(s, text, how, &drawn, count, include_best ? best.items : NULL, err);
	tok_founds_release(&drawn);
	tok_founds_release(&best);
	if (status == TOK_OK)
		*out = give(s);
	return status;
}
