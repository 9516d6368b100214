/*
 * adam.c - D. Kingma, J. Ba, "Adam: a method for stochastic optimization" (arXiv 1412.6980), with
 * the numbers that torch has: 0.9, 0.999, 1e-8.
 *
 * All numbers take part in every step, as theirs do: beside a softmax over the vocabulary it costs
 * little, and a row that was not used goes on by what is left of its first moment.
 */
#include "hypernet/lab/lab_internal.h"

#include <math.h>

#define FIRST   0.9
#define SECOND  0.999
#define EPSILON 1e-8F

void lab_adam_step(const struct lab_adam *adam, double rate, const float *gradient, float *numbers,
		   size_t from, size_t to)
{
	const double step = (double)adam->step + 1;
	const float pace = (float)(rate / (1 - pow(FIRST, step)));
	const float scale = (float)(1 / sqrt(1 - pow(SECOND, step)));
	const float keep = (float)FIRST, add = (float)(1 - FIRST);
	const float keep_square = (float)SECOND, add_square = (float)(1 - SECOND);
	float *first = adam->first, *second = adam->second;
	for (size_t i = from; i < to; i++) {
		const float g = gradient[i];
		first[i] = keep * first[i] + add * g;
		second[i] = keep_square * second[i] + add_square * g * g;
		numbers[i] -= pace * first[i] / (sqrtf(second[i]) * scale + EPSILON);
	}
}
