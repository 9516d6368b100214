/* bytes_heal.c - tok bytes heal: what the usual ways to go on behind a prompt say of its next byte,
 * beside what is exact. */
#include <math.h>
#include <stdlib.h>

#include "cmd/bytes_fim_internal.h"
#include "tok/bytes/heal.h"

enum { METHODS_MOST = 32 };

/* How many tokens are taken back. */
enum { NAIVE = 0, EXACT = -1, LONGEST = -2 };

struct method {
	const char *name;
	size_t name_length;
	long back;
};

struct healing {
	const struct bytes_options *options;
	struct bytes_fim prompt;
	struct method methods[METHODS_MOST];
	size_t method_count;

	bool has_exact; /* the next is known */
	struct tok_mix_next exact;
	enum cli_exit worst;
};

/* What one method says. */
struct answer {
	const double *p, *lp, *low, *high; /* bounds are NULL where it is exact */
	double special, leak;
	bool exact;                    /* these are */
	const struct tok_text_p *text; /* of exact; or NULL */
	struct tok_machine_windows windows;
	struct tok_buffer written;
	bool ended;
	uint64_t rows;
	size_t back;
};

/* ---- methods ------------------------------------------------------------------------ */

static bool read_method(const char *name, size_t length, struct method *out)
{
	char *end;
	*out = (struct method){ .name = name, .name_length = length };
	if (length == 5 && memcmp(name, "naive", 5) == 0)
		out->back = NAIVE;
	else if (length == 5 && memcmp(name, "exact", 5) == 0)
		out->back = EXACT;
	else if (length == 5 && memcmp(name, "healN", 5) == 0)
		out->back = LONGEST;
	else if (length > 4 && length < 12 && memcmp(name, "heal", 4) == 0 && name[4] > '0' &&
		 name[4] <= '9')
		out->back = strtol(name + 4, &end, 10);
	else
		return false;
	return out->back <= 0 || end == name + length;
}

static enum cli_exit read_methods(struct healing *h)
{
	const char *at = h->options->methods ? h->options->methods : "naive,heal1,healN,exact";
	for (;;) {
		const size_t length = strcspn(at, ",");
		if (h->method_count == METHODS_MOST)
			return cli_usage("--methods takes %d at most", METHODS_MOST);
		if (!read_method(at, length, &h->methods[h->method_count++]))
			return cli_usage(
			    "--methods takes naive, heal1, heal2, ..., healN and exact "
			    "with commas, not '%.*s'",
			    (int)length, at);
		if (at[length] == '\0')
			return CLI_OK;
		at += length + 1;
	}
}

/* ---- answers -------------------------------------------------------------------------- */

static void put_answer(const struct healing *h, const struct method *m, const struct answer *a)
{
	const struct tok_text_p none = { 0 }, *text = a->text ? a->text : &none;
	const struct bytes_bounds bounds = { "logP", &text->low, &text->high, 0 };
	fputs("{\"type\":\"heal\"", stdout);
	bytes_put_text("method", m->name, m->name_length, false);
	bytes_fim_put(&h->prompt);
	if (m->back == EXACT)
		printf(",\"semantics\":\"%s\",\"back\":null",
		       bytes_semantics_name(&h->prompt.side));
	else
		printf(",\"semantics\":null,\"back\":%zu", a->back);
	bytes_put_distribution(&(struct bytes_distribution){ a->p, a->lp, a->low, a->high },
			       (size_t)h->options->top);
	bytes_put_number("special", a->special, false);
	bytes_put_number("leak", a->leak, false);
	bytes_put_bounds(a->exact, &bounds, a->text ? 1 : 0);
	bytes_put_number("jsd_bits", h->has_exact ? tok_mix_divergence(a->p, h->exact.p) : NAN,
			 false);
	bytes_put_bytes("continuation", a->written.bytes, a->written.count, false);
	bytes_put_flag("ended", a->ended, false);
	bytes_put_count("lm_rows", a->rows, false);
	bytes_put_window(&a->windows);
	puts("}");
}

/* Its distribution is asked for first, so that the others can be set beside it. */
struct exact {
	struct tok_machine *machine;
	struct tok_text_p text;
	uint64_t rows;
};

static enum tok_status ask_exactly(struct healing *h, struct exact *exact, struct tok_error *err)
{
	const struct tok_mix_options alone = { .kind = TOK_MIX_LINEAR };
	struct tok_mix *mix = NULL;
	enum tok_status status = bytes_fim_machine(&h->prompt, &exact->machine, err);
	if (status == TOK_OK)
		status = tok_mix_new(&exact->machine, 1, &alone, &mix, err);
	if (status == TOK_OK)
		status = tok_mix_next(mix, &h->exact, err);
	if (status == TOK_OK)
		status = tok_machine_log_p(exact->machine, &exact->text, err);
	tok_mix_free(mix);
	h->has_exact = status == TOK_OK;
	exact->rows = exact->machine ? tok_machine_cost(exact->machine).rows : 0;
	return status;
}

