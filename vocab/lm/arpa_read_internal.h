/* arpa_read_internal.h - what an ARPA file says, and a model's file of it. */
#ifndef VOCAB_LM_ARPA_READ_INTERNAL_H
#define VOCAB_LM_ARPA_READ_INTERNAL_H

#include "vocab/lm/arpa_internal.h"
#include "vocab/lm/ngram_count_internal.h"

struct arpa_gram {
	struct ngram_gram gram;
	double p;     /* in the end, what it has beside its share of the lower order */
	double gamma; /* back-off weight */
};

struct arpa_order {
	struct arpa_gram *grams; /* sorted, each once */
	size_t count, room;
};

struct arpa_model {
	unsigned order, bits; /* bits of a symbol */
	uint32_t end;
	struct arpa_order orders[VOCAB_NGRAM_ORDER_MAX]; /* without <unk> */
	double unk;
};

/* ---- arpa_read.c ---- */

/* A zeroed model may be released. */
void arpa_release(struct arpa_model *model);
TOK_MUST_USE enum tok_status arpa_parse(struct tok_span text, const struct arpa_words *words,
					struct arpa_model *out, struct tok_error *err);

/* Both of them: from the text to a model in memory. */
TOK_MUST_USE enum tok_status arpa_read(struct tok_span text,
				       const struct vocab_arpa_options *options,
				       const struct tok_tokenizer *tokenizer,
				       struct vocab_arpa_report *report, struct ngram_file *out,
				       struct tok_error *err);

/* ---- arpa_build.c ---- */

/* A model in memory. */
TOK_MUST_USE enum tok_status arpa_build(struct arpa_model *model, bool spread_unk,
					const struct tok_tokenizer *tokenizer,
					struct vocab_arpa_report *report, struct ngram_file *out,
					struct tok_error *err);

#endif
