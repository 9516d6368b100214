/*
 * The network when the n-th allocation fails, for every n: TOK_ENOMEM comes back and nothing
 * stays allocated.
 *
 * Linked with --wrap for malloc, calloc, realloc, aligned_alloc and free.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/heap.h"

#include "tests/unit/hyper_run.h"

static struct hyper_case c;
static struct tok_span json;

static enum tok_status drop(void *context, const struct hyper_predicted *block,
			    struct tok_error *err)
{
	(void)context;
	(void)block;
	(void)err;
	return TOK_OK;
}

static enum tok_status read_it(struct tok_error *err)
{
	struct hyper_config config = { 0 };
	const enum tok_status status = hyper_config_read(json, &config, err);
	hyper_config_release(&config);
	return status;
}

static enum tok_status predict(struct tok_error *err)
{
	const struct hyper_net_options o = { .kernel = hyper_kernel_at(hyper_kernel_count() - 1),
					     .threads = 1,
					     .memo_bytes = 1 };
	const struct hyper_source source = { .in = &c.in };
	const struct hyper_predict_job job = { .end = 40, .block = 16, .sink = drop };
	struct hyper_net *net = NULL;
	enum tok_status status = hyper_net_open(c.weights, &c.config, &o, &net, err);
	if (status == TOK_OK)
		status = hyper_predict(net, &source, &c.surfaces, &job, err);
	hyper_net_free(net);
	return status;
}

static void every_allocation_may_fail(void **state)
{
	enum tok_status (*const ways[])(struct tok_error *) = { read_it, predict };
	(void)state;
	for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
		struct heap_trial trial = heap_trial_begin();
		while (heap_trial_next(&trial)) {
			struct tok_error err = { 0 };
			heap_trial_judge(&trial, ways[i](&err), &err);
		}
		assert_true(trial.n > 2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(every_allocation_may_fail) };
	case_open(&c, "tiny_tied_lang");
	json = fixture_read("hypernet", "tiny_tied_lang.config.json");
	const int failed = cmocka_run_group_tests_name("hyper_net_memory", tests, NULL, NULL);
	free((void *)(uintptr_t)json.bytes);
	case_close(&c);
	return failed;
}
