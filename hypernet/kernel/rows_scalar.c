/*
 * rows_scalar.c - epilogues and attention, as everybody else is held against: sums and functions
 * in double precision, rounded once.
 */
#include "hypernet/kernel/kernel_internal.h"

#include <math.h>

/* Both are x times a function that is 0 far below and 1 far above, in a form that loses nothing to
 * cancellation. */
static float gelu_tanh(float x)
{
	const double two_u = 2 * sqrt(2 / M_PI) * (x + 0.044715 * x * x * x);
	return (float)(x / (1 + exp(-two_u)));
}

static float gelu_erf(float x)
{
	return (float)(0.5 * x * erfc(-x * M_SQRT1_2));
}

static float activate(enum hyper_activation activation, float x)
{
	switch (activation) {
	case HYPER_LINEAR:
		return x;
	case HYPER_GELU_TANH:
		return x == -INFINITY ? 0 : gelu_tanh(x);
	case HYPER_GELU_ERF:
		return x == -INFINITY ? 0 : gelu_erf(x);
	}
	return x;
}

static void normalize(float *y, size_t width, const struct hyper_epilogue *e)
{
	double sum = 0, squares = 0;
	for (size_t i = 0; i < width; i++)
		sum += y[i];
	const double mean = sum / (double)width;
	for (size_t i = 0; i < width; i++)
		squares += (y[i] - mean) * (y[i] - mean);
	const double scale = 1 / sqrt(squares / (double)width + (double)e->norm_epsilon);
	for (size_t i = 0; i < width; i++) {
		const double z = (y[i] - mean) * scale;
		y[i] = (float)(z * e->norm_weight[i] + (e->norm_bias ? e->norm_bias[i] : 0));
	}
}

static void finish_row(const float *p, float *y, size_t width, const float *residual,
		       const struct hyper_epilogue *e)
{
	for (size_t i = 0; i < width; i++) {
		const float sum = p[i] + (e->bias ? e->bias[i] : 0);
		y[i] = activate(e->activation, sum) + (residual ? residual[i] : 0);
	}
	if (e->norm_weight)
		normalize(y, width, e);
	for (size_t i = 0; i < width && (e->scale || e->shift); i++)
		y[i] = y[i] * (e->scale ? e->scale[i] : 1) + (e->shift ? e->shift[i] : 0);
}

void hyper_finish_scalar(const struct hyper_kernel *kernel, const float *p, size_t p_stride,
			 float *y, size_t y_stride, size_t rows, size_t width,
			 const struct hyper_epilogue *epilogue)
{
	(void)kernel;
	for (size_t r = 0; r < rows; r++)
		finish_row(p + r * p_stride, y + r * y_stride, width,
			   epilogue->residual ? epilogue->residual + r * epilogue->residual_stride
					      : NULL,
			   epilogue);
}

/* One query of one head: weights[j] = e to the (score of j less the largest), over their sum. */
static void weigh(const float *q, const float *k, size_t stride, size_t length, size_t head,
		  double *weights)
{
	double largest = -INFINITY, sum = 0;
	for (size_t j = 0; j < length; j++) {
		double score = 0;
		for (size_t i = 0; i < head; i++)
			score += (double)q[i] * k[j * stride + i];
		weights[j] = score / sqrt((double)head);
		largest = weights[j] > largest ? weights[j] : largest;
	}
	for (size_t j = 0; j < length; j++)
		sum += weights[j] = exp(weights[j] - largest);
	for (size_t j = 0; j < length; j++)
		weights[j] /= sum;
}

static void attend_query(const float *q, const float *k, const float *v, size_t stride,
			 size_t length, size_t head, float *out)
{
	double weights[HYPER_ATTEND_LONGEST];
	weigh(q, k, stride, length, head, weights);
	for (size_t i = 0; i < head; i++) {
		double sum = 0;
		for (size_t j = 0; j < length; j++)
			sum += weights[j] * v[j * stride + i];
		out[i] = (float)sum;
	}
}

void hyper_attend_scalar(const struct hyper_kernel *kernel, const float *q, size_t q_stride,
			 size_t queries, const float *k, const float *v, size_t kv_stride,
			 size_t count, size_t length, size_t heads, size_t head, float *out,
			 size_t out_stride)
{
	(void)kernel;
	for (size_t s = 0; s < count; s++)
		for (size_t a = 0; a < queries; a++)
			for (size_t h = 0; h < heads; h++)
				attend_query(q + (s * queries + a) * q_stride + h * head,
					     k + s * length * kv_stride + h * head,
					     v + s * length * kv_stride + h * head, kv_stride,
					     length, head,
					     out + (s * queries + a) * out_stride + h * head);
}
