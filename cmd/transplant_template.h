/*
 * transplant_template.h - which chat template the new model has.
 *
 * A template names special tokens; a model that is given one whose tokens it does not have reads
 * them as text, and never stops where it should.
 */
#ifndef CMD_TRANSPLANT_TEMPLATE_H
#define CMD_TRANSPLANT_TEMPLATE_H

#include "cmd/transplant_files.h"

/* `files` has those of the new tokenizer, `folder` the old ones.  Adds chat_template.jinja and
 * takes "chat_template" out of tokenizer_config.json where the old one is kept; notes say what was
 * done.  TOK_EARG if it is to be kept and names what is not there. */
TOK_MUST_USE enum tok_status transplant_template(struct transplant_files *files,
						 const struct transplant_case *c,
						 const char *folder, struct tok_error *err);

#endif
