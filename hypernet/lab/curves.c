/* curves.c - what is not linear, row by row, forward and back.  Plain loops, so that every build
 * for a machine answers alike; they are written so that compilers make vectors of them. */
#include "hypernet/lab/lab_internal.h"

#include <math.h>

enum { LANES = 16 };

/* ---- sums ------------------------------------------------------------------------ */

static float fold(const float *lanes)
{
	float sum = 0;
	for (size_t i = 0; i < LANES; i++)
		sum += lanes[i];
	return sum;
}

float lab_dot(const float *a, const float *b, size_t count)
{
	float lanes[LANES] = { 0 };
	size_t i = 0;
	for (; i + LANES <= count; i += LANES)
		for (size_t l = 0; l < LANES; l++)
			lanes[l] += a[i + l] * b[i + l];
	for (size_t l = 0; i < count; i++, l++)
		lanes[l] += a[i] * b[i];
	return fold(lanes);
}

static float sum_of(const float *row, size_t count)
{
	float lanes[LANES] = { 0 };
	size_t i = 0;
	for (; i + LANES <= count; i += LANES)
		for (size_t l = 0; l < LANES; l++)
			lanes[l] += row[i + l];
	for (size_t l = 0; i < count; i++, l++)
		lanes[l] += row[i];
	return fold(lanes);
}

static float largest_of(const float *row, size_t count)
{
	float lanes[LANES], largest = row[0];
	for (size_t l = 0; l < LANES; l++)
		lanes[l] = row[0];
	size_t i = 0;
	for (; i + LANES <= count; i += LANES)
		for (size_t l = 0; l < LANES; l++)
			lanes[l] = row[i + l] > lanes[l] ? row[i + l] : lanes[l];
	for (size_t l = 0; l < LANES; l++)
		largest = lanes[l] > largest ? lanes[l] : largest;
	for (; i < count; i++)
		largest = row[i] > largest ? row[i] : largest;
	return largest;
}

/* ---- exponentials ---------------------------------------------------------------- */

/* e^x within 2e-7 of it; beyond +-87 as there.  The logarithm of two is taken off in two parts; the
 * polynomial is that of the series up to the seventh power, which is enough on +-ln(2)/2. */
static inline float power_of_two(float shifted)
{
	uint32_t bits;
	float power;
	memcpy(&bits, &shifted, sizeof bits);
	bits = (bits + 127) << 23;
	memcpy(&power, &bits, sizeof power);
	return power;
}

static inline float raise(float x)
{
	const float shift = 12582912.0F; /* 1.5 2^23: adding it rounds to a whole number */
	const float low = x > -87.0F ? x : -87.0F;
	const float near = low < 87.0F ? low : 87.0F;
	const float shifted = near * 1.44269504F + shift;
	const float whole = shifted - shift;
	const float r = near - whole * 0.693359375F + whole * 2.12194440e-4F;
	float p = 1.0F / 5040;
	p = p * r + 1.0F / 720;
	p = p * r + 1.0F / 120;
	p = p * r + 1.0F / 24;
	p = p * r + 1.0F / 6;
	p = p * r + 0.5F;
	p = p * r + 1;
	p = p * r + 1;
	return p * power_of_two(shifted);
}

static void raise_all(float *row, size_t count, float less)
{
	for (size_t i = 0; i < count; i++)
		row[i] = raise(row[i] - less);
}

static void scale_all(float *row, size_t count, float factor)
{
	for (size_t i = 0; i < count; i++)
		row[i] *= factor;
}

double lab_loss(float *logits, size_t count, size_t target, float scale)
{
	const float largest = largest_of(logits, count), wanted = logits[target];
	raise_all(logits, count, largest);
	const float sum = sum_of(logits, count);
	scale_all(logits, count, scale / sum);
	logits[target] -= scale;
	return log((double)sum) + (double)largest - (double)wanted;
}

void lab_softmax(float *row, size_t count)
{
	raise_all(row, count, largest_of(row, count));
	scale_all(row, count, 1 / sum_of(row, count));
}

static inline float tanh_of(float x)
{
	return 1 - 2 / (raise(2 * x) + 1);
}

void lab_tanh(float *row, size_t count)
{
	for (size_t i = 0; i < count; i++)
		row[i] = tanh_of(row[i]);
}

void lab_tanh_back(const float *y, float *gradient, size_t count)
{
	for (size_t i = 0; i < count; i++)
		gradient[i] *= 1 - y[i] * y[i];
}

#define GELU_FACTOR 0.79788456F /* sqrt(2 / pi) */
#define GELU_CUBE   0.044715F

void lab_gelu(const float *x, float *y, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const float t = tanh_of(GELU_FACTOR * (x[i] + GELU_CUBE * x[i] * x[i] * x[i]));
		y[i] = 0.5F * x[i] * (1 + t);
	}
}

void lab_gelu_back(const float *x, float *gradient, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const float square = x[i] * x[i];
		const float t = tanh_of(GELU_FACTOR * x[i] * (1 + GELU_CUBE * square));
		const float inner = GELU_FACTOR * (1 + 3 * GELU_CUBE * square);
		gradient[i] *= 0.5F * (1 + t) + 0.5F * x[i] * (1 - t * t) * inner;
	}
}

/* ---- norms ----------------------------------------------------------------------- */

struct moments {
	float mean, scale; /* 1 / deviation */
};

static struct moments moments_of(const float *x, size_t width)
{
	const float mean = sum_of(x, width) / (float)width;
	float lanes[LANES] = { 0 };
	for (size_t i = 0; i < width; i++)
		lanes[i % LANES] += (x[i] - mean) * (x[i] - mean);
	return (struct moments){ mean, 1 / sqrtf(fold(lanes) / (float)width + 1e-5F) };
}

void lab_norm(const float *numbers, const float *x, float *y, size_t width)
{
	const struct moments m = moments_of(x, width);
	for (size_t i = 0; i < width; i++)
		y[i] = (x[i] - m.mean) * m.scale * numbers[i] + numbers[width + i];
}

void lab_norm_back(const float *numbers, const float *x, const float *y_gradient, float *x_gradient,
		   size_t width, bool adds)
{
	const struct moments m = moments_of(x, width);
	float all = 0, along = 0; /* means of the gradient by the normed x, and by its direction */
	for (size_t i = 0; i < width; i++) {
		const float g = y_gradient[i] * numbers[i];
		all += g;
		along += g * (x[i] - m.mean) * m.scale;
	}
	all /= (float)width;
	along /= (float)width;
	for (size_t i = 0; i < width; i++) {
		const float normed = (x[i] - m.mean) * m.scale;
		const float g = (y_gradient[i] * numbers[i] - all - normed * along) * m.scale;
		x_gradient[i] = adds ? x_gradient[i] + g : g;
	}
}

void lab_norm_gather(const float *x, const float *y_gradient, float *gradient, size_t width)
{
	const struct moments m = moments_of(x, width);
	for (size_t i = 0; i < width; i++) {
		gradient[i] += y_gradient[i] * (x[i] - m.mean) * m.scale;
		gradient[width + i] += y_gradient[i];
	}
}
