/* transplant_plan.c - tok transplant plan: what a transplant would be, before a number of the
 * model is read. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/transplant_estimate.h"
#include "cmd/transplant_usage.h"
#include "tok/text/json.h"
#include "tok/text/json_write.h"

enum { SPECIALS_SHOWN = 32 };

struct plan {
	struct transplant_case c;
	struct transplant_choice choice;
	struct transplant_usage usage;
	bool has_usage;
	enum hyper_digits digits[2]; /* of the old tokenizer and the new one */
	size_t rows, old_rows, width;
	struct transplant_estimate takes;
};

static enum tok_status make_plan(struct plan *p, const char *model, const char *target,
				 const struct transplant_options *o, struct tok_error *err)
{
	enum tok_status status = transplant_choose(o, &p->choice, err);
	if (status == TOK_OK)
		status = transplant_case_open(&p->c, model, target, o, err);
	if (status != TOK_OK)
		return status;
	p->rows = transplant_rows(&p->c, &p->choice);
	p->old_rows = p->c.embeddings.input->shape[0];
	p->width = p->c.embeddings.input->shape[1];
	status = transplant_estimate(&p->c, &p->choice, &p->takes, err);
	if (status == TOK_OK)
		status = hyper_digits_of(p->c.source.tokenizer, &p->digits[0], err);
	if (status == TOK_OK)
		status = hyper_digits_of(p->c.target.tokenizer, &p->digits[1], err);
	if (status == TOK_OK && o->text) {
		status = transplant_usage_of(&p->c, o->text, &p->usage, err);
		p->has_usage = true;
	}
	return status;
}

/* ---- told to people ---------------------------------------------------------------------- */

static double percent(double part, double whole)
{
	return whole > 0 ? 100 * part / whole : 0;
}

static size_t count_tokens(const struct hyper_vocab *vocab)
{
	size_t count = 0;
	for (size_t id = 0; id < vocab->count; id++)
		count += vocab->kinds[id] != HYPER_TOKEN_NONE;
	return count;
}

static void tell_vocabularies(const struct plan *p)
{
	const struct hyper_embeddings *e = &p->c.embeddings;
	const struct hyper_vocab *s = &p->c.source.vocab, *t = &p->c.target.vocab;
	printf("model         %zu rows of %zu numbers (%s), %s\n", p->old_rows, p->width,
	       hyper_dtype_name(e->input->dtype),
	       e->tied || !e->output ? "input and output are one matrix"
				     : "input and output are two matrices");
	printf("old tokens    %zu, ids below %zu\n", count_tokens(s), s->count);
	if (s->count > p->old_rows)
		printf("  %zu ids have no row in the model; %zu of them would have matched\n",
		       s->count - p->old_rows, p->c.matches.beyond);
	printf("new tokens    %zu, ids below %zu; the new model has %zu rows\n", count_tokens(t),
	       t->count, p->rows);
}

static void tell_classes(const struct plan *p)
{
	const struct hyper_matches *m = &p->c.matches;
	const double all = (double)(m->count - m->counts[HYPER_MATCH_NONE]);
	printf("\n%-8s%12s%8s", "class", "tokens", "%");
	printf(p->has_usage ? "%14s%8s\n" : "\n", "in the text", "%");
	for (int which = 0; which < HYPER_MATCH_NONE; which++) {
		if (m->counts[which] == 0 && which != HYPER_MATCH_NEW)
			continue;
		printf("%-8s%12zu%8.2f", hyper_match_name((enum hyper_match_class)which),
		       m->counts[which], percent((double)m->counts[which], all));
		if (p->has_usage)
			printf(
			    "%14" PRIu64 "%8.2f", p->usage.classes[which],
			    percent((double)p->usage.classes[which], (double)p->usage.new_tokens));
		putchar('\n');
	}
	if (m->source_duplicates || m->target_duplicates)
		printf("the bytes of %zu old tokens and of %zu new ones are also those of a lower "
		       "id\n",
		       m->source_duplicates, m->target_duplicates);
}

static void put_name(struct tok_span name)
{
	printf("%s", tok_show(name).text);
}

static void tell_specials(const struct plan *p)
{
	const struct hyper_vocab *s = &p->c.source.vocab, *t = &p->c.target.vocab;
	const struct hyper_matches *m = &p->c.matches;
	size_t shown = 0, more = 0;
	for (size_t id = 0; id < t->count; id++) {
		if (t->kinds[id] != HYPER_TOKEN_SPECIAL)
			continue;
		if (shown == SPECIALS_SHOWN) {
			more++;
			continue;
		}
		if (shown++ == 0)
			printf("\nspecial tokens\n");
		printf("  %zu ", id);
		put_name(t->bytes[id]);
		if (m->source[id] == TOK_NO_ID) {
			printf(": new\n");
		} else {
			printf(": %s, the row of %u ", hyper_match_name(m->classes[id]),
			       m->source[id]);
			put_name(s->bytes[m->source[id]]);
			putchar('\n');
		}
	}
	if (more)
		printf("  and %zu more\n", more);
}

static void tell_digits(const struct plan *p)
{
	printf("\ndigits        %s, then %s\n", hyper_digits_name(p->digits[0]),
	       hyper_digits_name(p->digits[1]));
	if (p->digits[0] != p->digits[1])
		printf(
		    "  the model will see numbers cut otherwise than it learnt: of two published "
		    "transplants\n  like that, three quarters of GSM8K were lost "
		    "(arXiv 2506.06607)\n");
}

