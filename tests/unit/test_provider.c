/*
 * test_provider.c - models that processes compute: those that keep their word, those that break
 * it (tests/providers/liar.py), rows that are recorded and replayed, and our own side of the talk.
 *
 *	test_provider --serve full|best|markov     speaks tokp/1 for a toy_lm
 *	test_provider --rows MODEL [RECORD]        prints the row of each line of ids
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "toy_lm.h"
#include "vocab/lm/provider.h"

enum { LARGE = 20000 };

static char liar[4096];

static size_t open_files(void)
{
	size_t count = 0;
	DIR *folder = opendir("/proc/self/fd");
	while (folder && readdir(folder))
		count++;
	if (folder)
		closedir(folder);
	return count;
}

static enum tok_status open_liar(const char *form, const char *mode,
				 const struct vocab_lm_options *options, struct tok_lm **lm,
				 struct tok_error *err)
{
	char name[sizeof liar + 64];
	snprintf(name, sizeof name, "exec:python3 '%s' %s %s", liar, form, mode);
	return vocab_lm_open(name, NULL, options, lm, err);
}

/* Whoever was started has ended and was waited for. */
static void assert_no_children(void)
{
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static enum tok_status ask_one(struct tok_lm *lm, const tok_id *ids, size_t count, double *row,
			       struct tok_error *err)
{
	const struct tok_lm_request request = { ids, count };
	struct tok_lm_row out = { .log_p = row };
	return lm->rows(lm, &request, 1, &out, err);
}

/* ---- those that keep their word ---- */

static const tok_id contexts[][3] = {
	{ 0 }, { 0, 1 }, { 0, 2, 4 }, { 0, 0, 0 }, { 2, 1, 0 }, { 1 }
};
static const size_t lengths[] = { 0, 2, 3, 3, 3, 1 };
enum { CONTEXTS = 6 };

static void list_requests(struct tok_lm_request *requests)
{
	for (size_t i = 0; i < CONTEXTS; i++)
		requests[i] = (struct tok_lm_request){ contexts[i], lengths[i] };
}

/* All in one question, and one by one; a full row is the toy's. */
static void check_full(struct tok_lm *lm, double within)
{
	struct tok_lm_request requests[CONTEXTS];
	struct tok_lm_row rows[CONTEXTS];
	double got[CONTEXTS][8], want[8];
	struct tok_error err = { 0 };
	list_requests(requests);
	for (size_t step = 1; step <= CONTEXTS; step += CONTEXTS - 1) {
		for (size_t i = 0; i < CONTEXTS; i++)
			rows[i] = (struct tok_lm_row){ .log_p = got[i] };
		for (size_t i = 0; i < CONTEXTS; i += step)
			assert_int_equal(lm->rows(lm, requests + i, step, rows + i, &err), TOK_OK);
		for (size_t i = 0; i < CONTEXTS; i++) {
			toy_row(lm->info, requests[i].ids, requests[i].count, want);
			for (size_t id = 0; id < lm->info->size; id++)
				assert_true(fabs(got[i][id] - want[id]) <= within);
		}
	}
}

static void check_best(struct tok_lm *lm, double within)
{
	for (size_t i = 0; i < CONTEXTS; i++) {
		struct tok_lm_top got[2], want[2];
		double full[8];
		const struct tok_lm_request request = { contexts[i], lengths[i] };
		struct tok_lm_row row = { .best = got }, expected = { .best = want };
		struct tok_error err = { 0 };
		assert_int_equal(lm->rows(lm, &request, 1, &row, &err), TOK_OK);
		toy_row(lm->info, request.ids, request.count, full);
		toy_best(full, lm->info->size, &expected);
		assert_int_equal(row.best_count, 2);
		for (size_t k = 0; k < 2; k++) {
			assert_int_equal(got[k].id, want[k].id);
			assert_true(fabs(got[k].log_p - want[k].log_p) <= within);
		}
		assert_true(fabs(row.log_rest - expected.log_rest) <= within);
	}
}

static void honest_providers_are_believed(void **state)
{
	static const struct {
		const char *form, *mode;
		size_t top, batch;
		double within;
	} rows[] = {
		{ "frames", "honest", 0, 64, 1e-6 }, { "frames", "f64", 0, 64, 0 },
		{ "frames", "logits", 0, 64, 1e-5 }, { "frames", "single", 0, 1, 1e-6 },
		{ "frames", "top", 2, 64, 1e-6 },    { "frames", "top-f64", 2, 64, 1e-15 },
		{ "json", "honest", 0, 64, 1e-15 },  { "json", "single", 0, 1, 1e-15 },
		{ "json", "top", 2, 64, 1e-15 },
	};
	(void)state;
	const size_t files = open_files();
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct tok_lm *lm;
		struct tok_error err = { 0 };
		print_message("%s %s\n", rows[i].form, rows[i].mode);
		assert_int_equal(open_liar(rows[i].form, rows[i].mode, NULL, &lm, &err), TOK_OK);
		assert_string_equal(lm->info->name, "liar");
		assert_int_equal(lm->info->size, 5);
		assert_int_equal(lm->info->start_count, 1);
		assert_int_equal(lm->info->start[0], 0);
		assert_int_equal(lm->info->eos_count, 1);
		assert_int_equal(lm->info->eos[0], 4);
		assert_int_equal(lm->info->max_context, 100);
		assert_int_equal(lm->info->top, rows[i].top);
		assert_int_equal(lm->info->batch, rows[i].batch);
		assert_true(lm->info->deterministic);
		if (rows[i].top > 0)
			check_best(lm, rows[i].within);
		else
			check_full(lm, rows[i].within);
		lm->free(lm);
		assert_no_children();
	}
	assert_int_equal(open_files(), files);
}

