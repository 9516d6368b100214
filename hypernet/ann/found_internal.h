/*
 * found_internal.h - the best so many of what is found, whatever the order it is found in.
 */
#ifndef HYPER_ANN_FOUND_INTERNAL_H
#define HYPER_ANN_FOUND_INTERNAL_H

#include "hypernet/ann/nearest.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Larger scores first, of equal ones the lower row. */
static inline bool hyper_found_before(struct hyper_found a, struct hyper_found b)
{
	return a.score > b.score || (a.score == b.score && a.row < b.row);
}

/* `heap` has room for `k`, of which `count` are taken; the worst is on top.  Returns the new count.
 */
size_t hyper_found_offer(struct hyper_found *heap, size_t count, size_t k, struct hyper_found one);

/* From a heap to a list, the best first. */
void hyper_found_sort(struct hyper_found *heap, size_t count);

#ifdef __cplusplus
}
#endif

#endif
