/*
 * words_estimate.c - what a run will take, from some of its text.
 *
 * Words that differ grow as a power of the bytes (Heaps' law); the power is that of the
 * second half of the sample.  What a word takes in memory, and how many pairs of
 * symbols training meets, was measured on English, Chinese, source code and a mixture.
 */
#include <math.h>
#include <unistd.h>

#include "cmd/cli_pool.h"
#include "cmd/words_internal.h"

/* A slot of the table, which is two thirds full on average. */
#define TABLE_BYTES (24 / 0.67)

struct guess {
	double bytes;    /* of text in all */
	double words;    /* in all */
	double distinct; /* in all */
	double counting; /* bytes of memory */
	double pairs, training;
};

/* Distinct words after so many bytes. */
static double extrapolate(const struct cli_words *sample, double bytes)
{
	const struct cli_words_point *half = &sample->half, *all = &sample->all;
	double power = 0.6;
	if (half->bytes && half->distinct && all->bytes > half->bytes)
		power = log((double)all->distinct / (double)half->distinct) /
			log((double)all->bytes / (double)half->bytes);
	return (double)all->distinct * pow(bytes / (double)all->bytes, power);
}

/* Bytes of a distinct word, on average. */
static enum tok_status measure_words(struct cli_words *sample, double *out, struct tok_error *err)
{
	struct vocab_word_stream *stream = NULL;
	struct vocab_word word = { 0 };
	uint64_t bytes = 0, count = 0;
	enum tok_status status = cli_words_stream(sample, (struct tok_span){ 0 }, &stream, err);
	while (status == TOK_OK) {
		status = vocab_words_next(stream, &word, err);
		if (status != TOK_OK || !word.text.bytes)
			break;
		bytes += word.text.count;
		count++;
	}
	*out = count ? (double)bytes / (double)count : 0;
	return status;
}

static void guess_training(struct guess *g, double length)
{
	const double few = 1.75e6;
	g->pairs = 1.6 * (g->distinct < few ? g->distinct : few * pow(g->distinct / few, 0.2));
	/* Symbols and their places, words, pairs with their queue. */
	g->training = g->distinct * (length * (4 + 4) + 16) + g->pairs * 40;
}

static struct guess make_guess(const struct cli_words_job *job, const struct cli_words *sample,
			       double length)
{
	const struct cli_words_point *all = &sample->all;
	const double threads = (double)cli_threads_for(job->threads);
	const double larger = (double)job->files->size / (double)all->bytes_read;
	struct guess g = { .bytes = (double)all->bytes * larger };
	g.words = (double)all->words * larger;
	g.distinct = extrapolate(sample, g.bytes);
	const double each = extrapolate(sample, g.bytes / threads);
	g.counting = threads * (each * (TABLE_BYTES + (length > 15 ? length + 24 : 0)) + 4e6);
	guess_training(&g, length);
	return g;
}

static void print_guess(const struct guess *g, const struct cli_words_job *job, FILE *to)
{
	fprintf(to,
		"about %.1f MB of text, %.1f M words, %.2f M of them different\n"
		"counting takes about %.0f MB of memory%s\n"
		"training on them: about %.1f M pairs, %.0f MB\n",
		g->bytes / 1e6, g->words / 1e6, g->distinct / 1e6, g->counting / 1e6,
		job->memory_bytes && g->counting > (double)job->memory_bytes
		    ? ": more than --memory, so that runs go to files"
		    : "",
		g->pairs / 1e6, g->training / 1e6);
}

static enum tok_status count_sample(struct cli_words_job *job, struct cli_words *out,
				    struct tok_error *err)
{
	char path[32];
	struct cli_files files = { 0 };
	enum tok_status status = TOK_OK;
	const int fd = words_sample(job);
	if (fd >= 0) {
		snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
		status = cli_files_add(&files, path, err);
		job->files = &files;
	}
	if (status == TOK_OK)
		status = cli_words_count(job, out, err);
	cli_files_release(&files);
	if (fd >= 0)
		close(fd);
	return status;
}

enum tok_status words_estimate(const struct cli_words_job *job, FILE *to, bool *trouble,
			       struct tok_error *err)
{
	struct cli_words_job some = *job;
	struct cli_words sample = { 0 };
	double length = 0;
	if (!job->files->all_regular) {
		fprintf(to, "how much there is cannot be told before it is read\n");
		return TOK_OK;
	}
	some.sample_bytes = WORDS_SAMPLE_BYTES;
	some.memory_bytes = 0;
	some.progress = NULL;
	some.quiet = !trouble;
	enum tok_status status = count_sample(&some, &sample, err);
	if (status == TOK_OK)
		status = measure_words(&sample, &length, err);
	if (status == TOK_OK && sample.all.distinct && sample.all.bytes_read) {
		const struct guess g = make_guess(job, &sample, length);
		print_guess(&g, job, to);
	} else if (status == TOK_OK) {
		fprintf(to, "there are no words\n");
	}
	if (trouble)
		*trouble = sample.trouble;
	cli_words_release(&sample);
	return status;
}