static void lines_may_come_in_any_order(void **state)
{
	struct tok_lm *lm;
	struct tok_error err = { 0 };
	struct tok_lm_request requests[CONTEXTS];
	struct tok_lm_row rows[CONTEXTS];
	double got[CONTEXTS][8], want[8];
	(void)state;
	assert_int_equal(open_liar("json", "reversed", NULL, &lm, &err), TOK_OK);
	list_requests(requests);
	for (size_t i = 0; i < CONTEXTS; i++)
		rows[i] = (struct tok_lm_row){ .log_p = got[i] };
	assert_int_equal(lm->rows(lm, requests, CONTEXTS, rows, &err), TOK_OK);
	for (size_t i = 0; i < CONTEXTS; i++) {
		toy_row(lm->info, requests[i].ids, requests[i].count, want);
		for (size_t id = 0; id < 5; id++)
			assert_true(fabs(got[i][id] - want[id]) < 1e-15);
	}
	lm->free(lm);
}

/* Questions and answers are both larger than what pipes hold, and each line is answered while the
 * next ones are still being written: whoever does not read and write at once waits for ever. */
static void neither_side_blocks_the_other(void **state)
{
	enum { COUNT = 12, IDS = 60000 };
	static const char *const forms[] = { "json", "frames" };
	tok_id *ids = calloc(IDS, sizeof *ids);
	double *numbers = calloc((size_t)COUNT * LARGE, sizeof *numbers);
	double *want = calloc(LARGE, sizeof *want);
	(void)state;
	assert_true(ids && numbers && want);
	for (size_t k = 0; k < IDS; k++)
		ids[k] = (tok_id)(k * 7 % LARGE);
	for (size_t f = 0; f < 2; f++) {
		struct tok_lm *lm;
		struct tok_error err = { 0 };
		struct tok_lm_request requests[COUNT];
		struct tok_lm_row rows[COUNT];
		assert_int_equal(open_liar(forms[f], "large", NULL, &lm, &err), TOK_OK);
		for (size_t i = 0; i < COUNT; i++) {
			requests[i] = (struct tok_lm_request){ ids, IDS - i };
			rows[i] = (struct tok_lm_row){ .log_p = numbers + i * LARGE };
		}
		assert_int_equal(lm->rows(lm, requests, COUNT, rows, &err), TOK_OK);
		for (size_t i = 0; i < COUNT; i++) {
			toy_row(lm->info, ids, IDS - i, want);
			for (size_t id = 0; id < LARGE; id++)
				assert_true(fabs(rows[i].log_p[id] - want[id]) < 1e-5);
		}
		lm->free(lm);
	}
	free(ids);
	free(numbers);
	free(want);
}

