/*
 * amx_loops_internal.h - products of bf16 and of bytes by tiles of 16 rows of 64 bytes.
 *
 * Included by narrow_amx.c, where the tiles are the processor's, and by a test, where they are a
 * model of them, so that these loops run on any machine.  Who includes it has defined before
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
 * adds 64 bytes of each row: 2 tiles of x, 2 of weights, 4 products.  Both lie as they are taken,
 * step by step.  A run of steps is as many as have their weights, and a group's rows, in the
 * nearest cache while all groups of the block take their turn; meanwhile the weights of the next
 * run are fetched.  Between runs the sums lie in scratch.  What a product costs beside its tiles is
 * weights that come from memory once a block: so blocks are large.
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
	RUN_BYTES = 16384,
	BLOCK_GROUPS = 8,
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

static inline void load_step(const char *x, const char *w)
{
	TILE_LOAD(4, x, (size_t)TILE_WIDTH);
	TILE_LOAD(5, x + STEP_BYTES / 2, (size_t)TILE_WIDTH);
	TILE_LOAD(6, w, (size_t)PANEL_WIDTH);
	TILE_LOAD(7, w + TILE_WIDTH, (size_t)PANEL_WIDTH);
}

/* A group's part of weights that the next run takes, from memory to the second cache. */
static inline void fetch_ahead(const char *w)
{
	for (size_t at = 0; at < STEP_BYTES / BLOCK_GROUPS; at += TILE_WIDTH)
		__builtin_prefetch(w + at, 0, 2);
}

static inline void add_bf16(const char *x, const char *w, size_t steps, const char *ahead)
{
	for (size_t s = 0; s < steps; s++) {
		load_step(x + s * STEP_BYTES, w + s * STEP_BYTES);
		fetch_ahead(ahead + s * STEP_BYTES);
		TILE_ADD_BF16(0, 4, 6);
		TILE_ADD_BF16(1, 4, 7);
		TILE_ADD_BF16(2, 5, 6);
		TILE_ADD_BF16(3, 5, 7);
	}
}

static inline void add_int8(const char *x, const char *w, size_t steps, const char *ahead)
{
	for (size_t s = 0; s < steps; s++) {
		load_step(x + s * STEP_BYTES, w + s * STEP_BYTES);
		fetch_ahead(ahead + s * STEP_BYTES);
		TILE_ADD_INT8(0, 4, 6);
		TILE_ADD_INT8(1, 4, 7);
		TILE_ADD_INT8(2, 5, 6);
		TILE_ADD_INT8(3, 5, 7);
	}
}

/* A block of x, narrowed, and where its products go. */
struct tile_block {
	const struct hyper_matrix *m;
	char *x;            /* [parts][groups][steps][GROUP_ROWS][TILE_WIDTH] bytes */
	size_t part;        /* bytes to the next part */
	size_t rows, steps; /* steps: all of a row */
	float *scales;      /* of the rows, for INT8 */
	char *sums;         /* [BLOCK_ROWS][PANEL_WIDTH], while they are not whole */
	float *p;
	size_t p_stride;
};

static inline size_t count_steps(const struct hyper_matrix *m)
{
	return m->mode == HYPER_MODE_INT8 ? hyper_round_up(m->in, HYPER_INT8_UNIT) / TILE_WIDTH
					  : hyper_round_up(m->in, HYPER_BF16_UNIT) * 2 / TILE_WIDTH;
}

static inline size_t tile_parts(const struct hyper_matrix *m)
{
	return m->mode == HYPER_MODE_BF16X3 ? 2 : 1;
}

static inline size_t part_bytes(const struct hyper_matrix *m)
{
	return BLOCK_GROUPS * count_steps(m) * STEP_BYTES;
}

static inline size_t tile_scratch(const struct hyper_matrix *m)
{
	return tile_parts(m) * part_bytes(m) + BLOCK_ROWS * (sizeof(float) + PANEL_WIDTH);
}

static inline struct tile_block begin_tiles(const struct hyper_matrix *m, size_t rows, float *p,
					    size_t p_stride, void *scratch)
{
	struct tile_block b = { .m = m, .x = scratch, .rows = rows, .p = p, .p_stride = p_stride };
	b.part = part_bytes(m);
	b.steps = count_steps(m);
	b.scales = (float *)(b.x + tile_parts(m) * b.part);
	b.sums = (char *)(b.scales + BLOCK_ROWS);
	return b;
}

/* Rows of x, from `first` on, to where the tiles of their group are. */
static inline struct hyper_narrow_rows begin_group(const struct tile_block *b, size_t first)
{
	const size_t bytes = b->steps * STEP_BYTES;
	char *at = b->x + first / GROUP_ROWS * bytes;
	/* The rows that a last group lacks: any number would do, but it shall be one. */
	if (b->rows - first < GROUP_ROWS)
		for (size_t i = 0; i < tile_parts(b->m); i++)
			memset(at + i * b->part, 0, bytes);
	return (struct hyper_narrow_rows){
		.at = at, .row = TILE_WIDTH, .unit = STEP_BYTES, .part = b->part
	};
}

