/*
 * omp.h - orthogonal matching pursuit: a donor's row as a sum of few of its shared rows, and the
 * same sum of the model's (arXiv 2506.06607; mergekit a6e4028).
 *
 *	x = donor[t]; k times: the shared row with the largest |<residual, row>| is added, and the
 *	coefficients of all chosen are those of least squares; ties to the lower id.
 *
 *	struct hyper_omp_options o = { .k = 64, .mode = HYPER_MODE_F32 };
 *	status = hyper_omp(&donor, wanted, count, anchors, sources, anchor_count, &o, kernel,
 *			   threads, &weights, &report, &err);
 *
 * Rows are not normalised (mergekit) unless asked.  Products that choose are blocks of tokens
 * against all shared rows by a kernel; how far they may be off is known, and where more than one
 * row may be the largest, those are computed again in F64.  So what is chosen is what F64 chooses,
 * in every mode, for any number of threads and whatever `memory` is.  Coefficients are computed in
 * F64.  `screen`: only the so many shared rows with the largest first products are candidates;
 * approximate, and called so.
 *
 * A token whose row is used up before k (what is left is below 1e-7 of its length, or at right
 * angles to all shared rows) has fewer than k entries; one whose row is all zero has none.
 *
 * Products of shared rows with each other, once they are there, make each step a sum of rows of
 * them (R. Rubinstein, M. Zibulevsky, M. Elad, "Efficient implementation of the K-SVD algorithm
 * using batch orthogonal matching pursuit", 2008) instead of a product of matrices: several times
 * as fast, for 4 * anchor_count^2 bytes.
 */
#ifndef HYPER_TRANSPLANT_OMP_H
#define HYPER_TRANSPLANT_OMP_H

#include "hypernet/ann/nearest.h"
#include "hypernet/transplant/weights.h"

struct hyper_omp_options {
	size_t k;
	bool normalize;
	size_t screen; /* 0: exact */
	double ridge;  /* added to the diagonal of the normal equations of the last coefficients,
			  relative to the diagonal's mean */
	enum hyper_mode mode; /* of the products that choose; not HYPER_MODE_INT8, and F32
				 where products are kept */
	/* Bytes that products of shared rows with each other may take, beside the rest; they are
	 * made where all fit, and where there are enough tokens for that to pay.  0: never. */
	size_t memory;
};

/* What to watch: coefficients that explode are of no use in another space. */
struct hyper_omp_report {
	double norm_mean, norm_max;     /* sum of |coefficients| of a token */
	double cosine_mean, cosine_min; /* of the donor's row and its sum */
	double products;                /* floating point operations in products that choose */
	size_t recomputed;              /* steps that F64 decided */
	bool kept;                      /* products of shared rows with each other were made */
};

/* Rows of `donor`: `wanted` (count) as sums of `anchors` (anchor_count, rising); entries of `out`
 * are anchor_sources[j] with the coefficient of anchors[j], in the order of choosing.  TOK_EARG for
 * k of 0 or above the anchors or the width, and for ids that are no row; TOK_EFORMAT for numbers
 * that are not finite or too large to be squared. */
TOK_API TOK_MUST_USE enum tok_status
hyper_omp(const struct hyper_rows_view *donor, const tok_id *wanted, size_t count,
	  const tok_id *anchors, const tok_id *anchor_sources, size_t anchor_count,
	  const struct hyper_omp_options *options, const struct hyper_kernel *kernel,
	  size_t threads, struct hyper_weights *out, struct hyper_omp_report *report,
	  struct tok_error *err);

#endif