static void start_ids_are_replaced(void **state)
{
	static const tok_id ids[] = { 1, 2 }, wrong[] = { 5 };
	struct vocab_lm_options options = { .bos_given = true, .bos = ids, .bos_count = 2 };
	struct tok_lm *lm;
	struct tok_error err = { 0 };
	(void)state;
	assert_int_equal(open_liar("frames", "honest", &options, &lm, &err), TOK_OK);
	assert_int_equal(lm->info->start_count, 2);
	assert_memory_equal(lm->info->start, ids, sizeof ids);
	lm->free(lm);
	options.bos_count = 0;
	assert_int_equal(open_liar("frames", "honest", &options, &lm, &err), TOK_OK);
	assert_int_equal(lm->info->start_count, 0);
	lm->free(lm);
	options.bos = wrong;
	options.bos_count = 1;
	assert_int_equal(open_liar("frames", "honest", &options, &lm, &err), TOK_EARG);
	assert_no_children();
}

static void contexts_are_looked_at_before_they_are_sent(void **state)
{
	tok_id ids[101] = { 0 };
	double row[8];
	struct tok_lm *lm;
	struct tok_error err = { 0 };
	(void)state;
	assert_int_equal(open_liar("frames", "honest", NULL, &lm, &err), TOK_OK);
	assert_int_equal(ask_one(lm, ids, 101, row, &err), TOK_ELIMIT);
	assert_non_null(strstr(err.message, "takes 100"));
	ids[3] = 5;
	assert_int_equal(ask_one(lm, ids, 10, row, &err), TOK_EARG);
	ids[3] = 4;
	assert_int_equal(ask_one(lm, ids, 100, row, &err), TOK_OK);
	lm->free(lm);
}

/* ---- those that break it ---- */

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
		{ "frames", "hello-cut", TOK_EFORMAT, "its first line" },
		{ "frames", "hello-twice", TOK_EFORMAT, "tokp" },
		{ "frames", "hello-usage", TOK_EFORMAT, "its first line" },
		{ "frames", "hello-die", TOK_EIO, "ended with status 3" },
		{ "frames", "silent", TOK_EIO, "did not answer within 2 s" },
	};
	const struct vocab_lm_options options = { .timeout_ms = 200 };
	(void)state;
	const size_t files = open_files();
	for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
		struct tok_lm *lm;
		struct tok_error err = { 0 };
		print_message("%s: ", lies[i].mode);
		const enum tok_status status =
		    open_liar(lies[i].form, lies[i].mode, &options, &lm, &err);
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
	const struct vocab_lm_options options = { .timeout_ms = 1000 };
	struct tok_lm *lm;
	struct tok_lm_top best[8];
	double row[8];
	struct tok_error err = { 0 };
	const struct tok_lm_request request = { ids, 3 };
	struct tok_lm_row out = { .log_p = row, .best = best };
	assert_int_equal(open_liar(lie->form, lie->mode, &options, &lm, &err), TOK_OK);
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
		{ "frames", "cut-hang", TOK_EIO, "did not answer within 1 s", true },
		{ "frames", "die", TOK_EIO, "ended with status 7", true },
		{ "frames", "killed", TOK_EIO, "ended by signal 9", true },
		{ "frames", "hang", TOK_EIO, "did not answer within 1 s", true },
		{ "frames", "leave", TOK_EIO, "ended with status 0", true },
		{ "frames", "deaf", TOK_EIO, "did not answer within 1 s", true },
		{ "json", "nan", TOK_EFORMAT, "line 1" },
		{ "json", "infinite", TOK_EFORMAT, "line 1" },
		{ "json", "positive", TOK_EFORMAT, "at most, not 0.5" },
		{ "json", "sum", TOK_EFORMAT, "sum to 0.9, not to 1" },
		{ "json", "short", TOK_EFORMAT, "a row of 4 numbers: 5" },
		{ "json", "long", TOK_EFORMAT, "a row of 6 numbers: 5" },
		{ "json", "kind", TOK_EFORMAT, "without a list 'lp'" },
		{ "json", "text", TOK_EFORMAT, "a number or null" },
		{ "json", "mistaken", TOK_EFORMAT, "nobody waits for an answer" },
		{ "json", "endless", TOK_EFORMAT, "a line of more than", true },
		{ "json", "top-twice", TOK_EFORMAT, "is there twice" },
		{ "json", "top-id", TOK_EFORMAT, "no id 5" },
		{ "json", "top-many", TOK_EFORMAT, "3 ids: 2" },
		{ "json", "top-nan", TOK_EFORMAT, "line 1" },
		{ "json", "refuse", TOK_EIO, "it says: 'no \u00fc today'" },
		{ "json", "cut", TOK_EIO, "ended with status 0", true },
		{ "json", "cut-hang", TOK_EIO, "did not answer within 1 s", true },
		{ "json", "die", TOK_EIO, "ended with status 7", true },
		{ "json", "hang", TOK_EIO, "did not answer within 1 s", true },
	};
	(void)state;
	const size_t files = open_files();
	for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++)
		check_lie(&lies[i]);
	assert_int_equal(open_files(), files);
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

