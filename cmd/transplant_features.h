/*
 * transplant_features.h - what --aux asks for: vectors by which tokens are compared.
 *
 *	ngram[:WIDTH]  self  donor  cooc:TEXT  file:VECTORS, and several joined by '+'
 */
#ifndef CMD_TRANSPLANT_FEATURES_H
#define CMD_TRANSPLANT_FEATURES_H

#include "cmd/transplant_internal.h"

#define TRANSPLANT_AUX "ngram"

/* Is it such an expression?  TOK_EARG, saying which part is not. */
TOK_MUST_USE enum tok_status transplant_features_check(const char *aux, struct tok_error *err);

/* Numbers of a token's vector by --aux, which was checked; of a file, what is usual. */
TOK_MUST_USE enum tok_status transplant_features_width(const struct transplant_case *c, size_t *out,
						       struct tok_error *err);

/* Makes c->features, if that was not done already. */
TOK_MUST_USE enum tok_status transplant_features(struct transplant_case *c, struct tok_error *err);

#endif
