/*
 * provider_laws.h - what tests of providers share: the liar of tests/providers, a toy_lm that is
 * served, and what rows must be.
 *
 * A test's main() begins with provider_serve(), so that it can be run as a provider:
 * exec:/proc/self/exe --serve full|best|markov.
 */
#ifndef TESTS_UNIT_PROVIDER_LAWS_H
#define TESTS_UNIT_PROVIDER_LAWS_H

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "toy_lm.h"
#include "vocab/lm/provider.h"

static inline size_t open_files(void)
{
	size_t count = 0;
	DIR *folder = opendir("/proc/self/fd");
	while (folder && readdir(folder))
		count++;
	if (folder)
		closedir(folder);
	return count;
}

/* The interpreter itself: where several are managed, python3 is a script that looks for it each
 * time, and takes longer than a liar lives. */
static inline const char *python(void)
{
	static char path[1024];
	if (!path[0]) {
		FILE *said = popen("python3 -c 'import sys; print(sys.executable)'", "r");
		assert_non_null(said);
		assert_non_null(fgets(path, sizeof path, said));
		assert_int_equal(pclose(said), 0);
		path[strcspn(path, "\n")] = 0;
	}
	return path;
}

/* `tokenizer` may be NULL. */
static inline enum tok_status open_liar_of(const struct tok_tokenizer *tokenizer, const char *form,
					   const char *mode, const struct vocab_lm_options *options,
					   struct tok_lm **lm, struct tok_error *err)
{
	static const char here[] = __FILE__, tail[] = "unit/provider_laws.h";
	char name[sizeof here + 1200];
	snprintf(name, sizeof name, "exec:'%s' -IS '%.*sproviders/liar.py' %s %s", python(),
		 (int)(sizeof here - sizeof tail), here, form, mode);
	return vocab_lm_open(name, tokenizer, options, lm, err);
}

static inline enum tok_status open_liar(const char *form, const char *mode,
					const struct vocab_lm_options *options, struct tok_lm **lm,
					struct tok_error *err)
{
	return open_liar_of(NULL, form, mode, options, lm, err);
}

/* Whoever was started has ended and was waited for. */
static inline void assert_no_children(void)
{
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static inline enum tok_status ask_one(struct tok_lm *lm, const tok_id *ids, size_t count,
				      double *row, struct tok_error *err)
{
	const struct tok_lm_request request = { ids, count };
	struct tok_lm_row out = { .log_p = row };
	return lm->rows(lm, &request, 1, &out, err);
}

static const tok_id contexts[][3] = {
	{ 0 }, { 0, 1 }, { 0, 2, 4 }, { 0, 0, 0 }, { 2, 1, 0 }, { 1 }
};
static const size_t lengths[] = { 0, 2, 3, 3, 3, 1 };
enum { CONTEXTS = 6 };

static inline void list_requests(struct tok_lm_request *requests)
{
	for (size_t i = 0; i < CONTEXTS; i++)
		requests[i] = (struct tok_lm_request){ contexts[i], lengths[i] };
}

/* All in one question, and one by one; a full row is the toy's. */
static inline void check_full(struct tok_lm *lm, double within)
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

static inline void check_best(struct tok_lm *lm, double within)
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

/* ---- a toy that is served ---- */

static inline struct tok_lm_info info_of(const char *mode)
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

/* The tokenizer whose ids are bytes. */
static inline struct tok_tokenizer *bytes_new(void)
{
	struct tok_tokenizer *tokenizer = NULL;
	assert_int_equal(tok_tokenizer_bytes(&tokenizer, NULL), TOK_OK);
	return tokenizer;
}

/* Whether this run of the test is to be a provider; it then was one. */
static inline bool provider_serve(int argc, char **argv, int *code)
{
	if (argc != 3 || strcmp(argv[1], "--serve") != 0)
		return false;
	struct toy_lm toy;
	struct tok_error err = { 0 };
	struct tok_tokenizer *bytes = bytes_new();
	toy_init(&toy, info_of(argv[2]));
	*code =
	    vocab_lm_serve(&toy.base, bytes, STDIN_FILENO, STDOUT_FILENO, &err) == TOK_OK ? 0 : 2;
	if (*code != 0)
		fprintf(stderr, "%s\n", err.message);
	tok_tokenizer_free(bytes);
	return true;
}

static inline void check_info(const struct tok_lm_info *got, const struct tok_lm_info *want)
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

static inline void check_mode(const char *mode, struct tok_lm *lm)
{
	const struct tok_lm_info info = info_of(mode);
	check_info(lm->info, &info);
	if (info.top > 0)
		check_best(lm, 0);
	else
		check_full(lm, 0);
}

static const char *const modes[] = { "full", "best", "markov" };

#endif
