/*
 * nearest.h - which rows of a matrix are nearest to a given one.
 *
 *	struct hyper_rows_view rows = { .tensor = t };       // F32, F16 or BF16, n x width
 *	status = hyper_exact_new(&rows, HYPER_COSINE, kernel, &exact, &err);
 *	status = hyper_exact_find(exact, queries, count, k, threads, found, &err);  // count x k
 *	hyper_exact_free(exact);
 *
 *	struct hyper_index_options o = { .links = 16, .build_effort = 200, .seed = 1 };
 *	status = hyper_index_build(&rows, HYPER_COSINE, &o, kernel, threads, &index, &err);
 *	status = hyper_index_find(index, queries, count, k, effort, threads, found, &err);
 *	status = hyper_index_save(index, file, &err);          // of hyper_file_create
 *	status = hyper_file_commit(&file, &err);
 *
 * Exact: every row is looked at, in blocks, by the matrix product of kernel.h; the judge of the
 * other one.  Index: the hierarchical graph of Malkov and Yashunin (arXiv 1603.09320) by the
 * library hnswlib; only where tok was built with it (hyper_index_is_here).
 *
 * A score is the cosine or the dot product, larger is nearer; of equal scores the lower row
 * comes first.  A row of zeros has cosine 0 with everything.  NaN in rows: TOK_EFORMAT.
 */
#ifndef HYPER_ANN_NEAREST_H
#define HYPER_ANN_NEAREST_H

#include "hypernet/kernel/kernel.h"
#include "hypernet/tensor/tensors.h"
#include "hypernet/tensor/write.h"

enum hyper_measure { HYPER_COSINE, HYPER_DOT };
#define HYPER_MEASURE_WORDS "cosine|dot"

/* A matrix: of a file, or in memory. */
struct hyper_rows_view {
	const struct hyper_tensor *tensor; /* of rank 2; or NULL and: */
	const float *floats;
	size_t count, width;
};

struct hyper_found {
	uint32_t row;
	float score;
};

struct hyper_exact;

/* Borrows the rows. */
TOK_API TOK_MUST_USE enum tok_status
hyper_exact_new(const struct hyper_rows_view *rows, enum hyper_measure measure,
		const struct hyper_kernel *kernel, struct hyper_exact **out, struct tok_error *err);
TOK_API void hyper_exact_free(struct hyper_exact *exact);

/* The k nearest of each of `count` queries (width numbers each), nearest first; k at most the
 * number of rows (TOK_EARG). */
TOK_API TOK_MUST_USE enum tok_status hyper_exact_find(const struct hyper_exact *exact,
						      const float *queries, size_t count, size_t k,
						      size_t threads, struct hyper_found *found,
						      struct tok_error *err);

struct hyper_index;

struct hyper_index_options {
	size_t links;        /* M: neighbours kept of each row on a layer; 16 */
	size_t build_effort; /* ef_construction; 200 */
	uint64_t seed;
};

TOK_API bool hyper_index_is_here(void);

/* Copies the rows (of cosine: normed).  Products of rows are those of `kernel`.  The same graph for
 * the same options and kernel with one thread only. */
TOK_API TOK_MUST_USE enum tok_status
hyper_index_build(const struct hyper_rows_view *rows, enum hyper_measure measure,
		  const struct hyper_index_options *options, const struct hyper_kernel *kernel,
		  size_t threads, struct hyper_index **out, struct tok_error *err);
TOK_API void hyper_index_free(struct hyper_index *index);
TOK_API size_t hyper_index_count(const struct hyper_index *index);
TOK_API size_t hyper_index_width(const struct hyper_index *index);
TOK_API enum hyper_measure hyper_index_measure(const struct hyper_index *index);

/* *out: is this index of these rows, in their order, by this measure?  A length that another
 * machine rounds otherwise makes no difference. */
TOK_API TOK_MUST_USE enum tok_status hyper_index_is_of(const struct hyper_index *index,
						       const struct hyper_rows_view *rows,
						       enum hyper_measure measure, bool *out,
						       struct tok_error *err);

/* The graph, with the rows, to an empty file, which is the caller's to commit: whoever makes a
 * graph for an hour wants to know before whether it can be written. */
TOK_API TOK_MUST_USE enum tok_status
hyper_index_save(const struct hyper_index *index, struct hyper_file *file, struct tok_error *err);

/* Reads such a file into memory and believes nothing: TOK_EFORMAT for a file of another kind, for
 * one that was cut or changed (it has a checksum), for links that lead nowhere, and for one that
 * would take more than 64 times its size in memory.  `kernel` as for building. */
TOK_API TOK_MUST_USE enum tok_status hyper_index_open(const char *path,
						      const struct hyper_kernel *kernel,
						      struct hyper_index **out,
						      struct tok_error *err);

/* A row that a search did not find: a graph may have islands. */
#define HYPER_FOUND_NONE UINT32_MAX

/* The k rows that are thought nearest, nearest first.  effort (ef): candidates kept while
 * searching, k at least.  One call at a time. */
TOK_API TOK_MUST_USE enum tok_status
hyper_index_find(struct hyper_index *index, const float *queries, size_t count, size_t k,
		 size_t effort, size_t threads, struct hyper_found *found, struct tok_error *err);

#endif
