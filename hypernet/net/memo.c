#include "hypernet/net/net_internal.h"

#include <stdlib.h>

/* ---- keys ----------------------------------------------------------------------- */

size_t hyper_piece_keys_end(const struct hyper_net *net)
{
	return net->config.vocabulary + net->config.extra;
}

size_t hyper_piece_keys(const struct hyper_net *net, const struct hyper_form *form, size_t length,
			size_t *keys)
{
	(void)net;
	for (size_t p = 0; p < length; p++)
		keys[p] = form->ids[p];
	return length;
}

size_t hyper_row_keys_end(const struct hyper_net *net, size_t length)
{
	return hyper_piece_keys_end(net) * length + 1;
}

size_t hyper_row_keys(const struct hyper_net *net, const struct hyper_form *form, size_t length,
		      size_t *keys)
{
	uint8_t places[HYPER_SURFACE_MAX + 1];
	hyper_form_places(net, form, length, places);
	for (size_t r = 0; r < form->shape.rows; r++)
		keys[r] = places[r] == HYPER_LANGUAGE_PLACE
			      ? hyper_row_keys_end(net, length) - 1
			      : form->ids[places[r]] * length + places[r];
	return form->shape.rows;
}

/* ---- rows ----------------------------------------------------------------------- */

bool hyper_memo_init(struct hyper_memo *memo, const struct hyper_net *net, hyper_keys_fn *keys_of,
		     size_t end, size_t width, size_t most)
{
	const size_t row = width * sizeof(float);
	const size_t bytes = net->options.memo_bytes ? net->options.memo_bytes : HYPER_MEMO_BYTES;
	size_t capacity = bytes / row;
	if (capacity > most)
		capacity = most;
	if (capacity < HYPER_KEYS_MAX)
		capacity = HYPER_KEYS_MAX;
	*memo = (struct hyper_memo){
		.keys_of = keys_of,
		.rows = hyper_scratch_new(capacity * row),
		.width = width,
		.keys = malloc(capacity * sizeof *memo->keys),
		.slots = calloc(end, sizeof *memo->slots),
		.capacity = capacity,
	};
	return memo->rows && memo->keys && memo->slots;
}

void hyper_memo_release(struct hyper_memo *memo)
{
	free(memo->rows);
	free(memo->keys);
	free(memo->slots);
	*memo = (struct hyper_memo){ 0 };
}

size_t hyper_memo_take(struct hyper_memo *memo, const struct hyper_net *net,
		       const struct hyper_form *forms, size_t count, size_t length)
{
	size_t taken = 0;
	for (; taken < count && memo->capacity - memo->count >= HYPER_KEYS_MAX; taken++) {
		size_t keys[HYPER_KEYS_MAX];
		const size_t n = memo->keys_of(net, &forms[taken], length, keys);
		for (size_t i = 0; i < n; i++) {
			if (memo->slots[keys[i]])
				continue;
			memo->keys[memo->count++] = keys[i];
			memo->slots[keys[i]] = (uint32_t)memo->count;
		}
	}
	return taken;
}

void hyper_memo_clear(struct hyper_memo *memo)
{
	for (size_t i = 0; i < memo->count; i++)
		memo->slots[memo->keys[i]] = 0;
	memo->count = 0;
}
