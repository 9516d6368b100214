#include "cmd/cli_json.h"

/* It is one line of many, whose number the caller tells. */
static enum tok_status read_line(struct tok_json_document *doc, struct tok_span line,
				 struct tok_error *err)
{
	static const char of_line[] = "line 1 ";
	const size_t length = sizeof of_line - 1;
	if (tok_span_starts(line, tok_span_of("\xEF\xBB\xBF")))
		return tok_fail(err, TOK_EFORMAT,
				"a byte order mark stands before the object: take it away");
	const enum tok_status status = tok_json_read(doc, line, err);
	if (status != TOK_OK && strncmp(err->message, of_line, length) == 0)
		memmove(err->message, err->message + length, strlen(err->message) - length + 1);
	return status;
}

/* Of two fields with one name readers take the first, the last or none. */
static enum tok_status find_member(const struct tok_json *object, const char *field,
				   const struct tok_json **out, struct tok_error *err)
{
	const struct tok_span wanted = tok_span_of(field);
	const struct tok_json *name = object + 1, *found = NULL;
	for (uint32_t i = 0; i < object->count; i++, name = tok_json_next(name + 1)) {
		if (!tok_span_equal(tok_json_text(name), wanted))
			continue;
		if (found)
			return tok_fail(err, TOK_EFORMAT, "the object has two fields '%s'", field);
		found = name + 1;
	}
	if (!found)
		return tok_fail(err, TOK_EFORMAT, "the object has no field '%s'", field);
	*out = found;
	return TOK_OK;
}

/* The member `field` of the object that `line` is. */
static enum tok_status read_member(struct tok_json_document *doc, struct tok_span line,
				   const char *field, const struct tok_json **out,
				   struct tok_error *err)
{
	const enum tok_status status = read_line(doc, line, err);
	if (status != TOK_OK)
		return status;
	if (doc->values->kind != TOK_JSON_OBJECT)
		return tok_json_expected(doc, doc->values, "a document", "an object", err);
	return find_member(doc->values, field, out, err);
}

enum tok_status cli_json_text(struct tok_json_document *doc, struct tok_span line,
			      const char *field, struct tok_span *out, struct tok_error *err)
{
	const struct tok_json *value;
	const enum tok_status status = read_member(doc, line, field, &value, err);
	if (status != TOK_OK)
		return status;
	if (value->kind != TOK_JSON_STRING)
		return tok_json_expected(doc, value, "a document's text", "a string", err);
	*out = tok_json_text(value);
	return TOK_OK;
}

enum tok_status cli_json_ids(struct tok_json_document *doc, struct tok_span line, tok_id **ids,
			     size_t *capacity, size_t *count, struct tok_error *err)
{
	const struct tok_json *list;
	const enum tok_status status = read_member(doc, line, "ids", &list, err);
	if (status != TOK_OK)
		return status;
	if (list->kind != TOK_JSON_ARRAY)
		return tok_json_expected(doc, list, "'ids'", "a list", err);
	if (!tok_grow(ids, capacity, list->count, sizeof **ids))
		return tok_fail_memory(err);
	const struct tok_json *item = list + 1;
	for (size_t i = 0; i < list->count; i++, item = tok_json_next(item)) {
		if (item->kind != TOK_JSON_UNSIGNED || item->as.whole >= TOK_NO_ID)
			return tok_json_expected(doc, item, "an id", "a whole number", err);
		(*ids)[i] = (tok_id)item->as.whole;
	}
	*count = list->count;
	return TOK_OK;
}
