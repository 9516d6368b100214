/*
 * stats_internal.h - functions of probability that the parts of stats.h share.
 */
#ifndef VOCAB_AUDIT_STATS_INTERNAL_H
#define VOCAB_AUDIT_STATS_INTERNAL_H

#include "tok/base/random.h"
#include "vocab/audit/stats.h"

/* The regularised incomplete beta function I_x(a, b), a and b above 0, x from 0 to 1. */
double stats_beta(double a, double b, double x);

/* A draw of how many of n < 2^32 are, each with chance p, 0 to 1. */
uint64_t stats_binomial(struct tok_random *random, uint64_t n, double p);

/* P(|Z| >= |z|) of a normal Z. */
double stats_normal_two_sided(double z);

#endif
