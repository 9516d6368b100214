/*
 * mix.h - several models, over any vocabularies, as one distribution over bytes.
 *
 *	status = tok_mix_new(machines, count, &options, &mix, &err);
 *	status = tok_mix_next(mix, &next, &err);
 *	status = tok_mix_push(mix, tok_span_of("a"), &err);
 *	tok_mix_free(mix);
 *
 * All are asked about the same bytes; what is mixed are their conditional distributions over 256
 * bytes and the end, each made whole first (special and leak are left out, and told).
 *
 *	linear     sum of w_i p_i
 *	bayes      the same, with w_i in proportion to w_i P_i(x): the mixture of whole texts
 *	geometric  product of p_i to the power w_i, made whole
 *	proxy      p_0 (p_1 / p_2)^alpha, made whole: base, expert, anti-expert
 *
 * A model that gives what was pushed probability 0 is left out from there on by linear and bayes;
 * for the other two the text has then probability 0 (TOK_ETEXT).  Exact where all machines are.
 * The machines belong to the caller, who pushes to none of them.  One thread.
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
	const double *weights; /* one a machine, not below 0, made to sum to one; NULL: equal */
	double alpha;          /* of proxy */
};

struct tok_mix_next {
	double p[TOK_MIX_SYMBOLS];    /* sums to one */
	double weights[TOK_MIX_MOST]; /* now */
	bool exact;
};

struct tok_mix;

TOK_API TOK_MUST_USE enum tok_status tok_mix_new(struct tok_machine *const *machines, size_t count,
						 const struct tok_mix_options *options,
						 struct tok_mix **out, struct tok_error *err);
TOK_API void tok_mix_free(struct tok_mix *mix);
TOK_API TOK_MUST_USE enum tok_status tok_mix_push(struct tok_mix *mix, struct tok_span bytes,
						  struct tok_error *err);
TOK_API TOK_MUST_USE enum tok_status tok_mix_next(struct tok_mix *mix, struct tok_mix_next *out,
						  struct tok_error *err);

#endif
