/* bytes_ensemble_sample.c - tok bytes ensemble sample: texts drawn from several models as one. */
#include <math.h>

#include "cmd/bytes_ensemble_internal.h"
#include "cmd/bytes_rules_internal.h"

/* Where nothing was possible. */
static const char dead[] = "dead";

/* One text behind the prompt. */
struct drawn {
	struct bytes_ensemble here; /* forks of the machines, and a mix of these */
	struct tok_buffer bytes;
	struct bytes_ruled ruled;
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
	bytes_ruled_release(&d->ruled);
}

/* ---- one text ----------------------------------------------------------------------- */

/* With the last symbol, which nothing comes behind. */
static struct tok_text_p add_last(const struct drawn *d, size_t symbol)
{
	const struct tok_text_p last = tok_mix_next_logs(&d->here.next, symbol);
	struct tok_text_p text = d->text;
	text.log_p += last.log_p;
	text.low += last.low;
	text.high += last.high;
	text.exact &= last.exact;
	return text;
}

static void note_outside(struct drawn *d)
{
	for (size_t i = 0; i < d->here.models.count; i++) {
		d->special[i] = fmax(d->special[i], d->here.next.special[i]);
		d->leak[i] = fmax(d->leak[i], d->here.next.leak[i]);
	}
}

/* A byte more; sets d->ended where that was the last one. */
static enum tok_status add_byte(const struct bytes_options *o, const struct bytes_rules *rules,
				struct drawn *d, uint8_t byte, struct tok_error *err)
{
	if (!tok_buffer_add_byte(&d->bytes, byte))
		return tok_fail_memory(err);
	if (!o->json)
		putchar(byte);
	if (bytes_rules_stop(rules, &d->bytes))
		d->ended = "stop";
	else if (d->bytes.count >= o->length)
		d->ended = "length";
	if (d->ended) {
		d->text = add_last(d, byte);
		return TOK_OK;
	}
	const enum tok_status status =
	    tok_mix_push(d->here.mix, (struct tok_span){ &byte, 1 }, err);
	d->text = tok_mix_log_p(d->here.mix);
	return status;
}

static enum tok_status draw_symbol(const struct bytes_options *o, const struct bytes_rules *rules,
				   struct drawn *d, struct tok_random *random,
				   struct tok_error *err)
{
	struct tok_draw_law law;
	size_t symbol;
	enum tok_status status = bytes_ensemble_look(&d->here, err);
	if (status != TOK_OK)
		return status;
	memcpy(law.p, d->here.next.p, sizeof law.p);
	memcpy(law.small_logs, d->here.next.small_logs, sizeof law.small_logs);
	tok_draw_shape(&law, o->temperature, o->top_p);
	note_outside(d);
	status = bytes_rules_draw(rules, &d->ruled, &d->bytes, &law, random, &symbol, err);
	if (status != TOK_OK)
		return status;
	if (symbol < TOK_MIX_END)
		return add_byte(o, rules, d, (uint8_t)symbol, err);
	if (symbol == TOK_MIX_END)
		d->text = add_last(d, symbol);
	d->ended = symbol == TOK_MIX_END ? "end" : dead;
	return TOK_OK;
}

static enum tok_status draw_text(const struct bytes_ensemble *e, const struct bytes_rules *rules,
				 uint64_t index, struct drawn *d, struct tok_error *err)
{
	struct tok_random random = tok_random_of(e->options->seed, index);
	enum tok_status status = fork_all(e, d, err);
	bytes_ruled_begin(&d->ruled);
	if (e->options->length == 0)
		d->ended = "length";
	while (status == TOK_OK && !d->ended)
		status = draw_symbol(e->options, rules, d, &random, err);
	return status;
}

static void put_text(const struct bytes_rules *rules, const struct drawn *d, uint64_t index,
		     uint64_t calls)
{
	fputs("{\"type\":\"sample\"", stdout);
	bytes_put_count("i", index, false);
	bytes_put_bytes("text", d->bytes.bytes, d->bytes.count, false);
	bytes_put_count("n", d->bytes.count, false);
	bytes_put_text("ended", d->ended, strlen(d->ended), false);
	bytes_put_number("logP", d->text.log_p, false);
	bytes_rules_put(rules, &d->ruled, calls);
	bytes_ensemble_put(&d->here, &d->text, d->special, d->leak);
	puts("}");
}

/* ---- all ------------------------------------------------------------------------------ */

struct totals {
	uint64_t bytes, dead;
	double weights;
	struct tok_text_p texts;                          /* the product of their P */
	double special[TOK_MIX_MOST], leak[TOK_MIX_MOST]; /* the most of any */
	struct tok_machine_windows windows[TOK_MIX_MOST]; /* the most */
};

