/* byte_toys.h - the brief's small models, and machines for tests. */
#ifndef TESTS_UNIT_BYTE_TOYS_H
#define TESTS_UNIT_BYTE_TOYS_H

#include <stdio.h>

#include "tests/unit/plain_lm.h"
#include "tests/unit/plain_validity.h"

/* Ids A, B, AA and the end, behind nothing, A, B and AA: a model that gives something to rows of
 * tokens that the longest match does not make. */
static const double toy_rows[] = { .3, .3, .3, .1, .1, .5, .1, .3, .2, .2,
				   .4, .2, .2, .3, .3, .2, 0., 0., 0., 0. };

static inline struct plain_vocab toy_vocab(const char *const *texts, size_t count)
{
	struct plain_vocab v = { 0 };
	for (size_t i = 0; i < count; i++)
		plain_add(&v, tok_span_of(texts[i]), TOK_BYTE_TEXT);
	plain_add(&v, tok_span_of(""), TOK_BYTE_END);
	return v;
}

/* A machine and all that it stands on; not to be moved once it is made. */
struct toy_machine {
	struct plain_vocab vocab;
	struct plain_lm lm;
	struct tok_byte_tokens *tokens;
	struct tok_validity validity;
	struct tok_machine *m;
};

static inline void toy_machine_make(struct toy_machine *toy, struct tok_machine_options options)
{
	struct tok_error err = { 0 };
	if (tok_byte_tokens_of(toy->vocab.texts, toy->vocab.kinds, toy->vocab.count,
			       tok_span_of(""), &toy->tokens, &err) != TOK_OK)
		fail_msg("%s", err.message);
	toy->validity.trie = toy->tokens;
	if (tok_machine_new(toy->tokens, &toy->validity, plain_use(&toy->lm), &options, &toy->m,
			    &err) != TOK_OK)
		fail_msg("%s", err.message);
}

static inline void toy_machine_release(struct toy_machine *toy)
{
	tok_machine_free(toy->m);
	tok_byte_tokens_free(toy->tokens);
}

static inline void toy_machine_bigram(struct toy_machine *toy, struct tok_machine_options options)
{
	static const char *const texts[] = { "A", "B", "AA" };
	*toy = (struct toy_machine){ .vocab = toy_vocab(texts, 3), .lm = plain_table(4, toy_rows) };
	toy->lm.eos[0] = 3;
	toy->lm.info.eos_count = 1;
	toy_machine_make(toy, options);
}

static inline void push_text(struct tok_machine *m, const char *text)
{
	struct tok_error err = { 0 };
	if (tok_machine_push(m, tok_span_of(text), &err) != TOK_OK)
		fail_msg("%s: %s", text, err.message);
}

static inline struct tok_next_bytes next_of(struct tok_machine *m)
{
	struct tok_next_bytes next = { 0 };
	struct tok_error err = { 0 };
	if (tok_machine_next(m, &next, &err) != TOK_OK)
		fail_msg("%s", err.message);
	return next;
}

static inline void assert_near(double is, double wanted, double tolerance, const char *what)
{
	if (!(fabs(is - wanted) <= tolerance * fmax(1.0, fabs(wanted))))
		fail_msg("%s: %.17g, not %.17g", what, is, wanted);
}

/* P of the text and everything that is told of what comes next. */
static inline void assert_sums(const struct tok_next_bytes *next, const struct plain_vocab *vocab,
			       const struct plain_lm *lm, enum tok_bytes_semantics semantics,
			       struct tok_span text, double tolerance)
{
	const struct plain_sums now = plain_sum(vocab, lm, semantics, text);
	uint8_t more[PLAIN_TEXT];
	double sum = next->end + next->special;
	assert_near(exp(next->log_p), now.p, tolerance, "P");
	assert_near(next->end, now.end / now.p, tolerance, "end");
	assert_near(next->special, now.special / now.p, tolerance, "special");
	if (text.count)
		memcpy(more, text.bytes, text.count);
	for (unsigned b = 0; b < 256; b++) {
		more[text.count] = (uint8_t)b;
		const struct tok_span longer = { more, text.count + 1 };
		const double p = plain_sum(vocab, lm, semantics, longer).p;
		assert_near(next->joint[b], p / now.p, tolerance, "byte");
		sum += next->joint[b];
	}
	assert_near(sum + next->leak, 1.0, tolerance, "sum");
	if (semantics != TOK_BYTES_VALID)
		assert_near(next->leak, 0.0, 0.0, "leak");
}

#endif
