/*
 * index_internal.h - between the files of the index.
 */
#ifndef HYPER_ANN_INDEX_INTERNAL_H
#define HYPER_ANN_INDEX_INTERNAL_H

#include "hypernet/ann/graph_internal.h"
#include "hypernet/ann/nearest.h"

enum { HYPER_INDEX_LINKS_MAX = 1024, HYPER_INDEX_EFFORT_MAX = 1 << 20 };

struct hyper_index {
	struct hyper_graph *graph;
	hyper_dot *dot;
	size_t width;
	enum hyper_measure measure;
	struct hyper_index_options options;
};

/* One without rows, with room for `count`, which have `room_links` neighbours at most: that is
 * options->links, or what the links of a file come to. */
TOK_MUST_USE enum tok_status hyper_index_new(size_t count, size_t width, enum hyper_measure measure,
					     const struct hyper_index_options *options,
					     size_t room_links, hyper_dot *dot,
					     struct hyper_index **out, struct tok_error *err);

#endif
