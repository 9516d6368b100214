/*
 * rows.h - the rows of a view, read as F32.
 *
 *	struct hyper_rows_view view;
 *	status = hyper_rows_check(&rows, &view, &err);
 *	status = hyper_rows_read(&view, first, count, room, &floats, &err);
 *
 * Pure functions, any thread.
 */
#ifndef HYPER_ANN_ROWS_H
#define HYPER_ANN_ROWS_H

#include "hypernet/ann/nearest.h"

#ifdef __cplusplus
extern "C" {
#endif

/* `out` is `rows` with its count and width filled in.  TOK_EARG: no matrix, or of a dtype that is
 * not read; TOK_ELIMIT: more rows than a hyper_found can name, none at all. */
TOK_API TOK_MUST_USE enum tok_status hyper_rows_check(const struct hyper_rows_view *rows,
						      struct hyper_rows_view *out,
						      struct tok_error *err);

/* Rows [first, first + count): *out points to them, in `room` (count x width) or where they lie. */
TOK_API TOK_MUST_USE enum tok_status hyper_rows_read(const struct hyper_rows_view *rows,
						     size_t first, size_t count, float *room,
						     const float **out, struct tok_error *err);

#ifdef __cplusplus
}
#endif

#endif
