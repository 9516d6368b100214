/*
 * dynamic.c - how fast batches are merged, by their size and the number of merges.
 *
 *	dynamic TOKENIZER FILE [TEXTS MERGES]
 *
 * The texts are the lines of FILE that are not empty.  Seconds of this process' processor
 * time, the median of passes that take two seconds together, at least three; encoding is
 * not in it.  With TEXTS and MERGES (or "all") that row alone.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tok/base/buffer.h"
#include "tok/dynamic/merger.h"
#include "tok/pipe/encoder.h"
#include "vocab/format/read.h"

enum { TEXTS_MOST = 1 << 16, PASSES_MOST = 101 };

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

static void stop(const char *why)
{
	fprintf(stderr, "dynamic: %s\n", why);
	exit(2);
}

static struct tok_tokenizer *open_tokenizer(const char *path)
{
	struct tok_spec spec = { 0 };
	struct tok_tokenizer *t = NULL;
	struct tok_error err = { 0 };
	if (vocab_read_path(path, NULL, &spec, &err) != TOK_OK ||
	    tok_tokenizer_new(&spec, &t, &err) != TOK_OK)
		stop(err.message);
	tok_spec_release(&spec);
	return t;
}

struct corpus {
	tok_id *ids;
	size_t room, count;
	size_t offsets[TEXTS_MOST + 1];
};

static size_t read_corpus(struct corpus *corpus, const struct tok_tokenizer *t, const char *path)
{
	const struct tok_encode_options options = { 0 };
	struct tok_encoder *e = tok_encoder_new(t);
	FILE *in = fopen(path, "rb");
	char *line = NULL;
	size_t room = 0, texts = 0;
	ssize_t count;
	if (!in || !e)
		stop("cannot be opened");
	while (texts < TEXTS_MOST && (count = getline(&line, &room, in)) > 0) {
		struct tok_encoding r;
		struct tok_error err = { 0 };
		const struct tok_span text = { (const uint8_t *)line,
					       (size_t)(count - (line[count - 1] == '\n')) };
		if (text.count == 0)
			continue;
		if (tok_encode(e, text, &options, &r, &err) != TOK_OK ||
		    !tok_grow(&corpus->ids, &corpus->room, corpus->count + r.count,
			      sizeof *corpus->ids))
			stop("cannot be encoded");
		memcpy(corpus->ids + corpus->count, r.ids, r.count * sizeof *r.ids);
		corpus->count += r.count;
		corpus->offsets[++texts] = corpus->count;
	}
	free(line);
	fclose(in);
	tok_encoder_free(e);
	return texts;
}

static void time_row(struct tok_merger *m, const struct corpus *corpus, size_t texts, size_t merges)
{
	const struct tok_merge_batch_options options = { .merges = merges };
	const struct tok_sequences batch = { corpus->ids, corpus->offsets, texts };
	struct tok_merged_batch out = { 0 };
	struct tok_error err = { 0 };
	double times[PASSES_MOST], total = 0;
	size_t passes = 0;
	while (passes < PASSES_MOST && (passes < 3 || total < 2)) {
		const double start = seconds();
		if (tok_merge_batch(m, &options, &batch, &out, &err) != TOK_OK)
			stop(err.message);
		total += times[passes++] = seconds() - start;
	}
	qsort(times, passes, sizeof *times, compare);
	const double median = times[passes / 2];
	const size_t ids = corpus->offsets[texts];
	printf("%zu texts %zu ids %zu merges to %zu ids %.6f s (%.6f to %.6f) %.3g merges/s %.3g "
	       "ids/s\n",
	       texts, ids, out.step_count, out.offsets[texts], median, times[0], times[passes - 1],
	       (double)out.step_count / median, (double)ids / median);
	fflush(stdout);
}

static size_t merges_of(const char *text)
{
	return strcmp(text, "all") == 0 ? TOK_MERGES_ALL : strtoul(text, NULL, 10);
}

int main(int argc, char **argv)
{
	static const char *const merges[] = { "50", "500", "all" };
	struct corpus *corpus = calloc(1, sizeof *corpus);
	struct tok_boundary *b;
	struct tok_error err = { 0 };
	if ((argc != 3 && argc != 5) || !corpus)
		stop("usage: dynamic TOKENIZER FILE [TEXTS MERGES]");
	struct tok_tokenizer *t = open_tokenizer(argv[1]);
	const size_t texts = read_corpus(corpus, t, argv[2]);
	if (tok_boundary_new(t, TOK_BOUNDARY_PRETOKENS, &b, &err) != TOK_OK)
		stop(err.message);
	struct tok_merger *m = tok_merger_new(t, b);
	if (!m)
		stop("out of memory");
	if (argc == 5) {
		const size_t want = strtoul(argv[3], NULL, 10);
		time_row(m, corpus, want < texts ? want : texts, merges_of(argv[4]));
	} else {
		for (size_t count = 32; count <= texts;
		     count = count < 16384 ? 8 * count : 4 * count)
			for (size_t i = 0; i < 3; i++)
				time_row(m, corpus, count, merges_of(merges[i]));
	}
	tok_merger_free(m);
	tok_boundary_free(b);
	tok_tokenizer_free(t);
	free(corpus->ids);
	free(corpus);
	return 0;
}
