/* test_provider_lies.c - providers that break their word in one way each: tests/providers/liar.py.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "provider_laws.h"

struct lie {
	const char *form, *mode;
	enum tok_status status;
	const char *message; /* a part of it */
	bool lasting;        /* no more is to be had of this one */
};

static void broken_hellos_are_refused(void **state)
{
	static const struct lie lies[] = {
		{ "frames", "hello-version", TOK_EFORMAT, "version 1 only" },
		{ "frames", "hello-none", TOK_EFORMAT, "no provider" },
		{ "frames", "hello-size", TOK_EFORMAT, "from 1 to 16777216" },
		{ "frames", "hello-eos", TOK_EFORMAT, "at eos[0]" },
		{ "frames", "hello-long", TOK_EFORMAT, "a line of more than" },
		{ "frames", "hello-form", TOK_EFORMAT, "'frames' or 'json'" },
		{ "frames", "hello-tokens", TOK_EFORMAT, "true or false" },
		{ "frames", "hello-cut", TOK_EFORMAT, "its first line" },
		{ "frames", "hello-twice", TOK_EFORMAT, "tokp" },
		{ "frames", "hello-usage", TOK_EFORMAT, "its first line" },
		{ "frames", "hello-die", TOK_EIO, "ended with status 3" },
	};
	(void)state;
	const size_t files = open_files();
	for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
		struct tok_lm *lm;
		struct tok_error err = { 0 };
		print_message("%s: ", lies[i].mode);
		const enum tok_status status =
		    open_liar(lies[i].form, lies[i].mode, NULL, &lm, &err);
		print_message("%s\n", err.message);
		assert_int_equal(status, lies[i].status);
		assert_non_null(strstr(err.message, lies[i].message));
		assert_no_children();
	}
	assert_int_equal(open_files(), files);
}

static void check_lie(const struct lie *lie)
{
	static const tok_id ids[] = { 0, 1, 2 };
	struct tok_lm *lm;
	struct tok_lm_top best[8];
	double row[8];
	struct tok_error err = { 0 };
	const struct tok_lm_request request = { ids, 3 };
	struct tok_lm_row out = { .log_p = row, .best = best };
	assert_int_equal(open_liar(lie->form, lie->mode, NULL, &lm, &err), TOK_OK);
	print_message("%s %s: ", lie->form, lie->mode);
	enum tok_status status = lm->rows(lm, &request, 1, &out, &err);
	print_message("%s\n", err.message);
	assert_int_equal(status, lie->status);
	assert_non_null(strstr(err.message, lie->message));
	assert_non_null(strstr(err.message, "'liar'"));
	if (lie->lasting)
		assert_no_children();

	/* Whoever is gone still says why; whoever refused once may answer. */
	struct tok_error again = { 0 };
	status = lm->rows(lm, &request, 1, &out, &again);
	if (lie->lasting) {
		assert_int_equal(status, lie->status);
		assert_string_equal(again.message, err.message);
	} else if (strcmp(lie->mode, "refuse") == 0) {
		assert_int_equal(status, TOK_OK);
	}
	if (lm->rows(lm, &request, 1, &out, NULL) == TOK_OK) /* nobody wants to know why */
		assert_false(lie->lasting);
	lm->free(lm);
	assert_no_children();
}