static inline size_t group_rows(const struct tile_block *b, size_t first)
{
	return b->rows - first < GROUP_ROWS ? b->rows - first : GROUP_ROWS;
}

/* The sums of a group's rows, and where their numbers go: where the last steps are added. */
static inline void end_group(const struct tile_block *b, size_t first, size_t o)
{
	const char *sums = b->sums + first * PANEL_WIDTH;
	const size_t rows = group_rows(b, first);
	float *p = b->p + first * b->p_stride + o;
	if (b->m->mode == HYPER_MODE_INT8)
		SCALE_INT8(sums, PANEL_WIDTH, rows, b->scales + first, b->m->scales + o, p,
			   b->p_stride);
	else
		for (size_t r = 0; r < rows; r++)
			memcpy(p + r * b->p_stride, sums + r * PANEL_WIDTH, PANEL_WIDTH);
}

/* Steps [from, from + steps) of a group of rows by a panel. */
static inline void add_run(const struct tile_block *b, size_t first, const char *w, size_t from,
			   size_t steps)
{
	const char *x = b->x + (first / GROUP_ROWS * b->steps + from) * STEP_BYTES;
	const size_t low = b->steps * STEP_BYTES;
	w += from * STEP_BYTES;
	const char *ahead =
	    w + steps * STEP_BYTES + first / GROUP_ROWS * (STEP_BYTES / BLOCK_GROUPS);
	switch (b->m->mode) {
	case HYPER_MODE_INT8:
		add_int8(x, w, steps, ahead);
		break;
	case HYPER_MODE_BF16X3:
		add_bf16(x, w, steps, ahead);
		add_bf16(x + b->part, w, steps, ahead + low);
		add_bf16(x, w + low, steps, ahead + low);
		break;
	case HYPER_MODE_BF16:
		add_bf16(x, w, steps, ahead);
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
	const bool direct = b->m->mode != HYPER_MODE_INT8;
	for (size_t from = 0; from < b->steps; from += run) {
		const bool last = b->steps - from <= run;
		for (size_t r = 0; r < b->rows; r += GROUP_ROWS) {
			char *sums = b->sums + r * PANEL_WIDTH;
			if (from == 0)
				zero_sums();
			else
				load_sums(sums, PANEL_WIDTH);
			add_run(b, r, w, from, last ? b->steps - from : run);
			if (last && direct && b->rows - r >= GROUP_ROWS) {
				store_sums((char *)(b->p + r * b->p_stride + o),
					   b->p_stride * sizeof(float));
				continue;
			}
			store_sums(sums, PANEL_WIDTH);
			if (last)
				end_group(b, r, o);
		}
	}
}

static inline void multiply_tiles(const struct tile_block *b)
{
	const size_t bytes = tile_parts(b->m) * b->steps * STEP_BYTES;
	const char *w = b->m->data;
	configure_tiles(); /* again: who else uses tiles in this thread may have let them go */
	TILE_FENCE();
	for (size_t o = 0; o < b->m->out; o += HYPER_NARROW_PANEL, w += bytes)
		multiply_panel(b, w, o);
}

static void multiply_bf16(const struct hyper_matrix *m, const float *x, size_t x_stride,
			  size_t rows, float *p, size_t p_stride, void *scratch)
{
	const struct tile_block b = begin_tiles(m, rows, p, p_stride, scratch);
	for (size_t r = 0; r < rows; r += GROUP_ROWS) {
		const struct hyper_narrow_rows to = begin_group(&b, r);
		ROWS_TO_BF16(x + r * x_stride, x_stride, group_rows(&b, r), m->in, &to);
	}
	multiply_tiles(&b);
}

static void multiply_bf16x3(const struct hyper_matrix *m, const float *x, size_t x_stride,
			    size_t rows, float *p, size_t p_stride, void *scratch)
{
	const struct tile_block b = begin_tiles(m, rows, p, p_stride, scratch);
	for (size_t r = 0; r < rows; r += GROUP_ROWS) {
		const struct hyper_narrow_rows to = begin_group(&b, r);
		ROWS_TO_BF16X3(x + r * x_stride, x_stride, group_rows(&b, r), m->in, &to);
	}
	multiply_tiles(&b);
}

static void multiply_int8(const struct hyper_matrix *m, const float *x, size_t x_stride,
			  size_t rows, float *p, size_t p_stride, void *scratch)
{
	const struct tile_block b = begin_tiles(m, rows, p, p_stride, scratch);
	for (size_t r = 0; r < rows; r += GROUP_ROWS) {
		const struct hyper_narrow_rows to = begin_group(&b, r);
		ROWS_TO_INT8(x + r * x_stride, x_stride, group_rows(&b, r), m->in, &to,
			     b.scales + r);
	}
	multiply_tiles(&b);
}

#define TILE_PRODUCT(NAME, LONGEST)                                                                \
	{                                                                                          \
		.panel = HYPER_NARROW_PANEL, .block_rows = BLOCK_ROWS, .longest = LONGEST,         \
		.bytes = hyper_##NAME##_bytes, .pack = hyper_##NAME##_pack,                        \
		.scratch = tile_scratch, .multiply = multiply_##NAME                               \
	}

#endif
