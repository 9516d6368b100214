/*
 * transplant_template.h - which chat template the new model has.
 *
 * A template names special tokens; a model that is given one whose tokens it does not have reads
 * them as text, and never stops where it should.
 */
#ifndef CMD_TRANSPLANT_TEMPLATE_H
#define CMD_TRANSPLANT_TEMPLATE_H

#include "cmd/transplant_files.h"

/* `files` has those of the new tokenizer, `folder` (NULL: there is none) the old ones.  Where the
 * old one is kept, chat_template.jinja is added and "chat_template" taken out of
 * tokenizer_config.json; several in a list stay a list there.  Notes say what was done.  TOK_EARG
 * if it is to be kept and names what is not there. */
TOK_MUST_USE enum tok_status transplant_template(struct transplant_files *files,
						 const struct transplant_case *c,
						 const char *folder, struct tok_error *err);

/* ---- what a GGUF file's template has in common with it ------------------------------------ */

/* Room for names that are shown. */
#define TRANSPLANT_NAMES 400

/* What hyper_template_audit() finds, in one line; "" of nothing. */
TOK_MUST_USE enum tok_status transplant_template_audit(struct tok_span text,
						       const struct hyper_vocab *source,
						       const struct hyper_vocab *target,
						       char shown[TRANSPLANT_NAMES],
						       struct tok_error *err);

/* The note that the old one is gone, and why. */
TOK_MUST_USE enum tok_status transplant_template_gone(struct transplant_files *files,
						      const struct transplant_case *c,
						      const char *missing, struct tok_error *err);

/* TOK_EARG: it was to be kept. */
TOK_MUST_USE enum tok_status transplant_template_refuse(const char *missing, struct tok_error *err);

/* A line for who reads the report. */
TOK_MUST_USE enum tok_status transplant_note(struct transplant_files *files, struct tok_error *err,
					     const char *fmt, ...) TOK_PRINTF(3, 4);

#endif
