/*
 * cpu.h - which instruction sets this machine runs.
 *
 *	enum tok_kernel kernel;
 *	if (tok_kernel_choose(getenv("TOK_KERNELS"), &kernel, &err) != TOK_OK) ...
 *
 * A kernel is one implementation of a hot loop.  All kernels give the same
 * answers; the scalar one runs everywhere and defines them.  A set counts as
 * there only if the operating system keeps its registers, too.
 *
 * Nothing is remembered: a program asks once and hands the answer on.
 */
#ifndef TOK_BASE_CPU_H
#define TOK_BASE_CPU_H

#include <stdbool.h>

#include "tok/base/status.h"

enum tok_kernel {
	TOK_KERNEL_SCALAR,
	TOK_KERNEL_AVX2,   /* with BMI1, BMI2, LZCNT and POPCNT */
	TOK_KERNEL_AVX512, /* F BW VL VBMI VBMI2, and all of AVX2's */
	TOK_KERNEL_NEON,
	TOK_KERNEL_COUNT
};

/* "scalar", "avx2", "avx512", "neon" */
TOK_API const char *tok_kernel_name(enum tok_kernel kernel);

/* Does this CPU run it, and was it built? */
TOK_API bool tok_kernel_runs(enum tok_kernel kernel);

/* The fastest that runs. */
TOK_API enum tok_kernel tok_kernel_best(void);

/* The kernel called `name`, the best one for NULL.  TOK_EARG for a name that is
 * none and for a kernel that does not run here. */
TOK_API TOK_MUST_USE enum tok_status tok_kernel_choose(const char *name, enum tok_kernel *out,
						       struct tok_error *err);

#endif
