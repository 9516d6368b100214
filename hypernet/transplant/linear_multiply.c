/* linear_multiply.c - products of matrices in F64: blocks of the result to threads, packed so that
 * a tile's numbers lie side by side. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "hypernet/kernel/kernel.h"
#include "hypernet/transplant/linear_internal.h"
#include "hypernet/transplant/sums_internal.h"
#include "tok/base/threads.h"

enum {
	DEPTH = 128, /* of a packed block: a panel of it stays in the first cache */
	SIDE = 768,  /* of a block of the result: a multiple of every tile's sides */
	TILE_MAX = 8 * 24
};

struct product {
	const struct hyper_sums *sums;
	double alpha;
	struct hyper_linear a, b, c;
	bool lower;
	size_t across; /* blocks of the result side by side */
	size_t blocks;
	atomic_size_t next;
	atomic_bool failed;
};

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Panels of `lines` rows of `from`, one behind the other, [depth][lines] each; missing rows are
 * zero.  For columns turn it. */
static void pack(struct hyper_linear from, size_t lines, double *to)
{
	for (size_t first = 0; first < from.rows; first += lines) {
		const size_t count = smaller(lines, from.rows - first);
		for (size_t d = 0; d < from.columns; d++) {
			const double *at = from.at + first * from.down + d * from.across;
			for (size_t i = 0; i < count; i++)
				to[i] = at[i * from.down];
			for (size_t i = count; i < lines; i++)
				to[i] = 0;
			to += lines;
		}
	}
}

/* One tile where it lies, or aside where it hangs over the edge. */
static void put_tile(const struct product *p, const double *a, const double *b, size_t depth,
		     size_t row, size_t column)
{
	const struct hyper_sums *sums = p->sums;
	const size_t rows = smaller(sums->tile_rows, p->c.rows - row);
	const size_t columns = smaller(sums->tile_columns, p->c.columns - column);
	double *c = p->c.at + row * p->c.down + column;
	double aside[TILE_MAX];
	if (rows == sums->tile_rows && columns == sums->tile_columns) {
		sums->tile(a, b, depth, p->alpha, c, p->c.down);
		return;
	}
	memset(aside, 0, sizeof aside);
	sums->tile(a, b, depth, p->alpha, aside, sums->tile_columns);
	for (size_t i = 0; i < rows; i++)
		for (size_t j = 0; j < columns; j++)
			c[i * p->c.down + j] += aside[i * sums->tile_columns + j];
}

static void put_block(const struct product *p, const double *a, const double *b, size_t depth,
		      size_t row, size_t column)
{
	const size_t tile_rows = p->sums->tile_rows, tile_columns = p->sums->tile_columns;
	const size_t row_end = smaller(row + SIDE, p->c.rows);
	const size_t column_end = smaller(column + SIDE, p->c.columns);
	for (size_t j = column; j < column_end; j += tile_columns)
		for (size_t i = row; i < row_end; i += tile_rows)
			if (!p->lower || j < i + tile_rows)
				put_tile(p, a + (i - row) * depth, b + (j - column) * depth, depth,
					 i, j);
}

static void work(void *shared, size_t thread)
{
	struct product *p = shared;
	double *a = hyper_scratch_new(SIDE * DEPTH * sizeof *a);
	double *b = hyper_scratch_new(SIDE * DEPTH * sizeof *b);
	(void)thread;
	if (!a || !b)
		atomic_store(&p->failed, true);
	while (!atomic_load(&p->failed)) {
		const size_t block = atomic_fetch_add(&p->next, 1);
		if (block >= p->blocks)
			break;
		const size_t row = block / p->across * SIDE, column = block % p->across * SIDE;
		const size_t rows = smaller(SIDE, p->c.rows - row);
		const size_t columns = smaller(SIDE, p->c.columns - column);
		if (p->lower && column > row)
			continue;
		for (size_t d = 0; d < p->a.columns; d += DEPTH) {
			const size_t depth = smaller(DEPTH, p->a.columns - d);
			pack(hyper_linear_part(p->a, row, d, rows, depth), p->sums->tile_rows, a);
			pack(
			    hyper_linear_turned(hyper_linear_part(p->b, d, column, depth, columns)),
			    p->sums->tile_columns, b);
			put_block(p, a, b, depth, row, column);
		}
	}
	free(a);
	free(b);
}

enum tok_status hyper_linear_multiply(double alpha, struct hyper_linear a, struct hyper_linear b,
				      bool lower, size_t threads, struct hyper_linear c,
				      struct tok_error *err)
{
	struct product p = {
		.sums = hyper_sums_best(),
		.alpha = alpha,
		.a = a,
		.b = b,
		.c = c,
		.lower = lower,
		.across = (c.columns + SIDE - 1) / SIDE,
	};
	p.blocks = p.across * ((c.rows + SIDE - 1) / SIDE);
	if (p.blocks == 0)
		return TOK_OK;
	tok_threads_run(smaller(threads, p.blocks), work, &p);
	return atomic_load(&p.failed) ? tok_fail_memory(err) : TOK_OK;
}
