#include "tok/text/json.h"

#include <stdlib.h>

#include "tok/text/utf8.h"
#include "tok/text/json_internal.h"

/* Reads in one pass, without recursion: `open` holds the containers that have
 * begun and not ended. */
struct reader {
	struct tok_json_document *doc;
	const uint8_t *begin, *at, *end;
	size_t open[TOK_JSON_DEPTH];
	size_t depth;
	struct tok_error *err;
};

enum step { STEP_VALUE, STEP_KEY, STEP_AFTER, STEP_DONE };

static enum tok_status refuse(const struct reader *r, const uint8_t *at, const char *why)
{
	size_t line = 1;
	const uint8_t *start = r->begin;
	for (const uint8_t *p = r->begin; p < at; p++) {
		if (*p == '\n') {
			line++;
			start = p + 1;
		}
	}
	return tok_fail(r->err, TOK_EFORMAT, "line %zu column %zu: %s", line,
			(size_t)(at - start) + 1, why);
}

static void skip_space(struct reader *r)
{
	while (r->at < r->end &&
	       (*r->at == ' ' || *r->at == '\n' || *r->at == '\r' || *r->at == '\t'))
		r->at++;
}

static bool add_value(struct reader *r, struct tok_json value)
{
	struct tok_json_document *doc = r->doc;
	if (doc->count == doc->capacity &&
	    !tok_grow(&doc->values, &doc->capacity, doc->count + 1, sizeof *doc->values))
		return false;
	doc->values[doc->count++] = value;
	return true;
}

/* ---- strings -------------------------------------------------------------- */

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

static uint64_t find_zero_byte(uint64_t word)
{
	return (word - EACH(1)) & ~word & EACH(0x80);
}

/* Is one of eight bytes a quote, a backslash, a control character or not ASCII? */
static bool is_special_word(const uint8_t *at)
{
	uint64_t word;
	memcpy(&word, at, sizeof word);
	return ((word | (word - EACH(0x20))) & EACH(0x80)) || find_zero_byte(word ^ EACH('"')) ||
	       find_zero_byte(word ^ EACH('\\'));
}

/* Pass over characters that stand for themselves. */
static enum tok_status skip_plain(struct reader *r)
{
	const struct tok_span text = { r->begin, (size_t)(r->end - r->begin) };
	for (;;) {
		while (r->end - r->at >= 8 && !is_special_word(r->at))
			r->at += 8;
		if (r->at == r->end)
			return refuse(r, r->at, "the text ends inside a string");
		if (*r->at == '"' || *r->at == '\\')
			return TOK_OK;
		if (*r->at < 0x20)
			return refuse(r, r->at, "a control character in a string must be escaped");
		const struct tok_char c = tok_utf8_at(text, (size_t)(r->at - r->begin));
		if (c.code >= TOK_BAD_BYTE)
			return refuse(r, r->at, "this byte is not UTF-8");
		r->at += c.length;
	}
}

