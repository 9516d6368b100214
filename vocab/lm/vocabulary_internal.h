/*
 * vocabulary_internal.h - are the ids of a model those of the tokenizer?
 *
 *	status = lm_vocabulary_init(&v, tokenizer, &lm->info, &err);
 *	lm_vocabulary_compare(&v, 17, tok_span_of("abc"));   // the model says: id 17 adds "abc"
 *	status = lm_vocabulary_verdict(&v, &err);            // TOK_EARG names those that differ
 *	lm_vocabulary_release(&v);
 *
 * Rows of a model that was made for other tokens are still distributions, so nothing but such a
 * comparison finds the wrong tokenizer.
 */
#ifndef VOCAB_LM_VOCABULARY_INTERNAL_H
#define VOCAB_LM_VOCABULARY_INTERNAL_H

#include "tok/bytes/tokens.h"

enum { LM_DIFFERENCES_SHOWN = 3 };

/* A text as a message shows it: letters in quotes, or hex. */
struct lm_shown {
	char text[48];
};

struct lm_vocabulary {
	const struct tok_tokenizer *tokenizer; /* borrowed */
	struct tok_byte_tokens *tokens;        /* NULL: there is nothing to compare with */
	size_t compared, differ;
	struct {
		tok_id id;
		struct lm_shown there, here;
	} first[LM_DIFFERENCES_SHOWN];
};

/* With no tokenizer, or one whose tokens add other bytes at other places, nothing is compared. */
TOK_MUST_USE enum tok_status lm_vocabulary_init(struct lm_vocabulary *out,
						const struct tok_tokenizer *tokenizer,
						const struct tok_lm_info *info,
						struct tok_error *err);
void lm_vocabulary_release(struct lm_vocabulary *vocabulary);

/* `text` is what the model says that the id adds; nothing: it is no text.  An id that is none here
 * may be told with its name, as special tokens are.  Ends are the model's own business. */
void lm_vocabulary_compare(struct lm_vocabulary *vocabulary, tok_id id, struct tok_span text);

TOK_MUST_USE enum tok_status lm_vocabulary_verdict(const struct lm_vocabulary *vocabulary,
						   struct tok_error *err);

#endif
