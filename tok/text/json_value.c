#include "tok/text/json.h"

#include <stdarg.h>
#include <stdio.h>

#include "tok/base/hash.h"
#include "tok/text/utf8.h"

const struct tok_json *tok_json_get(const struct tok_json *object, const char *key)
{
	if (object->kind != TOK_JSON_OBJECT)
		return NULL;
	const struct tok_span wanted = tok_span_of(key);
	const struct tok_json *name = object + 1;
	for (size_t i = 0; i < object->count; i++, name = tok_json_next(name + 1))
		if (tok_span_equal(tok_json_text(name), wanted))
			return name + 1;
	return NULL;
}

/* ---- two members with one key --------------------------------------------- */

enum { FEW = 12 }; /* up to here comparing all with all is quicker than a table */

static const struct tok_json *find_repeated_few(const struct tok_json *object)
{
	const struct tok_json *names[FEW];
	const struct tok_json *name = object + 1;
	for (size_t i = 0; i < object->count; i++, name = tok_json_next(name + 1)) {
		names[i] = name;
		for (size_t j = 0; j < i; j++)
			if (tok_span_equal(tok_json_text(name), tok_json_text(names[j])))
				return name;
	}
	return NULL;
}

/* NULL: none.  *failed: memory is out. */
static const struct tok_json *find_repeated_many(const struct tok_json *object, bool *failed)
{
	struct tok_arena arena = { 0 };
	struct tok_strings seen;
	const struct tok_json *name = object + 1, *repeated = NULL;
	*failed = !tok_strings_init(&seen, &arena, object->count);
	for (size_t i = 0; i < object->count && !*failed && !repeated; i++) {
		if (!tok_strings_add(&seen, tok_json_text(name), 0))
			repeated = name;
		name = tok_json_next(name + 1);
	}
	tok_arena_release(&arena);
	return repeated;
}

enum tok_status tok_json_unique(const struct tok_json_document *doc, const struct tok_json *object,
				struct tok_error *err)
{
	bool failed = false;
	const struct tok_json *name =
	    object->count <= FEW ? find_repeated_few(object) : find_repeated_many(object, &failed);
	if (failed)
		return tok_fail_memory(err);
	if (!name)
		return TOK_OK;
	return tok_json_fail(doc, object, err, "the key '%s' must not be there twice",
			     tok_show(tok_json_text(name)).text);
}

/* ---- messages ------------------------------------------------------------- */

struct tok_shown tok_show(struct tok_span text)
{
	struct tok_shown shown;
	size_t n = 0, at = 0;
	while (at < text.count && n + 8 < sizeof shown.text) {
		const struct tok_char c = tok_utf8_at(text, at);
		uint8_t bytes[4] = { '?' };
		size_t count = 1;
		if (c.code >= 0x20 && c.code != 0x7F && c.code < TOK_BAD_BYTE)
			count = tok_utf8_put(c.code, bytes);
		memcpy(shown.text + n, bytes, count);
		n += count;
		at += c.length;
	}
	memcpy(shown.text + n, at < text.count ? "..." : "", at < text.count ? 4 : 1);
	return shown;
}

static bool is_name(struct tok_span text)
{
	for (size_t i = 0; i < text.count; i++) {
		const uint8_t c = text.bytes[i];
		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
		      (i > 0 && c >= '0' && c <= '9')))
			return false;
	}
	return text.count > 0 && text.count < 40;
}

/* One step of a path, appended to what is written already. */
static void write_step(char *path, size_t size, const struct tok_json *key, size_t index)
{
	const size_t used = strlen(path);
	if (!key)
		snprintf(path + used, size - used, "[%zu]", index);
	else if (is_name(tok_json_text(key)))
		snprintf(path + used, size - used, "%s%.*s", used ? "." : "", (int)key->count,
			 (const char *)key->as.bytes);
	else
		snprintf(path + used, size - used, "['%s']", tok_show(tok_json_text(key)).text);
}

/* Where `value` stands.  Nothing was kept while reading: the way is found by
 * going down from the root again. */
static void write_path(const struct tok_json *root, const struct tok_json *value, char *path,
		       size_t size)
{
	const struct tok_json *at = root;
	path[0] = '\0';
	while (at != value && at->kind >= TOK_JSON_ARRAY) {
		const bool keyed = at->kind == TOK_JSON_OBJECT;
		const struct tok_json *child = at + 1 + keyed;
		size_t index = 0;
		for (; value >= tok_json_next(child); index++)
			child = tok_json_next(child) + keyed;
		write_step(path, size, keyed ? child - 1 : NULL, index);
		if (value < child) /* the key itself */
			return;
		at = child;
	}
}

enum tok_status tok_json_fail(const struct tok_json_document *doc, const struct tok_json *value,
			      struct tok_error *err, const char *fmt, ...)
{
	char sentence[sizeof err->message];
	char path[256];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(sentence, sizeof sentence, fmt, ap);
	va_end(ap);
	write_path(doc->values, value, path, sizeof path);
	if (!path[0])
		return tok_fail(err, TOK_EFORMAT, "%s", sentence);
	return tok_fail(err, TOK_EFORMAT, "at %s: %s", path, sentence);
}

enum tok_status tok_json_expected(const struct tok_json_document *doc, const struct tok_json *value,
				  const char *what, const char *wanted, struct tok_error *err)
{
	static const char *const kinds[] = {
		[TOK_JSON_NULL] = "null",
		[TOK_JSON_FALSE] = "false",
		[TOK_JSON_TRUE] = "true",
		[TOK_JSON_UNSIGNED] = "a number",
		[TOK_JSON_NEGATIVE] = "a negative number",
		[TOK_JSON_DOUBLE] = "a number with a fraction or exponent",
		[TOK_JSON_STRING] = "a string",
		[TOK_JSON_ARRAY] = "an array",
		[TOK_JSON_OBJECT] = "an object",
	};
	if (value->kind == TOK_JSON_UNSIGNED)
		return tok_json_fail(doc, value, err, "%s must be %s, not %llu", what, wanted,
				     (unsigned long long)value->as.whole);
	return tok_json_fail(doc, value, err, "%s must be %s, not %s", what, wanted,
			     kinds[value->kind]);
}
