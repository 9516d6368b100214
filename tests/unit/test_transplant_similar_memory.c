/* Features and rows of like tokens where memory is out: every allocation fails once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/heap.h"
#include "tests/unit/similar_toys.h"

static struct toy toy;
static struct tok_tokenizer *bytes;

/* `make` with every allocation failing.  `counted`: all that it frees it asked for, which is not so
 * of the line of getline. */
static void fail_each(enum tok_status (*make)(size_t which, struct tok_error *err), size_t which,
		      bool counted)
{
	const long before = heap.live;
	size_t n = 1;
	enum tok_status status;
	do {
		struct tok_error err = { 0 };
		heap.asked = 0;
		heap.fails_at = n;
		status = make(which, &err);
		heap.fails_at = 0;
		if (status != TOK_OK)
			assert_int_equal(status, TOK_ENOMEM);
		if (counted)
			assert_int_equal(heap.live, before);
		n++;
	} while (status != TOK_OK);
	assert_true(n > 4);
}

static enum tok_status make_similar(size_t method, struct tok_error *err)
{
	struct hyper_weights out = { 0 };
	const enum tok_status status =
	    hyper_similar(&toy.job, (enum hyper_similar)method, &toy_options[method], &out, err);
	hyper_weights_release(&out);
	return status;
}

static void similar(void **state)
{
	(void)state;
	for (size_t m = 0; m <= HYPER_SIMILAR_KNN; m++)
		fail_each(make_similar, m, true);
}

static enum tok_status make_features(size_t which, struct tok_error *err)
{
	const struct tok_span texts[] = { tok_span_of("to be or not to be"), tok_span_of("that") };
	const struct hyper_cooc_options o = { .width = 4, .window = 4, .minimum = 2 };
	const struct hyper_rows_view rows = { .floats = **toy.rows, .count = 30, .width = 9 };
	struct hyper_features a = { 0 }, b = { 0 };
	enum tok_status status = TOK_OK;
	if (which == 0)
		status = hyper_features_ngrams(&toy.source, &toy.target, 16, 1, &a, err);
	else if (which == 1)
		status = hyper_features_cooc(&toy.source, &toy.target, texts, 2, &o, toy.job.kernel,
					     1, &a, err);
	else
		status = hyper_features_rows(&toy.source, &toy.target, &rows, NULL, 1, &a, err);
	if (status == TOK_OK)
		status = hyper_features_ngrams(&toy.source, &toy.target, 8, 1, &b, err);
	if (status == TOK_OK)
		status = hyper_features_join(&a, &b, err);
	hyper_features_release(&a);
	hyper_features_release(&b);
	return status;
}

static void features(void **state)
{
	(void)state;
	for (size_t which = 0; which < 3; which++)
		fail_each(make_features, which, true);
}

static char vec_path[] = "/tmp/test_similar_memory_XXXXXX";

static enum tok_status make_vec(size_t which, struct tok_error *err)
{
	struct hyper_features f = { 0 };
	(void)which;
	const enum tok_status status =
	    hyper_features_vec(&toy.source, &toy.target, vec_path, &f, err);
	hyper_features_release(&f);
	return status;
}

static void vectors(void **state)
{
	static const char text[] = "2 3\nold4 1 2 3\n\xE2\x96\x81xxxxxxxxxxxxxxxxx 3 4 5\n";
	const int fd = mkstemp(vec_path);
	(void)state;
	assert_int_equal(write(fd, text, sizeof text - 1), sizeof text - 1);
	close(fd);
	fail_each(make_vec, 0, false);
	unlink(vec_path);
}

static int set_up(void **state)
{
	(void)state;
	toy_init(&toy, 40, 60, 20);
	if (tok_tokenizer_bytes(&bytes, NULL) != TOK_OK)
		return 1;
	toy.source.tokenizer = toy.target.tokenizer = bytes;
	return hyper_kernel_choose(NULL, &toy.job.kernel, NULL) != TOK_OK;
}

static int tear_down(void **state)
{
	(void)state;
	tok_tokenizer_free(bytes);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(similar),
		cmocka_unit_test(features),
		cmocka_unit_test(vectors),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
