/*
 * The whole distribution of a text: the product of those of its pieces.
 */
#include <math.h>
#include <stdlib.h>

#include "tok/sample/sampler_internal.h"

/* Of a piece; and of a text, which is gone through again for each segmentation. */
#define PIECE_MAX ((size_t)1 << 20)
#define BYTES_MAX ((size_t)1 << 28)

/* What one piece may become. */
struct outcome {
	const tok_id *ids;
	size_t count;
	double log_probability;
};

struct outcomes {
	struct outcome *items;
	size_t count, capacity;
};

/* The pieces of a text. */
struct listed {
	struct outcomes *pieces, *piece; /* that is listed */
	size_t count;
	double log_factor; /* on what comes from the sink */
	size_t id_count;   /* kept of all */
	struct tok_arena arena;
};

static void release(struct listed *l)
{
	for (size_t i = 0; l->pieces && i < l->count; i++)
		free(l->pieces[i].items);
	free(l->pieces);
	tok_arena_release(&l->arena);
}

/* log(e^a + e^b) */
static double add_logs(double a, double b)
{
	return fmax(a, b) + log1p(exp(-fabs(a - b)));
}

static enum tok_status fail_ids(struct tok_error *err)
{
	return tok_fail(err, TOK_ELIMIT,
			"the segmentations have more than %zu tokens in all: at most so many are "
			"listed",
			TOK_LISTED_IDS);
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

static enum tok_status add_outcome(void *context, const tok_id *ids, size_t count,
				   double log_probability, struct tok_error *err)
{
	struct listed *l = context;
	struct outcomes *o = l->piece;
	if (count > TOK_LISTED_IDS - l->id_count)
		return fail_ids(err);
	tok_id *kept = tok_arena_array(&l->arena, count, sizeof *kept);
	if (!kept || !tok_grow(&o->items, &o->capacity, o->count + 1, sizeof *o->items))
		return tok_fail_memory(err);
	if (count)
		memcpy(kept, ids, count * sizeof *kept);
	o->items[o->count++] = (struct outcome){ kept, count, log_probability + l->log_factor };
	l->id_count += count;
	return TOK_OK;
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
			o->items[kept - 1].log_probability = add_logs(
			    o->items[kept - 1].log_probability, o->items[i].log_probability);
		else
			o->items[kept++] = o->items[i];
	}
	o->count = kept;
}

/* What the model itself says. */
static enum tok_status add_canonical(struct tok_sampling *s, struct tok_span text,
				     struct tok_range piece, struct listed *out,
				     struct tok_error *err)
{
	struct tok_tokens tokens = { 0 };
	enum tok_status status = tok_encoder_piece(s->encoder, text, piece, &tokens, err);
	if (status == TOK_OK)
		status = add_outcome(out, tokens.ids, tokens.count, 0.0, err);
	tok_tokens_release(&tokens);
	return status;
}

/* Those among which is drawn, `alpha` being the weight of a score. */
static enum tok_status add_founds(struct tok_sampling *s, struct tok_span part,
				  const struct tok_founds *founds, struct listed *out,
				  struct tok_error *err)
{
	const double alpha = s->sampler->options.alpha;
	struct tok_tokens tokens = { 0 };
	enum tok_status status = TOK_OK;
	double all = 0.0;
	for (size_t i = 0; i < founds->count; i++)
		all += exp(alpha * (founds->items[i].score - founds->items[0].score));
	for (size_t i = 0; i < founds->count && status == TOK_OK; i++) {
		const struct tok_found *found = &founds->items[i];
		const double log_weight = alpha * (found->score - founds->items[0].score);
		tokens.count = 0;
		status = tok_lattice_write(s->sampler->lattice, part, 0, found->path, found->count,
					   &tokens, err);
		if (status == TOK_OK)
			status =
			    add_outcome(out, tokens.ids, tokens.count, log_weight - log(all), err);
	}
	tok_tokens_release(&tokens);
	return status;
}

static enum tok_status add_best(struct tok_sampling *s, struct tok_span text,
				struct tok_range piece, struct listed *out, struct tok_error *err)
{
	const uint32_t end = piece.end - piece.begin;
	const struct tok_span part = tok_span_slice(text, piece.begin, piece.end);
	const struct tok_lattice_text pieces = { part, &end, 1 };
	struct tok_founds founds = { 0 };
	enum tok_status status =
	    tok_lattice_search(s->sampler->lattice, s->lattice, &pieces,
			       (size_t)s->sampler->options.nbest, NULL, &founds, err);
	if (status == TOK_OK)
		status = add_founds(s, part, &founds, out, err);
	tok_founds_release(&founds);
	return status;
}

