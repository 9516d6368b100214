/*
 * fill.h - rows that know nothing of their token: zero, the mean, random ones.
 *
 *	struct hyper_filler *filler;
 *	status = hyper_filler_new(&rows, HYPER_FILL_RANDOM, seed, kernel, threads, &filler, &err);
 *	hyper_filler_rows(filler, wanted, count, out, threads);
 *	hyper_filler_free(filler);
 *
 *	zero     0
 *	mean     mu_d of each dimension
 *	random   N(mu_d, sigma_d), each dimension by itself
 *	hewitt   N(mu, Sigma) with the covariance of the old rows (Hewitt 2021, "Initializing new
 *		 word embeddings"); where that is singular, of one near to it that is not: a
 *		 millionth of the mean of its diagonal is added there, and ten times more until
 *		 it has a root
 *	scalar   N(mean, std) of all numbers of the matrix, as TokenAdapt has it
 *
 * Random numbers depend on the seed and the token's id alone.
 */
#ifndef HYPER_TRANSPLANT_FILL_H
#define HYPER_TRANSPLANT_FILL_H

#include "hypernet/ann/nearest.h"
#include "tok/pipe/tokenizer.h"

enum hyper_fill {
	HYPER_FILL_ZERO,
	HYPER_FILL_MEAN,
	HYPER_FILL_RANDOM,
	HYPER_FILL_HEWITT,
	HYPER_FILL_SCALAR
};
#define HYPER_FILL_WORDS "zero|mean|random|hewitt|scalar"

struct hyper_filler;

/* Statistics of `rows`, in F64; rows that are all zero (padding) are left out.  hewitt takes
 * 8 bytes for each number of width x width while this runs, and 2 afterwards; the others only a few
 * rows.  `kernel` is hewitt's, and may be NULL for the others.  TOK_ENOMEM, TOK_EFORMAT for numbers
 * that are not finite. */
TOK_API TOK_MUST_USE enum tok_status hyper_filler_new(const struct hyper_rows_view *rows,
						      enum hyper_fill fill, uint64_t seed,
						      const struct hyper_kernel *kernel,
						      size_t threads, struct hyper_filler **out,
						      struct tok_error *err);
TOK_API void hyper_filler_free(struct hyper_filler *filler);

/* The row of token `id`, as wide as the rows were; any thread.  Of hewitt: width x width / 2
 * products. */
TOK_API void hyper_filler_row(const struct hyper_filler *filler, tok_id id, float *out);

/* The same of several, count x width, by several threads. */
TOK_API void hyper_filler_rows(const struct hyper_filler *filler, const tok_id *wanted,
			       size_t count, float *out, size_t threads);

#endif