/* Who does not read nor go when its input ends is killed after a second. */
static void the_deaf_are_ended(void **state)
{
	struct tok_lm *lm;
	struct tok_error err = { 0 };
	(void)state;
	assert_int_equal(open_liar("frames", "deaf", NULL, &lm, &err), TOK_OK);
	lm->free(lm);
	assert_no_children();
}

/* ---- commands ---- */

static void commands_become_words(void **state)
{
	static const struct {
		const char *name;
		enum tok_status status;
		const char *message;
	} rows[] = {
		{ "exec:", TOK_EARG, "there is no command" },
		{ "exec:  \t ", TOK_EARG, "there is no command" },
		{ "exec:a 'b", TOK_EARG, "has no end" },
		{ "exec:a \"b\\\"", TOK_EARG, "has no end" },
		{ "exec:/no/such/program x", TOK_EIO, "'/no/such/program'" },
		{ "exec:\"/no/such pro\"gram\\ 'a\\b' x", TOK_EIO, "'/no/such program a\\b'" },
		{ "exec:''", TOK_EIO, "''" },
		{ "nonsense", TOK_EARG, "no such kind" },
		{ "execute:true", TOK_EARG, "no such kind" },
		{ "exec:true; echo", TOK_EIO, "'true;'" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct tok_lm *lm;
		struct tok_error err = { 0 };
		assert_int_equal(vocab_lm_open(rows[i].name, NULL, NULL, &lm, &err),
				 rows[i].status);
		assert_non_null(strstr(err.message, rows[i].message));
		assert_no_children();
	}
}

/* ---- our own side, and records ---- */

static struct tok_lm_info info_of(const char *mode)
{
	static const tok_id start[] = { 0 }, eos[] = { 4, 2 };
	struct tok_lm_info info = {
		.name = "toy \"\xc3\xbc\"",
		.size = 5,
		.start = start,
		.start_count = 1,
		.eos = eos,
		.eos_count = 2,
		.max_context = 100,
		.batch = 4,
		.deterministic = true,
	};
	if (strcmp(mode, "best") == 0)
		info.top = 2;
	if (strcmp(mode, "markov") == 0)
		info.markov_order = 2;
	return info;
}

static int serve(const char *mode)
{
	struct toy_lm toy;
	struct tok_error err = { 0 };
	toy_init(&toy, info_of(mode));
	if (vocab_lm_serve(&toy.base, STDIN_FILENO, STDOUT_FILENO, &err) == TOK_OK)
		return 0;
	fprintf(stderr, "%s\n", err.message);
	return 2;
}

static void check_info(const struct tok_lm_info *got, const struct tok_lm_info *want)
{
	assert_string_equal(got->name, want->name);
	assert_int_equal(got->size, want->size);
	assert_int_equal(got->start_count, want->start_count);
	assert_memory_equal(got->start, want->start, want->start_count * sizeof(tok_id));
	assert_int_equal(got->eos_count, want->eos_count);
	assert_memory_equal(got->eos, want->eos, want->eos_count * sizeof(tok_id));
	assert_int_equal(got->max_context, want->max_context);
	assert_int_equal(got->markov_order, want->markov_order);
	assert_int_equal(got->top, want->top);
	assert_int_equal(got->batch, want->batch);
	assert_int_equal(got->deterministic, want->deterministic);
}

static void check_mode(const char *mode, struct tok_lm *lm)
{
	const struct tok_lm_info info = info_of(mode);
	check_info(lm->info, &info);
	if (info.top > 0)
		check_best(lm, 0);
	else
		check_full(lm, 0);
}

static const char *const modes[] = { "full", "best", "markov" };

static void what_is_served_is_the_model_bit_for_bit(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
		char name[64];
		struct tok_lm *lm;
		double row[8];
		struct tok_error err = { 0 };
		snprintf(name, sizeof name, "exec:/proc/self/exe --serve %s", modes[i]);
		assert_int_equal(vocab_lm_open(name, NULL, NULL, &lm, &err), TOK_OK);
		check_mode(modes[i], lm);
		const tok_id last[] = { 1, 3 };
		struct tok_lm_top best[2];
		const struct tok_lm_request request = { last, 2 };
		struct tok_lm_row out = { .log_p = row, .best = best };
		assert_int_equal(lm->rows(lm, &request, 1, &out, &err), TOK_EIO);
		assert_non_null(strstr(err.message, "nothing comes after 3"));
		check_mode(modes[i], lm);
		lm->free(lm);
		assert_no_children();
	}
}

