/*
 * subword.h - new rows from the rows of a token's pieces.
 *
 *	const struct hyper_subword_job job = { &source, &target, wanted, &pieces, NULL };
 *	status = hyper_subword(&job, HYPER_SUBWORD_MEAN, &weights, &err);
 *
 *	mean     1/m each (FVT, arXiv 2402.09977; ReTok, arXiv 2410.04335)
 *	sum      1 each
 *	length   by the length of each piece in code points
 *	linear   1, 2, ... m, over their sum: the last piece is the heaviest
 *	first    the first piece
 *	last     the last one
 *	script   mean, rescaled to the median length (L2) of the old rows of its script
 *
 * EEVE (arXiv 2402.14714) is mean for the input and first for the output; first-last is last for
 * the input and first for the output; BIL (arXiv 2608.03494) is script for the input and length
 * for the output: each side has a rule of its own.
 *
 * The script of a text is that of its first character that has one of its own (ICU), so that
 * digits and punctuation are all of one; what no old token is written in goes by all rows.  Rows
 * of zeros are left out.
 *
 * mergekit's "weighted" says that the last piece is the heaviest and makes the first one so;
 * here it is the last.
 */
#ifndef HYPER_TRANSPLANT_SUBWORD_H
#define HYPER_TRANSPLANT_SUBWORD_H

#include "hypernet/transplant/pieces.h"
#include "hypernet/transplant/weights.h"

enum hyper_subword {
	HYPER_SUBWORD_MEAN,
	HYPER_SUBWORD_SUM,
	HYPER_SUBWORD_LENGTH,
	HYPER_SUBWORD_LINEAR,
	HYPER_SUBWORD_FIRST,
	HYPER_SUBWORD_LAST,
	HYPER_SUBWORD_SCRIPT
};
#define HYPER_SUBWORD_WORDS "mean|sum|length|linear|first|last|script"

struct hyper_subword_job {
	const struct hyper_vocab *source, *target;
	const tok_id *wanted; /* pieces->count of them */
	const struct hyper_pieces *pieces;
	const struct hyper_rows_view *rows; /* of script only */
};

/* A row a token in `out`, which is empty before; empty rows for tokens without a piece.  All but
 * sum and script are convex.  TOK_ENOMEM; of script also what reading rows fails with, and
 * TOK_EARG for a piece that is no row. */
TOK_API TOK_MUST_USE enum tok_status hyper_subword(const struct hyper_subword_job *job,
						   enum hyper_subword rule,
						   struct hyper_weights *out,
						   struct tok_error *err);

#endif
