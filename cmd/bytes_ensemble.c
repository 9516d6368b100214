/* bytes_ensemble.c - tok bytes ensemble: several models, over any vocabularies, as one. */
#include <math.h>
#include <stdlib.h>

#include "cmd/bytes_ensemble_internal.h"

static const char *const mix_words[] = { "linear", "bayes", "geometric", "proxy" };

/* ---- weights ---------------------------------------------------------------------- */

/* Numbers with commas, one a model. */
static enum tok_status read_weights(const char *text, double *weights, size_t count,
				    struct tok_error *err)
{
	const char *at = text;
	for (size_t i = 0; i < count; i++) {
		char *end;
		weights[i] = strtod(at, &end);
		if (end == at || *end != (i + 1 < count ? ',' : '\0'))
			return tok_fail(err, TOK_EARG,
					"--weights needs %zu numbers with commas, one a model, "
					"not '%s'",
					count, text);
		at = end + 1;
	}
	return TOK_OK;
}

static enum tok_status make_mix(struct bytes_ensemble *e, struct tok_error *err)
{
	const struct bytes_options *o = e->options;
	struct tok_mix_options options = { .kind = (enum tok_mix_kind)o->mix, .alpha = o->alpha };
	if (o->weights) {
		const enum tok_status status =
		    read_weights(o->weights, e->weights, e->models.count, err);
		if (status != TOK_OK)
			return status;
		options.weights = e->weights;
	} else {
		for (size_t i = 0; i < e->models.count; i++)
			e->weights[i] = 1.0;
	}
	return tok_mix_new(e->models.machines, e->models.count, &options, &e->mix, err);
}

/* ---- steps ------------------------------------------------------------------------ */

/* Others go on without it, but whoever gave it a weight is to know. */
static void tell_left_out(struct bytes_ensemble *e)
{
	for (size_t i = 0; i < e->models.count; i++) {
		if (!e->next.left_out[i] || e->told[i])
			continue;
		e->told[i] = true;
		cli_error("model %zu, '%s', is left out: byte %zu has probability 0", i + 1,
			  e->models.sides[i].lm_name, tok_machine_length(e->models.machines[i]));
	}
}

enum tok_status bytes_ensemble_look(struct bytes_ensemble *e, struct tok_error *err)
{
	const enum tok_status status = tok_mix_next(e->mix, &e->next, err);
	if (status == TOK_OK)
		tell_left_out(e);
	return status;
}

static struct tok_span text_of(const struct bytes_ensemble *e)
{
	return (struct tok_span){ (const uint8_t *)e->models.text, e->models.length };
}

void bytes_ensemble_put(const struct bytes_ensemble *e, const struct tok_text_p *text,
			const double *special, const double *leak)
{
	const struct bytes_bounds bounds = { "logP", &text->low, &text->high, 0 };
	bytes_several_put("weights", e->next.weights, e->models.count);
	bytes_several_put("special", special, e->models.count);
	bytes_several_put("leak", leak, e->models.count);
	bytes_put_bounds(e->next.exact && (text->exact || isnan(text->log_p)), &bounds, 1);
}

/* What each model says of the text, alone: it is impossible for whoever was left out, and who has
 * weight 0 was not asked. */
static enum tok_status ask_alone(struct bytes_ensemble *e, struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	for (size_t i = 0; i < e->models.count && status == TOK_OK; i++) {
		struct tok_machine *machine = e->models.machines[i];
		if (e->next.left_out[i])
			e->alone[i] = (struct tok_text_p){ -INFINITY, -INFINITY, -INFINITY, true };
		else if (tok_machine_length(machine) == e->models.length)
			status = tok_machine_log_p(machine, &e->alone[i], err);
		else
			e->alone[i] = (struct tok_text_p){ NAN, -INFINITY, 0, false };
	}
	return status;
}

static void put_models(const struct bytes_ensemble *e)
{
	fputs(",\"models\":[", stdout);
	for (size_t i = 0; i < e->models.count; i++) {
		const double bits = (double)e->models.length * log(2);
		fputs(i ? ",{" : "{", stdout);
		bytes_several_put_model(&e->models, i);
		bytes_put_number("logP", e->alone[i].log_p, false);
		bytes_put_number("bpb", -e->alone[i].log_p / bits, false);
		bytes_put_certificate(&e->alone[i], e->next.special[i], e->next.leak[i]);
		bytes_put_count("lm_rows", tok_machine_cost(e->models.machines[i]).rows, false);
		const struct tok_machine_windows windows =
		    tok_machine_windows(e->models.machines[i]);
		bytes_put_window(&windows);
		putchar('}');
	}
	putchar(']');
}

/* With room for logarithms. */
static struct bytes_distribution distribution_of(const struct tok_mix_next *next,
						 double lp[TOK_MIX_SYMBOLS])
{
	for (size_t s = 0; s < TOK_MIX_SYMBOLS; s++)
		lp[s] = tok_mix_next_log(next, s);
	return (struct bytes_distribution){ next->p, lp, next->exact ? NULL : next->low,
					    next->exact ? NULL : next->high };
}