static enum tok_status list_piece(struct tok_sampling *s, struct tok_span text,
				  struct tok_range piece, size_t limit, struct listed *out,
				  struct tok_error *err)
{
	const struct tok_sampler *sampler = s->sampler;
	const struct tok_sample_options *o = &sampler->options;
	enum tok_status status = TOK_OK;
	out->log_factor = 0.0;
	if (piece.end - piece.begin > PIECE_MAX)
		return tok_fail(err, TOK_ELIMIT,
				"a word of %u bytes is too long to list what becomes of it: at "
				"most %zu are taken",
				piece.end - piece.begin, PIECE_MAX);
	if (sampler->dropout)
		return tok_dropout_exact(sampler->dropout, s->dropout, text, piece, limit,
					 add_outcome, out, err);
	if (o->method == TOK_SAMPLE_UNIGRAM && (o->nbest == 0 || o->nbest == 1))
		return add_canonical(s, text, piece, out, err);
	if (o->method == TOK_SAMPLE_UNIGRAM && o->nbest > 1)
		return add_best(s, text, piece, out, err);
	if (o->method == TOK_SAMPLE_UNIFORM && o->p < 1.0) {
		out->log_factor = log1p(-o->p);
		status = add_canonical(s, text, piece, out, err);
		out->log_factor = log(o->p);
		if (o->p == 0.0)
			return status;
	}
	if (status != TOK_OK)
		return status;
	return tok_lattice_exact(sampler->lattice, s->lattice, text, piece, limit, add_outcome, out,
				 err);
}

/* The same outcomes, each once, in the order of ids. */
static enum tok_status list_pieces(struct tok_sampling *s, struct tok_span text, size_t limit,
				   struct listed *out, struct tok_error *err)
{
	const struct tok_span bytes = tok_buffer_span(&s->bytes);
	size_t product = 1;
	for (size_t k = 0; k < s->piece_count; k++) {
		const struct tok_range piece = { k ? s->ends[k - 1] : 0, s->ends[k] };
		out->piece = &out->pieces[k];
		const enum tok_status status = list_piece(s, bytes, piece, limit, out, err);
		if (status != TOK_OK)
			return status;
		merge_equal(out->piece);
		if (out->piece->count > limit / product)
			return tok_fail(err, TOK_ELIMIT, "there are more than %zu segmentations",
					limit);
		product *= out->piece->count;
		if (text.count > BYTES_MAX / product)
			return tok_fail(err, TOK_ELIMIT,
					"there are more than %zu segmentations of %zu bytes each, "
					"too much to list",
					product - 1, text.count);
	}
	return TOK_OK;
}

/* ---- all pieces --------------------------------------------------------------- */

/* Which outcome of each piece is in turn. */
struct choice {
	size_t *chosen, *ends;
	struct tok_tokens tokens;
	size_t id_count; /* of all choices up to here */
};

static enum tok_status add_choice(struct tok_sampling *s, struct tok_span text,
				  const struct tok_encode_options *how,
				  const struct outcomes *pieces, struct choice *c,
				  struct tok_error *err)
{
	double log_probability = 0.0;
	enum tok_status status;
	c->tokens.count = 0;
	for (size_t k = 0; k < s->piece_count; k++) {
		const struct outcome *o = &pieces[k].items[c->chosen[k]];
		for (size_t i = 0; i < o->count; i++)
			if (!tok_tokens_add(&c->tokens, o->ids[i], (struct tok_range){ 0, 0 }))
				return tok_fail_memory(err);
		c->ends[k] = c->tokens.count;
		log_probability += o->log_probability;
	}
	status = tok_sampling_add(s, text, how, c->tokens.ids, c->ends, log_probability,
				  log_probability, err);
	if (status != TOK_OK)
		return status;
	const size_t count = s->draws[s->draw_count - 1].count;
	if (count > TOK_LISTED_IDS - c->id_count)
		return fail_ids(err);
	c->id_count += count;
	return TOK_OK;
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
			    add_logs(last->log_probability, s->draws[i].log_probability);
	}
	s->draw_count = kept;
	qsort(s->draws, s->draw_count, sizeof *s->draws, compare_draws);
}

enum tok_status tok_sample_exact(struct tok_sampling *s, struct tok_span text,
				 const struct tok_encode_options *how, size_t limit,
				 struct tok_draws *out, struct tok_error *err)
{
	enum tok_status status = tok_sampling_collect(s, text, how, err);
	struct listed listed = { .count = s->piece_count };
	if (status != TOK_OK)
		return status;
	listed.pieces = calloc(listed.count + 1, sizeof *listed.pieces);
	status = listed.pieces ? list_pieces(s, text, limit, &listed, err) : tok_fail_memory(err);
	if (status == TOK_OK)
		status = combine(s, text, how, listed.pieces, err);
	release(&listed);
	if (status != TOK_OK)
		return status;
	finish_draws(s);
	*out = (struct tok_draws){ s->draws, s->draw_count };
	return TOK_OK;
}
