/*
 * scan.c - how fast pieces and places are found, by family and kernel.
 *
 *	scan FILE [MEGABYTES]
 *
 * Seconds of this process' processor time, the median of five passes over the
 * first 32 million bytes of FILE (or MEGABYTES); ends are written to a buffer of
 * 1024 that stays in the cache, as an encoder does it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tok/base/cpu.h"
#include "tok/pretok/scan_kernel_internal.h"
#include "tok/text/places.h"

enum { PASSES = 5, CAPACITY = 1024 };

static const char *const names[TOK_SCAN_FAMILY_COUNT] = {
	[TOK_SCAN_GPT2] = "gpt2",
	[TOK_SCAN_CL100K] = "cl100k",
	[TOK_SCAN_CL100K_TRAILING] = "cl100k trailing",
	[TOK_SCAN_QWEN] = "qwen",
	[TOK_SCAN_O200K] = "o200k",
	[TOK_SCAN_TEKKEN] = "tekken",
	[TOK_SCAN_DEEPSEEK] = "deepseek",
};

static const char *const places_names[TOK_PLACES_KIND_COUNT] = {
	[TOK_PLACES_SPACES] = "places, spaces",
	[TOK_PLACES_GAPS] = "places, gaps",
	[TOK_PLACES_WORDS] = "places, words",
};

static double seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static size_t count_pieces(tok_scan_ends *scan, struct tok_span text)
{
	uint32_t ends[CAPACITY];
	size_t pieces = 0;
	for (size_t from = 0; from < text.count;) {
		const size_t count = scan(text, from, ends, CAPACITY);
		pieces += count;
		from = ends[count - 1];
	}
	return pieces;
}

static size_t count_places(tok_places *find, struct tok_span text)
{
	uint32_t places[TOK_PLACES_BLOCK];
	size_t count = 0;
	for (size_t at = 0; at < text.count;)
		count += find(text, &at, places);
	return count;
}

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* What is timed: the pieces of a family, or places. */
struct row {
	const char *name;
	bool is_places;
	enum tok_scan_family family;
	enum tok_places_kind kind;
};

static size_t count_all(const struct row *row, enum tok_kernel kernel, struct tok_span text)
{
	return row->is_places ? count_places(tok_places_of(row->kind, kernel), text)
			      : count_pieces(tok_scan_ends_of(row->family, kernel), text);
}

static void time_row(const struct row *row, struct tok_span text)
{
	printf("%-16s", row->name);
	for (int k = 0; k < TOK_KERNEL_COUNT; k++) {
		const enum tok_kernel kernel = (enum tok_kernel)k;
		if (!tok_kernel_runs(kernel))
			continue;
		double times[PASSES];
		size_t count = 0;
		for (size_t i = 0; i < PASSES; i++) {
			const double start = seconds();
			count = count_all(row, kernel, text);
			times[i] = seconds() - start;
		}
		qsort(times, PASSES, sizeof *times, compare);
		printf("  %s %.0f MB/s", tok_kernel_name(kernel),
		       (double)text.count / times[PASSES / 2] / 1e6);
		if (k == TOK_KERNEL_SCALAR)
			printf("  (%.2f bytes each)", (double)text.count / (double)count);
	}
	printf("\n");
}

int main(int argc, char **argv)
{
	const size_t room = (argc > 2 ? strtoul(argv[2], NULL, 10) : 32) * 1000000;
	FILE *in = argc > 1 ? fopen(argv[1], "rb") : NULL;
	uint8_t *bytes = malloc(room);
	if (!in || !bytes) {
		fprintf(stderr, "usage: scan FILE [MEGABYTES]\n");
		return 2;
	}
	const struct tok_span text = { bytes, fread(bytes, 1, room, in) };
	for (int i = 0; text.count && i < TOK_SCAN_FAMILY_COUNT; i++)
		time_row(&(struct row){ .name = names[i], .family = (enum tok_scan_family)i },
			 text);
	for (int i = 0; text.count && i < TOK_PLACES_KIND_COUNT; i++)
		time_row(&(struct row){ .name = places_names[i],
					.is_places = true,
					.kind = (enum tok_places_kind)i },
			 text);
	free(bytes);
	fclose(in);
	return 0;
}
