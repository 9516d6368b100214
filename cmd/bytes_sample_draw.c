/* bytes_sample_draw.c - one sample: byte by byte, or token by token behind a cover of the prompt.
 */
#include <math.h>

#include "cmd/bytes_sample_internal.h"
#include "tok/bytes/token_walk.h"

void bytes_drawn_release(struct bytes_drawn *drawn)
{
	tok_buffer_release(&drawn->bytes);
	bytes_ruled_release(&drawn->ruled);
}

static void begin(struct bytes_drawn *d)
{
	tok_buffer_clear(&d->bytes);
	d->end = BYTES_LENGTH;
	bytes_ruled_begin(&d->ruled);
	d->text = (struct tok_text_p){ .exact = true };
	d->special = d->leak = 0;
	d->windows = (struct tok_machine_windows){ 0 };
}

/* Add a byte.  *done: it was the last one. */
static enum tok_status add_byte(const struct bytes_law *law, struct bytes_drawn *d, uint8_t byte,
				bool *done, struct tok_error *err)
{
	if (!tok_buffer_add_byte(&d->bytes, byte))
		return tok_fail_memory(err);
	if (law->echo)
		putchar(byte);
	if (bytes_rules_stop(&law->rules, &d->bytes)) {
		d->end = BYTES_STOP;
		*done = true;
	}
	*done = *done || d->bytes.count >= law->options->length;
	return TOK_OK;
}

/* ---- byte by byte --------------------------------------------------------------------- */

/* What may come next as the options shape it. */
static enum tok_status find_next(const struct bytes_law *law, struct bytes_drawn *d,
				 struct tok_machine *machine, struct tok_next_bytes *next,
				 struct tok_draw_law *shaped, struct tok_error *err)
{
	const enum tok_status status = tok_machine_next(machine, next, err);
	if (status != TOK_OK)
		return status;
	memcpy(shaped->p, next->joint, sizeof next->joint);
	shaped->p[TOK_MIX_END] = next->end;
	memcpy(shaped->small_logs, next->small_logs, sizeof shaped->small_logs);
	d->special = fmax(d->special, next->special);
	d->leak = fmax(d->leak, next->leak);
	d->text.exact = d->text.exact && next->exact;
	tok_draw_shape(shaped, law->options->temperature, law->options->top_p);
	return TOK_OK;
}

/* P of the prompt, what was drawn and this symbol, divided by P of the prompt. */
static struct tok_text_p divide_text(const struct tok_next_bytes *next, size_t symbol,
				     const struct tok_text_p *prompt)
{
	const struct tok_text_p more = tok_next_logs(next, symbol);
	struct tok_text_p out = { .exact = next->exact };
	out.low = out.high = out.log_p = next->log_p - prompt->log_p + more.log_p;
	if (next->known)
		return out;
	out.low = next->log_p_low - prompt->high + more.low;
	out.high = fmin(0, next->log_p_high - prompt->low + more.high);
	return out;
}

static enum tok_status draw_next(const struct bytes_law *law, struct bytes_drawn *d,
				 struct tok_machine *machine, const struct tok_text_p *prompt,
				 struct tok_random *random, bool *done, struct tok_error *err)
{
	struct tok_next_bytes next;
	struct tok_draw_law shaped;
	size_t symbol;
	enum tok_status status = find_next(law, d, machine, &next, &shaped, err);
	if (status != TOK_OK)
		return status;
	status = bytes_rules_draw(&law->rules, &d->ruled, &d->bytes, &shaped, random, &symbol, err);
	if (status != TOK_OK)
		return status;
	if (symbol <= TOK_MIX_END)
		d->text = divide_text(&next, symbol, prompt);
	if (symbol >= TOK_MIX_END) {
		d->end = symbol == TOK_MIX_END ? BYTES_ENDED : BYTES_DEAD;
		*done = true;
		return TOK_OK;
	}
	const uint8_t byte = (uint8_t)symbol;
	status = add_byte(law, d, byte, done, err);
	if (status == TOK_OK && !*done)
		status = tok_machine_push(machine, (struct tok_span){ &byte, 1 }, err);
	return status;
}

static enum tok_status draw_bytes(const struct bytes_law *law, struct bytes_drawn *d,
				  struct tok_random *random, struct tok_error *err)
{
	struct tok_machine *machine;
	struct tok_text_p prompt;
	enum tok_status status = tok_machine_log_p(law->machine, &prompt, err);
	if (status == TOK_OK)
		status = tok_machine_fork(law->machine, &machine, err);
	if (status != TOK_OK)
		return status;
	for (bool done = law->options->length == 0; status == TOK_OK && !done;)
		status = draw_next(law, d, machine, &prompt, random, &done, err);
	d->windows = tok_machine_windows(machine);
	tok_machine_free(machine);
	return status;
}

/* ---- token by token --------------------------------------------------------------------- */

static enum tok_status add_step(const struct bytes_law *law, struct bytes_drawn *d,
				const struct tok_token_step *step, bool *done,
				struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	d->special = fmax(d->special, step->outside);
	if (step->ended) {
		d->end = BYTES_ENDED;
		*done = true;
	}
	for (size_t i = 0; i < step->bytes.count && status == TOK_OK && !*done; i++)
		status = add_byte(law, d, step->bytes.bytes[i], done, err);
	return status;
}

static enum tok_status draw_tokens(const struct bytes_law *law, struct bytes_drawn *d,
				   struct tok_random *random, struct tok_error *err)
{
	struct tok_token_walk *walk;
	struct tok_token_step step;
	struct tok_text_p text = { 0 };
	enum tok_status status = tok_machine_log_p(law->machine, &text, err);
	if (status == TOK_OK)
		status = tok_token_walk_new(law->machine, random, &walk, err);
	if (status != TOK_OK)
		return status;
	d->text =
	    (struct tok_text_p){ NAN, -INFINITY, 0, text.exact }; /* of many rows one is drawn */
	for (bool done = law->options->length == 0; status == TOK_OK && !done;) {
		status = tok_token_walk_next(walk, random, &step, err);
		if (status == TOK_ETEXT) {
			*err = (struct tok_error){ 0 };
			d->end = BYTES_DEAD;
			status = TOK_OK;
			break;
		}
		if (status == TOK_OK)
			status = add_step(law, d, &step, &done, err);
	}
	d->windows = tok_token_walk_windows(walk);
	d->text.exact &= d->windows.count == 1;
	tok_token_walk_free(walk);
	return status;
}

enum tok_status bytes_draw(const struct bytes_law *law, uint64_t index, struct bytes_drawn *out,
			   struct tok_error *err)
{
	struct tok_random random = tok_random_of(law->options->seed, index);
	begin(out);
	return law->options->draw ? draw_tokens(law, out, &random, err)
				  : draw_bytes(law, out, &random, err);
}
