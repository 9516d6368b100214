#include "tok/text/json_edit.h"

#include <stdlib.h>

/* ---- where values stand ----------------------------------------------------------------- */

static bool is_between(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ',' || c == ':' ||
	       c == ']' || c == '}';
}

static size_t find_string_end(struct tok_span text, size_t at)
{
	for (at++; text.bytes[at] != '"'; at++)
		at += text.bytes[at] == '\\';
	return at + 1;
}

static size_t find_word_end(struct tok_span text, size_t at)
{
	while (at < text.count && !is_between(text.bytes[at]))
		at++;
	return at;
}

/* The text was read already: it is well-formed, and its values come in the order of `doc`. */
static void find_places(struct tok_json_edit *e)
{
	const struct tok_span text = e->text;
	size_t open[TOK_JSON_DEPTH + 1], depth = 0, at = 0;
	for (size_t i = 0; i <= e->doc.count; i++) {
		while (at < text.count && is_between(text.bytes[at])) {
			const uint8_t c = text.bytes[at++];
			if (c == ']' || c == '}')
				e->places[open[--depth]].end = (uint32_t)at;
		}
		if (i == e->doc.count)
			break;
		const uint32_t kind = e->doc.values[i].kind;
		e->places[i].begin = (uint32_t)at;
		if (kind >= TOK_JSON_ARRAY) {
			open[depth++] = i;
			at++;
			continue;
		}
		at = kind == TOK_JSON_STRING ? find_string_end(text, at) : find_word_end(text, at);
		e->places[i].end = (uint32_t)at;
	}
}

enum tok_status tok_json_edit_open(struct tok_json_edit *edit, struct tok_span text,
				   struct tok_error *err)
{
	struct tok_json_edit e = { .text = text };
	enum tok_status status = tok_json_read(&e.doc, text, err);
	if (status == TOK_OK && e.doc.values->kind != TOK_JSON_OBJECT)
		status = tok_fail(err, TOK_EFORMAT, "it must be a JSON object");
	if (status == TOK_OK) {
		e.places = calloc(e.doc.count, sizeof *e.places);
		e.removed = calloc(e.doc.count, sizeof *e.removed);
		if (!e.places || !e.removed)
			status = tok_fail_memory(err);
	}
	if (status != TOK_OK) {
		tok_json_edit_release(&e);
		return status;
	}
	find_places(&e);
	*edit = e;
	return TOK_OK;
}

void tok_json_edit_release(struct tok_json_edit *edit)
{
	tok_json_release(&edit->doc);
	free(edit->places);
	free(edit->removed);
	free(edit->patches);
	tok_buffer_release(&edit->room);
	*edit = (struct tok_json_edit){ 0 };
}

static struct tok_range place_of(const struct tok_json_edit *e, const struct tok_json *value)
{
	return e->places[value - e->doc.values];
}

static struct tok_span text_between(const struct tok_json_edit *e, uint32_t begin, uint32_t end)
{
	return tok_span_slice(e->text, begin, end);
}

struct tok_span tok_json_edit_text(const struct tok_json_edit *edit, const struct tok_json *value)
{
	const struct tok_range place = place_of(edit, value);
	return text_between(edit, place.begin, place.end);
}

/* ---- changes ------------------------------------------------------------------------------ */

static bool put(struct tok_json_edit *e, struct tok_span text)
{
	return text.count == 0 || tok_buffer_add(&e->room, text.bytes, text.count);
}

/* What was put into the room since `at` takes the place of that text. */
static bool add_patch(struct tok_json_edit *e, uint32_t begin, uint32_t end, size_t at)
{
	if (!tok_grow(&e->patches, &e->patch_capacity, e->patch_count + 1, sizeof *e->patches))
		return false;
	e->patches[e->patch_count++] =
	    (struct tok_json_patch){ begin, end, at, e->room.count - at };
	return true;
}

bool tok_json_edit_replace(struct tok_json_edit *edit, const struct tok_json *value,
			   struct tok_span text)
{
	const struct tok_range place = place_of(edit, value);
	const size_t at = edit->room.count;
	return put(edit, text) && add_patch(edit, place.begin, place.end, at);
}

