/*
 * The whole distribution of a text: the product of those of its pieces.
 */
#include <math.h>
#include <stdlib.h>

#include "tok/sample/sampler_internal.h"

/* What one piece may become. */
struct outcome {
	const tok_id *ids;
	size_t count;
	double probability;
};

struct outcomes {
	struct outcome *items;
	size_t count, capacity;
	double factor; /* on what comes from the sink */
	struct tok_arena arena;
};

static void release(struct outcomes *pieces, size_t count)
{
	for (size_t i = 0; pieces && i < count; i++) {
		free(pieces[i].items);
		tok_arena_release(&pieces[i].arena);
	}
	free(pieces);
}

static int compare_rows(const tok_id *a, size_t a_count, const tok_id *b, size_t b_count)
{
	const size_t least = a_count < b_count ? a_count : b_count;
	for (size_t i = 0; i < least; i++)
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
	return (a_count > b_count) - (a_count < b_count);
}

/* ---- one piece --------------------------------------------------------------- */

static bool add_outcome(void *context, const tok_id *ids, size_t count, double probability)
{
	struct outcomes *o = context;
	tok_id *kept = tok_arena_array(&o->arena, count, sizeof *kept);
	if (!kept || !tok_grow(&o->items, &o->capacity, o->count + 1, sizeof *o->items))
		return false;
	if (count)
		memcpy(kept, ids, count * sizeof *kept);
	o->items[o->count++] = (struct outcome){ kept, count, probability * o->factor };
	return true;
}

static int compare_outcomes(const void *a, const void *b)
{
	const struct outcome *x = a, *y = b;
	return compare_rows(x->ids, x->count, y->ids, y->count);
}

static void merge_equal(struct outcomes *o)
{
	size_t kept = 0;
	qsort(o->items, o->count, sizeof *o->items, compare_outcomes);
	for (size_t i = 0; i < o->count; i++) {
		if (kept > 0 && compare_outcomes(&o->items[kept - 1], &o->items[i]) == 0)
			o->items[kept - 1].probability += o->items[i].probability;
		else
			o->items[kept++] = o->items[i];
	}
	o->count = kept;
}

/* What the model itself says. */
static enum tok_status add_canonical(struct tok_sampling *s, struct tok_span text,
				     struct tok_range piece, struct outcomes *out,
				     struct tok_error *err)
{
	struct tok_tokens tokens = { 0 };
	enum tok_status status = tok_encoder_piece(s->encoder, text, piece, &tokens, err);
	if (status == TOK_OK && !add_outcome(out, tokens.ids, tokens.count, 1.0))
		status = tok_fail_memory(err);
	tok_tokens_release(&tokens);
	return status;
}

static enum tok_status add_best(struct tok_sampling *s, struct tok_span text,
				struct tok_range piece, struct outcomes *out, struct tok_error *err)
{
	const struct tok_sampler *sampler = s->sampler;
	const uint32_t end = piece.end - piece.begin;
	const struct tok_span part = tok_span_slice(text, piece.begin, piece.end);
	const struct tok_lattice_text pieces = { part, &end, 1 };
	struct tok_founds founds = { 0 };
	struct tok_tokens tokens = { 0 };
	double all = 0.0;
	enum tok_status status =
	    tok_lattice_search(sampler->lattice, s->lattice, &pieces,
			       (size_t)sampler->options.nbest, NULL, &founds, err);
	for (size_t i = 0; i < founds.count; i++)
		all +=
		    exp(sampler->options.alpha * (founds.items[i].score - founds.items[0].score));
	for (size_t i = 0; i < founds.count && status == TOK_OK; i++) {
		const struct tok_found *found = &founds.items[i];
		const double weight =
		    exp(sampler->options.alpha * (found->score - founds.items[0].score));
		tokens.count = 0;
		status = tok_lattice_write(sampler->lattice, part, 0, found->path, found->count,
					   &tokens, err);
		if (status == TOK_OK && !add_outcome(out, tokens.ids, tokens.count, weight / all))
			status = tok_fail_memory(err);
	}
	tok_tokens_release(&tokens);
	tok_founds_release(&founds);
	return status;
}

static enum tok_status list_piece(struct tok_sampling *s, struct tok_span text,
				  struct tok_range piece, size_t limit, struct outcomes *out,
				  struct tok_error *err)
{
	const struct tok_sampler *sampler = s->sampler;
	const struct tok_sample_options *o = &sampler->options;
	enum tok_status status = TOK_OK;
	out->factor = 1.0;
	if (sampler->dropout)
		return tok_dropout_exact(sampler->dropout, s->dropout, text, piece, limit,
					 add_outcome, out, err);
	if (o->method == TOK_SAMPLE_UNIGRAM && (o->nbest == 0 || o->nbest == 1))
		return add_canonical(s, text, piece, out, err);
	if (o->method == TOK_SAMPLE_UNIGRAM && o->nbest > 1)
		return add_best(s, text, piece, out, err);
	if (o->method == TOK_SAMPLE_UNIFORM && o->p < 1.0) {
		out->factor = 1.0 - o->p;
		status = add_canonical(s, text, piece, out, err);
		out->factor = o->p;
		if (o->p == 0.0)
			return status;
	}
	if (status != TOK_OK)
		return status;
	return tok_lattice_exact(sampler->lattice, s->lattice, text, piece, limit, add_outcome, out,
				 err);
}