static void temporary(char path[32])
{
	strcpy(path, "/tmp/tok-provider-XXXXXX");
	const int file = mkstemp(path);
	assert_true(file >= 0);
	close(file);
}

static void what_is_recorded_is_replayed_bit_for_bit(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
		char path[32], name[64];
		struct tok_lm *lm;
		struct tok_error err = { 0 };
		const struct vocab_lm_options options = { .record = path };
		temporary(path);
		snprintf(name, sizeof name, "exec:/proc/self/exe --serve %s", modes[i]);
		assert_int_equal(vocab_lm_open(name, NULL, &options, &lm, &err), TOK_OK);
		check_mode(modes[i], lm);
		lm->free(lm);

		snprintf(name, sizeof name, "replay:%s", path);
		assert_int_equal(vocab_lm_open(name, NULL, NULL, &lm, &err), TOK_OK);
		check_mode(modes[i], lm);
		const tok_id unknown[] = { 1, 1, 1 };
		double row[8];
		assert_int_equal(ask_one(lm, unknown, 3, row, &err), TOK_EARG);
		assert_non_null(strstr(err.message, "no row was recorded"));
		lm->free(lm);
		unlink(path);
	}
}

static void write_file(const char *path, const uint8_t *bytes, size_t count)
{
	FILE *file = fopen(path, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, count, file), count);
	assert_int_equal(fclose(file), 0);
}

/* Open and ask everything: whatever happens, it is an answer or an error. */
static enum tok_status try_replay(const char *name)
{
	struct tok_lm *lm;
	struct tok_error err = { 0 };
	enum tok_status status = vocab_lm_open(name, NULL, NULL, &lm, &err);
	if (status != TOK_OK)
		return status;
	double *row = calloc(lm->info->size, sizeof *row);
	struct tok_lm_top *best = calloc(lm->info->top + 1, sizeof *best);
	assert_true(row && best);
	for (size_t i = 0; i < CONTEXTS; i++) {
		const struct tok_lm_request request = { contexts[i], lengths[i] };
		struct tok_lm_row out = { .log_p = row, .best = best };
		const enum tok_status one = lm->rows(lm, &request, 1, &out, &err);
		status = one == TOK_OK ? status : one;
	}
	lm->free(lm);
	free(row);
	free(best);
	return status;
}

