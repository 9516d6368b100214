/*
 * kernel.h - the arithmetic of a network: y = f(x W' + b) over rows of numbers, in one of four
 * precisions, by one of several instruction sets.
 *
 *	const struct hyper_kernel *k;
 *	status = hyper_kernel_choose(getenv("TOK_KERNELS"), &k, &err);
 *	struct hyper_matrix w;
 *	status = hyper_matrix_pack(k, HYPER_MODE_F32, weight, out, in, &w, &err);   // once
 *	struct hyper_epilogue f = { .bias = b, .activation = HYPER_GELU_ERF };
 *	hyper_gemm(&w, x, x_stride, rows, y, y_stride, &f, scratch);  // scratch: one a thread
 *	hyper_matrix_release(&w);
 *
 * The scalar table defines the F32 answers; the other tables sum in another order and agree with
 * it to rounding (1e-5 relative of the largest, over a network of 3 layers).  For one table the
 * result of a row is the same bits whatever rows stand beside it, how many there are, and in which
 * thread: the order of a sum over `in` is fixed.
 *
 * Modes: F32; BF16X3, numbers as the sum of two bf16 and three products of them (about 16 bits);
 * BF16, inputs and weights rounded to nearest even, sums in F32; INT8, weights of each output
 * symmetric to 127, inputs of each row at run time, sums exact in 32 bits, scaled in F32 (inputs:
 * at most 133144, or TOK_ELIMIT).  Tables answer alike in INT8 to the last bit, in the others to
 * the rounding of sums; BF16X3 is three products where those of bf16 are cheap (amx) and by the
 * scalar table, which defines it, and is computed as F32, which is nearer, by the others.
 *
 * A number that is not finite spoils its row, and no other: INT8 answers NaN for all of the row (or
 * of the output, where it is a weight), BF16X3 may answer NaN for an infinity, and takes what
 * rounds beyond the largest bf16 (3.3895e38) for one, as BF16 does.  Denormals are zero in bf16; in
 * INT8 a row or output whose largest magnitude is below 2^-100 is.
 *
 * Sources: K. Goto, R. van de Geijn, "Anatomy of High-Performance Matrix Multiplication" (2008),
 * for packing and blocks; Hendrycks and Gimpel (arXiv 1606.08415) for GELU; Intel's intrinsics
 * guide for AMX.
 */
#ifndef HYPER_KERNEL_KERNEL_H
#define HYPER_KERNEL_KERNEL_H

#include "tok/base/span.h"
#include "tok/base/status.h"

enum hyper_mode {
	HYPER_MODE_F32,
	HYPER_MODE_BF16X3,
	HYPER_MODE_BF16,
	HYPER_MODE_INT8,
	HYPER_MODE_COUNT
};
#define HYPER_MODE_WORDS "f32|bf16x3|bf16|int8"

enum hyper_activation {
	HYPER_LINEAR,
	HYPER_GELU_TANH, /* x/2 (1 + tanh(sqrt(2/pi) (x + .044715 x^3))) */
	HYPER_GELU_ERF   /* x/2 (1 + erf(x / sqrt 2)); both within 1e-7 + 2 ulp of the exact one,
			    and 0 for -INFINITY, their limit there */
};

/* What happens to a row of y, in this order; NULL leaves a step out.  All have `out` numbers. */
struct hyper_epilogue {
	const float *bias;
	enum hyper_activation activation;
	const float *residual; /* added: row r at residual + r * residual_stride */
	size_t residual_stride;
	const float *norm_weight; /* layer norm over the row: variance / out */
	const float *norm_bias;   /* only with norm_weight */
	float norm_epsilon;
	const float *scale, *shift; /* y * scale + shift */
};

/* Weights of `out` x `in`, laid out for one table and mode; moved by plain assignment. */
struct hyper_matrix {
	const struct hyper_kernel *kernel;
	enum hyper_mode mode;
	size_t out, in;
	void *data;    /* packed; private to the table */
	float *scales; /* INT8: one an output; NULL otherwise */
	size_t bytes;  /* of both, for reports */
};

/* One instruction set; its functions are private to this folder (kernel_internal.h). */
struct hyper_kernel;

/* "scalar", "avx2", "avx512", "avx512bf16", "amx", "neon" */
TOK_API const char *hyper_kernel_name(const struct hyper_kernel *kernel);