/* ---- next --------------------------------------------------------------------------- */

static enum tok_status answer_next(struct bytes_ensemble *e, struct tok_error *err)
{
	const struct tok_mix_next *next = &e->next;
	enum tok_status status = tok_mix_push(e->mix, text_of(e), err);
	if (status == TOK_OK)
		status = bytes_ensemble_look(e, err);
	if (status == TOK_OK)
		status = ask_alone(e, err);
	if (status != TOK_OK)
		return status;
	const struct tok_text_p text = tok_mix_log_p(e->mix);
	double lp[TOK_MIX_SYMBOLS];
	const struct bytes_distribution distribution = distribution_of(next, lp);
	fputs("{\"type\":\"next\"", stdout);
	bytes_put_bytes("prefix", e->models.text, e->models.length, false);
	bytes_put_count("n", e->models.length, false);
	printf(",\"mix\":\"%s\"", mix_words[e->options->mix]);
	bytes_put_log_p(&text);
	bytes_put_distribution(&distribution, (size_t)e->options->top);
	bytes_ensemble_put(e, &text, next->special, next->leak);
	put_models(e);
	puts("}");
	return TOK_OK;
}

/* ---- score -------------------------------------------------------------------------- */

/* e->next is what was told of the place before the byte. */
static void put_byte(const struct bytes_ensemble *e, size_t i, uint8_t byte)
{
	const struct tok_text_p text = tok_mix_log_p(e->mix);
	fputs("{\"type\":\"byte\"", stdout);
	bytes_put_count("i", i, false);
	bytes_put_count("b", byte, false);
	bytes_put_number("lp", tok_mix_next_log(&e->next, byte), false);
	bytes_put_number("H", bytes_entropy(e->next.p), false);
	bytes_put_count("rank", bytes_rank(e->next.p, e->next.small_logs, byte), false);
	bytes_put_number("cum", text.log_p, false);
	bytes_ensemble_put(e, &text, e->next.special, e->next.leak);
	puts("}");
}

static void put_summary(const struct bytes_ensemble *e)
{
	const struct tok_mix_next *next = &e->next;
	const struct tok_text_p text = tok_mix_log_p(e->mix);
	double lp[TOK_MIX_SYMBOLS];
	const struct bytes_distribution distribution = distribution_of(next, lp);
	fputs("{\"type\":\"summary\"", stdout);
	printf(",\"mix\":\"%s\"", mix_words[e->options->mix]);
	bytes_put_count("bytes", e->models.length, false);
	bytes_put_number("nats", -text.log_p, false);
	bytes_put_number("bpb", -text.log_p / ((double)e->models.length * log(2)), false);
	bytes_put_end(&distribution);
	bytes_ensemble_put(e, &text, next->special, next->leak);
	put_models(e);
	puts("}");
}

static enum tok_status answer_score(struct bytes_ensemble *e, struct tok_error *err)
{
	const struct tok_span text = text_of(e);
	enum tok_status status = bytes_ensemble_look(e, err);
	for (size_t i = 0; status == TOK_OK && i < text.count; i++) {
		status = tok_mix_push(e->mix, tok_span_slice(text, i, i + 1), err);
		if (status == TOK_OK && e->options->per_byte)
			put_byte(e, i, text.bytes[i]);
		if (status == TOK_OK)
			status = bytes_ensemble_look(e, err);
	}
	if (status == TOK_OK)
		status = ask_alone(e, err);
	if (status == TOK_OK)
		put_summary(e);
	return status;
}

/* ---- words ---------------------------------------------------------------------------- */

static const struct {
	const char *name;
	enum tok_status (*answer)(struct bytes_ensemble *e, struct tok_error *err);
} words[] = {
	{ "next", answer_next },
	{ "score", answer_score },
	{ "sample", bytes_ensemble_sample },
};

enum cli_exit bytes_ensemble(const void *options, int argc, char **argv)
{
	struct bytes_ensemble e = { .options = options };
	struct tok_error err = { 0 };
	size_t which = 0;
	while (argc > 0 && which < 3 && strcmp(argv[0], words[which].name) != 0)
		which++;
	if (argc == 0 || which == 3)
		return cli_usage("ensemble does next, score or sample, not '%s'",
				 argc ? argv[0] : "");
	enum cli_exit result = bytes_several_open(e.options, argc - 1, argv + 1, &e.models);
	if (result != CLI_OK)
		return result;
	enum tok_status status = make_mix(&e, &err);
	if (status == TOK_OK)
		status = words[which].answer(&e, &err);
	result = status == TOK_OK ? e.result : bytes_trouble(NULL, status, &err);
	tok_mix_free(e.mix);
	bytes_several_close(&e.models);
	return result;
}
