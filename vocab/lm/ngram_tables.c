#include "vocab/lm/ngram_internal.h"

struct ngram_range ngram_successors(const struct ngram_tables *tables, unsigned order,
				    uint64_t node)
{
	if (order >= tables->header->order)
		return (struct ngram_range){ 0, 0 };
	const struct ngram_level *level = &tables->levels[order - 1];
	const struct ngram_range range = { level->first[node], level->first[node + 1] };
	if (range.begin > range.end || range.end > tables->levels[order].count)
		return (struct ngram_range){ 0, 0 };
	return range;
}

static bool find_symbol(const struct ngram_level *level, struct ngram_range range, uint32_t symbol,
			uint64_t *node)
{
	uint64_t begin = range.begin, end = range.end;
	while (begin < end) {
		const uint64_t middle = begin + (end - begin) / 2;
		if (level->ids[middle] < symbol)
			begin = middle + 1;
		else
			end = middle;
	}
	*node = begin;
	return begin < range.end && level->ids[begin] == symbol;
}

bool ngram_find(const struct ngram_tables *tables, const uint32_t *symbols, size_t count,
		uint64_t *node)
{
	uint64_t at = symbols[0];
	if (at >= tables->levels[0].count)
		return false;
	for (unsigned order = 1; order < count; order++) {
		const struct ngram_range range = ngram_successors(tables, order, at);
		if (range.begin == range.end ||
		    !find_symbol(&tables->levels[order], range, symbols[order], &at))
			return false;
	}
	*node = at;
	return true;
}

double ngram_probability(const struct ngram_tables *tables, const uint32_t *symbols, size_t count)
{
	double p = tables->levels[0].add[symbols[count - 1]] + tables->header->base;
	for (size_t n = 2; n <= count; n++) {
		const uint32_t *some = symbols + count - n;
		uint64_t context, node;
		if (!ngram_find(tables, some, n - 1, &context))
			continue;
		p *= tables->levels[n - 2].gamma[context];
		if (ngram_find(tables, some, n, &node))
			p += tables->levels[n - 1].add[node];
	}
	return p > 0 ? p : 0;
}
