/*
 * split.c - how fast ids are split.
 *
 *	split TOKENIZER TEXT [IDS]
 *
 * Millions of ids a second of this process' processor time, the median of five passes
 * over the ids of TEXT (its first 16 million bytes), as documents of 1,024 and of 54,000
 * ids and as a single one; and what copying the ids takes, which nothing can be faster
 * than.  The ids are written to the file IDS, 32 bits each, for others to split.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tok/pipe/encoder.h"
#include "tok/sample/predict.h"
#include "tok/sample/split.h"
#include "vocab/format/read.h"

enum { PASSES = 5, BYTES = 16000000, SHORT = 1024, LONG = 54000 };

static _Noreturn void fail(const char *message)
{
	fprintf(stderr, "split: %s\n", message);
	exit(2);
}

static double seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* ---- ids ------------------------------------------------------------------------------ */

static struct tok_tokenizer *load(const char *path)
{
	struct tok_spec spec = { 0 };
	struct tok_tokenizer *tokenizer = NULL;
	struct tok_error err = { 0 };
	if (vocab_read_path(path, NULL, &spec, &err) != TOK_OK ||
	    tok_tokenizer_new(&spec, &tokenizer, &err) != TOK_OK)
		fail(err.message);
	tok_spec_release(&spec);
	return tokenizer;
}

static tok_id *encode(const struct tok_tokenizer *tokenizer, const char *path, size_t *count)
{
	static uint8_t text[BYTES];
	FILE *in = fopen(path, "rb");
	struct tok_encoder *encoder = tok_encoder_new(tokenizer);
	const struct tok_encode_options options = { 0 };
	struct tok_encoding r;
	struct tok_error err = { 0 };
	if (!in || !encoder)
		fail(path);
	const size_t bytes = fread(text, 1, sizeof text, in);
	if (tok_encode(encoder, (struct tok_span){ text, bytes }, &options, &r, &err) != TOK_OK)
		fail(err.message);
	if (r.count < LONG)
		fail("the text is too short: 54,000 ids are needed");
	tok_id *ids = malloc(r.count * sizeof *ids);
	if (!ids)
		fail("out of memory");
	memcpy(ids, r.ids, r.count * sizeof *ids);
	*count = r.count;
	tok_encoder_free(encoder);
	fclose(in);
	return ids;
}

static void write_ids(const char *path, const tok_id *ids, size_t count)
{
	FILE *out = fopen(path, "wb");
	if (!out || fwrite(ids, sizeof *ids, count, out) != count || fclose(out) != 0)
		fail(path);
}

/* ---- passes --------------------------------------------------------------------------- */

/* What is done to documents of `length` ids, the last perhaps fewer. */
struct job {
	const char *name;
	size_t length;
	double proportion; /* below 0: they are copied */
	enum tok_split_generator generator;
};

static size_t do_document(struct tok_splitter *splitter, const struct job *job, uint64_t number,
			  const tok_id *ids, size_t count)
{
	static tok_id copy[LONG];
	struct tok_split_options options = TOK_SPLIT_DEFAULT;
	struct tok_split_ids out;
	struct tok_error err = { 0 };
	if (job->proportion < 0) {
		memcpy(copy, ids, count * sizeof *ids);
		__asm__ volatile("" : : "r"(copy) : "memory");
		return count;
	}
	options.proportion = job->proportion;
	options.generator = job->generator;
	if (tok_split(splitter, &options, number, ids, count, &out, &err) != TOK_OK)
		fail(err.message);
	return out.count;
}

static size_t pass(struct tok_splitter *splitter, const struct job *job, const tok_id *ids,
		   size_t count)
{
	size_t made = 0;
	uint64_t number = 0;
	for (size_t at = 0; at < count; at += job->length, number++) {
		const size_t left = count - at;
		made += do_document(splitter, job, number, ids + at,
				    left < job->length ? left : job->length);
	}
	return made;
}

static void time_job(struct tok_splitter *splitter, const struct job *job, const tok_id *ids,
		     size_t count)
{
	double times[PASSES];
	size_t made = 0;
	for (size_t i = 0; i < PASSES; i++) {
		const double start = seconds();
		made = pass(splitter, job, ids, count);
		times[i] = seconds() - start;
	}
	qsort(times, PASSES, sizeof *times, compare);
	printf("%s\t%.2f\t%.1f\t%.1f\t%.1f\t%.4f\n", job->name, job->proportion,
	       (double)count / times[PASSES / 2] / 1e6, (double)count / times[PASSES - 1] / 1e6,
	       (double)count / times[0] / 1e6, (double)made / (double)count);
}

static void time_prediction(const struct tok_splits *splits, const tok_id *ids, size_t count)
{
	static const double proportions[] = { .1, 1, 5 };
	uint64_t *counts = calloc(tok_splits_size(splits), sizeof *counts);
	if (!counts)
		fail("out of memory");
	for (size_t i = 0; i < count; i++)
		counts[ids[i]]++;
	for (size_t i = 0; i < sizeof proportions / sizeof proportions[0]; i++) {
		struct tok_prediction p;
		struct tok_error err = { 0 };
		const double start = seconds();
		if (tok_predict(splits, counts, proportions[i], &p, &err) != TOK_OK)
			fail(err.message);
		printf("predicted\t%.2f\t%.1f ms\t\t\t%.4f\n", proportions[i],
		       (seconds() - start) * 1e3, p.length_ratio);
		tok_prediction_release(&p);
	}
	free(counts);
}

int main(int argc, char **argv)
{
	static const struct job jobs[] = {
		{ "1,024 ids", SHORT, .01 },
		{ "1,024 ids", SHORT, .1 },
		{ "1,024 ids", SHORT, .5 },
		{ "1,024 ids", SHORT, 1 },
		{ "54,000 ids", LONG, .1 },
		{ "54,000 ids", LONG, 1 },
		{ "all ids as one", BYTES, .1 },
		{ "1,024 ids as Python", SHORT, .1, TOK_GENERATOR_PYTHON },
		{ "54,000 ids as Python", LONG, .1, TOK_GENERATOR_PYTHON },
		{ "copied", SHORT, -1 },
	};
	struct tok_splits *splits = NULL;
	struct tok_error err = { 0 };
	const struct tok_splits_options options = { .pairs = TOK_SPLIT_ANY };
	size_t count;
	if (argc < 3)
		fail("usage: split TOKENIZER TEXT [IDS]");
	struct tok_tokenizer *tokenizer = load(argv[1]);
	tok_id *ids = encode(tokenizer, argv[2], &count);
	if (argc > 3)
		write_ids(argv[3], ids, count);
	const double start = seconds();
	if (tok_splits_new(tokenizer, &options, &splits, &err) != TOK_OK)
		fail(err.message);
	printf("table\t\t%.1f ms\n", (seconds() - start) * 1e3);
	struct tok_splitter *splitter = tok_splitter_new(splits);
	if (!splitter)
		fail("out of memory");
	for (size_t i = 0; i < sizeof jobs / sizeof jobs[0]; i++)
		time_job(splitter, &jobs[i], ids, count);
	time_prediction(splits, ids, count);
	tok_splitter_free(splitter);
	tok_splits_free(splits);
	tok_tokenizer_free(tokenizer);
	free(ids);
	return 0;
}
