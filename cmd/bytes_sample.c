/* bytes_sample.c - tok bytes sample: what may come behind a text, drawn. */
#include <inttypes.h>
#include <math.h>

#include "cmd/bytes_sample_internal.h"

static const char *const end_names[] = { "end", "stop", "length", "dead" };

/* ---- what is to be drawn ------------------------------------------------------------ */

static enum cli_exit check_options(const struct bytes_options *o)
{
	const bool shaped = o->temperature != 1 || o->top_p != 1;
	if (o->top_p > 1)
		return cli_usage("--top-p needs a share up to 1, not %g", o->top_p);
	if (o->draw && (shaped || o->dfa || o->constraint))
		return cli_usage("--draw cover draws tokens: --temperature, --top-p, --dfa and "
				 "--constraint are of bytes");
	return CLI_OK;
}

static enum cli_exit open_automaton(const char *name, struct tok_automaton **out)
{
	static const char kind[] = "re:";
	struct tok_error err = { 0 };
	if (strncmp(name, kind, sizeof kind - 1) != 0)
		return cli_usage("--dfa needs re:EXPRESSION, not '%s'", name);
	if (tok_automaton_new(tok_span_of(name + sizeof kind - 1), out, &err) != TOK_OK)
		return cli_error("--dfa: %s", err.message);
	return CLI_OK;
}

static enum cli_exit open_law(const struct bytes_options *o, struct bytes_law *law)
{
	struct tok_error err = { 0 };
	enum cli_exit result = CLI_OK;
	if (o->stop_hex && bytes_read_hex("stop-hex", o->stop_hex, &law->stop, &err) != TOK_OK)
		return cli_error("%s", err.message);
	if (o->dfa)
		result = open_automaton(o->dfa, &law->automaton);
	if (result != CLI_OK || !o->constraint)
		return result;
	const uint64_t timeout_ms = o->timeout < UINT64_MAX / 1000 ? o->timeout * 1000 : UINT64_MAX;
	const enum tok_status status =
	    vocab_constraint_open(o->constraint, timeout_ms, &law->constraint, &err);
	return status == TOK_OK ? CLI_OK : bytes_trouble(NULL, status, &err);
}

static void close_law(struct bytes_law *law)
{
	tok_buffer_release(&law->stop);
	tok_automaton_free(law->automaton);
	vocab_constraint_free(law->constraint);
}

/* ---- what was drawn ------------------------------------------------------------------- */

static uint64_t calls_of(const struct bytes_law *law)
{
	return law->constraint ? vocab_constraint_calls(law->constraint) : 0;
}

static void put_weights(const struct bytes_law *law, const struct bytes_drawn *d, uint64_t calls)
{
	bytes_put_number("weight", exp(d->log_weight), false);
	bytes_put_number("logW", d->log_weight, false);
	fputs(",\"z\":[", stdout);
	for (size_t i = 0; i < d->share_count; i++)
		bytes_put_number(NULL, d->shares[i], i == 0);
	putchar(']');
	if (law->automaton)
		bytes_put_flag("accepted", tok_automaton_accepts(law->automaton, d->state), false);
	if (law->constraint)
		bytes_put_count("calls", calls, false);
}

static void put_sample(const struct bytes_law *law, uint64_t index, const struct bytes_drawn *d,
		       uint64_t calls)
{
	fputs("{\"type\":\"sample\"", stdout);
	bytes_put_count("i", index, false);
	bytes_put_bytes("text", d->bytes.bytes, d->bytes.count, false);
	bytes_put_count("n", d->bytes.count, false);
	printf(",\"ended\":\"%s\"", end_names[d->end]);
	bytes_put_number("logP", d->text.log_p, false);
	if (law->automaton || law->constraint)
		put_weights(law, d, calls);
	bytes_put_certificate(&d->text, d->special, d->leak);
	puts("}");
}

/* Of all samples. */
struct totals {
	uint64_t bytes, dead;
	double weights;
	struct tok_text_p texts; /* the product of their P */
	double special, leak;    /* the most of any */
};

static void add_drawn(struct totals *t, const struct bytes_drawn *d)
{
	t->bytes += d->bytes.count;
	t->dead += d->end == BYTES_DEAD;
	t->weights += exp(d->log_weight);
	t->texts.log_p += d->text.log_p;
	t->texts.low += d->text.low;
	t->texts.high += d->text.high;
	t->texts.exact = t->texts.exact && d->text.exact;
	t->special = fmax(t->special, d->special);
	t->leak = fmax(t->leak, d->leak);
}

static void put_summary(const struct bytes_law *law, const struct totals *t)
{
	const uint64_t count = law->options->count;
	fputs("{\"type\":\"summary\"", stdout);
	bytes_put_count("samples", count, false);
	bytes_put_count("bytes", t->bytes, false);
	bytes_put_number("logP", t->texts.log_p, false);
	if (law->automaton || law->constraint)
		bytes_put_number("mean_weight", count ? t->weights / (double)count : NAN, false);
	if (law->constraint)
		bytes_put_count("calls", calls_of(law), false);
	bytes_put_certificate(&t->texts, t->special, t->leak);
	bytes_put_count("lm_rows", tok_machine_cost(law->machine).rows, false);
	puts("}");
}

static enum tok_status draw_all(const struct bytes_law *law, struct totals *t,
				struct tok_error *err)
{
	struct bytes_drawn d = { .end = BYTES_LENGTH };
	enum tok_status status = TOK_OK;
	for (uint64_t i = 0; i < law->options->count && status == TOK_OK; i++) {
		const uint64_t before = calls_of(law);
		status = bytes_draw(law, i, &d, err);
		if (status != TOK_OK)
			break;
		add_drawn(t, &d);
		if (!law->echo)
			put_sample(law, i, &d, calls_of(law) - before);
	}
	bytes_drawn_release(&d);
	return status;
}

static enum cli_exit run(struct bytes_law *law)
{
	struct totals t = { .texts.exact = true };
	struct tok_error err = { 0 };
	const enum tok_status status = draw_all(law, &t, &err);
	if (status != TOK_OK)
		return bytes_trouble(NULL, status, &err);
	if (!law->echo)
		put_summary(law, &t);
	if (!law->echo || t.dead == 0)
		return CLI_OK;
	cli_error("%" PRIu64 " of %" PRIu64 " samples ended where nothing was possible", t.dead,
		  law->options->count);
	return CLI_NO;
}

enum cli_exit bytes_sample(const void *options, int argc, char **argv)
{
	const struct bytes_options *o = options;
	struct bytes_law law = { .options = o, .echo = !o->json };
	struct bytes_prompt prompt;
	enum cli_exit result = check_options(o);
	if (result != CLI_OK)
		return result;
	result = open_law(o, &law);
	if (result == CLI_OK)
		result = bytes_prompt_open(o, argc, argv, &prompt);
	if (result == CLI_OK) {
		law.machine = prompt.machine;
		result = run(&law);
		bytes_prompt_close(&prompt);
	}
	close_law(&law);
	return result;
}