void tok_json_edit_remove(struct tok_json_edit *edit, const struct tok_json *key)
{
	edit->removed[key - edit->doc.values] = true;
}

bool tok_json_edit_add(struct tok_json_edit *edit, const struct tok_json *object, const char *key,
		       struct tok_span text)
{
	const struct tok_range place = place_of(edit, object);
	const size_t at = edit->room.count;
	const struct tok_json *first = object + 1;
	struct tok_span before = { 0 }, between = tok_span_of(": ");
	uint32_t where = place.begin + 1;
	if (object->count) {
		const struct tok_range name = place_of(edit, first);
		before = text_between(edit, place.begin + 1, name.begin);
		between = text_between(edit, name.end, place_of(edit, first + 1).begin);
		const struct tok_json *last = first;
		for (size_t i = 1; i < object->count; i++)
			last = tok_json_next(last + 1);
		where = place_of(edit, last + 1).end;
	}
	return (object->count == 0 || put(edit, tok_span_of(","))) && put(edit, before) &&
	       put(edit, tok_span_of("\"")) && put(edit, tok_span_of(key)) &&
	       put(edit, tok_span_of("\"")) && put(edit, between) && put(edit, text) &&
	       add_patch(edit, where, where, at);
}

/* ---- members that go ------------------------------------------------------------------------ */

/* With the comma in front of them; those before the first that stays with the comma behind. */
static bool cut_members(struct tok_json_edit *e, const struct tok_json *object)
{
	const struct tok_json *key = object + 1;
	const size_t at = e->room.count;
	uint32_t begin = 0, end = 0;
	bool ok = true, any_stays = false;
	for (size_t i = 0; i < object->count && ok; i++, key = tok_json_next(key + 1)) {
		const bool goes = e->removed[key - e->doc.values];
		if (i == 0)
			begin = place_of(e, key).begin;
		if (!goes && !any_stays && i > 0)
			ok = add_patch(e, begin, place_of(e, key).begin, at);
		if (goes && any_stays)
			ok = add_patch(e, end, place_of(e, key + 1).end, at);
		any_stays |= !goes;
		end = place_of(e, key + 1).end;
	}
	return ok && (any_stays || object->count == 0 || add_patch(e, begin, end, at));
}

static bool cut_all(struct tok_json_edit *e)
{
	for (size_t i = 0; i < e->doc.count; i++) {
		const struct tok_json *object = &e->doc.values[i];
		bool any = false;
		if (object->kind != TOK_JSON_OBJECT)
			continue;
		const struct tok_json *key = object + 1;
		for (size_t m = 0; m < object->count; m++, key = tok_json_next(key + 1))
			any |= e->removed[key - e->doc.values];
		if (any && !cut_members(e, object))
			return false;
	}
	return true;
}

/* ---- the new text -----------------------------------------------------------------------------
 */

/* By place; at one place, what was asked for first. */
static int compare_patches(const void *left, const void *right)
{
	const struct tok_json_patch *a = left, *b = right;
	if (a->begin != b->begin)
		return a->begin < b->begin ? -1 : 1;
	return (a->at > b->at) - (a->at < b->at);
}

bool tok_json_edit_write(struct tok_json_edit *edit, struct tok_buffer *out)
{
	size_t at = 0;
	bool ok = cut_all(edit);
	if (ok && edit->patch_count)
		qsort(edit->patches, edit->patch_count, sizeof *edit->patches, compare_patches);
	for (size_t i = 0; i < edit->patch_count && ok; i++) {
		const struct tok_json_patch *patch = &edit->patches[i];
		if (patch->begin < at) /* within something that goes */
			continue;
		ok = tok_buffer_add(out, edit->text.bytes + at, patch->begin - at) &&
		     (patch->count == 0 ||
		      tok_buffer_add(out, edit->room.bytes + patch->at, patch->count));
		at = patch->end;
	}
	return ok && tok_buffer_add(out, edit->text.bytes + at, edit->text.count - at);
}