/* Four hexadecimal digits, or -1. */
static int32_t read_unit(struct reader *r)
{
	int32_t unit = 0;
	if (r->end - r->at < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		const uint8_t c = r->at[i];
		if (c >= '0' && c <= '9')
			unit = unit * 16 + (c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			unit = unit * 16 + ((c | 0x20) - 'a') + 10;
		else
			return -1;
	}
	r->at += 4;
	return unit;
}

/* What stands behind "\u", one character or half of one. */
static enum tok_status read_code(struct reader *r, uint32_t *code)
{
	const uint8_t *start = r->at - 2;
	const int32_t high = read_unit(r);
	if (high < 0)
		return refuse(r, start, "\\u needs four hexadecimal digits");
	if (high < 0xD800 || high > 0xDFFF) {
		*code = (uint32_t)high;
		return TOK_OK;
	}
	if (high > 0xDBFF || r->end - r->at < 6 || r->at[0] != '\\' || r->at[1] != 'u')
		return refuse(r, start, "half a surrogate pair is no character");
	r->at += 2;
	const int32_t low = read_unit(r);
	if (low < 0xDC00 || low > 0xDFFF)
		return refuse(r, start, "half a surrogate pair is no character");
	*code = 0x10000 + ((uint32_t)(high - 0xD800) << 10) + (uint32_t)(low - 0xDC00);
	return TOK_OK;
}

static enum tok_status read_escape(struct reader *r, uint32_t *code)
{
	static const char names[] = "\"\\/bfnrt";
	static const char values[] = "\"\\/\b\f\n\r\t";
	if (r->end - r->at < 2)
		return refuse(r, r->end, "the text ends inside a string");
	const uint8_t name = r->at[1];
	if (name == 'u') {
		r->at += 2;
		return read_code(r, code);
	}
	const char *found = name ? strchr(names, name) : NULL;
	if (!found)
		return refuse(r, r->at, "no such escape: write '\\\\' for a backslash");
	*code = (uint8_t)values[found - names];
	r->at += 2;
	return TOK_OK;
}

/* The rest of a string that has escapes.  What is unescaped is never longer
 * than it was, so one reservation serves the whole text and nothing moves. */
static enum tok_status read_escaped(struct reader *r, const uint8_t *start)
{
	struct tok_buffer *out = &r->doc->unescaped;
	if (out->count == 0 && !tok_buffer_reserve(out, (size_t)(r->end - start)))
		return tok_fail_memory(r->err);
	const size_t begin = out->count;
	const uint8_t *kept = start;
	while (*r->at != '"') {
		uint32_t code = 0;
		memcpy(out->bytes + out->count, kept, (size_t)(r->at - kept));
		out->count += (size_t)(r->at - kept);
		enum tok_status status = read_escape(r, &code);
		if (status != TOK_OK)
			return status;
		out->count += tok_utf8_put(code, out->bytes + out->count);
		kept = r->at;
		status = skip_plain(r);
		if (status != TOK_OK)
			return status;
	}
	memcpy(out->bytes + out->count, kept, (size_t)(r->at - kept));
	out->count += (size_t)(r->at - kept);
	if (!add_value(r, (struct tok_json){ .kind = TOK_JSON_STRING,
					     .count = (uint32_t)(out->count - begin),
					     .as.bytes = out->bytes + begin }))
		return tok_fail_memory(r->err);
	r->at++;
	return TOK_OK;
}

static enum tok_status read_string(struct reader *r)
{
	const uint8_t *start = ++r->at;
	const enum tok_status status = skip_plain(r);
	if (status != TOK_OK)
		return status;
	if (*r->at == '\\')
		return read_escaped(r, start);
	if (!add_value(r, (struct tok_json){ .kind = TOK_JSON_STRING,
					     .count = (uint32_t)(r->at - start),
					     .as.bytes = start }))
		return tok_fail_memory(r->err);
	r->at++;
	return TOK_OK;
}

/* ---- other values --------------------------------------------------------- */

static enum tok_status read_number(struct reader *r)
{
	struct tok_json value;
	bool too_large;
	const uint8_t *end = json_read_number(r->at, r->end, &value, &too_large);
	if (!end)
		return refuse(r, r->at,
			      too_large ? "this number is too large for a double"
					: "not a number as JSON writes them");
	r->at = end;
	return add_value(r, value) ? TOK_OK : tok_fail_memory(r->err);
}

static enum tok_status read_word(struct reader *r, const char *word, enum tok_json_kind kind)
{
	const struct tok_span rest = { r->at, (size_t)(r->end - r->at) };
	if (!tok_span_starts(rest, tok_span_of(word)))
		return refuse(r, r->at, "expected a value");
	r->at += strlen(word);
	return add_value(r, (struct tok_json){ .kind = kind }) ? TOK_OK : tok_fail_memory(r->err);
}

static enum tok_status open_container(struct reader *r, enum tok_json_kind kind, enum step *next)
{
	if (r->depth == TOK_JSON_DEPTH)
		return refuse(r, r->at, "nested too deeply: 127 levels are the limit");
	r->open[r->depth++] = r->doc->count;
	if (!add_value(r, (struct tok_json){ .kind = kind }))
		return tok_fail_memory(r->err);
	r->at++;
	skip_space(r);
	if (r->at < r->end && *r->at == (kind == TOK_JSON_ARRAY ? ']' : '}'))
		*next = STEP_AFTER;
	else
		*next = kind == TOK_JSON_ARRAY ? STEP_VALUE : STEP_KEY;
	return TOK_OK;
}

/* One value, or the beginning of a container. */
static enum tok_status read_value(struct reader *r, enum step *next)
{
	*next = STEP_AFTER;
	skip_space(r);
	if (r->at == r->end)
		return refuse(r, r->at, "the text ends where a value should be");
	switch (*r->at) {
	case '"':
		return read_string(r);
	case '{':
		return open_container(r, TOK_JSON_OBJECT, next);
	case '[':
		return open_container(r, TOK_JSON_ARRAY, next);
	case 't':
		return read_word(r, "true", TOK_JSON_TRUE);
	case 'f':
		return read_word(r, "false", TOK_JSON_FALSE);
	case 'n':
		return read_word(r, "null", TOK_JSON_NULL);
	default:
		if (*r->at == '-' || (*r->at >= '0' && *r->at <= '9'))
			return read_number(r);
		return refuse(r, r->at, "expected a value");
	}
}

static enum tok_status read_key(struct reader *r, enum step *next)
{
	skip_space(r);
	if (r->at == r->end || *r->at != '"')
		return refuse(r, r->at, "expected a key in double quotes");
	const enum tok_status status = read_string(r);
	if (status != TOK_OK)
		return status;
	skip_space(r);
	if (r->at == r->end || *r->at != ':')
		return refuse(r, r->at, "expected ':' after a key");
	r->at++;
	*next = STEP_VALUE;
	return TOK_OK;
}

/* Behind a value, or behind the bracket of a container that is still empty. */
static enum tok_status read_after(struct reader *r, enum step *next)
{
	skip_space(r);
	if (r->depth == 0) {
		*next = STEP_DONE;
		return r->at == r->end ? TOK_OK
				       : refuse(r, r->at, "expected nothing behind the value");
	}
	const size_t top = r->open[r->depth - 1];
	struct tok_json *container = &r->doc->values[top];
	const bool is_array = container->kind == TOK_JSON_ARRAY;
	if (r->at < r->end && *r->at == (is_array ? ']' : '}')) {
		container->as.extent = r->doc->count - top;
		r->depth--;
		r->at++;
		*next = STEP_AFTER;
		return TOK_OK;
	}
	if (r->at == r->end || *r->at != ',')
		return refuse(r, r->at, is_array ? "expected ',' or ']'" : "expected ',' or '}'");
	r->at++;
	*next = is_array ? STEP_VALUE : STEP_KEY;
	return TOK_OK;
}

/* A value begins: its container has one more. */
static void count_value(struct reader *r)
{
	if (r->depth)
		r->doc->values[r->open[r->depth - 1]].count++;
}

static enum tok_status read_all(struct reader *r)
{
	enum step next = STEP_VALUE;
	enum tok_status status = TOK_OK;
	while (status == TOK_OK && next != STEP_DONE) {
		switch (next) {
		case STEP_VALUE:
			count_value(r);
			status = read_value(r, &next);
			break;
		case STEP_KEY:
			status = read_key(r, &next);
			break;
		case STEP_AFTER:
			status = read_after(r, &next);
			break;
		case STEP_DONE:
			break;
		}
	}
	return status;
}

enum tok_status tok_json_read(struct tok_json_document *doc, struct tok_span text,
			      struct tok_error *err)
{
	if (text.count == 0)
		text = tok_span_of(""); /* which has an address */
	struct reader r = {
		.doc = doc,
		.begin = text.bytes,
		.at = text.bytes,
		.end = text.bytes + text.count,
		.err = err,
	};
	doc->count = 0;
	tok_buffer_clear(&doc->unescaped);
	if (text.count >= UINT32_MAX)
		return tok_fail(err, TOK_ELIMIT, "a JSON text must be smaller than 4 GiB");
	/* About what a tokenizer.json has, so that little is moved. */
	if (!tok_grow(&doc->values, &doc->capacity, text.count / 16 + 1, sizeof *doc->values))
		return tok_fail_memory(err);
	const enum tok_status status =
	    text.count ? read_all(&r) : tok_fail(err, TOK_EFORMAT, "empty where JSON should be");
	if (status != TOK_OK)
		doc->count = 0;
	return status;
}

void tok_json_release(struct tok_json_document *doc)
{
	free(doc->values);
	tok_buffer_release(&doc->unescaped);
	*doc = (struct tok_json_document){ 0 };
}
