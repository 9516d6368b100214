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
	/* For products of matrices (hypernet/kernel); all else uses AVX-512's there. */
	TOK_KERNEL_AVX512_BF16, /* BF16, DQ, VNNI, and all of AVX512's */
	TOK_KERNEL_AMX, /* tiles of bf16 and int8, which the system has to permit, and all of
			   AVX512_BF16's */
	TOK_KERNEL_COUNT
};

/* "scalar", "avx2", "avx512", "neon", "avx512bf16", "amx" */
TOK_API const char *tok_kernel_name(enum tok_kernel kernel);

/* Does this CPU run it, and was it built? */
TOK_API bool tok_kernel_runs(enum tok_kernel kernel);

/* The fastest that runs of the first four. */
TOK_API enum tok_kernel tok_kernel_best(void);

/* Does it run, and with it what multiplies numbers: FMA and F16C beside AVX2, DQ and VNNI beside
 * AVX-512?  Every CPU made so far with the one has the other, but machines can be emulated. */
TOK_API bool tok_kernel_multiplies(enum tok_kernel kernel);

/* The kernel called `name`, the best one for NULL.  TOK_EARG for a name that is
 * none and for a kernel that does not run here. */
TOK_API TOK_MUST_USE enum tok_status tok_kernel_choose(const char *name, enum tok_kernel *out,
						       struct tok_error *err);

#endif
