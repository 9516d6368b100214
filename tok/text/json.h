/*
 * json.h - JSON (RFC 8259), strictly, into one flat array of values.
 *
 *	struct tok_json_document doc = { 0 };
 *	status = tok_json_read(&doc, text, &err);
 *	const struct tok_json *name = tok_json_get(doc.values, "name");
 *	if (name && name->kind == TOK_JSON_STRING)
 *		use(tok_json_text(name));
 *	tok_json_release(&doc);
 *
 * A document may be read into again and again: it keeps its room, so that a
 * loop over lines stops allocating.  Strings without escapes point into the
 * text, the others into the document; both live until the next read.  Strings
 * and keys may hold U+0000.
 *
 * Refused as in Rust's serde_json: bytes that are not UTF-8, lone surrogates,
 * control characters in strings, trailing commas and bytes, numbers beyond a
 * double, nesting deeper than TOK_JSON_DEPTH.  Duplicate keys are kept: who
 * minds asks tok_json_unique().
 */
#ifndef TOK_TEXT_JSON_H
#define TOK_TEXT_JSON_H

#include "tok/base/buffer.h"

enum { TOK_JSON_DEPTH = 127 };

enum tok_json_kind {
	TOK_JSON_NULL,
	TOK_JSON_FALSE,
	TOK_JSON_TRUE,
	TOK_JSON_UNSIGNED, /* a whole number that fits in uint64_t */
	TOK_JSON_NEGATIVE, /* a whole number below 0 that fits in int64_t */
	TOK_JSON_DOUBLE,   /* any other number, to the last bit as serde_json reads it */
	TOK_JSON_STRING,
	TOK_JSON_ARRAY, /* the items follow */
	TOK_JSON_OBJECT /* key, value, key, value, ... follow */
};

/* Values lie in the order of the text, containers before what they hold. */
struct tok_json {
	uint32_t kind;  /* enum tok_json_kind */
	uint32_t count; /* bytes of a string, items of an array, members of an object */
	union {
		const uint8_t *bytes;
		uint64_t whole;
		int64_t negative;
		double real;
		size_t extent; /* of a container: values it takes, itself included */
	} as;
};

struct tok_json_document {
	struct tok_json *values; /* the first is the root */
	size_t count, capacity;
	struct tok_buffer unescaped; /* private */
};

/* Read one JSON text of less than 4 GiB.  On failure the document holds no
 * values; messages give line and column (in bytes, from 1). */
TOK_API TOK_MUST_USE enum tok_status tok_json_read(struct tok_json_document *doc,
						   struct tok_span text, struct tok_error *err);
TOK_API void tok_json_release(struct tok_json_document *doc);

/*
 * Walking: the first child of a container is `value + 1`; tok_json_next() is
 * what follows a value and all it holds.
 *
 *	const struct tok_json *item = array + 1;
 *	for (size_t i = 0; i < array->count; i++, item = tok_json_next(item))
 */
static inline const struct tok_json *tok_json_next(const struct tok_json *value)
{
	return value + (value->kind >= TOK_JSON_ARRAY ? value->as.extent : 1);
}

static inline struct tok_span tok_json_text(const struct tok_json *string)
{
	return (struct tok_span){ string->as.bytes, string->count };
}

/* The value of the first member called `key`; NULL if there is none or
 * `object` is no object.  Looks through all members. */
TOK_API const struct tok_json *tok_json_get(const struct tok_json *object, const char *key);

/* Fails if two members of `object` have the same key, naming it. */
TOK_API TOK_MUST_USE enum tok_status tok_json_unique(const struct tok_json_document *doc,
						     const struct tok_json *object,
						     struct tok_error *err);

/* Fail with TOK_EFORMAT, saying where `value` stands: "at model.vocab['a']: ...". */
TOK_API enum tok_status tok_json_fail(const struct tok_json_document *doc,
				      const struct tok_json *value, struct tok_error *err,
				      const char *fmt, ...) TOK_PRINTF(4, 5);

/* "at model.vocab['a']: an id must be a whole number, not a string" */
TOK_API enum tok_status tok_json_expected(const struct tok_json_document *doc,
					  const struct tok_json *value, const char *what,
					  const char *wanted, struct tok_error *err);

/* Text from a file, made fit for a message: one line, not too long.  Use it
 * inside the call that prints it: tok_show(span).text */
struct tok_shown {
	char text[64];
};
TOK_API struct tok_shown tok_show(struct tok_span text);

#endif
