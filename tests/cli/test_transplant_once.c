/* test_transplant_once.c - a method that goes by tokens alone is asked once for both sides. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cmd/transplant_recipes.h"
#include "tests/unit/fixture.h"

#define DATA "../tests/cli/data/"

static size_t asked; /* how often rows were looked for */

enum tok_status __real_hyper_similar(const struct hyper_similar_job *job, enum hyper_similar method,
				     const struct hyper_similar_options *options,
				     struct hyper_weights *out, struct tok_error *err);
enum tok_status __wrap_hyper_similar(const struct hyper_similar_job *job, enum hyper_similar method,
				     const struct hyper_similar_options *options,
				     struct hyper_weights *out, struct tok_error *err);
enum tok_status __real_hyper_subword(const struct hyper_subword_job *job,
				     enum hyper_subword weights, struct hyper_weights *out,
				     struct tok_error *err);
enum tok_status __wrap_hyper_subword(const struct hyper_subword_job *job,
				     enum hyper_subword weights, struct hyper_weights *out,
				     struct tok_error *err);

enum tok_status __wrap_hyper_similar(const struct hyper_similar_job *job, enum hyper_similar method,
				     const struct hyper_similar_options *options,
				     struct hyper_weights *out, struct tok_error *err)
{
	asked++;
	return __real_hyper_similar(job, method, options, out, err);
}

enum tok_status __wrap_hyper_subword(const struct hyper_subword_job *job,
				     enum hyper_subword weights, struct hyper_weights *out,
				     struct tok_error *err)
{
	asked++;
	return __real_hyper_subword(job, weights, out, err);
}

static bool same_sums(const struct hyper_weights *a, const struct hyper_weights *b)
{
	const size_t count = (size_t)(a->rows ? a->ends[a->rows - 1] : 0);
	return a->rows == b->rows && memcmp(a->ends, b->ends, a->rows * sizeof *a->ends) == 0 &&
	       memcmp(a->sources, b->sources, count * sizeof *a->sources) == 0 &&
	       memcmp(a->weights, b->weights, count * sizeof *a->weights) == 0;
}

static void check(const char *in, const char *out, int tie, size_t wanted, bool same)
{
	const struct transplant_options none = { .preset = -1,
						 .temperature = TRANSPLANT_UNSET,
						 .weight = TRANSPLANT_UNSET,
						 .threshold = TRANSPLANT_UNSET,
						 .ridge = -1,
						 .dtype = -1,
						 .seed = TRANSPLANT_SEED_UNSET,
						 .in_method = in,
						 .out_method = out,
						 .tie = tie };
	const struct transplant_options options = transplant_settled(&none);
	char *model = fixture_path(DATA "embed", "model");
	char *target = fixture_path(DATA ".", "merge.json");
	struct transplant_case c = { 0 };
	struct transplant_choice choice;
	struct transplant_recipes r = { 0 };
	struct tok_error err = { 0 };
	asked = 0;
	if (transplant_case_open(&c, model, target, &options, &err) != TOK_OK ||
	    transplant_choose(&options, &choice, &err) != TOK_OK ||
	    transplant_recipes_make(&c, &choice, &r, &err) != TOK_OK)
		fail_msg("%s", err.message);
	if (asked != wanted)
		fail_msg("%s, %s: asked %zu times", in, out, asked);
	const struct hyper_recipe *a = transplant_recipe(&r, TRANSPLANT_IN);
	const struct hyper_recipe *b = transplant_recipe(&r, TRANSPLANT_OUT);
	assert_true(a->weights.rows > 0);
	assert_true((a == b) == (tie == HYPER_TIE_FORCE));
	assert_int_equal(same_sums(&a->weights, &b->weights), same);
	assert_true(r.reports[TRANSPLANT_IN].used.topk == 0 || a == b || !same ||
		    r.reports[TRANSPLANT_IN].used.topk == r.reports[TRANSPLANT_OUT].used.topk);
	transplant_recipes_release(&r);
	transplant_case_close(&c);
	free(model);
	free(target);
}

static void sides_share_what_goes_by_tokens(void **state)
{
	(void)state;
	check("hybrid", "hybrid", HYPER_TIE_KEEP, 1, true);
	check("global", "global", HYPER_TIE_KEEP, 1, true);
	check("subword", "subword", HYPER_TIE_KEEP, 1, true);
	check("hybrid", "hybrid", HYPER_TIE_FORCE, 1, true);
	/* By other rows, or otherwise on the other side. */
	check("eeve", "eeve", HYPER_TIE_KEEP, 2, false);
	check("bil", "bil", HYPER_TIE_KEEP, 2, false);
	check("hybrid", "global", HYPER_TIE_KEEP, 2, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sides_share_what_goes_by_tokens),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
