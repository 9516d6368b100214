/*
 * kernel_internal.h - what an instruction set brings, and how the parts of hyper_gemm share work.
 *
 * hyper_gemm (gemm.c) takes the rows of x in blocks.  Of each block, `multiply` writes the plain
 * products into scratch, and `finish` makes rows of y of them while they are in the cache.  So an
 * instruction set writes a product for each mode, and the epilogue once; and y may be the residual,
 * for nothing is written there before the residual has been read.
 *
 * How packed weights lie (private to `pack` and `multiply` of one struct hyper_product; tables may
 * share one).  All begin at a multiple of 64 bytes.  Outputs are taken `panel` at a time; panel p
 * has the outputs [p * panel, (p + 1) * panel), those past `out` being zero, as are inputs past
 * `in` where that is rounded up.  i: input, o: output within the panel.
 *
 *	F32      float   [panel p][in][panel]          number of (o, i) at [p][i][o]
 *	BF16     bf16    [p][in / 2, up][panel][2]     at [p][i / 2][o][i % 2]; i up to a multiple
 *	                                               of 32, so that 16 of these rows are a tile
 *	BF16X3   two such: of the high halves, then of the low ones, panel by panel
 *	INT8     int8    [p][in / 4, up][panel][4]     at [p][i / 4][o][i % 4]; i up to a multiple
 *	                                               of 64; what else is wanted (sums of the
 *	                                               weights) stands behind all panels
 */
#ifndef HYPER_KERNEL_KERNEL_INTERNAL_H
#define HYPER_KERNEL_KERNEL_INTERNAL_H

#include "hypernet/kernel/kernel.h"

/* `n` or the next multiple of `unit` above it. */
static inline size_t hyper_round_up(size_t n, size_t unit)
{
	return (n + unit - 1) / unit * unit;
}

/* A product of matrices: one mode by one instruction set.  All functions are thread safe. */
struct hyper_product {
	size_t panel;      /* outputs side by side; a multiple of 16, as rows of p are lines */
	size_t block_rows; /* rows that `multiply` takes at once, at most */
	size_t longest;    /* inputs, at most; 0: any number */

	/* Bytes of the packed weights.  No overflow where 8 (out + 64) (in + 64) is none, which
	 * hyper_matrix_pack has seen to. */
	size_t (*bytes)(size_t out, size_t in);

	/* Put rows [first, first + count) of the weights in their place: `first` is a multiple of
	 * `panel`, and `count` is one too or ends at m->out; each row comes once, in order. m->data
	 * (and for INT8 m->scales, m->out rounded up to `panel` numbers) are there and all zero. */
	void (*pack)(const struct hyper_matrix *m, size_t first, size_t count, const float *rows);

	/* Bytes of scratch that `multiply` wants, aligned to 64; NULL: none. */
	size_t (*scratch)(const struct hyper_matrix *m);

	/* p[r][o] = sum over i of x[r][i] w[o][i], for 1 <= rows <= block_rows and all outputs of
	 * all panels (so `p_stride` >= out rounded up to `panel`, and is a multiple of 16).  What
	 * is in p before does not matter.  The bits of a row depend on that row and the weights
	 * alone. */
	void (*multiply)(const struct hyper_matrix *m, const float *x, size_t x_stride, size_t rows,
			 float *p, size_t p_stride, void *scratch);
};

/* y[r] = epilogue(p[r]) for rows of `width` numbers; p may be y (with the same stride), and the
 * residual may be y. */
typedef void hyper_finish_fn(const struct hyper_kernel *kernel, const float *p, size_t p_stride,
			     float *y, size_t y_stride, size_t rows, size_t width,
			     const struct hyper_epilogue *epilogue);

/* As hyper_attend. */
typedef void hyper_attend_fn(const struct hyper_kernel *kernel, const float *q, size_t q_stride,
			     size_t queries, const float *k, const float *v, size_t kv_stride,
			     size_t count, size_t length, size_t heads, size_t head, float *out,
			     size_t out_stride);

/* Where weights and work lie elsewhere (opencl.h); NULL in the tables of CPUs. */
struct hyper_elsewhere {
	/* All rows are packed into m->data: take them away.  m->data becomes whatever the device
	 * calls them; on failure the caller frees m->data as it was. */
	enum tok_status (*settle)(struct hyper_matrix *m, struct tok_error *err);
	void (*release)(struct hyper_matrix *m);
	/* All of hyper_gemm; its scratch is not used. */
	void (*gemm)(const struct hyper_matrix *w, const float *x, size_t x_stride, size_t rows,
		     float *y, size_t y_stride, const struct hyper_epilogue *epilogue);
};

struct hyper_kernel {
	const char *name;
	bool (*runs)(void);
	enum tok_status (*enter)(struct tok_error *err); /* NULL: nothing to do */
	/* NULL: the scalar table's product is taken, and says what is right. */
	const struct hyper_product *products[HYPER_MODE_COUNT];
	hyper_finish_fn *finish;
	hyper_attend_fn *attend;
	const struct hyper_elsewhere *elsewhere;
};

/* The product that `kernel` uses for `mode`; never NULL. */
const struct hyper_product *hyper_product_of(const struct hyper_kernel *kernel,
					     enum hyper_mode mode);

/* `pack` of F32 for panels of any width. */
void hyper_f32_pack(const struct hyper_matrix *m, size_t panel, size_t first, size_t count,
		    const float *rows);

/* What was built (kernels.c lists it in tables): X_scalar.c and so on. */
extern const struct hyper_product hyper_f32_scalar, hyper_f32_avx2, hyper_f32_avx512,
    hyper_f32_neon;
hyper_finish_fn hyper_finish_scalar, hyper_finish_avx2, hyper_finish_avx512, hyper_finish_neon;
hyper_attend_fn hyper_attend_scalar, hyper_attend_avx2, hyper_attend_avx512, hyper_attend_neon;

#endif
