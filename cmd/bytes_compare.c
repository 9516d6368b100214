/* bytes_compare.c - tok bytes compare: two models on the same bytes.  Both are asked for the same
 * symbols behind the same text, whatever their tokens are; what they give to anything else is told
 * beside it. */
#include <math.h>
#include <stdlib.h>

#include "cmd/bytes_several_internal.h"

/* A place in the text, before a byte or at its end. */
struct place {
	size_t at, symbol;                                  /* that comes there; TOK_MIX_END */
	double divergence, divergence_low, divergence_high; /* bits */
	double lp[2], lp_low[2], lp_high[2];                /* of the symbol: P(x b) / P(x) */
	size_t best[2];                                     /* that each finds most probable */
	double special[2], leak[2];
	bool exact;
};

struct comparison {
	const struct bytes_options *options;
	struct bytes_several models;
	/* Sums over places before bytes. */
	double special[2], leak[2];
	double whole[2]; /* nats, were special and leak given to all others */
	double divergence, divergence_low, divergence_high;
	bool exact;         /* at all places */
	size_t differ;      /* places where they prefer different symbols */
	struct place first; /* of them */
	struct place *most; /* most divergent first */
	size_t most_count, most_room;
	struct place end;
};

/* ---- one place -------------------------------------------------------------------- */

static size_t best_of(const double *p)
{
	size_t best = 0;
	for (size_t s = 1; s < TOK_MIX_SYMBOLS; s++)
		if (p[s] > p[best])
			best = s;
	return best;
}

/* What model `i` says there. */
static void write_model(struct place *place, size_t i, const struct tok_next_bytes *next)
{
	const struct tok_text_p lp = tok_next_logs(next, place->symbol);
	place->lp[i] = lp.log_p;
	place->lp_low[i] = lp.low;
	place->lp_high[i] = lp.high;
	place->special[i] = next->special;
	place->leak[i] = next->leak;
	place->exact &= next->exact;
}

static void write_divergence(struct place *place, const struct tok_mix_law laws[2])
{
	place->divergence = tok_mix_divergence(laws[0].p, laws[1].p);
	place->divergence_low = place->divergence_high = place->divergence;
	if (!place->exact)
		tok_mix_divergence_bounds(&laws[0], &laws[1], &place->divergence_low,
					  &place->divergence_high);
}

static enum tok_status look(struct comparison *c, struct place *place, struct tok_error *err)
{
	struct tok_mix_law laws[2];
	place->exact = true;
	for (size_t i = 0; i < 2; i++) {
		struct tok_next_bytes next;
		const enum tok_status status = tok_machine_next(c->models.machines[i], &next, err);
		if (status != TOK_OK)
			return tok_fail_in(err, status, "model %zu", i + 1);
		tok_mix_law_of(&next, &laws[i]);
		write_model(place, i, &next);
		place->best[i] = best_of(laws[i].p);
		if (place->symbol != TOK_MIX_END)
			c->whole[i] -=
			    tok_next_log(&next, place->symbol) - tok_mix_log_whole(&next);
	}
	write_divergence(place, laws);
	return TOK_OK;
}

/* A place before a byte; the one behind the last has no part in sums. */
static void add_place(struct comparison *c, const struct place *place)
{
	for (size_t i = 0; i < 2; i++) {
		c->special[i] += place->special[i];
		c->leak[i] += place->leak[i];
	}
	c->divergence += place->divergence;
	c->divergence_low += place->divergence_low;
	c->divergence_high += place->divergence_high;
	if (place->best[0] != place->best[1] && c->differ++ == 0)
		c->first = *place;
}

static enum tok_status push(struct comparison *c, uint8_t byte, struct tok_error *err)
{
	for (size_t i = 0; i < 2; i++) {
		const enum tok_status status =
		    tok_machine_push(c->models.machines[i], (struct tok_span){ &byte, 1 }, err);
		if (status != TOK_OK)
			return tok_fail_in(err, status, "model %zu", i + 1);
	}
	return TOK_OK;
}

/* ---- all of them -------------------------------------------------------------------- */

/* Of equals the earlier stays in front. */
static void keep_most(struct comparison *c, const struct place *place)
{
	size_t i = c->most_count;
	while (i > 0 && c->most[i - 1].divergence < place->divergence)
		i--;
	if (i == c->most_room)
		return;
	if (c->most_count < c->most_room)
		c->most_count++;
	memmove(c->most + i + 1, c->most + i, (c->most_count - i - 1) * sizeof *c->most);
	c->most[i] = *place;
}

static void put_place(const char *type, const struct place *place)
{
	const struct bytes_bounds bounds[] = {
		{ "jsd_bits", &place->divergence_low, &place->divergence_high, 0 },
		{ "lp", place->lp_low, place->lp_high, 2 },
	};
	printf("{\"type\":\"%s\"", type);
	bytes_put_count("i", place->at, false);
	bytes_put_count("b", place->symbol, false);
	bytes_put_number("jsd_bits", place->divergence, false);
	bytes_several_put("lp", place->lp, 2);
	fputs(",\"best\":[", stdout);
	for (size_t i = 0; i < 2; i++) {
		fputs(i ? "," : "", stdout);
		if (place->best[i] == TOK_MIX_END)
			fputs("\"eos\"", stdout);
		else
			printf("%zu", place->best[i]);
	}
	putchar(']');
	bytes_several_put("special", place->special, 2);
	bytes_several_put("leak", place->leak, 2);
	bytes_put_bounds(place->exact, bounds, 2);
	puts("}");
}

