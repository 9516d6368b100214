/*
 * rows_lanes_internal.h - epilogues and attention by vectors, for a file that has included its
 * lanes_X_internal.h; it defines finish_rows and attend.
 *
 * Both GELUs are x / (1 + 2^e) with e = x P(x^2): -log2 of the odds of the probability that they
 * multiply x by.  For tanh P is of the first degree by definition; for erf it was fitted on [-6, 6]
 * by least squares reweighted until the largest error of the product was least (1e-8).  Below -6
 * both products are taken as 0, which is 6e-9 off, so that no number is so small that it is slow.
 */
#include "hypernet/kernel/kernel_internal.h"

#include <math.h>

#define GELU_END  6.0F
#define ALL_LANES inline __attribute__((always_inline))

static ALL_LANES lanes load(const float *from, size_t count)
{
	return count == LANES ? lanes_load(from) : lanes_load_part(from, count);
}

static ALL_LANES void store(float *to, lanes a, size_t count)
{
	if (count == LANES)
		lanes_store(to, a);
	else
		lanes_store_part(to, a, count);
}

static ALL_LANES lanes keep(lanes a, size_t count)
{
	return count == LANES ? a : lanes_keep(a, count);
}

/* 2^e for e from -126 to 126, within 1e-7 of it; the polynomial is fitted on [-1/2, 1/2]. */
static ALL_LANES lanes power_of_two(lanes e)
{
	const lanes whole = lanes_round(e), part = e - whole;
	lanes p = lanes_of(0.0013264727F);
	p = lanes_multiply_add(p, part, lanes_of(0.0096715126F));
	p = lanes_multiply_add(p, part, lanes_of(0.055507337F));
	p = lanes_multiply_add(p, part, lanes_of(0.24022242F));
	p = lanes_multiply_add(p, part, lanes_of(0.69314698F));
	p = lanes_multiply_add(p, part, lanes_of(1));
	return lanes_scale(p, whole);
}

static ALL_LANES lanes odds_tanh(lanes x)
{
	/* -2 sqrt(2 / pi) / ln 2, and .044715 times that */
	return x * lanes_multiply_add(lanes_of(-0.10294324F), x * x, lanes_of(-2.3022082F));
}

static ALL_LANES lanes odds_erf(lanes x)
{
	static const float factors[] = { -0.24872659F,  -0.022098388F, 0.11416165F, 0.09910092F,
					 -0.062125464F, 0.22070276F,   -1.2758361F, -3.8811764F };
	const lanes u = lanes_multiply_add(x * x, lanes_of(1 / 18.0F), lanes_of(-1));
	lanes p = lanes_multiply_add(lanes_of(-0.079486146F), u, lanes_of(-0.27075068F));
#pragma GCC unroll 8
	for (size_t i = 0; i < sizeof factors / sizeof *factors; i++)
		p = lanes_multiply_add(p, u, lanes_of(factors[i]));
	return x * p;
}

static ALL_LANES lanes activate(enum hyper_activation activation, lanes x)
{
	if (activation == HYPER_LINEAR)
		return x;
	const lanes near = lanes_clamp(x, -GELU_END, GELU_END);
	const lanes odds =
	    power_of_two(activation == HYPER_GELU_TANH ? odds_tanh(near) : odds_erf(near));
	return lanes_zero_below(x / (lanes_of(1) + odds), x, -GELU_END);
}

/* One row on its way. */
struct row {
	const struct hyper_epilogue *e;
	const float *p, *residual;
	float *y;
	size_t width;
	lanes sum, squares;    /* of what has been seen */
	float mean, deviation; /* deviation: one over the standard one */
};

static ALL_LANES lanes rescale(const struct hyper_epilogue *e, lanes v, size_t i, size_t count)
{
	if (e->scale)
		v = v * load(e->scale + i, count);
	if (e->shift)
		v = v + load(e->shift + i, count);
	return v;
}

static ALL_LANES void finish_plain(struct row *row, size_t i, size_t count)
{
	const struct hyper_epilogue *e = row->e;
	lanes v = load(row->p + i, count);
	if (e->bias)
		v = v + load(e->bias + i, count);
	v = activate(e->activation, v);
	if (row->residual)
		v = v + load(row->residual + i, count);
	if (e->norm_weight)
		row->sum = row->sum + keep(v, count);
	else
		v = rescale(e, v, i, count);
	store(row->y + i, v, count);
}

static ALL_LANES void sum_squares(struct row *row, size_t i, size_t count)
{
	const lanes off = keep(load(row->y + i, count) - lanes_of(row->mean), count);
	row->sum = row->sum + off;
	row->squares = lanes_multiply_add(off, off, row->squares);
}