/* The table called `name`, for NULL the best that runs.  TOK_EARG for a name that is none and for
 * one that this machine does not run. */
TOK_API TOK_MUST_USE enum tok_status
hyper_kernel_choose(const char *name, const struct hyper_kernel **out, struct tok_error *err);

/* All that were built, best first; those that do not run here too. */
TOK_API size_t hyper_kernel_count(void);
TOK_API const struct hyper_kernel *hyper_kernel_at(size_t index);
TOK_API bool hyper_kernel_runs(const struct hyper_kernel *kernel);

/* Before a thread's first hyper_gemm with this table (AMX: a permission of the process); cheap.
 * TOK_EARG where the system refuses. */
TOK_API TOK_MUST_USE enum tok_status hyper_kernel_enter(const struct hyper_kernel *kernel,
							struct tok_error *err);

/* Pack `weight`, out x in numbers row by row (as torch's Linear has it).  TOK_ENOMEM, TOK_ELIMIT
 * where sizes overflow. */
TOK_API TOK_MUST_USE enum tok_status
hyper_matrix_pack(const struct hyper_kernel *kernel, enum hyper_mode mode, const float *weight,
		  size_t out, size_t in, struct hyper_matrix *matrix, struct tok_error *err);

/* The same, asking for `count` rows from `first` on at a time, so that weights of any size are
 * packed without an F32 copy of them all. */
typedef enum tok_status hyper_weight_source(void *context, size_t first, size_t count, float *rows,
					    struct tok_error *err);
TOK_API TOK_MUST_USE enum tok_status
hyper_matrix_pack_from(const struct hyper_kernel *kernel, enum hyper_mode mode,
		       hyper_weight_source *source, void *context, size_t out, size_t in,
		       struct hyper_matrix *matrix, struct tok_error *err);
TOK_API void hyper_matrix_release(struct hyper_matrix *matrix);

/* Weights that change at every step, as in training: room for an F32 matrix of out x in, zeros so
 * far, which are then put there as often as they change, whatever the shape, as long as it is no
 * larger (in >= 1, and outputs rounded up to 64).  Turned, they are given as in x out numbers, rows
 * `stride` apart, and are only copied.  No matrix of a device: TOK_EARG. */
TOK_API TOK_MUST_USE enum tok_status hyper_matrix_room(const struct hyper_kernel *kernel,
						       size_t out, size_t in,
						       struct hyper_matrix *matrix,
						       struct tok_error *err);
TOK_API void hyper_matrix_refill(struct hyper_matrix *matrix, const float *weight, size_t out,
				 size_t in);
TOK_API void hyper_matrix_refill_turned(struct hyper_matrix *matrix, const float *weight,
					size_t stride, size_t out, size_t in);

/* Bytes of scratch that hyper_gemm wants for so many rows; from hyper_scratch_new (aligned). */
TOK_API size_t hyper_gemm_scratch(const struct hyper_matrix *w, size_t rows);
TOK_API void *hyper_scratch_new(size_t bytes); /* aligned to 64; NULL: memory is out; free() */

/* y[r] = epilogue(x[r] W') for `rows` rows; x and y do not overlap, y may be the residual.
 * `scratch` is not shared by threads.  Blocks itself over rows; 64 to 4096 rows at once are best.
 */
TOK_API void hyper_gemm(const struct hyper_matrix *w, const float *x, size_t x_stride, size_t rows,
			float *y, size_t y_stride, const struct hyper_epilogue *epilogue,
			void *scratch);

/* The epilogue alone, and what else a transformer does to rows, in place. */
TOK_API void hyper_rows_finish(const struct hyper_kernel *kernel, float *y, size_t y_stride,
			       size_t rows, size_t width, const struct hyper_epilogue *epilogue);

enum { HYPER_ATTEND_LONGEST = 64 };

/* Attention within short sequences: `count` sequences of `length` rows each (1 to
 * HYPER_ATTEND_LONGEST), one behind the other; q may have only the first `queries` rows of each
 * sequence (1 or `length`), k and v have all. Strides in numbers; heads lie side by side in a row,
 * `head` numbers each; out[i] = softmax(q k' / sqrt(head)) v. */
TOK_API void hyper_attend(const struct hyper_kernel *kernel, const float *q, size_t q_stride,
			  size_t queries, const float *k, const float *v, size_t kv_stride,
			  size_t count, size_t length, size_t heads, size_t head, float *out,
			  size_t out_stride);

#endif
