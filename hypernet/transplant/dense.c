#include "hypernet/transplant/dense_internal.h"

#include <math.h>

double hyper_dot64(const float *a, const float *b, size_t count)
{
	double sums[8] = { 0 };
	size_t i = 0;
	for (; i + 8 <= count; i += 8)
		for (size_t j = 0; j < 8; j++)
			sums[j] += (double)a[i + j] * (double)b[i + j];
	for (; i < count; i++)
		sums[0] += (double)a[i] * (double)b[i];
	return ((sums[0] + sums[1]) + (sums[2] + sums[3])) +
	       ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

bool hyper_cholesky(double *a, size_t count, double least)
{
	double largest = 0;
	for (size_t i = 0; i < count; i++)
		largest = fmax(largest, a[i * count + i]);
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j <= i; j++) {
			double sum = a[i * count + j];
			for (size_t k = 0; k < j; k++)
				sum -= a[i * count + k] * a[j * count + k];
			if (j < i)
				a[i * count + j] = sum / a[j * count + j];
			else if (sum > least * largest)
				a[i * count + i] = sqrt(sum);
			else
				return false;
		}
	}
	return true;
}

void hyper_cholesky_solve(const double *l, size_t count, double *x)
{
	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0; k < i; k++)
			x[i] -= l[i * count + k] * x[k];
		x[i] /= l[i * count + i];
	}
	for (size_t i = count; i-- > 0;) {
		for (size_t k = i + 1; k < count; k++)
			x[i] -= l[k * count + i] * x[k];
		x[i] /= l[i * count + i];
	}
}

/* One rotation: afterwards a[p][q] is 0. */
static void rotate(double *a, double *vectors, size_t count, size_t p, size_t q)
{
	const double theta = (a[q * count + q] - a[p * count + p]) / (2 * a[p * count + q]);
	const double t = copysign(1, theta) / (fabs(theta) + sqrt(theta * theta + 1));
	const double c = 1 / sqrt(t * t + 1), s = t * c;
	for (size_t k = 0; k < count; k++) {
		const double x = a[p * count + k], y = a[q * count + k];
		a[p * count + k] = c * x - s * y;
		a[q * count + k] = s * x + c * y;
	}
	for (size_t k = 0; k < count; k++) {
		const double x = a[k * count + p], y = a[k * count + q];
		a[k * count + p] = c * x - s * y;
		a[k * count + q] = s * x + c * y;
	}
	for (size_t k = 0; k < count; k++) {
		const double x = vectors[k * count + p], y = vectors[k * count + q];
		vectors[k * count + p] = c * x - s * y;
		vectors[k * count + q] = s * x + c * y;
	}
}

void hyper_eigen(double *a, size_t count, double *values, double *vectors)
{
	enum { SWEEPS = 64 }; /* about 8 are needed */
	double square = 0;
	for (size_t i = 0; i < count * count; i++) {
		square += a[i] * a[i];
		vectors[i] = i % (count + 1) == 0;
	}
	/* What is below has no weight beside the rest. */
	const double nothing = 1e-17 * sqrt(square);
	bool turned = true;
	for (size_t sweep = 0; sweep < SWEEPS && turned; sweep++) {
		turned = false;
		for (size_t p = 0; p < count; p++)
			for (size_t q = p + 1; q < count; q++)
				if (fabs(a[p * count + q]) > nothing) {
					rotate(a, vectors, count, p, q);
					turned = true;
				}
	}
	for (size_t i = 0; i < count; i++)
		values[i] = a[i * count + i];
}

void hyper_solve_shortest(double *a, size_t count, double least, const double *b, double *x,
			  double *values, double *vectors)
{
	double largest = 0;
	hyper_eigen(a, count, values, vectors);
	for (size_t j = 0; j < count; j++)
		largest = fmax(largest, fabs(values[j]));
	for (size_t i = 0; i < count; i++)
		x[i] = 0;
	for (size_t j = 0; j < count; j++) {
		double along = 0;
		if (!(fabs(values[j]) > least * largest))
			continue;
		for (size_t i = 0; i < count; i++)
			along += vectors[i * count + j] * b[i];
		for (size_t i = 0; i < count; i++)
			x[i] += along / values[j] * vectors[i * count + j];
	}
}
