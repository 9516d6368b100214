/*
 * transplant_eval.c - tok transplant eval: tokens that both vocabularies have are hidden, methods
 * make their rows from what is left, and these are held against the true ones.
 *
 * Hidden tokens are none of the old vocabulary's any more: they match nothing, are near to
 * nothing, and a text that holds one is spelt by others.  The model's statistics (the mean, what
 * random rows are drawn by) are still of all rows.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/transplant_internal.h"
#include "hypernet/transplant/stats.h"
#include "tok/base/random.h"
#include "tok/text/json_write.h"

enum {
	BYTES_LEAST = 3, /* of a token that is hidden: single bytes and pairs are known of all */
	HIDDEN_LEAST = 10,
	METHODS_MOST = 32
};

#define METHODS       "mean,subword,hybrid"
#define DONOR_METHODS METHODS ",omp,procrustes,ridge"

struct eval {
	struct transplant_case c;
	tok_id *wanted, *truth; /* ids of the new vocabulary, and of the old: `count` of each */
	size_t count, shared;   /* shared: that might be hidden */
	uint8_t *kinds;         /* of the old vocabulary without them */
	char *words;            /* --methods, cut at the commas */
	const char *methods[METHODS_MOST];
	size_t method_count;
	struct hyper_recovery results[METHODS_MOST][TRANSPLANT_SIDES]; /* .count: answers */
};

static void release(struct eval *e)
{
	transplant_case_close(&e->c);
	free(e->wanted);
	free(e->truth);
	free(e->kinds);
	free(e->words);
}

static enum tok_status cut_methods(struct eval *e, const struct transplant_options *o,
				   struct tok_error *err)
{
	char *rest = NULL;
	e->words = strdup(o->methods ? o->methods : o->donor ? DONOR_METHODS : METHODS);
	if (!e->words)
		return tok_fail_memory(err);
	for (char *word = strtok_r(e->words, ",", &rest); word; word = strtok_r(NULL, ",", &rest)) {
		enum transplant_method method;
		const char *folder;
		if (!transplant_method_find(word, &method, &folder))
			return tok_fail(err, TOK_EARG,
					"'%s' is no method: tok-transplanting(7) names them", word);
		if (e->method_count == METHODS_MOST)
			return tok_fail(err, TOK_EARG, "at most %d methods", METHODS_MOST);
		e->methods[e->method_count++] = word;
	}
	return e->method_count ? TOK_OK : tok_fail(err, TOK_EARG, "--methods names no method");
}

/* ---- what is hidden ------------------------------------------------------------------ */

static bool may_hide(const struct transplant_case *c, tok_id id)
{
	const struct hyper_vocab *source = &c->source.vocab, *target = &c->target.vocab;
	return c->matches.classes[id] == HYPER_MATCH_EXACT &&
	       target->kinds[id] == HYPER_TOKEN_TEXT &&
	       source->kinds[c->matches.source[id]] == HYPER_TOKEN_TEXT &&
	       target->bytes[id].count >= BYTES_LEAST;
}

/* e->wanted: a share of those that may be, drawn by the seed; rising. */
static enum tok_status draw(struct eval *e, const struct transplant_options *o,
			    struct tok_error *err)
{
	struct transplant_case *c = &e->c;
	struct tok_random random = tok_random_of(o->seed, 0);
	e->wanted = malloc((c->matches.count + 1) * sizeof *e->wanted);
	e->truth = malloc((c->matches.count + 1) * sizeof *e->truth);
	if (!e->wanted || !e->truth)
		return tok_fail_memory(err);
	for (size_t id = 0; id < c->matches.count; id++)
		e->shared += may_hide(c, (tok_id)id);
	size_t left = e->shared, wanted = (size_t)((double)e->shared * o->holdout);
	for (size_t id = 0; id < c->matches.count; id++) {
		if (!may_hide(c, (tok_id)id))
			continue;
		if (tok_random_below(&random, left--) >= wanted)
			continue;
		e->truth[e->count] = c->matches.source[id];
		e->wanted[e->count++] = (tok_id)id;
		wanted--;
	}
	if (e->count < HIDDEN_LEAST)
		return tok_fail(err, TOK_EARG,
				"%zu tokens of %d bytes and more are in both vocabularies, of "
				"which %g are %zu: at least %d are to be hidden",
				e->shared, BYTES_LEAST, o->holdout, e->count, HIDDEN_LEAST);
	return TOK_OK;
}

