#include "hypernet/net/net_internal.h"

#include <stdlib.h>

#include "tok/base/hash.h"

bool hyper_forms_init(struct hyper_forms *forms, size_t capacity)
{
	*forms = (struct hyper_forms){
		.items = malloc(capacity * sizeof *forms->items),
		.next = malloc(capacity * sizeof *forms->next),
		.capacity = capacity,
	};
	return forms->items && forms->next;
}

void hyper_forms_release(struct hyper_forms *forms)
{
	free(forms->items);
	free(forms->next);
	tok_arena_release(&forms->arena);
	*forms = (struct hyper_forms){ 0 };
}

/* ---- shapes --------------------------------------------------------------------- */

static struct hyper_shape shape_of(const struct hyper_net *net, const tok_id *ids, size_t length)
{
	const struct hyper_config *c = &net->config;
	const bool masked_first = ids[0] == c->pad;
	size_t keys = c->takes_language;
	for (size_t p = 0; p < length; p++)
		keys += ids[p] != c->pad;
	const bool all = net->options.plain || keys == 0;
	return (struct hyper_shape){
		.rows = (uint8_t)(all ? length + c->takes_language : keys + masked_first),
		.keys = (uint8_t)(keys ? keys : length),
		.first_key = masked_first && keys,
		.alike = keys == 0,
	};
}

void hyper_form_places(const struct hyper_net *net, const struct hyper_form *form, size_t length,
		       uint8_t *places)
{
	const tok_id pad = net->config.pad;
	size_t n = 0;
	places[n++] = 0;
	for (size_t p = 1; p < length; p++)
		if (form->ids[p] != pad)
			places[n++] = (uint8_t)p;
	if (net->config.takes_language)
		places[n++] = HYPER_LANGUAGE_PLACE;
	for (size_t p = 1; n < form->shape.rows; p++)
		if (form->ids[p] == pad)
			places[n++] = (uint8_t)p;
}

/* ---- order ---------------------------------------------------------------------- */

/* Forms of one shape stand together, those of one token each in their order. */
static int compare_forms(const void *left, const void *right)
{
	const struct hyper_form *a = left, *b = right;
	const int shape = memcmp(&a->shape, &b->shape, sizeof a->shape);
	return shape ? shape : (a->token > b->token) - (a->token < b->token);
}

static void add_form(struct hyper_forms *forms, const struct hyper_net *net, const tok_id *ids,
		     size_t length, size_t token)
{
	forms->items[forms->count++] = (struct hyper_form){
		.ids = ids,
		.token = (uint32_t)token,
		.shape = shape_of(net, ids, length),
	};
}

bool hyper_forms_take(struct hyper_forms *forms, const struct hyper_net *net,
		      const struct hyper_surfaces *surfaces, size_t first, size_t count)
{
	const size_t length = surfaces->length;
	struct tok_strings seen;
	tok_arena_release(&forms->arena);
	forms->count = 0;
	if (!tok_strings_init(&seen, &forms->arena, count))
		return false;
	for (size_t i = 0; i < count; i++) {
		const tok_id *ids = surfaces->ids + (first + i) * length;
		const struct tok_span key = { (const uint8_t *)ids, length * sizeof *ids };
		const uint32_t known =
		    net->options.plain ? TOK_NO_ID : tok_strings_find(&seen, key);
		if (known != TOK_NO_ID) { /* behind the first one */
			forms->next[i] = forms->next[known];
			forms->next[known] = (uint32_t)i;
			continue;
		}
		forms->next[i] = UINT32_MAX;
		if (!net->options.plain)
			tok_strings_add(&seen, key, (uint32_t)i);
		add_form(forms, net, ids, length, i);
	}
	qsort(forms->items, forms->count, sizeof *forms->items, compare_forms);
	return true;
}
