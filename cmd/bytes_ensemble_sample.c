/* bytes_ensemble_sample.c - tok bytes ensemble sample: texts drawn from several models as one. */
#include <float.h>
#include <math.h>

#include "cmd/bytes_ensemble_internal.h"
#include "tok/base/random.h"
#include "tok/bytes/draw.h"

/* One text behind the prompt. */
struct drawn {
	struct bytes_ensemble here; /* forks of the machines, and a mix of these */
	struct tok_buffer bytes;
	const char *ended;
	struct tok_text_p text;                           /* with the end if it was drawn */
	double special[TOK_MIX_MOST], leak[TOK_MIX_MOST]; /* the most at any byte */
};

/* ---- forks ------------------------------------------------------------------------ */

static enum tok_status fork_all(const struct bytes_ensemble *e, struct drawn *d,
				struct tok_error *err)
{
	struct bytes_several *models = &d->here.models;
	enum tok_status status = TOK_OK;
	d->here.options = e->options;
	d->here.next = e->next;
	d->text.exact = true;
	memcpy(models->sides, e->models.sides, sizeof models->sides);
	memcpy(d->here.told, e->told, sizeof d->here.told);
	models->count = e->models.count;
	for (size_t i = 0; status == TOK_OK && i < models->count; i++)
		status = tok_machine_fork(e->models.machines[i], &models->machines[i], err);
	return status == TOK_OK ? tok_mix_fork(e->mix, models->machines, &d->here.mix, err)
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

/* Behind the last byte, with the end. */
static struct tok_text_p add_end(const struct drawn *d)
{
	const struct tok_mix_next *next = &d->here.next;
	struct tok_text_p text = d->text;
	text.log_p += tok_mix_next_log(next, TOK_MIX_END);
	text.low += log(next->low[TOK_MIX_END]);
	text.high += log(next->high[TOK_MIX_END]);
	text.exact &= next->exact;
	if (next->p[TOK_MIX_END] < DBL_MIN) /* bounds have not all their digits */
		text.low = -INFINITY;
	if (text.exact)
		text.low = text.high = text.log_p;
	return text;
}

static void note_outside(struct drawn *d)
{
	for (size_t i = 0; i < d->here.models.count; i++) {
		d->special[i] = fmax(d->special[i], d->here.next.special[i]);
		d->leak[i] = fmax(d->leak[i], d->here.next.leak[i]);
	}
}

/* Sets d->ended where that was the last one. */
static enum tok_status draw_symbol(const struct bytes_options *o, struct drawn *d,
				   struct tok_span stop, struct tok_random *random,
				   struct tok_error *err)
{
	double p[TOK_MIX_SYMBOLS];
	enum tok_status status = bytes_ensemble_look(&d->here, err);
	if (status != TOK_OK)
		return status;
	memcpy(p, d->here.next.p, sizeof p);
	tok_draw_shape(p, o->temperature, o->top_p);
	const size_t symbol = tok_draw(p, random);
	note_outside(d);
	if (symbol == TOK_MIX_END) {
		d->text = add_end(d);
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
	status = tok_mix_push(d->here.mix, (struct tok_span){ &byte, 1 }, err);
	d->text = tok_mix_log_p(d->here.mix);
	return status;
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
	bytes_put_number("logP", d->text.log_p, false);
	bytes_ensemble_put(&d->here, &d->text, d->special, d->leak);
	puts("}");
}

/* ---- all ------------------------------------------------------------------------------ */

struct totals {
	uint64_t bytes;
	struct tok_text_p texts;                          /* the product of their P */
	double special[TOK_MIX_MOST], leak[TOK_MIX_MOST]; /* the most of any */
};

static void add_drawn(struct totals *t, const struct drawn *d)
{
	t->bytes += d->bytes.count;
	t->texts.log_p += d->text.log_p;
	t->texts.low += d->text.low;
	t->texts.high += d->text.high;
	t->texts.exact &= d->text.exact;
	for (size_t i = 0; i < d->here.models.count; i++) {
		t->special[i] = fmax(t->special[i], d->special[i]);
		t->leak[i] = fmax(t->leak[i], d->leak[i]);
	}
}

static void put_summary(const struct bytes_ensemble *e, const struct totals *t)
{
	uint64_t rows = 0;
	for (size_t i = 0; i < e->models.count; i++)
		rows += tok_machine_cost(e->models.machines[i]).rows;
	fputs("{\"type\":\"summary\"", stdout);
	bytes_put_count("samples", e->options->count, false);
	bytes_put_count("bytes", t->bytes, false);
	bytes_put_number("logP", t->texts.log_p, false);
	bytes_ensemble_put(e, &t->texts, t->special, t->leak);
	bytes_put_count("lm_rows", rows, false);
	puts("}");
}

static enum tok_status draw_texts(struct bytes_ensemble *e, struct tok_span stop,
				  struct tok_error *err)
{
	const struct tok_span text = { (const uint8_t *)e->models.text, e->models.length };
	struct totals totals = { .texts.exact = true };
	enum tok_status status = tok_mix_push(e->mix, text, err);
	if (status == TOK_OK)
		status = bytes_ensemble_look(e, err);
	for (uint64_t i = 0; status == TOK_OK && i < e->options->count; i++) {
		struct drawn d = { 0 };
		status = draw_text(e, i, stop, &d, err);
		add_drawn(&totals, &d);
		if (status == TOK_OK && e->options->json)
			put_text(&d, i);
		release(&d);
	}
	if (status == TOK_OK && e->options->json)
		put_summary(e, &totals);
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
