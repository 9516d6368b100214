/* bytes_ensemble_internal.h - what the files of tok bytes ensemble share: bytes_ensemble.c answers
 * next and score, bytes_ensemble_sample.c draws. */
#ifndef CMD_BYTES_ENSEMBLE_INTERNAL_H
#define CMD_BYTES_ENSEMBLE_INTERNAL_H

#include "cmd/bytes_several_internal.h"

struct bytes_ensemble {
	const struct bytes_options *options;
	struct bytes_several models;
	double weights[TOK_MIX_MOST]; /* as given */
	struct tok_mix *mix;
	struct tok_mix_next next;
	struct tok_text_p alone[TOK_MIX_MOST];
	bool told[TOK_MIX_MOST]; /* that it is left out */
	enum cli_exit result;    /* where all went as it should: of what the word itself has said */
};

/* e->next, with a word on standard error about each model that is left out from now on. */
TOK_MUST_USE enum tok_status bytes_ensemble_look(struct bytes_ensemble *e, struct tok_error *err);

/* "weights", "special" and "leak" of each model, "exact" and "bounds" of "logP"; a comma before.
 * `text` is what the answer says of a text; where it is not known, only e->next has to be exact. */
void bytes_ensemble_put(const struct bytes_ensemble *e, const struct tok_text_p *text,
			const double *special, const double *leak);

TOK_MUST_USE enum tok_status bytes_ensemble_sample(struct bytes_ensemble *e, struct tok_error *err);

#endif
