/* heal_internal.h - a prompt without its last tokens, and the model's rows behind it. */
#ifndef TOK_BYTES_HEAL_INTERNAL_H
#define TOK_BYTES_HEAL_INTERNAL_H

#include "tok/bytes/heal.h"

struct tok_healing {
	const struct tok_byte_tokens *tokens;
	struct tok_lm *lm;
	const tok_id *ids; /* that are left */
	size_t count, back;
	bool one;                  /* token has to spell all of the text */
	struct tok_buffer text;    /* of those that were taken away */
	struct tok_buffer context; /* scratch: ids */
	double *row, *masses;      /* room for one */
	bool unclear;              /* digits of a row were lost */
	uint64_t rows;
	struct tok_machine_windows windows; /* the most */
};

/* To be released also where it fails. */
TOK_MUST_USE enum tok_status tok_healing_init(struct tok_healing *h,
					      const struct tok_byte_tokens *tokens,
					      struct tok_lm *lm, const tok_id *ids, size_t count,
					      size_t back, struct tok_error *err);
void tok_healing_release(struct tok_healing *h);

/* The row behind `count` ids at the end of h->context into h->row, its masses into h->masses; all
 * made whole by adding *log_scale to logarithms.  Any sum of it is then off by *error at most. */
TOK_MUST_USE enum tok_status tok_healing_ask(struct tok_healing *h, double *log_scale,
					     double *error, struct tok_error *err);

#endif
