/*
 * recipe.h - how every row of a new matrix comes to be: copied, summed, or given.
 *
 *	struct hyper_recipe r = { 0 };
 *	status = hyper_recipe_new(&matches, rows, &r, &err);
 *	status = hyper_recipe_sum(&r, wanted, count, &weights, &left, &err);
 *	status = hyper_recipe_rows(&r, &old, first, count, out, threads, &err);
 *	status = hyper_recipe_write(&r, NULL, NULL, 0, "map.safetensors", &err);
 *	hyper_recipe_release(&r);
 *
 * One recipe a side; a tied model, or one whose sides are made alike, has one for both.
 */
#ifndef HYPER_TRANSPLANT_RECIPE_H
#define HYPER_TRANSPLANT_RECIPE_H

#include "hypernet/transplant/match.h"
#include "hypernet/transplant/weights.h"

enum hyper_row_origin {
	HYPER_ROW_COPY,  /* bit for bit, of sources[row] */
	HYPER_ROW_SUM,   /* row places[row] of `weights` */
	HYPER_ROW_GIVEN, /* row places[row] of `given` */
	HYPER_ROW_ZERO   /* padding */
};

struct hyper_recipe {
	uint8_t *origins; /* enum hyper_row_origin, of each new row, padding included */
	tok_id *sources;  /* COPY */
	uint32_t *places; /* SUM, GIVEN */
	size_t rows;
	struct hyper_weights weights;
	float *given; /* given_count x width */
	size_t given_count, width;
};

TOK_API void hyper_recipe_release(struct hyper_recipe *recipe);

/* All rows copied where they match, the others zero until hyper_recipe_sum or hyper_recipe_give
 * says otherwise; rows behind the last id are padding.  TOK_EARG for fewer rows than ids,
 * TOK_ENOMEM. */
TOK_API TOK_MUST_USE enum tok_status hyper_recipe_new(const struct hyper_matches *matches,
						      size_t rows, struct hyper_recipe *out,
						      struct tok_error *err);

/* The rows of `wanted` from a method's answer, which is taken over (emptied); tokens whose row in
 * it is empty stay as they were, and are counted in *left.  What is said of a row last is what
 * counts.  TOK_EARG for an id that has no row, or another number of rows than of ids. */
TOK_API TOK_MUST_USE enum tok_status hyper_recipe_sum(struct hyper_recipe *recipe,
						      const tok_id *wanted, size_t count,
						      struct hyper_weights *weights, size_t *left,
						      struct tok_error *err);

/* The same of rows as they are, count x width, from malloc: taken over, *floats is NULL then.
 * TOK_EARG too for another width than that of rows given before. */
TOK_API TOK_MUST_USE enum tok_status hyper_recipe_give(struct hyper_recipe *recipe,
						       const tok_id *wanted, size_t count,
						       float **floats, size_t width,
						       struct tok_error *err);

/* Rows [first, first + count) as F32 from the old matrix; `out` count x width.  TOK_EARG for a
 * source that is no row of it, and for given rows of another width. */
TOK_API TOK_MUST_USE enum tok_status hyper_recipe_rows(const struct hyper_recipe *recipe,
						       const struct hyper_rows_view *old,
						       size_t first, size_t count, float *out,
						       size_t threads, struct tok_error *err);

/* Both sides in one file, so that sister models get the same; `out` is NULL or `in` itself where
 * they are alike.  A safetensors file: in.origins U8, in.sources U32, in.places U32, in.ends U64,
 * in.weights.sources U32, in.weights F32, the same for out, and a checksum U64 of it all and of the
 * metadata, which say of what it is.  TOK_EARG of a recipe with given rows: they belong to one
 * model's space. */
TOK_API TOK_MUST_USE enum tok_status hyper_recipe_write(const struct hyper_recipe *in,
							const struct hyper_recipe *out,
							const struct hyper_text_pair *metadata,
							size_t metadata_count, const char *path,
							struct tok_error *err);

/* For a model with so many rows.  out->rows is 0 where the file has one recipe for both sides.
 * Believes nothing: TOK_EFORMAT for a file of another kind, for one that was cut or changed, and
 * for places and sources that are none.  Messages name the file; its metadata are read by
 * hyper_tensors_open. */
TOK_API TOK_MUST_USE enum tok_status hyper_recipe_read(const char *path, size_t source_rows,
						       struct hyper_recipe *in,
						       struct hyper_recipe *out,
						       struct tok_error *err);

#endif