static ALL_LANES void normalize(struct row *row, size_t i, size_t count)
{
	const struct hyper_epilogue *e = row->e;
	const lanes v = load(row->y + i, count) - lanes_of(row->mean);
	lanes z = v * lanes_of(row->deviation) * load(e->norm_weight + i, count);
	if (e->norm_bias)
		z = z + load(e->norm_bias + i, count);
	store(row->y + i, rescale(e, z, i, count), count);
}

/* `step` for all of a row. */
static ALL_LANES void walk(struct row *row, void (*step)(struct row *row, size_t i, size_t count))
{
	size_t i = 0;
	row->sum = row->squares = lanes_of(0);
	for (; i + LANES <= row->width; i += LANES)
		step(row, i, LANES);
	if (i < row->width)
		step(row, i, row->width - i);
}

/* The mean is off by a rounding, which what is left over it tells. */
static ALL_LANES void measure(struct row *row)
{
	const float width = (float)row->width;
	row->mean = lanes_sum(row->sum) / width;
	walk(row, sum_squares);
	const float off = lanes_sum(row->sum) / width;
	const float variance = lanes_sum(row->squares) / width - off * off;
	row->mean += off;
	row->deviation = 1 / sqrtf((variance < 0 ? 0 : variance) + row->e->norm_epsilon);
}

static void finish_rows(const float *p, size_t p_stride, float *y, size_t y_stride, size_t rows,
			size_t width, const struct hyper_epilogue *e)
{
	for (size_t r = 0; r < rows; r++) {
		struct row row = { .e = e, .p = p + r * p_stride, .y = y + r * y_stride };
		row.width = width;
		row.residual = e->residual ? e->residual + r * e->residual_stride : NULL;
		walk(&row, finish_plain);
		if (!e->norm_weight)
			continue;
		measure(&row);
		walk(&row, normalize);
	}
}

/* Weights beside one another: what is past `length` in the last vector has none. */
enum { WEIGHTS = HYPER_ATTEND_LONGEST };
_Static_assert(WEIGHTS % LANES == 0, "weights are whole vectors");

static ALL_LANES float multiply_rows(const float *a, const float *b, size_t count)
{
	lanes sum = lanes_of(0);
	size_t i = 0;
	for (; i + LANES <= count; i += LANES)
		sum = lanes_multiply_add(lanes_load(a + i), lanes_load(b + i), sum);
	if (i < count)
		sum = lanes_multiply_add(lanes_load_part(a + i, count - i),
					 lanes_load_part(b + i, count - i), sum);
	return lanes_sum(sum);
}

/* scores[j] to 2^(scores[j] - largest), whose sum is returned; of whole vectors. */
static ALL_LANES float raise(float *scores, size_t length)
{
	lanes sum = lanes_of(0);
	float largest = -INFINITY;
	for (size_t j = 0; j < length; j += LANES)
		largest = fmaxf(largest, lanes_largest(lanes_load(scores + j)));
	for (size_t j = 0; j < length; j += LANES) {
		const lanes e = lanes_load(scores + j) - lanes_of(largest);
		const lanes power = power_of_two(lanes_clamp(e, -100, 0));
		const lanes weight = lanes_zero_below(power, e, -100);
		lanes_store(scores + j, weight);
		sum = sum + weight;
	}
	return lanes_sum(sum);
}

/* One query of one head. */
static ALL_LANES void attend_query(const float *q, const float *k, const float *v, size_t stride,
				   size_t length, size_t head, float scale, float *out)
{
	float weights[WEIGHTS];
	for (size_t j = 0; j < length; j += LANES)
		lanes_store(weights + j, lanes_of(-INFINITY));
	for (size_t j = 0; j < length; j++)
		weights[j] = multiply_rows(q, k + j * stride, head) * scale;
	const lanes whole = lanes_of(1 / raise(weights, length));
	for (size_t i = 0; i < head; i += LANES) {
		const size_t count = head - i < LANES ? head - i : LANES;
		lanes sum = lanes_of(0);
		for (size_t j = 0; j < length; j++)
			sum = lanes_multiply_add(lanes_of(weights[j]),
						 load(v + j * stride + i, count), sum);
		store(out + i, sum * whole, count);
	}
}

static void attend(const float *q, size_t q_stride, size_t queries, const float *k, const float *v,
		   size_t kv_stride, size_t count, size_t length, size_t heads, size_t head,
		   float *out, size_t out_stride)
{
	const float scale = (float)(M_LOG2E / sqrt((double)head));
	for (size_t s = 0; s < count; s++, k += length * kv_stride, v += length * kv_stride)
		for (size_t a = 0; a < queries; a++, q += q_stride, out += out_stride)
			for (size_t h = 0; h < heads; h++)
				attend_query(q + h * head, k + h * head, v + h * head, kv_stride,
					     length, head, scale, out + h * head);
}
