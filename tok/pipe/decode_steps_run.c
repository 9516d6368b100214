/* decode_steps_run.c - the decoders of tokenizer.json one after the other: the
 * plain way, which works for every chain and defines what the others must say. */
#include <stdlib.h>

#include "tok/pipe/decode_internal.h"

/* ---- lists of strings ----------------------------------------------------- */

struct tok_span tok_list_at(const struct tok_strings_list *list, size_t i)
{
	const size_t begin = i ? list->ends[i - 1] : 0;
	return tok_span_slice(tok_buffer_span(&list->bytes), begin, list->ends[i]);
}

bool tok_list_put(struct tok_strings_list *list, struct tok_span text)
{
	return tok_buffer_add(&list->bytes, text.bytes, text.count);
}

bool tok_list_close(struct tok_strings_list *list)
{
	if (!tok_grow(&list->ends, &list->capacity, list->count + 1, sizeof *list->ends))
		return false;
	list->ends[list->count++] = list->bytes.count;
	return true;
}

void tok_list_clear(struct tok_strings_list *list)
{
	tok_buffer_clear(&list->bytes);
	list->count = 0;
}

void tok_list_release(struct tok_strings_list *list)
{
	tok_buffer_release(&list->bytes);
	free(list->ends);
	*list = (struct tok_strings_list){ 0 };
}

/* ---- the steps ------------------------------------------------------------ */

enum tok_status tok_decode_steps(struct tok_decoder *d, size_t count, struct tok_buffer *out,
				 struct tok_error *err)
{
	const struct tok_spec *spec = &d->tokenizer->spec;
	for (size_t i = 0; i < count; i++) {
		tok_list_clear(&d->next);
		const enum tok_status status =
		    tok_decode_step(d, &spec->decoders[i], d->tokenizer->decode_regexes[i], err);
		if (status != TOK_OK)
			return status;
		const struct tok_strings_list old = d->list;
		d->list = d->next;
		d->next = old;
	}
	const char *between = spec->has_decoder ? "" : " ";
	for (size_t i = 0; i < d->list.count; i++) {
		const struct tok_span item = tok_list_at(&d->list, i);
		if ((i > 0 && !tok_buffer_add(out, between, strlen(between))) ||
		    !tok_buffer_add(out, item.bytes, item.count))
			return tok_fail_memory(err);
	}
	return TOK_OK;
}

enum tok_status tok_decode_whole(struct tok_decoder *d, const tok_id *ids, size_t count,
				 bool skip_special, struct tok_error *err)
{
	const struct tok_names *names = &d->tokenizer->names;
	tok_list_clear(&d->list);
	for (size_t i = 0; i < count; i++) {
		if (!tok_names_has(names, ids[i]))
			return tok_decode_refuse(d, ids[i], i, err);
		if (skip_special && names->flags[ids[i]] & TOK_NAME_SKIPPED)
			continue;
		if (!tok_list_put(&d->list, tok_texts_at(&names->decodes, ids[i])) ||
		    !tok_list_close(&d->list))
			return tok_fail_memory(err);
	}
	tok_buffer_clear(&d->text);
	return tok_decode_steps(d, d->tokenizer->spec.decoder_count, &d->text, err);
}
