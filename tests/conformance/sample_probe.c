/*
 * sample_probe.c - the library's samplers for scripts, until an answer is compared.
 *
 *	sample_probe TOKENIZER METHOD P ALPHA NBEST WHAT COUNT SEED < texts
 *
 * A text a line.  WHAT is sample (COUNT of them, streams 0 and on), exact, best, distinct,
 * distinct-best or entropy.  Answers a line a text: segmentations parted by ';', each
 * "log-probability log-inclusion id id ..."; of entropy "entropy length"; of sample only
 * ids, with how often they came in front.  What is distinct is drawn from the stream of
 * the line's number.  WHAT may be time: how long COUNT samples of every line take.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tok/sample/sampler.h"
#include "vocab/format/read.h"

struct probe {
	struct tok_sampling *sampling;
	const char *what;
	size_t count;
	uint64_t seed, line;
};

static const struct tok_encode_options how = { 0 };

static int fail(const struct tok_error *err)
{
	fprintf(stderr, "%s\n", err->message);
	return 2;
}

static void print_draws(const struct tok_draws *draws)
{
	for (size_t i = 0; i < draws->count; i++) {
		const struct tok_draw *d = &draws->items[i];
		printf("%s%.17g %.17g", i ? ";" : "", d->log_probability, d->log_inclusion);
		for (size_t k = 0; k < d->count; k++)
			printf(" %u", d->ids[k]);
	}
}

/* Rows that were drawn, and how often. */
struct row {
	tok_id *ids;
	size_t count;
};

static int compare_rows(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	if (x->count != y->count)
		return x->count < y->count ? -1 : 1;
	return x->count ? memcmp(x->ids, y->ids, x->count * sizeof *x->ids) : 0;
}

static enum tok_status print_samples(const struct probe *p, struct tok_span text,
				     struct tok_error *err)
{
	struct row *rows = calloc(p->count + 1, sizeof *rows);
	enum tok_status status = rows ? TOK_OK : tok_fail_memory(err);
	for (size_t i = 0; i < p->count && status == TOK_OK; i++) {
		struct tok_encoding e;
		status = tok_sample(p->sampling, text, &how, p->seed, i, &e, err);
		if (status != TOK_OK)
			break;
		rows[i].ids = malloc(e.count * sizeof *rows[i].ids + 1);
		rows[i].count = e.count;
		if (!rows[i].ids)
			abort();
		if (e.count)
			memcpy(rows[i].ids, e.ids, e.count * sizeof *e.ids);
	}
	if (status == TOK_OK)
		qsort(rows, p->count, sizeof *rows, compare_rows);
	for (size_t i = 0, begin = 0; i < p->count && status == TOK_OK; i++) {
		if (i + 1 < p->count && compare_rows(&rows[i], &rows[i + 1]) == 0)
			continue;
		printf("%s%zu", begin ? ";" : "", i + 1 - begin);
		for (size_t k = 0; k < rows[i].count; k++)
			printf(" %u", rows[i].ids[k]);
		begin = i + 1;
	}
	for (size_t i = 0; rows && i < p->count; i++)
		free(rows[i].ids);
	free(rows);
	return status;
}

static enum tok_status answer(const struct probe *p, struct tok_span text, struct tok_error *err)
{
	struct tok_draws draws = { 0 };
	double entropy, length;
	enum tok_status status;
	if (strcmp(p->what, "sample") == 0)
		return print_samples(p, text, err);
	if (strcmp(p->what, "entropy") == 0) {
		status = tok_sample_entropy(p->sampling, text, &how, &entropy, &length, err);
		if (status == TOK_OK)
			printf("%.17g %.17g", entropy, length);
		return status;
	}
	if (strcmp(p->what, "exact") == 0)
		status = tok_sample_exact(p->sampling, text, &how, p->count, &draws, err);
	else if (strcmp(p->what, "best") == 0)
		status = tok_sample_best(p->sampling, text, &how, p->count, &draws, err);
	else
		status = tok_sample_distinct(p->sampling, text, &how, p->count,
					     strcmp(p->what, "distinct-best") == 0, p->seed,
					     p->line, &draws, err);
	if (status == TOK_OK)
		print_draws(&draws);
	return status;
}

/* Words a second: every line once, nothing printed. */
static enum tok_status time_lines(const struct probe *p, struct tok_error *err)
{
	char *line = NULL;
	size_t room = 0, lines = 0, ids = 0;
	double spent = 0.0;
	ssize_t count;
	enum tok_status status = TOK_OK;
	while (status == TOK_OK && (count = getline(&line, &room, stdin)) > 0) {
		struct tok_encoding e;
		const struct tok_span text = { (const uint8_t *)line, (size_t)count - 1 };
		const clock_t begin = clock();
		for (size_t i = 0; i < p->count && status == TOK_OK; i++) {
			status = tok_sample(p->sampling, text, &how, p->seed, i, &e, err);
			ids += status == TOK_OK ? e.count : 0;
		}
		spent += (double)(clock() - begin) / CLOCKS_PER_SEC;
		lines++;
	}
	free(line);
	printf("%zu lines %zu ids %.3f s\n", lines, ids, spent);
	return status;
}

static int run(struct probe *p)
{
	struct tok_error err = { 0 };
	char *line = NULL;
	size_t room = 0;
	ssize_t count;
	if (strcmp(p->what, "time") == 0)
		return time_lines(p, &err) == TOK_OK ? 0 : fail(&err);
	while ((count = getline(&line, &room, stdin)) > 0) {
		const struct tok_span text = { (const uint8_t *)line,
					       (size_t)count - (line[count - 1] == '\n') };
		if (answer(p, text, &err) != TOK_OK)
			printf("error %s", err.message);
		putchar('\n');
		p->line++;
	}
	free(line);
	return 0;
}

int main(int argc, char **argv)
{
	struct tok_error err = { 0 };
	struct tok_spec spec = { 0 };
	struct tok_tokenizer *tokenizer;
	struct tok_sampler *sampler;
	struct tok_sample_options o = { .method = TOK_SAMPLE_METHOD_COUNT };
	if (argc != 9) {
		fprintf(stderr, "usage: sample_probe TOKENIZER METHOD P ALPHA NBEST WHAT COUNT "
				"SEED < texts\n");
		return 2;
	}
	for (int m = 0; m < TOK_SAMPLE_METHOD_COUNT; m++)
		if (strcmp(tok_sample_method_name((enum tok_sample_method)m), argv[2]) == 0)
			o.method = (enum tok_sample_method)m;
	o.p = strtod(argv[3], NULL);
	o.alpha = strtod(argv[4], NULL);
	o.nbest = atoi(argv[5]);
	struct probe p = { .what = argv[6],
			   .count = strtoul(argv[7], NULL, 10),
			   .seed = strtoull(argv[8], NULL, 10) };
	if (vocab_read_path(argv[1], NULL, &spec, &err) != TOK_OK ||
	    tok_tokenizer_new(&spec, &tokenizer, &err) != TOK_OK ||
	    tok_sampler_new(tokenizer, &o, &sampler, &err) != TOK_OK)
		return fail(&err);
	tok_spec_release(&spec);
	p.sampling = tok_sampling_new(sampler);
	const int status = p.sampling ? run(&p) : 2;
	tok_sampling_free(p.sampling);
	tok_sampler_free(sampler);
	tok_tokenizer_free(tokenizer);
	return status;
}
