/*
 * cuts.h - where a tokenizer cuts a text, by bytes: what tokenizers are compared by, and with
 *others' ideas of where words have parts.
 *
 *	status = vocab_audit_cutter_new(tokenizer, &cutter, &err);
 *	status = vocab_audit_cuts(cutter, text, &cuts, &err);
 *	if (cuts[i])			// a token ends before byte i, and none lies across
 *	vocab_audit_cutter_free(cutter);
 *
 * One a thread.  Text is encoded without special tokens, and text that spells one is text.
 */
#ifndef VOCAB_AUDIT_CUTS_H
#define VOCAB_AUDIT_CUTS_H

#include "tok/pipe/encoder.h"

struct vocab_audit_cutter;

TOK_API TOK_MUST_USE enum tok_status vocab_audit_cutter_new(const struct tok_tokenizer *tokenizer,
							    struct vocab_audit_cutter **out,
							    struct tok_error *err);
TOK_API void vocab_audit_cutter_free(struct vocab_audit_cutter *cutter);

/* text.count flags, of which the first is false: the ends of a text are no cuts.  What two tokens
 * share of a character, or a mark that stands for nothing in the text, is not cut.  They belong to
 * the cutter and live until its next call. */
TOK_API TOK_MUST_USE enum tok_status vocab_audit_cuts(struct vocab_audit_cutter *cutter,
						      struct tok_span text, const uint8_t **out,
						      struct tok_error *err);

/* The cutter's own tokens as bytes (vocab/convert/token_bytes.h). */
struct vocab_token_bytes;
TOK_API const struct vocab_token_bytes *
vocab_audit_cutter_tokens(const struct vocab_audit_cutter *cutter);

#endif