static enum tok_status walk(struct comparison *c, struct tok_error *err)
{
	const uint8_t *text = (const uint8_t *)c->models.text;
	for (size_t i = 0; i <= c->models.length; i++) {
		const bool at_end = i == c->models.length;
		struct place place = { .at = i, .symbol = at_end ? TOK_MIX_END : text[i] };
		enum tok_status status = look(c, &place, err);
		if (status == TOK_OK && !at_end)
			status = push(c, text[i], err);
		if (status != TOK_OK)
			return status;
		c->exact &= place.exact;
		if (at_end) {
			c->end = place;
			break;
		}
		add_place(c, &place);
		keep_most(c, &place);
		if (c->options->per_byte)
			put_place("byte", &place);
	}
	return TOK_OK;
}

/* ---- the answer ---------------------------------------------------------------------- */

static double mean(double sum, size_t count)
{
	return count ? sum / (double)count : 0;
}

static void put_model(const struct comparison *c, size_t which, const struct tok_text_p *text)
{
	const size_t count = c->models.length;
	const double bits = (double)count * log(2);
	putchar('{');
	bytes_several_put_model(&c->models, which);
	bytes_put_number("nats", -text->log_p, false);
	bytes_put_number("bpb", -text->log_p / bits, false);
	bytes_put_number("whole_bpb", c->whole[which] / bits, false);
	bytes_put_number("eos_lp", c->end.lp[which], false);
	bytes_put_certificate(text, mean(c->special[which], count), mean(c->leak[which], count));
	bytes_put_cost(c->models.machines[which]);
	putchar('}');
}

static void put_summary(const struct comparison *c, const struct tok_text_p texts[2])
{
	const size_t count = c->models.length;
	const double special[] = { mean(c->special[0], count), mean(c->special[1], count) },
		     leak[] = { mean(c->leak[0], count), mean(c->leak[1], count) },
		     low = mean(c->divergence_low, count), high = mean(c->divergence_high, count);
	const struct bytes_bounds bounds[] = {
		{ "jsd_bits", &low, &high, 0 },
		{ "eos_jsd_bits", &c->end.divergence_low, &c->end.divergence_high, 0 },
	};
	fputs("{\"type\":\"summary\"", stdout);
	bytes_put_count("bytes", count, false);
	bytes_put_number("jsd_bits", mean(c->divergence, count), false);
	bytes_put_number("eos_jsd_bits", c->end.divergence, false);
	bytes_put_count("differ", c->differ, false);
	bytes_several_put("special", special, 2);
	bytes_several_put("leak", leak, 2);
	bytes_put_bounds(c->exact, bounds, 2);
	fputs(",\"models\":[", stdout);
	put_model(c, 0, &texts[0]);
	putchar(',');
	put_model(c, 1, &texts[1]);
	puts("]}");
}

static enum tok_status put_answer(struct comparison *c, struct tok_error *err)
{
	struct tok_text_p texts[2];
	for (size_t i = 0; i < 2; i++) {
		const enum tok_status status =
		    tok_machine_log_p(c->models.machines[i], &texts[i], err);
		if (status != TOK_OK)
			return status;
		texts[i].exact &=
		    tok_machine_windows(c->models.machines[i]).count == 1; /* the end */
	}
	if (c->differ > 0)
		put_place("first", &c->first);
	for (size_t i = 0; i < c->most_count; i++)
		put_place("most", &c->most[i]);
	put_summary(c, texts);
	return TOK_OK;
}

static enum tok_status compare(struct comparison *c, struct tok_error *err)
{
	const size_t length = c->models.length, top = (size_t)c->options->top;
	c->most_room = top == 0 || top > length ? length : top;
	c->most = calloc(c->most_room + 1, sizeof *c->most);
	if (!c->most)
		return tok_fail_memory(err);
	const enum tok_status status = walk(c, err);
	return status == TOK_OK ? put_answer(c, err) : status;
}

enum cli_exit bytes_compare(const void *options, int argc, char **argv)
{
	struct comparison c = { .options = options, .exact = true };
	struct tok_error err = { 0 };
	if (c.options->lm.count != 2)
		return cli_usage("compare takes two models: --lm was given %zu times",
				 c.options->lm.count);
	enum cli_exit result = bytes_several_open(c.options, argc, argv, &c.models);
	if (result != CLI_OK)
		return result;
	const enum tok_status status = compare(&c, &err);
	if (status != TOK_OK)
		result = bytes_trouble(NULL, status, &err);
	free(c.most);
	bytes_several_close(&c.models);
	return result;
}
