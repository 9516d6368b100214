#include "hypernet/ann/found_internal.h"

static void sink(struct hyper_found *heap, size_t count, size_t at, struct hyper_found one)
{
	for (;;) {
		size_t child = 2 * at + 1;
		if (child >= count)
			break;
		if (child + 1 < count && hyper_found_before(heap[child], heap[child + 1]))
			child++;
		if (!hyper_found_before(one, heap[child]))
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = one;
}

static void rise(struct hyper_found *heap, size_t at, struct hyper_found one)
{
	while (at && hyper_found_before(heap[(at - 1) / 2], one)) {
		heap[at] = heap[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	heap[at] = one;
}

size_t hyper_found_offer(struct hyper_found *heap, size_t count, size_t k, struct hyper_found one)
{
	if (count < k) {
		rise(heap, count, one);
		return count + 1;
	}
	if (hyper_found_before(one, heap[0]))
		sink(heap, count, 0, one);
	return count;
}

void hyper_found_sort(struct hyper_found *heap, size_t count)
{
	while (count > 1) {
		const struct hyper_found worst = heap[0];
		count--;
		sink(heap, count, 0, heap[count]);
		heap[count] = worst;
	}
}
