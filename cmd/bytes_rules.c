#include "cmd/bytes_rules_internal.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

/* ---- rules ------------------------------------------------------------------------- */

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

static enum cli_exit open_constraint(const struct bytes_options *o, struct vocab_constraint **out)
{
	struct tok_error err = { 0 };
	const uint64_t timeout_ms = o->timeout < UINT64_MAX / 1000 ? o->timeout * 1000 : UINT64_MAX;
	const enum tok_status status = vocab_constraint_open(o->constraint, timeout_ms, out, &err);
	return status == TOK_OK ? CLI_OK : bytes_trouble(NULL, status, &err);
}

enum cli_exit bytes_rules_open(const struct bytes_options *o, struct bytes_rules *out)
{
	struct tok_error err = { 0 };
	enum cli_exit result = CLI_OK;
	*out = (struct bytes_rules){ 0 };
	if (o->stop_hex && bytes_read_hex("stop-hex", o->stop_hex, &out->stop, &err) != TOK_OK)
		result = cli_error("%s", err.message);
	if (result == CLI_OK && o->dfa)
		result = open_automaton(o->dfa, &out->automaton);
	if (result == CLI_OK && o->constraint)
		result = open_constraint(o, &out->constraint);
	if (result != CLI_OK)
		bytes_rules_close(out);
	return result;
}

void bytes_rules_close(struct bytes_rules *rules)
{
	tok_buffer_release(&rules->stop);
	tok_automaton_free(rules->automaton);
	vocab_constraint_free(rules->constraint);
	*rules = (struct bytes_rules){ 0 };
}

bool bytes_rules_weigh(const struct bytes_rules *rules)
{
	return rules->automaton || rules->constraint;
}

uint64_t bytes_rules_calls(const struct bytes_rules *rules)
{
	return rules->constraint ? vocab_constraint_calls(rules->constraint) : 0;
}

bool bytes_rules_stop(const struct bytes_rules *rules, const struct tok_buffer *text)
{
	const size_t count = rules->stop.count;
	return count > 0 && text->count >= count &&
	       memcmp(text->bytes + text->count - count, rules->stop.bytes, count) == 0;
}

/* ---- a draw -------------------------------------------------------------------------- */

void bytes_ruled_begin(struct bytes_ruled *ruled)
{
	ruled->state = TOK_AUTOMATON_START;
	ruled->log_weight = 0;
	ruled->share_count = 0;
}

void bytes_ruled_release(struct bytes_ruled *ruled)
{
	free(ruled->shares);
	*ruled = (struct bytes_ruled){ 0 };
}

struct asking {
	struct vocab_constraint *constraint;
	struct tok_buffer *text;
};

/* May the text so far go on with this? */
static enum tok_status ask(void *context, size_t symbol, bool *allowed, struct tok_error *err)
{
	const struct asking *a = context;
	const bool ends = symbol == TOK_MIX_END;
	if (!ends && !tok_buffer_add_byte(a->text, (uint8_t)symbol))
		return tok_fail_memory(err);
	const enum tok_status status =
	    vocab_constraint_ask(a->constraint, tok_buffer_span(a->text), ends, allowed, err);
	a->text->count -= !ends;
	return status;
}

static void find_allowed(const struct tok_automaton *automaton, uint32_t state,
			 bool allowed[TOK_MIX_SYMBOLS])
{
	for (size_t b = 0; b < 256; b++)
		allowed[b] = tok_automaton_step(automaton, state, (uint8_t)b) != TOK_AUTOMATON_DEAD;
	allowed[TOK_MIX_END] = tok_automaton_accepts(automaton, state);
}

/* 0 only where nothing is possible: what a double cannot hold is the least that it can. */
static double weight_of(double log_weight)
{
	return log_weight > -INFINITY ? fmax(exp(log_weight), DBL_TRUE_MIN) : 0.0;
}

/* The weight is the product of what automaton and process leave. */
static enum tok_status draw_allowed(const struct bytes_rules *rules, struct bytes_ruled *ruled,
				    struct tok_buffer *text, struct tok_draw_law *law,
				    struct tok_random *random, size_t *symbol,
				    struct tok_error *err)
{
	bool allowed[TOK_MIX_SYMBOLS];
	double share = 0, asked = 0;
	struct asking asking = { rules->constraint, text };
	enum tok_status status = TOK_OK;
	memset(allowed, true, sizeof allowed);
	if (rules->automaton)
		find_allowed(rules->automaton, ruled->state, allowed);
	*symbol = tok_draw_masked(law, allowed, random, &share);
	if (rules->constraint) {
		for (size_t s = 0; s < TOK_MIX_SYMBOLS; s++)
			law->p[s] = allowed[s] ? law->p[s] : 0;
		status = tok_draw_rejection(law, ask, &asking, random, symbol, &asked, err);
	}
	if (status != TOK_OK)
		return status;
	if (!tok_grow(&ruled->shares, &ruled->share_capacity, ruled->share_count + 1,
		      sizeof *ruled->shares))
		return tok_fail_memory(err);
	ruled->shares[ruled->share_count++] = weight_of(share + asked);
	ruled->log_weight += share + asked;
	return TOK_OK;
}

enum tok_status bytes_rules_draw(const struct bytes_rules *rules, struct bytes_ruled *ruled,
				 struct tok_buffer *text, struct tok_draw_law *law,
				 struct tok_random *random, size_t *symbol, struct tok_error *err)
{
	if (!bytes_rules_weigh(rules)) {
		*symbol = tok_draw(law, random);
		return TOK_OK;
	}
	const enum tok_status status = draw_allowed(rules, ruled, text, law, random, symbol, err);
	if (status == TOK_OK && rules->automaton && *symbol < TOK_MIX_END)
		ruled->state = tok_automaton_step(rules->automaton, ruled->state, (uint8_t)*symbol);
	return status;
}

/* ---- answers ---------------------------------------------------------------------------- */

void bytes_rules_put(const struct bytes_rules *rules, const struct bytes_ruled *ruled,
		     uint64_t calls)
{
	if (!bytes_rules_weigh(rules))
		return;
	bytes_put_number("weight", weight_of(ruled->log_weight), false);
	bytes_put_number("logW", ruled->log_weight, false);
	fputs(",\"z\":[", stdout);
	for (size_t i = 0; i < ruled->share_count; i++)
		bytes_put_number(NULL, ruled->shares[i], i == 0);
	putchar(']');
	if (rules->automaton)
		bytes_put_flag("accepted", tok_automaton_accepts(rules->automaton, ruled->state),
			       false);
	if (rules->constraint)
		bytes_put_count("calls", calls, false);
}

void bytes_rules_put_all(const struct bytes_rules *rules, double weights, uint64_t count)
{
	if (bytes_rules_weigh(rules))
		bytes_put_number("mean_weight", count ? weights / (double)count : NAN, false);
	if (rules->constraint)
		bytes_put_count("calls", bytes_rules_calls(rules), false);
}

enum cli_exit bytes_rules_tell(uint64_t dead, uint64_t count)
{
	if (dead == 0)
		return CLI_OK;
	cli_error("%" PRIu64 " of %" PRIu64 " samples ended where nothing was possible", dead,
		  count);
	return CLI_NO;
}
