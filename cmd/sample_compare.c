/* sample_compare.c - what each method does to a text, in numbers. */
#include "cmd/sample_compare.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "tok/base/hash.h"

static const int order[SAMPLE_METHODS] = {
	TOK_SAMPLE_BPE_DROPOUT, TOK_SAMPLE_BPE_DROPOUT_HF, TOK_SAMPLE_BPE_DROPOUT_SP,
	TOK_SAMPLE_MAXMATCH,    TOK_SAMPLE_UNIGRAM,        SAMPLE_SPLIT,
	TOK_SAMPLE_UNIFORM,
};

static enum tok_status open_method(struct sample_comparison *c, int method, double p, double alpha,
				   struct tok_error *err)
{
	struct sample_compared *m = &c->methods[c->method_count];
	const bool is_uniform = method == TOK_SAMPLE_UNIFORM;
	const struct sample_numbers numbers = { is_uniform ? 1 : p, alpha, -1 };
	const enum tok_status status =
	    sample_method_open(&m->method, c->tokenizer, method, &numbers, err);
	if (status != TOK_OK)
		return status;
	c->method_count++;
	if (method == TOK_SAMPLE_UNIGRAM)
		snprintf(m->parameters, sizeof m->parameters, "alpha=%g", alpha);
	else if (!is_uniform)
		snprintf(m->parameters, sizeof m->parameters, "p=%g", p);
	return sample_drawer_init(&m->drawer, &m->method) ? TOK_OK : tok_fail_memory(err);
}

enum tok_status sample_compare_open(struct sample_comparison *c, double p, double alpha,
				    struct tok_error *err)
{
	const enum tok_model_kind model = tok_tokenizer_spec(c->tokenizer)->model.kind;
	enum tok_status status = TOK_OK;
	c->encoder = tok_encoder_new(c->tokenizer);
	if (!c->encoder)
		return tok_fail_memory(err);
	for (size_t i = 0; i < SAMPLE_METHODS && status == TOK_OK; i++)
		if (sample_method_suits(order[i], model))
			status = open_method(c, order[i], p, alpha, err);
	return status;
}

void sample_compare_close(struct sample_comparison *c)
{
	for (size_t i = 0; i < c->method_count; i++) {
		sample_drawer_release(&c->methods[i].drawer);
		sample_method_close(&c->methods[i].method);
	}
	tok_encoder_free(c->encoder);
	free(c->rows);
}

/* ---- numbers ---------------------------------------------------------------- */

static bool is_same(const tok_id *a, size_t a_count, const tok_id *b, size_t b_count)
{
	return a_count == b_count && (a_count == 0 || memcmp(a, b, a_count * sizeof *a) == 0);
}

static struct tok_span bytes_of(const struct tok_draw *draw)
{
	return (struct tok_span){ (const uint8_t *)draw->ids, draw->count * sizeof *draw->ids };
}

static double probability_of(const struct tok_draws *draws, const tok_id *ids, size_t count)
{
	for (size_t i = 0; i < draws->count; i++)
		if (is_same(draws->items[i].ids, draws->items[i].count, ids, count))
			return exp(draws->items[i].log_probability);
	return 0;
}

static bool has_unknown(const struct sample_comparison *c, const struct tok_draw *draw)
{
	const tok_id unk = tok_tokenizer_spec(c->tokenizer)->model.unk;
	for (size_t i = 0; i < draw->count; i++)
		if (draw->ids[i] == unk && unk != TOK_NO_ID)
			return true;
	return false;
}

/* Uniform draws one of N with probability 1/N, and says so however large N is. */
static enum tok_status count_segmentations(struct sample_comparison *c, struct tok_error *err)
{
	struct sample_compared *uniform = &c->methods[c->method_count - 1];
	struct tok_draws one;
	const enum tok_status status = tok_sample_distinct(uniform->drawer.sampling, c->text,
							   &c->how, 1, false, 0, 0, &one, err);
	if (status != TOK_OK)
		return status;
	c->log2_segmentations = -one.items[0].log_probability * M_LOG2E;
	c->unknown = has_unknown(c, &one.items[0]);
	return TOK_OK;
}

