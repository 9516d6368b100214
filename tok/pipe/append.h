/*
 * append.h - the ids of a text that is still being written.
 *
 *	struct tok_append *a = tok_append_new(tokenizer, &options);
 *	while (more text) {
 *		status = tok_append_text(a, more, &ids, &err);  // ids that are now final
 *		status = tok_append_tail(a, &ids, &err);        // the rest, as it looks now
 *	}
 *	status = tok_append_finish(a, &ids, &err);              // the last ids
 *	tok_append_free(a);
 *
 * The law: at every moment all the final ids handed out so far, and behind them
 * the tail, are the ids that tok_encode gives for all the text so far.  A final
 * id never changes, whatever text follows, and is handed out once.  Text may be
 * broken anywhere: inside a word, a special token or a character.
 *
 * Ids become final where tok_tokenizer_cut finds a place to cut: between words of
 * Latin letters, at the ends of lines, with some vocabularies between characters.
 * Only the text behind the last such place is kept, and tok_append_text encodes
 * each byte once.  Text without such a place, and a text with a template,
 * truncation or padding, is kept and becomes final at the end.  The tail is
 * encoded anew each time that it is asked for: ask when somebody looks at it.
 *
 * One thread at a time.  Borrows the tokenizer; copies options and text.
 * .offsets and .tokens of the options are not looked at: there are ids only.
 */
#ifndef TOK_PIPE_APPEND_H
#define TOK_PIPE_APPEND_H

#include "tok/pipe/encoder.h"

struct tok_append;

/* Belongs to the appender and lives until the next call on it. */
struct tok_append_ids {
	const tok_id *ids;
	size_t count;
};

/* NULL if memory is out. */
TOK_API struct tok_append *tok_append_new(const struct tok_tokenizer *tokenizer,
					  const struct tok_encode_options *options);
TOK_API void tok_append_free(struct tok_append *append);

/* Take more text; `final` are the ids that became final with it, often none.
 * Fails where tok_encode fails, and then has not taken this text: messages say
 * from which byte of all the text the encoded part ran.  Trouble in text that was
 * taken earlier may come to light only now; then only tok_append_reset helps.
 * The text that is not final yet may not exceed TOK_DOCUMENT_MAX. */
TOK_API TOK_MUST_USE enum tok_status tok_append_text(struct tok_append *append,
						     struct tok_span text,
						     struct tok_append_ids *final,
						     struct tok_error *err);

/* The ids that are not final, if the text ended here.  Changes nothing; fails
 * where tok_encode fails. */
TOK_API TOK_MUST_USE enum tok_status
tok_append_tail(struct tok_append *append, struct tok_append_ids *tail, struct tok_error *err);

/* The text ends: its last ids.  The appender is then ready for another text; on
 * failure it is as before. */
TOK_API TOK_MUST_USE enum tok_status
tok_append_finish(struct tok_append *append, struct tok_append_ids *final, struct tok_error *err);

/* Forget this text and begin another one. */
TOK_API void tok_append_reset(struct tok_append *append);

#endif
