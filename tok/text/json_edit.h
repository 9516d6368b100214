/*
 * json_edit.h - a JSON object changed here and there: everything else stays as it is
 * written, numbers and white space too.
 *
 *	struct tok_json_edit e = { 0 };
 *	status = tok_json_edit_open(&e, text, &err);
 *	const struct tok_json *size = tok_json_get(e.doc.values, "vocab_size");
 *	ok = tok_json_edit_replace(&e, size, tok_span_of("1024"));
 *	ok = ok && tok_json_edit_write(&e, &out);
 *	tok_json_edit_release(&e);
 *
 * A zeroed struct is empty.  What returns bool fails where memory is out.
 */
#ifndef TOK_TEXT_JSON_EDIT_H
#define TOK_TEXT_JSON_EDIT_H

#include "tok/text/json.h"

struct tok_json_patch {
	uint32_t begin, end; /* of the text that it takes the place of */
	size_t at, count;    /* of what is put there, in `room` */
};

struct tok_json_edit {
	struct tok_span text; /* borrowed */
	struct tok_json_document doc;
	struct tok_range *places; /* where each value stands in the text */
	bool *removed;            /* by value: a key whose member goes */
	struct tok_json_patch *patches;
	size_t patch_count, patch_capacity;
	struct tok_buffer room;
};

/* TOK_EFORMAT of what is no JSON object; on failure there is nothing to release. */
TOK_API TOK_MUST_USE enum tok_status
tok_json_edit_open(struct tok_json_edit *edit, struct tok_span text, struct tok_error *err);
TOK_API void tok_json_edit_release(struct tok_json_edit *edit);

/* The value as it is written. */
TOK_API struct tok_span tok_json_edit_text(const struct tok_json_edit *edit,
					   const struct tok_json *value);

/* `text` is JSON, copied. */
TOK_API TOK_MUST_USE bool tok_json_edit_replace(struct tok_json_edit *edit,
						const struct tok_json *value, struct tok_span text);

/* The member of this key. */
TOK_API void tok_json_edit_remove(struct tok_json_edit *edit, const struct tok_json *key);

/* One member more behind the others, spaced as the first one is.  `key` needs no escapes. */
TOK_API TOK_MUST_USE bool tok_json_edit_add(struct tok_json_edit *edit,
					    const struct tok_json *object, const char *key,
					    struct tok_span text);

/* Appended to `out`. */
TOK_API TOK_MUST_USE bool tok_json_edit_write(struct tok_json_edit *edit, struct tok_buffer *out);

#endif
