/*
 * vocab_same.h - do two tokenizers do the same to texts?
 *
 *	struct vocab_same same = { .specials = true };
 *	status = vocab_same_compare(a, b, &same, &err);
 *	if (same.different) ...
 *	vocab_same_release(&same);
 *
 * Texts: some that tokenizers stumble over (blanks, newlines, digits, contractions, scripts, marks,
 * emoji, bytes that are not UTF-8), every token of the first by itself, and the lines of files. The
 * ids of each are compared, with special tokens as ordinary text and, if `specials`, also matched
 * and with the template; and what they decode to.
 */
#ifndef CMD_VOCAB_SAME_H
#define CMD_VOCAB_SAME_H

#include "cmd/cli.h"
#include "cmd/cli_put.h"
#include "tok/pipe/tokenizer.h"

enum { VOCAB_SAME_SHOWN = 5 };

struct vocab_same {
	bool specials;
	bool matched_only;        /* special tokens are never to be ordinary text */
	bool utf8_only;           /* what is no UTF-8 is passed over */
	bool ids_only;            /* what they decode to may differ */
	const char *const *files; /* whose lines are compared as well */
	size_t file_count;
	const struct tok_span *more; /* compared as well */
	size_t more_count;
	const struct tok_span *left_out; /* texts that spell one of these are not */
	size_t left_out_count;

	size_t texts, different, passed_over; /* passed_over: for left_out */
	struct tok_buffer said;               /* the first differences, a line each */
};

TOK_MUST_USE enum tok_status vocab_same_compare(const struct tok_tokenizer *a,
						const struct tok_tokenizer *b,
						struct vocab_same *same, struct tok_error *err);
void vocab_same_release(struct vocab_same *same);

/* On standard error whether the tokenizer `written` is the same; CLI_NO if it is not. */
enum cli_exit vocab_same_tell(const struct vocab_same *same, const char *written);

#endif
