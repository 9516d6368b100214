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
 * and of some that may be asked for again, what is known to be valid, 64 MB each at most, what
 * `history` keeps, and, unless the model is of finite order, four bytes for each id of a row; with
 * windows, for each id of a window and head that is kept.  One thread at a time, with all forks;
 * borrows everything that it is made of.
 *
 * A model that is looked at through windows (window.h) is so by each row of tokens on its own, and
 * heads with the same ids in their windows have the same future.  Where a row that is open has ids
 * outside of its window, answers are not exact: their bounds are then of the law through windows.
 *
 * However small probabilities are, within a row or of a whole text, their logarithms have all their
 * digits.  What a double cannot hold is told as the least that it can, DBL_TRUE_MIN: 0 is only what
 * is impossible.  Where parts of rows (model.h) take each other away until less than 1e-4 of them
 * is left, digits are lost: such a sum has bounds, 1e-13 of the parts to each side, and a row of
 * which so little is valid is unknown to VALID_RENORM.  From then on nothing that this machine or a
 * fork tells is exact.  So it is with whole rows that have lost digits.
 *
 * Bytes that stand in front of every text (tokens.h) are pushed at once and not shown: what is told
 * is of texts that begin with them.
 */
#ifndef TOK_BYTES_MACHINE_H
#define TOK_BYTES_MACHINE_H

#include "tok/bytes/validity.h"

enum tok_bytes_semantics { TOK_BYTES_ALL, TOK_BYTES_VALID, TOK_BYTES_VALID_RENORM };

struct tok_machine_options {
	enum tok_bytes_semantics semantics;
	size_t max_heads; /* 0: 4096, and 65,536 with a model of finite order */
	size_t beam;      /* keep so many heads; 0: all */
	double prune;     /* drop heads lighter than this share of all; 0: none */
	size_t history; /* bytes to go back over, and that covers are told of; 0: 4096.  Fewer where
			 * what is kept of them would be more than 256 MB */
};

/* Bounds are the values themselves where .exact; values are otherwise what is known for
 * certain, or the middle between bounds of rows of which only the best ids are known. */
struct tok_next_bytes {
	double log_p; /* of what was pushed: natural logarithm of P(x) */
	double log_p_low, log_p_high;
	double joint[256]; /* P(x followed by the byte) / P(x) */
	double end;        /* P(x and no more) / P(x) */
	double special;    /* tokens that are no text, at the end of x */
	double leak;       /* valid: what the model gives to invalid rows; valid-renorm: what ends
			    * where the model gives nothing to what is valid */
	double valid_leak; /* what .leak is of valid: also of valid-renorm, which shares it out;
			    * NAN of all; where heads were dropped, of those that are left */
	double low[256], high[256], end_low, end_high;
	double special_low, special_high, leak_low, leak_high;
	bool exact;
	bool known; /* nothing is uncertain of the law that was asked: exact, or through windows.
		     * Bounds are the values, but of those that a double cannot hold */
	/* Of .joint and .end, where they are so small that doubles do not tell them well, and
	 * written nowhere else: tok_next_log. */
	double small_logs[257];
};

struct tok_machine_cost {
	uint64_t rows; /* that the model was asked for */
	uint64_t heads_made, heads_most;
};

/* A row of tokens that covers what was pushed.  Bounds as above: what was dropped makes P(x), and
 * with it the share, uncertain, and .log_p only where it was dropped in front of the text. */
struct tok_cover {
	const tok_id *ids;
	size_t count;
	size_t overshoot; /* bytes of the last token behind the end */
	double log_p, log_p_low, log_p_high;
	double share, share_low, share_high; /* of P(x) */
	bool exact;
};
typedef bool tok_cover_sink(void *context, const struct tok_cover *cover); /* false: enough */

struct tok_machine;

/* `validity` NULL: only ALL.  VALID_RENORM needs whole rows.  TOK_EARG where the tokens are of
 * another number of ids than the model. */
TOK_API TOK_MUST_USE enum tok_status
tok_machine_new(const struct tok_byte_tokens *tokens, const struct tok_validity *validity,
		struct tok_lm *lm, const struct tok_machine_options *options,
		struct tok_machine **out, struct tok_error *err);
TOK_API void tok_machine_free(struct tok_machine *machine);

/* TOK_ETEXT, with the place of the byte, where P becomes 0: the machine is then as before that
 * byte.  After any other failure it stands behind some of the bytes, as tok_machine_length says,
 * and may be pushed on from there.  TOK_ELIMIT: more heads than allowed, or all that were
 * kept have died. */
TOK_API TOK_MUST_USE enum tok_status tok_machine_push(struct tok_machine *machine,
						      struct tok_span bytes, struct tok_error *err);

/* False, changing nothing, if that is further than .history, what is kept of it, or the beginning.
 */
TOK_API TOK_MUST_USE bool tok_machine_back(struct tok_machine *machine, size_t bytes);
TOK_API size_t tok_machine_length(const struct tok_machine *machine);

/* Another machine at the same place; they share heads and know nothing of each other. */
TOK_API TOK_MUST_USE enum tok_status
tok_machine_fork(struct tok_machine *machine, struct tok_machine **out, struct tok_error *err);

TOK_API TOK_MUST_USE enum tok_status
tok_machine_next(struct tok_machine *machine, struct tok_next_bytes *out, struct tok_error *err);

/* A natural logarithm, with bounds as in struct tok_next_bytes. */
struct tok_text_p {
	double log_p, low, high;
	bool exact;
};

/* The logarithm of .joint[symbol], or of .end for the symbol 256; and with its bounds, which are
 * the same where .known, however small. */
TOK_API double tok_next_log(const struct tok_next_bytes *next, size_t symbol);
TOK_API struct tok_text_p tok_next_logs(const struct tok_next_bytes *next, size_t symbol);

/* Of P of what was pushed.  Cheaper than all of what may come next: the model is not asked about
 * heads that begin at the end. */
TOK_API TOK_MUST_USE enum tok_status
tok_machine_log_p(struct tok_machine *machine, struct tok_text_p *out, struct tok_error *err);

/* Covers of positive probability, most probable first; *total is how many there are (of heads that
 * were not dropped), SIZE_MAX where too many to count.  Where rows have lost digits those are among
 * them of which it is not known that they are impossible.  TOK_ELIMIT where the text is longer than
 * what is kept of .history, or the search needs more than two million rows, or with windows more
 * than 256 MB of ids. */
TOK_API TOK_MUST_USE enum tok_status tok_machine_covers(struct tok_machine *machine,
							tok_cover_sink *sink, void *context,
							size_t *total, struct tok_error *err);

/* Heads that are open behind what was pushed. */
TOK_API size_t tok_machine_heads(const struct tok_machine *machine);

/* How a model with a window was looked at: the most windows that an open row of tokens has gone
 * through.  .ids and .stride are 0 where it has none. */
struct tok_machine_windows {
	size_t ids, stride, count;
};
TOK_API struct tok_machine_windows tok_machine_windows(const struct tok_machine *machine);

/* The same of what tok_machine_log_p looks at: not behind ids that end with the text. */
TOK_API struct tok_machine_windows tok_machine_text_windows(const struct tok_machine *machine);

TOK_API struct tok_machine_cost tok_machine_cost(const struct tok_machine *machine);

#endif
