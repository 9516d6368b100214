/* regex_set.c - sets of code points and their algebra. */
#include "tok/text/regex_internal.h"

#include <stdlib.h>

void tok_set_add(struct tok_set *set, uint32_t first, uint32_t last)
{
	if (first > last)
		return;
	if (!tok_grow(&set->ranges, &set->capacity, set->count + 1, sizeof *set->ranges)) {
		set->failed = true;
		return;
	}
	set->ranges[set->count++] = (struct tok_range){ first, last + 1 };
}

static int compare_ranges(const void *a, const void *b)
{
	const uint32_t x = ((const struct tok_range *)a)->begin;
	const uint32_t y = ((const struct tok_range *)b)->begin;
	return x < y ? -1 : x > y;
}

void tok_set_tidy(struct tok_set *set)
{
	if (set->count == 0)
		return;
	qsort(set->ranges, set->count, sizeof *set->ranges, compare_ranges);
	size_t kept = 0;
	for (size_t i = 1; i < set->count; i++) {
		struct tok_range *last = &set->ranges[kept];
		if (set->ranges[i].begin > last->end)
			set->ranges[++kept] = set->ranges[i];
		else if (set->ranges[i].end > last->end)
			last->end = set->ranges[i].end;
	}
	set->count = kept + 1;
}

void tok_set_unite(struct tok_set *set, const struct tok_set *other)
{
	set->failed |= other->failed;
	for (size_t i = 0; i < other->count; i++)
		tok_set_add(set, other->ranges[i].begin, other->ranges[i].end - 1);
}

void tok_set_complement(struct tok_set *set)
{
	struct tok_set gaps = { .failed = set->failed };
	uint32_t from = 0;
	tok_set_tidy(set);
	for (size_t i = 0; i < set->count; i++) {
		if (set->ranges[i].begin > from)
			tok_set_add(&gaps, from, set->ranges[i].begin - 1);
		from = set->ranges[i].end;
	}
	if (from < TOK_CODE_END)
		tok_set_add(&gaps, from, TOK_CODE_END - 1);
	free(set->ranges);
	*set = gaps;
}

void tok_set_intersect(struct tok_set *set, struct tok_set *other)
{
	/* a and b = not (not a or not b) */
	tok_set_complement(set);
	tok_set_complement(other);
	tok_set_unite(set, other);
	tok_set_complement(set);
}

void tok_set_subtract(struct tok_set *set, struct tok_set *other)
{
	/* a without b = not (not a or b) */
	tok_set_complement(set);
	tok_set_unite(set, other);
	tok_set_complement(set);
}

bool tok_set_covers(const struct tok_set *set, uint32_t begin, uint32_t end)
{
	size_t low = 0, high = set->count;
	while (low < high) { /* the first range that ends behind `begin` */
		const size_t middle = low + (high - low) / 2;
		if (set->ranges[middle].end > begin)
			high = middle;
		else
			low = middle + 1;
	}
	return low < set->count && set->ranges[low].begin <= begin && set->ranges[low].end >= end;
}

void tok_set_release(struct tok_set *set)
{
	free(set->ranges);
	*set = (struct tok_set){ 0 };
}
