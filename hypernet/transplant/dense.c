#include "hypernet/transplant/dense_internal.h"

#include <math.h>
#include <stdlib.h>

#include "hypernet/transplant/linear_internal.h"

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

enum tok_status hyper_solve_shortest(double *a, size_t count, double least, const double *b,
				     double *x, struct tok_error *err)
{
	double *vectors = hyper_linear_new(count, count), *values = hyper_linear_new(count, 1);
	double largest = 0;
	enum tok_status status =
	    vectors && values
		? hyper_linear_eigen(hyper_linear_of(a, count, count), count, 1, values,
				     hyper_linear_of(vectors, count, count), err)
		: tok_fail_memory(err);
	if (status != TOK_OK)
		goto done;
	for (size_t j = 0; j < count; j++) {
		largest = fmax(largest, fabs(values[j]));
		x[j] = 0;
	}
	for (size_t j = 0; j < count; j++) {
		const double *vector = vectors + j * count;
		double along = 0;
		if (!(fabs(values[j]) > least * largest))
			continue;
		for (size_t i = 0; i < count; i++)
			along += vector[i] * b[i];
		for (size_t i = 0; i < count; i++)
			x[i] += along / values[j] * vector[i];
	}
done:
	free(vectors);
	free(values);
	return status;
}
