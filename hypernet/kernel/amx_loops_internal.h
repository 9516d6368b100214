/*
 * amx_loops_internal.h - products of bf16 and of bytes by tiles of 16 rows of 64 bytes.
 *
 * Included by amx.c, where the tiles are the processor's, and by a test, where they are a model of
 * them, so that these loops run on any machine.  Who includes it has defined before
 *
 *	TILE_CONFIG(address)                  the shapes of all tiles
 *	TILE_ZERO(tile)  TILE_LOAD(tile, address, stride)  TILE_STORE(tile, address, stride)
 *	TILE_ADD_BF16(sums, rows, outputs)    sums += rows * outputs
 *	TILE_ADD_INT8(sums, rows, outputs)
 *	TILE_FENCE()                          what was stored before is in memory
 *	ROWS_TO_BF16  ROWS_TO_BF16X3  ROWS_TO_INT8  SCALE_INT8   functions of narrow_internal.h
 *
 * (macros, for a tile's number must be a literal).
 *
 * A group is 32 rows of x; by a panel of 32 outputs, that is 2 x 2 tiles of sums, to which a step
 * adds 64 bytes of each row: 2 tiles of x, 2 of weights, 4 products.  A run of steps is as many as
 * have their weights in the nearest cache for all groups of the block.  Between runs the sums lie
 * where their numbers will be; those of a last group of fewer rows, in scratch.
 */
#ifndef HYPER_KERNEL_AMX_LOOPS_INTERNAL_H
#define HYPER_KERNEL_AMX_LOOPS_INTERNAL_H

#include "hypernet/kernel/narrow_internal.h"

enum {
	TILE_HEIGHT = 16,
	TILE_WIDTH = 64, /* bytes */
	GROUP_ROWS = 2 * TILE_HEIGHT,
	PANEL_WIDTH = HYPER_NARROW_PANEL * 4, /* bytes of a row of sums, and of packed weights */
	STEP_BYTES = TILE_HEIGHT * PANEL_WIDTH,
	RUN_BYTES = 32768,
	BLOCK_GROUPS = 4,
	BLOCK_ROWS = BLOCK_GROUPS * GROUP_ROWS
};

/* What LDTILECFG reads: palette 1, and all eight tiles whole. */
static inline void configure_tiles(void)
{
	enum { W = TILE_WIDTH, H = TILE_HEIGHT };
	static const _Alignas(64) uint8_t config[64] = {
		1,        [16] = W, [18] = W, [20] = W, [22] = W, [24] = W,
		[26] = W, [28] = W, [30] = W, [48] = H, H,        H,
		H,        H,        H,        H,        H,
	};
	TILE_CONFIG(config);
}

static inline void zero_sums(void)
{
	TILE_ZERO(0);
	TILE_ZERO(1);
	TILE_ZERO(2);
	TILE_ZERO(3);
}

static inline void load_sums(const char *sums, size_t stride)
{
	TILE_LOAD(0, sums, stride);
	TILE_LOAD(1, sums + TILE_WIDTH, stride);
	TILE_LOAD(2, sums + TILE_HEIGHT * stride, stride);
	TILE_LOAD(3, sums + TILE_HEIGHT * stride + TILE_WIDTH, stride);
}

static inline void store_sums(char *sums, size_t stride)
{
	TILE_STORE(0, sums, stride);
	TILE_STORE(1, sums + TILE_WIDTH, stride);
	TILE_STORE(2, sums + TILE_HEIGHT * stride, stride);
	TILE_STORE(3, sums + TILE_HEIGHT * stride + TILE_WIDTH, stride);
}

static inline void load_step(const char *x, size_t stride, const char *w)
{
	TILE_LOAD(4, x, stride);
	TILE_LOAD(5, x + TILE_HEIGHT * stride, stride);
	TILE_LOAD(6, w, (size_t)PANEL_WIDTH);
	TILE_LOAD(7, w + TILE_WIDTH, (size_t)PANEL_WIDTH);
}

