/*
 * fvt.h - a row for a new token: the mean of the rows of the tokens that its text is
 * encoded into (fast vocabulary transfer, L. Gee et al. 2022, arXiv 2402.09977).
 *
 *	struct tok_fvt fvt = { .tokenizer = t, .encoder = e, .rows = embeddings,
 *			       .row_count = n, .width = w, .unk = 0 };
 *	status = tok_fvt_make(&fvt, texts, count, where, &err);    // a tok_rows_maker
 *
 * merger.h shows it in a loop.  A text that is an ordinary token of the vocabulary has that
 * token's row.  Any other one is encoded by the whole tokenizer as a text that goes on
 * behind another: nothing is put in front, whose row would be in the mean; special
 * tokens in it are ordinary text.  Where the vocabulary is not one of bytes, what is not
 * UTF-8 is encoded into the byte pieces.  What stands within a word of WordPiece ("##abc")
 * is taken apart as it would be there: the longest token first.
 *
 * Not for BPE that marks the end or the inside of words in its tokens' names (a suffix such as
 * "</w>", a continuing prefix): each text is encoded as a word of its own there, so that
 * what stands within a word or at its end only is the mean of other tokens than those that
 * it was made of.
 *
 * Where the text has no tokens, or one without a row, it is the row of `unk`.
 */
#ifndef TOK_DYNAMIC_FVT_H
#define TOK_DYNAMIC_FVT_H

#include "tok/pipe/encoder.h"

struct tok_fvt {
	const struct tok_tokenizer *tokenizer;
	struct tok_encoder *encoder; /* of that tokenizer; not shared */
	const float *rows;           /* row_count x width, row by row; borrowed */
	size_t row_count, width;
	tok_id unk; /* without a row, as TOK_NO_ID: a row of zeros */
};

/* `context` is a struct tok_fvt.  Texts are those of tok_dynamic_token. */
TOK_API TOK_MUST_USE enum tok_status tok_fvt_make(void *context, const struct tok_span *texts,
						  size_t count, float *const *rows,
						  struct tok_error *err);

#endif
