/*
 * linear.c - layers y = x W' + b: forward, back, and their gradients, all as products by
 * hyper_gemm.
 *
 * W changes at every step and is packed twice, as it is and turned: for y, and for the gradient by
 * x.  The gradient by W is (x' dy)': x is turned once, dy is packed some outputs at a time, and the
 * products are put where W has them.
 */
#include "hypernet/lab/lab_internal.h"

/* ---- by samples ------------------------------------------------------------------- */

void lab_linear_forward(struct lab_work *work, size_t linear, struct lab_span span, float *y,
			const float *residual, size_t residual_stride, struct lab_desk *desk)
{
	const struct lab_linear *l = &work->lab->linears[linear];
	const float *bias = l->bias == LAB_NO_BIAS ? NULL : work->lab->numbers + l->bias;
	const struct hyper_epilogue f = { .bias = bias,
					  .residual = residual,
					  .residual_stride = residual_stride };
	hyper_gemm(&work->packed[linear].forward, lab_at(work, l->x, span.first) + l->x_offset,
		   l->x_stride, span.count * l->each, y, l->out, &f, desk->scratch);
}

void lab_linear_backward(struct lab_work *work, size_t linear, struct lab_span span,
			 float *x_gradient, size_t x_stride, bool adds, struct lab_desk *desk)
{
	const struct lab_linear *l = &work->lab->linears[linear];
	const struct hyper_epilogue f = { .residual = adds ? x_gradient : NULL,
					  .residual_stride = x_stride };
	hyper_gemm(&work->packed[linear].backward, lab_at(work, l->y_gradient, span.first), l->out,
		   span.count * l->each, x_gradient, x_stride, &f, desk->scratch);
}

/* ---- packing ---------------------------------------------------------------------- */

static void pack(void *shared, size_t index, struct lab_desk *desk)
{
	struct lab_work *work = shared;
	const struct lab_linear *l = &work->lab->linears[index / 2];
	struct lab_packed *packed = &work->packed[index / 2];
	const float *weight = work->lab->numbers + l->weight;
	(void)desk;
	if (index % 2 == 0)
		hyper_matrix_refill(&packed->forward, weight, l->out, l->in);
	else if (work->learns)
		hyper_matrix_refill_turned(&packed->backward, weight, l->in, l->in, l->out);
}

enum tok_status lab_pack(struct lab_work *work, struct tok_error *err)
{
	return lab_run(work, 2 * work->lab->linear_count, pack, work, err);
}

/* ---- gradients -------------------------------------------------------------------- */

enum { BLOCK = 16 };

/* to[c][r] = from[r][c], in blocks that both fit the first cache. */
static void turn(const float *from, size_t from_stride, size_t rows, size_t columns, float *to,
		 size_t to_stride)
{
	for (size_t r0 = 0; r0 < rows; r0 += BLOCK)
		for (size_t c0 = 0; c0 < columns; c0 += BLOCK)
			for (size_t r = r0; r < rows && r < r0 + BLOCK; r++)
				for (size_t c = c0; c < columns && c < c0 + BLOCK; c++)
					to[c * to_stride + r] = from[r * from_stride + c];
}

struct gradients {
	struct lab_work *work;
	size_t count;
};

static void turn_inputs(void *shared, size_t index, struct lab_desk *desk)
{
	const struct gradients *g = shared;
	const struct lab_linear *l = &g->work->lab->linears[index];
	const size_t rows = g->count * l->each;
	(void)desk;
	turn(lab_at(g->work, l->x, 0) + l->x_offset, l->x_stride, rows, l->in,
	     g->work->turned[index], rows);
}

static void sum_rows(const float *rows, size_t stride, size_t count, size_t width, float *to)
{
	memset(to, 0, width * sizeof *to);
	for (size_t r = 0; r < count; r++)
		for (size_t i = 0; i < width; i++)
			to[i] += rows[r * stride + i];
}

static size_t strips_of(const struct lab_linear *l)
{
	return (l->out + LAB_OUTPUTS - 1) / LAB_OUTPUTS;
}

/* Strip `index`, counted over the layers one after the other. */
static void make_strip(void *shared, size_t index, struct lab_desk *desk)
{
	const struct gradients *g = shared;
	const struct lab_linear *l = g->work->lab->linears;
	for (; index >= strips_of(l); l++)
		index -= strips_of(l);
	const size_t first = index * LAB_OUTPUTS, left = l->out - first;
	const size_t width = left < LAB_OUTPUTS ? left : LAB_OUTPUTS;
	const size_t rows = g->count * l->each;
	const float *y_gradient = lab_at(g->work, l->y_gradient, 0) + first;
	hyper_matrix_refill_turned(&desk->strip, y_gradient, l->out, width, rows);
	hyper_gemm(&desk->strip, g->work->turned[l - g->work->lab->linears], rows, l->in,
		   desk->product, LAB_OUTPUTS, NULL, desk->scratch);
	turn(desk->product, LAB_OUTPUTS, l->in, width,
	     g->work->gradient + l->weight + first * l->in, l->in);
	if (l->bias != LAB_NO_BIAS)
		sum_rows(y_gradient, l->out, rows, width, g->work->gradient + l->bias + first);
}

enum tok_status lab_linear_gradients(struct lab_work *work, size_t linears, size_t count,
				     struct tok_error *err)
{
	struct gradients g = { work, count };
	size_t strips = 0;
	for (size_t i = 0; i < linears; i++)
		strips += strips_of(&work->lab->linears[i]);
	const enum tok_status status = lab_run(work, linears, turn_inputs, &g, err);
	return status == TOK_OK ? lab_run(work, strips, make_strip, &g, err) : status;
}
