/*
 * mix.h - several models, over any vocabularies, as one distribution over bytes.
 *
 *	status = tok_mix_new(machines, count, &options, &mix, &err);
 *	status = tok_mix_next(mix, &next, &err);
 *	status = tok_mix_push(mix, tok_span_of("a"), &err);
 *	tok_mix_free(mix);
 *
 * All are asked about the same bytes; what is mixed are their conditional distributions over 256
 * bytes and the end (one symbol, however many ids end a text), each made whole first: special and
 * leak are left out, and told.
 *
 *	linear     sum of w_i p_i
 *	bayes      the same, with w_i in proportion to w_i P_i(x), P_i being the product of what
 *	           p_i gave to the bytes of x: the mixture of whole texts
 *	geometric  product of p_i to the power w_i, made whole
 *	proxy      p_0 (p_1 / p_2)^alpha, made whole: base, expert, anti-expert.  What the
 *	           anti-expert finds impossible is so: else it would have all
 *
 * However small what a model gives is, it counts for what it is; what a double cannot hold in the
 * end is told as the least that it can, DBL_TRUE_MIN, and its logarithm as it is.
 *
 * A model that gives what was pushed probability 0 is left out from there on by linear and bayes;
 * for the other two the text has then probability 0 (TOK_ETEXT).  A model of weight 0, or an alpha
 * of 0, is as if it was not there.  Exact where all machines are, and otherwise with bounds that
 * follow from theirs and hold what is true.  The machines belong to the caller, who pushes to none
 * of them; x begins where they stand when the mix is made.  One thread.
 *
 * Sources: Phan et al. 2024 (arXiv 2410.09303), section on ensembles; Hayase et al. 2025
 * (2506.14123); Liu et al. 2024 (2401.08565) for proxies.
 */
#ifndef TOK_BYTES_MIX_H
#define TOK_BYTES_MIX_H

#include "tok/bytes/machine.h"

enum tok_mix_kind { TOK_MIX_LINEAR, TOK_MIX_BAYES, TOK_MIX_GEOMETRIC, TOK_MIX_PROXY };
enum { TOK_MIX_MOST = 16, TOK_MIX_END = 256, TOK_MIX_SYMBOLS };

struct tok_mix_options {
	enum tok_mix_kind kind;
	const double *weights; /* one a machine, not below 0, made to sum to one; NULL: equal;
				* proxy has none */
	double alpha;          /* of proxy, not below 0 */
};

struct tok_mix_next {
	double p[TOK_MIX_SYMBOLS];                          /* sums to one */
	double low[TOK_MIX_SYMBOLS], high[TOK_MIX_SYMBOLS]; /* p itself where exact */
	/* Now: they sum to one, 0 of who is left out.  Proxy: the powers 1, alpha, -alpha. */
	double weights[TOK_MIX_MOST];
	double special[TOK_MIX_MOST], leak[TOK_MIX_MOST]; /* of each machine */
	bool left_out[TOK_MIX_MOST];                      /* found the text impossible */
	bool exact, known; /* .known as of struct tok_next_bytes: of all */
	/* Of .p, where it is so small that doubles do not tell it well, and written nowhere else:
	 * tok_mix_next_log. */
	double small_logs[TOK_MIX_SYMBOLS];
};

struct tok_mix;

/* TOK_EARG for more than TOK_MIX_MOST machines or none, weights that are none, and a proxy of
 * anything but three machines. */
TOK_API TOK_MUST_USE enum tok_status tok_mix_new(struct tok_machine *const *machines, size_t count,
						 const struct tok_mix_options *options,
						 struct tok_mix **out, struct tok_error *err);
TOK_API void tok_mix_free(struct tok_mix *mix);

/* Another mix at the same place, of forks of this one's machines in their order: it goes on with
 * the same weights, and what is known of them.  Its x begins there. */
TOK_API TOK_MUST_USE enum tok_status tok_mix_fork(const struct tok_mix *mix,
						  struct tok_machine *const *forks,
						  struct tok_mix **out, struct tok_error *err);

/* TOK_ETEXT, with the place of the byte, where no model is left.  After any failure all machines
 * stand before the byte that it came with. */
TOK_API TOK_MUST_USE enum tok_status tok_mix_push(struct tok_mix *mix, struct tok_span bytes,
						  struct tok_error *err);

/* TOK_ETEXT where no symbol is possible: nothing is, that the models have in common. */
TOK_API TOK_MUST_USE enum tok_status tok_mix_next(struct tok_mix *mix, struct tok_mix_next *out,
						  struct tok_error *err);

/* The natural logarithm of .p[symbol], with all its digits; and with its bounds, which are the same
 * where .known. */
TOK_API double tok_mix_next_log(const struct tok_mix_next *next, size_t symbol);
TOK_API struct tok_text_p tok_mix_next_logs(const struct tok_mix_next *next, size_t symbol);

/* Natural logarithm of the product of what the mix gave to the bytes of x, with bounds that are the
 * same where exact, or known of each byte.  Whoever does not ask what comes next before each byte
 * does not find out, but of bayes: .log_p is then NAN, the bounds are -INFINITY and 0. */
TOK_API struct tok_text_p tok_mix_log_p(const struct tok_mix *mix);

/* ---- distributions over bytes and the end -------------------------------------- */

/* What a machine told, made whole; returns what it was divided by, 0 where that is nothing; and the
 * logarithm of that, with all its digits. */
TOK_API double tok_mix_whole(const struct tok_next_bytes *next, double p[TOK_MIX_SYMBOLS]);
TOK_API double tok_mix_log_whole(const struct tok_next_bytes *next);

/* The same with bounds: p itself where it is known. */
struct tok_mix_law {
	double p[TOK_MIX_SYMBOLS], low[TOK_MIX_SYMBOLS], high[TOK_MIX_SYMBOLS];
};
TOK_API double tok_mix_law_of(const struct tok_next_bytes *next, struct tok_mix_law *out);

/* Jensen-Shannon divergence in bits: 0 where they are the same, 1 where they share nothing. */
TOK_API double tok_mix_divergence(const double a[TOK_MIX_SYMBOLS], const double b[TOK_MIX_SYMBOLS]);

/* Between what it lies where the distributions do. */
TOK_API void tok_mix_divergence_bounds(const struct tok_mix_law *a, const struct tok_mix_law *b,
				       double *low, double *high);

#endif
