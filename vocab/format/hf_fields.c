#include "vocab/format/hf_internal.h"

#include <stdio.h>

#include "tok/pipe/tokenizer.h"
#include "tok/text/utf8.h"
#include "vocab/format/base64.h"

void hf_expected(struct hf_reader *r, const struct tok_json *value, const char *what,
		 const char *wanted)
{
	if (r->status == TOK_OK)
		r->status = tok_json_expected(r->doc, value, what, wanted, r->err);
}

void *hf_array(struct hf_reader *r, size_t count, size_t size)
{
	void *items = r->status == TOK_OK ? tok_arena_array(&r->out->arena, count, size) : NULL;
	if (!items && r->status == TOK_OK)
		r->status = tok_fail_memory(r->err);
	return items;
}

bool hf_is_object(struct hf_reader *r, const struct tok_json *value, const char *what)
{
	if (r->status != TOK_OK)
		return false;
	if (value->kind != TOK_JSON_OBJECT)
		hf_expected(r, value, what, "an object");
	else
		r->status = tok_json_unique(r->doc, value, r->err);
	return r->status == TOK_OK;
}

const struct tok_json *hf_need(struct hf_reader *r, const struct tok_json *object, const char *name)
{
	if (r->status != TOK_OK)
		return NULL;
	const struct tok_json *value = tok_json_get(object, name);
	if (!value)
		r->status = tok_json_fail(r->doc, object, r->err, "'%s' is missing", name);
	return value;
}

const struct tok_json *hf_find(const struct tok_json *object, const char *name)
{
	const struct tok_json *value = tok_json_get(object, name);
	return value && value->kind != TOK_JSON_NULL ? value : NULL;
}

/* ---- values --------------------------------------------------------------- */

bool hf_bool(struct hf_reader *r, const struct tok_json *value)
{
	if (r->status != TOK_OK)
		return false;
	if (value->kind != TOK_JSON_TRUE && value->kind != TOK_JSON_FALSE)
		hf_expected(r, value, "this", "true or false");
	return value->kind == TOK_JSON_TRUE;
}

static bool is_string(struct hf_reader *r, const struct tok_json *value)
{
	if (r->status == TOK_OK && value->kind != TOK_JSON_STRING)
		hf_expected(r, value, "this", "a string");
	return r->status == TOK_OK;
}

struct tok_span hf_text(struct hf_reader *r, const struct tok_json *value)
{
	struct tok_span text = { 0 };
	if (is_string(r, value)) {
		text = tok_arena_copy(&r->out->arena, tok_json_text(value));
		if (!text.bytes)
			r->status = tok_fail_memory(r->err);
	}
	return text;
}

uint32_t hf_char(struct hf_reader *r, const struct tok_json *value)
{
	if (!is_string(r, value))
		return 0;
	const struct tok_span text = tok_json_text(value);
	const struct tok_char c = text.count ? tok_utf8_at(text, 0) : (struct tok_char){ 0 };
	if (text.count == 0 || c.length != text.count)
		r->status =
		    tok_json_fail(r->doc, value, r->err, "this must be one character, not '%s'",
				  tok_show(text).text);
	return c.code;
}

uint64_t hf_whole(struct hf_reader *r, const struct tok_json *value, uint64_t most)
{
	char wanted[64];
	if (r->status != TOK_OK)
		return 0;
	if (value->kind == TOK_JSON_UNSIGNED && value->as.whole <= most)
		return value->as.whole;
	snprintf(wanted, sizeof wanted, "a whole number from 0 to %llu", (unsigned long long)most);
	hf_expected(r, value, "this", wanted);
	return 0;
}

tok_id hf_id(struct hf_reader *r, const struct tok_json *value)
{
	char wanted[64];
	if (r->status != TOK_OK)
		return 0;
	if (value->kind == TOK_JSON_UNSIGNED && value->as.whole <= TOK_ID_MAX)
		return (tok_id)value->as.whole;
	snprintf(wanted, sizeof wanted, "a whole number from 0 to %u", TOK_ID_MAX);
	hf_expected(r, value, "an id", wanted);
	return 0;
}

double hf_real(struct hf_reader *r, const struct tok_json *value)
{
	if (r->status != TOK_OK)
		return 0;
	if (value->kind == TOK_JSON_DOUBLE)
		return value->as.real;
	if (value->kind == TOK_JSON_UNSIGNED)
		return (double)value->as.whole;
	if (value->kind == TOK_JSON_NEGATIVE)
		return (double)value->as.negative;
	hf_expected(r, value, "this", "a number");
	return 0;
}

struct tok_span hf_base64(struct hf_reader *r, const struct tok_json *value)
{
	struct tok_span bytes = { 0 };
	if (!is_string(r, value))
		return bytes;
	const struct tok_span text = tok_json_text(value);
	uint8_t *room = hf_array(r, vocab_base64_room(text.count), 1);
	if (!room)
		return bytes;
	bytes = (struct tok_span){ room, vocab_base64_decode(text, room) };
	if (bytes.count == SIZE_MAX)
		r->status = tok_json_fail(r->doc, value, r->err, "this must be base64");
	return bytes;
}

