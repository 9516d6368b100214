/* graph_hnswlib.cpp - the only file that sees hnswlib, and C++.  No exception leaves it. */
#include "hypernet/ann/graph_internal.h"

#include <hnswlib/hnswlib.h>

namespace
{

struct how {
	hyper_dot *dot;
	size_t width;
};

float distance(const void *a, const void *b, const void *context)
{
	const how *h = static_cast<const how *>(context);
	return 1 - h->dot(static_cast<const float *>(a), static_cast<const float *>(b), h->width);
}

class space : public hnswlib::SpaceInterface<float>
{
	how how_;

      public:
	space(size_t width, hyper_dot *dot) : how_{ dot, width } {}
	size_t get_data_size() override
	{
		return how_.width * sizeof(float);
	}
	hnswlib::DISTFUNC<float> get_dist_func() override
	{
		return distance;
	}
	void *get_dist_func_param() override
	{
		return &how_;
	}
};

} // namespace

struct hyper_graph {
	space metric;
	hnswlib::HierarchicalNSW<float> index;

	hyper_graph(size_t width, size_t capacity, size_t links, size_t effort, uint64_t seed,
		    hyper_dot *dot)
	    : metric(width, dot), index(&metric, capacity, links, effort, seed)
	{
	}
};

hyper_graph *hyper_graph_new(size_t width, size_t capacity, size_t links, size_t build_effort,
			     uint64_t seed, hyper_dot *dot)
{
	try {
		return new hyper_graph(width, capacity, links, build_effort, seed, dot);
	} catch (...) {
		return nullptr;
	}
}

void hyper_graph_free(hyper_graph *graph)
{
	delete graph;
}

bool hyper_graph_add(hyper_graph *graph, const float *row, uint32_t label)
{
	try {
		static_cast<hnswlib::AlgorithmInterface<float> &>(graph->index)
		    .addPoint(row, label);
		return true;
	} catch (...) {
		return false;
	}
}

void hyper_graph_set_effort(hyper_graph *graph, size_t effort)
{
	graph->index.setEf(effort);
}

size_t hyper_graph_find(const hyper_graph *graph, const float *query, size_t k, uint32_t *labels,
			float *products)
{
	try {
		auto found = graph->index.searchKnn(query, k);
		size_t count = 0;
		for (; !found.empty(); found.pop(), count++) {
			labels[count] = static_cast<uint32_t>(found.top().second);
			products[count] = 1 - found.top().first;
		}
		return count;
	} catch (...) {
		return SIZE_MAX;
	}
}

size_t hyper_graph_count(const hyper_graph *graph)
{
	return graph->index.cur_element_count;
}

uint32_t hyper_graph_entry(const hyper_graph *graph)
{
	return graph->index.enterpoint_node_;
}

uint32_t hyper_graph_label(const hyper_graph *graph, size_t row)
{
	return static_cast<uint32_t>(
	    graph->index.getExternalLabel(static_cast<hnswlib::tableint>(row)));
}

size_t hyper_graph_levels(const hyper_graph *graph, size_t row)
{
	return static_cast<size_t>(graph->index.element_levels_[row]);
}

size_t hyper_graph_links(const hyper_graph *graph, size_t row, size_t level, const uint32_t **out)
{
	hnswlib::linklistsizeint *list = graph->index.get_linklist_at_level(
	    static_cast<hnswlib::tableint>(row), static_cast<int>(level));
	*out = list + 1;
	return graph->index.getListCount(list);
}

const float *hyper_graph_row(const hyper_graph *graph, size_t row)
{
	return reinterpret_cast<const float *>(
	    graph->index.getDataByInternalId(static_cast<hnswlib::tableint>(row)));
}

bool hyper_graph_restore(hyper_graph *graph, const float *row, uint32_t label, size_t levels)
{
	auto &index = graph->index;
	const size_t at = index.cur_element_count;
	char *place = index.data_level0_memory_ + at * index.size_data_per_element_;
	memset(place, 0, index.size_data_per_element_);
	memcpy(place + index.offsetData_, row, index.data_size_);
	index.setExternalLabel(static_cast<hnswlib::tableint>(at), label);
	index.linkLists_[at] = nullptr;
	if (levels) {
		/* A search reads, and does not use, the link behind the last. */
		index.linkLists_[at] = static_cast<char *>(
		    calloc(levels * index.size_links_per_element_ + sizeof(uint32_t), 1));
		if (!index.linkLists_[at])
			return false;
	}
	index.element_levels_[at] = static_cast<int>(levels);
	index.cur_element_count = at + 1;
	return true;
}

void hyper_graph_restore_links(hyper_graph *graph, size_t row, size_t level, const uint32_t *links,
			       size_t count)
{
	hnswlib::linklistsizeint *list = graph->index.get_linklist_at_level(
	    static_cast<hnswlib::tableint>(row), static_cast<int>(level));
	graph->index.setListCount(list, static_cast<unsigned short>(count));
	memcpy(list + 1, links, count * sizeof *links);
}

void hyper_graph_restore_entry(hyper_graph *graph, uint32_t entry)
{
	graph->index.enterpoint_node_ = entry;
	graph->index.maxlevel_ = graph->index.element_levels_[entry];
}
