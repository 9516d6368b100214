#include "hypernet/net/net_internal.h"

#include <stdlib.h>

bool hyper_memo_init(struct hyper_memo *memo, const struct hyper_net *net, size_t pieces,
		     size_t length)
{
	const size_t row = net->config.hidden * sizeof(float);
	const size_t ids = net->config.vocabulary + net->config.extra;
	const size_t bytes = net->options.memo_bytes ? net->options.memo_bytes : HYPER_MEMO_BYTES;
	size_t capacity = bytes / row;
	if (capacity > pieces)
		capacity = pieces;
	if (capacity < length)
		capacity = length;
	*memo = (struct hyper_memo){
		.rows = hyper_scratch_new(capacity * row),
		.ids = malloc(capacity * sizeof *memo->ids),
		.slots = calloc(ids, sizeof *memo->slots),
		.capacity = capacity,
	};
	return memo->rows && memo->ids && memo->slots;
}

void hyper_memo_release(struct hyper_memo *memo)
{
	free(memo->rows);
	free(memo->ids);
	free(memo->slots);
	*memo = (struct hyper_memo){ 0 };
}

size_t hyper_memo_take(struct hyper_memo *memo, const struct hyper_form *forms, size_t count,
		       size_t length)
{
	size_t taken = 0;
	for (; taken < count && memo->capacity - memo->count >= length; taken++) {
		for (size_t p = 0; p < length; p++) {
			const tok_id id = forms[taken].ids[p];
			if (memo->slots[id])
				continue;
			memo->ids[memo->count++] = id;
			memo->slots[id] = (uint32_t)memo->count;
		}
	}
	return taken;
}

void hyper_memo_clear(struct hyper_memo *memo)
{
	for (size_t i = 0; i < memo->count; i++)
		memo->slots[memo->ids[i]] = 0;
	memo->count = 0;
}
