/* test_provider_memory.c - each allocation of a provider's life may fail, and nothing leaks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "heap.h"
#include "toy_lm.h"
#include "vocab/lm/provider.h"

static const tok_id ids[] = { 2, 1 };

static struct tok_tokenizer *bytes_new(void)
{
	struct tok_tokenizer *tokenizer = NULL;
	assert_int_equal(tok_tokenizer_bytes(&tokenizer, NULL), TOK_OK);
	return tokenizer;
}

/* Open, ask for two rows in one question, close. */
static enum tok_status live_once(const char *name, const char *record,
				 const struct tok_tokenizer *tokenizer, struct tok_error *err)
{
	const struct vocab_lm_options options = {
		.record = record, .bos_given = true, .bos = ids, .bos_count = 2
	};
	const struct tok_lm_request requests[] = { { ids, 2 }, { ids, 1 } };
	double numbers[2][8];
	struct tok_lm_row rows[] = { { .log_p = numbers[0] }, { .log_p = numbers[1] } };
	struct tok_lm *lm;
	enum tok_status status = vocab_lm_open(name, tokenizer, &options, &lm, err);
	if (status != TOK_OK)
		return status;
	status = lm->rows(lm, requests, 2, rows, err);
	lm->free(lm);
	return status;
}

static void fail_each(const char *name, const char *record, const struct tok_tokenizer *tokenizer)
{
	struct heap_trial trial = heap_trial_begin();
	while (heap_trial_next(&trial)) {
		struct tok_error err = { 0 };
		heap_trial_judge(&trial, live_once(name, record, tokenizer, &err), &err);
		assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
		assert_int_equal(errno, ECHILD);
	}
	assert_true(trial.n > 5);
}

static void each_allocation_may_fail(void **state)
{
	char path[] = "/tmp/tok-provider-XXXXXX", name[64];
	(void)state;
	const int file = mkstemp(path);
	assert_true(file >= 0);
	close(file);
	struct tok_tokenizer *bytes = bytes_new();
	fail_each("exec:/proc/self/exe --serve", path, bytes);
	snprintf(name, sizeof name, "replay:%s", path);
	fail_each(name, NULL, bytes);
	tok_tokenizer_free(bytes);
	unlink(path);
}

/* Of the server: it tells of what it cannot compute, or ends. */
static void servers_may_run_out_of_memory(void **state)
{
	static const uint8_t question[] = { 0, 0, 0, 0, 2, 0, 0, 0, 6, 0, 0, 0, 12, 0, 0, 0, 1, 0,
					    0, 0, 7, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0,  0, 2, 0, 0, 0 };
	(void)state;
	struct tok_tokenizer *bytes = bytes_new();
	for (size_t n = 1;; n++) {
		int in[2], out[2];
		struct toy_lm toy;
		struct tok_error err = { 0 };
		toy_init(&toy, (struct tok_lm_info){ .name = "toy", .size = 5, .batch = 2 });
		assert_int_equal(pipe(in) | pipe(out), 0);
		assert_int_equal(write(in[1], question, sizeof question), sizeof question);
		close(in[1]);
		const long before = heap.live;
		heap.asked = 0;
		heap.fails_at = n;
		const enum tok_status status =
		    vocab_lm_serve(&toy.base, bytes, in[0], out[1], &err);
		const bool failed = heap.asked >= n;
		heap.fails_at = 0;
		assert_int_equal(heap.live, before);
		assert_true(status == TOK_OK || (failed && status == TOK_ENOMEM));
		close(in[0]);
		close(out[0]);
		close(out[1]);
		if (!failed)
			break;
	}
	tok_tokenizer_free(bytes);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_allocation_may_fail),
		cmocka_unit_test(servers_may_run_out_of_memory),
	};
	if (argc == 2 && strcmp(argv[1], "--serve") == 0) {
		struct toy_lm toy;
		struct tok_tokenizer *bytes = bytes_new();
		toy_init(&toy, (struct tok_lm_info){ .name = "toy", .size = 5, .batch = 2 });
		const enum tok_status status =
		    vocab_lm_serve(&toy.base, bytes, STDIN_FILENO, STDOUT_FILENO, NULL);
		tok_tokenizer_free(bytes);
		return (int)status;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
