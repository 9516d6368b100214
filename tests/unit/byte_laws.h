/* byte_laws.h - distributions over bytes and the end from all rows of tokens, for tests of what is
 * made of such distributions. */
#ifndef TESTS_UNIT_BYTE_LAWS_H
#define TESTS_UNIT_BYTE_LAWS_H

#include "tests/unit/byte_trials.h"
#include "tok/bytes/mix.h"

/* What may come behind `text`, made whole; false where the text is impossible or nothing may. */
static inline bool plain_law(const struct trial *t, enum tok_bytes_semantics semantics,
			     struct tok_span text, double p[TOK_MIX_SYMBOLS])
{
	const struct plain_vocab *v = &t->toy.vocab;
	const struct plain_sums now = plain_sum(v, &t->toy.lm, semantics, text);
	uint8_t more[PLAIN_TEXT];
	double sum = p[TOK_MIX_END] = now.end;
	if (text.count)
		memcpy(more, text.bytes, text.count);
	for (unsigned b = 0; b < 256; b++) {
		more[text.count] = (uint8_t)b;
		p[b] = has_byte(v, (uint8_t)b)
			   ? plain_sum(v, &t->toy.lm, semantics,
				       (struct tok_span){ more, text.count + 1 })
				 .p
			   : 0.0;
		sum += p[b];
	}
	for (size_t s = 0; s < TOK_MIX_SYMBOLS; s++)
		p[s] = sum > 0.0 ? p[s] / sum : 0.0;
	return now.p > 0.0 && sum > 0.0;
}

/* What was given to each byte of `text`, multiplied; 0 where there was nothing to give. */
static inline double plain_whole_p(const struct trial *t, enum tok_bytes_semantics semantics,
				   struct tok_span text)
{
	double p[TOK_MIX_SYMBOLS], product = 1.0;
	for (size_t i = 0; i < text.count; i++)
		product *=
		    plain_law(t, semantics, tok_span_slice(text, 0, i), p) ? p[text.bytes[i]] : 0.0;
	return product;
}

static inline void assert_same_law(const double *is, const double *wanted, double tolerance,
				   const char *what)
{
	for (size_t s = 0; s < TOK_MIX_SYMBOLS; s++)
		assert_near(is[s], wanted[s], tolerance, what);
}

/* ---- ensembles ---- */

static const char *const mix_names[] = { "linear", "bayes", "geometric", "proxy" };

static inline struct tok_mix *mix_of(struct tok_machine *const *machines, size_t count,
				     struct tok_mix_options options)
{
	struct tok_mix *mix = NULL;
	struct tok_error err = { 0 };
	if (tok_mix_new(machines, count, &options, &mix, &err) != TOK_OK)
		fail_msg("%s", err.message);
	return mix;
}

static inline struct tok_mix_next mix_next_of(struct tok_mix *mix)
{
	struct tok_mix_next next;
	struct tok_error err = { 0 };
	if (tok_mix_next(mix, &next, &err) != TOK_OK)
		fail_msg("%s", err.message);
	return next;
}

static inline void mix_push_text(struct tok_mix *mix, const char *text)
{
	struct tok_error err = { 0 };
	if (tok_mix_push(mix, tok_span_of(text), &err) != TOK_OK)
		fail_msg("%s: %s", text, err.message);
}

#endif
