/*
 * omp.h - orthogonal matching pursuit: a donor's row as a sum of few of its shared rows, and the
 * same sum of the model's (arXiv 2506.06607; mergekit a6e4028).
 *
 *	x = donor[t]; k times: the shared row with the largest |<residual, row>| is added, and the
 *	coefficients of all chosen are those of least squares; ties to the lower id.
 *
 * Rows are not normalised (mergekit) unless asked.  Products that choose are blocks of tokens
 * against all shared rows by a kernel; coefficients are computed in F64.  `screen`: only the so
 * many shared rows with the largest first products are candidates; approximate, and called so.
 * Results do not depend on threads.
 */
#ifndef HYPER_TRANSPLANT_OMP_H
#define HYPER_TRANSPLANT_OMP_H

#include "hypernet/ann/nearest.h"
#include "hypernet/transplant/weights.h"

struct hyper_omp_options {
	size_t k;
	bool normalize;
	size_t screen; /* 0: exact */
	double ridge;  /* added to the diagonal of the normal equations, relative to their mean */
	enum hyper_mode mode; /* of the products that choose */
};

/* What to watch: coefficients that explode are of no use in another space. */
struct hyper_omp_report {
	double norm_mean, norm_max;     /* sum of |coefficients| of a token */
	double cosine_mean, cosine_min; /* of the donor's row and its sum */
	double products;                /* floating point operations in products */
};

/* Rows of `donor`: `wanted` (count) as sums of `anchors` (anchor_count, rising); entries of `out`
 * are anchor_sources[j] with the coefficient of anchors[j], in the order of choosing.  TOK_EARG for
 * k of 0 or above the anchors or the width. */
TOK_API TOK_MUST_USE enum tok_status
hyper_omp(const struct hyper_rows_view *donor, const tok_id *wanted, size_t count,
	  const tok_id *anchors, const tok_id *anchor_sources, size_t anchor_count,
	  const struct hyper_omp_options *options, const struct hyper_kernel *kernel,
	  size_t threads, struct hyper_weights *out, struct hyper_omp_report *report,
	  struct tok_error *err);

#endif
