/* omp_screen.c - candidates by their first products. */
#include <math.h>
#include <stdlib.h>

#include "hypernet/transplant/omp_internal.h"

static bool is_worse(struct hyper_found a, struct hyper_found b)
{
	return a.score < b.score || (a.score == b.score && a.row > b.row);
}

static int worst_first(const void *a, const void *b)
{
	const struct hyper_found *x = a, *y = b;
	return is_worse(*x, *y) ? -1 : is_worse(*y, *x);
}

static int by_place(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return x < y ? -1 : x > y;
}

/* A heap whose worst is on top, but perhaps its top. */
static void sift_down(struct hyper_found *heap, size_t count)
{
	size_t at = 0;
	for (size_t child = 1; child < count; child = 2 * at + 1) {
		if (child + 1 < count && is_worse(heap[child + 1], heap[child]))
			child++;
		if (!is_worse(heap[child], heap[at]))
			return;
		const struct hyper_found moved = heap[at];
		heap[at] = heap[child];
		heap[child] = moved;
		at = child;
	}
}

void omp_screen(const struct omp_atoms *atoms, const float *products, size_t count,
		struct hyper_found *room, uint32_t *places)
{
	for (size_t j = 0; j < atoms->count; j++) {
		const struct hyper_found found = { (uint32_t)j,
						   fabsf(products[j]) * atoms->factors_float[j] };
		if (j < count) {
			room[j] = found;
			continue;
		}
		if (j == count) /* rising rows are a heap */
			qsort(room, count, sizeof *room, worst_first);
		if (is_worse(room[0], found)) {
			room[0] = found;
			sift_down(room, count);
		}
	}
	for (size_t j = 0; j < count; j++)
		places[j] = room[j].row;
	qsort(places, count, sizeof *places, by_place);
}
