/*
 * json_internal.h - between the files of the JSON reader.
 */
#ifndef TOK_TEXT_JSON_INTERNAL_H
#define TOK_TEXT_JSON_INTERNAL_H

#include "tok/text/json.h"

/* Read the number that begins at `at` (a digit or '-').  Returns its end, or
 * NULL if it is no JSON number or, *too_large, beyond a double. */
const uint8_t *json_read_number(const uint8_t *at, const uint8_t *end, struct tok_json *out,
				bool *too_large);

#endif
