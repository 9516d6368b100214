/*
 * neighbours.h - all tokens that may not stand behind one, at once.
 *
 *	status = tok_neighbours_new(model, &n, &err);
 *	count = tok_neighbours_ids(n, &ids);
 *	known = tok_neighbours_refused(n, left, sink, context);    // ranges of places in ids
 *	tok_neighbours_free(n);
 *
 * Says the same as tok_model_adjoins of a pair, in time of what is refused and not of the
 * vocabulary.  Borrows the model; immutable and shared by threads once it is made.
 */
#ifndef TOK_MODEL_NEIGHBOURS_H
#define TOK_MODEL_NEIGHBOURS_H

#include "tok/model/model.h"

struct tok_neighbours;

/* *out is NULL, with TOK_OK, for models of which it cannot be told. */
TOK_API TOK_MUST_USE enum tok_status tok_neighbours_new(const struct tok_model *model,
							struct tok_neighbours **out,
							struct tok_error *err);
TOK_API void tok_neighbours_free(struct tok_neighbours *neighbours);

/* The ids of which it is told, each once; others are to be asked one by one. */
TOK_API size_t tok_neighbours_ids(const struct tok_neighbours *neighbours, const tok_id **ids);

/* Gets places in those ids, which may not stand behind `left`; a place may come more than once.
 * False: `left` is none of the ids. */
typedef void tok_neighbours_sink(void *context, struct tok_range refused);
TOK_API bool tok_neighbours_refused(const struct tok_neighbours *neighbours, tok_id left,
				    tok_neighbours_sink *sink, void *context);

#endif