static void add_windows(struct totals *t, size_t which, const struct tok_machine *machine)
{
	const struct tok_machine_windows windows = tok_machine_windows(machine);
	if (t->windows[which].count < windows.count)
		t->windows[which] = windows;
}

static void add_drawn(struct totals *t, const struct drawn *d)
{
	t->bytes += d->bytes.count;
	t->dead += d->ended == dead;
	t->weights += exp(d->ruled.log_weight);
	t->texts.log_p += d->text.log_p;
	t->texts.low += d->text.low;
	t->texts.high += d->text.high;
	t->texts.exact &= d->text.exact;
	for (size_t i = 0; i < d->here.models.count; i++) {
		t->special[i] = fmax(t->special[i], d->special[i]);
		t->leak[i] = fmax(t->leak[i], d->leak[i]);
		add_windows(t, i, d->here.models.machines[i]);
	}
}

/* A list with null for models that have none; nothing where none has. */
static void put_windows(const struct totals *t, size_t count)
{
	bool any = false;
	for (size_t i = 0; i < count; i++)
		any |= t->windows[i].ids > 0;
	if (!any)
		return;
	fputs(",\"window\":[", stdout);
	for (size_t i = 0; i < count; i++) {
		fputs(i ? "," : "", stdout);
		if (t->windows[i].ids > 0)
			bytes_put_window_of(&t->windows[i]);
		else
			fputs("null", stdout);
	}
	putchar(']');
}

static void put_summary(const struct bytes_ensemble *e, const struct bytes_rules *rules,
			const struct totals *t)
{
	uint64_t rows = 0;
	for (size_t i = 0; i < e->models.count; i++)
		rows += tok_machine_cost(e->models.machines[i]).rows;
	fputs("{\"type\":\"summary\"", stdout);
	bytes_put_count("samples", e->options->count, false);
	bytes_put_count("bytes", t->bytes, false);
	bytes_put_number("logP", t->texts.log_p, false);
	bytes_rules_put_all(rules, t->weights, e->options->count);
	bytes_ensemble_put(e, &t->texts, t->special, t->leak);
	bytes_put_count("lm_rows", rows, false);
	put_windows(t, e->models.count);
	puts("}");
}

static enum tok_status draw_texts(struct bytes_ensemble *e, const struct bytes_rules *rules,
				  struct totals *t, struct tok_error *err)
{
	const struct bytes_options *o = e->options;
	enum tok_status status = TOK_OK;
	for (uint64_t i = 0; status == TOK_OK && i < o->count; i++) {
		struct drawn d = { 0 };
		const uint64_t before = bytes_rules_calls(rules);
		status = draw_text(e, rules, i, &d, err);
		if (status == TOK_OK) {
			add_drawn(t, &d);
			if (o->json)
				put_text(rules, &d, i, bytes_rules_calls(rules) - before);
		}
		release(&d);
	}
	return status;
}

static enum tok_status draw_all(struct bytes_ensemble *e, const struct bytes_rules *rules,
				struct tok_error *err)
{
	const struct bytes_options *o = e->options;
	const struct tok_span text = { (const uint8_t *)e->models.text, e->models.length };
	struct totals t = { .texts.exact = true };
	enum tok_status status = tok_mix_push(e->mix, text, err);
	if (status == TOK_OK)
		status = bytes_ensemble_look(e, err);
	for (size_t i = 0; i < e->models.count; i++)
		add_windows(&t, i, e->models.machines[i]);
	if (status == TOK_OK)
		status = draw_texts(e, rules, &t, err);
	if (status != TOK_OK)
		return status;
	if (o->json)
		put_summary(e, rules, &t);
	else
		e->result = bytes_rules_tell(t.dead, o->count);
	return TOK_OK;
}

enum tok_status bytes_ensemble_sample(struct bytes_ensemble *e, struct tok_error *err)
{
	const struct bytes_options *o = e->options;
	struct bytes_rules rules;
	if (o->draw)
		return tok_fail(err, TOK_EARG,
				"an ensemble is drawn from byte by byte: there is no --draw");
	if (o->top_p > 1.0)
		return tok_fail(err, TOK_EARG, "--top-p needs a share up to 1, not %g", o->top_p);
	e->result = bytes_rules_open(o, &rules);
	if (e->result != CLI_OK)
		return TOK_OK;
	const enum tok_status status = draw_all(e, &rules, err);
	bytes_rules_close(&rules);
	return status;
}