/* The same outcomes, each once, in the order of ids. */
static enum tok_status list_pieces(struct tok_sampling *s, size_t limit, struct outcomes *pieces,
				   struct tok_error *err)
{
	const struct tok_span bytes = tok_buffer_span(&s->bytes);
	size_t product = 1;
	for (size_t k = 0; k < s->piece_count; k++) {
		const struct tok_range piece = { k ? s->ends[k - 1] : 0, s->ends[k] };
		const enum tok_status status = list_piece(s, bytes, piece, limit, &pieces[k], err);
		if (status != TOK_OK)
			return status;
		merge_equal(&pieces[k]);
		if (pieces[k].count > limit / product)
			return tok_fail(err, TOK_ELIMIT, "there are more than %zu segmentations",
					limit);
		product *= pieces[k].count;
	}
	return TOK_OK;
}

/* ---- all pieces --------------------------------------------------------------- */

/* Which outcome of each piece is in turn. */
struct choice {
	size_t *chosen, *ends;
	struct tok_tokens tokens;
};

static enum tok_status add_choice(struct tok_sampling *s, struct tok_span text,
				  const struct tok_encode_options *how,
				  const struct outcomes *pieces, struct choice *c,
				  struct tok_error *err)
{
	double log_probability = 0.0;
	c->tokens.count = 0;
	for (size_t k = 0; k < s->piece_count; k++) {
		const struct outcome *o = &pieces[k].items[c->chosen[k]];
		for (size_t i = 0; i < o->count; i++)
			if (!tok_tokens_add(&c->tokens, o->ids[i], (struct tok_range){ 0, 0 }))
				return tok_fail_memory(err);
		c->ends[k] = c->tokens.count;
		log_probability += log(o->probability);
	}
	return tok_sampling_add(s, text, how, c->tokens.ids, c->ends, log_probability,
				log_probability, err);
}

/* The next choice, as an odometer; false: that was the last. */
static bool turn(const struct outcomes *pieces, size_t count, size_t *chosen)
{
	for (size_t k = count; k-- > 0;) {
		if (++chosen[k] < pieces[k].count)
			return true;
		chosen[k] = 0;
	}
	return false;
}

static enum tok_status combine(struct tok_sampling *s, struct tok_span text,
			       const struct tok_encode_options *how, const struct outcomes *pieces,
			       struct tok_error *err)
{
	struct choice c = { .chosen = calloc(s->piece_count + 1, sizeof *c.chosen),
			    .ends = calloc(s->piece_count + 1, sizeof *c.ends) };
	enum tok_status status = c.chosen && c.ends ? TOK_OK : tok_fail_memory(err);
	while (status == TOK_OK) {
		status = add_choice(s, text, how, pieces, &c, err);
		if (!turn(pieces, s->piece_count, c.chosen))
			break;
	}
	free(c.chosen);
	free(c.ends);
	tok_tokens_release(&c.tokens);
	return status;
}

static int compare_ids(const void *a, const void *b)
{
	const struct tok_draw *x = a, *y = b;
	return compare_rows(x->ids, x->count, y->ids, y->count);
}

static int compare_draws(const void *a, const void *b)
{
	const struct tok_draw *x = a, *y = b;
	if (x->log_probability != y->log_probability)
		return x->log_probability > y->log_probability ? -1 : 1;
	return compare_ids(a, b);
}

/* What different pieces make of it may look the same, where unknown tokens hide it. */
static void finish_draws(struct tok_sampling *s)
{
	size_t kept = 0;
	qsort(s->draws, s->draw_count, sizeof *s->draws, compare_ids);
	for (size_t i = 0; i < s->draw_count; i++) {
		struct tok_draw *last = kept ? &s->draws[kept - 1] : NULL;
		if (!last || compare_ids(last, &s->draws[i]) != 0)
			s->draws[kept++] = s->draws[i];
		else
			last->log_probability = last->log_inclusion =
			    log(exp(last->log_probability) + exp(s->draws[i].log_probability));
	}
	s->draw_count = kept;
	qsort(s->draws, s->draw_count, sizeof *s->draws, compare_draws);
}

enum tok_status tok_sample_exact(struct tok_sampling *s, struct tok_span text,
				 const struct tok_encode_options *how, size_t limit,
				 struct tok_draws *out, struct tok_error *err)
{
	enum tok_status status = tok_sampling_collect(s, text, how, err);
	const size_t count = s->piece_count;
	if (status != TOK_OK)
		return status;
	struct outcomes *pieces = calloc(count + 1, sizeof *pieces);
	status = pieces ? list_pieces(s, limit, pieces, err) : tok_fail_memory(err);
	if (status == TOK_OK)
		status = combine(s, text, how, pieces, err);
	release(pieces, count);
	if (status != TOK_OK)
		return status;
	finish_draws(s);
	*out = (struct tok_draws){ s->draws, s->draw_count };
	return TOK_OK;
}
