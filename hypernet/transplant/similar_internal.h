/*
 * similar_internal.h - what the methods of similar.h are made of.
 */
#ifndef HYPER_TRANSPLANT_SIMILAR_INTERNAL_H
#define HYPER_TRANSPLANT_SIMILAR_INTERNAL_H

#include "hypernet/transplant/similar.h"

/* Tokens that are done together: their answers are kept until all have one. */
enum { HYPER_SIMILAR_BATCH = 512 };

/* An old token and its part in a new row. */
struct hyper_share {
	tok_id source;
	double weight;
};

/* The answer for one token; none: no shares. */
struct hyper_answer {
	struct hyper_share *shares;
	size_t count, room;
};

/* Room for `count` shares in all. */
TOK_MUST_USE enum tok_status hyper_answer_room(struct hyper_answer *answer, size_t count,
					       struct tok_error *err);

/* Shares of the same old token become one, where `merge` says that there may be such, those of
 * nothing go; the heaviest come first, of equal ones the lower id. */
void hyper_answer_finish(struct hyper_answer *answer, bool merge);

/* ---- where neighbours are looked for ---------------------------------------------- */

struct hyper_candidates {
	float *rows; /* count x stride */
	tok_id *sources;
	size_t count, width, stride;
	bool repeated; /* a source stands there more than once */
};

enum hyper_space {
	HYPER_SPACE_UNIT,  /* rows of length 1 */
	HYPER_SPACE_PLAIN, /* rows as they are */
	/* As they are, and behind each minus half its square: the product with (q, 1) is largest
	 * where the distance from q is smallest. */
	HYPER_SPACE_EUCLID
};

/* Old tokens with a feature (`shared` false), or tokens that both have, by the new one's feature or
 * row of the donor: those that may be used, once for each spelling, by rising id (of the old
 * vocabulary, or of the new one if shared).  There may be none.  TOK_EFORMAT for a row that is not
 * finite. */
TOK_MUST_USE enum tok_status hyper_candidates_make(const struct hyper_similar_job *job, bool shared,
						   enum hyper_space space,
						   struct hyper_candidates *out,
						   struct tok_error *err);
void hyper_candidates_release(struct hyper_candidates *candidates);

/* The rows of `count` tokens that are wanted, from `first` on: count x width.  *known of each: is
 * its row there, and not zero? */
TOK_MUST_USE enum tok_status hyper_similar_queries(const struct hyper_similar_job *job,
						   size_t first, size_t count, size_t width,
						   float *out, bool *known, struct tok_error *err);

/* The width of features, or of the donor. */
size_t hyper_similar_width(const struct hyper_similar_job *job);

/* ---- finding ---------------------------------------------------------------------- */

struct hyper_near {
	uint32_t place;  /* candidate */
	double nearness; /* cosine, or minus the distance */
};

/* The k nearest of each query (k at most as many as there are), the nearest first, of equally near
 * ones the earlier: found in F32, then measured and put in order in F64. */
TOK_MUST_USE enum tok_status hyper_near_find(const struct hyper_candidates *candidates,
					     enum hyper_space space, const float *queries,
					     size_t count, size_t k,
					     const struct hyper_kernel *kernel, size_t threads,
					     struct hyper_near *out, struct tok_error *err);

/* Cosines of some tokens with all candidates, of length 1 like them: blocks as they are made. */
struct hyper_scan;
TOK_MUST_USE enum tok_status hyper_scan_new(const struct hyper_candidates *candidates,
					    const struct hyper_kernel *kernel,
					    struct hyper_scan **out, struct tok_error *err);
void hyper_scan_free(struct hyper_scan *scan);

/* Answers of sparsemax at a temperature, or in proportion to positive cosines. */
TOK_MUST_USE enum tok_status hyper_scan_sparsemax(const struct hyper_scan *scan,
						  const float *queries, const bool *known,
						  size_t count, double temperature, size_t threads,
						  struct hyper_answer *answers,
						  struct tok_error *err);
TOK_MUST_USE enum tok_status hyper_scan_positive(const struct hyper_scan *scan,
						 const float *queries, const bool *known,
						 size_t count, size_t threads,
						 struct hyper_answer *answers,
						 struct tok_error *err);

/* ---- weights of what was found ---------------------------------------------------- */

/* exp(values / temperature) over their sum, in place. */
void hyper_softmax(double *values, size_t count, double temperature);

/* mergekit's three; rows: of the neighbours, as they are. */
TOK_MUST_USE enum tok_status hyper_knn_weights(enum hyper_knn scheme, bool euclid,
					       const struct hyper_candidates *candidates,
					       const float *query, const struct hyper_near *near,
					       size_t count, struct hyper_answer *answer,
					       struct tok_error *err);

#endif
