/* bytes_ensemble_sample.c - tok bytes ensemble sample: texts drawn from several models as one. */
#include <math.h>

#include "cmd/bytes_ensemble_internal.h"
#include "tok/base/random.h"
#include "tok/bytes/draw.h"

/* One text behind the prompt. */
struct drawn {
	struct bytes_ensemble here; /* forks of the machines, and a mix of these */
	struct tok_buffer bytes;
	const char *ended;
	double log_p;
	bool exact;
};

/* ---- forks ------------------------------------------------------------------------ */

/* Those that the mix has at the prompt's end, as it may be made anew of them. */
static struct tok_mix_options options_at_prompt(const struct bytes_ensemble *e, double *weights)
{
	const struct bytes_options *o = e->options;
	const enum tok_mix_kind kind = (enum tok_mix_kind)o->mix;
	for (size_t i = 0; i < e->models.count; i++) {
		weights[i] = kind == TOK_MIX_BAYES ? e->next.weights[i] : e->weights[i];
		if (e->next.left_out[i])
			weights[i] = 0.0;
	}
	return (struct tok_mix_options){ .kind = kind,
					 .alpha = o->alpha,
					 .weights = kind == TOK_MIX_PROXY ? NULL : weights };
}

static enum tok_status fork_all(const struct bytes_ensemble *e, struct drawn *d,
				struct tok_error *err)
{
	const struct tok_mix_options options = options_at_prompt(e, d->here.weights);
	struct bytes_several *models = &d->here.models;
	enum tok_status status = TOK_OK;
	d->here.options = e->options;
	memcpy(models->sides, e->models.sides, sizeof models->sides);
	memcpy(d->here.told, e->told, sizeof d->here.told);
	models->count = e->models.count;
	for (size_t i = 0; status == TOK_OK && i < models->count; i++)
		status = tok_machine_fork(e->models.machines[i], &models->machines[i], err);
	return status == TOK_OK
		   ? tok_mix_new(models->machines, models->count, &options, &d->here.mix, err)
		   : status;
}

static void release(struct drawn *d)
{
	tok_mix_free(d->here.mix);
	for (size_t i = 0; i < d->here.models.count; i++)
		tok_machine_free(d->here.models.machines[i]);
	tok_buffer_release(&d->bytes);
}

/* ---- one text ----------------------------------------------------------------------- */

static bool ends_with(struct tok_span text, struct tok_span end)
{
	return end.count > 0 && text.count >= end.count &&
	       tok_span_equal(tok_span_slice(text, text.count - end.count, text.count), end);
}

/* Sets d->ended where that was the last one. */
static enum tok_status draw_symbol(const struct bytes_options *o, struct drawn *d,
				   struct tok_span stop, struct tok_random *random,
				   struct tok_error *err)
{
	double p[TOK_MIX_SYMBOLS];
	const enum tok_status status = bytes_ensemble_look(&d->here, err);
	if (status != TOK_OK)
		return status;
	memcpy(p, d->here.next.p, sizeof p);
	tok_draw_shape(p, o->temperature, o->top_p);
	const size_t symbol = tok_draw(p, random);
	d->exact &= d->here.next.exact;
	d->log_p += log(d->here.next.p[symbol]);
	if (symbol == TOK_MIX_END) {
		d->ended = "end";
		return TOK_OK;
	}
	const uint8_t byte = (uint8_t)symbol;
	if (!tok_buffer_add_byte(&d->bytes, byte))
		return tok_fail_memory(err);
	if (!o->json)
		putchar(byte);
	if (ends_with(tok_buffer_span(&d->bytes), stop))
		d->ended = "stop";
	else if (d->bytes.count >= o->length)
		d->ended = "length";
	return tok_mix_push(d->here.mix, (struct tok_span){ &byte, 1 }, err);
}

static enum tok_status draw_text(const struct bytes_ensemble *e, uint64_t index,
				 struct tok_span stop, struct drawn *d, struct tok_error *err)
{
	struct tok_random random = tok_random_of(e->options->seed, index);
	enum tok_status status = fork_all(e, d, err);
	if (e->options->length == 0)
		d->ended = "length";
	while (status == TOK_OK && !d->ended)
		status = draw_symbol(e->options, d, stop, &random, err);
	return status;
}

static void put_text(const struct drawn *d, uint64_t index)
{
	fputs("{\"type\":\"sample\"", stdout);
	bytes_put_count("i", index, false);
	bytes_put_bytes("text", d->bytes.bytes, d->bytes.count, false);
	bytes_put_count("n", d->bytes.count, false);
	bytes_put_text("ended", d->ended, strlen(d->ended), false);
	bytes_put_number("logP", d->log_p, false);
	bytes_several_put("weights", d->here.next.weights, d->here.models.count);
	bytes_put_flag("exact", d->exact, false);
	puts("}");
}

/* ---- all ------------------------------------------------------------------------------ */

static void put_summary(const struct bytes_ensemble *e, uint64_t bytes)
{
	uint64_t rows = 0;
	for (size_t i = 0; i < e->models.count; i++)
		rows += tok_machine_cost(e->models.machines[i]).rows;
	fputs("{\"type\":\"summary\"", stdout);
	bytes_put_count("samples", e->options->count, false);
	bytes_put_count("bytes", bytes, false);
	bytes_put_count("lm_rows", rows, false);
	puts("}");
}

static enum tok_status draw_texts(struct bytes_ensemble *e, struct tok_span stop,
				  struct tok_error *err)
{
	const struct tok_span text = { (const uint8_t *)e->models.text, e->models.length };
	uint64_t bytes = 0;
	enum tok_status status = tok_mix_push(e->mix, text, err);
	if (status == TOK_OK)
		status = bytes_ensemble_look(e, err);
	for (uint64_t i = 0; status == TOK_OK && i < e->options->count; i++) {
		struct drawn d = { .exact = true };
		status = draw_text(e, i, stop, &d, err);
		bytes += d.bytes.count;
		if (status == TOK_OK && e->options->json)
			put_text(&d, i);
		release(&d);
	}
	if (status == TOK_OK && e->options->json)
		put_summary(e, bytes);
	return status;
}

enum tok_status bytes_ensemble_sample(struct bytes_ensemble *e, struct tok_error *err)
{
	const struct bytes_options *o = e->options;
	struct tok_buffer stop = { 0 };
	if (o->draw || o->dfa || o->constraint)
		return tok_fail(err, TOK_EARG,
				"an ensemble is drawn from byte by byte, without --draw, --dfa and "
				"--constraint");
	if (o->top_p > 1.0)
		return tok_fail(err, TOK_EARG, "--top-p needs a share up to 1, not %g", o->top_p);
	enum tok_status status = TOK_OK;
	if (o->stop_hex)
		status = bytes_read_hex("stop-hex", o->stop_hex, &stop, err);
	if (status == TOK_OK)
		status = draw_texts(e, tok_buffer_span(&stop), err);
	tok_buffer_release(&stop);
	return status;
}
