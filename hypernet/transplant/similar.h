/*
 * similar.h - new rows from old tokens that are like them.
 *
 *	local    TokenAdapt's Eq. 1-2: pieces, by softmax of half their likeness (softmax of
 *		 cosines) and half their share of the length, at a temperature
 *	global   Eq. 3-4: the k old tokens nearest by cosine, softmax at that temperature, those
 *		 below the threshold left out
 *	hybrid   Eq. 5: (1 - weight) local + weight global; the other one where one is missing
 *	focus    sparsemax of the cosines with all shared tokens (arXiv 2305.14481)
 *	wechsel  the 10 nearest, softmax at .1 (arXiv 2112.06598)
 *	clp      in proportion to cosines with shared tokens, negative ones as 0 (arXiv 2301.09626;
 *		 upstream lets them be negative, and its sums come near 0)
 *	knn      k nearest shared tokens, as mergekit has them: 1/max(distance, 1e-6), by cosine
 *		 the cosines, negative ones as 0; barycentric, which sum to one and come nearest
 *		 to the token, some negative; or least squares
 *
 * No matrix of all likenesses is ever made: blocks of queries against blocks of rows by the
 * kernels of kernel.h, a heap or the survivors kept of each.  Of equal cosines the lower id comes
 * first; results do not depend on threads.  Cosines of the k nearest are in F64, those of all
 * others in F32; softmax and sums are in F64.
 *
 * Sources: TokenAdapt 3f7ff1d (the 1e-5 beside the temperature is its), FOCUS c98a81c, WECHSEL
 * 395e3d4, CLP d42c1d4, mergekit a6e4028, whose cosines have a floor of 1e-6 below the product of
 * two lengths: here they have none, rows so short were never trained.
 */
#ifndef HYPER_TRANSPLANT_SIMILAR_H
#define HYPER_TRANSPLANT_SIMILAR_H

#include "hypernet/transplant/features.h"
#include "hypernet/transplant/match.h"
#include "hypernet/transplant/weights.h"

enum hyper_similar {
	HYPER_SIMILAR_LOCAL,
	HYPER_SIMILAR_GLOBAL,
	HYPER_SIMILAR_HYBRID,
	HYPER_SIMILAR_FOCUS,
	HYPER_SIMILAR_WECHSEL,
	HYPER_SIMILAR_CLP,
	HYPER_SIMILAR_KNN
};

enum hyper_knn { HYPER_KNN_DISTANCE, HYPER_KNN_BARYCENTRIC, HYPER_KNN_LEAST_SQUARES };
#define HYPER_KNN_WORDS "distance|barycentric|least-squares"

struct hyper_similar_options {
	double temperature; /* local, global, hybrid: .3; focus, wechsel: what cosines are divided
			       by, 1 and .1 */
	double weight;      /* of global in hybrid: .3 */
	double threshold;   /* 0 */
	/* global 3, wechsel 10, knn 64; clp: 0, all of them, which is a list as long as half of the
	 * shared tokens for every new one */
	size_t k;
	enum hyper_knn knn;
	bool euclid; /* knn: nearest by Euclid's distance, not by cosine */
};

struct hyper_similar_job {
	const struct hyper_vocab *source, *target;
	const struct hyper_matches *matches;
	const tok_id *wanted; /* `count` ids of the target */
	size_t count;
	const struct hyper_pieces *pieces; /* of `wanted`; local and hybrid */
	const struct hyper_features *features;
	/* knn: rows of a model with the target's tokenizer, by its ids; not of length 1.  NULL:
	 * `features`. */
	const struct hyper_rows_view *donor;
	size_t source_rows; /* old ids from here on have no row */
	const struct hyper_kernel *kernel;
	size_t threads;
};

/* Among what neighbours are looked for: global and wechsel all old tokens with a feature; focus,
 * clp and knn those that the new vocabulary shares (by whatever class but prefix), by the new
 * token's feature; both once for each spelling.  Of each wanted token a row in `out`, the heaviest
 * old token first; empty where there is no answer: no feature, no piece, nobody above the
 * threshold. All are convex but knn's barycentric and least squares.  TOK_EARG for options that are
 * none, TOK_EFORMAT for a donor's row that is not finite. */
TOK_API TOK_MUST_USE enum tok_status hyper_similar(const struct hyper_similar_job *job,
						   enum hyper_similar method,
						   const struct hyper_similar_options *options,
						   struct hyper_weights *out,
						   struct tok_error *err);

#endif
