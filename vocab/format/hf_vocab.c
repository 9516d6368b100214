#include "vocab/format/hf_internal.h"

tok_id hf_find_token(const struct hf_reader *r, struct tok_span text)
{
	return tok_strings_find(&r->ids, text);
}

void hf_find_bytes(struct hf_reader *r)
{
	static const char digits[] = "0123456789ABCDEF";
	for (unsigned byte = 0; byte < 256; byte++) {
		const uint8_t name[] = {
			'<', '0', 'x', (uint8_t)digits[byte >> 4], (uint8_t)digits[byte & 15], '>'
		};
		r->out->model.byte_ids[byte] =
		    hf_find_token(r, (struct tok_span){ name, sizeof name });
	}
}

/* Copies of all keys, one behind the other. */
static uint8_t *make_room(struct hf_reader *r, const struct tok_json *object)
{
	size_t bytes = 0;
	const struct tok_json *key = object + 1;
	for (size_t i = 0; i < object->count; i++, key = tok_json_next(key + 1))
		bytes += key->count;
	return hf_array(r, bytes, 1);
}

static void refuse_shared_id(struct hf_reader *r, const struct tok_json *value, tok_id id,
			     const struct tok_vocab_entry *entries)
{
	while (entries->id != id)
		entries++;
	r->status = tok_json_fail(r->doc, value, r->err,
				  "the id %u already belongs to '%s': ids must be unique", id,
				  tok_show(entries->text).text);
}

/* No two tokens may share an id: the reference would keep one by chance. */
static void check_ids(struct hf_reader *r, const struct tok_json *object,
		      const struct tok_vocab_entry *entries)
{
	tok_id top = 0;
	for (size_t i = 0; i < object->count; i++)
		top = entries[i].id > top ? entries[i].id : top;
	uint8_t *taken = tok_arena_array(&r->scratch, (size_t)top / 8 + 1, 1);
	if (!taken) {
		r->status = tok_fail_memory(r->err);
		return;
	}
	const struct tok_json *key = object + 1;
	for (size_t i = 0; i < object->count && r->status == TOK_OK; i++) {
		const tok_id id = entries[i].id;
		if (taken[id / 8] >> (id % 8) & 1)
			refuse_shared_id(r, key + 1, id, entries);
		taken[id / 8] |= (uint8_t)(1u << (id % 8));
		key = tok_json_next(key + 1);
	}
}

void hf_read_vocabulary(struct hf_reader *r, const struct tok_json *object)
{
	if (r->status == TOK_OK && object->kind != TOK_JSON_OBJECT)
		hf_expected(r, object, "a vocabulary", "an object of tokens and ids");
	if (r->status != TOK_OK)
		return;
	struct tok_vocab_entry *entries = hf_array(r, object->count, sizeof *entries);
	uint8_t *room = make_room(r, object);
	if (!entries || !room)
		return;
	if (!tok_strings_init(&r->ids, &r->scratch, object->count)) {
		r->status = tok_fail_memory(r->err);
		return;
	}
	enum { AHEAD = 12 };
	const struct tok_json *key = object + 1;
	for (size_t i = 0; i < object->count; i++) {
		/* A key if ids are single values, or else any other value. */
		if (object->count - i > AHEAD && key[2 * AHEAD].kind == TOK_JSON_STRING)
			tok_strings_expect(&r->ids, tok_json_text(key + 2 * AHEAD));
		entries[i].text = (struct tok_span){ room, key->count };
		entries[i].id = hf_id(r, key + 1);
		if (r->status != TOK_OK)
			return;
		if (key->count)
			memcpy(room, key->as.bytes, key->count);
		room += key->count;
		if (!tok_strings_add(&r->ids, entries[i].text, entries[i].id)) {
			r->status =
			    tok_json_fail(r->doc, key + 1, r->err, "this token is there twice");
			return;
		}
		key = tok_json_next(key + 1);
	}
	r->out->model.entries = entries;
	r->out->model.entry_count = object->count;
	check_ids(r, object, entries);
}