static inline void add_bf16(const char *x, size_t stride, const char *w, size_t steps)
{
	for (size_t s = 0; s < steps; s++, x += TILE_WIDTH, w += STEP_BYTES) {
		load_step(x, stride, w);
		TILE_ADD_BF16(0, 4, 6);
		TILE_ADD_BF16(1, 4, 7);
		TILE_ADD_BF16(2, 5, 6);
		TILE_ADD_BF16(3, 5, 7);
	}
}

static inline void add_int8(const char *x, size_t stride, const char *w, size_t steps)
{
	for (size_t s = 0; s < steps; s++, x += TILE_WIDTH, w += STEP_BYTES) {
		load_step(x, stride, w);
		TILE_ADD_INT8(0, 4, 6);
		TILE_ADD_INT8(1, 4, 7);
		TILE_ADD_INT8(2, 5, 6);
		TILE_ADD_INT8(3, 5, 7);
	}
}

/* A block of x, narrowed, and where its products go. */
struct tile_block {
	const struct hyper_matrix *m;
	const char *x;         /* [parts][groups * GROUP_ROWS] rows */
	size_t x_stride, part; /* bytes to the next row, and to the next part */
	size_t rows, steps;    /* steps: all of a row */
	const float *scales;   /* of the rows, for INT8 */
	float *p;
	size_t p_stride;
	char *spill; /* the sums of a group that is not whole */
};

/* Of scratch, in this order: the rows, their scales, the sums of a last group. */
static inline size_t tile_stride(const struct hyper_matrix *m)
{
	const size_t in = m->mode == HYPER_MODE_INT8 ? hyper_round_up(m->in, HYPER_INT8_UNIT)
						     : 2 * hyper_round_up(m->in, HYPER_BF16_UNIT);
	return in + HYPER_NARROW_GAP;
}

static inline size_t tile_parts(const struct hyper_matrix *m)
{
	return m->mode == HYPER_MODE_BF16X3 ? 2 : 1;
}

static inline size_t tile_scratch(const struct hyper_matrix *m)
{
	return BLOCK_ROWS * (tile_parts(m) * tile_stride(m) + sizeof(float)) +
	       GROUP_ROWS * PANEL_WIDTH;
}

static inline struct tile_block begin_tiles(const struct hyper_matrix *m, size_t rows, float *p,
					    size_t p_stride, void *scratch)
{
	char *at = scratch;
	struct tile_block b = { .m = m, .x = at, .rows = rows, .p = p, .p_stride = p_stride };
	b.x_stride = tile_stride(m);
	b.part = BLOCK_ROWS * b.x_stride;
	b.steps = b.x_stride / TILE_WIDTH - HYPER_NARROW_GAP / TILE_WIDTH;
	b.scales = (const float *)(at + tile_parts(m) * b.part);
	b.spill = at + tile_parts(m) * b.part + BLOCK_ROWS * sizeof(float);
	/* The rows that a last group lacks: any number would do, but it shall be one. */
	const size_t whole = hyper_round_up(rows, GROUP_ROWS);
	for (size_t i = 0; i < tile_parts(m); i++)
		memset(at + i * b.part + rows * b.x_stride, 0, (whole - rows) * b.x_stride);
	return b;
}

/* A group's sums are whole: make numbers of them, and of no row that is not there. */
static inline void end_group(const struct tile_block *b, size_t first, size_t o, const char *sums,
			     size_t sum_stride)
{
	const size_t left = b->rows - first, rows = left < GROUP_ROWS ? left : GROUP_ROWS;
	float *p = b->p + first * b->p_stride + o;
	if (b->m->mode == HYPER_MODE_INT8)
		SCALE_INT8(sums, sum_stride, rows, b->scales + first, b->m->scales + o, p,
			   b->p_stride);
	else if (sums == b->spill)
		for (size_t r = 0; r < rows; r++)
			memcpy(p + r * b->p_stride, sums + r * sum_stride, PANEL_WIDTH);
}