/* The old vocabulary without the hidden ones, and what that makes of the matches.  A hidden token
 * that then matches another one would not be made by a method: it is not asked for. */
static enum tok_status hide(struct eval *e, struct tok_error *err)
{
	struct transplant_case *c = &e->c;
	size_t count = 0;
	e->kinds = malloc(c->source.vocab.count * sizeof *e->kinds);
	if (!e->kinds)
		return tok_fail_memory(err);
	memcpy(e->kinds, c->source.vocab.kinds, c->source.vocab.count * sizeof *e->kinds);
	for (size_t i = 0; i < e->count; i++)
		e->kinds[e->truth[i]] = HYPER_TOKEN_NONE;
	c->source.vocab.kinds = e->kinds;
	hyper_matches_release(&c->matches);
	const enum tok_status status = transplant_case_match(c, err);
	for (size_t i = 0; i < e->count && status == TOK_OK; i++)
		if (c->matches.source[e->wanted[i]] == TOK_NO_ID) {
			e->truth[count] = e->truth[i];
			e->wanted[count++] = e->wanted[i];
		}
	e->count = count;
	return status;
}

/* ---- what is found --------------------------------------------------------------------- */

/* Which of the tokens have an answer. */
static bool has_answer(const struct transplant_made *made, size_t i)
{
	return made->given ? made->has[i] != 0
			   : made->sums.ends[i] > hyper_weights_begin(&made->sums, i);
}

/* Rows as they are; `out` has room for all. */
static enum tok_status make_rows(const struct eval *e, const struct transplant_made *made,
				 const struct hyper_rows_view *rows, float *out,
				 struct tok_error *err)
{
	const size_t width = rows->tensor->shape[1];
	if (!made->given)
		return hyper_weights_apply(&made->sums, rows, 0, e->count, out, e->c.threads, err);
	memcpy(out, made->given, e->count * width * sizeof *out);
	return TOK_OK;
}

static enum tok_status compare(const struct eval *e, const struct transplant_made *made,
			       enum transplant_side side, struct hyper_recovery *out,
			       struct tok_error *err)
{
	const struct hyper_rows_view rows = { .tensor = transplant_matrix(&e->c, side) };
	const size_t width = rows.tensor->shape[1];
	float *floats = calloc(e->count * width + 1, sizeof *floats);
	tok_id *truth = malloc((e->count + 1) * sizeof *truth);
	size_t count = 0;
	enum tok_status status =
	    floats && truth ? make_rows(e, made, &rows, floats, err) : tok_fail_memory(err);
	for (size_t i = 0; i < e->count && status == TOK_OK; i++)
		if (has_answer(made, i)) {
			memmove(floats + count * width, floats + i * width, width * sizeof *floats);
			truth[count++] = e->truth[i];
		}
	if (status == TOK_OK)
		status = hyper_recovery(floats, truth, count, &rows, e->c.kernel, e->c.threads, out,
					err);
	free(floats);
	free(truth);
	return status;
}

static int count_sides(const struct eval *e)
{
	return transplant_matrix(&e->c, TRANSPLANT_OUT) == transplant_matrix(&e->c, TRANSPLANT_IN)
		   ? 1
		   : TRANSPLANT_SIDES;
}

static enum tok_status try_method(struct eval *e, size_t index, struct tok_error *err)
{
	enum transplant_method method;
	const char *folder;
	enum tok_status status = TOK_OK;
	if (!transplant_method_find(e->methods[index], &method, &folder))
		return tok_fail(err, TOK_EARG, "'%s' is no method", e->methods[index]);
	for (int side = 0; side < count_sides(e) && status == TOK_OK; side++) {
		struct transplant_made made = { 0 };
		status = transplant_make(&e->c, &e->c.matches, (enum transplant_side)side, method,
					 folder, e->wanted, e->count, &made, err);
		if (status == TOK_OK)
			status = compare(e, &made, (enum transplant_side)side,
					 &e->results[index][side], err);
		transplant_made_release(&made);
	}
	return status == TOK_OK ? TOK_OK : tok_fail_in(err, status, "%s", e->methods[index]);
}

