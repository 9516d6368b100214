/*
 * cli_json.h - the JSON that documents travel in, one object a line.
 */
#ifndef CMD_CLI_JSON_H
#define CMD_CLI_JSON_H

#include "tok/text/json.h"

/* The string at `field` of the object that `line` is; it lives until `doc` is
 * read into again, and no longer than `line`. */
TOK_MUST_USE enum tok_status cli_json_text(struct tok_json_document *doc, struct tok_span line,
					   const char *field, struct tok_span *out,
					   struct tok_error *err);

/* The numbers at "ids" into `*ids`, which is grown and holds `*capacity`. */
TOK_MUST_USE enum tok_status cli_json_ids(struct tok_json_document *doc, struct tok_span line,
					  tok_id **ids, size_t *capacity, size_t *count,
					  struct tok_error *err);

#endif
