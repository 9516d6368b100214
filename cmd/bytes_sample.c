/* bytes_sample.c - tok bytes sample: what may come behind a text, drawn. */
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

/* ---- what was drawn ------------------------------------------------------------------- */

static void put_sample(const struct bytes_law *law, uint64_t index, const struct bytes_drawn *d,
		       uint64_t calls)
{
	fputs("{\"type\":\"sample\"", stdout);
	bytes_put_count("i", index, false);
	bytes_put_bytes("text", d->bytes.bytes, d->bytes.count, false);
	bytes_put_count("n", d->bytes.count, false);
	printf(",\"ended\":\"%s\"", end_names[d->end]);
	bytes_put_number("logP", d->text.log_p, false);
	bytes_rules_put(&law->rules, &d->ruled, calls);
	bytes_put_certificate(&d->text, d->special, d->leak);
	puts("}");
}

/* Of all samples. */
struct totals {
	uint64_t bytes, dead;
	double weights;
	struct tok_text_p texts; /* the product of their P */
	double special, leak;    /* the most of any */
	struct tok_machine_windows windows;
};

static void add_drawn(struct totals *t, const struct bytes_drawn *d)
{
	t->bytes += d->bytes.count;
	t->dead += d->end == BYTES_DEAD;
	t->weights += exp(d->ruled.log_weight);
	t->texts.log_p += d->text.log_p;
	t->texts.low += d->text.low;
	t->texts.high += d->text.high;
	t->texts.exact = t->texts.exact && d->text.exact;
	t->special = fmax(t->special, d->special);
	t->leak = fmax(t->leak, d->leak);
	if (t->windows.count < d->windows.count)
		t->windows = d->windows;
}

static void put_summary(const struct bytes_law *law, const struct totals *t)
{
	const uint64_t count = law->options->count;
	fputs("{\"type\":\"summary\"", stdout);
	bytes_put_count("samples", count, false);
	bytes_put_count("bytes", t->bytes, false);
	bytes_put_number("logP", t->texts.log_p, false);
	bytes_rules_put_all(&law->rules, t->weights, count);
	bytes_put_certificate(&t->texts, t->special, t->leak);
	bytes_put_count("lm_rows", tok_machine_cost(law->machine).rows, false);
	bytes_put_window(&t->windows);
	puts("}");
}

static enum tok_status draw_all(const struct bytes_law *law, struct totals *t,
				struct tok_error *err)
{
	struct bytes_drawn d = { .end = BYTES_LENGTH };
	enum tok_status status = TOK_OK;
	for (uint64_t i = 0; i < law->options->count && status == TOK_OK; i++) {
		const uint64_t before = bytes_rules_calls(&law->rules);
		status = bytes_draw(law, i, &d, err);
		if (status != TOK_OK)
			break;
		add_drawn(t, &d);
		if (!law->echo)
			put_sample(law, i, &d, bytes_rules_calls(&law->rules) - before);
	}
	bytes_drawn_release(&d);
	return status;
}

static enum cli_exit run(struct bytes_law *law)
{
	struct totals t = { .texts.exact = true, .windows = tok_machine_windows(law->machine) };
	struct tok_error err = { 0 };
	const enum tok_status status = draw_all(law, &t, &err);
	if (status != TOK_OK)
		return bytes_trouble(NULL, status, &err);
	if (law->echo)
		return bytes_rules_tell(t.dead, law->options->count);
	put_summary(law, &t);
	return CLI_OK;
}

enum cli_exit bytes_sample(const void *options, int argc, char **argv)
{
	const struct bytes_options *o = options;
	struct bytes_law law = { .options = o, .echo = !o->json };
	struct bytes_prompt prompt;
	enum cli_exit result = check_options(o);
	if (result != CLI_OK)
		return result;
	result = bytes_rules_open(o, &law.rules);
	if (result == CLI_OK)
		result = bytes_prompt_open(o, argc, argv, 1, &prompt);
	if (result == CLI_OK) {
		law.machine = prompt.machine;
		result = run(&law);
		bytes_prompt_close(&prompt);
	}
	bytes_rules_close(&law.rules);
	return result;
}