static void measure(const struct sample_comparison *c, struct sample_compared *m)
{
	double entropy = 0, length = 0;
	for (size_t i = m->draws.count; i-- > 0;) { /* the smallest first: they add up */
		const struct tok_draw *draw = &m->draws.items[i];
		const double p = exp(draw->log_probability);
		entropy -= p > 0 ? p * draw->log_probability : 0;
		length += p * (double)draw->count;
	}
	m->entropy = entropy;
	m->length = length;
	m->canonical = probability_of(&m->draws, c->canonical.ids, c->canonical.count);
}

/* There are too many to list; of some methods sums over all of them are known yet. */
static enum tok_status measure_unlisted(const struct sample_comparison *c,
					struct sample_compared *m, struct tok_error *err)
{
	enum tok_status status = TOK_EARG; /* not known of this method */
	m->draws = (struct tok_draws){ 0 };
	m->entropy = m->length = m->canonical = NAN;
	if (m->drawer.sampling)
		status = tok_sample_entropy(m->drawer.sampling, c->text, &c->how, &m->entropy,
					    &m->length, err);
	if (status == TOK_EARG)
		m->entropy = m->length = NAN;
	if (m->method.method == TOK_SAMPLE_UNIFORM)
		m->canonical = exp2(-c->log2_segmentations);
	return status == TOK_EARG ? TOK_OK : status;
}

static enum tok_status measure_method(struct sample_comparison *c, struct sample_compared *m,
				      struct tok_error *err)
{
	enum tok_status status =
	    sample_draw_all(&m->drawer, c->text, &c->how, c->limit, &m->draws, err);
	m->listed = status == TOK_OK;
	if (m->listed)
		measure(c, m);
	else if (status == TOK_ELIMIT)
		status = measure_unlisted(c, m, err);
	if (status != TOK_OK)
		return status;
	if (!isnan(m->entropy))
		m->entropy = fmax(m->entropy * M_LOG2E, 0);
	return TOK_OK;
}

/* ---- divergence -------------------------------------------------------------- */

/* From what uniform is said to give, by its index: infinite where there is more. */
static double diverge_listed(const struct sample_compared *m, const struct tok_draws *uniform,
			     const struct tok_strings *index)
{
	double sum = 0;
	for (size_t i = m->draws.count; i-- > 0;) {
		const struct tok_draw *draw = &m->draws.items[i];
		const uint32_t found = tok_strings_find(index, bytes_of(draw));
		const double p = exp(draw->log_probability);
		if (found == TOK_NO_ID)
			return INFINITY;
		if (p > 0)
			sum += p * (draw->log_probability - uniform->items[found].log_probability);
	}
	return fmax(sum * M_LOG2E, 0);
}

/* Without a list of what uniform gives: what is without unknown tokens is in it. */
static double diverge_unlisted(const struct sample_comparison *c, const struct sample_compared *m)
{
	const enum tok_model_kind model = tok_tokenizer_spec(c->tokenizer)->model.kind;
	const bool has_dead_ends = model == TOK_MODEL_WORDPIECE || model == TOK_MODEL_WORDLEVEL;
	if (m->method.method == TOK_SAMPLE_UNIFORM)
		return 0;
	if (isnan(m->entropy) || c->unknown || (has_dead_ends && !m->listed))
		return NAN;
	for (size_t i = 0; i < m->draws.count; i++)
		if (has_unknown(c, &m->draws.items[i]))
			return INFINITY;
	return fmax(c->log2_segmentations - m->entropy, 0);
}

static enum tok_status find_divergences(struct sample_comparison *c, struct tok_error *err)
{
	const struct sample_compared *uniform = &c->methods[c->method_count - 1];
	struct tok_arena arena = { 0 };
	struct tok_strings index;
	const bool well = tok_strings_init(&index, &arena, uniform->draws.count);
	for (size_t i = 0; well && i < uniform->draws.count; i++)
		tok_strings_add(&index, bytes_of(&uniform->draws.items[i]), (uint32_t)i);
	for (size_t k = 0; well && k < c->method_count; k++) {
		struct sample_compared *m = &c->methods[k];
		m->divergence = m->listed && uniform->listed
				    ? diverge_listed(m, &uniform->draws, &index)
				    : diverge_unlisted(c, m);
	}
	tok_arena_release(&arena);
	return well ? TOK_OK : tok_fail_memory(err);
}