static void lies_are_found(void **state)
{
	static const struct lie lies[] = {
		{ "frames", "nan", TOK_EFORMAT, "id 3: this is not a number" },
		{ "frames", "infinite", TOK_EFORMAT, "at most, not inf" },
		{ "frames", "positive", TOK_EFORMAT, "at most, not 0.5" },
		{ "frames", "sum", TOK_EFORMAT, "sum to 0.9, not to 1" },
		{ "frames", "logarithm-2", TOK_EFORMAT, "sum to" },
		{ "frames", "short", TOK_EFORMAT, "another length than promised" },
		{ "frames", "long", TOK_EFORMAT, "should be 21 at most", true },
		{ "frames", "kind", TOK_EFORMAT, "kind 7" },
		{ "frames", "more", TOK_EFORMAT, "should be 21 at most", true },
		{ "frames", "mistaken", TOK_EFORMAT, "to question 2, not to 1", true },
		{ "frames", "operation", TOK_EFORMAT, "no operation 9", true },
		{ "frames", "reserved", TOK_EFORMAT, "not the beginning of a frame", true },
		{ "frames", "endless", TOK_EFORMAT, "a frame of 2147483648 bytes", true },
		{ "frames", "top-twice", TOK_EFORMAT, "is there twice" },
		{ "frames", "top-id", TOK_EFORMAT, "no id 5" },
		{ "frames", "top-many", TOK_EFORMAT, "a frame of", true },
		{ "frames", "top-nan", TOK_EFORMAT, "the rest is not a number" },
		{ "frames", "refuse", TOK_EIO, "it says: 'no \u00fc today'" },
		{ "frames", "cut", TOK_EIO, "ended with status 0", true },
		{ "frames", "die", TOK_EIO, "ended with status 7", true },
		{ "frames", "killed", TOK_EIO, "ended by signal 9", true },
		{ "frames", "leave", TOK_EIO, "ended with status 0", true },
		{ "json", "nan", TOK_EFORMAT, "line 1", true },
		{ "json", "infinite", TOK_EFORMAT, "line 1", true },
		{ "json", "positive", TOK_EFORMAT, "at most, not 0.5" },
		{ "json", "sum", TOK_EFORMAT, "sum to 0.9, not to 1" },
		{ "json", "short", TOK_EFORMAT, "a row of 4 numbers: 5" },
		{ "json", "long", TOK_EFORMAT, "a row of 6 numbers: 5" },
		{ "json", "kind", TOK_EFORMAT, "without a list 'lp'" },
		{ "json", "text", TOK_EFORMAT, "a number or null" },
		{ "json", "mistaken", TOK_EFORMAT, "nobody waits for an answer", true },
		{ "json", "endless", TOK_EFORMAT, "a line of more than", true },
		{ "json", "top-twice", TOK_EFORMAT, "is there twice" },
		{ "json", "top-id", TOK_EFORMAT, "no id 5" },
		{ "json", "top-many", TOK_EFORMAT, "3 ids: 2" },
		{ "json", "top-nan", TOK_EFORMAT, "line 1", true },
		{ "json", "refuse", TOK_EIO, "it says: 'no \u00fc today'" },
		{ "json", "cut", TOK_EIO, "ended with status 0", true },
		{ "json", "die", TOK_EIO, "ended with status 7", true },
	};
	(void)state;
	const size_t files = open_files();
	for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++)
		check_lie(&lies[i]);
	assert_int_equal(open_files(), files);
}

/* What ids are is asked at once, so a model with other ones is never had. */
static void other_tokens_are_refused(void **state)
{
	static const char differ[] =
	    "2 of 5 ids differ: 1 adds 0x780a, here 0x01; 3 adds nothing, here 0x03";
	static const struct lie lies[] = {
		{ "frames", "tokens-other", TOK_EARG, differ },
		{ "frames", "tokens-short", TOK_EFORMAT, "tokens of 4 ids: there should be 5" },
		{ "frames", "tokens-long", TOK_EFORMAT, "5 bytes too many" },
		{ "frames", "tokens-mistaken", TOK_EFORMAT, "to operation 1, not to 2" },
		{ "frames", "tokens-refuse", TOK_EIO, "it says: 'not today'" },
		{ "json", "tokens-other", TOK_EARG, differ },
		{ "json", "tokens-short", TOK_EFORMAT, "a list 'tokens' of 5 texts" },
		{ "json", "tokens-none", TOK_EFORMAT, "a list 'tokens' of 5 texts" },
		{ "json", "tokens-hex", TOK_EFORMAT, "no hex" },
		{ "json", "tokens-odd", TOK_EFORMAT, "a string of hex digits" },
		{ "json", "tokens-mistaken", TOK_EFORMAT, "no answer to question 1" },
		{ "json", "tokens-refuse", TOK_EIO, "it says: 'not today'" },
	};
	(void)state;
	struct tok_tokenizer *bytes = bytes_new();
	const size_t files = open_files();
	for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
		struct tok_lm *lm;
		struct tok_error err = { 0 };
		print_message("%s %s: ", lies[i].form, lies[i].mode);
		const enum tok_status status =
		    open_liar_of(bytes, lies[i].form, lies[i].mode, NULL, &lm, &err);
		print_message("%s\n", err.message);
		assert_int_equal(status, lies[i].status);
		assert_non_null(strstr(err.message, lies[i].message));
		assert_non_null(strstr(err.message, "'liar'"));
		assert_no_children();
	}
	assert_int_equal(open_files(), files);
	tok_tokenizer_free(bytes);
}

