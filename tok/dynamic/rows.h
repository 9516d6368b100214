/*
 * rows.h - a cache of embedding rows by what their tokens spell.
 *
 *	status = tok_rows_new(5000, width, &rows, &err);
 *	for each batch:
 *		status = tok_rows_get(rows, texts, count, predict, &net, slots, &err);
 *		// the row of texts[i]: tok_rows_at(rows, slots[i])
 *	tok_rows_free(rows);
 *
 * Rows that are not there are asked for in one call; room is made by giving up those
 * used longest ago that this batch does not need.  Slots are given in order, those that
 * became free last first.  Source: LRU_Cache of the program in boundary.h.  One thread
 * at a time.
 */
#ifndef TOK_DYNAMIC_ROWS_H
#define TOK_DYNAMIC_ROWS_H

#include "tok/base/span.h"
#include "tok/base/status.h"

struct tok_rows;

/* Make a row of `width` floats for each of `count` texts, all different: rows[i] is where the
 * i-th goes. */
typedef enum tok_status tok_rows_maker(void *context, const struct tok_span *texts, size_t count,
				       float *const *rows, struct tok_error *err);

/* Rows, at most. */
#define TOK_ROWS_MAX ((size_t)1 << 30)

/* Takes memory for `capacity` rows at once.  TOK_ELIMIT above TOK_ROWS_MAX; TOK_EARG where
 * either number is 0. */
TOK_API TOK_MUST_USE enum tok_status tok_rows_new(size_t capacity, size_t width,
						  struct tok_rows **out, struct tok_error *err);
TOK_API void tok_rows_free(struct tok_rows *rows);

/* Slots of `count` texts, of which some may be equal; they stay until the next call.  TOK_ELIMIT
 * where more than `capacity` different ones are asked for at once.  After any failure, the
 * maker's too, all is as it was. */
TOK_API TOK_MUST_USE enum tok_status tok_rows_get(struct tok_rows *rows,
						  const struct tok_span *texts, size_t count,
						  tok_rows_maker *maker, void *context,
						  size_t *slots, struct tok_error *err);
TOK_API const float *tok_rows_at(const struct tok_rows *rows, size_t slot);

/* How many rows were made before that one, for who keeps what the maker made. */
TOK_API uint64_t tok_rows_number(const struct tok_rows *rows, size_t slot);

/* Since the beginning: texts that were there, and that were made, each counted once a
 * call. */
TOK_API uint64_t tok_rows_hits(const struct tok_rows *rows);
TOK_API uint64_t tok_rows_made(const struct tok_rows *rows);

#endif
