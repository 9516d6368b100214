/*
 * stats.h - what new rows look like beside the old ones, without running a model.
 */
#ifndef HYPER_TRANSPLANT_STATS_H
#define HYPER_TRANSPLANT_STATS_H

#include "hypernet/transplant/recipe.h"

enum { HYPER_QUANTILES = 5 }; /* 5, 25, 50, 75, 95 % */

struct hyper_norms {
	size_t count;
	double mean, deviation, quantiles[HYPER_QUANTILES]; /* of lengths (L2) */
};

struct hyper_row_stats {
	struct hyper_norms copied, made;
	size_t zeros, duplicates; /* made rows that are all zero, or bit for bit another made row */
	size_t not_finite;        /* made rows that hold NaN or infinity; they have no length */
	double neighbours; /* mean of exp(entropy of |weights| / their sum) over summed rows */
	double anisotropy_old, anisotropy_new; /* mean cosine of pairs of rows drawn by a seed */
};

/* Of one side: `old` through `recipe`; in blocks.  Rows that are the same are told by 64 bits of a
 * hash.  `lengths`: those of all rows are put there, the recipe's many; or NULL.  Numbers do not
 * depend on threads. */
TOK_API TOK_MUST_USE enum tok_status hyper_row_stats(const struct hyper_recipe *recipe,
						     const struct hyper_rows_view *old,
						     uint64_t seed, size_t threads,
						     struct hyper_row_stats *out, double *lengths,
						     struct tok_error *err);

/* ---- held out -------------------------------------------------------------------- */

/* How well rows that are known are found again: `made` is count x width, made[i] thought to be row
 * truth[i] of `rows`. */
struct hyper_recovery {
	size_t count;
	double cosine;   /* mean, as it is; a common direction flatters it */
	double centred;  /* the mean of all rows taken off both before */
	double distance; /* mean of |made - true| / |true| */
	/* Of the true row among all rows, by centred cosine; of rows that are as near as it is,
	 * half come before it. */
	double hit1, hit10, median_rank;
};

/* TOK_EARG for an id that is no row, TOK_EFORMAT for numbers that are not finite.  Numbers do not
 * depend on threads. */
TOK_API TOK_MUST_USE enum tok_status
hyper_recovery(const float *made, const tok_id *truth, size_t count,
	       const struct hyper_rows_view *rows, const struct hyper_kernel *kernel,
	       size_t threads, struct hyper_recovery *out, struct tok_error *err);

#endif
