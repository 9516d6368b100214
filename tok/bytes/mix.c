/* mix.c - models that are asked about the same bytes: who still takes part, with which weight. */
#include "tok/bytes/mix.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "tok/bytes/mix_internal.h"

/* ---- made, and gone ------------------------------------------------------------------- */

static enum tok_status check_weights(const double *weights, size_t count, struct tok_error *err)
{
	double sum = 0.0;
	for (size_t i = 0; i < count; i++) {
		if (!(weights[i] >= 0.0 && weights[i] < INFINITY))
			return tok_fail(err, TOK_EARG, "a weight of %g: weights are not below 0",
					weights[i]);
		sum += weights[i];
	}
	if (!(sum > 0.0 && sum < INFINITY))
		return tok_fail(err, TOK_EARG, "weights that sum to %g", sum);
	return TOK_OK;
}

static enum tok_status check(size_t count, const struct tok_mix_options *options,
			     struct tok_error *err)
{
	if (count == 0 || count > TOK_MIX_MOST)
		return tok_fail(err, TOK_EARG, "%zu models: from 1 to %d can be mixed", count,
				TOK_MIX_MOST);
	if (options->kind != TOK_MIX_PROXY)
		return options->weights ? check_weights(options->weights, count, err) : TOK_OK;
	if (count != 3)
		return tok_fail(err, TOK_EARG,
				"a proxy of %zu models: it is three, base, expert and anti-expert",
				count);
	if (options->weights)
		return tok_fail(err, TOK_EARG, "a proxy has no weights, but an alpha");
	if (!(options->alpha >= 0.0 && options->alpha < INFINITY))
		return tok_fail(err, TOK_EARG, "an alpha of %g: it is not below 0", options->alpha);
	return TOK_OK;
}

static double weight_of(const struct tok_mix_options *options, size_t count, size_t i)
{
	const double powers[] = { 1.0, options->alpha, -options->alpha };
	double sum = 0.0;
	if (options->kind == TOK_MIX_PROXY)
		return powers[i];
	if (!options->weights)
		return 1.0 / (double)count;
	for (size_t k = 0; k < count; k++)
		sum += options->weights[k];
	return options->weights[i] / sum;
}

enum tok_status tok_mix_new(struct tok_machine *const *machines, size_t count,
			    const struct tok_mix_options *options, struct tok_mix **out,
			    struct tok_error *err)
{
	const enum tok_status status = check(count, options, err);
	if (status != TOK_OK)
		return status;
	struct tok_mix *mix = calloc(1, sizeof *mix + count * sizeof *mix->members);
	if (!mix)
		return tok_fail_memory(err);
	mix->kind = options->kind;
	mix->text.exact = mix->heard = true;
	mix->count = count;
	for (size_t i = 0; i < count; i++) {
		struct tok_mix_member *m = &mix->members[i];
		m->machine = machines[i];
		m->weight = weight_of(options, count, i);
		m->used = m->weight != 0.0;
		m->log_p = m->log_low = m->log_high = log(m->weight);
	}
	*out = mix;
	return TOK_OK;
}

enum tok_status tok_mix_fork(const struct tok_mix *mix, struct tok_machine *const *forks,
			     struct tok_mix **out, struct tok_error *err)
{
	const size_t size = sizeof *mix + mix->count * sizeof *mix->members;
	struct tok_mix *copy = malloc(size);
	if (!copy)
		return tok_fail_memory(err);
	memcpy(copy, mix, size);
	for (size_t i = 0; i < mix->count; i++)
		copy->members[i].machine = forks[i];
	copy->text = (struct tok_text_p){ .exact = true };
	copy->heard = true;
	tok_mix_sum_bounds(mix, &copy->begin_low, &copy->begin_high);
	*out = copy;
	return TOK_OK;
}

void tok_mix_free(struct tok_mix *mix)
{
	free(mix);
}

/* ---- what comes next --------------------------------------------------------------------- */

