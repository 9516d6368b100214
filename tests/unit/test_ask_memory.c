/* test_ask_memory.c - each allocation while a model is asked may fail; nothing leaks, and no
 * process is left behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include <sys/wait.h>

#include "heap.h"
#include "vocab/lm/ask.h"
#include "vocab/lm/provider.h"

enum { QUESTIONS = 2 };

typedef enum tok_status opener(const char *where, const struct vocab_ask_options *options,
			       struct vocab_ask **out, struct tok_error *err);

/* Two questions at once, and how they end. */
static enum tok_status live_once(opener *open, const char *where, enum vocab_ask_outcome wanted,
				 struct tok_error *err)
{
	const struct vocab_ask_options options = {
		.most = QUESTIONS, .model = "m", .key = "k", .max_tokens = 3
	};
	struct vocab_ask *ask;
	enum tok_status status = open(where, &options, &ask, err);
	if (status != TOK_OK)
		return status;
	for (uint64_t id = 0; id < QUESTIONS && status == TOK_OK; id++)
		status = vocab_ask_put(ask, id, tok_span_of("what \"is\" it?"), err);
	for (size_t ended = 0; ended < QUESTIONS && status == TOK_OK;) {
		struct vocab_said said;
		bool got;
		status = vocab_ask_get(ask, 1000, &got, &said, err);
		if (status != TOK_OK || !got)
			continue;
		ended++;
		assert_int_equal(said.outcome, wanted);
		if (wanted == VOCAB_ASK_ANSWER)
			assert_true(tok_span_equal(said.output, tok_span_of("what \"is\" it?")));
		else
			assert_true(said.trouble.message[0] != 0);
	}
	vocab_ask_free(ask);
	return status;
}

static void fail_each(opener *open, const char *where, enum vocab_ask_outcome wanted)
{
	struct heap_trial trial = heap_trial_begin();
	while (heap_trial_next(&trial)) {
		struct tok_error err = { 0 };
		heap_trial_judge(&trial, live_once(open, where, wanted, &err), &err);
		assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
		assert_int_equal(errno, ECHILD);
	}
	assert_true(trial.n > 5);
}

static void of_a_process(void **state)
{
	(void)state;
	fail_each(vocab_ask_process, "sed -u s/prompt/output/", VOCAB_ASK_ANSWER);
}

/* Which nobody runs: libcurl's own memory is its own business. */
static void of_a_server(void **state)
{
	(void)state;
	if (!vocab_lm_http())
		skip();
	fail_each(vocab_ask_server, "http://127.0.0.1:9/v1/chat/completions", VOCAB_ASK_AGAIN);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_a_process),
		cmocka_unit_test(of_a_server),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
