/*
 * dot_internal.h - the product of two rows, by the instruction set that runs here.
 *
 * Not kernel.h: a graph asks for one pair of rows at a time, in an order that nobody knows before.
 */
#ifndef HYPER_ANN_DOT_INTERNAL_H
#define HYPER_ANN_DOT_INTERNAL_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct hyper_kernel;

typedef float hyper_dot(const float *a, const float *b, size_t count);

hyper_dot hyper_dot_scalar, hyper_dot_avx2, hyper_dot_avx512;

/* That of the instruction set of `kernel`.  Sums differ between them in rounding, and for one are
 * always the same. */
hyper_dot *hyper_dot_of(const struct hyper_kernel *kernel);

#ifdef __cplusplus
}
#endif

#endif