/* The most probable byte, again and again. */
static enum tok_status write_exactly(const struct healing *h, struct tok_mix *mix, struct answer *a,
				     struct tok_error *err)
{
	struct tok_mix_next next = h->exact;
	enum tok_status status = TOK_OK;
	while (status == TOK_OK && a->written.count < h->options->length) {
		size_t best = 0;
		for (size_t s = 1; s < TOK_MIX_SYMBOLS; s++)
			if (next.p[s] > next.p[best])
				best = s;
		a->ended = best == TOK_MIX_END;
		if (a->ended)
			break;
		const uint8_t byte = (uint8_t)best;
		if (!tok_buffer_add_byte(&a->written, byte))
			return tok_fail_memory(err);
		status = tok_mix_push(mix, (struct tok_span){ &byte, 1 }, err);
		if (status == TOK_OK)
			status = tok_mix_next(mix, &next, err);
	}
	return status == TOK_ETEXT ? TOK_OK : status; /* nothing may come */
}

static enum tok_status answer_exactly(struct healing *h, const struct method *m,
				      const struct exact *exact, struct tok_error *err)
{
	const struct tok_mix_options alone = { .kind = TOK_MIX_LINEAR };
	double lp[TOK_MIX_SYMBOLS];
	struct answer a = { .p = h->exact.p,
			    .lp = lp,
			    .low = h->exact.exact ? NULL : h->exact.low,
			    .high = h->exact.exact ? NULL : h->exact.high,
			    .exact = h->exact.exact,
			    .text = &exact->text,
			    .windows = tok_machine_windows(exact->machine),
			    .special = h->exact.special[0],
			    .leak = h->exact.leak[0],
			    .rows = exact->rows };
	for (size_t s = 0; s < TOK_MIX_SYMBOLS; s++)
		lp[s] = tok_mix_next_log(&h->exact, s);
	struct tok_machine *fork = NULL; /* it may be asked twice */
	struct tok_mix *mix = NULL;
	enum tok_status status = tok_machine_fork(exact->machine, &fork, err);
	if (status == TOK_OK)
		status = tok_mix_new(&fork, 1, &alone, &mix, err);
	if (status == TOK_OK)
		status = write_exactly(h, mix, &a, err);
	if (status == TOK_OK)
		put_answer(h, m, &a);
	tok_mix_free(mix);
	tok_machine_free(fork);
	tok_buffer_release(&a.written);
	return status;
}

static enum tok_status answer_healed(struct healing *h, const struct method *m,
				     struct tok_error *err)
{
	struct bytes_fim *prompt = &h->prompt;
	const tok_id *ids = (const tok_id *)(const void *)prompt->ids.bytes;
	const size_t count = prompt->ids.count / sizeof *ids, own = count - prompt->fixed;
	const struct tok_byte_tokens *tokens = prompt->side.tokens;
	struct tok_heal heal;
	size_t back = own < (size_t)m->back ? own : (size_t)m->back;
	if (m->back == LONGEST)
		back = own ? tok_heal_longest(tokens, ids + prompt->fixed, own) : 0;
	enum tok_status status =
	    tok_heal_next(tokens, prompt->side.lm, ids, count, back, &heal, err);
	if (status != TOK_OK)
		return status;
	struct answer a = { .p = heal.p,
			    .lp = heal.log_p,
			    .low = heal.exact ? NULL : heal.low,
			    .high = heal.exact ? NULL : heal.high,
			    .exact = heal.exact,
			    .windows = heal.windows,
			    .special = heal.outside,
			    .rows = heal.rows,
			    .back = heal.back };
	status = tok_heal_greedy(tokens, prompt->side.lm, ids, count, back,
				 (size_t)h->options->length, &a.written, &a.ended, err);
	if (status == TOK_OK)
		put_answer(h, m, &a);
	tok_buffer_release(&a.written);
	return status;
}

/* ---- all methods ------------------------------------------------------------------------ */

static void note(struct healing *h, const struct method *m, enum tok_status status,
		 const struct tok_error *err)
{
	char name[24];
	snprintf(name, sizeof name, "%.*s", (int)m->name_length, m->name);
	const enum cli_exit result = bytes_trouble(name, status, err);
	h->worst = result > h->worst ? result : h->worst;
}

/* One that has no answer does not stop the others; a model that is gone does. */
static void answer_all(struct healing *h)
{
	struct exact exact = { 0 };
	struct tok_error exact_err = { 0 };
	enum tok_status exact_status = TOK_OK;
	for (size_t i = 0; i < h->method_count; i++)
		if (h->methods[i].back == EXACT && !exact.machine && exact_status == TOK_OK)
			exact_status = ask_exactly(h, &exact, &exact_err);
	for (size_t i = 0; i < h->method_count && (int)h->worst != BYTES_PROVIDER; i++) {
		const struct method *m = &h->methods[i];
		struct tok_error err = exact_err;
		enum tok_status status = exact_status;
		if (m->back != EXACT)
			status = answer_healed(h, m, &err);
		else if (status == TOK_OK)
			status = answer_exactly(h, m, &exact, &err);
		if (status != TOK_OK)
			note(h, m, status, &err);
	}
	tok_machine_free(exact.machine);
}

enum cli_exit bytes_heal(const void *options, int argc, char **argv)
{
	struct healing h = { .options = options };
	enum cli_exit result = read_methods(&h);
	if (result != CLI_OK)
		return result;
	result = bytes_fim_open(h.options, argc, argv, &h.prompt);
	if (result != CLI_OK)
		return result;
	if (!h.prompt.open)
		cli_error("psm: <middle> stands behind the prefix, so a token that the prefix ends "
			  "inside of cannot be extended: use spm");
	answer_all(&h);
	bytes_fim_close(&h.prompt);
	return h.worst;
}