/* One refusal among several answers: the next question finds what it asks for. */
static void a_refusal_among_lines_is_only_one(void **state)
{
	struct tok_lm *lm;
	struct tok_error err = { 0 };
	struct tok_lm_request requests[CONTEXTS];
	struct tok_lm_row rows[CONTEXTS];
	double got[CONTEXTS][8];
	(void)state;
	assert_int_equal(open_liar("json", "refuse", NULL, &lm, &err), TOK_OK);
	list_requests(requests);
	for (size_t i = 0; i < CONTEXTS; i++)
		rows[i] = (struct tok_lm_row){ .log_p = got[i] };
	assert_int_equal(lm->rows(lm, requests, CONTEXTS, rows, &err), TOK_EIO);
	assert_non_null(strstr(err.message, "it says"));
	check_full(lm, 1e-15);
	lm->free(lm);
}

/* Impossible is possible: a row with one id. */
static void zeros_are_probabilities(void **state)
{
	static const char *const forms[] = { "frames", "json" };
	(void)state;
	for (size_t f = 0; f < 2; f++) {
		struct tok_lm *lm;
		double row[8];
		struct tok_error err = { 0 };
		assert_int_equal(open_liar(forms[f], "never", NULL, &lm, &err), TOK_OK);
		assert_int_equal(ask_one(lm, NULL, 0, row, &err), TOK_OK);
		assert_true(row[0] == 0);
		for (size_t i = 1; i < 5; i++)
			assert_true(isinf(row[i]) && row[i] < 0);
		lm->free(lm);
	}
}

/* ---- who is late ---- */

struct late {
	const char *form, *mode;
	uint64_t timeout_ms;
	const char *message; /* NULL: it is let go without a question */
};

static bool none_is_left(void)
{
	return waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD;
}

/* Told so, once and again, and gone then. */
static bool is_told(const struct late *late)
{
	struct tok_tokenizer *bytes = bytes_new();
	const struct vocab_lm_options options = { .timeout_ms = late->timeout_ms };
	struct tok_lm *lm;
	double row[8];
	struct tok_error err = { 0 }, again = { 0 };
	enum tok_status status = open_liar_of(bytes, late->form, late->mode, &options, &lm, &err);
	const bool opened = status == TOK_OK;
	if (opened && late->message)
		status = ask_one(lm, NULL, 0, row, &err);
	bool good = late->message
			? status == TOK_EIO && strstr(err.message, late->message) && none_is_left()
			: opened;
	if (opened && late->message)
		good = good && ask_one(lm, NULL, 0, row, &again) == TOK_EIO &&
		       strcmp(err.message, again.message) == 0;
	if (opened)
		lm->free(lm);
	tok_tokenizer_free(bytes);
	good = good && none_is_left();
	if (!good)
		fprintf(stderr, "%s %s: %s\n", late->form, late->mode, err.message);
	return good;
}

/* All at once, each in a process of its own, because they are waited for. */
static void the_late_are_not_waited_for(void **state)
{
	static const struct late late[] = {
		{ "frames", "silent", 50, "did not answer within 0.5 s" },
		{ "frames", "cut-hang", 500, "did not answer within 0.5 s" },
		{ "frames", "hang", 500, "did not answer within 0.5 s" },
		{ "frames", "drip", 500, "did not answer within 0.5 s" },
		{ "frames", "tokens-hang", 500, "did not answer within 0.5 s" },
		{ "frames", "deaf", 500, "did not answer within 0.5 s" },
		{ "frames", "deaf", 10000, NULL }, /* it is killed after a second */
		{ "json", "cut-hang", 500, "did not answer within 0.5 s" },
		{ "json", "hang", 500, "did not answer within 0.5 s" },
		{ "json", "drip", 500, "did not answer within 0.5 s" },
	};
	enum { COUNT = sizeof late / sizeof late[0] };
	pid_t pids[COUNT];
	size_t good = 0;
	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (pids[i] == 0)
			_exit(!is_told(&late[i]));
	}
	for (size_t i = 0; i < COUNT; i++) {
		int how;
		assert_int_equal(waitpid(pids[i], &how, 0), pids[i]);
		good += WIFEXITED(how) && WEXITSTATUS(how) == 0;
	}
	assert_int_equal(good, COUNT);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(broken_hellos_are_refused),
		cmocka_unit_test(lies_are_found),
		cmocka_unit_test(other_tokens_are_refused),
		cmocka_unit_test(a_refusal_among_lines_is_only_one),
		cmocka_unit_test(zeros_are_probabilities),
		cmocka_unit_test(the_late_are_not_waited_for),
	};
	int code;
	if (provider_serve(argc, argv, &code))
		return code;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
