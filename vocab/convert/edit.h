/*
 * edit.h - small changes to a tokenizer that leave the ids of ordinary text alone: of all text
 * that spells none of their old and new names, and where special tokens are not matched, of other
 * text too, unless the model makes special tokens of their names, as a Unigram does.
 *
 *	status = vocab_edit_add_special(&spec, tok_span_of("<|im_start|>"), TOK_NO_ID, &err);
 *	status = vocab_edit_rename(&spec, old, new, &err);
 *	status = vocab_edit_set_template(&spec, tok_span_of("<s> $A </s>"), &err);
 *
 * On failure the specification is as it was.  What is new lives in its arena.
 */
#ifndef VOCAB_CONVERT_EDIT_H
#define VOCAB_CONVERT_EDIT_H

#include "tok/pipe/spec.h"

/* A special token of this text, which is found in text as it stands.  Where the vocabulary has the
 * text already, that token becomes special, and is found as it was if it is an added one; else it
 * gets `id`, or, TOK_NO_ID, the one behind the largest.  TOK_EARG if the id is taken, or the text
 * is that of a token with another id, or is white space or nothing, or no id is left. */
TOK_API TOK_MUST_USE enum tok_status vocab_edit_add_special(struct tok_spec *spec,
							    struct tok_span text, tok_id id,
							    struct tok_error *err);

/* The added token `from` is called `to`, wherever the tokenizer names it.  TOK_EARG if there is no
 * such added token - the text of others decides what text becomes -, or the model works with its
 * text all the same, in merges or bytes; if there is a token `to`, it is blank, or the model would
 * make it of ordinary text. */
TOK_API TOK_MUST_USE enum tok_status vocab_edit_rename(struct tok_spec *spec, struct tok_span from,
						       struct tok_span to, struct tok_error *err);

/* What is laid around a text: names of added tokens and, once, $A for the text, with blanks between
 * them; "$A" alone is no template.  In place of the templates that there are. */
TOK_API TOK_MUST_USE enum tok_status
vocab_edit_set_template(struct tok_spec *spec, struct tok_span text, struct tok_error *err);

#endif
