/*
 * f32_scalar.c - products of F32, as everybody else is held against.
 */
#include "hypernet/kernel/kernel_internal.h"

/* Sums of STEP products are added to one another: the error of long sums is smaller so. */
enum { PANEL = 16, STEP = 256, BLOCK_ROWS = 32, LINE = 16 };

static size_t count_bytes(size_t out, size_t in)
{
	return hyper_round_up(out, PANEL) * in * sizeof(float);
}

/* `width` rows to [in][panel], a line of each at a time: rows of weights tend to begin in the same
 * set of a cache. */
static void pack_panel(const float *rows, size_t width, size_t in, size_t panel, float *to)
{
	for (size_t from = 0; from < in; from += LINE)
		for (size_t o = 0; o < width; o++)
			for (size_t i = from; i < in && i < from + LINE; i++)
				to[i * panel + o] = rows[o * in + i];
}

void hyper_f32_pack(const struct hyper_matrix *m, size_t panel, size_t first, size_t count,
		    const float *rows)
{
	float *data = m->data;
	for (size_t o = 0; o < count; o += panel)
		pack_panel(rows + o * m->in, count - o < panel ? count - o : panel, m->in, panel,
			   data + (first + o) * m->in);
}

static void pack(const struct hyper_matrix *m, size_t first, size_t count, const float *rows)
{
	hyper_f32_pack(m, PANEL, first, count, rows);
}

static void multiply_row(const struct hyper_matrix *m, const float *x, const float *panel, float *p)
{
	float total[PANEL] = { 0 };
	for (size_t from = 0; from < m->in; from += STEP) {
		const size_t to = m->in - from < STEP ? m->in : from + STEP;
		float sum[PANEL] = { 0 };
		for (size_t i = from; i < to; i++)
			for (size_t o = 0; o < PANEL; o++)
				sum[o] += x[i] * panel[i * PANEL + o];
		for (size_t o = 0; o < PANEL; o++)
			total[o] += sum[o];
	}
	memcpy(p, total, sizeof total);
}

static void multiply(const struct hyper_matrix *m, const float *x, size_t x_stride, size_t rows,
		     float *p, size_t p_stride, void *scratch)
{
	const float *panel = m->data;
	(void)scratch;
	for (size_t o = 0; o < m->out; o += PANEL, panel += m->in * PANEL)
		for (size_t r = 0; r < rows; r++)
			multiply_row(m, x + r * x_stride, panel, p + r * p_stride + o);
}

const struct hyper_product hyper_f32_scalar = {
	.panel = PANEL,
	.block_rows = BLOCK_ROWS,
	.bytes = count_bytes,
	.pack = pack,
	.multiply = multiply,
};
