/*
 * graph_internal.h - the graph of hnswlib, in plain C: rows that know their neighbours on
 * several layers.  Numbers of rows are their places in the order of adding.
 */
#ifndef HYPER_ANN_GRAPH_INTERNAL_H
#define HYPER_ANN_GRAPH_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hypernet/ann/dot_internal.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { HYPER_GRAPH_LEVELS = 32 };

struct hyper_graph;

/* Room for `capacity` rows; NULL: memory is out.  `links` is M: so many neighbours on a layer, and
 * twice as many on the lowest. */
struct hyper_graph *hyper_graph_new(size_t width, size_t capacity, size_t links,
				    size_t build_effort, uint64_t seed, hyper_dot *dot);
void hyper_graph_free(struct hyper_graph *graph);

/* Copies the row, which is called `label` when it is found; by several threads at once.  The first
 * must be added before the others begin.  False: memory is out. */
bool hyper_graph_add(struct hyper_graph *graph, const float *row, uint32_t label);

/* For all that follow: candidates kept while searching. */
void hyper_graph_set_effort(struct hyper_graph *graph, size_t effort);

/* Labels and products of up to `k` rows in no order that means anything; returns how many,
 * SIZE_MAX: memory is out.  By several threads at once. */
size_t hyper_graph_find(const struct hyper_graph *graph, const float *query, size_t k,
			uint32_t *labels, float *products);

/* What a file holds of it. */
size_t hyper_graph_count(const struct hyper_graph *graph);
uint32_t hyper_graph_entry(const struct hyper_graph *graph);
uint32_t hyper_graph_label(const struct hyper_graph *graph, size_t row);
size_t hyper_graph_levels(const struct hyper_graph *graph,
			  size_t row); /* layers above the lowest */
size_t hyper_graph_links(const struct hyper_graph *graph, size_t row, size_t level,
			 const uint32_t **out);
const float *hyper_graph_row(const struct hyper_graph *graph, size_t row);

/* And the way back, row after row, of what was looked at before: all of it is believed.  False:
 * memory is out. */
bool hyper_graph_restore(struct hyper_graph *graph, const float *row, uint32_t label,
			 size_t levels);
void hyper_graph_restore_links(struct hyper_graph *graph, size_t row, size_t level,
			       const uint32_t *links, size_t count);
void hyper_graph_restore_entry(struct hyper_graph *graph, uint32_t entry);

#ifdef __cplusplus
}
#endif

#endif
