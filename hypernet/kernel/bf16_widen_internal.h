/*
 * bf16_widen_internal.h - products of bf16 by rows that are rounded and stay F32, for a file that
 * defines
 *
 *	GROUP, FEW, BLOCK_ROWS   rows at once, at the end of a block, and of a block
 *	OUTPUTS                  that multiply_group takes at once: PANEL, or half of it
 *	round_rows               numbers as bf16 has them, zeros up to a whole unit
 *	multiply_group           `live` of `rows` rows by OUTPUTS of a panel
 *
 * Widening is exact; that is for tables that have no instruction for bf16.
 */
#include "hypernet/kernel/narrow_internal.h"

static void multiply_outputs(const float *x, size_t stride, size_t rows, size_t count,
			     const uint16_t *weights, float *p, size_t p_stride)
{
	size_t r = 0;
	for (; r + GROUP <= rows; r += GROUP)
		multiply_group(x + r * stride, stride, count, weights, p + r * p_stride, p_stride,
			       GROUP, GROUP);
	for (; r < rows; r += FEW)
		multiply_group(x + r * stride, stride, count, weights, p + r * p_stride, p_stride,
			       FEW, rows - r);
}

/* In numbers. */
static size_t row_stride(const struct hyper_matrix *m)
{
	return hyper_round_up(m->in, HYPER_BF16_UNIT) + HYPER_NARROW_GAP / sizeof(float);
}

static size_t count_scratch(const struct hyper_matrix *m)
{
	return BLOCK_ROWS * row_stride(m) * sizeof(float);
}

static void multiply(const struct hyper_matrix *m, const float *x, size_t x_stride, size_t rows,
		     float *p, size_t p_stride, void *scratch)
{
	const size_t stride = row_stride(m), count = hyper_round_up(m->in, HYPER_BF16_UNIT);
	float *rounded = scratch;
	round_rows(x, x_stride, rows, m->in, rounded, stride);
	memset(rounded + rows * stride, 0,
	       (hyper_round_up(rows, FEW) - rows) * stride * sizeof *rounded);
	for (size_t o = 0; o < hyper_round_up(m->out, PANEL); o += OUTPUTS)
		multiply_outputs(rounded, stride, rows, count,
				 hyper_bf16_panel(m, o / PANEL) + o % PANEL * 2, p + o, p_stride);
}
