/*
 * ngram_build_internal.h - the tables of a model, made order by order from counted n-grams.
 *
 *	struct ngram_build b = { .header = { .order = 3, ... }, ... };
 *	b.orders[i].counted = ...;                    // sorted, each once
 *	status = ngram_build_tables(&b, folder, &err);
 *	status = ngram_build_write(&b, "m.tlm", &err);
 *	ngram_build_release(&b);
 */
#ifndef VOCAB_LM_NGRAM_BUILD_INTERNAL_H
#define VOCAB_LM_NGRAM_BUILD_INTERNAL_H

#include "vocab/lm/ngram_count_internal.h"
#include "vocab/lm/ngram_internal.h"

struct ngram_build_order {
	struct ngram_spool counted;
	uint64_t with_count[4]; /* how many have the count 1, 2, 3, 4 */
};

struct ngram_build {
	struct ngram_header header;
	unsigned bits; /* of a symbol */
	struct ngram_build_order orders[VOCAB_NGRAM_ORDER_MAX];
	struct ngram_spool tables[VOCAB_NGRAM_ORDER_MAX][NGRAM_PARTS];
};

/* Discounts from with_count; true where they had to be .5, 1, 1.5. */
bool ngram_discounts(const uint64_t with_count[4], double discounts[3]);

TOK_MUST_USE enum tok_status ngram_build_open(struct ngram_build *build, const char *folder,
					      struct tok_error *err);
TOK_MUST_USE enum tok_status ngram_build_tables(struct ngram_build *build, struct tok_error *err);
TOK_MUST_USE enum tok_status ngram_build_write(struct ngram_build *build, const char *path,
					       struct tok_error *err);

/* A zeroed build may be released. */
void ngram_build_release(struct ngram_build *build);

#endif