static void write_law(const struct tok_next_bytes *next, struct tok_mix_member *m)
{
	const double log_whole = tok_mix_log_whole(next);
	m->whole = tok_mix_law_of(next, &m->next);
	for (size_t s = 0; s < TOK_MIX_SYMBOLS; s++)
		if (tok_is_small(m->next.p[s]) && m->next.p[s] > 0.0)
			m->small_logs[s] = tok_next_log(next, s) - log_whole;
	m->special = next->special;
	m->leak = next->leak;
	m->exact = next->exact;
	m->known = m->certain = next->known;
	for (size_t s = 0; s < TOK_MIX_SYMBOLS; s++)
		m->certain |= m->next.low[s] > 0.0; /* so the text is possible, too */
}

static void write_next(struct tok_mix *mix)
{
	mix->possible = tok_mix_combine(mix, &mix->next);
	for (size_t i = 0; i < mix->count; i++) {
		const struct tok_mix_member *m = &mix->members[i];
		mix->next.special[i] = m->used ? m->special : 0.0;
		mix->next.leak[i] = m->used ? m->leak : 0.0;
		mix->next.left_out[i] = m->left_out;
	}
}

static enum tok_status look(struct tok_mix *mix, struct tok_error *err)
{
	struct tok_next_bytes next;
	if (mix->known)
		return TOK_OK;
	for (size_t i = 0; i < mix->count; i++) {
		struct tok_mix_member *m = &mix->members[i];
		if (!m->used)
			continue;
		const enum tok_status status = tok_machine_next(m->machine, &next, err);
		if (status != TOK_OK)
			return tok_fail_in(err, status, "model %zu", i + 1);
		write_law(&next, m);
	}
	write_next(mix);
	mix->known = true;
	return TOK_OK;
}

double tok_mix_next_log(const struct tok_mix_next *next, size_t symbol)
{
	return tok_log_of(next->p[symbol], next->small_logs[symbol]);
}

struct tok_text_p tok_mix_next_logs(const struct tok_mix_next *next, size_t symbol)
{
	const double log_p = tok_mix_next_log(next, symbol);
	struct tok_text_p out = { log_p, log_p, log_p, next->exact };
	if (next->known)
		return out;
	/* bounds have not all their digits */
	out.low = tok_is_small(next->p[symbol]) ? -INFINITY : log(next->low[symbol]);
	out.high = log(next->high[symbol]);
	return out;
}

enum tok_status tok_mix_next(struct tok_mix *mix, struct tok_mix_next *out, struct tok_error *err)
{
	const enum tok_status status = look(mix, err);
	if (status != TOK_OK)
		return status;
	if (!mix->possible)
		return tok_fail(
		    err, TOK_ETEXT,
		    "the models have no byte in common that may come next, nor the end");
	*out = mix->next;
	return TOK_OK;
}

/* ---- a byte more ------------------------------------------------------------------------- */

/* What a push of one byte did. */
struct step {
	size_t lengths[TOK_MIX_MOST]; /* of the machines before it */
	bool impossible[TOK_MIX_MOST];
};

static void take_back(struct tok_mix *mix, const struct step *step)
{
	for (size_t i = 0; i < mix->count; i++) {
		struct tok_machine *machine = mix->members[i].machine;
		const size_t more = tok_machine_length(machine) - step->lengths[i];
		const bool back = more == 0 || tok_machine_back(machine, more);
		assert(back); /* it is the byte that was just pushed */
		(void)back;
	}
}

static enum tok_status move(struct tok_mix *mix, uint8_t byte, struct step *step,
			    struct tok_error *err)
{
	const bool may_leave = mix->kind == TOK_MIX_LINEAR || mix->kind == TOK_MIX_BAYES;
	const struct tok_span bytes = { &byte, 1 };
	size_t left = 0;
	for (size_t i = 0; i < mix->count; i++) {
		const struct tok_mix_member *m = &mix->members[i];
		if (!m->used)
			continue;
		const enum tok_status status = tok_machine_push(m->machine, bytes, err);
		step->impossible[i] = status == TOK_ETEXT && may_leave;
		if (status != TOK_OK && !step->impossible[i])
			return tok_fail_in(err, status, "model %zu", i + 1);
		left += status == TOK_OK;
	}
	return left > 0 ? TOK_OK : tok_fail_in(err, TOK_ETEXT, "all models");
}

