/*
 * splits.c - how fast the table of splits of a tokenizer is made.
 *
 *	splits TOKENIZER... [--merges]
 *
 * Milliseconds of this process' processor time, the least and the median of nine; reading
 * the tokenizer is not part of it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tok/sample/splits.h"
#include "tok/sample/surfaces.h"
#include "vocab/format/read.h"

enum { PASSES = 9 };

static double milliseconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec * 1e-6;
}

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static enum tok_status time_splits(const struct tok_tokenizer *tokenizer,
				   const struct tok_splits_options *options, double *times,
				   struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	for (size_t i = 0; status == TOK_OK && i < PASSES; i++) {
		struct tok_splits *splits;
		const double start = milliseconds();
		status = tok_splits_new(tokenizer, options, &splits, err);
		times[i] = milliseconds() - start;
		if (status != TOK_OK)
			break;
		if (i == 0)
			printf("%zu tokens, %zu pairs", tok_splits_token_count(splits),
			       tok_splits_pair_count(splits));
		tok_splits_free(splits);
	}
	qsort(times, PASSES, sizeof *times, compare);
	return status;
}

static enum tok_status time_surfaces(const struct tok_tokenizer *tokenizer, double *times,
				     struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	for (size_t i = 0; status == TOK_OK && i < PASSES; i++) {
		struct tok_surfaces *surfaces;
		const double start = milliseconds();
		status = tok_surfaces_new(tokenizer, &surfaces, err);
		times[i] = milliseconds() - start;
		if (status == TOK_OK)
			tok_surfaces_free(surfaces);
	}
	qsort(times, PASSES, sizeof *times, compare);
	return status;
}

static enum tok_status time_file(const char *path, const struct tok_splits_options *options,
				 struct tok_error *err)
{
	struct tok_spec spec = { 0 };
	struct tok_tokenizer *tokenizer = NULL;
	double times[PASSES], surfaces[PASSES];
	enum tok_status status = vocab_read_path(path, NULL, &spec, err);
	if (status == TOK_OK)
		status = tok_tokenizer_new(&spec, &tokenizer, err);
	tok_spec_release(&spec);
	printf("%s: ", path);
	if (status == TOK_OK)
		status = time_splits(tokenizer, options, times, err);
	if (status == TOK_OK)
		status = time_surfaces(tokenizer, surfaces, err);
	if (status == TOK_OK)
		printf(": %.1f ms at least, median %.1f; surfaces %.1f\n", times[0],
		       times[PASSES / 2], surfaces[PASSES / 2]);
	tok_tokenizer_free(tokenizer);
	return status;
}

int main(int argc, char **argv)
{
	struct tok_splits_options options = { .pairs = TOK_SPLIT_ANY };
	if (argc > 1 && strcmp(argv[argc - 1], "--merges") == 0) {
		options.pairs = TOK_SPLIT_MERGES;
		argc--;
	}
	if (argc < 2) {
		fprintf(stderr, "usage: splits TOKENIZER... [--merges]\n");
		return 2;
	}
	for (int i = 1; i < argc; i++) {
		struct tok_error err = { 0 };
		if (time_file(argv[i], &options, &err) != TOK_OK) {
			fprintf(stderr, "%s\n", err.message);
			return 2;
		}
	}
	return 0;
}
