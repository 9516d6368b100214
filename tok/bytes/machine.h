/*
 * machine.h - exact probabilities of bytes from a model of tokens.
 *
 *	status = tok_machine_new(tokens, validity, lm, &options, &m, &err);
 *	status = tok_machine_push(m, tok_span_of("Hello, worl"), &err);
 *	status = tok_machine_next(m, &next, &err);
 *	// next.joint['d'] / sum: the probability that the next byte is d
 *	tok_machine_free(m);
 *
 * P(x) is the sum over all rows of tokens that cover x: whose last token reaches its end or
 * runs over it.  A head is such a row up to its last whole token, with its weight, the node
 * of the trie where the bytes behind it lead to, and the model's row there, which is asked
 * for when it is needed and not before.  Pushing a byte moves every head to a child, drops
 * those that have none, and makes new ones of tokens that end here.
 *
 * Semantics
 *	TOK_BYTES_ALL           all rows of tokens
 *	TOK_BYTES_VALID         rows that the encoder could have made, with the model's
 *	                        probabilities: does not sum to one where the model gives some to
 *	                        others; that share is .leak
 *	TOK_BYTES_VALID_RENORM  the same with each row of the model renormalised over what is
 *	                        valid: a proper distribution over bytes
 *
 * Exact for any length where heads with the same future are made one: with a model of finite order
 * for ALL, always for the other two with BPE (one new head a byte).  Elsewhere more than max_heads
 * heads are TOK_ELIMIT, unless `beam` allows to drop the lightest: what was dropped is then in
 * every answer's bounds, which always contain the truth.
 *
 * Heads are never changed once made: going back and forking cost nothing.  Weights are logarithms,
 * moved to a new origin now and then, so that length does not matter.  Memory: rows of live heads
 * only.  One thread at a time; borrows everything it is made of.
 */
#ifndef TOK_BYTES_MACHINE_H
#define TOK_BYTES_MACHINE_H

#include "tok/bytes/validity.h"

enum tok_bytes_semantics { TOK_BYTES_ALL, TOK_BYTES_VALID, TOK_BYTES_VALID_RENORM };

struct tok_machine_options {
	enum tok_bytes_semantics semantics;
	size_t max_heads; /* 0: 4096 */
	size_t beam;      /* keep so many heads; 0: all */
	double prune;     /* drop heads lighter than this share of all; 0: none */
};

/* Bounds are the values themselves where .exact. */
struct tok_next_bytes {
	double log_p;      /* of what was pushed: natural logarithm of P(x) */
	double joint[256]; /* P(x followed by the byte) / P(x) */
	double end;        /* P(x and no more) / P(x) */
	double special;    /* tokens that are no text, at the end of x */
	double leak;       /* valid: what the model gives to invalid rows */
	double low[256], high[256], end_low, end_high;
	bool exact;
};

struct tok_machine_cost {
	uint64_t rows;        /* that the model was asked for */
	uint64_t heads_made, heads_most;
};

/* A row of tokens that covers what was pushed. */
struct tok_cover {
	const tok_id *ids;
	size_t count;
	size_t overshoot; /* bytes of the last token behind the end */
	double log_p;
	double share;     /* of P(x) */
};
typedef bool tok_cover_sink(void *context, const struct tok_cover *cover); /* false: enough */

struct tok_machine;

/* `validity` NULL: only ALL. */
TOK_API TOK_MUST_USE enum tok_status
tok_machine_new(const struct tok_byte_tokens *tokens, const struct tok_validity *validity,
		struct tok_lm *lm, const struct tok_machine_options *options,
		struct tok_machine **out, struct tok_error *err);
TOK_API void tok_machine_free(struct tok_machine *machine);

/* TOK_ETEXT, with the place of the byte, where P becomes 0: the machine is then as before that
 * byte.  After TOK_EIO too it is as it was. */
TOK_API TOK_MUST_USE enum tok_status tok_machine_push(struct tok_machine *machine,
						      struct tok_span bytes,
						      struct tok_error *err);
TOK_API void tok_machine_back(struct tok_machine *machine, size_t bytes);
TOK_API size_t tok_machine_length(const struct tok_machine *machine);

/* Another machine at the same place; they share heads and know nothing of each other. */
TOK_API TOK_MUST_USE enum tok_status tok_machine_fork(struct tok_machine *machine,
						      struct tok_machine **out,
						      struct tok_error *err);

TOK_API TOK_MUST_USE enum tok_status tok_machine_next(struct tok_machine *machine,
						      struct tok_next_bytes *out,
						      struct tok_error *err);

/* Covers, most probable first; *total is how many there are, SIZE_MAX where too many to count. */
TOK_API TOK_MUST_USE enum tok_status tok_machine_covers(struct tok_machine *machine,
							tok_cover_sink *sink, void *context,
							size_t *total, struct tok_error *err);

TOK_API struct tok_machine_cost tok_machine_cost(const struct tok_machine *machine);

#endif