static void damaged_records_do_no_harm(void **state)
{
	(void)state;
	for (size_t m = 0; m < 2; m++) {
		char path[32], name[64];
		struct toy_lm toy;
		struct tok_lm *lm;
		struct tok_error err = { 0 };
		const struct vocab_lm_options options = { .record = path };
		temporary(path);
		toy_init(&toy, info_of(modes[m]));
		snprintf(name, sizeof name, "exec:/proc/self/exe --serve %s", modes[m]);
		assert_int_equal(vocab_lm_open(name, NULL, &options, &lm, &err), TOK_OK);
		check_mode(modes[m], lm);
		lm->free(lm);

		static uint8_t good[8192], bad[8192];
		FILE *file = fopen(path, "rb");
		assert_non_null(file);
		const size_t count = fread(good, 1, sizeof good, file);
		assert_true(count > 0 && count < sizeof good);
		fclose(file);
		snprintf(name, sizeof name, "replay:%s", path);
		size_t refused = 0;
		for (size_t i = 0; i < count; i++) {
			write_file(path, good, i);
			refused += try_replay(name) != TOK_OK;
			memcpy(bad, good, count);
			bad[i] ^= (uint8_t)(1u << i % 8);
			write_file(path, bad, count);
			(void)try_replay(name);
		}
		/* Cut behind a pair it is a shorter record, which lacks the rows of some contexts
		 * unless these were asked for twice. */
		assert_true(refused > count / 2);
		unlink(path);
	}
}

static void records_that_cannot_be_written_are_errors(void **state)
{
	struct tok_lm *lm;
	struct tok_error err = { 0 };
	struct vocab_lm_options options = { .record = "/no/such/folder/x" };
	(void)state;
	assert_int_equal(open_liar("frames", "honest", &options, &lm, &err), TOK_EIO);
	assert_non_null(strstr(err.message, "/no/such/folder/x"));
	assert_no_children();
	assert_int_equal(vocab_lm_open("replay:/no/such/file", NULL, NULL, &lm, &err), TOK_EIO);
	assert_int_equal(vocab_lm_open("replay:/tmp", NULL, NULL, &lm, &err), TOK_EIO);
	assert_int_equal(vocab_lm_open("replay:/dev/null", NULL, NULL, &lm, &err), TOK_EIO);
	options.record = "/dev/full";
	if (access("/dev/full", W_OK) == 0) {
		assert_int_equal(open_liar("frames", "honest", &options, &lm, &err), TOK_EIO);
		assert_non_null(strstr(err.message, "/dev/full"));
	}
}

/* What reaches a server that is no question ends it with an error, not with a crash. */
static void servers_are_not_fooled(void **state)
{
	static const struct {
		const char *name;
		size_t count;
		uint8_t bytes[64];
		enum tok_status status;
		uint8_t answered; /* the status of the first frame that comes back; 255: none */
	} rows[] = {
		{ "nothing", 0, { 0 }, TOK_OK, 255 },
		{ "half a header", 5, { 0 }, TOK_EFORMAT, 255 },
		{ "no operation", 12, { 0 }, TOK_EFORMAT, 255 },
		{ "half a question", 13, { 8, 0, 0, 0, 1 }, TOK_EFORMAT, 255 },
		{ "too long", 12, { 0, 0, 0, 255, 1 }, TOK_EFORMAT, 255 },
		{ "no contexts", 16, { 4, 0, 0, 0, 1 }, TOK_OK, 0 },
		{ "an empty payload", 12, { 0, 0, 0, 0, 1 }, TOK_OK, 1 },
		{ "contexts that are not there",
		  16,
		  { 4, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255 },
		  TOK_OK,
		  1 },
		{ "ids that are not there",
		  20,
		  { 8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 255, 255, 255, 255 },
		  TOK_OK,
		  1 },
		{ "an id that is none",
		  24,
		  { 12, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 5 },
		  TOK_OK,
		  1 },
		{ "more than a batch", 36, { 24, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 5 }, TOK_OK, 1 },
		{ "an empty context", 20, { 8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1 }, TOK_OK, 0 },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		int in[2], out[2];
		uint8_t got[4096];
		struct toy_lm toy;
		struct tok_error err = { 0 };
		print_message("%s\n", rows[i].name);
		toy_init(&toy, info_of("full"));
		assert_int_equal(pipe(in) | pipe(out), 0);
		assert_int_equal(write(in[1], rows[i].bytes, rows[i].count), rows[i].count);
		close(in[1]);
		assert_int_equal(vocab_lm_serve(&toy.base, in[0], out[1], &err), rows[i].status);
		close(out[1]);
		const ssize_t n = read(out[0], got, sizeof got);
		assert_true(n > 0);
		const uint8_t *end = memchr(got, '\n', (size_t)n);
		assert_non_null(end);
		if (rows[i].answered == 255)
			assert_ptr_equal(end + 1, got + n);
		else
			assert_int_equal(end[1 + 5], rows[i].answered);
		close(in[0]);
		close(out[0]);
	}
}