/* ---- rows -------------------------------------------------------------------- */

static int compare_rows(const void *a, const void *b)
{
	const struct sample_row *x = a, *y = b;
	if (x->sum != y->sum)
		return x->sum < y->sum ? 1 : -1;
	const size_t shared = x->count < y->count ? x->count : y->count;
	for (size_t i = 0; i < shared; i++)
		if (x->ids[i] != y->ids[i])
			return x->ids[i] < y->ids[i] ? -1 : 1;
	return x->count < y->count ? -1 : x->count > y->count;
}

static size_t count_shown(const struct sample_comparison *c, size_t method)
{
	const size_t count = c->methods[method].draws.count;
	return count < c->top ? count : c->top;
}

/* The first of each method, each once. */
static bool gather_rows(struct sample_comparison *c, struct tok_strings *index,
			struct tok_arena *arena)
{
	size_t room = 0;
	c->row_count = 0;
	for (size_t k = 0; k < c->method_count; k++)
		room += count_shown(c, k);
	if (!tok_grow(&c->rows, &c->row_capacity, room, sizeof *c->rows) ||
	    !tok_strings_init(index, arena, room))
		return false;
	for (size_t k = 0; k < c->method_count; k++) {
		for (size_t i = 0; i < count_shown(c, k); i++) {
			const struct tok_draw *draw = &c->methods[k].draws.items[i];
			if (!tok_strings_add(index, bytes_of(draw), (uint32_t)c->row_count))
				continue;
			c->rows[c->row_count++] = (struct sample_row){
				.ids = draw->ids,
				.count = draw->count,
				.canonical = is_same(draw->ids, draw->count, c->canonical.ids,
						     c->canonical.count),
			};
		}
	}
	return true;
}

static void fill_rows(struct sample_comparison *c, const struct tok_strings *index)
{
	for (size_t k = 0; k < c->method_count; k++) {
		const struct tok_draws *draws = &c->methods[k].draws;
		for (size_t i = 0; i < draws->count; i++) {
			const uint32_t row = tok_strings_find(index, bytes_of(&draws->items[i]));
			if (row == TOK_NO_ID)
				continue;
			const double probability = exp(draws->items[i].log_probability);
			c->rows[row].probabilities[k] += probability;
			c->rows[row].sum += probability;
		}
	}
}

static enum tok_status choose_rows(struct sample_comparison *c, struct tok_error *err)
{
	struct tok_arena arena = { 0 };
	struct tok_strings index;
	const bool well = gather_rows(c, &index, &arena);
	if (well)
		fill_rows(c, &index);
	tok_arena_release(&arena);
	if (!well)
		return tok_fail_memory(err);
	if (c->row_count > 0)
		qsort(c->rows, c->row_count, sizeof *c->rows, compare_rows);
	if (c->row_count > c->top)
		c->row_count = c->top;
	return TOK_OK;
}

static void sum_others(struct sample_comparison *c)
{
	for (size_t k = 0; k < c->method_count; k++) {
		struct sample_compared *m = &c->methods[k];
		double shown = 0;
		m->others_count = m->draws.count;
		for (size_t i = 0; i < c->row_count; i++) {
			shown += c->rows[i].probabilities[k];
			m->others_count -= c->rows[i].probabilities[k] > 0;
		}
		m->others = m->others_count ? fmax(1 - shown, 0) : 0;
	}
}

enum tok_status sample_compare_text(struct sample_comparison *c, struct tok_span text,
				    uint64_t number, struct tok_error *err)
{
	c->text = text;
	c->number = number;
	enum tok_status status = tok_encode(c->encoder, text, &c->how, &c->canonical, err);
	if (status == TOK_OK)
		status = count_segmentations(c, err);
	for (size_t k = 0; k < c->method_count && status == TOK_OK; k++)
		status = measure_method(c, &c->methods[k], err);
	if (status == TOK_OK)
		status = find_divergences(c, err);
	if (status == TOK_OK)
		status = choose_rows(c, err);
	if (status == TOK_OK)
		sum_others(c);
	return status;
}