size_t hf_items(struct hf_reader *r, const struct tok_json *value)
{
	if (r->status == TOK_OK && value->kind != TOK_JSON_ARRAY)
		hf_expected(r, value, "this", "an array");
	return r->status == TOK_OK ? value->count : 0;
}

size_t hf_word(struct hf_reader *r, const struct tok_json *value, const char *const *words,
	       size_t count)
{
	char wanted[128] = "";
	if (!is_string(r, value))
		return 0;
	for (size_t i = 0; i < count; i++) {
		if (tok_span_equal(tok_json_text(value), tok_span_of(words[i])))
			return i;
		const size_t used = strlen(wanted);
		snprintf(wanted + used, sizeof wanted - used, "%s'%s'",
			 i == 0           ? ""
			 : i + 1 == count ? " or "
					  : ", ",
			 words[i]);
	}
	r->status = tok_json_fail(r->doc, value, r->err, "this must be %s, not '%s'", wanted,
				  tok_show(tok_json_text(value)).text);
	return 0;
}

/* ---- what several components have in common -------------------------------- */

struct tok_span hf_pattern(struct hf_reader *r, const struct tok_json *value,
			   enum tok_regex_dialect *dialect)
{
	if (r->status != TOK_OK)
		return (struct tok_span){ 0 };
	const struct tok_json *literal = tok_json_get(value, "String");
	const struct tok_json *regex = tok_json_get(value, "Regex");
	if (value->kind != TOK_JSON_OBJECT || value->count != 1 || (!literal && !regex)) {
		r->status = tok_json_fail(r->doc, value, r->err,
					  "a pattern must be {\"String\": ...} or "
					  "{\"Regex\": ...}");
		return (struct tok_span){ 0 };
	}
	*dialect = literal ? TOK_REGEX_LITERAL : TOK_REGEX_ONIGURUMA;
	return hf_text(r, literal ? literal : regex);
}

void hf_metaspace(struct hf_reader *r, const struct tok_json *object, uint32_t *replacement,
		  enum tok_prepend *prepend)
{
	static const char *const schemes[] = {
		[TOK_PREPEND_ALWAYS] = "always",
		[TOK_PREPEND_FIRST] = "first",
		[TOK_PREPEND_NEVER] = "never",
	};
	*replacement = hf_char(r, hf_need(r, object, "replacement"));
	const struct tok_json *scheme = tok_json_get(object, "prepend_scheme");
	const struct tok_json *prefix = hf_find(object, "add_prefix_space");
	const struct tok_json *older = hf_find(object, "str_rep");
	*prepend = scheme ? (enum tok_prepend)hf_word(r, scheme, schemes, 3) : TOK_PREPEND_ALWAYS;
	if (older)
		hf_text(r, older);
	if (prefix && !hf_bool(r, prefix) && r->status == TOK_OK) {
		/* Without a scheme the older meaning holds, though the reference now
		 * refuses such a file. */
		if (*prepend != TOK_PREPEND_NEVER && scheme)
			r->status = tok_json_fail(r->doc, prefix, r->err,
						  "false contradicts the prepend_scheme '%s'",
						  schemes[*prepend]);
		*prepend = TOK_PREPEND_NEVER;
	}
}

struct tok_span hf_type(struct hf_reader *r, const struct tok_json *object, const char *what,
			const struct hf_guess *guesses, size_t guess_count)
{
	if (!hf_is_object(r, object, what))
		return (struct tok_span){ 0 };
	const struct tok_json *type = tok_json_get(object, "type");
	if (type) {
		is_string(r, type);
		return r->status == TOK_OK ? tok_json_text(type) : (struct tok_span){ 0 };
	}
	for (size_t i = 0; i < guess_count; i++) {
		size_t n = 0;
		while (n < 4 && guesses[i].fields[n] && tok_json_get(object, guesses[i].fields[n]))
			n++;
		if (n == 4 || !guesses[i].fields[n])
			return tok_span_of(guesses[i].type);
	}
	r->status = tok_json_fail(r->doc, object, r->err, "'type' is missing: %s needs one", what);
	return (struct tok_span){ 0 };
}

void *hf_list_add(struct hf_reader *r, struct hf_list *list, size_t size)
{
	if (list->count == list->capacity) {
		const size_t capacity = list->capacity ? list->capacity * 2 : 4;
		void *items = hf_array(r, capacity, size);
		if (!items)
			return NULL;
		if (list->count)
			memcpy(items, list->items, list->count * size);
		list->items = items;
		list->capacity = capacity;
	}
	return (unsigned char *)list->items + list->count++ * size;
}

void hf_each(struct hf_reader *r, const struct tok_json *array, hf_read_item *read,
	     struct hf_list *list)
{
	const size_t count = hf_items(r, array);
	const struct tok_json *item = count ? array + 1 : NULL;
	for (size_t i = 0; i < count && r->status == TOK_OK; i++) {
		read(r, item, list);
		item = tok_json_next(item);
	}
}
