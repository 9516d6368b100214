/*
 * token_walk.h - draws of what follows a text, token by token.
 *
 *	status = tok_token_walk_new(machine, &random, &walk, &err);
 *	do {
 *		status = tok_token_walk_next(walk, &random, &step, &err);
 *		use(step.bytes);
 *	} while (status == TOK_OK && !step.ended);
 *	tok_token_walk_free(walk);
 *
 * A row of tokens that covers what was pushed is drawn in proportion to its probability, and then
 * one token after the other (Vieira et al. 2024, arXiv 2412.03719, Prop. 2).  Bytes that are drawn
 * so have the distribution that tok_machine_next tells, byte after byte, and cost the model a row
 * a token instead of one or more a byte.
 *
 * That is so for ALL and for VALID_RENORM, where probabilities of rows of tokens sum to one.  For
 * VALID it is not: what leaks is left out token by token here, byte by byte there.  That is
 * TOK_EARG, as are models that tell only the best of a row.  Tokens that are no text are never
 * drawn; where the model gives them something the same holds, and .outside says how much it was.
 */
#ifndef TOK_BYTES_TOKEN_WALK_H
#define TOK_BYTES_TOKEN_WALK_H

#include "tok/base/random.h"
#include "tok/bytes/machine.h"

struct tok_token_step {
	struct tok_span bytes; /* of one token, its first bytes left out where the text has them;
				* lives until the next call */
	bool ended;            /* the text ends here, and there are no bytes */
	double outside;        /* of the row that was drawn from: tokens that are no text */
};

struct tok_token_walk;

/* The machine may be pushed or freed meanwhile; it and the walk are used by one thread. */
TOK_API TOK_MUST_USE enum tok_status tok_token_walk_new(struct tok_machine *machine,
							struct tok_random *random,
							struct tok_token_walk **out,
							struct tok_error *err);
TOK_API void tok_token_walk_free(struct tok_token_walk *walk);

/* TOK_ETEXT: the model leaves nothing to go on with that counts.  Not called behind the end. */
TOK_API TOK_MUST_USE enum tok_status tok_token_walk_next(struct tok_token_walk *walk,
							 struct tok_random *random,
							 struct tok_token_step *out,
							 struct tok_error *err);

/* Of the row of tokens that was drawn so far. */
TOK_API struct tok_machine_windows tok_token_walk_windows(const struct tok_token_walk *walk);

#endif