static void tell_text(const struct plan *p)
{
	const struct transplant_usage *u = &p->usage;
	if (!p->has_usage)
		return;
	printf("\ntext          %" PRIu64 " bytes: %.3f bytes a token, then %.3f\n", u->bytes,
	       u->old_tokens ? (double)u->bytes / (double)u->old_tokens : 0,
	       u->new_tokens ? (double)u->bytes / (double)u->new_tokens : 0);
	printf("  %.2f %% of its tokens would have made-up rows\n", 100 * transplant_usage_made(u));
}

static void tell(const struct plan *p)
{
	tell_vocabularies(p);
	tell_classes(p);
	tell_specials(p);
	tell_digits(p);
	tell_text(p);
	if (transplant_is_one(&p->c))
		printf("\nmethods       %s, for one matrix of both sides\n",
		       transplant_method_name(p->choice.method[TRANSPLANT_IN]));
	else
		printf("\nmethods       %s for the input, %s for the output\n",
		       transplant_method_name(p->choice.method[TRANSPLANT_IN]),
		       transplant_method_name(p->choice.method[TRANSPLANT_OUT]));
	printf("will take     %.1f GFLOP of products, ", p->takes.operations / 1e9);
	if (p->takes.seconds > 1)
		printf("about %" PRIu64 " s by %zu thread%s", p->takes.seconds, p->c.threads,
		       p->c.threads == 1 ? "" : "s");
	else
		printf("less than a second");
	printf("; about %.0f MB of memory\n", ceil((double)p->takes.memory / 1e6));
}

/* ---- told to programs ---------------------------------------------------------------------- */

static enum tok_status tell_json_specials(const struct plan *p, struct tok_error *err)
{
	const struct hyper_vocab *t = &p->c.target.vocab;
	const struct hyper_matches *m = &p->c.matches;
	const char *between = "";
	for (size_t id = 0; id < t->count; id++) {
		struct tok_buffer name = { 0 };
		if (t->kinds[id] != HYPER_TOKEN_SPECIAL)
			continue;
		if (!tok_json_put_string(&name, t->bytes[id]))
			return tok_fail_memory(err);
		printf("%s{\"id\":%zu,\"token\":%.*s,\"class\":\"%s\",\"source\":", between, id,
		       (int)name.count, (const char *)name.bytes, hyper_match_name(m->classes[id]));
		if (m->source[id] == TOK_NO_ID)
			printf("null}");
		else
			printf("%u}", m->source[id]);
		between = ",";
		tok_buffer_release(&name);
	}
	return TOK_OK;
}

static enum tok_status tell_json(const struct plan *p, struct tok_error *err)
{
	const struct hyper_matches *m = &p->c.matches;
	printf("{\"schema\":\"tok.transplant.plan.1\",\"source_rows\":%zu,\"width\":%zu,"
	       "\"dtype\":\"%s\",\"tied\":%s,\"source_tokens\":%zu,\"target_tokens\":%zu,"
	       "\"source_ids\":%zu,\"target_ids\":%zu,\"rows\":%zu,\"beyond\":%zu,\"classes\":{",
	       p->old_rows, p->width, hyper_dtype_name(p->c.embeddings.input->dtype),
	       p->c.embeddings.tied || !p->c.embeddings.output ? "true" : "false",
	       count_tokens(&p->c.source.vocab), count_tokens(&p->c.target.vocab),
	       p->c.source.vocab.count, p->c.target.vocab.count, p->rows, m->beyond);
	for (int which = 0; which < HYPER_MATCH_COUNT; which++)
		printf("%s\"%s\":%zu", which ? "," : "",
		       hyper_match_name((enum hyper_match_class)which), m->counts[which]);
	printf("},\"source_duplicates\":%zu,\"target_duplicates\":%zu,\"specials\":[",
	       m->source_duplicates, m->target_duplicates);
	const enum tok_status status = tell_json_specials(p, err);
	if (status != TOK_OK)
		return status;
	printf("],\"digits\":{\"source\":\"%s\",\"target\":\"%s\"},\"in_method\":\"%s\","
	       "\"out_method\":\"%s\",\"operations\":%.0f,\"seconds\":%" PRIu64
	       ",\"memory\":%" PRIu64 ",\"text\":",
	       hyper_digits_name(p->digits[0]), hyper_digits_name(p->digits[1]),
	       transplant_method_name(p->choice.method[TRANSPLANT_IN]),
	       transplant_method_name(
		   p->choice.method[transplant_is_one(&p->c) ? TRANSPLANT_IN : TRANSPLANT_OUT]),
	       p->takes.operations, p->takes.seconds, p->takes.memory);
	if (!p->has_usage)
		printf("null}\n");
	else
		printf("{\"bytes\":%" PRIu64 ",\"source_tokens\":%" PRIu64
		       ",\"target_tokens\":%" PRIu64 ",\"made\":%.6f}}\n",
		       p->usage.bytes, p->usage.old_tokens, p->usage.new_tokens,
		       transplant_usage_made(&p->usage));
	return TOK_OK;
}

enum cli_exit transplant_plan(const void *options, int argc, char **argv)
{
	const struct transplant_options opts = transplant_settled(options);
	struct plan plan = { 0 };
	struct tok_error err = { 0 };
	if (argc != 2)
		return cli_usage("plan takes a model and a tokenizer, not %d operands", argc);
	const enum cli_exit checked = transplant_check_options(&opts);
	if (checked != CLI_OK)
		return checked;
	enum tok_status status = make_plan(&plan, argv[0], argv[1], &opts, &err);
	if (status == TOK_OK && opts.json)
		status = tell_json(&plan, &err);
	else if (status == TOK_OK)
		tell(&plan);
	transplant_case_close(&plan.c);
	return status == TOK_OK ? CLI_OK : cli_error("%s", err.message);
}
