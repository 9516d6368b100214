/*
 * sample_compare.h - all methods that suit a tokenizer, side by side on a short text.
 *
 *	struct sample_comparison c = { .tokenizer = t, .how = how, .limit = 65536, .top = 10 };
 *	status = sample_compare_open(&c, p, alpha, &err);
 *	status = sample_compare_text(&c, text, number, &err);
 *	sample_compare_report(&c, &out); or _json, or sample_svg_text(&c, &svg, &err)
 *	sample_compare_close(&c);
 */
#ifndef CMD_SAMPLE_COMPARE_H
#define CMD_SAMPLE_COMPARE_H

#include "cmd/sample_internal.h"

/* A method, and what it does to the current text. */
struct sample_compared {
	struct sample_method method;
	struct sample_drawer drawer;
	char parameters[64];

	bool listed; /* else there are more segmentations than the limit */
	struct tok_draws draws;
	/* NAN where it cannot be told without a list. */
	double entropy;    /* bits */
	double length;     /* expected ids */
	double canonical;  /* probability of the tokenizer's own segmentation */
	double divergence; /* Kullback-Leibler, from uniform, bits; INFINITY where it gives more */
	double others;     /* probability of what is not among the rows; 0 without a list */
	size_t others_count;
};

/* A segmentation, with its probability by each method. */
struct sample_row {
	const tok_id *ids; /* of one of the draws */
	size_t count;
	bool canonical;
	double probabilities[SAMPLE_METHODS], sum;
};

struct sample_comparison {
	const struct tok_tokenizer *tokenizer; /* borrowed */
	struct tok_encode_options how;
	size_t limit, top;

	struct tok_encoder *encoder;
	struct sample_compared methods[SAMPLE_METHODS]; /* uniform is the last */
	size_t method_count;

	/* Of the current text. */
	struct tok_span text; /* borrowed */
	uint64_t number;
	struct tok_encoding canonical;
	double log2_segmentations; /* that the vocabulary has of it */
	bool unknown;              /* all of them have unknown tokens */
	struct sample_row *rows;   /* the `top` most probable, all methods together */
	size_t row_count, row_capacity;
};

/* Dropout and StochasTok with `p`, unigram with `alpha` among all, uniform of every piece. */
TOK_MUST_USE enum tok_status sample_compare_open(struct sample_comparison *comparison, double p,
						 double alpha, struct tok_error *err);
void sample_compare_close(struct sample_comparison *comparison);

TOK_MUST_USE enum tok_status sample_compare_text(struct sample_comparison *comparison,
						 struct tok_span text, uint64_t number,
						 struct tok_error *err);

void sample_compare_report(const struct sample_comparison *comparison, struct cli_put *out);
void sample_compare_json(const struct sample_comparison *comparison, struct cli_put *out);

/* How many segmentations, in digits. */
void sample_put_count(struct cli_put *out, double log2_count);

/* Of the current text, in a page that has begun; TOK_ELIMIT where that becomes too large.
 * sample_page.c */
TOK_MUST_USE enum tok_status sample_page_text(const struct sample_comparison *comparison,
					      struct cli_put *page, struct tok_error *err);

/* ---- a picture: sample_svg.c ------------------------------------------------ */

struct sample_svg {
	struct cli_put body;
	double width, height; /* so far */
};

/* One text below the other, TOK_ELIMIT where that would be too much; then the file, which is
 * put into `out`. */
TOK_MUST_USE enum tok_status sample_svg_text(const struct sample_comparison *comparison,
					     struct sample_svg *svg, struct tok_error *err);
void sample_svg_finish(struct sample_svg *svg, struct cli_put *out);

#endif