static enum tok_status evaluate(struct eval *e, const char *model, const char *target,
				const struct transplant_options *o, struct tok_error *err)
{
	enum tok_status status = cut_methods(e, o, err);
	if (status == TOK_OK)
		status = transplant_case_open(&e->c, model, target, o, err);
	if (status == TOK_OK)
		status = draw(e, o, err);
	if (status == TOK_OK)
		status = hide(e, err);
	for (size_t i = 0; i < e->method_count && status == TOK_OK; i++)
		status = try_method(e, i, err);
	return status;
}

/* ---- told ------------------------------------------------------------------------------ */

static const char *const side_names[TRANSPLANT_SIDES] = { "input", "output" };

static void tell(const struct eval *e)
{
	printf("hidden        %zu of %zu tokens that both have, of %d bytes and more\n\n", e->count,
	       e->shared, BYTES_LEAST);
	printf("%-14s %-7s %9s %9s %9s %7s %7s %7s %9s\n", "method", "side", "centred", "cosine",
	       "distance", "hit@1", "hit@10", "rank", "answers");
	for (size_t i = 0; i < e->method_count; i++)
		for (int side = 0; side < count_sides(e); side++) {
			const struct hyper_recovery *r = &e->results[i][side];
			printf("%-14s %-7s %9.4f %9.4f %9.4f %7.4f %7.4f %7.0f %9zu\n",
			       e->methods[i], side_names[side], r->centred, r->cosine, r->distance,
			       r->hit1, r->hit10, r->median_rank, r->count);
		}
}

static enum tok_status tell_json(const struct eval *e, struct tok_error *err)
{
	const struct transplant_options *o = e->c.options;
	printf("{\"schema\":\"tok.transplant.eval.1\",\"kernel\":\"%s\",\"shared\":%zu,"
	       "\"hidden\":%zu,\"holdout\":%.6g,\"seed\":%" PRIu64 ",\"rows\":%zu,\"methods\":[",
	       hyper_kernel_name(e->c.kernel), e->shared, e->count, o->holdout, o->seed,
	       e->c.embeddings.input->shape[0]);
	for (size_t i = 0; i < e->method_count; i++) {
		struct tok_buffer name = { 0 };
		if (!tok_json_put_string(&name, tok_span_of(e->methods[i])))
			return tok_fail_memory(err);
		printf("%s{\"name\":%.*s,\"sides\":[", i ? "," : "", (int)name.count,
		       (const char *)name.bytes);
		tok_buffer_release(&name);
		for (int side = 0; side < count_sides(e); side++) {
			const struct hyper_recovery *r = &e->results[i][side];
			printf("%s{\"side\":\"%s\",\"answers\":%zu,\"centred\":%.9g,\"cosine\":%."
			       "9g,\"distance\":%.9g,\"hit1\":%.9g,\"hit10\":%.9g,"
			       "\"median_rank\":%.9g}",
			       side ? "," : "", side_names[side], r->count, r->centred, r->cosine,
			       r->distance, r->hit1, r->hit10, r->median_rank);
		}
		printf("]}");
	}
	printf("]}\n");
	return TOK_OK;
}

enum cli_exit transplant_eval(const void *options, int argc, char **argv)
{
	const struct transplant_options opts = transplant_settled(options);
	struct eval eval = { 0 };
	struct tok_error err = { 0 };
	if (argc != 2)
		return cli_usage("eval takes a model and a tokenizer, not %d operands", argc);
	if (!(opts.holdout > 0 && opts.holdout < 1))
		return cli_usage("--holdout takes a share between 0 and 1, not %g", opts.holdout);
	enum cli_exit result = transplant_check_options(&opts);
	if (result == CLI_OK) {
		enum tok_status status = evaluate(&eval, argv[0], argv[1], &opts, &err);
		if (status == TOK_OK && opts.json)
			status = tell_json(&eval, &err);
		else if (status == TOK_OK)
			tell(&eval);
		if (status != TOK_OK)
			result = cli_error("%s", err.message);
	}
	release(&eval);
	return result;
}
