#include "tok/pipe/decoder.h"

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

/* ---- handle --------------------------------------------------------------- */

struct tok_decoder *tok_decoder_new(const struct tok_tokenizer *tokenizer)
{
	struct tok_decoder *d = calloc(1, sizeof *d);
	if (!d)
		return NULL;
	d->tokenizer = tokenizer;
	d->regex = tok_regex_scratch_new();
	if (!d->regex) {
		tok_decoder_free(d);
		return NULL;
	}
	return d;
}

void tok_decoder_free(struct tok_decoder *d)
{
	if (!d)
		return;
	tok_regex_scratch_free(d->regex);
	tok_list_release(&d->list);
	tok_list_release(&d->next);
	tok_buffer_release(&d->scratch);
	tok_buffer_release(&d->text);
	free(d);
}

/* ---- decoding ------------------------------------------------------------- */

static enum tok_status check_ids(const struct tok_tokenizer *t, const tok_id *ids, size_t count,
				 struct tok_error *err)
{
	for (size_t i = 0; i < count; i++)
		if (!tok_names_has(&t->names, ids[i]))
			return tok_fail(err, TOK_ETEXT,
					"no token has id %u (number %zu): ids are below %zu",
					ids[i], i + 1, t->names.size);
	return TOK_OK;
}

static bool join_bytes(struct tok_decoder *d, const tok_id *ids, size_t count, bool skip_special)
{
	const struct tok_names *names = &d->tokenizer->names;
	for (size_t i = 0; i < count; i++) {
		const struct tok_span text = tok_texts_at(&names->decodes, ids[i]);
		if (skip_special && names->flags[ids[i]] & TOK_NAME_SKIPPED)
			continue;
		if (!tok_buffer_add(&d->text, text.bytes, text.count))
			return false;
	}
	return true;
}

static bool list_tokens(struct tok_decoder *d, const tok_id *ids, size_t count, bool skip_special)
{
	tok_list_clear(&d->list);
	for (size_t i = 0; i < count; i++) {
		const struct tok_names *names = &d->tokenizer->names;
		if (skip_special && names->flags[ids[i]] & TOK_NAME_SKIPPED)
			continue;
		if (!tok_list_put(&d->list, tok_texts_at(&names->decodes, ids[i])) ||
		    !tok_list_close(&d->list))
			return false;
	}
	return true;
}

static enum tok_status run_steps(struct tok_decoder *d, struct tok_error *err)
{
	const struct tok_tokenizer *t = d->tokenizer;
	for (size_t i = 0; i < t->spec.decoder_count; i++) {
		tok_list_clear(&d->next);
		const enum tok_status status =
		    tok_decode_step(d, &t->spec.decoders[i], t->decode_regexes[i], err);
		if (status != TOK_OK)
			return status;
		const struct tok_strings_list old = d->list;
		d->list = d->next;
		d->next = old;
	}
	return TOK_OK;
}

static bool join_list(struct tok_decoder *d, const char *between)
{
	for (size_t i = 0; i < d->list.count; i++) {
		const struct tok_span item = tok_list_at(&d->list, i);
		if ((i > 0 && !tok_buffer_add(&d->text, between, strlen(between))) ||
		    !tok_buffer_add(&d->text, item.bytes, item.count))
			return false;
	}
	return true;
}

enum tok_status tok_decode(struct tok_decoder *d, const tok_id *ids, size_t count,
			   bool skip_special, struct tok_span *out, struct tok_error *err)
{
	const struct tok_tokenizer *t = d->tokenizer;
	enum tok_status status = check_ids(t, ids, count, err);
	if (status != TOK_OK)
		return status;

	tok_buffer_clear(&d->text);
	bool room;
	if (t->byte_decoder) {
		room = join_bytes(d, ids, count, skip_special);
	} else if (t->spec.decoder_count == 1 &&
		   t->spec.decoders[0].kind == TOK_DECODE_SENTENCEPIECE) {
		room = tok_decode_sentencepiece(d, &t->spec.decoders[0], ids, count, skip_special);
	} else {
		room = list_tokens(d, ids, count, skip_special);
		if (room)
			status = run_steps(d, err);
		if (room && status == TOK_OK)
			room = join_list(d, t->spec.has_decoder ? "" : " ");
	}
	if (!room)
		return tok_fail_memory(err);
	if (status == TOK_OK)
		*out = tok_buffer_span(&d->text);
	return status;
}