/* Steps [from, from + steps) of a group of rows by a panel. */
static inline void add_run(const struct tile_block *b, size_t first, const char *w, size_t from,
			   size_t steps)
{
	const char *x = b->x + first * b->x_stride + from * TILE_WIDTH;
	const size_t low = b->steps * STEP_BYTES;
	w += from * STEP_BYTES;
	switch (b->m->mode) {
	case HYPER_MODE_INT8:
		add_int8(x, b->x_stride, w, steps);
		break;
	case HYPER_MODE_BF16X3:
		add_bf16(x, b->x_stride, w, steps);
		add_bf16(x + b->part, b->x_stride, w, steps);
		add_bf16(x, b->x_stride, w + low, steps);
		break;
	case HYPER_MODE_BF16:
		add_bf16(x, b->x_stride, w, steps);
		break;
	case HYPER_MODE_F32:
	case HYPER_MODE_COUNT:
		break;
	}
}

/* The panel of outputs from `o` on, of which `w` are the weights. */
static inline void multiply_panel(const struct tile_block *b, const char *w, size_t o)
{
	const size_t run = RUN_BYTES / STEP_BYTES / tile_parts(b->m);
	for (size_t from = 0; from < b->steps; from += run) {
		const bool last = b->steps - from <= run;
		for (size_t r = 0; r < b->rows; r += GROUP_ROWS) {
			const bool whole = b->rows - r >= GROUP_ROWS;
			char *sums = whole ? (char *)(b->p + r * b->p_stride + o) : b->spill;
			const size_t stride = whole ? b->p_stride * sizeof(float) : PANEL_WIDTH;
			if (from == 0)
				zero_sums();
			else
				load_sums(sums, stride);
			add_run(b, r, w, from, last ? b->steps - from : run);
			store_sums(sums, stride);
			if (last)
				end_group(b, r, o, sums, stride);
		}
	}
}

static inline void multiply_tiles(const struct tile_block *b)
{
	const size_t bytes = tile_parts(b->m) * b->steps * STEP_BYTES;
	const char *w = b->m->data;
	TILE_FENCE();
	for (size_t o = 0; o < b->m->out; o += HYPER_NARROW_PANEL, w += bytes)
		multiply_panel(b, w, o);
}

static void multiply_bf16(const struct hyper_matrix *m, const float *x, size_t x_stride,
			  size_t rows, float *p, size_t p_stride, void *scratch)
{
	const struct tile_block b = begin_tiles(m, rows, p, p_stride, scratch);
	ROWS_TO_BF16(x, x_stride, rows, m->in, scratch, b.x_stride);
	multiply_tiles(&b);
}

static void multiply_bf16x3(const struct hyper_matrix *m, const float *x, size_t x_stride,
			    size_t rows, float *p, size_t p_stride, void *scratch)
{
	const struct tile_block b = begin_tiles(m, rows, p, p_stride, scratch);
	ROWS_TO_BF16X3(x, x_stride, rows, m->in, scratch, b.x_stride, b.part);
	multiply_tiles(&b);
}

static void multiply_int8(const struct hyper_matrix *m, const float *x, size_t x_stride,
			  size_t rows, float *p, size_t p_stride, void *scratch)
{
	const struct tile_block b = begin_tiles(m, rows, p, p_stride, scratch);
	float *scales = (float *)((char *)scratch + b.part);
	ROWS_TO_INT8(x, x_stride, rows, m->in, scratch, b.x_stride, scales);
	multiply_tiles(&b);
}

#define TILE_PRODUCT(NAME, LONGEST)                                                                \
	{                                                                                          \
		.panel = HYPER_NARROW_PANEL, .block_rows = BLOCK_ROWS, .longest = LONGEST,         \
		.bytes = hyper_##NAME##_bytes, .pack = hyper_##NAME##_pack,                        \
		.scratch = tile_scratch, .multiply = multiply_##NAME                               \
	}

#endif
