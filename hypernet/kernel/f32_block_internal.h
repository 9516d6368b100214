/*
 * f32_block_internal.h - products of F32, for a file that has included its lanes_X_internal.h and
 * defines
 *
 *	PANEL_LANES   vectors of a panel          TILE_ROWS   rows of a tile
 *	EACH_TILE(X)  X(1) to X(TILE_ROWS)
 *
 * A tile is TILE_ROWS x PANEL_LANES vectors of sums that stay in registers while it goes through
 * STEP inputs.  For each step, a block of rows of x is copied to where its rows lie at a known
 * distance that is no power of two, and stays in the second cache while the panels of weights pass
 * by; a step of a panel stays there, too, while the block's tiles use it.  What a step adds is
 * added to p.
 *
 * A number of p is the sum, over the steps, of a chain of multiply-adds in the order of the inputs,
 * whatever the tile: so a row's bits do not depend on its neighbours.
 */
#include "hypernet/kernel/kernel_internal.h"

/* Measured (tests/bench/hypernet.md): with shorter steps p is gone through too often, with fewer
 * rows the weights. */
enum { STEP = 768, BLOCK_ROWS = 112 / TILE_ROWS * TILE_ROWS, STRIDE = STEP + 16, AHEAD = 8 };
enum { PANEL = PANEL_LANES * LANES };

static size_t count_bytes(size_t out, size_t in)
{
	return hyper_round_up(out, PANEL) * in * sizeof(float);
}

static void pack(const struct hyper_matrix *m, size_t first, size_t count, const float *rows)
{
	hyper_f32_pack(m, PANEL, first, count, rows);
}

static size_t count_scratch(const struct hyper_matrix *m)
{
	(void)m;
	return BLOCK_ROWS * STRIDE * sizeof(float);
}

/* The weights of the next inputs are asked for in time. */
static inline __attribute__((always_inline)) void look_ahead(const float *w)
{
#pragma GCC unroll 16
	for (size_t i = 0; i < PANEL; i += 16)
		__builtin_prefetch(w + AHEAD * PANEL + i, 0, 3);
}

/* `rows` is a constant where this is called, and all loops over it are unrolled.  x: rows STRIDE
 * apart, w: [count][PANEL].  `adds`: to what is in p. */
static inline __attribute__((always_inline)) void multiply_tile(size_t rows, const float *x,
								const float *w, size_t count,
								float *p, size_t p_stride,
								bool adds)
{
	lanes sum[TILE_ROWS][PANEL_LANES];
#pragma GCC unroll 16
	for (size_t r = 0; r < rows; r++)
#pragma GCC unroll 16
		for (size_t v = 0; v < PANEL_LANES; v++)
			sum[r][v] = lanes_of(0);
	for (size_t i = 0; i < count; i++, w += PANEL) {
		lanes weight[PANEL_LANES];
		look_ahead(w);
#pragma GCC unroll 16
		for (size_t v = 0; v < PANEL_LANES; v++)
			weight[v] = lanes_load(w + v * LANES);
#pragma GCC unroll 16
		for (size_t r = 0; r < rows; r++) {
			const lanes input = lanes_of(x[r * STRIDE + i]);
#pragma GCC unroll 16
			for (size_t v = 0; v < PANEL_LANES; v++)
				sum[r][v] = lanes_multiply_add(input, weight[v], sum[r][v]);
		}
	}
#pragma GCC unroll 16
	for (size_t r = 0; r < rows; r++)
#pragma GCC unroll 16
		for (size_t v = 0; v < PANEL_LANES; v++) {
			float *to = p + r * p_stride + v * LANES;
			if (adds)
				sum[r][v] = sum[r][v] + lanes_load(to);
			lanes_store(to, sum[r][v]);
		}
}

typedef void tile_fn(const float *x, const float *w, size_t count, float *p, size_t p_stride,
		     bool adds);

#define TILE(rows)                                                                                 \
	static void multiply_tile_##rows(const float *x, const float *w, size_t count, float *p,   \
					 size_t p_stride, bool adds)                               \
	{                                                                                          \
		multiply_tile(rows, x, w, count, p, p_stride, adds);                               \
	}
EACH_TILE(TILE)

#define TILE_NAME(rows) multiply_tile_##rows,
static tile_fn *const tile_of_height[] = { NULL, EACH_TILE(TILE_NAME) };

/* One step of one panel, for all rows in tiles of about the same height. */
static void multiply_panel(const float *x, size_t rows, const float *panel, size_t count, float *p,
			   size_t p_stride, bool adds)
{
	const size_t tiles = (rows + TILE_ROWS - 1) / TILE_ROWS;
	for (size_t t = 0, from = 0; t < tiles; t++) {
		const size_t to = rows * (t + 1) / tiles;
		tile_of_height[to - from](x + from * STRIDE, panel, count, p + from * p_stride,
					  p_stride, adds);
		from = to;
	}
}

static void multiply(const struct hyper_matrix *m, const float *x, size_t x_stride, size_t rows,
		     float *p, size_t p_stride, void *scratch)
{
	const float *w = m->data;
	float *copy = scratch;
	for (size_t from = 0; from < m->in; from += STEP) {
		const size_t count = m->in - from < STEP ? m->in - from : STEP;
		for (size_t r = 0; r < rows; r++)
			memcpy(copy + r * STRIDE, x + r * x_stride + from, count * sizeof *copy);
		for (size_t o = 0; o < m->out; o += PANEL)
			multiply_panel(copy, rows, w + o * m->in + from * PANEL, count, p + o,
				       p_stride, from > 0);
	}
}
