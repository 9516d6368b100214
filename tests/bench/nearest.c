/*
 * nearest.c - how fast near rows are found by a graph, beside looking at each, and what is missed.
 *
 *	nearest [-n ROWS] [-w WIDTH] [-t THREADS] [INDEX]
 *
 * ROWS (1000000) of WIDTH (256) numbers lie about ROWS / 100 centres: each is a centre and noise
 * of the same length; queries are 1000 more of that kind, which are no rows.  The cosine is asked
 * for.  THREADS build the graph, which INDEX keeps for the next run; all that is timed runs in one
 * thread, by its own processor time.  Exact is asked with one query at a time, as a program that
 * waits for the answer does, and with 256.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "hypernet/ann/nearest.h"

enum { K = 10, QUERIES = 1000, SINGLE = 20, TOGETHER = 256, ROWS_A_CENTRE = 100 };

static const size_t efforts[] = { 20, 50, 100, 200, 400 };

static double seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void *need(void *memory)
{
	if (!memory) {
		fputs("memory is out\n", stderr);
		exit(2);
	}
	return memory;
}

static void expect(enum tok_status status, const struct tok_error *err)
{
	if (status == TOK_OK)
		return;
	fprintf(stderr, "%s\n", err->message);
	exit(2);
}

/* Number `i` of a normal distribution, nearly: a function of its place alone (splitmix64). */
static float number(uint64_t stream, uint64_t i)
{
	uint64_t z = stream * 0xD1B54A32D192ED03u + (i + 1) * 0x9E3779B97F4A7C15u;
	z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
	z = (z ^ z >> 27) * 0x94D049BB133111EBu;
	z ^= z >> 31;
	int sum = 0; /* of four 16-bit numbers */
	for (int part = 0; part < 4; part++)
		sum += (int)(z >> 16 * part & 0xFFFF);
	return ((float)sum / 65536 - 2) * sqrtf(3);
}

static float *make_rows(uint64_t stream, size_t count, size_t width, size_t centres)
{
	float *rows = need(malloc(count * width * sizeof *rows));
	for (size_t r = 0; r < count; r++) {
		const size_t centre = r * 2654435761u % centres;
		for (size_t i = 0; i < width; i++)
			rows[r * width + i] =
			    number(1, centre * width + i) + number(stream, r * width + i);
	}
	return rows;
}

static struct hyper_index *get_index(const struct hyper_rows_view *rows, const char *path,
				     const struct hyper_kernel *kernel, size_t threads)
{
	const struct hyper_index_options how = { .links = 16, .build_effort = 200, .seed = 1 };
	struct hyper_index *index = NULL;
	struct tok_error err = { 0 };
	if (path && access(path, F_OK) == 0) {
		expect(hyper_index_open(path, kernel, &index, &err), &err);
		return index;
	}
	const double begun = seconds();
	expect(hyper_index_build(rows, HYPER_COSINE, &how, kernel, threads, &index, &err), &err);
	printf("built in %.0f s of processor time\n", seconds() - begun);
	if (path) {
		struct hyper_file *file;
		expect(hyper_file_create(path, &file, &err), &err);
		expect(hyper_index_save(index, file, &err), &err);
		expect(hyper_file_commit(&file, &err), &err);
	}
	return index;
}

/* Seconds a query, `together` at a time. */
static double time_exact(const struct hyper_exact *exact, const float *queries, size_t width,
			 size_t count, size_t together, struct hyper_found *found)
{
	struct tok_error err = { 0 };
	const double begun = seconds();
	for (size_t q = 0; q < count; q += together) {
		const size_t n = count - q < together ? count - q : together;
		expect(hyper_exact_find(exact, queries + q * width, n, K, 1, found + q * K, &err),
		       &err);
	}
	return (seconds() - begun) / (double)count;
}

static double recall(const struct hyper_found *found, const struct hyper_found *judge)
{
	size_t hits = 0;
	for (size_t q = 0; q < QUERIES; q++)
		for (size_t i = 0; i < K; i++)
			for (size_t j = 0; j < K; j++)
				hits += found[q * K + i].row == judge[q * K + j].row;
	return (double)hits / (QUERIES * K);
}

int main(int argc, char **argv)
{
	size_t count = 1000000, width = 256, threads = 2;
	for (int c; (c = getopt(argc, argv, "n:w:t:")) != -1;)
		switch (c) {
		case 'n':
			count = strtoul(optarg, NULL, 10);
			break;
		case 'w':
			width = strtoul(optarg, NULL, 10);
			break;
		case 't':
			threads = strtoul(optarg, NULL, 10);
			break;
		default:
			return 2;
		}
	if (count < ROWS_A_CENTRE || width == 0 || threads == 0)
		return 2;
	struct tok_error err = { 0 };
	const struct hyper_kernel *kernel = NULL;
	struct hyper_exact *exact = NULL;
	struct hyper_found *found = need(calloc(QUERIES * K, sizeof *found));
	struct hyper_found *judge = need(calloc(QUERIES * K, sizeof *judge));
	float *rows = make_rows(2, count, width, count / ROWS_A_CENTRE);
	float *queries = make_rows(3, QUERIES, width, count / ROWS_A_CENTRE);
	const struct hyper_rows_view view = { .floats = rows, .count = count, .width = width };

	expect(hyper_kernel_choose(NULL, &kernel, &err), &err);
	expect(hyper_exact_new(&view, HYPER_COSINE, kernel, &exact, &err), &err);
	struct hyper_index *index = get_index(&view, argv[optind], kernel, threads);

	const double together = time_exact(exact, queries, width, QUERIES, TOGETHER, judge);
	const double single = time_exact(exact, queries, width, SINGLE, 1, found);
	printf("exact: %.3f ms a query alone, %.3f ms of %d together\n", single * 1e3,
	       together * 1e3, TOGETHER);
	for (size_t e = 0; e < sizeof efforts / sizeof *efforts; e++) {
		const double begun = seconds();
		for (size_t q = 0; q < QUERIES; q++)
			expect(hyper_index_find(index, queries + q * width, 1, K, efforts[e], 1,
						found + q * K, &err),
			       &err);
		const double each = (seconds() - begun) / QUERIES;
		printf("effort %3zu: %.3f ms, recall@%d %.4f, %.0f times as fast as alone, %.1f "
		       "times as together\n",
		       efforts[e], each * 1e3, K, recall(found, judge), single / each,
		       together / each);
	}
	hyper_index_free(index);
	hyper_exact_free(exact);
	free(rows);
	free(queries);
	free(found);
	free(judge);
	return 0;
}
