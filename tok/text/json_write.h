/*
 * json_write.h - strings for JSON output.
 *
 *	ok = tok_json_put_string(&line, token) && tok_buffer_add(&line, "]", 1);
 */
#ifndef TOK_TEXT_JSON_WRITE_H
#define TOK_TEXT_JSON_WRITE_H

#include "tok/base/buffer.h"

/* Append `text` as a JSON string, quotes and all.  Bytes that are not UTF-8
 * become U+FFFD, one each.  False if memory is out. */
TOK_API TOK_MUST_USE bool tok_json_put_string(struct tok_buffer *out, struct tok_span text);

/* The same without the quotes: texts put one behind the other make the string of them
 * joined, if none ends inside a character. */
TOK_API TOK_MUST_USE bool tok_json_put_text(struct tok_buffer *out, struct tok_span text);

#endif