/* The largest becomes 0, so that logarithms of weights keep their digits however long the text. */
static void weigh(struct tok_mix *mix, uint8_t byte)
{
	double most = -INFINITY;
	for (size_t i = 0; i < mix->count; i++) {
		struct tok_mix_member *m = &mix->members[i];
		if (!m->used)
			continue;
		const struct tok_mix_logs logs = tok_mix_logs_of(m, byte);
		m->log_p += logs.p;
		m->log_low += logs.low;
		m->log_high += logs.high;
		most = fmax(most, m->log_p);
	}
	for (size_t i = 0; i < mix->count && most > -INFINITY; i++) {
		mix->members[i].log_p -= most;
		mix->members[i].log_low -= most;
		mix->members[i].log_high -= most;
	}
	mix->origin += most > -INFINITY ? most : 0.0;
}

/* ---- P of the text ------------------------------------------------------------------------- */

/* What the mix gave to the byte, of which nobody knows if nobody asked. */
static void add_to_text(struct tok_mix *mix, uint8_t byte)
{
	struct tok_text_p *text = &mix->text;
	if (!mix->known || !mix->possible) {
		*text = (struct tok_text_p){ .log_p = NAN, .low = -INFINITY };
		return;
	}
	const struct tok_text_p more = tok_mix_next_logs(&mix->next, byte);
	text->exact &= more.exact;
	text->log_p += more.log_p;
	text->low += more.low;
	text->high += more.high;
}

static bool all_heard(const struct tok_mix *mix)
{
	for (size_t i = 0; i < mix->count; i++) {
		const struct tok_mix_member *m = &mix->members[i];
		if (m->used && !(m->certain && m->whole > 0.0))
			return false;
	}
	return true;
}

/* The sum of whole texts is known better than the product of quotients: what is not known of
 * weights counts once there, and here with each byte. */
static void bound_mixture(struct tok_mix *mix)
{
	struct tok_text_p *text = &mix->text;
	double low, high;
	if (text->low == text->high || !mix->heard)
		return;
	tok_mix_sum_bounds(mix, &low, &high);
	text->low = fmax(text->low, low - mix->begin_high);
	text->high = fmin(text->high, high - mix->begin_low);
	text->log_p = fmin(fmax(text->log_p, text->low), text->high);
	text->low = fmin(text->low, text->log_p); /* by a rounding */
}

struct tok_text_p tok_mix_log_p(const struct tok_mix *mix)
{
	return mix->text;
}

static enum tok_status push_byte(struct tok_mix *mix, uint8_t byte, struct tok_error *err)
{
	struct step step = { 0 };
	enum tok_status status = TOK_OK;
	for (size_t i = 0; i < mix->count; i++)
		step.lengths[i] = tok_machine_length(mix->members[i].machine);
	if (mix->kind == TOK_MIX_BAYES)
		status = look(mix, err);
	if (status == TOK_OK)
		status = move(mix, byte, &step, err);
	if (status != TOK_OK) {
		take_back(mix, &step);
		return status;
	}
	add_to_text(mix, byte);
	mix->heard = mix->heard && mix->kind == TOK_MIX_BAYES && all_heard(mix);
	for (size_t i = 0; i < mix->count; i++) {
		mix->members[i].used &= !step.impossible[i];
		mix->members[i].left_out |= step.impossible[i];
	}
	if (mix->kind == TOK_MIX_BAYES)
		weigh(mix, byte);
	bound_mixture(mix);
	mix->known = false;
	return TOK_OK;
}

enum tok_status tok_mix_push(struct tok_mix *mix, struct tok_span bytes, struct tok_error *err)
{
	for (size_t i = 0; i < bytes.count; i++) {
		const enum tok_status status = push_byte(mix, bytes.bytes[i], err);
		if (status != TOK_OK)
			return status;
	}
	return TOK_OK;
}
