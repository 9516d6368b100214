/*
 * map.h - a linear map from a donor's space to the model's, learnt from the rows of shared tokens.
 *
 *	struct hyper_map *map;
 *	status = hyper_map_fit(HYPER_MAP_RIDGE, &donor, anchors, &model, sources, n, &o, &map,
 *&err); status = hyper_map_rows(map, &donor, wanted, count, out, threads, &err);
 *	hyper_map_free(map);
 *
 *	ridge       W = argmin |(D - mu) W - (E - nu)|^2 + lambda |W|^2;  e = (d - mu) W + nu
 *	procrustes  the rotation nearest to that: both sides centred; where the donor is wider, its
 *		    principal directions down to the model's width first; R = V U' of the SVD of
 *		    E' D (mergekit has its transpose, which is not the nearest one)
 *
 * Sums over tokens, and what is solved, in F64; for a donor of w numbers and a model of v about
 * 8 (2 w^2 + 3 w v) bytes while it is learnt, 8 (w^2 + 2 w v) more where it is wider and by
 * procrustes.  lambda is relative to the mean of the diagonal of D' D.  Shared rows that have a
 * direction in common with none of the other side (singular values below 1e-8 of the largest) do
 * not tell where it goes: procrustes takes it to a shorter one, or nowhere.
 */
#ifndef HYPER_TRANSPLANT_MAP_H
#define HYPER_TRANSPLANT_MAP_H

#include "hypernet/ann/nearest.h"
#include "tok/pipe/tokenizer.h"

enum hyper_map_kind { HYPER_MAP_RIDGE, HYPER_MAP_PROCRUSTES };

struct hyper_map_options {
	double lambda; /* ridge */
	const struct hyper_kernel *kernel;
	size_t threads;
};

struct hyper_map;

/* Rows donor[anchors[i]] go to model[sources[i]].  TOK_EARG for fewer than two anchors,
 * for ids that are no row, and for a ridge that needs a larger lambda to have an answer;
 * TOK_EFORMAT for numbers that are not finite, TOK_ENOMEM. */
TOK_API TOK_MUST_USE enum tok_status
hyper_map_fit(enum hyper_map_kind kind, const struct hyper_rows_view *donor, const tok_id *anchors,
	      const struct hyper_rows_view *model, const tok_id *sources, size_t count,
	      const struct hyper_map_options *options, struct hyper_map **out,
	      struct tok_error *err);
TOK_API void hyper_map_free(struct hyper_map *map);

/* Of how much of the model's rows' variance around their mean the fit explains (R squared), over
 * the anchors. */
TOK_API double hyper_map_explains(const struct hyper_map *map);

/* count rows as wide as the model's. */
TOK_API TOK_MUST_USE enum tok_status hyper_map_rows(const struct hyper_map *map,
						    const struct hyper_rows_view *donor,
						    const tok_id *wanted, size_t count, float *out,
						    size_t threads, struct tok_error *err);

#endif