/* ---- for tests/conformance/providers.py ---- */

static size_t read_line_of_ids(char *line, tok_id *ids, size_t room)
{
	size_t count = 0;
	for (char *end; count < room; count++, line = end) {
		ids[count] = (tok_id)strtoul(line, &end, 10);
		if (end == line)
			break;
	}
	return count;
}

static enum tok_status print_rows(struct tok_lm *lm, struct tok_error *err)
{
	static char line[1 << 16];
	static tok_id ids[1 << 14];
	enum tok_status status = TOK_OK;
	double *row = calloc(lm->info->size, sizeof *row);
	while (row && status == TOK_OK && fgets(line, sizeof line, stdin)) {
		const size_t count = read_line_of_ids(line, ids, 1 << 14);
		status = ask_one(lm, ids, count, row, err);
		for (size_t i = 0; status == TOK_OK && i < lm->info->size; i++)
			printf("%.17g%c", row[i], i + 1 < lm->info->size ? ' ' : '\n');
	}
	free(row);
	return status;
}

static void print_info(const struct tok_lm_info *info)
{
	printf("%s %zu %zu start", info->name, info->size, info->max_context);
	for (size_t i = 0; i < info->start_count; i++)
		printf(" %u", info->start[i]);
	printf(" eos");
	for (size_t i = 0; i < info->eos_count; i++)
		printf(" %u", info->eos[i]);
	printf("\n");
}

static int print_model(const char *name, const char *record)
{
	const struct vocab_lm_options options = { .record = record, .timeout_ms = 2000 };
	struct tok_lm *lm;
	struct tok_error err = { 0 };
	enum tok_status status = vocab_lm_open(name, NULL, &options, &lm, &err);
	if (status == TOK_OK) {
		print_info(lm->info);
		status = print_rows(lm, &err);
		lm->free(lm);
	}
	if (status != TOK_OK)
		fprintf(stderr, "%s\n", err.message);
	return status == TOK_OK ? 0 : 4;
}

int main(int argc, char **argv)
{
	static const char here[] = __FILE__, tail[] = "unit/test_provider.c";
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(honest_providers_are_believed),
		cmocka_unit_test(lines_may_come_in_any_order),
		cmocka_unit_test(neither_side_blocks_the_other),
		cmocka_unit_test(start_ids_are_replaced),
		cmocka_unit_test(contexts_are_looked_at_before_they_are_sent),
		cmocka_unit_test(broken_hellos_are_refused),
		cmocka_unit_test(lies_are_found),
		cmocka_unit_test(zeros_are_probabilities),
		cmocka_unit_test(the_deaf_are_ended),
		cmocka_unit_test(commands_become_words),
		cmocka_unit_test(what_is_served_is_the_model_bit_for_bit),
		cmocka_unit_test(what_is_recorded_is_replayed_bit_for_bit),
		cmocka_unit_test(damaged_records_do_no_harm),
		cmocka_unit_test(records_that_cannot_be_written_are_errors),
		cmocka_unit_test(servers_are_not_fooled),
	};
	if (argc == 3 && strcmp(argv[1], "--serve") == 0)
		return serve(argv[2]);
	if (argc >= 3 && strcmp(argv[1], "--rows") == 0)
		return print_model(argv[2], argc > 3 ? argv[3] : NULL);
	snprintf(liar, sizeof liar, "%.*sproviders/liar.py", (int)(sizeof here - sizeof tail),
		 here);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
