/*
 * stats_bootstrap.c - what other samples would have said.
 *
 * Rows with the same numbers are one group: a round counts how often each group is drawn, and sums
 * over the groups, which are few where the numbers are lengths and right or wrong.  Then how often
 * is drawn group by group, each time of what the groups before have left, and takes no time for
 * rows; where groups are nearly as many as rows, row by row.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tok/base/threads.h"
#include "vocab/audit/stats_internal.h"

struct row {
	double x, y;
};

struct bootstrap {
	enum vocab_stats_statistic statistic;
	struct row *groups; /* less the means: sums stay small */
	uint32_t *group_of; /* of each row */
	uint32_t *sizes;    /* of groups */
	size_t rows, group_count;
	double mean; /* of x */
	uint64_t seed;
	size_t rounds, threads;
	double *found;    /* by round; NAN where it is undefined */
	uint32_t *counts; /* of groups, for each thread */
};

static int compare_rows(const void *left, const void *right)
{
	const struct row *a = left, *b = right;
	if (a->x != b->x)
		return a->x < b->x ? -1 : 1;
	return (a->y > b->y) - (a->y < b->y);
}

static void make_groups(struct bootstrap *b, const double *x, const double *y)
{
	double mx = 0, my = 0;
	for (size_t i = 0; i < b->rows; i++) {
		b->groups[i] = (struct row){ x[i], y ? y[i] : 0 };
		mx += b->groups[i].x / (double)b->rows;
		my += b->groups[i].y / (double)b->rows;
	}
	qsort(b->groups, b->rows, sizeof *b->groups, compare_rows);
	for (size_t i = 0; i < b->rows; i++) {
		const struct row row = b->groups[i];
		if (i == 0 || compare_rows(&row, &b->groups[b->group_count - 1]) != 0)
			b->groups[b->group_count++] = row;
		b->group_of[i] = (uint32_t)(b->group_count - 1);
		b->sizes[b->group_count - 1]++;
	}
	for (size_t i = 0; i < b->group_count; i++) {
		b->groups[i].x -= mx;
		b->groups[i].y -= my;
	}
	b->mean = mx;
}

/* A group takes about as long as so many rows. */
enum { ROWS_A_GROUP = 32 };

static void draw_groups(const struct bootstrap *b, struct tok_random *random, uint32_t *counts)
{
	uint64_t draws = b->rows, rows = b->rows;
	for (size_t i = 0; i < b->group_count; i++) {
		const double share = (double)b->sizes[i] / (double)rows;
		const uint64_t count = stats_binomial(random, draws, share);
		counts[i] = (uint32_t)count;
		draws -= count;
		rows -= b->sizes[i];
	}
}

/* Two draws a random number; D. Lemire's method, as in random.h, with 32 bits. */
static void draw_rows(const struct bootstrap *b, struct tok_random *random, uint32_t *counts)
{
	const uint32_t n = (uint32_t)b->rows, floor = -n % n;
	uint64_t bits = 0;
	bool left = false;
	memset(counts, 0, b->group_count * sizeof *counts);
	for (size_t i = 0; i < b->rows;) {
		bits = left ? bits >> 32 : tok_random_next(random);
		left = !left;
		const uint64_t wide = (bits & UINT32_MAX) * n;
		if ((uint32_t)wide < floor)
			continue;
		counts[b->group_of[wide >> 32]]++;
		i++;
	}
}

static double measure(const struct bootstrap *b, const uint32_t *counts)
{
	double x = 0, y = 0, xx = 0, yy = 0, xy = 0;
	for (size_t i = 0; i < b->group_count; i++) {
		const double count = counts[i];
		const struct row *g = &b->groups[i];
		x += count * g->x;
		y += count * g->y;
		xx += count * g->x * g->x;
		yy += count * g->y * g->y;
		xy += count * g->x * g->y;
	}
	const double n = (double)b->rows;
	if (b->statistic == VOCAB_STATS_MEAN)
		return b->mean + x / n;
	const double vx = xx - x * x / n, vy = yy - y * y / n;
	/* A sample of equal numbers has a variance of rounding only. */
	if (!(vx > 1e-12 * xx) || !(vy > 1e-12 * yy))
		return NAN;
	return fmax(-1, fmin(1, (xy - x * y / n) / sqrt(vx) / sqrt(vy)));
}

static void run(void *shared, size_t index)
{
	const struct bootstrap *b = shared;
	uint32_t *counts = b->counts + index * b->group_count;
	for (size_t round = index; round < b->rounds; round += b->threads) {
		struct tok_random random = tok_random_of(b->seed, round);
		if (b->group_count <= b->rows / ROWS_A_GROUP)
			draw_groups(b, &random, counts);
		else
			draw_rows(b, &random, counts);
		b->found[round] = measure(b, counts);
	}
}

static int compare_numbers(const void *left, const void *right)
{
	const double a = *(const double *)left, b = *(const double *)right;
	return (a > b) - (a < b);
}

/* Between two of them in a straight line, as numpy's percentile has it. */
static double quantile(const double *sorted, size_t count, double share)
{
	const double place = share * (double)(count - 1);
	const size_t at = (size_t)place;
	if (at + 1 >= count)
		return sorted[count - 1];
	return sorted[at] + (place - (double)at) * (sorted[at + 1] - sorted[at]);
}

static bool summarize(struct bootstrap *b, struct vocab_stats_interval *out)
{
	size_t count = 0;
	for (size_t i = 0; i < b->rounds; i++)
		if (!isnan(b->found[i]))
			b->found[count++] = b->found[i];
	if (count == 0)
		return false;
	qsort(b->found, count, sizeof *b->found, compare_numbers);
	out->low = quantile(b->found, count, .025);
	out->high = quantile(b->found, count, .975);
	return true;
}

enum tok_status vocab_stats_bootstrap(enum vocab_stats_statistic statistic, const double *x,
				      const double *y, size_t n, size_t rounds, uint64_t seed,
				      size_t threads, struct vocab_stats_interval *out,
				      bool *defined, struct tok_error *err)
{
	struct bootstrap b = { .statistic = statistic,
			       .rows = n,
			       .seed = seed,
			       .rounds = rounds,
			       .threads = threads };
	enum tok_status status = TOK_OK;
	if (n > UINT32_MAX)
		return tok_fail(err, TOK_ELIMIT, "%zu rows are too many: 4294967295 at most", n);
	if (n == 0 || rounds == 0) {
		*defined = false;
		return TOK_OK;
	}
	b.groups = calloc(n, sizeof *b.groups);
	b.group_of = calloc(n, sizeof *b.group_of);
	b.sizes = calloc(n, sizeof *b.sizes);
	b.found = calloc(rounds, sizeof *b.found);
	if (b.groups && b.group_of && b.sizes)
		make_groups(&b, x, statistic == VOCAB_STATS_MEAN ? NULL : y);
	b.counts = calloc(threads * (b.group_count + 1), sizeof *b.counts);
	if (b.groups && b.group_of && b.sizes && b.found && b.counts) {
		tok_threads_run(threads, run, &b);
		*defined = summarize(&b, out);
	} else {
		status = tok_fail_memory(err);
	}
	free(b.groups);
	free(b.group_of);
	free(b.sizes);
	free(b.found);
	free(b.counts);
	return status;
}
